/**
 * Entry of the engine's own process: the engine, the stores and rclone, composed. It speaks with the app over Node's IPC
 * channel (a forked Node) or over Electron's `parentPort`, ends with it, and never holds state that a crash could lose.
 */
import { EngineService } from './engine-service.ts';
import { serveEngine } from './serve-engine.ts';

interface ParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

const parentPort = (process as { parentPort?: ParentPort }).parentPort;
const service = new EngineService();
const end = (): void => {
  void service.close().finally(() => process.exit(0));
};

process.on('SIGINT', () => undefined); // Ctrl-C reaches the whole group; the app decides what becomes of the work
// A file that would be larger than this process may write is that one's failure, not the end of all.
process.on('SIGXFSZ', () => undefined);
process.on('unhandledRejection', (reason) => {
  process.stderr.write(`engine: ${reason instanceof Error ? reason.stack : String(reason)}\n`);
});

if (parentPort) {
  const port = parentPort;
  const receive = serveEngine(service, (message) => port.postMessage(message), end);
  port.on('message', ({ data }) => receive(data));
} else {
  // An app that is gone takes no answer: without the callback that would end this process before its work is wound up.
  const receive = serveEngine(service, (message) => process.connected && process.send?.(message, () => undefined), end);
  process.on('message', receive);
  process.on('disconnect', () => receive({ kind: 'close' }));
}
