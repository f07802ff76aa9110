import type { Envelope, EventName, EventPayload, Input, MethodName, Output } from '../main/api/contract/contract.ts';
import type { ContractError } from '../main/api/contract/values.ts';

/** What a transport must do: carry one call and hand over events. Never throws for an error of the app. */
export interface Transport {
  call(method: string, input: unknown): Promise<Envelope<unknown>>;
  on(event: string, listener: (payload: unknown) => void): () => void;
  /** How the link to the app is; the window's bridge is always `open`. */
  connection(): Connection;
  onConnection(listener: (connection: Connection) => void): () => void;
}

export type Connection = 'connecting' | 'open' | 'lost' | 'unauthorised';

/** An error of the app as something that can be thrown: the words for a person are in `wire`. */
export class CallFailure extends Error {
  readonly wire: ContractError;

  constructor(wire: ContractError) {
    super(wire.message);
    this.name = 'CallFailure';
    this.wire = wire;
  }
}

/** The contract as functions. `call` throws `CallFailure`; `subscribe` gives back what ends it. */
export interface Client {
  call<Name extends MethodName>(name: Name, input: Input<Name>): Promise<Output<Name>>;
  subscribe<Name extends EventName>(event: Name, listener: (payload: EventPayload<Name>) => void): () => void;
  connection(): Connection;
  onConnection(listener: (connection: Connection) => void): () => void;
}

/** Makes the typed client. Results were validated by the app before they left it, so they are only cast here. */
export function createClient(transport: Transport): Client {
  return {
    async call<Name extends MethodName>(name: Name, input: Input<Name>): Promise<Output<Name>> {
      const envelope = await transport.call(name, input);
      if (!envelope.ok) throw new CallFailure(envelope.error);
      return envelope.value as Output<Name>;
    },
    subscribe: (event, listener) => transport.on(event, listener as (payload: unknown) => void),
    connection: () => transport.connection(),
    onConnection: (listener) => transport.onConnection(listener),
  };
}

/** The words for any thrown value; an unknown one keeps its own message. */
export function errorWords(error: unknown): ContractError {
  if (error instanceof CallFailure) return error.wire;
  return {
    code: 'internal',
    message: error instanceof Error && error.message !== '' ? error.message : 'Something unexpected happened.',
    hint: 'Try again. Your backups are not affected by this screen.',
    retry: 'backoff',
    data: {},
  };
}
