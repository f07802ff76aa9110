import { parseLocation } from './location.ts';

/**
 * Starts what a remote location needs, for a program that has most of itself still to load. Says nothing of what is wrong:
 * `openStore` does. Does nothing for other locations.
 */
export async function beginRemote(text: string): Promise<void> {
  try {
    const location = parseLocation(text);
    if (location.kind !== 'rclone') return;
    const { beginLink } = await import('../rclone/rclone-link.ts');
    await beginLink(location.remote);
  } catch {
    // A location that is none.
  }
}
