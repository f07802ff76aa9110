/**
 * rclone's name of a folder, with a slash at its end: rclone then takes it for one. Without it, it asks the remote first whether
 * that is a file, in each process and for each call that comes before the answer. A remote without a path stays as it is:
 * `server:` is where the remote begins, `server:/` may be the root of its disk. So does a folder `config`: at FTP rclone looks for a
 * file of the folder's own name in it, and would find the repository's.
 * @param remote `remote:path`, a connection string, or a path
 */
export function asFolder(remote: string): string {
  return /[/:]config$/.test(remote) ? remote : withSlash(remote);
}

/** rclone's name of a folder below a place, as a place of its own. @param folder relative, without a slash at its ends */
export function folderIn(remote: string, folder: string): string {
  return `${withSlash(remote)}${folder}/`;
}

function withSlash(remote: string): string {
  return remote.endsWith('/') || hasNoPath(remote) ? remote : `${remote}/`;
}

/** A connection string has colons of its own; of one that ends with a colon it is not asked where its path begins. */
function hasNoPath(remote: string): boolean {
  const isConnectionString = /^(:|[^:]*,)/.test(remote);
  return remote.endsWith(':') && (isConnectionString || remote.indexOf(':') === remote.length - 1);
}
