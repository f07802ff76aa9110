/** The variables that rclone gets. A stray one changes what rclone does: one `AWS_CA_BUNDLE` fails every S3 call. */
const KEPT: ReadonlySet<string> = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'XDG_CONFIG_HOME',
  'XDG_CACHE_HOME',
  'XDG_RUNTIME_DIR',
  // Where the user's remotes are, and what opens their file.
  'RCLONE_CONFIG',
  'RCLONE_CONFIG_DIR',
  'RCLONE_CONFIG_PASS',
  'RCLONE_PASSWORD_COMMAND',
  // Ways out to the network, logins of SSH and Kerberos, own certificates.
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'ALL_PROXY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'SSH_AUTH_SOCK',
  'KRB5CCNAME',
  // Windows finds nothing without these.
  'APPDATA',
  'LOCALAPPDATA',
  'USERPROFILE',
  'HOMEDRIVE',
  'HOMEPATH',
  'SYSTEMROOT',
  'WINDIR',
  'COMSPEC',
  'PATHEXT',
  'TEMP',
  'TMP',
]);

export type Environment = Readonly<Record<string, string>>;

/** What of `variables` rclone may see; names are compared without case (`http_proxy`, Windows' `Path`). */
export function rcloneEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined && KEPT.has(name.toUpperCase())) kept[name] = value;
  }
  return kept;
}
