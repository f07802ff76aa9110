/** The command line: begins what takes time first, then loads the program that knows its words. */
const words = process.argv.slice(2);
if (words.find((word) => !word.startsWith('-')) === 'repo') {
  const remote = words.find((word) => word.startsWith('rclone:'));
  if (remote === undefined) {
    const { beginLocalKey } = await import('./cli/repo/begin-key.ts');
    beginLocalKey(words);
  } else {
    // Its processes start while the rest of the program is being loaded.
    const { beginRemote } = await import('./app/begin-remote.ts');
    await beginRemote(remote);
  }
}
await import('./cli/program.ts');

export {};
