import { type ErrorCode, TriplicateError } from '../engine/errors.ts';

/**
 * rclone passes on its remotes' errors as text only. This table is the one place that reads such text; each line has a
 * test with a message as rclone gave it. The first line that matches decides.
 */
const MEANING: readonly { readonly pattern: RegExp; readonly code: ErrorCode; readonly words: string }[] = [
  {
    pattern: /didn't find section in config file/i,
    code: 'rclone/remote-unknown',
    words: 'rclone knows no such remote',
  },
  // Clouds answer 403 or "quota" to a client that asks too fast; that passes by itself.
  { pattern: /rate ?limit|too many requests|slow ?down/i, code: 'rclone/failed', words: 'the place asks for patience' },
  {
    pattern:
      /no space left on device|disk quota exceeded|quota ?exceeded|insufficient storage|\b507\b|storage ?limit|not enough (free )?space|teamDriveFileLimit/i,
    code: 'store/full',
    words: 'the place is full',
  },
  { pattern: /read-only file system/i, code: 'store/read-only', words: 'the place is read-only' },
  {
    pattern:
      /permission denied|access ?denied|operation not permitted|unable to authenticate|unauthorized|forbidden|invalid_grant|token expired|expired_access_token|InvalidAccessKeyId|SignatureDoesNotMatch|login (incorrect|failed)|530 /i,
    code: 'store/denied',
    words: 'permission is denied',
  },
  {
    pattern:
      /connection refused|connection reset|no such host|no route to host|network is (unreachable|down)|host is down|i\/o timeout|deadline exceeded|timed? ?out|broken pipe|unexpected EOF|: EOF|connection lost|couldn't connect|failed to connect|dial (tcp|udp)|temporary failure|TLS handshake|server misbehaving|transport endpoint is not connected|bad gateway|service unavailable|\b50[234]\b/i,
    code: 'store/unreachable',
    words: 'the place does not answer',
  },
  {
    pattern: /is a file not a directory|not a directory|NoSuchBucket|bucket .*(not exist|not found)/i,
    code: 'store/bad-location',
    words: 'the location is not a folder',
  },
];

/** The typed error for what rclone said about `location`; what the table does not know is `rclone/failed`. */
export function rcloneError(location: string, text: string): TriplicateError {
  const data = { location, rclone: withoutSecrets(text) };
  const meaning = MEANING.find(({ pattern }) => pattern.test(text));
  if (meaning) return new TriplicateError(meaning.code, `${location}: ${meaning.words}.`, { data });
  return new TriplicateError('rclone/failed', `${location}: rclone could not do it: ${data.rclone}`, { data });
}

/** rclone's messages repeat addresses and connection strings; their passwords stay out of our texts. */
function withoutSecrets(text: string): string {
  return text
    .replace(/(\/\/)[^/@\s"]*@/g, '$1')
    .replace(/\b(pass|password|token|secret\w*|key\w*|client_secret)=("[^"]*"|[^,:\s"]*)/gi, '$1=…');
}
