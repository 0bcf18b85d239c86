/**
 * All rules of the lint, in the order in which `docs/migration-lints.md` has them.
 *
 * @module
 */
import type { Rule } from "../rule.ts";
import { COLUMN_RULES } from "./column_rules.ts";
import { CONSTRAINT_RULES } from "./constraint_rules.ts";
import { GUARANTEE_RULES } from "./guarantee_rules.ts";
import { INDEX_RULES } from "./index_rules.ts";
import { LOSS_RULES } from "./loss_rules.ts";
import { ROW_RULES } from "./row_rules.ts";
import { STYLE_RULES } from "./style_rules.ts";
import { TABLE_RULES } from "./table_rules.ts";
import { USE_RULES } from "./use_rules.ts";

/** All rules. */
export const RULES: readonly Rule[] = [
  ...LOSS_RULES,
  ...USE_RULES,
  ...GUARANTEE_RULES,
  ...INDEX_RULES,
  ...CONSTRAINT_RULES,
  ...COLUMN_RULES,
  ...TABLE_RULES,
  ...ROW_RULES,
  ...STYLE_RULES,
];
