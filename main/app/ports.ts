/** What the app asks of the host it runs in. Electron, the browser host and the command line each bring their own. */

/** The passphrase between two starts. A cache: what it lost, the person enters again. */
export interface KeyStore {
  /** `file`: a file that only this user can read; `weak`: other programs of this user could read it. */
  protection(): Promise<'system' | 'file' | 'weak'>;
  load(): Promise<string | null>;
  /** What whoever starts this start gives, before what is kept; absent where nobody can. */
  given?(): Promise<string | null>;
  save(passphrase: string): Promise<void>;
  clear(): Promise<void>;
}

export interface Power {
  source(): 'battery' | 'mains';
  /** The machine woke up: changes may have been missed. Returns the function that ends the subscription. */
  onResume(listener: () => void): () => void;
}

/** A child process of ours and the typed messages between it and the app; messages are cloned, never text. */
export interface ProcessLink {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  onExit(listener: (code: number | null) => void): void;
  /** Asks it to end; it is killed when it does not within a few seconds. */
  stop(): Promise<void>;
}

export interface AppClock {
  /** Milliseconds since 1970. */
  now(): number;
}

export interface AppPorts {
  readonly host: 'window' | 'browser';
  readonly version: string;
  readonly hostname: string;
  readonly homeFolder: string;
  readonly clock: AppClock;
  readonly keyStore: KeyStore;
  readonly power: Power;
  /** The system's folder chooser; null where there is none. */
  readonly folderChooser: { choose(title: string): Promise<string | null> } | null;
  readonly opener: { reveal(path: string): Promise<'shown' | 'not-shown'> };
  /** Starts one of our own entry files as a process of its own. */
  startProcess(entry: URL, label: string): ProcessLink;
}
