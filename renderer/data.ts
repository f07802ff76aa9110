import { notifications } from '@mantine/notifications';
import { QueryClient, useMutation, useQuery } from '@tanstack/react-query';
import { createContext, use } from 'react';
import type { Input, MethodName, Output } from '../main/api/contract/contract.ts';
import { type CallFailure, type Client, errorWords } from './client.ts';

/** The client of this page; set once in `main.tsx`. */
export const ClientContext = createContext<Client | null>(null);

export function useClient(): Client {
  const client = use(ClientContext);
  if (client === null) throw new Error('useClient needs a ClientContext above it.');
  return client;
}

/** Server state lives here and nowhere else. Events keep it fresh (`live.ts`), so nothing is fetched twice on focus. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: 30_000, retry: 1, retryDelay: 400, refetchOnWindowFocus: false, networkMode: 'always' },
      mutations: { networkMode: 'always' },
    },
  });
}

/** The result of a reading method of the contract, cached under its name and input. */
export function useData<Name extends MethodName>(
  name: Name,
  input: Input<Name>,
  options: { readonly enabled?: boolean; readonly keepPrevious?: 'keep'; readonly everyMs?: number } = {},
) {
  const client = useClient();
  return useQuery<Output<Name>, CallFailure>({
    queryKey: [name, input],
    queryFn: () => client.call(name, input),
    enabled: options.enabled ?? true,
    ...(options.everyMs === undefined ? {} : { refetchInterval: options.everyMs }),
    ...(options.keepPrevious === 'keep' ? { placeholderData: (previous: Output<Name> | undefined) => previous } : {}),
  } as Parameters<typeof useQuery<Output<Name>, CallFailure>>[0]);
}

/** A changing method of the contract. A failure is told in a notification unless the caller shows it itself. */
export function useAction<Name extends MethodName>(name: Name, options: { readonly errors?: 'shown-by-caller' } = {}) {
  const client = useClient();
  return useMutation<Output<Name>, CallFailure, Input<Name>>({
    mutationFn: (input) => client.call(name, input),
    onError: (error) => {
      if (options.errors !== 'shown-by-caller') tellError(error);
    },
  });
}

/** Says in a notification what went wrong and what to do. */
export function tellError(error: unknown): void {
  const words = errorWords(error);
  notifications.show({ color: 'brick', title: words.message, message: words.hint, autoClose: 10_000 });
}

/** Says in a notification that something worked. */
export function tellDone(title: string, message = ''): void {
  notifications.show({ color: 'pine', title, message, autoClose: 5_000 });
}
