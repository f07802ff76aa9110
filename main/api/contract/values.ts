import { z } from 'zod';

/** A moment as an ISO 8601 text in UTC, millisecond precision. */
export const moment = z.iso.datetime({ offset: true });
export const bytes = z.number().nonnegative();
export const count = z.number().int().nonnegative();

export const folderId = z.string().min(1).brand<'FolderId'>();
export const destinationId = z.string().min(1).brand<'DestinationId'>();
export const runId = z.string().min(1).brand<'RunId'>();
export type FolderId = z.infer<typeof folderId>;
export type DestinationId = z.infer<typeof destinationId>;
export type RunId = z.infer<typeof runId>;

/** Kinds of storage, as the 3-2-1 rule counts them; the folder itself lies on an internal disk unless it says otherwise. */
export const storageKind = z.enum(['internal', 'external', 'network', 'cloud']);
export type StorageKind = z.infer<typeof storageKind>;

/** An error as it crosses a transport: see `main/engine/errors.ts` for the codes. */
export const wireError = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  retry: z.enum(['never', 'backoff', 'when-back']),
  data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])),
});
export type ContractError = z.infer<typeof wireError>;

/** Nothing goes in, or nothing comes out. */
export const nothing = z.object({});
