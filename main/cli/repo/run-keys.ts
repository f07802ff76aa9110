import { addKey, changePassphrase, listKeys, removeKey } from '../../engine/engine.ts';
import { printableText } from '../../engine/format/printable.ts';
import { counted, type ExitCode, type RepoSession } from './session.ts';

export async function runKeyList(session: RepoSession): Promise<ExitCode> {
  const keys = await listKeys(await session.openRepository(), session.signal);
  session.json(
    keys.map(({ id, use, username, hostname, created }) => ({
      current: use === 'this',
      id,
      userName: username ?? '',
      hostName: hostname ?? '',
      created: created ?? '',
    })),
  );
  for (const { id, use, username = '', hostname = '', created = '' } of keys) {
    const note = use === 'unreadable' ? '  cannot be read' : '';
    // Whoever can write to the place can put a key file there that says anything.
    const said = printableText(`${username}@${hostname}  ${created}`);
    session.say(`${use === 'this' ? '*' : ' '}${id.slice(0, 8)}  ${said}${note}`);
  }
  session.say(`${counted(keys.length, 'key')}; * is the one in use`);
  return keys.some(({ use }) => use === 'unreadable') ? 1 : 0;
}

export async function runKeyAdd(session: RepoSession): Promise<ExitCode> {
  const repository = await session.openRepository();
  const id = await addKey(repository, { passphrase: await session.newPassphrase() }, session.signal);
  session.json({ id });
  session.say(`Added key ${id.slice(0, 8)}. The passphrases that opened the repository before still do.`);
  return 0;
}

export async function runKeyRemove(session: RepoSession, wanted: string): Promise<ExitCode> {
  const id = await removeKey(await session.openRepository(), wanted, session.signal);
  session.json({ id });
  session.say(`Removed key ${id.slice(0, 8)}. Whoever copied it before can still use it: it opens what it opened.`);
  return 0;
}

export async function runKeyPasswd(session: RepoSession): Promise<ExitCode> {
  const repository = await session.openRepository();
  const id = await changePassphrase(repository, { passphrase: await session.newPassphrase() }, session.signal);
  session.json({ id });
  session.say(`Changed the passphrase; the new key is ${id.slice(0, 8)}. Other keys are as they were.`);
  return 0;
}
