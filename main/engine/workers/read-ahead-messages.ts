/** Files that will soon be read, in the order of their reading. */
export interface ReadAheadJob {
  /** As `PathBatch` gives them. */
  readonly paths: Uint8Array<ArrayBuffer>;
  /** The thread's own are the file at `first` and each `step` after it. */
  readonly first: number;
  readonly step: number;
}
