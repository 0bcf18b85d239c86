/**
 * What a query selects: expressions, models and objects of them, by name.
 *
 * @module
 */
import { type FRAGMENT, Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { outputsOf } from "../compiling/select.ts";
import { Shape } from "../compiling/shape.ts";
import type { ColumnSettings } from "../definition/column_definition.ts";
import { COMPUTED, type Conversion } from "../definition/column_type.ts";
import type { Anything } from "../definition/row_types.ts";
import { type AnyColumn, Column } from "./column.ts";
import { fragmentOf, template } from "./composition.ts";
import { Expression, type ExpressionTypes } from "./expression.ts";
import { type Joinable, SOURCE } from "./source.ts";
import { traitsOf } from "./traits.ts";

/** What has types: an expression, a model, a subquery. */
export interface Typed {
  /** See {@link ExpressionTypes}; no value at run time. */
  readonly "~types": ExpressionTypes<unknown, unknown, string>;
}

/** What can be selected under a name. */
export type Selectable = Typed | Sql | ScalarQuery | Selection;

/** A query of one column, whose only row's value is selected; null when it has none. */
export interface ScalarQuery {
  /** The query's rows; no value at run time. */
  readonly "~row"?: unknown;
  /** The query as a fragment. */
  readonly [FRAGMENT]: Sql;
}

/** What is selected, by name. */
export interface Selection {
  /** What the name stands for. */
  readonly [name: string]: Selectable;
}

/** The row of a selection; `Nullable` are the tables an outer join may leave without a row. */
export type SelectedRow<Selected, Nullable extends string> =
  & { readonly [Name in keyof Selected]: SelectedValue<Selected[Name], Nullable> }
  & Anything;

/** The value of what is selected under one name. */
export type SelectedValue<Item, Nullable extends string> = Item extends Typed
  ? Item["~types"]["row"] | NullWhere<Item["~types"]["from"] & Nullable>
  : Item extends Sql<infer Value> ? Value
  : Item extends ScalarQuery ? (NonNullable<Item["~row"]>[keyof NonNullable<Item["~row"]>]) | null
  : SelectedRow<Item, Nullable>;

/** `null` unless there are no tables. */
export type NullWhere<Tables> = [Tables] extends [never] ? never : null;

/** One column of a query's output. */
export interface OutputColumn {
  /** Its name: the path to it, joined by dots. */
  readonly property: string;
  /** The text of what is selected, around its placeholders. */
  readonly strings: readonly string[];
  /** How its value becomes the one promised. */
  readonly conversion?: Conversion;
  /** What its definition says, when it is a column. */
  readonly settings?: ColumnSettings;
  /** Whether it has its name without `as`. */
  readonly bare?: boolean;
  /** Whether it is an aggregate, which makes one row of many. */
  readonly grouped?: boolean;
  /** Whether it is selected for the ORM's own use. */
  readonly hidden?: boolean;
  /** Whether what is selected for it may write, though the column itself does not. */
  readonly impure?: boolean;
}

/** A row's structure: what each property is read from. */
export interface Structure {
  /** What each property holds: the name of an output column, or a structure of its own. */
  readonly properties: readonly (readonly [property: string, from: string | Structure])[];
  /** The output columns that are null where the whole structure is, because an outer join left it out. */
  readonly presence?: readonly string[];
}

/** A selection, taken apart. */
export interface FlatSelection {
  /** The output columns. */
  readonly outputs: readonly OutputColumn[];
  /** What is selected, in the order of the output columns. */
  readonly fragments: readonly Sql[];
  /** What tells it from other selections of the same fragments. */
  readonly signature: string;
  /** How rows are built of them; undefined when the columns are the properties. */
  readonly structure: Structure | undefined;
}

/**
 * Takes a selection apart.
 *
 * @param selection What is selected by name.
 * @param subject What errors call the query.
 * @throws {ValidationError} When something in it cannot be selected.
 */
export function flattenSelection(selection: Selection, subject: string): FlatSelection {
  const walker = new Walker(subject);
  const structure = walker.walk(selection, "");
  const { outputs, fragments } = walker;
  if (outputs.length === 0) throw new ValidationError(subject, "its selection is empty; name what to select");
  return {
    outputs,
    fragments,
    signature: walker.signature,
    structure: walker.nested ? structure : undefined,
  };
}

const encoder = new TextEncoder();
const SCALAR = template("(", ")");

/** A query's only value, converted as its only column is. */
function scalarOf({ shape }: { readonly shape?: unknown }, fragment: Sql): Sql {
  const conversion = shape instanceof Shape ? outputsOf(shape)[0].conversion : undefined;
  return new Expression(SCALAR.of([fragment]), conversion === undefined ? {} : { conversion });
}

/** Gathers what is selected, and how it is nested. */
class Walker {
  readonly outputs: OutputColumn[] = [];
  readonly fragments: Sql[] = [];
  readonly #subject: string;
  signature = "";
  nested = false;

  constructor(subject: string) {
    this.#subject = subject;
  }

  walk(selection: Selection, prefix: string): Structure {
    if (typeof selection !== "object" || selection === null || Array.isArray(selection)) {
      throw new ValidationError(
        this.#subject,
        `its selection is ${kindOf(selection)}; give an object of expressions by name`,
      );
    }
    const properties: [string, string | Structure][] = [];
    for (const [name, item] of Object.entries(selection)) {
      if (name.includes(".") || name.includes("\0")) {
        throw new ValidationError(
          `"${name.replaceAll("\0", "\\0")}" of ${this.#subject}`,
          `its name holds a ${name.includes(".") ? "dot" : "NUL"}; name it without`,
        );
      }
      properties.push([name, this.#item(item, prefix + name)]);
    }
    return { properties };
  }

  #item(item: Selectable, path: string): string | Structure {
    const source = (item as Partial<Joinable> | null | undefined)?.[SOURCE];
    if (source !== undefined) {
      const columns = [...source.columns.values()].filter((column) => column.settings.skipped !== true);
      return this.#columns(columns, path);
    }
    const fragment = fragmentOf(item);
    if (fragment !== undefined) {
      return this.#add(
        path,
        item instanceof Sql ? fragment : scalarOf(item as { readonly shape?: unknown }, fragment),
      );
    }
    if (typeof item === "object" && item !== null && !Array.isArray(item)) {
      this.nested = true;
      const structure = this.walk(item as Selection, `${path}.`);
      if (structure.properties.length > 0) return structure;
      throw new ValidationError(`"${path}" of ${this.#subject}`, "it is empty; name what to select");
    }
    throw new ValidationError(
      `"${path}" of ${this.#subject}`,
      `${kindOf(item)} was given; give a column, an expression, a model, or sql\`…\``,
    );
  }

  /** The columns of a source as a nested object, which is null where the column that shows its presence is. */
  #columns(columns: readonly AnyColumn[], path: string): Structure {
    this.nested = true;
    const known = columns.find((column) => column.settings.primaryKey) ??
      columns.find(({ settings }) => settings.nullable !== true && settings.type.base !== COMPUTED);
    const present = known === undefined ? columns : [known];
    // No name is empty, so that this is none.
    this.signature += `\0\0${known?.property ?? ""}\0`;
    const properties = columns.map((column): [string, string] => [
      column.property,
      this.#add(`${path}.${column.property}`, column),
    ]);
    const names = new Map(properties);
    return { properties, presence: present.map(({ property }) => names.get(property)!) };
  }

  /** Adds an output column named by its path, or by its place where a nested path is longer than a name can be. */
  #add(path: string, fragment: Sql): string {
    const name = path.includes(".") && path.length * 3 > 63 && encoder.encode(path).length > 63
      ? `~.${this.outputs.length}`
      : path;
    this.fragments.push(fragment);
    this.outputs.push(outputOf(name, fragment));
    this.signature += `${path}\0`;
    return name;
  }
}

/** The output column of a fragment under a name. */
export function outputOf(property: string, fragment: Sql): OutputColumn {
  const { strings } = fragment;
  if (!(fragment instanceof Expression)) return { property, strings, grouped: traitsOf(fragment).grouped };
  const { conversion, grouped } = fragment;
  if (!(fragment instanceof Column)) return { property, strings, conversion, grouped };
  return {
    property,
    strings: fragment.selected,
    conversion,
    settings: fragment.settings,
    bare: fragment.columnName === property && fragment.selected === strings,
    ...(fragment.selectedPure ? {} : { impure: true }),
  };
}
