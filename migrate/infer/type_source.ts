/**
 * Types as PostgreSQL's `format_type` writes them, as the functions of `column`.
 *
 * @module
 */
import type { Catalog, CompositeAttribute, RangeObject } from "../catalog/objects.ts";
import type { Imports } from "./imports.ts";
import { array, call, type Piece, text } from "./layout.ts";
import { nameParts, stringText } from "./sql_text.ts";

/** A type as source. */
export interface TypeSource {
  /** What makes a column of it: `column.varchar(20)`. */
  readonly base: Piece;
  /** `array()`, where it is one. */
  readonly modifiers: readonly Piece[];
  /** The type of its values, where it can stand in an annotation; `undefined` where no name is known. */
  readonly value: string | undefined;
  /** The builder's name: `integer`, `enum`; `custom` where there is none. */
  readonly builder: string;
  /** Whether it is an array. */
  readonly isArray: boolean;
  /** What a person is to know of it. */
  readonly note?: string;
}

/** A type of the database's own with a constant in the source. */
export interface DeclaredSource {
  /** The constant's name. */
  readonly constant: string;
  readonly kind: "enum" | "domain" | "composite";
  /** The labels of an enum. */
  readonly labels?: readonly string[];
  /** The values' type, as of {@link TypeSource}. */
  readonly value?: string;
}

/** What types are looked up in. */
export interface TypeContext {
  readonly catalog: Catalog;
  /** By {@link typeKey}. */
  readonly declared: ReadonlyMap<string, DeclaredSource>;
  /** The range types, and their multiranges, of the database's own by {@link typeKey}. */
  readonly ranges: ReadonlyMap<string, { readonly range: RangeObject; readonly isMulti: boolean }>;
  readonly imports: Imports;
  /** Called with the constant of a declared type that is used. */
  readonly use: (declared: DeclaredSource) => void;
}

/** A builder without arguments, and its values' type, by PostgreSQL's name of the type. */
const SIMPLE: ReadonlyMap<string, readonly [builder: string, value?: string]> = new Map<
  string,
  readonly [builder: string, value?: string]
>([
  ["smallint", ["smallint", "number"]],
  ["integer", ["integer", "number"]],
  ["bigint", ["bigint", "bigint"]],
  ["real", ["real", "number"]],
  ["double precision", ["double", "number"]],
  ["numeric", ["numeric", "string"]],
  ["money", ["money", "string"]],
  ["oid", ["oid", "number"]],
  ["xid8", ["xid8", "bigint"]],
  ["text", ["text", "string"]],
  ["character varying", ["varchar", "string"]],
  ["boolean", ["boolean", "boolean"]],
  ["uuid", ["uuid", "string"]],
  ["json", ["json"]],
  ["jsonb", ["jsonb"]],
  ["jsonpath", ["jsonpath", "string"]],
  ["xml", ["xml", "string"]],
  ["bytea", ["bytea", "Uint8Array"]],
  ["bit varying", ["varbit", "string"]],
  ["tsvector", ["tsvector", "string"]],
  ["tsquery", ["tsquery", "string"]],
  ["inet", ["inet", "string"]],
  ["cidr", ["cidr", "string"]],
  ["macaddr", ["macaddr", "string"]],
  ["macaddr8", ["macaddr8", "string"]],
  ["pg_lsn", ["pgLsn", "string"]],
  ["date", ["date", "Temporal.PlainDate"]],
  ["time without time zone", ["time", "Temporal.PlainTime"]],
  ["time with time zone", ["timetz", "string"]],
  ["timestamp without time zone", ["timestamp", "Temporal.PlainDateTime"]],
  ["timestamp with time zone", ["timestamptz", "Temporal.Instant"]],
  ["interval", ["interval", "Temporal.Duration"]],
  ...["int4", "int8", "num", "date", "ts", "tstz"].flatMap((prefix) => [
    [`${prefix}range`, [`${prefix}range`]] as const,
    [`${prefix}multirange`, [`${prefix}multirange`]] as const,
  ]),
  ...["point", "line", "lseg", "box", "path", "polygon", "circle"].map((shape) => [shape, [shape]] as const),
]);

/** Types of extensions that have a builder, and the extension. */
const OF_EXTENSIONS: ReadonlyMap<string, readonly [extension: string, value?: string]> = new Map<
  string,
  readonly [extension: string, value?: string]
>([
  ["citext", ["citext", "string"]],
  ["hstore", ["hstore"]],
  ["ltree", ["ltree", "string"]],
  ["lquery", ["ltree", "string"]],
  ["ltxtquery", ["ltree", "string"]],
  ["vector", ["vector"]],
  ["halfvec", ["vector"]],
  ["sparsevec", ["vector"]],
  ["geometry", ["postgis"]],
  ["geography", ["postgis"]],
]);

/** Types whose number in parentheses is a builder's only argument. */
const LIMITED: ReadonlyMap<string, string> = new Map([
  ["character varying", "varchar"],
  ["character", "char"],
  ["bit", "bit"],
  ["bit varying", "varbit"],
]);

/** What takes `{ precision }`: `timestamp(3) with time zone`. */
const TIME = /^(time|timestamp|interval)\((\d)\)( with time zone| without time zone)?$/;

