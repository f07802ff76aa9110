/**
 * What runs in the page before the preload script: `require('electron')` with `contextBridge` and `ipcRenderer`, over two
 * bindings to the main process. The function is sent as text, so it must not use anything from outside itself.
 */
export function pageSide(preload: string, invokeBinding: string, receiveName: string): void {
  if (window.top !== window) return; // Electron loads preload scripts into the main frame only

  type Listener = (event: unknown, ...args: unknown[]) => void;
  type Answer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string };
  const listeners = new Map<string, Set<Listener>>();
  const page = window as unknown as Record<string, unknown>;
  const invoke = page[invokeBinding] as (request: unknown) => Promise<Answer>;
  delete page[invokeBinding];

  const ipcRenderer = {
    invoke: async (channel: string, ...args: unknown[]): Promise<unknown> => {
      const cloned = structuredClone(args); // throws here, in the page, as Electron does
      const answer = await invoke({ channel, args: cloned });
      if (!answer.ok) throw new Error(answer.message);
      return answer.value;
    },
    on: (channel: string, listener: Listener): void => {
      const known = listeners.get(channel) ?? new Set();
      listeners.set(channel, known.add(listener));
    },
    off: (channel: string, listener: Listener): void => {
      listeners.get(channel)?.delete(listener);
    },
  };

  // Electron asks the main process before any window opens; the page gets null when it is refused.
  window.open = (url) => {
    void invoke({ opens: String(new URL(String(url), location.href)) });
    return null;
  };

  Object.defineProperty(window, receiveName, {
    value: (channel: string, args: unknown[]) => {
      for (const listener of listeners.get(channel) ?? []) listener({ sender: ipcRenderer, ports: [] }, ...args);
    },
  });

  /** What the bridge hands over: functions wrapped, everything else copied. */
  const across = (value: unknown): unknown => {
    if (typeof value === 'function') {
      return (...args: unknown[]) => across(value(...args.map(across)));
    }
    if (value instanceof Promise) return value.then(across);
    if (
      typeof value === 'object' &&
      value !== null &&
      Object.values(value).some((part) => typeof part === 'function')
    ) {
      return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, part]) => [key, across(part)])));
    }
    return structuredClone(value);
  };

  const contextBridge = {
    exposeInMainWorld: (key: string, api: unknown): void => {
      if (key in window) throw new Error(`Cannot bind an API on top of an existing property on the window object`);
      Object.defineProperty(window, key, {
        value: across(api),
        enumerable: true,
        writable: false,
        configurable: false,
      });
    },
  };

  const require = (name: string): unknown => {
    if (name === 'electron') return { contextBridge, ipcRenderer };
    throw new Error(`module not found: ${name}`); // the sandbox knows a handful of modules; the bridge needs this one
  };
  const module = { exports: {} };
  new Function('require', 'module', 'exports', preload)(require, module, module.exports);
}
