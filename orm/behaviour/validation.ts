/**
 * The validators of one model at work.
 *
 * For each record: first its columns in their order, each given value (and on an insert each default that is a value)
 * by its type and then by its validators; then, when every value has its type, the model's own validators. With
 * `"first"` the first issue ends it. SQL expressions are not looked at: only PostgreSQL knows what they come to.
 *
 * @module
 */
import type { StandardSchema } from "../../pool/standard_schema.ts";
import type { AnyColumn } from "../building/column.ts";
import { fragmentOf } from "../building/composition.ts";
import { isRequired, whyNotWritten } from "../definition/column_input.ts";
import type { WriteOperation } from "./hooks.ts";
import { followedBy, inTurn, isPromise, STOP } from "./in_turn.ts";
import { type ModelIssue, ModelValidationError } from "./model_validation_error.ts";
import type { AnyModelValidator, FoundIssue, ValidationContext } from "./model_validator.ts";
import type { Call, Draft, Write } from "./write.ts";
import { judge, type SchemaVerdict } from "./validators/field_issues.ts";
import {
  type AnyFieldValidator,
  isSchema,
  type Validator,
  type ValidatorIssues,
} from "./validators/validator.ts";

/** How many issues are collected at most when many records are given. */
const MAX_ISSUES = 1_000;

/** What a model is validated with. */
export interface ValidationRules {
  /** The model's table, for the messages. */
  readonly table: string;
  /** The model's columns. */
  readonly columns: ReadonlyMap<string, AnyColumn>;
  /** The columns that get the database's time where they are not given. */
  readonly times: ReadonlySet<AnyColumn | undefined>;
  /** What validates whole records that are inserted or updated. */
  readonly validators: readonly (AnyModelValidator | StandardSchema)[];
  /** What validates deletes. */
  readonly deleteValidators: readonly AnyModelValidator[];
  /** Whether the first issue ends the validation. */
  readonly failFast: boolean;
}

/** One record on its way through the validators. */
interface Subject {
  readonly operation: WriteOperation;
  readonly call: Call;
  readonly write: Write;
  readonly draft: Draft;
  readonly issues: ModelIssue[];
  /** Whether a value is missing or not of its column's type. */
  isMalformed: boolean;
}

/** The validators of a model. */
export class Validation {
  readonly #rules: ValidationRules;
  readonly #columns: readonly AnyColumn[];
  /** Whether inserts and updates are validated. */
  readonly validatesValues: boolean;
  /** Whether deletes are. */
  readonly validatesDeletes: boolean;

  /** Creates the validation of a model from its rules. */
  constructor(rules: ValidationRules) {
    this.#rules = rules;
    this.#columns = [...rules.columns.values()];
    this.validatesValues = rules.validators.length > 0 ||
      this.#columns.some(({ settings }) => settings.validators !== undefined);
    this.validatesDeletes = rules.deleteValidators.length > 0;
  }

  /**
   * Validates what is to be written.
   *
   * @param operation What is done.
   * @param writes What was given, to look up what is known of a row.
   * @param drafts The values of each, in which a schema's output takes the place of what it was made from.
   * @param call What the call runs on.
   * @throws {ModelValidationError} When anything is wrong.
   */
  validate(
    operation: WriteOperation,
    writes: readonly Write[],
    drafts: readonly Draft[],
    call: Call,
  ): void | Promise<void> {
    const found: ModelIssue[] = [];
    const most = this.#rules.failFast ? 1 : MAX_ISSUES;
    const done = inTurn(writes, (write, index) => {
      if (found.length >= most) return STOP;
      const subject: Subject = {
        operation,
        call,
        write,
        draft: drafts[index],
        issues: [],
        isMalformed: false,
      };
      const validated = operation === "delete"
        ? this.#validateDelete(subject)
        : this.#validateValues(subject);
      return followedBy(validated, () => {
        for (const issue of subject.issues) {
          found.push(call.many === true ? { ...issue, path: [index, ...issue.path] } : issue);
        }
      });
    });
    return followedBy(done, () => {
      if (found.length === 0) return;
      const what = operation === "delete" ? "the delete" : "the values";
      const issues = this.#rules.failFast ? found.slice(0, 1) : found;
      throw new ModelValidationError(`${what} of model "${this.#rules.table}"`, issues);
    });
  }

