/**
 * What is known of a statement's text in one database: the types of its parameters and columns, the codecs for them,
 * the compiled row reader, and how long it usually takes. Learned on one connection, used on all.
 *
 * @module
 */
import { BINARY_FORMAT, type Codec, TEXT_FORMAT, type WireFormat } from "../codec/codec.ts";
import type { CodecRegistry } from "../codec/registry.ts";
import { ValidationError } from "../errors.ts";
import type { Field } from "../message/backend.ts";
import { compileRowReader, type RowReader } from "./row_reader.ts";

/** How much weight a measurement has: falling estimates are believed sooner than rising ones. */
const FALL = 0.5;
const RISE = 0.1;

/** Milliseconds from which an execution is slow whatever its text usually takes. */
const SLOW = 10;
/** The share of slow executions from which a text is erratic, and how much the latest execution counts in it. */
const ERRATIC = 0.001;
const MEMORY = 1 / 256;

/** Commands whose columns are those of something else by that name at the moment: a cursor, a prepared statement. */
const BORROWS_COLUMNS = /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*(?:fetch|execute)\b/i;

/** A statement's text with everything learned about it. */
export class Plan {
  /** The SQL text. */
  readonly text: string;
  /** The parameters' types. */
  readonly parameterOids: readonly number[];
  /** What writes the parameters. */
  readonly parameterCodecs: readonly Codec[];
  /** The parameters' formats. */
  readonly parameterFormats: readonly WireFormat[];
  /** The result's columns; empty when the statement returns none. */
  readonly fields: readonly Field[];
  /** The formats asked for, one a column. */
  readonly resultFormats: readonly WireFormat[];
  /** Whether it says nothing about the text's next execution. */
  readonly isPassing: boolean;
  /** Milliseconds one execution usually takes on the server, `undefined` before the first. */
  estimate: number | undefined = undefined;
  /** When it was learned, in monotonic milliseconds. */
  readonly learned: number = performance.now();
  /** Whether running it leaves something behind in its session; for the pool to fill in. */
  leavesTraces: boolean | undefined = undefined;
  readonly #columnCodecs: readonly Codec[];
  #reader: RowReader | undefined;
  #slowShare = 0;

  /**
   * Creates the plan from what Describe answered.
   *
   * @param text The SQL text.
   * @param parameterOids The parameters' types.
   * @param fields The result's columns.
   * @param registry Where the codecs are; every type has been loaded into it.
   */
  constructor(
    text: string,
    parameterOids: readonly number[],
    fields: readonly Field[],
    registry: CodecRegistry,
  ) {
    this.text = text;
    this.isPassing = BORROWS_COLUMNS.test(text);
    this.parameterOids = parameterOids;
    this.parameterCodecs = parameterOids.map((oid) => registry.get(oid) ?? registry.text);
    this.parameterFormats = this.parameterCodecs.map((codec) => codec.binary ? BINARY_FORMAT : TEXT_FORMAT);
    this.fields = fields;
    this.#columnCodecs = fields.map((field) => registry.get(field.type) ?? registry.text);
    this.resultFormats = this.#columnCodecs.map((codec) => codec.binary ? BINARY_FORMAT : TEXT_FORMAT);
  }

  /**
   * The compiled reader of its rows.
   *
   * @throws {ValidationError} When two columns have the same name, since one would be lost.
   */
  get reader(): RowReader {
    return this.#reader ??= this.#compile();
  }

  #compile(): RowReader {
    return compile(this.fields, this.#columnCodecs, this.resultFormats);
  }

  /**
   * A reader of rows whose columns have changed since the plan was made, asked for in its formats.
   *
   * @param fields The columns as they are now.
   * @param registry Where the codecs are.
   * @returns The reader; undefined where a type is not known yet, or cannot be read in its format.
   */
  readerFor(fields: readonly Field[], registry: CodecRegistry): RowReader | undefined {
    const codecs: Codec[] = [];
    const formats: WireFormat[] = [];
    for (let index = 0; index < fields.length; index++) {
      const codec = registry.get(fields[index].type);
      // No format stands for text, one for all columns; the server refuses any other number than the columns'.
      const format = this.resultFormats.length === 1
        ? this.resultFormats[0]
        : this.resultFormats[index] ?? TEXT_FORMAT;
      if (codec === undefined || (format === BINARY_FORMAT && !codec.binary)) return undefined;
      codecs.push(codec);
      formats.push(format);
    }
    return twinName(fields) !== undefined ? undefined : compile(fields, codecs, formats);
  }

  /** Whether the server still describes the columns as when the plan was made. */
  matches(fields: readonly Field[]): boolean {
    return fields.length === this.fields.length &&
      fields.every((field, index) =>
        field.type === this.fields[index].type && field.name === this.fields[index].name
      );
  }

  /** Whether it is slow now and then, for some values say, so that nothing should stand behind it for long. */
  get isErratic(): boolean {
    return this.#slowShare > ERRATIC;
  }

  /** Takes into account how long the server was certainly busy with one execution, unlike with others. */
  took(milliseconds: number): void {
    this.#slowShare += ((milliseconds > SLOW ? 1 : 0) - this.#slowShare) * MEMORY;
  }

  /** Takes one measured execution into the estimate. */
  measured(milliseconds: number): void {
    const known = this.estimate;
    if (known === undefined) this.estimate = milliseconds;
    else this.estimate = known + (milliseconds - known) * (milliseconds < known ? FALL : RISE);
  }
}

/** The reader of columns whose names are unique. */
function compile(
  fields: readonly Field[],
  codecs: readonly Codec[],
  formats: readonly WireFormat[],
): RowReader {
  const twin = twinName(fields);
  if (twin !== undefined) {
    throw new ValidationError(
      `the result's columns`,
      `two are named "${twin}" and one would hide the other; give one an alias with "as"`,
    );
  }
  return compileRowReader(
    fields.map((field, index) => ({ field, codec: codecs[index], format: formats[index] })),
  );
}

/** The name that two columns have, if any. */
function twinName(fields: readonly Field[]): string | undefined {
  const names = new Set<string>();
  for (const { name } of fields) {
    if (names.has(name)) return name;
    names.add(name);
  }
  return undefined;
}

/** The plans of one database, the least recently added dropped first; shared by all its connections. */
export class PlanCache {
  readonly #plans = new Map<string, Plan>();
  readonly #limit: number;

  /** Creates a cache for at most `limit` plans. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many plans it holds. */
  get size(): number {
    return this.#plans.size;
  }

  /** The plan of a text, if known. */
  get(text: string): Plan | undefined {
    return this.#plans.get(text);
  }

  /** Keeps a plan. */
  set(plan: Plan): void {
    this.#plans.delete(plan.text);
    this.#plans.set(plan.text, plan);
    if (this.#plans.size > this.#limit) {
      const [oldest] = this.#plans.keys();
      this.#plans.delete(oldest);
    }
  }

  /** Forgets a plan that proved stale. */
  delete(plan: Plan): void {
    if (this.#plans.get(plan.text) === plan) this.#plans.delete(plan.text);
  }
}
