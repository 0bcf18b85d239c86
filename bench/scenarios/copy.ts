export const COPIED = 100_000;
