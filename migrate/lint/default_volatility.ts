/**
 * Whether a default can be different for each row: then adding a column with it writes the table anew.
 *
 * @module
 */
import { lexSql } from "../files/lexer.ts";

const VOLATILE: ReadonlySet<string> = new Set([
  ...[
    "nextval",
    "random",
    "random_normal",
    "setseed",
    "clock_timestamp",
    "timeofday",
    "gen_random_uuid",
    "uuidv4",
  ],
  ...["uuidv7", "uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v4", "gen_random_bytes", "gen_salt"],
  ...["lastval", "currval"],
]);

/** Functions of PostgreSQL that are not, and words that stand before parentheses without being functions. */
const STEADY: ReadonlySet<string> = new Set([
  ...[
    "now",
    "transaction_timestamp",
    "statement_timestamp",
    "current_timestamp",
    "localtimestamp",
    "current_time",
  ],
  ...["localtime", "current_date", "current_user", "current_setting", "session_user", "pg_backend_pid"],
  ...[
    "current_database",
    "current_schema",
    "pg_current_xact_id",
    "txid_current",
    "to_char",
    "to_date",
    "to_timestamp",
    "to_number",
  ],
  ...[
    "date_trunc",
    "date_part",
    "timezone",
    "age",
    "make_date",
    "make_interval",
    "make_timestamptz",
    "extract",
  ],
  ...[
    "lower",
    "upper",
    "initcap",
    "btrim",
    "trim",
    "ltrim",
    "rtrim",
    "replace",
    "concat",
    "substring",
    "substr",
  ],
  ...[
    "left",
    "right",
    "length",
    "md5",
    "sha256",
    "encode",
    "decode",
    "format",
    "abs",
    "round",
    "floor",
    "ceil",
  ],
  ...["coalesce", "nullif", "greatest", "least", "cast", "row", "array", "array_fill", "jsonb_build_object"],
  ...[
    "jsonb_build_array",
    "json_build_object",
    "json_build_array",
    "to_json",
    "to_jsonb",
    "to_tsvector",
    "int4range",
  ],
  ...[
    "int8range",
    "numrange",
    "tsrange",
    "tstzrange",
    "daterange",
    "point",
    "st_makepoint",
    "st_setsrid",
    "interval",
  ],
  ...[
    "and",
    "or",
    "not",
    "in",
    "any",
    "all",
    "case",
    "when",
    "then",
    "else",
    "is",
    "between",
    "like",
    "exists",
  ],
  ...["numeric", "decimal", "varchar", "char", "character", "varying", "bit", "time", "timestamp", "bpchar"],
]);

/**
 * Whether an expression can be different for each row.
 *
 * @param expression The default.
 * @returns `"unknown"` where it calls a function that is none of PostgreSQL's, or that is not known here.
 */
export function isVolatileDefault(expression: string): boolean | "unknown" {
  const tokens = lexSql(expression).filter(({ kind }) => kind !== "blank" && kind !== "comment");
  let isUnknown = false;
  for (let index = 0; index < tokens.length - 1; index++) {
    const { kind, text } = tokens[index];
    if ((kind !== "word" && kind !== "name") || tokens[index + 1].text !== "(") continue;
    if (tokens[index - 1]?.text === "::") continue;
    const name = kind === "name" ? text.slice(1, -1) : text.toLowerCase();
    if (VOLATILE.has(name)) return true;
    if (!STEADY.has(name)) isUnknown = true;
  }
  return isUnknown ? "unknown" : false;
}
