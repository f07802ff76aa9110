import { type BrowserWindow, dialog, shell } from 'electron';

/** The system's folder chooser; undefined when the person closed it. */
export async function chooseFolder(window: BrowserWindow | undefined, title: string): Promise<string | undefined> {
  const options = { title, properties: ['openDirectory', 'createDirectory'] } satisfies Electron.OpenDialogOptions;
  const { canceled, filePaths } = await (window
    ? dialog.showOpenDialog(window, options)
    : dialog.showOpenDialog(options));
  return canceled ? undefined : filePaths[0];
}

/** Shows a file in the system's file manager. */
export function reveal(path: string): void {
  shell.showItemInFolder(path);
}

export type QuitAnswer = 'finish' | 'stop' | 'stay';

/** Asks what becomes of the work under way; `title` names it. */
export async function askBeforeQuit(window: BrowserWindow | undefined, title: string): Promise<QuitAnswer> {
  const answers: readonly QuitAnswer[] = ['finish', 'stop', 'stay'];
  const options: Electron.MessageBoxOptions = {
    type: 'question',
    message: 'Something is still running.',
    detail: `${title}\n\nWhat is stored already stays; a stopped backup continues from there next time.`,
    buttons: ['Finish, then quit', 'Stop and quit', 'Keep Triplicate open'],
    defaultId: 0,
    cancelId: 2,
    noLink: true,
  };
  const { response } = await (window ? dialog.showMessageBox(window, options) : dialog.showMessageBox(options));
  return answers[response] ?? 'stay';
}

/** For a start that failed: one sentence, no stack trace. */
export function showFatal(message: string): void {
  dialog.showErrorBox('Triplicate could not start', message);
}
