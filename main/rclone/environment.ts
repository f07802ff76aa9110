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
  // How servers are reached; `RCLONE_CONFIG_<REMOTE>_<OPTION>`, which defines a remote, is kept as well.
  'RCLONE_CA_CERT',
  'RCLONE_CLIENT_CERT',
  'RCLONE_CLIENT_KEY',
  'RCLONE_NO_CHECK_CERTIFICATE',
  'RCLONE_BIND',
  'RCLONE_BWLIMIT',
  // Logins of remotes that are set to take them from the environment (`env_auth`).
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_PROFILE',
  'AWS_REGION',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'AZURE_TENANT_ID',
  'AZURE_CLIENT_ID',
  'AZURE_CLIENT_SECRET',
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

/** One variable for each option of a remote that is defined without a file, as `RCLONE_CONFIG_CLOUD_TYPE`. */
const REMOTE_OPTION = 'RCLONE_CONFIG_';

export type Environment = Readonly<Record<string, string>>;

/** What of `variables` rclone may see; names are compared without case (`http_proxy`, Windows' `Path`). */
export function rcloneEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) {
    const wide = name.toUpperCase();
    if (value !== undefined && (KEPT.has(wide) || wide.startsWith(REMOTE_OPTION))) kept[name] = value;
  }
  return kept;
}