  #validateValues(subject: Subject): void | Promise<void> {
    const fields = inTurn(this.#columns, (column) => {
      if (this.#isDone(subject)) return STOP;
      return this.#validateField(column, subject);
    });
    return followedBy(fields, () => {
      if (subject.isMalformed) return;
      return inTurn(this.#rules.validators, (validator) => {
        if (this.#isDone(subject)) return STOP;
        return this.#validateRecord(validator, subject);
      });
    });
  }

  #isDone({ issues }: Subject): boolean {
    return this.#rules.failFast && issues.length > 0;
  }

  #validateField(column: AnyColumn, subject: Subject): void | Promise<void> {
    const { property, settings } = column;
    const { draft, operation, issues } = subject;
    if (whyNotWritten(settings) !== undefined) return;
    const isGiven = Object.hasOwn(draft, property);
    const inserts = operation !== "update";
    if (!isGiven && inserts && isRequired(settings) && !this.#rules.times.has(column)) {
      return malformed(subject, property, REQUIRED);
    }
    const value = isGiven ? draft[property] : inserts ? settings.default : undefined;
    if (value === undefined || fragmentOf(value) !== undefined) return;
    if (value === null) {
      return settings.nullable === true ? undefined : malformed(subject, property, NOT_NULL);
    }
    if (column.refuse(value) !== undefined) {
      return malformed(subject, property, { code: "type", message: `must be ${settings.type.expected}` });
    }
    if (settings.validators === undefined) return;
    let current: unknown = value;
    return inTurn(settings.validators, (validator) => {
      if (this.#isDone(subject)) return STOP;
      return settle(judgeField(validator, current), (verdict) => {
        for (const issue of verdict.issues ?? []) issues.push({ ...issue, path: [property, ...issue.path] });
        if (verdict.issues !== undefined || verdict.value === current) return;
        current = verdict.value;
        if (isGiven) draft[property] = current;
      });
    });
  }

  #validateRecord(validator: AnyModelValidator | StandardSchema, subject: Subject): void | Promise<void> {
    const { operation, write, draft, issues } = subject;
    const known = this.#knownValues(subject);
    const partial = (operation === "update" && write.row === undefined) ||
      Object.values(draft).some((value) => fragmentOf(value) !== undefined);
    if (!isSchema(validator)) {
      return validator(known, this.#context(subject, partial) as ValidationContext<never>) as void;
    }
    return settle(judge(validator, known), (verdict) => {
      if (verdict.issues === undefined) return this.#take(verdict.value, known, subject);
      // A schema of whole records misses what is not known here: that is no issue of this write's.
      issues.push(
        ...partial ? verdict.issues.filter(({ path }) => Object.hasOwn(known, path[0])) : verdict.issues,
      );
    });
  }

  /** What a record is known to hold once it is written. */
  #knownValues({ operation, write, draft }: Subject): Draft {
    const known: Draft = { ...(operation === "update" ? write.row : undefined) };
    for (const { property, settings } of this.#columns) {
      const value = Object.hasOwn(draft, property)
        ? draft[property]
        : operation === "update"
        ? known[property]
        : settings.default;
      if (value === undefined || fragmentOf(value) !== undefined) delete known[property];
      else known[property] = value;
    }
    return known;
  }

  /** Takes over what a schema made of a record: of an update, only what was to be written anyway. */
  #take(output: unknown, known: Draft, { operation, draft }: Subject): void {
    if (typeof output !== "object" || output === null) return;
    for (const [property, value] of Object.entries(output)) {
      const column = this.#rules.columns.get(property);
      if (column === undefined || whyNotWritten(column.settings) !== undefined) continue;
      if (value === undefined || Object.is(value, known[property])) continue;
      if (operation === "update" && !Object.hasOwn(draft, property)) continue;
      draft[property] = value;
    }
  }

  #validateDelete(subject: Subject): void | Promise<void> {
    return inTurn(this.#rules.deleteValidators, (validator) => {
      if (this.#isDone(subject)) return STOP;
      const { row } = subject.write;
      return validator(row, this.#context(subject, row === undefined) as ValidationContext<never>);
    });
  }

  #context({ operation, call, write, issues }: Subject, partial: boolean): ValidationContext<unknown> {
    return {
      issue: ({ path = [], code, message }: FoundIssue<PropertyKey>) => {
        issues.push({ path: path as readonly (string | number)[], code, message });
      },
      executor: call.executor,
      table: this.#rules.table,
      operation,
      signal: call.signal,
      partial,
      row: write.row,
    };
  }
}

const REQUIRED = { code: "required", message: "must be given" } as const;
const NOT_NULL = { code: "required", message: "must not be null" } as const;

function malformed(
  subject: Subject,
  property: string,
  { code, message }: { readonly code: string; readonly message: string },
): void {
  subject.isMalformed = true;
  subject.issues.push({ path: [property], code, message });
}

/** A schema may make something of the value; every other validator leaves it. */
function judgeField(
  validator: AnyFieldValidator,
  value: unknown,
): SchemaVerdict | Promise<SchemaVerdict> {
  if (isSchema(validator)) return judge(validator, value);
  const verdict = (issues: ValidatorIssues) => issues === undefined ? { issues, value } : { issues };
  const issues = (validator as Validator<unknown>).issuesOf(value);
  return isPromise(issues) ? Promise.resolve(issues).then(verdict) : verdict(issues);
}

function settle<Value>(
  value: Value | Promise<Value>,
  next: (value: Value) => void,
): void | Promise<void> {
  return value instanceof Promise ? settled(value, next) : next(value);
}

async function settled<Value>(value: Promise<Value>, next: (value: Value) => void): Promise<void> {
  next(await value);
}
