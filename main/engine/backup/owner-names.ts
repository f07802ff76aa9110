import { execFileSync } from 'node:child_process';
import type { Nanoseconds } from '../clock.ts';

/** Asking takes longer than a small run does; a name that was changed is noticed after this time. */
const KEPT_NS = 10n * 60n * 1_000_000_000n;

let kept: { readonly names: OwnerNames; readonly since: Nanoseconds } | undefined;

/** The names as asked for within the last ten minutes, by this run or an earlier one. */
export function ownerNames(now: Nanoseconds): OwnerNames {
  if (!kept || now < kept.since || now - kept.since > KEPT_NS) kept = { names: new OwnerNames(), since: now };
  return kept.names;
}

/** Names of users and groups as this machine knows them, looked up once for each number. */
export class OwnerNames {
  readonly #users = new Map<number, string>();
  readonly #groups = new Map<number, string>();

  /** Empty when the machine knows no name, as restic writes it. */
  user(uid: number): string {
    return lookUp(this.#users, 'passwd', uid);
  }

  group(gid: number): string {
    return lookUp(this.#groups, 'group', gid);
  }

  /** The names that were looked up so far. */
  known(): { readonly users: readonly [number, string][]; readonly groups: readonly [number, string][] } {
    return { users: [...this.#users], groups: [...this.#groups] };
  }
}

/** `getent` asks whatever the machine is set up for: files, LDAP, a domain. Without it a file stays without a name. */
function lookUp(known: Map<number, string>, database: 'passwd' | 'group', id: number): string {
  const found = known.get(id);
  if (found !== undefined) return found;
  let name = '';
  if (process.platform !== 'win32') {
    try {
      const line = execFileSync('getent', [database, String(id)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      name = line.slice(0, Math.max(0, line.indexOf(':')));
    } catch {
      name = '';
    }
  }
  known.set(id, name);
  return name;
}
