import type { Row } from '../report.ts';

export interface Settings {
  /** A folder that the case may fill; it is removed afterwards. */
  readonly scratch: string;
  /** 1, or less for a quick run. */
  readonly scale: number;
  readonly rounds: number;
}

/** A part of the benchmark, with a table of its own. */
export interface Case {
  /** As it is asked for on the command line. */
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly run: (settings: Settings) => Promise<readonly Row[]>;
}
