/** The directories that a run of changes has to look at, and the folders on the way to them. */
export class DirtyPaths {
  readonly #dirty: ReadonlySet<string>;
  readonly #ways = new Set<string>();

  constructor(dirty: ReadonlySet<string>) {
    this.#dirty = dirty;
    for (const path of dirty) {
      for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
        const way = path.slice(0, end);
        if (this.#ways.has(way)) break;
        this.#ways.add(way);
      }
    }
  }

  isDirty(path: string): boolean {
    return this.#dirty.has(path);
  }

  /** True when something below the path is dirty. */
  isOnTheWay(path: string): boolean {
    return this.#ways.has(path);
  }
}
