import { hash } from 'node:crypto';

/** SHA-256 as 64 lower-case hex digits. */
export function hexSha256(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}
