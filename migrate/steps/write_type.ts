/**
 * Types, domains and sequences as SQL text.
 *
 * @module
 */
import { quoteLiteral } from "../../orm/building/inlined.ts";
import { parenthesized, writeName } from "../../orm/compiling/ddl/write_table.ts";
import { quoteIdentifier } from "../../pool/sql/identifier.ts";
import type {
  CollationObject,
  CompositeObject,
  DomainCheck,
  DomainObject,
  EnumObject,
  RangeObject,
  SequenceObject,
} from "../catalog/objects.ts";
import { countingOptions, restartOption, unusualOptions } from "./counting.ts";
import { type Statement, statement, words } from "./statement.ts";
import type { SequenceStep, TypeStep } from "./step.ts";

/** The statements that create a type, a domain or a collation. */
export function writeType(
  type: EnumObject | CompositeObject | DomainObject | RangeObject | CollationObject,
): readonly Statement[] {
  const name = writeName(type);
  switch (type.kind) {
    case "enum":
      return [statement(`create type ${name} as enum (${type.labels.map(quoteLiteral).join(", ")})`)];
    case "composite": {
      const attributes = type.attributes.map((attribute) =>
        words(
          quoteIdentifier(attribute.name),
          attribute.type,
          attribute.collation === undefined ? "" : `collate ${attribute.collation}`,
        )
      );
      return [statement(`create type ${name} as (${attributes.join(", ")})`)];
    }
    case "range": {
      const options = {
        subtype: type.subtype,
        ...type.options,
        ...(type.multirange === undefined
          ? {}
          : { multirange_type_name: writeName({ ...type, name: type.multirange }) }),
      };
      const list = Object.entries(options).map(([option, value]) => `${option} = ${value}`);
      return [statement(`create type ${name} as range (${list.join(", ")})`)];
    }
    case "domain": {
      const early = type.checks.filter(({ isValid }) => isValid);
      const late = type.checks.filter(({ isValid }) => !isValid);
      return [
        statement(
          `create domain ${name} as ${type.type}`,
          type.collation === undefined ? "" : `collate ${type.collation}`,
          type.default === undefined ? "" : `default ${parenthesized(type.default)}`,
          type.notNull ? "not null" : "",
          ...early.map(writeCheck),
        ),
        ...late.map((check) => statement(`alter domain ${name} add`, writeCheck(check))),
      ];
    }
    case "collation": {
      const options = [
        `provider = ${type.provider}`,
        `locale = ${quoteLiteral(type.locale)}`,
        ...(type.deterministic ? [] : ["deterministic = false"]),
        ...(type.rules === undefined ? [] : [`rules = ${quoteLiteral(type.rules)}`]),
      ];
      return [statement(`create collation ${name} (${options.join(", ")})`)];
    }
    default:
      throw new TypeError(`BUG: ${JSON.stringify(type satisfies never)}`);
  }
}

function writeCheck({ name, condition, isValid }: DomainCheck): string {
  return words(`constraint ${quoteIdentifier(name)} check (${condition})`, isValid ? "" : "not valid");
}

/** The change of an enum or a domain. */
export function writeTypeStep({ object, change }: TypeStep): readonly Statement[] {
  const alter = `alter ${object.kind === "domain" ? "domain" : "type"} ${writeName(object)}`;
  switch (change.type) {
    case "add label":
      return [{
        ...statement(
          alter,
          "add value",
          change.ifNotExists === true ? "if not exists" : "",
          quoteLiteral(change.label),
          change.before === undefined ? "" : `before ${quoteLiteral(change.before)}`,
          change.after === undefined ? "" : `after ${quoteLiteral(change.after)}`,
        ),
        transaction: change.isApart !== true,
      }];
    case "rename label":
      return [statement(alter, "rename value", quoteLiteral(change.from), "to", quoteLiteral(change.to))];
    case "domain default":
      return [
        statement(alter, change.to === undefined ? "drop default" : `set default ${change.to}`),
      ];
    case "domain not null":
      return [statement(alter, change.to ? "set not null" : "drop not null")];
    case "add check":
      return [statement(alter, "add", writeCheck(change.check))];
    case "drop check":
      return [statement(alter, "drop constraint", quoteIdentifier(change.check.name))];
    default:
      throw new TypeError(`BUG: ${JSON.stringify(change satisfies never)}`);
  }
}

/** The statement that creates a sequence. What it is owned by comes later: its column may not be there yet. */
export function writeSequence(
  sequence: SequenceObject,
  { ifNotExists }: { readonly ifNotExists?: boolean },
): Statement {
  return statement(
    sequence.unlogged === true ? "create unlogged sequence" : "create sequence",
    ifNotExists === true ? "if not exists" : "",
    writeName(sequence),
    sequence.type === "bigint" ? "" : `as ${sequence.type}`,
    ...unusualOptions(sequence.type, sequence),
  );
}

/** The change of a sequence. */
export function writeSequenceStep({ from, to }: SequenceStep): readonly Statement[] {
  const alter = `alter sequence ${writeName(from)}`;
  const before = new Set(sequenceOptions(from));
  const options = sequenceOptions(to).filter((option) => !before.has(option));
  options.push(...restartOption(from, to));
  if (owner(from) !== owner(to)) options.push(`owned by ${owner(to)}`);
  return [
    ...(options.length === 0 ? [] : [statement(alter, ...options)]),
    ...((from.unlogged === true) === (to.unlogged === true)
      ? []
      : [statement(alter, to.unlogged === true ? "set unlogged" : "set logged")]),
  ];
}

function owner({ ownedBy }: SequenceObject): string {
  if (ownedBy === undefined) return "none";
  const { table: name, column, schema } = ownedBy;
  return `${writeName(schema === undefined ? { name } : { name, schema })}.${quoteIdentifier(column)}`;
}

function sequenceOptions(sequence: SequenceObject): string[] {
  return [`as ${sequence.type}`, ...countingOptions(sequence)];
}
