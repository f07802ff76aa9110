/** How long directories gather before they are told, in milliseconds. */
const GATHER_MS = 200;
/** Beyond this many in one batch, naming them costs more than a scan, and the kernel may have dropped some. */
const MOST_DIRECTORIES = 5000;
const MOST_EVENTS = 12_000;

/** Gathers dirty directories, each told once; a flood is told as one. */
export class DirtyBatch {
  readonly #tell: (directories: readonly string[]) => void;
  readonly #tellFlood: () => void;
  #directories = new Set<string>();
  #events = 0;
  #last: { readonly directory: string; readonly entry: string | null } = { directory: '', entry: null };
  #timer: NodeJS.Timeout | undefined;

  constructor(tell: (directories: readonly string[]) => void, tellFlood: () => void) {
    this.#tell = tell;
    this.#tellFlood = tellFlood;
  }

  /** @param entry the name of what changed in it, where that is known: many writes to one file in a row count once */
  add(directory: string, entry: string | null = null): void {
    const isSame = entry !== null && entry === this.#last.entry && directory === this.#last.directory;
    this.#last = { directory, entry };
    if (!isSame) this.#events++;
    if (this.#directories.size <= MOST_DIRECTORIES) this.#directories.add(directory);
    this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #flush(): void {
    const directories = [...this.#directories];
    const flood = directories.length > MOST_DIRECTORIES || this.#events > MOST_EVENTS;
    this.#timer = undefined;
    this.#events = 0;
    this.#directories = new Set();
    if (flood) this.#tellFlood();
    else this.#tell(directories);
  }
}
