/**
 * The text of selects.
 *
 * @module
 */
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import type { Source } from "../building/source.ts";
import { type OutputColumn, outputOf } from "../building/selection.ts";
import type { Table } from "../definition/table.ts";
import type { Clause, Question, Shape, ShapePart } from "./shape.ts";
import { type StatementText, StatementWriter } from "./statement_text.ts";

/**
 * Writes what a question asks of a shape.
 *
 * @param shape The shape.
 * @param question The question.
 * @param ordinals The groups, by the positions of their clauses, that are named by their places in the select list.
 */
export function writeSelect(
  shape: Shape,
  question: Question,
  ordinals: ReadonlyMap<number, number> = NO_ORDINALS,
): StatementText {
  const clauses = clausesOf(shape);
  const writer = new StatementWriter();
  const body = new SelectBody(writer, shape, { clauses, ordinals });
  body.comments();
  body.ctes();
  switch (question) {
    case "count":
      if (body.plain) {
        writer.write("select count(*) from ");
        body.rows();
      } else {
        writer.write("select count(*) from (");
        body.whole("select 1", false);
        writer.write(') as "counted"');
      }
      break;
    case "exists":
      writer.write("select exists (");
      body.whole("select 1", false);
      writer.write(') as "exists"');
      break;
    case "all":
    case "two":
    case "first":
      body.whole(undefined, true, question === "first" ? 1 : question === "two" ? 2 : undefined);
      break;
    default:
      throw new Error(`BUG: question ${question satisfies never}`);
  }
  return writer.finish();
}

/** A clause and its position in the query, which is that of its values. */
export interface Placed {
  /** The clause. */
  readonly part: ShapePart;
  /** Its position. */
  readonly position: number;
}

type Clauses = Readonly<Record<Clause, readonly Placed[]>>;

/** The clauses of a shape by kind. */
export function clausesOf(shape: Shape): Clauses {
  const clauses: Record<Clause, Placed[]> = {
    cte: [],
    from: [],
    select: [],
    only: [],
    add: [],
    distinct: [],
    join: [],
    where: [],
    groupBy: [],
    having: [],
    window: [],
    combine: [],
    orderBy: [],
    limit: [],
    offset: [],
    lock: [],
    without: [],
    comment: [],
  };
  shape.parts.forEach((part, position) => clauses[part.clause].push({ part, position }));
  const without = new Set(clauses.without.map(({ part }) => part.label));
  if (without.size > 0) clauses.where = clauses.where.filter(({ part }) => !without.has(part.label));
  return clauses;
}

/** The output columns of a shape: what is selected, or else every column of what it is of. */
export function outputsOf(shape: Shape): readonly OutputColumn[] {
  const clauses = clausesOf(shape);
  const chosen = clauses.select.at(-1) ?? clauses.only.at(-1);
  const outputs = chosen?.part.selection?.outputs ?? defaultOutputs(shape.source);
  return [...outputs, ...clauses.add.flatMap(({ part }) => part.selection?.outputs ?? [])];
}

const OUTER_JOINS: ReadonlySet<string> = new Set(["left join", "right join", "full join"]);

/** Whether an outer join may leave rows of a shape's tables out. */
export function isOuterJoined(shape: Shape): boolean {
  return shape.parts.some(({ clause, label }) => clause === "join" && OUTER_JOINS.has(label));
}

/**
 * What those who select from a query know of its columns: no key is one any longer, and what is never null in its table
 * is not only where every row has one of it. What the columns' definitions say of selecting and writing has been done.
 */
export function derivedOutputs(shape: Shape): readonly OutputColumn[] {
  const { groupBy, combine } = clausesOf(shape);
  const nullable = combine.length > 0 || isOuterJoined(shape) ||
    groupBy.some(({ part }) => GROUPING_SETS.test(part.strings[0]));
  return outputsOf(shape).map(({ settings, ...output }) => {
    if (settings === undefined || settings.selectAs !== undefined) return output;
    return {
      ...output,
      settings: {
        type: settings.type,
        ...(nullable || settings.nullable === true ? { nullable: true } : {}),
      },
    };
  });
}

const GROUPING_SETS = /^\s*(?:rollup|cube|grouping sets)\b/i;

function defaultOutputs(source: Source): readonly OutputColumn[] {
  return [...source.columns.values()].filter((column) => column.settings.skipped !== true)
    .map((column) => outputOf(column.property, column));
}

/** Joins that keep rows of what is joined. */
const OUTWARD_JOINS: ReadonlySet<string> = new Set(["right join", "full join"]);

const NO_ORDINALS: ReadonlyMap<number, number> = new Map();

/** Writes the parts of one select, each with its values. */
class SelectBody {
  readonly #writer: StatementWriter;
  readonly #shape: Shape;
  readonly #clauses: Clauses;
  readonly #ordinals: ReadonlyMap<number, number>;

  constructor(
    writer: StatementWriter,
    shape: Shape,
    { clauses, ordinals }: { readonly clauses: Clauses; readonly ordinals: ReadonlyMap<number, number> },
  ) {
    this.#writer = writer;
    this.#shape = shape;
    this.#clauses = clauses;
    this.#ordinals = ordinals;
  }

