/**
 * Types that a database has beside PostgreSQL's own, and collations.
 *
 * @module
 */
import type { ObjectBase } from "./object_base.ts";

/** A collation. */
export interface CollationObject extends ObjectBase {
  /** What it is. */
  readonly kind: "collation";
  /** What compares by it. */
  readonly provider: "icu" | "libc" | "builtin";
  /** The provider's name of it: `de-DE`. */
  readonly locale: string;
  /** Whether only equal bytes are equal. */
  readonly deterministic: boolean;
  /** What an ICU collation does otherwise than its locale. */
  readonly rules?: string;
}

/** An enum. */
export interface EnumObject extends ObjectBase {
  /** What it is. */
  readonly kind: "enum";
  /** Its labels, in the order they sort in. */
  readonly labels: readonly string[];
}

/** A domain. */
export interface DomainObject extends ObjectBase {
  /** What it is. */
  readonly kind: "domain";
  /** The type it is based on. */
  readonly type: string;
  /** Its collation where it is not its type's. */
  readonly collation?: string;
  /** Whether it is never null. */
  readonly notNull: boolean;
  /** What it is where nothing is given, as SQL. */
  readonly default?: string;
  /** Its conditions; PostgreSQL names each. */
  readonly checks: readonly DomainCheck[];
}

/** A condition of a domain. */
export interface DomainCheck {
  /** Its name. */
  readonly name: string;
  /** The condition, about `VALUE`. */
  readonly condition: string;
  /** Whether what is there satisfies it. */
  readonly isValid: boolean;
}

/** A composite type made with `create type … as (…)`. */
export interface CompositeObject extends ObjectBase {
  /** What it is. */
  readonly kind: "composite";
  /** Its attributes, in order. */
  readonly attributes: readonly CompositeAttribute[];
}

/** An attribute of a composite type. */
export interface CompositeAttribute {
  /** Its name. */
  readonly name: string;
  /** Its type. */
  readonly type: string;
  /** Its collation where it is not its type's. */
  readonly collation?: string;
}

/** A range type, with the multirange that comes with it. */
export interface RangeObject extends ObjectBase {
  /** What it is. */
  readonly kind: "range";
  /** The type of its bounds. */
  readonly subtype: string;
  /** The name of its multirange. */
  readonly multirange?: string;
  /** What follows in its definition: `subtype_opclass`, `collation`, `canonical`, `subtype_diff`, by option. */
  readonly options: Readonly<Record<string, string>>;
}
