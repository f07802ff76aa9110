import { toString as qrCode } from 'qrcode';

export interface RecoveryKitFacts {
  readonly passphrase: string;
  readonly destinations: readonly { readonly name: string; readonly location: string; readonly passphrase: string }[];
  readonly folders: readonly string[];
  readonly hostname: string;
  readonly madeAt: string;
}

/** The page to print or save: everything that a person needs to get the files back without this program. */
export async function makeRecoveryKit(facts: RecoveryKitFacts): Promise<{ html: string; text: string }> {
  const text = kitText(facts);
  const code = await qrCode(qrText(facts), { type: 'svg', errorCorrectionLevel: 'L', margin: 2 });
  return { text, html: kitHtml(facts, code) };
}

function kitText(facts: RecoveryKitFacts): string {
  const lines = [
    'TRIPLICATE RECOVERY PAGE',
    `Made ${facts.madeAt.slice(0, 10)} on ${facts.hostname}. Keep it where a fire or a thief would not take it together with the computer.`,
    '',
    `Passphrase: ${facts.passphrase}`,
    '',
    'Protected folders:',
    ...facts.folders.map((path) => `  ${path}`),
    '',
    `With Triplicate: ${WITH_TRIPLICATE}`,
    '',
    'Without Triplicate, the free program restic (restic.net) reads every copy. Install restic (and rclone for clouds), then:',
    '',
  ];
  for (const one of facts.destinations) {
    lines.push(`${one.name}: ${one.location}`);
    if (one.passphrase !== facts.passphrase) lines.push(`  its own passphrase: ${one.passphrase}`);
    lines.push(...commandsFor(one.location, facts.folders).map((command) => `  ${command}`), '');
  }
  if (facts.destinations.length === 0)
    lines.push('There is no destination yet. Save this page again when there is one.', '');
  lines.push('restic asks for the passphrase. The files appear in the folder "restored".');
  return `${lines.join('\n')}\n`;
}

const WITH_TRIPLICATE =
  'install it on any computer, connect one of the places below, add it as a destination and enter the passphrase.';

/**
 * Stock restic's own words for a location; a remote needs rclone to know it under the same name. Each folder is restored by
 * itself, because the latest snapshot of all is one of one folder only.
 */
function commandsFor(location: string, folders: readonly string[]): readonly string[] {
  const restic = `restic -r ${shellWord(location)}`;
  const restore = folders.map((path) => `${restic} restore latest --path ${shellWord(path)} --target restored`);
  const commands = [
    `${restic} snapshots`,
    ...(restore.length > 0 ? restore : [`${restic} restore latest --target restored`]),
  ];
  const remote = /^rclone:([^:]+):/.exec(location)?.[1];
  return remote
    ? [`rclone config   (set up the remote "${remote}" with the login of that cloud)`, ...commands]
    : commands;
}

function shellWord(text: string): string {
  return /^[\w/.:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Short, so that the code stays easy to scan. */
function qrText(facts: RecoveryKitFacts): string {
  const places = facts.destinations.map(({ location }) => location);
  return ['Triplicate (restic format)', `passphrase: ${facts.passphrase}`, ...places].join('\n').slice(0, 2000);
}

function kitHtml(facts: RecoveryKitFacts, code: string): string {
  const destinations = facts.destinations
    .map((one) => {
      const own =
        one.passphrase === facts.passphrase
          ? ''
          : `<p>Its own passphrase: <code>${escapeHtml(one.passphrase)}</code></p>`;
      const commands = commandsFor(one.location, facts.folders).map(escapeHtml).join('\n');
      return `<section><h3>${escapeHtml(one.name)}</h3><p><code>${escapeHtml(one.location)}</code></p>${own}<pre>${commands}</pre></section>`;
    })
    .join('');
  const none = '<p>There is no destination yet. Save this page again when there is one.</p>';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Triplicate recovery page</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<style>
body{font:16px/1.5 system-ui,sans-serif;color:#111;background:#fff;max-width:46rem;margin:2rem auto;padding:0 1rem}
.key{display:flex;gap:2rem;align-items:center;border:2px solid #111;border-radius:8px;padding:1rem}
.key svg{width:11rem;height:11rem;flex:none}.key code{font-size:1.25rem;overflow-wrap:anywhere}
pre{background:#f3f3f3;padding:.75rem;white-space:pre-wrap;overflow-wrap:anywhere}section{break-inside:avoid}
</style></head><body>
<h1>Triplicate recovery page</h1>
<p>Made ${escapeHtml(facts.madeAt.slice(0, 10))} on ${escapeHtml(facts.hostname)}. Keep it where a fire or a thief would not take it together with the computer.</p>
<div class="key">${code}<div><p>Passphrase</p><code>${escapeHtml(facts.passphrase)}</code></div></div>
<h2>Protected folders</h2><ul>${facts.folders.map((path) => `<li><code>${escapeHtml(path)}</code></li>`).join('')}</ul>
<h2>Restore with Triplicate</h2><p>${WITH_TRIPLICATE.replace(/^i/, 'I')}</p>
<h2>Restore without Triplicate</h2>
<p>The free program restic (restic.net) reads every copy. Install restic, and rclone for clouds. restic asks for the passphrase; the files appear in the folder “restored”.</p>
${destinations === '' ? none : destinations}
</body></html>
`;
}

function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}
