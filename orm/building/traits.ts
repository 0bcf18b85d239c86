/**
 * What the ORM knows of a fragment of SQL: whether it is pure, so that a query made of nothing else may be sent as a
 * read; and whether its strings are the same array each time, so that the query's text is found by them.
 *
 * @module
 */
import { Sql } from "../../pool/sql/sql.ts";

/** What the ORM knows of a fragment. */
export interface Traits {
  /** Whether it provably writes nothing and takes no lock. */
  readonly pure: boolean;
  /** Whether its strings are the same array whenever its shape is the same. */
  readonly stable: boolean;
  /** Whether it may be, or hold, an aggregate, or make several rows of one. */
  readonly grouped?: boolean;
}

const TEMPLATE: Traits = { pure: false, stable: true, grouped: true };
const UNKNOWN: Traits = { pure: false, stable: false, grouped: true };

/** What is known of a fragment: ours say it themselves; a template's strings are the same each time. */
export function traitsOf(fragment: Sql): Traits {
  if ((fragment as Partial<Traits>).stable !== undefined) return fragment as Sql & Traits;
  return (fragment.strings as Partial<TemplateStringsArray>).raw === undefined ? UNKNOWN : TEMPLATE;
}

/** A statement or a part of one that the ORM made, with what it knows of it. */
export class OwnSql<Row = unknown> extends Sql<Row> implements Traits {
  readonly pure: boolean;
  readonly stable: boolean;

  /** Creates a fragment from flat parts, with its text where it is known. */
  constructor(strings: readonly string[], values: readonly unknown[], traits: Traits, text?: string) {
    super(strings, values, text);
    this.pure = traits.pure;
    this.stable = traits.stable;
  }
}
