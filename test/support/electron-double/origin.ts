/** Chromium knows no `app:` scheme here, so pages lie at a reserved https address, which is a secure origin as well. */
const HOST_SUFFIX = '.app.invalid';

/** `app://triplicate/x` as Chromium sees it: `https://triplicate.app.invalid/x`. Other addresses stay. */
export function toBrowser(address: string): string {
  const match = /^app:\/\/([^/]+)(.*)$/.exec(address);
  return match ? `https://${match[1]}${HOST_SUFFIX}${match[2]}` : address;
}

/** The address that Electron would report for what Chromium shows. */
export function fromBrowser(address: string): string {
  const url = URL.parse(address);
  if (url?.protocol !== 'https:' || !url.host.endsWith(HOST_SUFFIX)) return address;
  return `app://${url.host.slice(0, -HOST_SUFFIX.length)}${url.pathname}${url.search}${url.hash}`;
}

/** Which requests belong to the protocol handler. */
export const APP_PATTERN = `https://*${HOST_SUFFIX}/**`;
