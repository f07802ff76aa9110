/**
 * The contract between screen and app: every method and event, once. Types, validation, client, both transports and the
 * test doubles come from here. To add a method: add it to its feature's file, write its handler in `main/api/handlers/`.
 */
import { z } from 'zod';
import { destination, destinationMethods } from './destinations.ts';
import { folder, folderMethods } from './folders.ts';
import { historyMethods } from './history.ts';
import { run, runMethods } from './runs.ts';
import { settings, systemInfo, systemMethods } from './system.ts';
import { folderId, type wireError } from './values.ts';

export const METHODS = {
  ...systemMethods,
  ...folderMethods,
  ...destinationMethods,
  ...runMethods,
  ...historyMethods,
} as const;

export type MethodName = keyof typeof METHODS;
/** What a caller hands over (defaults may be left out). */
export type Input<Name extends MethodName> = z.input<(typeof METHODS)[Name]['input']>;
/** What a handler receives (defaults filled in). */
export type ParsedInput<Name extends MethodName> = z.output<(typeof METHODS)[Name]['input']>;
export type Output<Name extends MethodName> = z.output<(typeof METHODS)[Name]['output']>;

/** Events carry the new state whole, so that a listener needs no second call. */
export const EVENTS = {
  'folders.changed': z.array(folder),
  'destinations.changed': z.array(destination),
  /** A run was queued, started, moved on or ended. At most about ten a second for each run. */
  'run.changed': run,
  'settings.changed': settings,
  'system.changed': systemInfo,
  /** New moments of a folder can be browsed and searched. */
  'history.changed': z.object({ folderId }),
  /** Something a person should notice: also shown by the system where the host can. */
  notice: z.object({ level: z.enum(['info', 'warning', 'error']), title: z.string(), text: z.string() }),
} as const;

export type EventName = keyof typeof EVENTS;
export type EventPayload<Name extends EventName> = z.output<(typeof EVENTS)[Name]>;

/** Handlers never throw across a transport: a result or an error, as a value. */
export type Envelope<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: z.infer<typeof wireError> };
