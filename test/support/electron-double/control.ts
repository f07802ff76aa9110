/**
 * How a test and the double talk: plain messages over Node's process channel. The test answers dialogs and reads what a
 * person would see outside the page (tray, notifications, menu); the double reports it as it happens.
 */

/** From the test to the double. */
export type Command =
  /** Answers for the next dialogs, in order: a folder (null: closed by the person) or a button. */
  | { readonly kind: 'answer-folder'; readonly path: string | null }
  | { readonly kind: 'answer-question'; readonly button: number }
  /** Clicks an item of the tray's menu or of the application menu by its label. */
  | { readonly kind: 'click'; readonly label: string }
  /** The window's close button. */
  | { readonly kind: 'close-window' }
  /** A second start of the program, a wake-up, a change of the power source. */
  | { readonly kind: 'second-instance' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'quit' };

/** From the double to the test. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'window'; readonly state: 'shown' | 'hidden' | 'closed' }
  | { readonly kind: 'tray'; readonly tooltip: string }
  | { readonly kind: 'notification'; readonly title: string; readonly body: string }
  | {
      readonly kind: 'question';
      readonly message: string;
      readonly detail: string;
      readonly buttons: readonly string[];
    }
  | { readonly kind: 'error-box'; readonly title: string; readonly content: string }
  | { readonly kind: 'opened-outside'; readonly url: string }
  | { readonly kind: 'awake'; readonly on: boolean };

/** What the double needs to know at its start, as one environment variable of JSON. */
export interface DoubleSettings {
  /** Where Chromium listens (Chrome DevTools Protocol); the test owns the browser. */
  readonly browser: string;
  /** What `app.getAppPath()` says: the folder with `out/` and `assets/`. */
  readonly appPath: string;
  readonly userData: string;
  readonly encryption: 'system' | 'basic_text' | 'none';
}

export const SETTINGS_VARIABLE = 'TRIPLICATE_ELECTRON_DOUBLE';
