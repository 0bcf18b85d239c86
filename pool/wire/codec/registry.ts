/**
 * The codecs of one database, by OID. Built-in types are known from the start; all others are read from the
 * catalog when they are first met.
 *
 * Invariants: an OID's codec never changes once it was handed out, so that a compiled row reader may keep it; a
 * composite whose attributes have changed is updated in place. Codecs refer to each other directly, but for the
 * attributes of composites, which may be recursive and are looked up in the registry.
 *
 * @module
 */
import { ConfigError } from "../errors.ts";
import { ArrayCodec } from "./array.ts";
import { BUILTIN_RANGES, BUILTIN_TYPES, type BuiltinType } from "./builtin_types.ts";
import { CATALOG_QUERY, type CatalogRow } from "./catalog.ts";
import { type Codec, type CodecOptions, DATE_MODES, INT8_MODES, NUMERIC_MODES } from "./codec.ts";
import { type CompositeAttribute, CompositeCodec, RecordCodec } from "./composite.ts";
import type { CustomCodec } from "./custom.ts";
import { CustomCodecAdapter } from "./custom_adapter.ts";
import { DomainCodec } from "./domain.ts";
import { MultirangeCodec, RangeCodec } from "./range.ts";
import { builtinCodec, extensionCodec } from "./scalar.ts";
import { TextCodec } from "./text.ts";

/** What a registry can be told. */
export interface CodecRegistryOptions extends CodecOptions {
  /** Codecs by the type's name (`"geometry"`) or its schema and name (`"app.mood"`); they replace Lifeguard's own. */
  readonly codecs?: Readonly<Record<string, CustomCodec>>;
}

/** What `CodecOptions` leave out. */
export const CODEC_DEFAULTS: Required<CodecOptions> = {
  int8: "bigint",
  numeric: "string",
  dates: "Temporal",
};

/** The codecs of one database, shared by all its connections. */
export class CodecRegistry {
  /**
   * The SQL that reads from the catalog what {@link register} needs: `$1` is an array of OIDs, every result column is
   * text.
   */
  readonly catalogQuery: string = CATALOG_QUERY;
  /** The codec for types nothing is known of. */
  readonly text: Codec<string>;
  readonly #codecs = new Map<number, Codec>();
  readonly #changed = new Set<number>();
  readonly #options: Required<CodecOptions>;
  readonly #custom: Readonly<Record<string, CustomCodec>>;

  /**
   * Creates a registry that knows the built-in types.
   *
   * @param options How `int8`, `numeric` and dates appear, and codecs of the user's own.
   * @throws ConfigError when an option's value is not allowed, or `dates` is `"Temporal"` and there is no Temporal.
   */
  constructor(options: CodecRegistryOptions = {}) {
    this.#options = {
      int8: oneOf("int8", options.int8 ?? CODEC_DEFAULTS.int8, INT8_MODES),
      numeric: oneOf("numeric", options.numeric ?? CODEC_DEFAULTS.numeric, NUMERIC_MODES),
      dates: oneOf("dates", options.dates ?? CODEC_DEFAULTS.dates, DATE_MODES),
    };
    if (this.#options.dates === "Temporal" && !("Temporal" in globalThis)) {
      throw new ConfigError(
        "dates",
        'this runtime has no Temporal; set globalThis.Temporal to a polyfill, or use dates: "Date" or "string"',
      );
    }
    this.#custom = checkCustom(options.codecs ?? {});
    this.text = new TextCodec("text", 25, true);
    for (const type of BUILTIN_TYPES) {
      const [name, oid] = type;
      const codec = name === "record"
        ? new RecordCodec(name, oid, this)
        : builtinCodec(name, oid, this.#options);
      this.#addBuiltin(type, codec);
    }
    const oids = new Map(BUILTIN_TYPES.map(([name, oid]) => [name, oid]));
    for (const { range, multirange, subtype } of BUILTIN_RANGES) {
      const codec = new RangeCodec(range[0], range[1], this.#codecs.get(oids.get(subtype)!)!);
      this.#addBuiltin(range, codec);
      this.#addBuiltin(
        multirange,
        multirangeCodec(multirange[0], multirange[1], this.#codecs.get(range[1])!),
      );
    }
  }

  /** The codec of the type with this OID; undefined for one that has not been read from the catalog. */
  get(oid: number): Codec | undefined {
    return this.#codecs.get(oid);
  }

  /** Those of `oids` that are to be read from the catalog, each once: unknown ones, and composites that changed. */
  missing(oids: Iterable<number>): number[] {
    const missing = new Set<number>();
    for (const oid of oids) {
      if (oid !== 0 && (!this.#codecs.has(oid) || this.#changed.has(oid))) missing.add(oid);
    }
    return [...missing];
  }

  /** Makes {@link missing} name a type again, as its codec asks for when the server's attributes are not its own. */
  markChanged(oid: number): void {
    this.#changed.add(oid);
  }

  /**
   * Builds the codecs of types from the catalog, in whatever order their rows come.
   *
   * @param rows The result of {@link catalogQuery}.
   */
  register(rows: readonly CatalogRow[]): void {
    const pending = new Map(rows.map((row) => [Number(row.oid), row]));
    for (const [oid, row] of pending) {
      const codec = this.#build(oid, pending);
      if (codec instanceof CompositeCodec) codec.attributes = attributesOf(row);
      this.#changed.delete(oid);
    }
  }

  #addBuiltin([name, oid, arrayOid]: BuiltinType, own: Codec): void {
    const codec = this.#customCodec("pg_catalog", name, oid) ?? own;
    this.#codecs.set(oid, codec);
    if (arrayOid === 0) return;
    const options = { element: codec, delimiter: name === "box" ? ";" : "," };
    const array = this.#customCodec("pg_catalog", `_${name}`, arrayOid) ??
      new ArrayCodec(`_${name}`, arrayOid, options);
    this.#codecs.set(arrayOid, array);
  }

  #customCodec(schema: string, name: string, oid: number): Codec | undefined {
    const custom = this.#custom[`${schema}.${name}`] ?? this.#custom[name];
    return custom === undefined ? undefined : new CustomCodecAdapter(name, oid, custom);
  }

  /** The codec of `oid`, built from its row where it is not there yet. */
  #build(oid: number, pending: Map<number, CatalogRow>): Codec {
    const known = this.#codecs.get(oid);
    if (known !== undefined) return known;
    const row = pending.get(oid);
    if (row === undefined) return new TextCodec("unknown", oid, false);
    const codec = this.#customCodec(row.schema, row.name, oid) ?? this.#create(row, pending);
    this.#codecs.set(oid, codec);
    return codec;
  }

