import type { Copy, Folder } from '../../main/api/contract/folders.ts';
import { list, plural } from '../parts/format.ts';

/** The state of everything in one sentence: what is wrong comes first, and only what is proven counts. */
export interface Overall {
  readonly tone: 'good' | 'warn' | 'danger' | 'busy';
  readonly sentence: string;
  readonly detail: string;
  /** The folder that the sentence speaks of. */
  readonly about?: Folder;
}

/** The worst folder speaks for all; when none is wrong, the one with the fewest copies does. */
export function overall(folders: readonly Folder[]): Overall {
  const worst = byNeed(folders)[0];
  return worst === undefined ? NOTHING : { ...speak(worst, folders), about: worst };
}

const NOTHING: Overall = { tone: 'warn', sentence: 'Nothing is protected yet', detail: '' };

function speak(worst: Folder, folders: readonly Folder[]): Overall {
  const others = folders.filter((folder) => folder !== worst && need(folder) > 0).length;
  const also = others === 0 ? '' : ` ${plural(others, 'other folder needs', 'other folders need')} attention too.`;
  const { have, need: wanted } = worst.rule.copies;
  const firstRun = worst.activeRun !== null && worst.lastBackupAt === null;
  // A first copy on its way is no reason to worry yet; an old one that is missing is.
  const onTheWay = worst.activeRun !== null && worst.copies.filter(isUncounted).every(({ state }) => state === 'new');

  if (worst.watch.state === 'missing') {
    return {
      tone: 'danger',
      sentence: `${worst.name} cannot be found`,
      detail: `${plural(have, 'proven copy of it is', 'proven copies of it are')} kept. Connect the disk that holds it, or restore it.${also}`,
    };
  }
  if (worst.copies.some((copy) => copy.state === 'damaged')) {
    return {
      tone: 'danger',
      sentence: `A copy of ${worst.name} is damaged`,
      detail: `${copiesLeft(have)} Check the damaged one to see what is affected.${also}`,
    };
  }
  if (firstRun) {
    return {
      tone: 'busy',
      sentence: `${worst.name} is being backed up for the first time`,
      detail: `You can go on working; this continues by itself.${also}`,
    };
  }
  if (have < wanted && onTheWay && worst.copies.some(isUncounted)) {
    return {
      tone: 'busy',
      sentence: `${worst.name} is on its way to ${list(worst.copies.filter(isUncounted).map((copy) => copy.destinationName))}`,
      detail: `${plural(have, 'copy is', 'copies are')} proven so far. You can go on working.${also}`,
    };
  }
  if (have < wanted) {
    return {
      tone: have <= 1 ? 'danger' : 'warn',
      sentence: `${worst.name} has ${plural(have, 'proven copy', 'proven copies')} of ${wanted}`,
      detail: `${worst.rule.missing[0]?.text ?? ''}${also}`.trim(),
    };
  }
  if (worst.overdue) {
    return { tone: 'warn', sentence: `${worst.name} is overdue`, detail: `A backup should have run by now.${also}` };
  }
  if (!worst.rule.satisfied) {
    return {
      tone: 'warn',
      sentence: `${worst.name} has ${plural(have, 'copy', 'copies')}, but not safely apart`,
      detail: `${worst.rule.missing[0]?.text ?? ''}${also}`.trim(),
    };
  }
  const fewest = Math.min(...folders.map((folder) => folder.rule.copies.have));
  return {
    tone: 'good',
    sentence: `Everything has ${plural(fewest, 'proven copy', 'proven copies')}`,
    detail: 'On at least two kinds of storage, one of them away from here.',
  };
}

/** Folders with the one that needs a person most on top; equals keep their order. */
export function byNeed(folders: readonly Folder[]): readonly Folder[] {
  return [...folders].sort((a, b) => need(b) - need(a));
}

/** How the copy count of one folder feels. */
export function countTone(folder: Folder): Overall['tone'] {
  const { have, need: wanted } = folder.rule.copies;
  if (folder.copies.some((copy) => copy.state === 'damaged') || folder.watch.state === 'missing') return 'danger';
  if (have >= wanted) return folder.rule.satisfied ? 'good' : 'warn';
  if (folder.activeRun !== null && folder.lastBackupAt === null) return 'busy';
  return have <= 1 ? 'danger' : 'warn';
}

function need(folder: Folder): number {
  const missingCopies = Math.max(0, folder.rule.copies.need - folder.rule.copies.have);
  return (
    (folder.watch.state === 'missing' ? 100 : 0) +
    (folder.copies.some((copy) => copy.state === 'damaged') ? 50 : 0) +
    missingCopies * 10 +
    (folder.overdue ? 5 : 0) +
    (folder.rule.satisfied ? 0 : 3)
  );
}

function isUncounted({ state }: Copy): boolean {
  return state !== 'good';
}

function copiesLeft(have: number): string {
  return have === 1 ? 'Only the original is sound.' : `${have} sound copies are left.`;
}
