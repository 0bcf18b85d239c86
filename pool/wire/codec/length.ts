/** The check every fixed-size binary form makes first. @module */
import { DecodeError } from "../errors.ts";

/** Throws a DecodeError unless a binary value has the length its type demands. */
export function expectLength(type: string, actual: number, expected: number): void {
  if (actual !== expected) throw wrongLength(type, actual, `${expected}`);
}

/** The error for a binary value whose length its type does not allow. */
export function wrongLength(type: string, actual: number, expected: string): DecodeError {
  return new DecodeError(type, `the server sent ${actual} bytes where ${expected} were expected`);
}
