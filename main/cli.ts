/** The command line: begins what takes time first, then loads the program that knows its words. */
const words = process.argv.slice(2);
const remote = words.find((word) => word.startsWith('rclone:'));
if (remote !== undefined && words.find((word) => !word.startsWith('-')) === 'repo') {
  // Its processes start while the rest of the program is being loaded.
  const { beginRemote } = await import('./app/begin-remote.ts');
  await beginRemote(remote);
}
await import('./cli/program.ts');

export {};
