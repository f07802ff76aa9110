import type { HistoryFolder } from '../../main/api/contract/history.ts';
import { useData } from '../data.ts';

/** The folders that have a history: protected ones, and past ones, of which destinations still hold versions. */
export function useHistoryFolders() {
  const folders = useData('folders.list', {});
  const past = useData('history.pastFolders', {});
  const listed: readonly HistoryFolder[] | undefined = folders.data;
  return {
    listed,
    past: past.data ?? [],
    all: [...(listed ?? []), ...(past.data ?? [])],
    /** `loading` until both lists are there: only then is a folder known to be in neither. */
    state: folders.data === undefined || past.isPending ? ('loading' as const) : ('complete' as const),
    error: folders.error,
    refetch: folders.refetch,
  };
}

/** Entries of the folder chooser; past folders of one name are told apart by their paths. */
export function folderChoices(listed: readonly HistoryFolder[], past: readonly HistoryFolder[]) {
  const choice = ({ id, name }: HistoryFolder) => ({ value: id as string, label: name });
  if (past.length === 0) return listed.map(choice);
  const count = Map.groupBy([...listed, ...past], ({ name }) => name);
  const label = ({ name, path }: HistoryFolder): string => ((count.get(name)?.length ?? 0) > 1 ? path : name);
  const groups = [
    { group: 'Protected', items: listed.map(choice) },
    { group: 'Not protected', items: past.map((one) => ({ ...choice(one), label: label(one) })) },
  ];
  return groups.filter(({ items }) => items.length > 0);
}
