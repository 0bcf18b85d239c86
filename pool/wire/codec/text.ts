/** The codecs of types whose value is their text. @module */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { DecodeError } from "../errors.ts";
import type { Codec } from "./codec.ts";
import { contentRefusal, refusal } from "./refusal.ts";

/**
 * The value if it is text that PostgreSQL can hold. A NUL cannot be stored, and half of a surrogate pair has no
 * UTF-8 form and would silently become U+FFFD, so both are refused.
 */
export function checkText(type: string, value: unknown, advice = "give a string"): string {
  if (typeof value !== "string") {
    throw refusal(
      type,
      value,
      isNumeric(value) ? `${advice}, as String(value) makes one${castAdvice(type)}` : advice,
    );
  }
  if (value.includes("\0")) {
    throw contentRefusal(type, "the string contains a NUL character", "remove it, or use bytea");
  }
  if (!value.isWellFormed()) {
    throw contentRefusal(type, "the string contains half of a surrogate pair", "call toWellFormed() on it");
  }
  return value;
}

function isNumeric(value: unknown): boolean {
  return typeof value === "number" || typeof value === "bigint";
}

/** A parameter whose type nothing in the statement tells is `text` to PostgreSQL, which surprises with numbers. */
function castAdvice(type: string): string {
  return type === "text" ? ", or name the parameter's type in the statement, as in ${…}::int" : "";
}

/**
 * A type whose binary form is its text in UTF-8 (`text`, `varchar`, `bpchar`, `name`, enums …), or that is only
 * ever sent as text (`tsvector`, `regclass`, types nothing is known of).
 */
export class TextCodec implements Codec<string> {
  readonly binary: boolean;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number, binary: boolean) {
    this.type = type;
    this.oid = oid;
    this.binary = binary;
  }

  encode(value: unknown, writer: ByteWriter): void {
    writer.utf8(checkText(this.type, value));
  }

  decode(source: ByteSource, offset: number, length: number): string {
    return source.utf8(offset, length);
  }

  encodeText(value: unknown): string {
    return checkText(this.type, value);
  }

  decodeText(text: string): string {
    return text;
  }
}

/** A type whose binary form is a version byte, 1, and then its text: `jsonpath`, `ltree`, `lquery`, `ltxtquery`. */
export class VersionedTextCodec implements Codec<string> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  encode(value: unknown, writer: ByteWriter): void {
    writer.u8(1);
    writer.utf8(checkText(this.type, value));
  }

  decode(source: ByteSource, offset: number, length: number): string {
    expectVersion(this.type, source, offset, length);
    return source.utf8(offset + 1, length - 1);
  }

  encodeText(value: unknown): string {
    return checkText(this.type, value);
  }

  decodeText(text: string): string {
    return text;
  }
}

/** Throws a DecodeError unless a binary form starts with the version byte 1. */
export function expectVersion(type: string, source: ByteSource, offset: number, length: number): void {
  if (length < 1 || source.u8(offset) !== 1) {
    throw new DecodeError(type, "the binary form has an unknown version; update this library");
  }
}

const OCTAL = /^\\([0-3][0-7]{2})$/;

/**
 * `"char"`, one byte: `""` for zero, the ASCII character, or a backslash and three octal digits for a byte above
 * 127, as PostgreSQL 16 writes it (https://www.postgresql.org/docs/18/datatype-character.html).
 */
export class CharCodec implements Codec<string> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  encode(value: unknown, writer: ByteWriter): void {
    writer.u8(this.#byte(value));
  }

  decode(source: ByteSource, offset: number, length: number): string {
    if (length !== 1) throw new DecodeError(this.type, "the server sent more or less than one byte");
    const byte = source.u8(offset);
    if (byte === 0) return "";
    return byte < 128 ? String.fromCharCode(byte) : `\\${byte.toString(8)}`;
  }

  encodeText(value: unknown): string {
    const byte = this.#byte(value);
    if (byte === 0) return "";
    return byte < 128 ? String.fromCharCode(byte) : `\\${byte.toString(8)}`;
  }

  decodeText(text: string): string {
    return text;
  }

  #byte(value: unknown): number {
    const text = checkText(this.type, value);
    if (text === "") return 0;
    if (text.length === 1 && text.charCodeAt(0) < 128) return text.charCodeAt(0);
    const octal = OCTAL.exec(text);
    if (octal !== null) return parseInt(octal[1], 8);
    throw contentRefusal(
      this.type,
      "the string is not one ASCII character",
      'give one, or "" for zero, or a backslash and three octal digits',
    );
  }
}

/** `void`, the result of a function that returns nothing: `undefined`. */
export class VoidCodec implements Codec<undefined> {
  readonly binary = true;
  readonly type: string;
  readonly oid: number;

  constructor(type: string, oid: number) {
    this.type = type;
    this.oid = oid;
  }

  encode(): void {}

  decode(): undefined {
    return undefined;
  }

  encodeText(): string {
    return "";
  }

  decodeText(): undefined {
    return undefined;
  }
}
