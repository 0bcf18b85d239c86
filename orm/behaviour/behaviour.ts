/**
 * What a model does around its writes and reads: hooks and validators. The parts of the ORM that write and read call
 * it; a model without any has no `Behaviour`, and pays for one check of `undefined`.
 *
 * The order of one call, which is what applications may rely on:
 *
 * 1. copies are made of the values: no hook ever changes what a caller holds, nor what another call was given;
 * 2. hooks before, record after record: `beforeSave`, then `beforeInsert` or `beforeUpdate`; or `beforeDelete`;
 * 3. validators, of all records: columns first, then the model's;
 * 4. the checks every write makes (unknown, generated, missing columns, types), which see what hooks left;
 * 5. SQL, not even BEGIN before this;
 * 6. hooks after, row after row: `afterInsert` or `afterUpdate`, then `afterSave`; or `afterDelete`;
 * 7. `afterCommit`: when the outermost transaction commits, or at once where there is none.
 *
 * Invariants: what throws in 2 to 4 is thrown as it is and nothing was sent; each step waits for the one before; where
 * no hook and no validator is asynchronous, 2 and 3 are not either; an aborted call runs no further hook before SQL.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { nearestWord } from "../../pool/wire/configuration/nearest_word.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import type { AnyColumn } from "../building/column.ts";
import type { ColumnDefinitions } from "../definition/row_types.ts";
import { runAfterCommit } from "./after_commit.ts";
import {
  type AnyHook,
  defineHooks,
  type HookContext,
  type HookLists,
  type HookName,
  type ModelHooks,
  type WriteOperation,
} from "./hooks.ts";
import { followedBy, inTurn } from "./in_turn.ts";
import {
  type AnyModelValidator,
  defineModelValidators,
  type DeleteValidator,
  type OneOrMany,
  type RecordValidator,
} from "./model_validator.ts";
import { Validation } from "./validation.ts";
import type { Call, Draft, Write } from "./write.ts";

/** What a model's options say of its behaviour. */
export interface BehaviourOptions<Columns extends ColumnDefinitions = ColumnDefinitions> {
  /** Functions that run before and after rows are written, and after they are read. */
  readonly hooks?: ModelHooks<Columns>;
  /** What validates whole records before an insert or update: functions, or any Standard Schemas. */
  readonly validate?: OneOrMany<RecordValidator<Columns>>;
  /** What validates deletes. */
  readonly validateDelete?: OneOrMany<DeleteValidator<Columns>>;
  /** Whether validation ends at the first issue or tells all. Default `"all"`. */
  readonly validation?: "first" | "all";
}

/** The options' names. */
export const BEHAVIOUR_OPTIONS: readonly (keyof BehaviourOptions)[] = [
  "hooks",
  "validate",
  "validateDelete",
  "validation",
];

/** What a behaviour needs to know of a model. */
export interface BehaviourSubject {
  /** The table's name. */
  readonly name: string;
  /** The columns by property. */
  readonly columns: ReadonlyMap<string, AnyColumn>;
  /** The column that gets the time of an insert by itself. */
  readonly createdAt?: AnyColumn;
  /** The column that gets the time of each change by itself. */
  readonly updatedAt?: AnyColumn;
}

const BEFORE: Readonly<Record<WriteOperation, readonly HookName[]>> = {
  insert: ["beforeSave", "beforeInsert"],
  update: ["beforeSave", "beforeUpdate"],
  upsert: ["beforeSave", "beforeInsert"],
  delete: ["beforeDelete"],
};
const AFTER: Readonly<Record<WriteOperation, readonly HookName[]>> = {
  insert: ["afterInsert", "afterSave"],
  update: ["afterUpdate", "afterSave"],
  upsert: ["afterSave"],
  delete: ["afterDelete"],
};
const OPERATIONS: readonly WriteOperation[] = ["insert", "update", "upsert", "delete"];
const MODES: readonly string[] = ["all", "first"];

/** Which operations something is to be done for. */
export type OperationFlags = Readonly<Record<WriteOperation, boolean>>;

/** The hooks and validators of one model; made by {@link defineBehaviour}. */
export class Behaviour {
  readonly #table: string;
  readonly #hooks: HookLists;
  readonly #validation: Validation;
  readonly #beforeHooks: Readonly<Record<WriteOperation, readonly AnyHook[]>>;
  readonly #afterHooks: Readonly<Record<WriteOperation, readonly AnyHook[]>>;
  /** Whether {@link Behaviour.before} does anything. */
  readonly actsBefore: OperationFlags;
  /** Whether {@link Behaviour.after} does anything, so that the statement has to return whole rows. */
  readonly needsRows: OperationFlags;
  /** Whether {@link Behaviour.loaded} does anything. */
  readonly actsOnLoad: boolean;

  /** Creates a behaviour from what was checked. */
  constructor(table: string, hooks: HookLists, validation: Validation) {
    this.#table = table;
    this.#hooks = hooks;
    this.#validation = validation;
    this.#beforeHooks = byOperation((operation) => BEFORE[operation].flatMap((name) => hooks[name] ?? []));
    this.#afterHooks = byOperation((operation) => AFTER[operation].flatMap((name) => hooks[name] ?? []));
    this.actsBefore = byOperation((operation) =>
      this.#beforeHooks[operation].length > 0 || this.#validates(operation)
    );
    this.needsRows = byOperation((operation) =>
      this.#afterHooks[operation].length > 0 || hooks.afterCommit !== undefined
    );
    this.actsOnLoad = hooks.afterLoad !== undefined;
  }

