import type { Counts } from './counts.ts';
import type { BackupRequest } from './request.ts';

const TELL_EVERY_MS = 100;

/** Tells the caller now and then how far the run is; once more when it is told to stop. */
export function tellProgress(request: BackupRequest, counts: Counts): () => void {
  const { onProgress } = request;
  if (!onProgress) return () => undefined;
  const tell = (): void =>
    onProgress({
      phase: counts.walked ? 'reading' : 'scanning',
      filesDone: counts.filesDone,
      filesTotal: counts.walked ? counts.filesFound : null,
      bytesDone: Math.max(
        counts.bytesDone,
        Math.min(counts.bytesFound, counts.bytesDone + counts.bytesStreamed - counts.bytesRead),
      ),
      bytesTotal: counts.walked ? counts.bytesFound : null,
      currentPath: counts.currentPath,
    });
  const timer = setInterval(tell, TELL_EVERY_MS);
  return () => {
    clearInterval(timer);
    tell();
  };
}
