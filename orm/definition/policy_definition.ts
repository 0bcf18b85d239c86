/**
 * Row-level security as a model declares it.
 *
 * @module
 */
import { assertSql, type Sql } from "../../pool/sql/sql.ts";
import { kindOf } from "../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../pool/wire/errors.ts";

/**
 * Whether a table's policies apply: `"enabled"` for everybody but its owner and superusers, `"forced"` for its owner too.
 */
export type RowSecurity = "enabled" | "forced";

/** What a policy is about. */
export type PolicyCommand = "all" | "select" | "insert" | "update" | "delete";

const COMMANDS: readonly PolicyCommand[] = ["all", "select", "insert", "update", "delete"];

/** What a policy says. */
export interface PolicyOptions {
  /** Which rows can be seen, changed and deleted. A function where it is of models that are declared later. */
  readonly using?: Sql | (() => Sql);
  /** Which rows can be written. Default: those of `using`. */
  readonly check?: Sql | (() => Sql);
  /** What it is about. Default `"all"`. */
  readonly command?: PolicyCommand;
  /** Whom it is about: names of roles, `"public"`, `"current_user"`. Default: everybody. */
  readonly roles?: readonly string[];
  /** Whether it narrows what other policies allow, instead of adding to it. Default false. */
  readonly restrictive?: boolean;
}

/** A policy; made by {@link policy}. */
export class PolicyDefinition {
  /** Its name. */
  readonly name: string;
  /** What it says. */
  readonly options: PolicyOptions;

  /** Creates it; user code calls {@link policy}. */
  constructor(name: string, options: PolicyOptions) {
    this.name = name;
    this.options = options;
  }
}

const OPTIONS: readonly string[] = [
  "using",
  "check",
  "command",
  "roles",
  "restrictive",
] satisfies (keyof PolicyOptions)[];

/**
 * Declares a policy of row-level security, in the option `policies` of a model. Where a model has one, its table's row
 * security is enabled unless the option `rowSecurity` says more.
 *
 * @param name Its name; a table has it once.
 * @param options See {@link PolicyOptions}. Values in its conditions become literals.
 * @throws {ValidationError} When an option is unknown or of the wrong kind, or PostgreSQL takes none of its kind.
 *
 * @example
 * ```ts
 * import { column, createTablesSQL, model, policy, sql } from "@lifeguard/core";
 * const Note = model("notes", { tenant: column.integer(), body: column.text() }, {
 *   rowSecurity: "forced",
 *   policies: (t) => [
 *     policy("of_tenant", { using: sql`${t.tenant} = current_setting('app.tenant', true)::integer` }),
 *   ],
 * });
 * const texts = createTablesSQL([Note]).map((statement) => statement.text);
 * console.assert(texts[1] === 'alter table "notes" enable row level security');
 * console.assert(texts[2] === 'alter table "notes" force row level security');
 * console.assert(texts[3] === `create policy "of_tenant" on "notes" ` +
 *   `using ("notes"."tenant" = current_setting('app.tenant', true)::integer)`);
 * ```
 */
export function policy(name: string, options: PolicyOptions): PolicyDefinition {
  if (typeof name !== "string" || name === "") {
    throw new ValidationError("a policy", "it has no name; give one");
  }
  const subject = `policy "${name}"`;
  const { using, check, command = "all", roles, ...rest } = options ?? {};
  for (const option of Object.keys(rest)) {
    if (!OPTIONS.includes(option)) {
      throw new ValidationError(
        `option "${option}" of ${subject}`,
        `there is none; use ${OPTIONS.join(", ")}`,
      );
    }
  }
  if (!COMMANDS.includes(command)) {
    throw new ValidationError(subject, `its command is unknown; use ${COMMANDS.join(", ")}`);
  }
  for (const [part, condition] of Object.entries({ using, check })) {
    if (condition !== undefined && typeof condition !== "function") {
      assertSql(condition, `the option "${part}" of ${subject}`);
    }
  }
  if (using === undefined && check === undefined) {
    throw new ValidationError(subject, 'it has no condition; give "using" or "check"');
  }
  if (command === "insert" && using !== undefined) {
    throw new ValidationError(subject, 'an insert has no rows to see; give "check" instead of "using"');
  }
  if ((command === "select" || command === "delete") && check !== undefined) {
    throw new ValidationError(subject, `a ${command} writes no row; give "using" alone`);
  }
  if (roles !== undefined && !(Array.isArray(roles) && roles.length > 0 && roles.every(isName))) {
    throw new ValidationError(subject, `its roles are ${kindOf(roles)}; give names, or leave them out`);
  }
  return new PolicyDefinition(name, { ...options });
}

function isName(name: unknown): boolean {
  return typeof name === "string" && name !== "";
}
