/**
 * An update or a delete of the rows that conditions find: an immutable value, like a query.
 *
 * Invariant: it runs only when it has a condition of the caller's, or was told `all()`. What a model's queries leave
 * out, it leaves alone: soft-deleted rows and those outside the default scope, unless it is told otherwise.
 *
 * @module
 */
import type { Executor, QueryOptions } from "../../pool/executor.ts";
import { FRAGMENT, type Sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { OutputColumn } from "../building/selection.ts";
import { type Joinable, type Source, sourceOf } from "../building/source.ts";
import { tagComment } from "../building/tag_comment.ts";
import { OwnSql } from "../building/traits.ts";
import type { Table } from "../definition/table.ts";
import { chooseExecutor } from "../executing/executor_argument.ts";
import { checkKey } from "../executing/input.ts";
import type { Change } from "./change.ts";
import { conditionsOf, type GivenCondition } from "./conditions.ts";
import { type ReturnedColumns, someColumns, wholeRow } from "./returned_columns.ts";
import { actsBefore, after, before, needsRows, writeCount, writeRows } from "./running_write.ts";
import { keyRow, tellCache } from "./tell_cache.ts";
import { type WriteStatement, WriteText } from "./write_text.ts";

/** What a write is about, and how it runs. */
interface Details {
  /** The caller's conditions. */
  readonly conditions: readonly Sql[];
  /** Whether it is meant for every row. */
  readonly everything: boolean;
  /** What it is joined with. */
  readonly sources: readonly Source[];
  /** Common table expressions it uses without joining them. */
  readonly ctes: readonly Source[];
  /** Which rows besides those present: soft-deleted ones too, or only. */
  readonly trash: "without" | "with" | "only";
  /** Whether the default scope holds. */
  readonly scoped: boolean;
  /** What it returns. */
  readonly columns: ReturnedColumns;
  /** A comment in front of it. */
  readonly comment: string;
  /** What it runs on unless it is told otherwise. */
  readonly executor: Executor | undefined;
  /** How. */
  readonly options: QueryOptions | undefined;
  /** The primary key it is about, for the hooks. */
  readonly key: unknown;
}

/** A write that returns rows, as a fragment: the query of a common table expression. */
export interface ReturningFragment {
  /** The statement. */
  readonly [FRAGMENT]: Sql;
  /** The columns it returns. */
  readonly outputs: readonly OutputColumn[];
  /** The statement. */
  toSQL(): Sql;
}

/** An update or a delete: see `RowsWrite` in `model_writes.ts` for what each call does. */
export class RowsWriteValue {
  readonly #table: Table;
  readonly #change: Change;
  readonly #details: Details;

  private constructor(table: Table, change: Change, details: Details) {
    this.#table = table;
    this.#change = change;
    this.#details = details;
  }

  /** A write of no rows yet. */
  static of(
    table: Table,
    change: Change,
    { executor, trash = "without" }: {
      readonly executor: Executor | undefined;
      readonly trash?: "without" | "with" | "only";
    },
  ): RowsWriteValue {
    return new RowsWriteValue(table, change, {
      conditions: [],
      everything: false,
      sources: [],
      ctes: [],
      trash: table.softDelete === undefined ? "with" : trash,
      scoped: true,
      columns: wholeRow(table),
      comment: "",
      executor,
      options: undefined,
      key: undefined,
    });
  }

  /** Tells the hooks the key of the row it is about. */
  keyed(key: unknown): RowsWriteValue {
    return this.#with({ key });
  }

  where(condition: GivenCondition): RowsWriteValue {
    const added = conditionsOf(this.#table, condition, `the condition of ${this.#subject}`);
    return this.#with({ conditions: [...this.#details.conditions, ...added] });
  }

  all(): RowsWriteValue {
    return this.#with({ everything: true });
  }

  from(source: Joinable): RowsWriteValue {
    const joined = sourceOf(source, `a source of ${this.#subject}`);
    return this.#with({ sources: [...this.#details.sources, joined] });
  }

  using(source: Joinable): RowsWriteValue {
    return this.from(source);
  }

  withCte(cte: Joinable): RowsWriteValue {
    const source = sourceOf(cte, `withCte() of ${this.#subject}`);
    return this.#with({ ctes: [...this.#details.ctes, source] });
  }

  expectVersion(version: unknown): RowsWriteValue {
    const column = this.#table.version;
    if (column === undefined) {
      throw new ValidationError(
        this.#subject,
        "its model has no version; give the option version to its model",
      );
    }
    return this.where(column.eq(version));
  }

  withTrashed(): RowsWriteValue {
    return this.#with({ trash: "with" });
  }

  onlyTrashed(): RowsWriteValue {
    if (this.#table.softDelete !== undefined) return this.#with({ trash: "only" });
    throw new ValidationError(
      this.#subject,
      "its model has no soft delete; give the option softDelete to its model",
    );
  }

  unscoped(): RowsWriteValue {
    return this.#with({ scoped: false });
  }

  only(...properties: readonly string[]): RowsWriteValue {
    return this.#with({ columns: someColumns(this.#table, properties) });
  }

  tag(tags: Readonly<Record<string, string>>): RowsWriteValue {
    return this.#with({ comment: `${this.#details.comment}${tagComment(tags, this.#subject)} ` });
  }

  timeout(milliseconds: number): RowsWriteValue {
    return this.#withOption({ timeout: milliseconds });
  }

  signal(signal: AbortSignal): RowsWriteValue {
    return this.#withOption({ signal });
  }

  async run(executor?: Executor): Promise<number> {
    const { write, target } = await this.#prepared(executor);
    if (!needsRows(this.#table, this.#change.operation)) {
      const count = await writeCount(write.#statement(), target, this.#details.options);
      await this.#tell(target, undefined);
      return count;
    }
    return (await write.#rows(target, wholeRow(this.#table))).length;
  }

  async returning(executor?: Executor): Promise<unknown[]> {
    const { write, target } = await this.#prepared(executor);
    return await write.#rows(target, this.#details.columns);
  }

  returningColumns(): ReturningFragment {
    this.#assertMeant();
    const { outputs } = this.#details.columns;
    const { statement } = this.#statement(this.#details.columns);
    return Object.freeze({ [FRAGMENT]: statement, outputs, toSQL: () => statement });
  }

  toSQL(): Sql {
    this.#assertMeant();
    return this.#statement().statement;
  }

  /** Runs the hooks before, which may leave other values. */
  async #prepared(
    given: Executor | undefined,
  ): Promise<{ readonly write: RowsWriteValue; readonly target: Executor }> {
    this.#assertMeant();
    const target = chooseExecutor(this.#table.name, given, this.#details.executor);
    const change = this.#change;
    if (!actsBefore(this.#table, change.operation)) return { write: this, target };
    const { values } = change;
    const { key } = this.#details;
    const record = {
      ...(values === undefined || change.operation === "delete" ? {} : { values }),
      ...(key === undefined ? {} : { key }),
    };
    const [left] = await before(this.#table, change.operation, [record], this.#call(target));
    return { write: new RowsWriteValue(this.#table, change.with(left), this.#details), target };
  }

  async #rows(executor: Executor, columns: ReturnedColumns): Promise<unknown[]> {
    const { operation } = this.#change;
    const { options } = this.#details;
    const hooked = needsRows(this.#table, operation);
    const read = hooked ? wholeRow(this.#table) : columns;
    const rows = await writeRows<Record<string, unknown>>(this.#statement(read), read, { executor, options });
    await this.#tell(executor, rows);
    if (!hooked) return rows;
    await after(this.#table, operation, rows, this.#call(executor));
    if (read === columns) return rows;
    return rows.map((row) =>
      Object.freeze(Object.fromEntries(columns.outputs.map(({ property }) => [property, row[property]])))
    );
  }

  /** Tells the cache of the rows, or of the row whose key is known; of others only the reflector knows. */
  #tell(executor: Executor, rows: readonly Record<string, unknown>[] | undefined): void | Promise<void> {
    const table = this.#table;
    if (table.cache === undefined) return;
    const { key } = this.#details;
    // By a key that has changed the row was known before, and that there was none by the new one.
    const before = key === undefined ? [] : [keyRow(table, checkKey(table, key))];
    const isWhole = rows?.every((row) => table.key.every(({ property }) => property in row));
    const written = [...before, ...isWhole === true ? rows! : []];
    if (written.length > 0) return tellCache(table, executor, written);
  }

  #call(executor: Executor): { readonly executor: Executor; readonly signal: AbortSignal | undefined } {
    return { executor, signal: this.#details.options?.signal };
  }

  #statement(returned?: ReturnedColumns): WriteStatement {
    const { comment, sources, ctes } = this.#details;
    const text = new WriteText().write(comment);
    writeCtes(text, [...ctes, ...sources]);
    this.#change.writeHead(text);
    if (sources.length > 0) {
      text.write(` ${this.#change.joining} `);
      text.list(sources.map(({ from }) => new OwnSql(from.strings, from.values, from)), ", ");
    }
    const conditions = this.#conditions();
    if (conditions.length > 0) text.write(" where ").list(conditions, " and ");
    if (returned !== undefined) text.write(` returning ${returned.list}`);
    return text.finish();
  }

  #conditions(): readonly Sql[] {
    const { conditions, trash, scoped, sources } = this.#details;
    const { present, trashed, scope } = this.#table;
    const own = [
      trash === "without" ? present : trash === "only" ? trashed : undefined,
      scoped ? scope : undefined,
      ...sources.map((source) => source.present),
    ];
    return [...own.filter((condition) => condition !== undefined), ...conditions];
  }

  #assertMeant(): void {
    const { conditions, everything } = this.#details;
    if (conditions.length > 0 || everything) return;
    throw new ValidationError(
      this.#subject,
      "it has no condition and would change every row; call where(), or all() when every row is meant",
    );
  }

  get #subject(): string {
    const { verb } = this.#change;
    return `${/^[aeiou]/.test(verb) ? "an" : "a"} ${verb} of model "${this.#table.name}"`;
  }

  #with(changed: Partial<Details>): RowsWriteValue {
    return new RowsWriteValue(this.#table, this.#change, { ...this.#details, ...changed });
  }

  #withOption(option: QueryOptions): RowsWriteValue {
    for (const [name, value] of Object.entries(option)) {
      if (value === undefined || value === null) {
        throw new ValidationError(
          `the ${name} of ${this.#subject}`,
          `${value} was given; leave it out or give one`,
        );
      }
    }
    return this.#with({ options: { ...this.#details.options, ...option } });
  }
}

/** Writes `with` and the common table expressions of sources, each once. */
export function writeCtes(text: WriteText, sources: readonly Source[]): void {
  const clauses = new Map(
    sources.flatMap(({ name, cte }) => cte === undefined ? [] : [[name, cte] as const]),
  );
  if (clauses.size === 0) return;
  const ctes = [...clauses.values()];
  text.write(ctes.some(({ recursive }) => recursive) ? "with recursive " : "with ");
  text.list(
    ctes.map(({ definition }) => new OwnSql(definition.strings, definition.values, definition)),
    ", ",
  );
  text.write(" ");
}
