/** What no other test of steps sees: what is refused, and replacements that PostgreSQL has no statement for. */
import assert from "node:assert/strict";
import type { CatalogObject, TriggerObject } from "../../../migrate/catalog/objects.ts";
import { Schema } from "../../../migrate/schema/schema.ts";
import { reverseStep, reverseSteps } from "../../../migrate/steps/reverse.ts";
import type { ColumnChange, Step } from "../../../migrate/steps/step.ts";
import { writeStep } from "../../../migrate/steps/write_step.ts";
import { column } from "../../../mod.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { test } from "../../harness.ts";

const USERS = { name: "users" };

function changed(change: ColumnChange): Step {
  return { kind: "column", table: USERS, column: "a", change };
}

function texts(step: Step, version = 18): readonly string[] {
  return writeStep(step, version).map(({ text }) => text);
}

const opaque: CatalogObject = { kind: "opaque", name: "r", what: "rule", hash: "", dependsOn: [] };
const extension: CatalogObject = { kind: "extension", name: "e", dependsOn: [] };
const unique: CatalogObject = {
  kind: "constraint",
  name: "u",
  table: "users",
  dependsOn: [],
  isValid: true,
  constraint: { type: "unique", columns: ["a"], include: [], parameters: {} },
};
const stored = { expression: "1", kind: "stored" } as const;
const virtual = { expression: "1", kind: "virtual" } as const;

const REFUSED: readonly (readonly [Step, number, RegExp])[] = [
  [changed({ type: "storage", from: "main" }), 15, /before 16 has no SET STORAGE DEFAULT; name the storage/],
  [
    changed({ type: "generated", from: stored, to: stored }),
    16,
    /before 17 cannot change an expression; drop it/,
  ],
  [changed({ type: "generated", from: stored, to: virtual }), 18, /it is stored and cannot become virtual/],
  [changed({ type: "generated", from: virtual }), 18, /has no values to keep; drop it and add another/],
  [{ kind: "create", object: opaque }, 18, /does not tell its definition; write the statement with sql\(\)/],
  [{ kind: "drop", object: opaque }, 18, /it is not known how it is dropped/],
  [{ kind: "rename", object: extension, to: "x" }, 18, /it cannot be renamed/],
  [{ kind: "move", object: unique, to: "x" }, 18, /it is in its table's schema; move the table/],
  [
    { kind: "constraint", object: unique, change: { type: "deferrable", to: "deferred" } },
    18,
    /only a foreign key's deferral can be changed; drop it and create it again/,
  ],
];

test("writeStep() refuses what PostgreSQL cannot do, and says what to do instead", () => {
  for (const [step, version, message] of REFUSED) {
    assert.throws(() => writeStep(step, version), (error) => {
      assert.ok(error instanceof ValidationError);
      assert.match(error.message, message);
      return true;
    });
  }
});

test("writeStep() writes nothing for what came with a parent's", () => {
  const inherited: CatalogObject = { ...unique, inherited: true, comment: "c" };
  assert.deepEqual(texts({ kind: "create", object: inherited }), []);
  assert.deepEqual(texts({ kind: "drop", object: inherited }), []);
  assert.deepEqual(
    texts(changed({ type: "add", column: { name: "a", type: "int", notNull: false, inherited: true } })),
    [],
  );
});

test("writeStep() replaces a trigger in place, and a constraint trigger by another", () => {
  const trigger = (definition: string): TriggerObject => ({
    kind: "trigger",
    name: "t",
    table: "users",
    definition,
    enabled: "origin",
    dependsOn: [],
  });
  const plain = trigger("CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f()");
  assert.deepEqual(texts({ kind: "replace", from: plain, to: plain }), [
    "create or replace trigger t BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f()",
  ]);
  const late = trigger("CREATE CONSTRAINT TRIGGER t AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION f()");
  assert.deepEqual(
    texts({ kind: "replace", from: plain, to: { ...late, enabled: "always", comment: "c" } }),
    [
      'drop trigger "t" on "users"',
      late.definition,
      'alter table "users" enable always trigger "t"',
      `comment on trigger "t" on "users" is 'c'`,
    ],
  );
});

test("reverseStep() casts where PostgreSQL does not, and says what a change of type loses", () => {
  const back = (from: string, to: string): readonly [string, boolean] => {
    const { steps, loss } = reverseStep(changed({ type: "type", from: { type: from }, to: { type: to } }));
    return [
      texts(steps[0])[0].replace('alter table "users" alter column "a" set data type ', ""),
      loss !== undefined,
    ];
  };
  assert.deepEqual(back("integer", "bigint"), ["integer", false]);
  assert.deepEqual(back("bigint", "integer"), ["bigint", true]);
  assert.deepEqual(back("smallint", "numeric"), ["smallint", false]);
  assert.deepEqual(back("integer", "numeric(3,1)"), ["integer", true]);
  assert.deepEqual(back("varchar(10)", "text"), ["varchar(10)", false]);
  assert.deepEqual(back("varchar(10)", "character varying(20)"), ["varchar(10)", false]);
  assert.deepEqual(back("text", "varchar(10)"), ["text", true]);
  assert.deepEqual(back("integer", "text"), ['integer using "a"::integer', true]);
  assert.deepEqual(back("date", "timestamp with time zone"), ["date", true]);
  assert.deepEqual(back("text[]", "integer[]"), ['text[] using "a"::text[]::text[]', true]);
});

test("reverseSteps() goes backwards, and says in its words what it cannot do", () => {
  const schema = new Schema();
  schema.createSchema("a");
  schema.alterTable("users", (t) => t.dropColumn("b", { was: column.text() }));
  schema.sql("select 1");
  const { steps, losses, impossible } = reverseSteps(schema.steps);
  assert.deepEqual(steps.flatMap((step) => texts(step)), [
    'alter table "users" add column "b" text not null',
    'drop schema "a"',
  ]);
  assert.equal(losses.length, 2);
  assert.deepEqual(impossible, [
    "what reverses a statement written by hand is not known; give it as down, or write down()",
  ]);
});