  #create(row: CatalogRow, pending: Map<number, CatalogRow>): Codec {
    const oid = Number(row.oid);
    const target = Number(row.target);
    switch (row.kind) {
      case "array":
        return new ArrayCodec(row.name, oid, {
          element: this.#build(target, pending),
          delimiter: row.delimiter,
        });
      case "domain":
        return new DomainCodec(row.name, oid, this.#build(target, pending));
      case "range":
        return new RangeCodec(row.name, oid, this.#build(target, pending));
      case "multirange":
        return multirangeCodec(row.name, oid, this.#build(target, pending));
      case "composite":
        return new CompositeCodec(row.name, oid, { attributes: attributesOf(row), source: this });
      case "enum":
        return new TextCodec(row.name, oid, true);
      case "base":
        return extensionCodec(row.name, oid, this.#options);
      default:
        return new TextCodec(row.name, oid, false);
    }
  }
}

function attributesOf(row: CatalogRow): readonly CompositeAttribute[] {
  return JSON.parse(row.attributes ?? "[]") as CompositeAttribute[];
}

/** A multirange of a range that a user's own codec reads is text, since only ours knows where a range ends. */
function multirangeCodec(name: string, oid: number, range: Codec): Codec {
  return range instanceof RangeCodec
    ? new MultirangeCodec(name, oid, range)
    : new TextCodec(name, oid, false);
}

function oneOf<Value extends string>(key: string, value: Value, allowed: readonly Value[]): Value {
  if (allowed.includes(value)) return value;
  throw new ConfigError(
    key,
    `its value is not one of ${allowed.map((one) => `"${one}"`).join(", ")}; use one of them`,
  );
}

function checkCustom(codecs: Readonly<Record<string, CustomCodec>>): Readonly<Record<string, CustomCodec>> {
  const checked: Record<string, CustomCodec> = Object.create(null);
  for (const [name, codec] of Object.entries(codecs)) {
    if (typeof codec?.encode !== "function" || typeof codec.decode !== "function") {
      throw new ConfigError(
        `codecs.${name}`,
        "it lacks encode() or decode(); give an object with both functions",
      );
    }
    const binary = codec.binary;
    if (
      binary !== undefined && (typeof binary.encode !== "function" || typeof binary.decode !== "function")
    ) {
      throw new ConfigError(
        `codecs.${name}.binary`,
        "it lacks encode() or decode(); give both or leave it out",
      );
    }
    checked[name] = codec;
  }
  return checked;
}
