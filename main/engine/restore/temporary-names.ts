import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, rmSync, unlinkSync } from 'node:fs';
import type { EngineHost } from '../repository/repository.ts';

/** Restores of other computers, on a shared drive, are only taken for ended when a day has passed. */
const FOREIGN_MS = 24 * 3_600_000;
const PATTERN = /^\.triplicate-(([0-9a-f]{8})-(\d+)-[0-9a-f]{6})-(?:\d+|link|(folder)-\d+)\.tmp$/;

/** Marks of the restores that this process is at. */
const underWay = new Set<string>();

/** What makes the temporary names of one restore its own; says as well whose they are, for whoever finds them later. */
export function restoreMark({ hostname, pid, random }: EngineHost): string {
  const mark = `${hostMark(hostname)}-${pid}-${Buffer.from(random(3)).toString('hex')}`;
  underWay.add(mark);
  return mark;
}

/** The restore has ended: what it could not take away, as its disk had gone, is nobody's from now on. */
export function endMark(mark: string): void {
  underWay.delete(mark);
}

/** What stands under a temporary name: a file by its number, a folder by its own, or what is made at once. */
export type TemporaryThing = number | `folder-${number}` | 'link';

/** Where something stands until it is whole: beside its final name. */
export function temporaryPath(path: Buffer, mark: string, thing: TemporaryThing): Buffer {
  const folder = path.subarray(0, path.lastIndexOf('/') + 1);
  return Buffer.concat([folder, Buffer.from(temporaryName(mark, thing))]);
}

/** Where a folder stands until all in it is whole. @param folder its number */
export function temporaryFolderPath(path: Buffer, mark: string, folder: number): Buffer {
  return temporaryPath(path, mark, `folder-${folder}`);
}

export function temporaryName(mark: string, thing: TemporaryThing): string {
  return `.triplicate-${mark}-${thing}.tmp`;
}

/** Whether a restore may have given this name, in latin1, to something that was not whole yet. */
export function isTemporary(name: string): boolean {
  return PATTERN.test(name);
}

/**
 * Removes what a restore that was killed has left in a folder. What cannot be removed stays: it is in nobody's way.
 * @param isPlanned whether the plan of this restore knows something by the name, in latin1: that stays too
 */
export function sweepLeftovers(folder: Buffer, host: EngineHost, isPlanned: (name: string) => boolean): void {
  let names: readonly string[];
  try {
    names = readdirSync(folder, 'latin1');
  } catch {
    return;
  }
  for (const name of names) {
    const [, mark, hostOfIt, pid, isFolder] = PATTERN.exec(name) ?? [];
    if (mark === undefined) continue;
    const path = Buffer.concat([folder, Buffer.from(`/${name}`)]);
    try {
      const ended =
        hostOfIt === hostMark(host.hostname)
          ? Number(pid) === host.pid
            ? !underWay.has(mark)
            : !host.processExists(Number(pid))
          : Number(host.clock.now() / 1_000_000n) - lstatSync(path).mtimeMs > FOREIGN_MS;
      if (!ended || isPlanned(name)) continue;
      // A folder with all that is in it, which is the snapshot's and never went by its own name.
      if (isFolder) rmSync(path, { recursive: true });
      else unlinkSync(path);
    } catch {
      // Somebody else removed it, or it is not ours to remove.
    }
  }
}

function hostMark(hostname: string): string {
  return createHash('sha256').update(hostname).digest('hex').slice(0, 8);
}
