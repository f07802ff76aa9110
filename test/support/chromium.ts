import { existsSync } from 'node:fs';

const PLACES = [
  // Chromium without its own windows: the same pages for two thirds of the processor time.
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
];

/** The Chromium of this machine, or the one that TRIPLICATE_CHROMIUM names. */
export function chromiumPath(): string {
  const path = process.env.TRIPLICATE_CHROMIUM ?? PLACES.find((place) => existsSync(place));
  if (!path) throw new Error('The tests need Chromium: install it, or name one with TRIPLICATE_CHROMIUM.');
  return path;
}

/** Arguments that keep it quiet and off the network. Tests run as root too, where its sandbox refuses to start. */
export const chromiumArguments: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];
