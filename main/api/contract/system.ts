import { z } from 'zod';
import { method } from './method.ts';
import { bytes, moment, nothing } from './values.ts';

export const settings = z.object({
  theme: z.enum(['auto', 'light', 'dark']),
  /** Quiet time after the last change before a run starts, and the longest wait, in seconds. */
  quietSeconds: z.number().int().min(1).max(3600),
  maxWaitSeconds: z.number().int().min(1).max(86400),
  fullScanHours: z.number().int().min(1).max(168),
  /** Days between structure checks of a destination, and between drills; 0 turns them off. */
  checkEveryDays: z.number().int().min(0).max(365),
  drillEveryDays: z.number().int().min(0).max(365),
  pauseOnBattery: z.boolean(),
  paused: z.boolean(),
  notifications: z.boolean(),
  startAtLogin: z.boolean(),
  closeToTray: z.boolean(),
  uploadLimitKiBps: z.number().int().nonnegative(),
  downloadLimitKiBps: z.number().int().nonnegative(),
});
export type Settings = z.infer<typeof settings>;

export const systemInfo = z.object({
  version: z.string(),
  host: z.enum(['window', 'browser']),
  platform: z.string(),
  hostname: z.string(),
  homeFolder: z.string(),
  /** Where the app keeps its own state. */
  stateFolder: z.string(),
  rclone: z.object({ available: z.boolean(), version: z.string().nullable(), hint: z.string().nullable() }),
  setup: z.object({
    passphraseSet: z.boolean(),
    /** False when the passphrase must be entered again, because the key store lost it. */
    unlocked: z.boolean(),
    recoveryKitSavedAt: moment.nullable(),
    /** Names of destinations that were added since: the kit that was saved does not tell how to restore from them. */
    recoveryKitLacks: z.array(z.string()),
    /** The person typed the passphrase from the kit once. */
    recoveryKitTriedAt: moment.nullable(),
    finished: z.boolean(),
  }),
  /** Where the passphrase is kept: `weak` means that other programs of this user could read it. */
  keyProtection: z.enum(['system', 'file', 'weak']),
  /** Whether this host can show the system's own folder chooser. */
  nativeDialogs: z.boolean(),
});
export type SystemInfo = z.infer<typeof systemInfo>;

export const systemMethods = {
  'system.info': method(nothing, systemInfo),
  /** The system's folder chooser; null when the person closed it. Only where `nativeDialogs`. */
  'system.chooseFolder': method(z.object({ title: z.string() }), z.object({ path: z.string().nullable() })),
  /** One directory of this machine, directories only, for hosts without a chooser. */
  'system.browse': method(
    z.object({ path: z.string().optional(), showHidden: z.boolean().default(false) }),
    z.object({
      path: z.string(),
      parent: z.string().nullable(),
      entries: z.array(z.object({ name: z.string(), path: z.string() })),
      shortcuts: z.array(z.object({ label: z.string(), path: z.string() })),
    }),
  ),
  'system.createFolder': method(
    z.object({ parent: z.string(), name: z.string().min(1) }),
    z.object({ path: z.string() }),
  ),
  /** Shows a restored file in the system's file manager, where the host can. */
  'system.reveal': method(z.object({ path: z.string() }), z.object({ shown: z.boolean() })),
  'settings.get': method(nothing, settings),
  'settings.update': method(settings.partial(), settings),
  /** Folders worth protecting on this machine, for the guide. */
  'setup.suggestFolders': method(
    nothing,
    z.array(z.object({ label: z.string(), path: z.string(), bytes: bytes.nullable(), recommended: z.boolean() })),
  ),
  /** Sets the passphrase for all repositories that the app creates. Refused when it is too short, and once destinations exist. */
  'setup.setPassphrase': method(z.object({ passphrase: z.string().min(1) }), nothing),
  /** Enters it again when the key store lost it; checked against a repository. */
  'setup.unlock': method(z.object({ passphrase: z.string().min(1) }), nothing),
  /** The printable page: locations, passphrase, how to restore with stock restic, QR code (SVG). */
  'setup.recoveryKit': method(nothing, z.object({ html: z.string(), text: z.string() })),
  'setup.recoveryKitSaved': method(nothing, nothing),
  /** The person types the passphrase from the kit; false when it is not the right one. */
  'setup.tryRecoveryKit': method(z.object({ passphrase: z.string() }), z.object({ correct: z.boolean() })),
  'setup.finish': method(nothing, nothing),
} as const;
