/**
 * What is known of a model at run time: its table and its columns, checked once when the model is made.
 *
 * @module
 */
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import { Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { nearestWord } from "../../pool/wire/configuration/nearest_word.ts";
import { type Behaviour, type BehaviourOptions, defineBehaviour } from "../behaviour/behaviour.ts";
import { type AnyColumn, Column } from "../building/column.ts";
import { type TableCache, tableCacheOf } from "./cache_option.ts";
import { type AnyColumnDefinition, ColumnDefinition } from "./column_definition.ts";
import { columnName } from "./column_name.ts";
import { ownColumns } from "./column_owner.ts";
import { type Lifecycle, lifecycleOf } from "./lifecycle.ts";
import { structureOf, type TableStructure } from "./table_structure.ts";
import { MODEL_OPTIONS, type ModelOptions } from "./model_options.ts";
import { type Joinable, SOURCE, type Source } from "../building/source.ts";
import { conversionsOf, type PropertyConversion } from "../hydrating/row_reader.ts";
import { keep } from "../building/kept.ts";

/** A model's table, or an alias of it. */
export interface Table extends Source, Lifecycle, TableStructure {
  /** The schema it is in, where the model says so. */
  readonly schema?: string;
  /** Its comment. */
  readonly comment?: string;
  /** What the model was given. */
  readonly options: ModelOptions<never>;
  /** The table's name, without its schema. */
  readonly tableName: string;
  /** The table as SQL writes it, quoted and with its schema: what is inserted into, whatever the alias. */
  readonly fragment: Sql;
  /** The columns of the primary key; empty when it has none. */
  readonly key: readonly AnyColumn[];
  /** The list that selects every column that is not skipped under its property's name. */
  readonly selection: string;
  /** Which columns' values may have to be converted. */
  readonly conversions: readonly PropertyConversion[];
  /** Its hooks and validators; `undefined` when it has none. */
  readonly behaviour: Behaviour | undefined;
  /** How its rows are kept in a cache; `undefined` when they are not. */
  readonly cache: TableCache | undefined;
}

/**
 * Checks a model's definition.
 *
 * @param name The table's name.
 * @param definitions The columns by property.
 * @param options See {@link ModelOptions}.
 * @param reserved The properties a model has itself.
 * @returns The table.
 * @throws {ValidationError} When a name or a column cannot be used.
 */
export function defineTable(
  name: string,
  definitions: Readonly<Record<string, AnyColumnDefinition>>,
  options: ModelOptions<never>,
  reserved: ReadonlySet<string>,
): Table {
  const subject = `model "${name}"`;
  if (typeof name === "string" && name.includes(".")) {
    throw new ValidationError(
      subject,
      `its table's name holds a dot; give the schema as an option: model("${
        name.split(".")[1]
      }", …, { schema: "${name.split(".")[0]}" })`,
    );
  }
  const table = quoteIdentifier(name);
  for (const option of Object.keys(options)) {
    if (!MODEL_OPTIONS.includes(option)) {
      const near = nearestWord(option, MODEL_OPTIONS);
      throw new ValidationError(
        `option "${option}" of ${subject}`,
        `there is none; ${
          near === undefined ? `use ${MODEL_OPTIONS.join(", ")}` : `did you mean "${near}"?`
        }`,
      );
    }
  }
  const columns = new Map<string, AnyColumn>();
  for (const [property, definition] of Object.entries(definitions ?? {})) {
    columns.set(property, defineColumn(name, property, definition, reserved));
  }
  if (columns.size === 0) throw new ValidationError(subject, "it has no columns; give at least one");
  refuseTwins(subject, [...columns.values()]);
  const fragment = options.schema === undefined ? table : `${quoteIdentifier(options.schema)}.${table}`;
  const { schema, comment } = options;
  const lifecycle = lifecycleOf(subject, columns, options);
  const facts = columnFacts(columns);
  const structure = structureOf(subject, columns, options);
  const cache = tableCacheOf(subject, { columns, key: facts.key, scope: lifecycle.scope }, options.cache);
  if (cache !== undefined && structure.rowSecurity !== undefined) {
    throw new ValidationError(
      `the option "cache" of ${subject}`,
      "its table is under row-level security, so its rows are not the same to everybody; leave cache out",
    );
  }
  return ownColumns({
    ...(schema === undefined ? {} : { schema }),
    ...(comment === undefined ? {} : { comment }),
    ...facts,
    ...lifecycle,
    cache,
    ...structure,
    options,
    behaviour: defineBehaviour({ name, columns, ...lifecycle }, options as BehaviourOptions),
    name,
    tableName: name,
    fragment: new Sql([fragment], []),
    from: { strings: [fragment], values: [], pure: true, stable: true, grouped: false },
  });
}

/** What follows from a table's columns. */
function columnFacts(
  columns: ReadonlyMap<string, AnyColumn>,
): Pick<Table, "columns" | "key" | "selection" | "selectionPure" | "conversions"> {
  const all = [...columns.values()];
  const shown = all.filter((column) => column.settings.skipped !== true);
  return {
    columns,
    key: all.filter((column) => column.settings.primaryKey === true),
    selection: shown.map(selected).join(", "),
    selectionPure: shown.every((column) => column.selectedPure),
    conversions: conversionsOf(shown),
  };
}

const ALIASES = new WeakMap<Table, Map<string, Table>>();
/** How many aliases of a table are kept before all are forgotten. */
const MAX_ALIASES = 1_000;

/**
 * The table under another name in a query: the same for the same name.
 *
 * @param table The table.
 * @param name Its name in the query.
 */
export function aliasOf(table: Table, name: string): Table {
  const quoted = quoteIdentifier(name);
  let aliases = ALIASES.get(table);
  if (aliases === undefined) ALIASES.set(table, aliases = new Map());
  let alias = aliases.get(name);
  if (alias === undefined) {
    const columns = new Map([...table.columns].map(([property, column]) => [property, column.of(name)]));
    alias = {
      ...table,
      ...columnFacts(columns),
      ...lifecycleOf(`model "${table.tableName}"`, columns, table.options),
      name,
      from: { ...table.from, strings: [`${table.fragment.text} as ${quoted}`] },
    };
    keep(aliases, MAX_ALIASES, [name, alias]);
  }
  return alias;
}

/**
 * What is known at run time of a model's table.
 *
 * @throws {ValidationError} When it is no model.
 */
export function tableOf(model: { readonly [SOURCE]: Source }): Table {
  const source = (model as Partial<Joinable> | null | undefined)?.[SOURCE];
  if (source !== undefined && "tableName" in source) return source as Table;
  throw new ValidationError(
    "a model",
    `${kindOf(model)} was given; give a model, made with model("…", { … })`,
  );
}

/** The error for a property that is no column, with the one that was most likely meant. */
export function unknownColumn(table: Source, property: string): ValidationError {
  const names = [...table.columns.keys()];
  const near = nearestWord(property, names);
  return new ValidationError(
    `property "${property}" of model "${table.name}"`,
    `there is no such column; ${near === undefined ? `use ${names.join(", ")}` : `did you mean "${near}"?`}`,
  );
}

function defineColumn(
  table: string,
  property: string,
  definition: AnyColumnDefinition,
  reserved: ReadonlySet<string>,
): AnyColumn {
  const subject = `column "${property}" of model "${table}"`;
  if (!(definition instanceof ColumnDefinition)) {
    throw new ValidationError(subject, "it is not a column; make it with column, as in column.text()");
  }
  if (reserved.has(property) || property === "__proto__") {
    throw new ValidationError(
      subject,
      `a model has a property of this name itself; name it differently and add .name("${
        columnName(property)
      }")`,
    );
  }
  return new Column(table, property, definition.settings.name ?? columnName(property), definition.settings);
}

function refuseTwins(subject: string, columns: readonly AnyColumn[]): void {
  const seen = new Map<string, string>();
  for (const { columnName, property } of columns) {
    const other = seen.get(columnName);
    if (other !== undefined) {
      throw new ValidationError(
        subject,
        `its properties "${other}" and "${property}" are both the column "${columnName}"; give one a .name()`,
      );
    }
    seen.set(columnName, property);
  }
}

function selected(column: AnyColumn): string {
  const { columnName, property, settings } = column;
  const [text] = column.selected;
  if (columnName === property && settings.selectAs === undefined) return text;
  // A property longer than a name can be would be cut: quoteIdentifier() refuses it.
  return `${text} as ${quoteIdentifier(property)}`;
}
