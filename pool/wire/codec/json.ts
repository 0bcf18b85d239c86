/** The codecs of `json` and `jsonb`. @module */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { DecodeError, ValidationError } from "../errors.ts";
import type { Codec } from "./codec.ts";
import { kindOf, refusal } from "./refusal.ts";
import { expectVersion } from "./text.ts";

/**
 * The JSON text of a value, with nothing left out unseen: where `JSON.stringify` would drop a property or write
 * null or `{}` in its place (undefined, a function, NaN, a Map …), the value is refused and the place named.
 */
function stringify(type: string, value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    const path = findUnfit(value, "$", new Set());
    throw path ??
      new ValidationError(`a value of type ${type}`, "JSON.stringify() failed; give plain JSON data", {
        cause: error,
      });
  }
  if (typeof value === "string") return text as string;
  const unfit = findUnfit(value, "$");
  if (unfit !== undefined) throw unfit;
  if (text === undefined) throw unfitAt("$", "an object whose toJSON() returns nothing");
  return text;

  function unfitAt(path: string, state: string): ValidationError {
    return new ValidationError(
      `a value of type ${type}`,
      `${state} was given at ${path}; give only what JSON holds: null, booleans, finite numbers, strings, arrays and plain objects`,
    );
  }

  /** The error for the first part of `part` that JSON cannot hold. `seen` is given when there may be a cycle. */
  function findUnfit(part: unknown, path: string, seen?: Set<unknown>): ValidationError | undefined {
    switch (typeof part) {
      case "string":
      case "boolean":
        return undefined;
      case "number":
        return Number.isFinite(part) ? undefined : unfitAt(path, kindOf(part));
      case "object":
        break;
      case "undefined":
        return path === "$" ? refusal(type, part, "") : unfitAt(path, kindOf(part));
      default:
        return unfitAt(path, kindOf(part));
    }
    if (part === null || typeof (part as { toJSON?: unknown }).toJSON === "function") return undefined;
    if (seen?.has(part)) return unfitAt(path, "an object that contains itself");
    if (
      part instanceof Map || part instanceof Set || ArrayBuffer.isView(part) || part instanceof ArrayBuffer
    ) {
      return unfitAt(path, kindOf(part));
    }
    seen?.add(part);
    if (Array.isArray(part)) {
      for (let index = 0; index < part.length; index++) {
        const unfit = findUnfit(part[index], `${path}[${index}]`, seen);
        if (unfit !== undefined) return unfit;
      }
    } else {
      for (const key of Object.keys(part)) {
        const unfit = findUnfit((part as Record<string, unknown>)[key], `${path}.${key}`, seen);
        if (unfit !== undefined) return unfit;
      }
    }
    seen?.delete(part);
    return undefined;
  }
}

function parse(type: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which may be a secret.
    throw new DecodeError(type, "the text is not JSON");
  }
}

/**
 * `json` as parsed data. A string is a JSON string, so text that already is JSON is given through
 * `sql` as `${text}::text::json`. `null` is SQL's NULL. Numbers are JavaScript numbers, as everywhere in JSON.
 */
export class JsonCodec implements Codec<unknown> {
  readonly binary = true;
  readonly arrayValues = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  encode(value: unknown, writer: ByteWriter): void {
    writer.utf8(stringify(this.type, value));
  }

  decode(source: ByteSource, offset: number, length: number): unknown {
    return parse(this.type, source.utf8(offset, length));
  }

  encodeText(value: unknown): string {
    return stringify(this.type, value);
  }

  decodeText(text: string): unknown {
    return parse(this.type, text);
  }
}

/** `jsonb`: as {@link JsonCodec}, but for a version byte in the binary form. */
export class JsonbCodec implements Codec<unknown> {
  readonly binary = true;
  readonly arrayValues = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  encode(value: unknown, writer: ByteWriter): void {
    writer.u8(1);
    writer.utf8(stringify(this.type, value));
  }

  decode(source: ByteSource, offset: number, length: number): unknown {
    expectVersion(this.type, source, offset, length);
    return parse(this.type, source.utf8(offset + 1, length - 1));
  }

  encodeText(value: unknown): string {
    return stringify(this.type, value);
  }

  decodeText(text: string): unknown {
    return parse(this.type, text);
  }
}
