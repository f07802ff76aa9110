import { readFileSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';
import type { Plugin } from 'vite';

/**
 * Source files name processes, workers and data beside them as `new URL('./name.ts', import.meta.url)` or
 * `workerEntry('name', import.meta.url)`, which run without a build. In a bundle each becomes a file of it: an entry for
 * code, an asset for anything else. A bundle is one flat folder, so that these addresses hold in every chunk of it. A folder
 * of the project (`new URL('../out/renderer', …)`) stays where it is.
 * @param folder where the bundle lies, from the root of the project
 */
export function fileUrls(folder: string): Plugin {
  const pattern = /new URL\(\s*(['"])(\.{1,2}\/[^'"]+)\1\s*,\s*import\.meta\.url\s*,?\s*\)/g;
  const worker = /workerEntry\(\s*(['"])([\w-]+)\1\s*,\s*import\.meta\.url\s*,?\s*\)/g;
  return {
    name: 'triplicate:file-urls',
    transform(code, id) {
      if (id.includes('node_modules') || !code.includes('import.meta.url')) return null;
      const named = code.replace(worker, (_all, _quote, name: string) => `new URL('./${name}.ts', import.meta.url)`);
      const replaced = named.replace(pattern, (_all, _quote, path: string) => {
        const file = resolve(dirname(id), path);
        if (!/\.\w+$/.test(path)) return `new URL('${relative(resolve(folder), file)}', import.meta.url)`;
        const source = /\.[tj]s$/.test(file);
        const fileName = source ? basename(file).replace(/\.[tj]s$/, '.js') : basename(file);
        this.emitFile(
          source ? { type: 'chunk', id: file, fileName } : { type: 'asset', fileName, source: readFileSync(file) },
        );
        return `new URL('./${fileName}', import.meta.url)`;
      });
      return replaced === code ? null : { code: replaced, map: null };
    },
  };
}
