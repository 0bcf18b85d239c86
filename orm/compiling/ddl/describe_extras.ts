/**
 * What a model says of its table beside columns, constraints and indexes, as records: partitions, policies, triggers.
 *
 * @module
 */
import { assertSql, type Sql } from "../../../pool/sql/sql.ts";
import { inlined } from "../../building/inlined.ts";
import type { PolicyDefinition } from "../../definition/policy_definition.ts";
import type { Table } from "../../definition/table.ts";
import { eventsOf, type TriggerDefinition } from "../../definition/trigger_definition.ts";
import { shortened } from "./default_name.ts";
import { elementOf } from "./element.ts";
import type { PolicyRecord, TableRecord, TriggerRecord } from "./schema_records.ts";

/** Describes how a table is divided, its policies and its triggers. */
export function describeExtras(
  table: Table,
): Pick<TableRecord, "partitionBy" | "rowSecurity" | "policies" | "triggers"> {
  const { partitionKey, rowSecurity } = table;
  const subject = `the option "partitionBy" of model "${table.tableName}"`;
  return {
    ...(partitionKey === undefined ? {} : {
      partitionBy: `${partitionKey.strategy} (${
        partitionKey.parts.map((part) => elementOf(part, subject)).join(", ")
      })`,
    }),
    ...(rowSecurity === undefined ? {} : { rowSecurity }),
    policies: table.policies.map(describePolicy),
    triggers: table.triggers.map((trigger) => describeTrigger(table, trigger)),
  };
}

function describePolicy({ name, options }: PolicyDefinition): PolicyRecord {
  const { using, check, command = "all", roles = [], restrictive = false } = options;
  const text = (part: "using" | "check", given: Sql | (() => Sql) | undefined): Partial<PolicyRecord> => {
    if (given === undefined) return {};
    const subject = `the option "${part}" of policy "${name}"`;
    const condition = typeof given === "function" ? given() : given;
    assertSql(condition, subject);
    return { [part]: inlined(condition, subject) };
  };
  return { name, command, restrictive, roles, ...text("using", using), ...text("check", check) };
}

function describeTrigger(table: Table, { name, options }: TriggerDefinition): TriggerRecord {
  const { when = "before", on, of = [], each = "row", where, body, call } = options;
  const schema = call === undefined ? table.schema : call.schema;
  return {
    name,
    when,
    events: eventsOf(on),
    columns: of.map((column) => column.columnName),
    each,
    ...(where === undefined ? {} : { where: inlined(where, `the option "where" of trigger "${name}"`) }),
    function: {
      name: call?.function ?? shortened(`${table.tableName}_${name}`, ""),
      ...(schema === undefined ? {} : { schema }),
    },
    arguments: call?.arguments ?? [],
    ...(body === undefined ? {} : { body: body.text }),
  };
}