  /** Whether each row of the tables is a row of the result, so that they can be counted without a subquery. */
  get plain(): boolean {
    const { distinct, groupBy, having, combine, limit, offset, select } = this.#clauses;
    return distinct.length + groupBy.length + having.length + combine.length + limit.length +
            offset.length === 0 &&
      select.every(({ part }) => part.selection?.outputs.every(({ grouped }) => grouped !== true) ?? true);
  }

  comments(): void {
    for (const { part } of this.#clauses.comment) this.#writer.write(`${part.label} `);
  }

  ctes(): void {
    const { cte } = this.#clauses;
    if (cte.length === 0) return;
    const recursive = cte.some(({ part }) => part.recursive === true);
    this.#list(recursive ? "with recursive " : "with ", ", ", cte);
    this.#writer.write(" ");
  }

  /** The select with everything from its list to its lock. */
  whole(list: string | undefined, ordered: boolean, rows?: number): void {
    const { select, groupBy, combine, orderBy, limit, offset, lock } = this.#clauses;
    const counted = list !== undefined && combine.length === 0 && this.#clauses.distinct.length === 0 &&
      select.length + groupBy.length === 0;
    if (combine.length > 1 && new Set(combine.map(({ part }) => part.label)).size > 1) {
      this.#writer.write("(".repeat(combine.length - 1));
    }
    if (counted) this.#writer.write(`${list} from `);
    else this.#selectList();
    this.rows();
    this.#combinations(combine);
    if (ordered) this.#list(" order by ", ", ", orderBy);
    if (rows !== undefined && limit.length === 0) this.#writer.write(` limit ${rows}`);
    this.#bound(" limit ", limit);
    this.#bound(" offset ", offset);
    for (const placed of ordered ? lock : []) this.#list(" ", "", [placed]);
  }

  /** From the first table to the last group. */
  rows(): void {
    const { from, join, where, groupBy, having, window } = this.#clauses;
    if (from.length > 0) this.#list("", "", from);
    else this.#writer.write(this.#shape.source.from.strings[0]);
    for (const placed of join) {
      this.#list(` ${placed.part.label} `, "", [placed]);
      // Rows that are deleted softly match nothing, instead of taking what they match with them.
      if (OUTWARD_JOINS.has(placed.part.label)) {
        for (const { part, position } of where) {
          if (part.label === "trashed") this.#list(" and ", "", [{ part, position }]);
        }
      }
    }
    this.#list(" where ", " and ", where);
    groupBy.forEach((placed, index) => {
      const start = index === 0 ? " group by " : ", ";
      const ordinal = this.#ordinals.get(placed.position);
      if (ordinal === undefined) this.#list(start, "", [placed]);
      else this.#writer.write(`${start}${ordinal}`);
    });
    this.#list(" having ", " and ", having);
    window.forEach((placed, index) =>
      this.#list(`${index === 0 ? " window " : ", "}${quoteIdentifier(placed.part.label)} as `, "", [placed])
    );
  }

  #selectList(): void {
    const { distinct, select, only, add } = this.#clauses;
    const writer = this.#writer.write("select ");
    const last = distinct.at(-1);
    if (last !== undefined) {
      this.#list(last.part.label === "on" ? "distinct on (" : "distinct", ", ", [last]);
      writer.write(last.part.label === "on" ? ") " : " ");
    }
    const chosen = select.at(-1) ?? only.at(-1);
    if (chosen === undefined) {
      const { selection } = this.#shape.source as Source & Partial<Table>;
      writer.write(selection ?? defaultOutputs(this.#shape.source).map(outputText).join(", "));
    } else this.#outputs(chosen);
    for (const placed of add) {
      writer.write(", ");
      this.#outputs(placed);
    }
    writer.write(" from ");
  }

  #outputs({ part, position }: Placed): void {
    part.selection!.outputs.forEach((output, index) => {
      if (index > 0) this.#writer.write(", ");
      this.#writer.fragment(output.strings);
      if (output.bare !== true) this.#writer.write(` as ${quoteIdentifier(output.property)}`);
    });
    this.#writer.values(position);
  }

  #combinations(combine: readonly Placed[]): void {
    const mixed = new Set(combine.map(({ part }) => part.label)).size > 1;
    combine.forEach((placed, index) => {
      if (mixed && index > 0) this.#writer.write(")");
      this.#list(` ${placed.part.label} `, "", [placed]);
    });
  }

  #bound(keyword: string, placed: readonly Placed[]): void {
    const last = placed.at(-1);
    if (last !== undefined) this.#list(keyword, "", [last]);
  }

  #list(start: string, between: string, items: readonly Placed[]): void {
    items.forEach(({ part, position }, index) =>
      this.#writer.write(index === 0 ? start : between).fragment(part.strings).values(position)
    );
  }
}

function outputText({ property, strings, bare }: OutputColumn): string {
  return bare === true ? strings[0] : `${strings[0]} as ${quoteIdentifier(property)}`;
}