  /** Whether it does anything at all. */
  get isActive(): boolean {
    return this.actsOnLoad ||
      OPERATIONS.some((operation) => this.actsBefore[operation] || this.needsRows[operation]);
  }

  /**
   * Runs the hooks before a write and validates what they leave; to be called before the executor is touched.
   *
   * @param operation What is about to be done.
   * @param writes What was given, record by record.
   * @param call What the call runs on.
   * @returns The values to write, in the same order: copies, unless nothing was to be done. A promise where a hook or
   * a validator is asynchronous.
   */
  before(operation: WriteOperation, writes: readonly Write[], call: Call): Draft[] | Promise<Draft[]> {
    const isWellFormed = writes.every(({ values }) => operation === "delete" || isRecord(values));
    // What is no object is refused by the checks that follow.
    if (!this.actsBefore[operation] || !isWellFormed) return writes.map(({ values }) => values as Draft);
    const drafts = writes.map(({ values }): Draft => ({ ...values }));
    const hooks = this.#beforeHooks[operation];
    const hooked = hooks.length === 0 ? undefined : inTurn(writes, (write, index) => {
      const context = this.#context(operation, call, write);
      const subject = operation === "delete" ? write.row : drafts[index];
      return inTurn(hooks, (hook) => {
        call.signal?.throwIfAborted();
        return hook(subject, context);
      });
    });
    return followedBy(hooked, () => {
      if (!this.#validates(operation)) return drafts;
      return followedBy(this.#validation.validate(operation, writes, drafts, call), () => drafts);
    });
  }

  /** As {@link Behaviour.before}, for one record. */
  beforeOne(operation: WriteOperation, write: Write, call: Call): Draft | Promise<Draft> {
    const drafts = this.before(operation, [write], call);
    return drafts instanceof Promise ? firstOf(drafts) : drafts[0];
  }

  /**
   * Runs the hooks after a write that succeeded, and sees to `afterCommit`.
   *
   * @param operation What was done.
   * @param rows The whole rows that were written, as the model's users see them.
   * @param call What the call ran on: the transaction where one was opened for it.
   */
  after(operation: WriteOperation, rows: readonly unknown[], call: Call): void | Promise<void> {
    if (!this.needsRows[operation] || rows.length === 0) return;
    const context = this.#context(operation, call, {});
    return followedBy(runHooks(this.#afterHooks[operation], rows, context), () => {
      const { afterCommit } = this.#hooks;
      if (afterCommit === undefined) return;
      return runAfterCommit(
        call.executor,
        afterCommit.flatMap((hook) => rows.map((row) => () => hook(row, context))),
      );
    });
  }

  /**
   * Runs the hooks after whole rows were read.
   *
   * @param rows The rows, as the model's users see them.
   * @param executor What they were read on.
   * @param signal Ends the call.
   */
  loaded(rows: readonly unknown[], executor: Executor, signal?: AbortSignal): void | Promise<void> {
    const { afterLoad } = this.#hooks;
    if (afterLoad === undefined || rows.length === 0) return;
    return runHooks(afterLoad, rows, this.#context("load", { executor, signal }, {}));
  }

  #validates(operation: WriteOperation): boolean {
    return operation === "delete" ? this.#validation.validatesDeletes : this.#validation.validatesValues;
  }

  #context(operation: WriteOperation | "load", call: Call, { row, key }: Write): HookContext<unknown> {
    return { executor: call.executor, table: this.#table, operation, signal: call.signal, row, key };
  }
}

/**
 * Checks what a model's options say of its behaviour.
 *
 * @param subject The model's name and columns.
 * @param options The options.
 * @returns The behaviour; `undefined` when there is none.
 * @throws {ValidationError} When an option cannot be used.
 */
export function defineBehaviour(
  subject: BehaviourSubject,
  options: BehaviourOptions,
): Behaviour | undefined {
  const { name, columns, createdAt, updatedAt } = subject;
  const { hooks = {}, validate, validateDelete, validation = "all" } = options;
  if (!MODES.includes(validation)) {
    const near = nearestWord(String(validation), MODES);
    throw new ValidationError(
      `option "validation" of model "${name}"`,
      near === undefined ? 'it is neither "all" nor "first"; use one of them' : `did you mean "${near}"?`,
    );
  }
  const deleteValidators = defineModelValidators(
    `option "validateDelete" of model "${name}"`,
    validateDelete,
  );
  const behaviour = new Behaviour(
    name,
    defineHooks(name, hooks),
    new Validation({
      table: name,
      columns,
      times: new Set([createdAt, updatedAt]),
      validators: defineModelValidators(`option "validate" of model "${name}"`, validate),
      deleteValidators: deleteValidators as readonly AnyModelValidator[],
      failFast: validation === "first",
    }),
  );
  return behaviour.isActive ? behaviour : undefined;
}

/** Awaits, rather than chains: runtimes follow awaits to the caller's line. */
async function firstOf(drafts: Promise<Draft[]>): Promise<Draft> {
  return (await drafts)[0];
}

function runHooks(
  hooks: readonly AnyHook[],
  rows: readonly unknown[],
  context: HookContext<unknown>,
): void | Promise<void> {
  if (hooks.length === 0) return;
  return inTurn(rows, (row) => inTurn(hooks, (hook) => hook(row, context)));
}

function byOperation<Value>(valueOf: (operation: WriteOperation) => Value): Record<WriteOperation, Value> {
  return {
    insert: valueOf("insert"),
    update: valueOf("update"),
    upsert: valueOf("upsert"),
    delete: valueOf("delete"),
  };
}

function isRecord(values: unknown): boolean {
  return typeof values === "object" && values !== null && !Array.isArray(values);
}
