/**
 * Where a worker's entry lies beside its caller: `.ts` in a checkout, which Node 24 runs as it is, `.js` in a bundle.
 * @param name file name without extension
 * @param from `import.meta.url` of the caller
 */
export function workerEntry(name: string, from: string): URL {
  return new URL(from.endsWith('.ts') ? `./${name}.ts` : `./${name}.js`, from);
}
