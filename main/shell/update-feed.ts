/**
 * Whether the text of `app-update.yml` names a feed that can be asked. The address in `electron-builder.yml` ends in
 * `.invalid`, which no network answers (RFC 2606); only the release replaces it.
 */
export function isFeed(text: string): boolean {
  const address = /^url:\s*['"]?(\S+?)['"]?\s*$/m.exec(text)?.[1];
  const url = address === undefined ? null : URL.parse(address);
  return url !== null && url.protocol === 'https:' && !/(^|\.)invalid$/.test(url.hostname);
}
