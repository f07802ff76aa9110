import { expect, it } from 'vitest';
import { rcloneError } from '../../../main/rclone/rclone-errors.ts';

it.each([
  ["didn't find section in config file", 'rclone/remote-unknown'],
  [`didn't find backend called "nosuch"`, 'rclone/remote-invalid'],
  [`failed to create upstream "badtype:": didn't find backend called "nosuch"`, 'rclone/remote-invalid'],
  ["couldn't decrypt password: input too short when revealing password - is it obscured?", 'rclone/remote-invalid'],
  [
    'base64 decode failed when revealing password - is it obscured?: illegal base64 data at input byte 0',
    'rclone/remote-invalid',
  ],
  ['password not set in config file', 'rclone/remote-invalid'],
  [
    `couldn't parse config item "nounc" = "maybe" as bool: parsing "maybe" as bool failed: expected newline`,
    'rclone/remote-invalid',
  ],
  ['s3: chunk size: 1Ki is less than 5Mi', 'rclone/remote-invalid'],
  ["alias can't point to an empty remote - check the value of the remote setting", 'rclone/remote-invalid'],
  ["union can't point to an empty upstream - check the value of the upstreams setting", 'rclone/remote-invalid'],
  ["can't point alias remote at itself - check the value of the remote setting", 'rclone/remote-invalid'],
  [`failed to parse remote "" to wrap: can't use empty string as a path`, 'rclone/remote-invalid'],
  [`failed to derive base remote "": can't use empty string as a path`, 'rclone/remote-invalid'],
  [`couldn't list files: Propfind "/": unsupported protocol scheme ""`, 'rclone/remote-invalid'],
  [`parse "http://[bad:xx/": missing ']' in host`, 'rclone/remote-invalid'],
  [
    'failed to configure dropbox: empty token found - please run "rclone config reconnect dropbox:"',
    'rclone/remote-invalid',
  ],
  [
    "drive: failed when making oauth client: failed to create oauth client: invalid character 'n' looking for beginning of object key string",
    'rclone/remote-invalid',
  ],
  ['no authentication method configured', 'rclone/remote-invalid'],
  ['failed to configure Google Cloud Storage: google: could not find default credentials.', 'rclone/remote-invalid'],
  ['error opening service account credentials file: open /nosuch: no such file or directory', 'rclone/remote-invalid'],
  ["couldn't connect to ssh-agent: SSH agent requested but SSH_AUTH_SOCK not-specified", 'rclone/remote-invalid'],
  ['failed to read private key file: open /nosuch/key: no such file or directory', 'rclone/remote-invalid'],
  ['failed to parse private key file: ssh: no key found', 'rclone/remote-invalid'],
  ['account not found', 'rclone/remote-invalid'],
  ['auth not found', 'rclone/remote-invalid'],
  ['outdated config - please reconfigure this backend', 'rclone/remote-invalid'],
  [
    'unable to get drive_id and drive_type - if you are upgrading from older versions of rclone, please run `rclone config` and re-configure this backend',
    'rclone/remote-invalid',
  ],
  [
    'config name contains invalid characters - may only contain `0-9`, `A-Z`, `a-z`, `_`, `-`, `.` and space',
    'store/bad-location',
  ],
  ['unterminated quoted config value', 'store/bad-location'],
  ['unquoted config value must end with `,` or `:`', 'store/bad-location'],
  ['config parameters may only contain `0-9`, `A-Z`, `a-z` and `_`', 'store/bad-location'],
  ["config parameters can't be empty", 'store/bad-location'],
  ["config name can't be empty", 'store/bad-location'],
  ['expecting `:` or `,` or another quote after a quote', 'store/bad-location'],
  ["NewFs: couldn't connect SSH: ssh: handshake failed: knownhosts: key mismatch", 'rclone/host-untrusted'],
  ["NewFs: couldn't connect SSH: ssh: handshake failed: knownhosts: key is unknown", 'rclone/host-untrusted'],
  [
    'read metadata failed: Propfind "https://h/x": x509: certificate signed by unknown authority',
    'rclone/host-untrusted',
  ],
  // What lies between a place and us passes, also where a token is to be had or an address to be followed.
  [
    'couldn\'t fetch token: Post "https://oauth2.example/token": dial tcp: lookup oauth2.example: no such host',
    'store/unreachable',
  ],
  [
    `Get "http://h/x": failed to parse Location header "http://[x": parse "http://[x": missing ']' in host`,
    'rclone/failed',
  ],
  ['write /mnt/x/data/ab/z: no space left on device', 'store/full'],
  ["googleapi: Error 403: The user's Drive storage quota has been exceeded., storageQuotaExceeded", 'store/full'],
  ['open /mnt/x: read-only file system', 'store/read-only'],
  ['open /srv/x: permission denied', 'store/denied'],
  [
    "couldn't connect SSH: ssh: handshake failed: ssh: unable to authenticate, attempted methods [none password]",
    'store/denied',
  ],
  ['read metadata failed: Propfind "http://h/x": Unauthorized: 401 Unauthorized', 'store/denied'],
  ['AccessDenied: Access Denied\n\tstatus code: 403', 'store/denied'],
  [
    'read metadata failed: Propfind "http://127.0.0.1:1/x": dial tcp 127.0.0.1:1: connect: connection refused',
    'store/unreachable',
  ],
  ["NewFs: couldn't connect SSH: dial tcp 10.0.0.9:22: i/o timeout", 'store/unreachable'],
  ['dial tcp: lookup nowhere.invalid: no such host', 'store/unreachable'],
  ['read tcp 127.0.0.1:5->127.0.0.1:6: read: connection reset by peer', 'store/unreachable'],
  ['Put "http://h/x": net/http: HTTP/1.x transport connection broken: unexpected EOF', 'store/unreachable'],
  ['NoSuchBucket: The specified bucket does not exist', 'store/bad-location'],
  ["googleapi: Error 403: Quota exceeded for quota metric 'Queries' per minute, rateLimitExceeded", 'rclone/failed'],
  ['413 Payload Too Large', 'store/denied'],
  ['413 Request Entity Too Large: 413 Request Entity Too Large', 'store/denied'],
  ['Put "http://h/x": 507 Insufficient Storage: 507 Insufficient Storage', 'store/full'],
  ['Move call failed: 503 Service Unavailable', 'store/unreachable'],
  // Numbers in the name of an object say nothing.
  [
    `Put "http://h/data/a5/${'a507'.repeat(16)}": dial tcp 127.0.0.1:1: connect: connection refused`,
    'store/unreachable',
  ],
  [`Move "http://h/data/a5/${'a503'.repeat(16)}": 412 Precondition Failed`, 'rclone/failed'],
  ['something that nobody has seen', 'rclone/failed'],
] as const)('%s means %s', (text, code) => {
  expect(rcloneError('rclone:x:y', text)).toMatchObject({ code });
});

