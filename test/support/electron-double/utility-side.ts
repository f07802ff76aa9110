/** Loaded first in a process that `utilityProcess.fork` started: gives it `process.parentPort` as Electron does. */
import { EventEmitter } from 'node:events';

const port = Object.assign(new EventEmitter(), {
  postMessage: (message: unknown) => {
    if (process.connected) process.send?.(structuredClone(message));
  },
  start: () => undefined,
});
process.on('message', (data) => port.emit('message', { data, ports: [] }));
process.on('disconnect', () => process.exit(0)); // a utility process never outlives the app
Object.defineProperty(process, 'parentPort', { value: port });
