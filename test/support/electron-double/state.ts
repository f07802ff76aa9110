import { EventEmitter } from 'node:events';
import type { IpcMainInvokeEvent } from 'electron';
import { type Command, type DoubleSettings, type Report, SETTINGS_VARIABLE } from './control.ts';

export const settings: DoubleSettings = JSON.parse(process.env[SETTINGS_VARIABLE] ?? '{}');

export function report(event: Report): void {
  process.send?.(event);
}

/** What tests answer next, in order. */
export const answers = { folders: [] as (string | null)[], buttons: [] as number[] };

export type Handler = (event: IpcMainInvokeEvent, ...args: unknown[]) => unknown;
export const handlers = new Map<string, Handler>();
export const protocolHandlers = new Map<string, (request: Request) => Response | Promise<Response>>();

/** Electron's `app` emits the life of the program; modules of the double need it before it is whole. */
export const app = new EventEmitter();

/** Commands of the test, for the modules that carry them out. */
export const commands = new EventEmitter();
process.on('message', (command: Command) => commands.emit(command.kind, command));
