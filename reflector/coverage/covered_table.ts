/**
 * Whether a table may be cached: what the catalogs say of it, judged.
 *
 * @module
 */
import { KEY_TYPES, type KeyType } from "../../orm/cache/protocol/key_text.ts";
import { tableText } from "../../orm/cache/protocol/keys.ts";
import {
  TRIGGER_EVENTS,
  TRIGGER_VERSION,
  type TriggerArgument,
  triggerName,
} from "../install/trigger_sql.ts";
import type { SourceKind } from "../source/change_source.ts";
import type { RelationFacts, TableFacts } from "./table_facts.ts";

/** A table that may be cached. */
export interface CoveredTable {
  /** `schema.table`, as in keys. */
  readonly name: string;
  /** The columns of its primary key, in order. */
  readonly key: readonly string[];
  /** Their types. */
  readonly keyTypes: readonly KeyType[];
  /** Lists of columns of which changes are told with their old and new values. */
  readonly lookups: readonly (readonly string[])[];
}

/** A table that may not, and why. */
export interface RefusedTable {
  /** `schema.table`, as in keys. */
  readonly name: string;
  /** A sentence without a full stop. */
  readonly reason: string;
}

/** What a list of lookup columns may not have in a name, since their text is joined. */
const AWKWARD = /[\\.:+\n\t]/;

/** Judges a table. */
export function judge(facts: TableFacts, source: SourceKind): CoveredTable | RefusedTable {
  const name = tableText(facts.schema, facts.table);
  const reason = refusal(facts) ??
    (source === "notify" ? triggersMissing(facts, name) : publicationMissing(facts));
  if (reason !== undefined) return { name, reason };
  return {
    name,
    key: facts.key!,
    keyTypes: facts.key!.map((column) => typeOf(facts, column)!),
    lookups: (source === "notify" ? argumentOf(facts)!.lookups : oldValuesKnown(facts))
      .filter((columns) => columns.every((column) => typeOf(facts, column) !== undefined)),
  };
}

/** Whether a table is covered. */
export function isCovered(table: CoveredTable | RefusedTable): table is CoveredTable {
  return !("reason" in table);
}

/** The lists of columns by which rows of a table can be looked up. */
export function usualLookups(facts: TableFacts): readonly (readonly string[])[] {
  return facts.lookups.filter((columns) =>
    columns.length > 0 && columns.every((column) => typeOf(facts, column) !== undefined)
  );
}

/** Why a table cannot be cached, whatever the source is. */
export function refusal(facts: TableFacts): string | undefined {
  switch (facts.kind) {
    case "r":
    case "p":
      break;
    case "v":
      return "it is a view; cache the tables it reads";
    case "m":
      return "it is a materialized view, whose refresh nobody tells";
    case "f":
      return "it is a foreign table, whose changes this server does not see";
    default:
      return `it is no table (relkind "${facts.kind}")`;
  }
  if (facts.persistence === "t") return "it is temporary";
  if (facts.isPartition) return "it is a partition; cache the table it belongs to";
  if (facts.inherits) return "it inherits, or is inherited from, so that changes are told of another table";
  if (facts.rowSecurity) return "row-level security is enabled, so that rows are not the same for everyone";
  if (facts.key === null) return "it has no primary key";
  const odd = facts.key.find((column) => typeOf(facts, column) === undefined);
  if (odd !== undefined) {
    const column = facts.columns.find(({ name }) => name === odd);
    return column?.deterministic === false
      ? `its key column "${odd}" has a collation by which different texts are equal`
      : `its key column "${odd}" is of type ${column?.type}; keys of ${KEY_TYPES.join(", ")} can be cached`;
  }
  const foreign = facts.partitions.find(({ kind }) => kind === "f");
  return foreign === undefined
    ? undefined
    : `its partition "${tableText(foreign.schema, foreign.table)}" is a foreign table`;
}

/** The type of a column that may be in a key or a lookup. */
function typeOf(facts: TableFacts, column: string): KeyType | undefined {
  const found = facts.columns.find(({ name }) => name === column);
  if (found === undefined || !found.deterministic || AWKWARD.test(column)) return undefined;
  return KEY_TYPES.find((type) => type === found.type);
}

function triggersMissing(facts: TableFacts, name: string): string | undefined {
  for (const relation of [facts, ...facts.partitions] as RelationFacts[]) {
    const where = relation === facts
      ? ""
      : ` of its partition "${tableText(relation.schema, relation.table)}"`;
    for (const event of TRIGGER_EVENTS) {
      const trigger = relation.triggers.find((trigger) => trigger.name === triggerName(event));
      if (trigger === undefined) {
        return `the trigger for ${event}${where} is missing; install the reflector's triggers`;
      }
      if (trigger.enabled !== "A") {
        return `the trigger for ${event}${where} is not enabled always; install the reflector's triggers again`;
      }
      if (trigger.argument !== facts.triggers[0].argument) {
        return `the trigger for ${event}${where} is another than the rest; install the reflector's triggers again`;
      }
    }
  }
  const argument = argumentOf(facts);
  if (argument?.version !== TRIGGER_VERSION) {
    return "its triggers are of another version; install the reflector's triggers again";
  }
  if (argument.table !== name) {
    return `its triggers were installed for "${argument.table}"; install the reflector's triggers again`;
  }
  return String(argument.key) === String(facts.key)
    ? undefined
    : "its primary key has changed since the triggers were installed; install them again";
}

/** What the triggers of a table say they do. */
function argumentOf({ triggers }: TableFacts): TriggerArgument | undefined {
  try {
    return JSON.parse(triggers[0].argument) as TriggerArgument;
  } catch {
    return undefined;
  }
}

function publicationMissing(facts: TableFacts): string | undefined {
  const unlogged = [facts, ...facts.partitions].find(({ persistence }) => persistence === "u");
  if (unlogged !== undefined) {
    return `"${tableText(unlogged.schema, unlogged.table)}" is unlogged: its changes are not in the WAL`;
  }
  const { published } = facts;
  if (published === null) {
    return facts.kind === "p"
      ? "the publication does not have it; add it, and publish via the partition root"
      : "the publication does not have it; add it";
  }
  if (!published.complete) {
    return "the publication leaves out inserts, updates, deletes or truncates; publish all of them";
  }
  if (published.filtered) return "the publication leaves out rows of it; take the condition away";
  const { columns } = published;
  if (columns !== null && facts.key!.some((column) => !columns.includes(column))) {
    return "the publication leaves out a column of its key; add it";
  }
  // A change of a key is told as the partition has it, whatever the table says.
  const keyless = withRows(facts).find(({ replicaIdentity }) => !/^[df]$/.test(replicaIdentity));
  if (keyless === undefined) return undefined;
  const whose = keyless === facts
    ? "its"
    : `the partition "${tableText(keyless.schema, keyless.table)}": its`;
  return `${whose} replica identity is not its key; alter table … replica identity default, or full`;
}

/** The table, and those of its partitions that have rows themselves. */
function withRows(facts: TableFacts): readonly RelationFacts[] {
  return [facts, ...facts.partitions.filter(({ kind }) => kind !== "p")];
}

/** Old values of other columns than the key's are in the WAL only where whole rows are, in every partition. */
function oldValuesKnown(facts: TableFacts): readonly (readonly string[])[] {
  if (withRows(facts).some(({ replicaIdentity }) => replicaIdentity !== "f")) return [];
  const columns = facts.published?.columns ?? null;
  return usualLookups(facts).filter((lookup) =>
    columns === null || lookup.every((column) => columns.includes(column))
  );
}
