/**
 * The codecs of composites and of anonymous records
 * (https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/rowtypes.c, `record_send`).
 *
 * @module
 */
import type { ByteSource } from "../byte_source.ts";
import type { ByteWriter } from "../byte_writer.ts";
import { DecodeError, ValidationError } from "../errors.ts";
import type { Codec } from "./codec.ts";
import { formatCompositeText, parseCompositeText } from "./composite_text.ts";
import { contentRefusal, refusal } from "./refusal.ts";
import { setOwn } from "./own_property.ts";

/** Where a composite finds the codecs of its attributes: they may depend on the composite itself. */
export interface CodecSource {
  /** The codec of the type with this OID. */
  get(oid: number): Codec | undefined;
  /** The codec for types nothing is known of. */
  readonly text: Codec<string>;
  /** Told that the server's attributes of a composite are no longer those it was made with. */
  markChanged(oid: number): void;
}

/** A composite's attribute: its name, and its type's OID. */
export type CompositeAttribute = readonly [name: string, oid: number];

/** A composite type as a plain object by attribute name; a table's row type is one. */
export class CompositeCodec implements Codec<Record<string, unknown>> {
  readonly type: string;
  readonly oid: number;
  readonly #source: CodecSource;
  #attributes: readonly CompositeAttribute[];
  #visiting = false;

  /** Creates the codec of a composite with these attributes, whose codecs `source` has when they are needed. */
  constructor(
    type: string,
    oid: number,
    { attributes, source }: { attributes: readonly CompositeAttribute[]; source: CodecSource },
  ) {
    this.type = type;
    this.oid = oid;
    this.#attributes = attributes;
    this.#source = source;
  }

  /** The attributes, in order. */
  get attributes(): readonly CompositeAttribute[] {
    return this.#attributes;
  }

  /** Takes over the attributes that the type has now. */
  set attributes(attributes: readonly CompositeAttribute[]) {
    this.#attributes = attributes;
  }

  /** Whether all attributes have a binary form. An attribute that leads back here decides nothing. */
  get binary(): boolean {
    if (this.#visiting) return true;
    this.#visiting = true;
    try {
      return this.#attributes.every(([, oid]) => this.#codec(oid).binary);
    } finally {
      this.#visiting = false;
    }
  }

  encode(value: unknown, writer: ByteWriter): void {
    const object = this.#check(value);
    writer.i32(this.#attributes.length);
    for (const [name, oid] of this.#attributes) {
      writer.i32(oid);
      const field = this.#field(object, name);
      const at = writer.length;
      writer.i32(-1);
      if (field === null) continue;
      this.#codec(oid).encode(field, writer);
      writer.setI32(at, writer.length - at - 4);
    }
  }

  decode(source: ByteSource, offset: number, length: number): Record<string, unknown> {
    const end = offset + length;
    if (length < 4) throw this.#malformed();
    const attributes = this.#attributes;
    if (source.i32(offset) !== attributes.length) throw this.#changed();
    const object: Record<string, unknown> = {};
    let at = offset + 4;
    for (const [name, oid] of attributes) {
      if (at + 8 > end) throw this.#malformed();
      if (source.u32(at) !== oid) throw this.#changed();
      const size = source.i32(at + 4);
      at += 8;
      if (size === -1) {
        setOwn(object, name, null);
        continue;
      }
      if (size < 0 || size > end - at) throw this.#malformed();
      setOwn(object, name, this.#codec(oid).decode(source, at, size));
      at += size;
    }
    if (at !== end) throw this.#malformed();
    return object;
  }

  encodeText(value: unknown): string {
    const object = this.#check(value);
    return formatCompositeText(this.#attributes.map(([name, oid]) => {
      const field = this.#field(object, name);
      return field === null ? null : this.#codec(oid).encodeText(field);
    }));
  }

  decodeText(text: string): Record<string, unknown> {
    const attributes = this.#attributes;
    const fields = attributes.length === 0 && text === "()" ? [] : parseCompositeText(this.type, text);
    if (fields.length !== attributes.length) throw this.#changed();
    const object: Record<string, unknown> = {};
    attributes.forEach(([name, oid], index) => {
      const field = fields[index];
      setOwn(object, name, field === null ? null : this.#codec(oid).decodeText(field));
    });
    return object;
  }

  #codec(oid: number): Codec {
    return this.#source.get(oid) ?? this.#source.text;
  }

  #check(value: unknown): Record<string, unknown> {
    const advice = `give an object with the keys ${this.#attributes.map(([name]) => `"${name}"`).join(", ")}`;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw refusal(this.type, value, advice);
    }
    for (const key of Object.keys(value)) {
      if (this.#attributes.some(([name]) => name === key)) continue;
      throw contentRefusal(this.type, `the type has no attribute "${key}"`, advice);
    }
    return value as Record<string, unknown>;
  }

  #field(object: Record<string, unknown>, name: string): unknown {
    const field = Object.hasOwn(object, name) ? object[name] : undefined;
    if (field !== undefined) return field;
    throw contentRefusal(
      this.type,
      `attribute "${name}" is missing or undefined`,
      "give null for an SQL NULL",
    );
  }

  #changed(): DecodeError {
    this.#source.markChanged(this.oid);
    return new DecodeError(
      this.type,
      "the type's attributes have changed since they were read; run the query again",
    );
  }

  #malformed(): DecodeError {
    return new DecodeError(this.type, "the server's composite is malformed");
  }
}

/**
 * An anonymous record, such as `SELECT ROW(1, 'a')` has, as an array of its values. In the text form their types are
 * unknown, so they are strings.
 */
export class RecordCodec implements Codec<unknown[]> {
  readonly binary = true;
  readonly arrayValues = true;
  readonly type: string;
  readonly oid: number;
  readonly #source: CodecSource;

  /** Creates the codec; `source` has the codecs of the values. */
  constructor(type: string, oid: number, source: CodecSource) {
    this.type = type;
    this.oid = oid;
    this.#source = source;
  }

  encode(value: unknown, _writer: ByteWriter): void {
    this.#refuse(value);
  }

  decode(source: ByteSource, offset: number, length: number): unknown[] {
    const end = offset + length;
    if (length < 4) throw this.#malformed();
    const count = source.i32(offset);
    if (count < 0 || count * 8 > length - 4) throw this.#malformed();
    const values: unknown[] = [];
    let at = offset + 4;
    for (let index = 0; index < count; index++) {
      if (at + 8 > end) throw this.#malformed();
      const oid = source.u32(at);
      const size = source.i32(at + 4);
      at += 8;
      if (size === -1) {
        values.push(null);
        continue;
      }
      if (size < 0 || size > end - at) throw this.#malformed();
      const codec = this.#source.get(oid);
      if (codec?.binary !== true) {
        throw new DecodeError(
          this.type,
          `field ${
            index + 1
          } has a type (OID ${oid}) that cannot be read inside an anonymous record; cast the field to text or the record to a named type`,
        );
      }
      values.push(codec.decode(source, at, size));
      at += size;
    }
    if (at !== end) throw this.#malformed();
    return values;
  }

  encodeText(value: unknown): string {
    return this.#refuse(value);
  }

  decodeText(text: string): unknown[] {
    return text === "()" ? [] : parseCompositeText(this.type, text);
  }

  #refuse(value: unknown): never {
    if (value === undefined) throw refusal(this.type, value, "");
    throw new ValidationError(
      `a value of type ${this.type}`,
      "PostgreSQL takes no anonymous records; cast the parameter to a named composite type",
    );
  }

  #malformed(): DecodeError {
    return new DecodeError(this.type, "the server's record is malformed");
  }
}
