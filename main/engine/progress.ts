/** How far a piece of work is. Totals are null while they are not known; rates are for the caller to derive. */
export interface EngineProgress {
  readonly phase: 'scanning' | 'reading' | 'storing' | 'checking' | 'planning' | 'restoring' | 'pruning' | 'finishing';
  readonly filesDone: number;
  readonly filesTotal: number | null;
  readonly bytesDone: number;
  readonly bytesTotal: number | null;
  readonly currentPath: string | null;
}
