/**
 * Enums, domains and sequences as a migration gives them.
 *
 * @module
 */
import type { AnyColumnDefinition } from "../../orm/definition/column_definition.ts";
import type { IdentityOptions } from "../../orm/definition/column_settings.ts";
import { checkIdentity } from "../../orm/definition/identity_options.ts";
import type { Sql } from "../../pool/sql/sql.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { DomainObject, EnumObject, SequenceObject } from "../catalog/objects.ts";
import { countingOf } from "../steps/counting.ts";
import { describeColumn } from "./catalog_objects.ts";
import { checkName, checkOptions, type Name, nameOf, oneOf, textOf } from "./name.ts";
import type { IfNotExists } from "./schema_steps.ts";

/** How a sequence counts; see {@link IdentityOptions}. */
export interface SequenceOptions extends IdentityOptions, IfNotExists {
  /** The type of its numbers. Default `"bigint"`. */
  readonly type?: "smallint" | "integer" | "bigint";
  /** The column whose end is its own. */
  readonly ownedBy?: { readonly table: Name; readonly column: string };
}

/** What a domain is. */
export interface DomainOptions {
  /** The type it is based on, as a column; its `collate()` and `default()` are the domain's. */
  readonly type: AnyColumnDefinition;
  /** Whether no value of it is null. Default false: its columns say so. */
  readonly notNull?: boolean;
  /** Its conditions about `value`, by their names. */
  readonly checks?: Readonly<Record<string, Sql>>;
}

/** An enum. */
export function enumOf(name: Name, labels: readonly string[], subject: string): EnumObject {
  const type = nameOf(name, subject);
  if (!Array.isArray(labels) || new Set(labels).size !== labels.length || labels.length === 0) {
    throw new ValidationError(subject, "its labels are not a list of different texts; give one");
  }
  labels.forEach((label) => labelOf(label, subject));
  return { kind: "enum", ...type, labels: [...labels], dependsOn: [] };
}

/** A domain. */
export function domainOf(name: Name, options: DomainOptions, subject: string): DomainObject {
  const domain = nameOf(name, subject);
  checkOptions(options, ["type", "notNull", "checks"], subject);
  const { column } = describeColumn(domain, "value", options.type);
  return {
    kind: "domain",
    ...domain,
    dependsOn: [],
    type: column.type,
    notNull: options.notNull === true,
    ...(column.collation === undefined ? {} : { collation: column.collation }),
    ...(column.default === undefined ? {} : { default: column.default }),
    checks: Object.entries(options.checks ?? {}).map(([check, condition]) => ({
      name: check,
      condition: textOf(condition, `the check "${check}" of ${subject}`),
      isValid: true,
    })),
  };
}

/** A sequence. */
export function sequenceOf(
  name: Name,
  options: Omit<SequenceOptions, "ownedBy">,
  subject: string,
): SequenceObject {
  const { type = "bigint", ifNotExists: _, ...counting } = options;
  oneOf(type, ["smallint", "integer", "bigint"], `the type of ${subject}`);
  checkOptions(counting, ["start", "increment", "min", "max", "cache", "cycle"], subject);
  checkIdentity(counting);
  return { kind: "sequence", ...nameOf(name, subject), dependsOn: [], type, ...countingOf(type, counting) };
}

/** A label of an enum: NAMEDATALEN holds for labels, too. */
export function labelOf(label: string, subject: string): string {
  return checkName(label, `a label of ${subject}`);
}