it('names the kind of remote and the option that are at fault, and no value', () => {
  const kind = rcloneError('rclone:x:y', `didn't find backend called "nosuch"`);
  expect(kind.message).toBe('rclone:x:y: this rclone knows no such kind of remote (nosuch).');
  const option = rcloneError(
    'rclone:x:y',
    `couldn't parse config item "chunk_size" = "hunter2" as fs.SizeSuffix: parsing "hunter2" as fs.SizeSuffix failed`,
  );
  expect(option.message).toContain('(chunk_size)');
  expect(JSON.stringify([option.message, option.data])).not.toContain('hunter2');
});

it.each([
  'failed to make remote ":webdav,pass=hunter2,url=http://h:" to wrap: odd',
  'failed to make remote ":webdav,pass=two hunter2,user=u:" to wrap: odd',
  `failed to make remote ":webdav,pass='two hunter2, and more':" to wrap: odd`,
  'failed to make remote ":webdav,pass=\\"two hunter2, and more\\":" to wrap: odd',
  'failed to make remote ":crypt,remote=\\":webdav,pass=\\"\\"hunter2\\"\\":\\",password2=hunter2:" to wrap: odd',
  'failed to make remote ":webdav,pass=\\"two hunter2:" to wrap: odd',
  'failed to make remote ":webdav,bearer_token=hunter2:" to wrap: odd',
  'failed to make remote ":azureblob,sas_url=\\"https://h/c?sig=hunter2\\":" to wrap: odd',
  'parse "http://me:hun/hunter2@[x/": invalid port ":hunter2" after host',
  'odd: "http://me:an@hunter2@host/x" and http://me:an@hunter2@host/x',
])('repeats nothing secret of a connection string: %s', (text) => {
  const error = rcloneError('rclone:x:y', text);
  expect(JSON.stringify([error.message, error.data])).not.toContain('hunter2');
});

it('repeats no password that rclone repeats', () => {
  const error = rcloneError(
    'rclone:x:y',
    'odd: http://me:no@hunter2@host/x :sftp,user=u,pass="hunter2":x token=hunter2',
  );
  expect(JSON.stringify([error.message, error.data])).not.toContain('hunter2');
});