/**
 * A type as source.
 *
 * @param type The type with modifiers and brackets, as `format_type` writes it with an empty search path.
 * @param context See {@link TypeContext}.
 */
export function typeSource(type: string, context: TypeContext): TypeSource {
  if (!type.endsWith("[]")) return elementSource(type, context);
  const element = typeSource(type.slice(0, -2), context);
  return {
    ...element,
    modifiers: [...element.modifiers, call("array", [])],
    value: element.value === undefined ? undefined : `readonly ${element.value}[]`,
    isArray: true,
  };
}

/** A type of the database's own that has a constant. */
export function declaredType(
  type: string,
  { declared }: Pick<TypeContext, "declared">,
): DeclaredSource | undefined {
  return declared.get(typeKey(type) ?? "");
}

/** A type's name with its schema, whatever quotes it is written with; `undefined` for words and modifiers. */
export function typeKey(type: string): string | undefined {
  const parts = nameParts(type);
  return parts === undefined ? undefined : JSON.stringify(parts);
}

function elementSource(type: string, context: TypeContext): TypeSource {
  const declared = declaredType(type, context);
  if (declared !== undefined) {
    context.use(declared);
    return made(declared.kind, { base: text(declared.constant), value: declared.value });
  }
  context.imports.core("column");
  const simple = SIMPLE.get(type);
  if (simple !== undefined) return made(simple[0], { value: simple[1] });
  const [, name, modifier] = /^([^()]+)\(([^()]*)\)$/.exec(type) ?? [];
  const limited = LIMITED.get(name);
  if (limited !== undefined) return made(limited, { args: [text(modifier)], value: "string" });
  if (type === "character" || type === "bit") {
    return made(type === "bit" ? "bit" : "char", { value: "string" });
  }
  if (name === "numeric" && !modifier.includes("-")) {
    return made("numeric", {
      args: modifier.split(",").map((digits) => text(digits.trim())),
      value: "string",
    });
  }
  const time = TIME.exec(type);
  if (time !== null) return timeSource(time[1], time[2], time[3]);
  return extensionSource(type, context) ?? rangeSource(type, context) ?? customSource(type);
}

function timeSource(base: string, precision: string, zone: string | undefined): TypeSource {
  const [builder, value] = SIMPLE.get(`${base}${zone ?? ""}`)!;
  return made(builder, { args: [text(`{ precision: ${precision} }`)], value });
}

function extensionSource(type: string, { catalog }: TypeContext): TypeSource | undefined {
  const [, qualified, modifier] = /^([^()]+)(?:\(([^()]*)\))?$/.exec(type) ?? [];
  const parts = qualified === undefined ? undefined : nameParts(qualified);
  const known = OF_EXTENSIONS.get(parts?.at(-1) ?? "");
  if (parts === undefined || known === undefined || parts[0] !== "public") return undefined;
  const [extension, value] = known;
  const isThere = [...catalog.objects.values()].some((object) =>
    object.kind === "extension" && object.name === extension
  );
  if (!isThere) return undefined;
  const name = parts.at(-1)!;
  if (extension !== "postgis") {
    return made(name, { args: modifier === undefined ? [] : [text(modifier)], value });
  }
  const [kind, srid] = (modifier ?? "").split(",").map((part) => part.trim());
  const options = [
    ...(kind === "" || (kind === "Geometry" && srid !== undefined) ? [] : [`type: ${stringText(kind)}`]),
    ...(srid === undefined ? [] : [`srid: ${srid}`]),
  ];
  return made(name, { args: options.length === 0 ? [] : [text(`{ ${options.join(", ")} }`)] });
}

/** The JavaScript types of bounds whose names are known. */
function rangeSource(type: string, context: TypeContext): TypeSource | undefined {
  const known = context.ranges.get(typeKey(type) ?? "");
  if (known === undefined) return undefined;
  const { value } = typeSource(known.range.subtype, context);
  context.imports.core("type Range");
  const range = `Range<${value ?? "unknown"}>`;
  const values = known.isMulti ? `readonly ${range}[]` : range;
  return made("custom", { name: `custom<${values}>`, args: [text(stringText(type))] });
}

function customSource(type: string): TypeSource {
  return {
    ...made("custom", { args: [text(stringText(type))], value: "string" }),
    note: `the type ${type} has no function of its own; its values are taken for strings`,
  };
}

function made(
  builder: string,
  { name = builder, args = [], value, base = call(`column.${name}`, args) }: {
    readonly name?: string;
    readonly args?: readonly Piece[];
    readonly value?: string | undefined;
    readonly base?: Piece;
  },
): TypeSource {
  return { base, modifiers: [], value, builder, isArray: false };
}

/** What the attributes of a composite are, as the second argument of `column.composite()`. */
export function attributeSources(
  attributes: readonly CompositeAttribute[],
  context: TypeContext,
): readonly (readonly [CompositeAttribute, TypeSource])[] {
  return attributes.map((attribute) => [attribute, typeSource(attribute.type, context)]);
}

/** Strings as an array that breaks where its call does. */
export function strings(values: readonly string[]): Piece {
  return array(values.map((value) => text(stringText(value))), { hugs: true });
}
