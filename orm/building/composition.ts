/**
 * How expressions are made of parts: text around fragments and values. Every operator and function is one
 * {@link Composition}.
 *
 * Invariant: the same composition of the same stable parts gives the same strings array, until so many are remembered
 * that all are forgotten; then the result is the same but its text is built again, once. So a program that makes new
 * combinations for ever neither grows nor slows down the rest of it for good. A value takes part as a placeholder
 * only, so that what is remembered grows with the program's text and not with its data.
 *
 * @module
 */
import { FRAGMENT, Sql } from "../../pool/sql/sql.ts";
import { traitsOf } from "./traits.ts";

/** How many different combinations are remembered before all are forgotten. */
const MAX_COMBINATIONS = 50_000;
/** How many placeholders a remembered combination has at most. */
const MAX_PLACEHOLDERS = 64;
/** The strings of a part that is one value. */
const PLACEHOLDER: readonly string[] = ["", ""];

let remembered = 0;
/** Grows when all are forgotten; what was remembered before is found no more. */
let generation = 0;

/** What a composition makes of its parts. */
export interface Composed {
  /** The text around the placeholders. */
  readonly strings: readonly string[];
  /** The values, in order. */
  readonly values: readonly unknown[];
  /** Whether every part provably writes nothing and takes no lock. */
  readonly pure: boolean;
  /** Whether the strings are the same array whenever the shape is the same. */
  readonly stable: boolean;
  /** Whether any part is, or holds, an aggregate. */
  readonly grouped: boolean;
  /** Whether it needs parentheses next to an operator. */
  readonly loose?: boolean;
}

/** A combination's beginning; the next part leads to the next. */
class Combination {
  strings: readonly string[] | undefined;
  readonly #next = new WeakMap<readonly string[], Combination>();

  /** The combination with one more part. */
  with(strings: readonly string[]): Combination {
    let next = this.#next.get(strings);
    if (next === undefined) {
      if (remembered >= MAX_COMBINATIONS) {
        generation++;
        remembered = 0;
      }
      remembered++;
      this.#next.set(strings, next = new Combination());
    }
    return next;
  }
}

/** The strings of loose parts with parentheses around them. */
const ENCLOSED = new WeakMap<readonly string[], readonly string[]>();

function enclosed(strings: readonly string[]): readonly string[] {
  let result = ENCLOSED.get(strings);
  if (result === undefined) {
    const last = strings.length - 1;
    result = strings.map((text, index) => `${index === 0 ? "(" : ""}${text}${index === last ? ")" : ""}`);
    ENCLOSED.set(strings, result);
  }
  return result;
}

