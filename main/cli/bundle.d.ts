export const STAMP: string;
export function sourceStamp(): string;
export function programUrl(): URL;
