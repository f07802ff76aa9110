import { type ErrorCode, TriplicateError } from '../engine/errors.ts';

interface Meaning {
  /** A group `name` is shown behind the words: of a kind of remote or an option, never a value. */
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly words: string;
}

/**
 * rclone passes on its remotes' errors as text only. This table is the one place that reads such text; each line has a
 * test with a message as rclone gave it. The first line that matches decides.
 */
const MEANING: readonly Meaning[] = [
  {
    pattern: /didn't find section in config file/i,
    code: 'rclone/remote-unknown',
    words: 'rclone knows no such remote',
  },
  // What is wrong in rclone's configuration stays wrong, however often it is tried. Only rclone's own words: a place that does
  // not answer must not be taken for one of these.
  {
    pattern: /didn't find backend called "(?<name>[^"]*)"/,
    code: 'rclone/remote-invalid',
    words: 'this rclone knows no such kind of remote',
  },
  {
    pattern: /when revealing password/,
    code: 'rclone/remote-invalid',
    words: 'a password in its configuration cannot be read: it is not obscured as rclone does it',
  },
  {
    pattern: /^password not set in config file/,
    code: 'rclone/remote-invalid',
    words: 'its configuration has no password',
  },
  {
    pattern: /couldn't parse config item "(?<name>[^"]*)"/,
    code: 'rclone/remote-invalid',
    words: 'an option in its configuration has a value that rclone cannot read',
  },
  {
    pattern: /chunk size: \S+ is (less|greater) than/,
    code: 'rclone/remote-invalid',
    words: 'the chunk size in its configuration is out of range',
  },
  {
    pattern: /can't point to an empty (remote|upstream)|can't point \w+ remote at itself|(parse|derive base) remote ""/,
    code: 'rclone/remote-invalid',
    words: 'its configuration names no other place to stand on',
  },
  {
    pattern: /unsupported protocol scheme ""|^(?!.*Location header).*\bparse "/,
    code: 'rclone/remote-invalid',
    words: 'the address in its configuration is missing or wrong',
  },
  {
    pattern:
      /empty token found|failed to create oauth client: (invalid character|unexpected end of JSON)|no authentication method configured|could not find default credentials|error opening service account credentials file|SSH_AUTH_SOCK not-specified|failed to (read|parse) private key file|^(account|key|auth) not found$/,
    code: 'rclone/remote-invalid',
    words: 'its configuration has no login, or one that cannot be read',
  },
  {
    pattern: /please run `rclone config` and re-configure|please reconfigure this backend/,
    code: 'rclone/remote-invalid',
    words: 'its configuration is of an older rclone, or not complete',
  },
  {
    pattern:
      /config name (contains invalid characters|can't (be empty|start with)|needs a trailing)|config parameters? (may only contain|can't be empty|must end with)|unquoted config value must end|unterminated quoted config value|another quote after a quote|syntax error in config string|can't use empty string as a path/,
    code: 'store/bad-location',
    words: 'rclone cannot read this name of a place',
  },
  {
    pattern: /knownhosts: key mismatch/,
    code: 'rclone/host-untrusted',
    words: 'the server shows another host key than the one that is known',
  },
  {
    pattern: /knownhosts: key is (unknown|revoked)/,
    code: 'rclone/host-untrusted',
    words: 'the host key of the server is not one that is known',
  },
  {
    pattern: /\bx509: |certificate is not trusted/,
    code: 'rclone/host-untrusted',
    words: 'the certificate of the server cannot be trusted',
  },
  // Clouds answer 403 or "quota" to a client that asks too fast; that passes by itself.
  { pattern: /rate ?limit|too many requests|slow ?down/i, code: 'rclone/failed', words: 'the place asks for patience' },
  {
    pattern:
      /no space left on device|disk quota exceeded|quota ?exceeded|insufficient storage|\b507\b|storage ?limit|not enough (free )?space|teamDriveFileLimit/i,
    code: 'store/full',
    words: 'the place is full',
  },
  {
    pattern: /\b413 (payload|content|request entity) too large/i,
    code: 'store/denied',
    words: 'the server, or a proxy before it, refuses uploads of this size (413)',
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
  for (const { pattern, code, words } of MEANING) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const name = match.groups?.name;
    return new TriplicateError(code, `${location}: ${words}${name ? ` (${name})` : ''}.`, { data });
  }
  return new TriplicateError('rclone/failed', `${location}: rclone could not do it: ${data.rclone}`, { data });
}

/**
 * An option of a connection string whose value is nobody's business, and its value: plain, or in quotes, which are escaped or
 * doubled where the string is a part of another. What is not closed goes on to the end.
 */
const SECRET_OPTION =
  /\b(\w*(?:pass|token|secret|key|credential|cookie|sas_url)\w*)=(?:(?<quotes>(?:\\?["'])+)(?:\k<quotes>{2}|(?!\k<quotes>).)*(?:\k<quotes>|$)|[^,:"\n]*)/gis;

/** rclone's messages repeat addresses and connection strings; their passwords stay out of our texts. */
function withoutSecrets(text: string): string {
  return (
    text
      // An address that cannot be read: where a password ends in it, nobody knows.
      .replace(/\bparse ".*$/s, 'parse …')
      // The value may be the secret itself, under the name of another option.
      .replace(/(config item "[^"]*") = .*$/s, '$1 = …')
      .replace(/(\/\/)[^/\s"]*@/g, '$1')
      .replace(SECRET_OPTION, '$1=…')
  );
}
