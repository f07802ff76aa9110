import { Notification } from 'electron';

/** A message of the system; a click on it opens the window. Where the system shows none, the window's own notices remain. */
export function notify(notice: { readonly title: string; readonly text: string }, onClick: () => void): void {
  if (!Notification.isSupported()) return;
  const notification = new Notification({ title: notice.title, body: notice.text });
  notification.on('click', onClick);
  notification.show();
}
