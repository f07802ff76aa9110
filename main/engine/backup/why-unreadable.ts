/** Why a file or folder cannot be read, for a person, by the system's code. */
export function whyUnreadable(code: string, message: string): string {
  const words: Readonly<Record<string, string>> = {
    EACCES: 'permission denied',
    EPERM: 'not permitted',
    EIO: 'the disk reports an error',
    EUCLEAN: 'the file system is damaged',
    EBADMSG: 'the file system is damaged',
    EREMOTEIO: 'the disk reports an error',
    ESTALE: 'the network file system lost its connection',
    ENOTCONN: 'the mounted place is not connected',
    EMFILE: 'too many files are open',
    ENFILE: 'too many files are open',
    EBUSY: 'in use',
    ENAMETOOLONG: 'the path is too long',
    ENOENT: 'it is not there',
  };
  return words[code] ?? message;
}
