/**
 * A column of a model as queries use it: an expression that knows what it takes.
 *
 * @module
 */
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { Range } from "../../pool/wire/codec/mod.ts";
import { assertSql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { ColumnSettings } from "../definition/column_settings.ts";
import { COMPUTED, type Conversion } from "../definition/column_type.ts";
import { fragmentOf } from "./composition.ts";
import { Expression, Order, type OrderOptions, typed } from "./expression.ts";
import { inlined } from "./inlined.ts";
import { fitting } from "./text_case.ts";
import { traitsOf } from "./traits.ts";

/** Any column, whatever its type. */
export type AnyColumn = Column<unknown, unknown>;

/** What the ranges hold: PostgreSQL takes a value for a range where nothing says that it is an element. */
const RANGE_ELEMENTS: Readonly<Record<string, string>> = {
  int4range: "integer",
  int8range: "bigint",
  numrange: "numeric",
  daterange: "date",
  tsrange: "timestamp",
  tstzrange: "timestamptz",
};

/**
 * The strings of a column by its text: the same array for each alias of the same name, and another where values are
 * converted otherwise, since what is known of a query's rows is found by the strings.
 */
let sharedStrings = new WeakMap<object, Map<string, readonly string[]>>();
/** What the strings of columns without a conversion are kept by. */
const UNCONVERTED = {};
/** How many columns' strings are shared. */
const MAX_STRINGS = 50_000;
let shared = 0;

/**
 * A column of a model. `Value` is its type where it is not null; `Null` is `null` when it may be; `From` is its table's
 * name and `Property` its own.
 *
 * @example
 * ```ts
 * import { column, model, sql } from "@lifeguard/core";
 * const User = model("users", { id: column.integer().primaryKey(), email: column.text() });
 * console.assert(User.email.eq("ada@example.org").text === '"users"."email" = $1');
 * console.assert(sql`lower(${User.email}) = ${"x"}`.text === 'lower("users"."email") = $1');
 * ```
 */
export class Column<Value, Null = never, From extends string = string, Property extends string = string>
  extends Expression<Value, Null, From> {
  /** The property it is ordered by; never set. */
  declare readonly "~ordered": Property;
  /** The model's table, as it is known inside a query. */
  readonly table: string;
  /** Its property's name in the model. */
  readonly property: string;
  /** Its name in the database. */
  readonly columnName: string;
  /** What its definition says. */
  readonly settings: ColumnSettings;
  #selected: readonly string[] | undefined;
  #selectedPure = true;

  /** Creates a column; `model()` does. */
  constructor(table: string, property: string, columnName: string, settings: ColumnSettings) {
    super({
      strings: columnStrings(
        `${quoteIdentifier(table)}.${quoteIdentifier(columnName)}`,
        settings.type.base === COMPUTED ? undefined : settings.type.conversion,
      ),
      values: [],
      pure: true,
      stable: true,
      grouped: false,
    }, {
      conversion: settings.type.conversion,
      isDate: settings.type.base === "date" && settings.type.dimensions === 0,
    });
    this.table = table;
    this.property = property;
    this.columnName = columnName;
    this.settings = settings;
  }

  /** The order from the least to the greatest. */
  /** The order from the least to the greatest. */
  override asc(options?: OrderOptions): Order<Property> {
    return new Order(this, "asc", options) as Order<Property>;
  }

  /** The order from the greatest to the least. */
  /** The order from the greatest to the least. */
  override desc(options?: OrderOptions): Order<Property> {
    return new Order(this, "desc", options) as Order<Property>;
  }

  /** The same column of the table under another name. */
  of(table: string): AnyColumn {
    return new Column(table, this.property, this.columnName, this.settings);
  }

  /**
   * Checks a value, neither null nor undefined, that is to be written to the column or compared with it.
   *
   * @param value The value.
   * @returns The error to throw when it is of the wrong kind, naming the column and what is allowed.
   */
  override refuse(value: unknown): ValidationError | undefined {
    const { type } = this.settings;
    if (type.accepts === undefined || type.accepts(value)) return undefined;
    return new ValidationError(
      this.subject,
      `its type is ${type.sql}${"[]".repeat(type.dimensions)} and ${
        kindOf(value)
      } was given; give ${type.expected}`,
    );
  }

  /** The text that is selected for it: its own, or that of the expression that `selectAs()` makes of it. */
  get selected(): readonly string[] {
    const { selectAs } = this.settings;
    if (selectAs === undefined) return this.strings;
    if (this.#selected === undefined) {
      const subject = `the selectAs() of ${this.subject}`;
      const expression = selectAs(this);
      assertSql(expression, subject);
      this.#selected = columnStrings(inlined(expression, subject), this.conversion);
      this.#selectedPure = traitsOf(expression).pure;
    }
    return this.#selected;
  }

  /** Whether what is selected for it provably writes nothing: a `selectAs()` of the user's may call any function. */
  get selectedPure(): boolean {
    return this.selected.length > 0 && this.#selectedPure;
  }

  /** What errors call it. */
  override get subject(): string {
    return `column "${this.property}" of model "${this.table}"`;
  }

  /** A value as it stands beside the column. */
  protected override beside(value: unknown): unknown {
    return fitting(this.settings.type, value);
  }

  /** A value that may be an element of the column's. */
  protected override element(value: unknown): unknown {
    const type = RANGE_ELEMENTS[this.settings.type.sql];
    if (type === undefined || value instanceof Range || fragmentOf(value) !== undefined) return value;
    return typed(value, type);
  }

  /** Throws for an array, of which there is no list. */
  protected override refuseList(): void {
    if (this.settings.type.dimensions === 0) return;
    throw new ValidationError(
      this.subject,
      "it is an array, and PostgreSQL has no list of arrays; combine conditions with or()",
    );
  }
}

function columnStrings(text: string, conversion: Conversion | object = UNCONVERTED): readonly string[] {
  let known = sharedStrings.get(conversion);
  let strings = known?.get(text);
  if (strings === undefined) {
    if (shared >= MAX_STRINGS) {
      sharedStrings = new WeakMap();
      shared = 0;
      known = undefined;
    }
    if (known === undefined) sharedStrings.set(conversion, known = new Map());
    shared++;
    known.set(text, strings = [text]);
  }
  return strings;
}
