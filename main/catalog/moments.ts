/** A snapshot that holds the folder: where it lies, when it was made (microseconds), the folder's own tree in it. */
export interface KnownSnapshot {
  readonly destination: string;
  readonly id: string;
  readonly time: number;
  readonly tree: string;
}

/** A moment as the snapshots of all destinations together give it. */
export interface WantedMoment {
  readonly time: number;
  readonly tree: string;
  readonly snapshots: KnownSnapshot[];
}

/** Snapshots of the same content in a row are one moment, whichever destination holds them. Oldest first. */
export function joinMoments(snapshots: readonly KnownSnapshot[]): readonly WantedMoment[] {
  const sorted = snapshots.toSorted((a, b) => a.time - b.time || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const moments: WantedMoment[] = [];
  const byTree = new Map<string, WantedMoment[]>();
  for (const snapshot of sorted) {
    const newest = moments.at(-1);
    const alike = byTree.get(snapshot.tree) ?? [];
    // A slower destination may hold an older moment under a later time.
    const lacks = (one: WantedMoment): boolean =>
      one.snapshots.every(({ destination }) => destination !== snapshot.destination);
    const known = newest?.tree === snapshot.tree ? newest : alike.find(lacks);
    if (known) {
      known.snapshots.push(snapshot);
    } else {
      const moment = { time: snapshot.time, tree: snapshot.tree, snapshots: [snapshot] };
      moments.push(moment);
      byTree.set(snapshot.tree, [...alike, moment]);
    }
  }
  return moments;
}

/**
 * Which known moment each wanted one is: the longest common sequence of their trees. Gives, for each wanted moment, the
 * position of the known one, or -1 for one that is new; positions rise.
 */
export function matchMoments(known: readonly string[], wanted: readonly string[]): readonly number[] {
  const positions = new Map<string, number[]>();
  for (const [position, tree] of known.entries()) positions.set(tree, [position, ...(positions.get(tree) ?? [])]);
  // Longest rising row of positions (patience): candidates of one tree in falling order, so that each is taken once.
  const tops: { readonly position: number; readonly wanted: number; readonly below: number }[] = [];
  const piles: number[] = [];
  for (const [at, tree] of wanted.entries()) {
    for (const position of positions.get(tree) ?? []) {
      let low = 0;
      let high = piles.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((tops[piles[middle] ?? 0]?.position ?? 0) < position) low = middle + 1;
        else high = middle;
      }
      tops.push({ position, wanted: at, below: low > 0 ? (piles[low - 1] ?? -1) : -1 });
      piles[low] = tops.length - 1;
    }
  }
  const matched = new Array<number>(wanted.length).fill(-1);
  for (let top = tops[piles.at(-1) ?? -1]; top; top = tops[top.below]) matched[top.wanted] = top.position;
  return matched;
}
