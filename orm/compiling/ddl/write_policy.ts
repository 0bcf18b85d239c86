/**
 * The text of row-level security.
 *
 * @module
 */
import { quoteIdentifier } from "../../../pool/sql/identifier.ts";
import type { PolicyRecord, QualifiedName } from "./schema_records.ts";
import { writeName } from "./write_table.ts";

/** Words that stand for a role and are none with quotes. */
const ROLE_WORDS: ReadonlySet<string> = new Set(["public", "current_user", "current_role", "session_user"]);

/** The statement that creates a policy. */
export function writePolicy(table: QualifiedName, policy: PolicyRecord): string {
  const { name, command, restrictive, roles, using, check } = policy;
  const words = [
    `create policy ${quoteIdentifier(name)} on ${writeName(table)}`,
    restrictive ? "as restrictive" : "",
    command === "all" ? "" : `for ${command}`,
    roles.length === 0 ? "" : `to ${roles.map(roleText).join(", ")}`,
    using === undefined ? "" : `using (${using})`,
    check === undefined ? "" : `with check (${check})`,
  ];
  return words.filter((word) => word !== "").join(" ");
}

function roleText(role: string): string {
  return ROLE_WORDS.has(role) ? role : quoteIdentifier(role);
}
