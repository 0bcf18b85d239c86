/**
 * The shape of a query: all of it but its values. Shapes form a tree whose root is what the query is of; each clause
 * added leads to a child, found by the identity of the clause's strings. So the same calls arrive at the same shape,
 * which keeps its text.
 *
 * Invariants: a shape never changes but for the texts it keeps and the children it knows; a clause whose strings are
 * new each time gets a child that is not remembered, and nothing else differs; when a source has too many shapes all are
 * forgotten, and those in use are found again after one more writing of their text. The n-th clause of a shape has the n-th array of the query's values; a text says in which order they are bound.
 *
 * @module
 */
import type { Source } from "../building/source.ts";
import type { FlatSelection } from "../building/selection.ts";
import type { StatementText } from "./statement_text.ts";

/** How many shapes one source remembers before it forgets all. */
const MAX_SHAPES = 5_000;

/** How many clauses a remembered shape has at most, so that one long chain does not use up the number. */
const MAX_CLAUSES = 48;

/** The clauses a query is made of. */
export type Clause =
  | "cte"
  | "from"
  | "select"
  | "only"
  | "add"
  | "distinct"
  | "join"
  | "where"
  | "groupBy"
  | "having"
  | "window"
  | "combine"
  | "orderBy"
  | "limit"
  | "offset"
  | "lock"
  | "without"
  | "comment";

/** What a query is asked for. */
export type Question = "all" | "two" | "first" | "count" | "exists";

/** One clause of a shape. */
export interface ShapePart {
  /** Which clause. */
  readonly clause: Clause;
  /** What tells it from others with the same strings: the kind of a join, the name of a window. */
  readonly label: string;
  /** Its text around its placeholders. */
  readonly strings: readonly string[];
  /** What it selects, when it is `select`, `only` or `add`. */
  readonly selection?: FlatSelection;
  /** Whether it refers to itself, when it is a `cte`. */
  readonly recursive?: boolean;
}

/** What is known of a clause. */
export interface ClauseTraits {
  /** Whether its strings are the same array each time. */
  readonly stable: boolean;
  /** Whether it can neither write nor lock. */
  readonly pure: boolean;
}

/** Shapes by what was added, and by its strings. */
type Children = Map<string, Map<readonly string[], Shape>>;

/** What the shapes of one source share. */
interface Remembered {
  /** How many there are. */
  count: number;
  /** The root's children, to forget all. */
  readonly children: Children;
}

const PURE: ClauseTraits = { stable: true, pure: true };
const IMPURE: ClauseTraits = { stable: true, pure: false };

/** A query without its values. */
export class Shape {
  /** What it is of. */
  readonly source: Source;
  /** The shape it was made from; `undefined` for the root. */
  readonly parent: Shape | undefined;
  /** The clause that was added to it. */
  readonly part: ShapePart | undefined;
  /** What is known of that clause alone. */
  readonly traits: ClauseTraits;
  /** Whether nothing in it can write or lock. */
  readonly pure: boolean;
  /** Whether it has groups. */
  readonly grouped: boolean;
  /** Whether it is found again. */
  readonly stable: boolean;
  readonly #root: Remembered;
  readonly #depth: number;
  readonly #children: Children = new Map();
  readonly #texts: Partial<Record<Question, StatementText>> = {};
  #parts: readonly ShapePart[] | undefined;
  #derived: unknown;

  private constructor(source: Source, parent?: Shape, part?: ShapePart, traits = PURE, stable = true) {
    this.source = source;
    this.parent = parent;
    this.part = part;
    this.traits = traits;
    this.pure = traits.pure && (parent === undefined || parent.pure);
    this.grouped = part?.clause === "groupBy" || parent?.grouped === true;
    this.stable = stable;
    this.#root = parent === undefined ? { count: 0, children: this.#children } : parent.#root;
    this.#depth = parent === undefined ? 0 : parent.#depth + 1;
  }

  /** The shape of a query of every row. */
  static root(source: Source): Shape {
    return new Shape(
      source,
      undefined,
      undefined,
      source.from.pure && source.selectionPure !== false ? PURE : IMPURE,
    );
  }

  /**
   * The shape with one more clause.
   *
   * @param part The clause; one of the same kind, label, strings and purity is the same.
   * @param traits Whether the strings are the same array each time, and whether the clause can write or lock.
   */
  with(part: ShapePart, traits: ClauseTraits): Shape {
    const clause = traits.pure ? part.clause : `impure ${part.clause}`;
    const key = part.label === "" ? clause : `${clause} ${part.label}`;
    const children = this.#children.get(key);
    const known = children?.get(part.strings);
    if (known !== undefined) return known;
    const remember = this.stable && traits.stable && this.#depth < MAX_CLAUSES;
    const child = new Shape(this.source, this, part, traits, remember);
    if (remember) this.#remember(key, child);
    return child;
  }

  #remember(key: string, child: Shape): void {
    const root = this.#root;
    if (root.count >= MAX_SHAPES) {
      root.children.clear();
      root.count = 0;
    }
    root.count++;
    const children = this.#children.get(key);
    if (children === undefined) this.#children.set(key, new Map([[child.part!.strings, child]]));
    else children.set(child.part!.strings, child);
  }

  /** The clauses in the order they were added. */
  get parts(): readonly ShapePart[] {
    if (this.#parts !== undefined) return this.#parts;
    const parts: ShapePart[] = [];
    for (let at = this as Shape | undefined; at?.part !== undefined; at = at.parent) parts.push(at.part);
    return this.#parts = parts.reverse();
  }

  /** The text for a question, made by `write` the first time. */
  text(question: Question, write: (shape: Shape, question: Question) => StatementText): StatementText {
    return this.#texts[question] ??= write(this, question);
  }

  /** What else is derived from the shape alone, made the first time: how its rows are read. */
  derived<Type>(derive: (shape: Shape) => Type): Type {
    return (this.#derived ??= derive(this)) as Type;
  }
}