/** A name, a number, a string, a value, or a call without others in it: what stands next to any operator. */
const ONE_OPERAND = /^(?:[\w$."]+|'[^']*'|[\w."]*\([^()']*\))$/;
/** Whether a caller's own fragment needs parentheses, by its strings. */
const LOOSE = new WeakMap<readonly string[], boolean>();

/** Whether a fragment needs parentheses next to an operator: a caller's own does unless it is one operand for certain. */
function isLoose(fragment: Sql): boolean {
  const { loose, stable } = fragment as Partial<Pick<Composed, "loose" | "stable">>;
  if (loose !== undefined || stable !== undefined) return loose === true;
  let known = LOOSE.get(fragment.strings);
  if (known === undefined) {
    LOOSE.set(fragment.strings, known = !ONE_OPERAND.test(fragment.strings.join("$").trim()));
  }
  return known;
}

/** Text into which parts are put. */
export class Composition {
  #root = new Combination();
  #generation = generation;
  readonly #glue: (count: number) => readonly string[];
  readonly #exposed: readonly boolean[];
  readonly #loose: boolean | undefined;

  /**
   * Creates a composition.
   *
   * @param glue Gives the text before, between and after so many parts.
   * @param exposed Which parts stand next to an operator, so that loose ones are put in parentheses.
   * @param loose Whether the result is loose itself. Default: where it is its only part, which is.
   */
  constructor(
    glue: (count: number) => readonly string[],
    { exposed = [], loose }: { readonly exposed?: readonly boolean[]; readonly loose?: boolean } = {},
  ) {
    this.#glue = glue;
    this.#exposed = exposed;
    this.#loose = loose;
  }

  /**
   * Puts parts in.
   *
   * @param parts Fragments, or what offers one (a model, a query), or values, each of which becomes one placeholder.
   */
  of(parts: readonly unknown[]): Composed {
    const pieces: (readonly string[])[] = [];
    const values: unknown[] = [];
    let pure = true;
    let grouped = false;
    let loosePart = false;
    if (this.#generation !== generation) {
      this.#root = new Combination();
      this.#generation = generation;
    }
    let known: Combination | undefined = this.#root;
    for (let index = 0; index < parts.length; index++) {
      const part = parts[index];
      const fragment = fragmentOf(part);
      if (fragment === undefined) {
        values.push(part);
        pieces.push(PLACEHOLDER);
        known = known?.with(PLACEHOLDER);
        continue;
      }
      const traits = traitsOf(fragment);
      pure &&= traits.pure;
      grouped ||= traits.grouped === true;
      // A query is a subquery next to an operator.
      const loose = isLoose(fragment) || !(part instanceof Sql);
      loosePart ||= loose;
      const strings = loose && this.#exposed[index] === true ? enclosed(fragment.strings) : fragment.strings;
      known = traits.stable ? known?.with(strings) : undefined;
      for (const value of fragment.values) values.push(value);
      pieces.push(strings);
    }
    const loose = this.#loose ?? (loosePart && parts.length === 1 && this.#isBare);
    if (known === undefined || values.length > MAX_PLACEHOLDERS) {
      return { strings: this.#join(pieces), values, pure, stable: false, grouped, loose };
    }
    known.strings ??= this.#join(pieces);
    return { strings: known.strings, values, pure, stable: true, grouped, loose };
  }

  /** Whether a single part stands as it is. */
  get #isBare(): boolean {
    return this.#glue(1).every((text) => text === "");
  }

  #join(pieces: readonly (readonly string[])[]): string[] {
    const glue = this.#glue(pieces.length);
    const strings: string[] = [];
    let pending = glue[0];
    pieces.forEach((piece, index) => {
      pending += piece[0];
      for (let i = 1; i < piece.length; i++) {
        strings.push(pending);
        pending = piece[i];
      }
      pending += glue[index + 1];
    });
    strings.push(pending);
    return strings;
  }
}

/** The composition of a fixed number of parts: one fewer than there are texts. */
export function template(...glue: readonly string[]): Composition {
  return new Composition(() => glue);
}

/**
 * The composition of an operator and its operands: what binds no tighter than it is put in parentheses, and the result
 * is itself where others use it.
 */
export function operator(...glue: readonly string[]): Composition {
  const exposed = glue.slice(1).map((after, index) => !(glue[index].endsWith("(") && after.startsWith(")")));
  return new Composition(() => glue, { exposed, loose: !glue[0].startsWith("(") });
}

/** The composition of any number of parts; a single one stands without what opens and closes when `bare` is set. */
export function list(
  open: string,
  separator: string,
  close: string,
  { bare = false }: { readonly bare?: boolean } = {},
): Composition {
  return new Composition((count) => {
    if (count === 0) return [open + close];
    if (count === 1 && bare) return ["", ""];
    return [open, ...new Array<string>(count - 1).fill(separator), close];
  });
}

/** The fragment a part is or offers, or undefined when it is a value. */
export function fragmentOf(part: unknown): Sql | undefined {
  if (typeof part !== "object" || part === null) return undefined;
  if (part instanceof Sql) return part;
  return (part as Partial<Record<typeof FRAGMENT, Sql>>)[FRAGMENT];
}
