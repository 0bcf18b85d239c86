export const MIXED_ROWS = 10_000;
