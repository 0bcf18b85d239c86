/** What hooks and validators may be given: `deno check` proves what is accepted and what is refused. */
import assert from "node:assert/strict";
import {
  between,
  check,
  column,
  each,
  email,
  future,
  min,
  minLength,
  model,
  notEmpty,
  oneOf,
  past,
  positive,
  uniqueItems,
} from "../../../orm/mod.ts";
import { sql } from "../../../pool/sql/sql.ts";
import type { StandardSchema } from "../../../pool/standard_schema.ts";
import { test } from "../../harness.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

/** Compiles only when its type argument is true. */
function proves<_Claim extends true>(): void {}

declare const textSchema: StandardSchema<string>;
declare const recordSchema: StandardSchema<{ email: string }>;
declare const numberRecordSchema: StandardSchema<{ email: number }>;

/** Never called: only its types count. */
function declareModels(): void {
  const User = model("users", {
    id: column.identity().primaryKey(),
    email: column.text().validate(email(), minLength(3), check("x", "must x", (value) => value.length > 1)),
    age: column.integer().nullable().validate(min(0), check("x", "must x", (value) => value > 1)),
    kind: column.enum("kind", ["a", "b"]).default("a").validate(oneOf(["a"])),
    tags: column.text().array().validate(
      notEmpty(),
      uniqueItems(),
      each(minLength(2), check("trimmed", "must be trimmed", (tag) => tag === tag.trim())),
    ),
    price: column.numeric(10, 2).validate(positive(), between("0", "10")),
    visits: column.bigint().default(0n).validate(min(0n)),
    bornOn: column.date().nullable().validate(past()),
    dueAt: column.timestamptz().nullable().validate(future()),
    note: column.text().nullable().validate(textSchema),
    slug: column.text().generated(sql`lower(email)`),
  }, {
    hooks: {
      beforeInsert(values, { executor, operation, row, key }) {
        proves<Equal<typeof values.email, string>>();
        proves<Equal<typeof values.kind, "a" | "b" | undefined>>();
        proves<Equal<typeof key, unknown>>();
        values.email = values.email.trim();
        void [executor, operation, row?.email];
        // @ts-expect-error: a generated column is not given
        values.slug = "x";
        // @ts-expect-error: no such column
        values.emial = "x";
        // @ts-expect-error: a number is no text
        values.email = 3;
      },
      // A hook may use its own model: nothing asks for what it returns.
      async afterInsert(row, { executor }) {
        proves<Equal<typeof row.age, number | null>>();
        await User.find().where(User.email.eq(row.email)).all(executor);
        // @ts-expect-error: rows are read-only
        row.email = "x";
      },
      beforeUpdate: [
        (values) => {
          proves<Equal<typeof values.email, string | undefined>>();
          values.age = null;
        },
        async (_values, { row }) => {
          await Promise.resolve(row?.email);
        },
      ],
      beforeSave: (values) => void (values.email = values.email?.toLowerCase()),
      beforeDelete: (row) => void row?.email,
      afterLoad: (row) => void row.slug,
      afterCommit: (row, { table }) => void [row.id, table],
    },
    validate: [
      (values, { issue, partial, row }) => {
        proves<Equal<typeof values.email, string | undefined>>();
        if (!partial && row === undefined) issue({ path: ["tags", 0], code: "x", message: "must x" });
        issue({ code: "x", message: "must x" });
        // @ts-expect-error: no such column
        issue({ path: ["emial"], code: "x", message: "must x" });
      },
      async (_values, { executor }) => {
        await User.find().count(executor);
      },
      recordSchema,
    ],
    validateDelete: (row, { issue }) => {
      if (row?.kind === "a") issue({ path: ["kind"], code: "x", message: "must x" });
    },
    validation: "first",
  });
  proves<Equal<typeof User.Row.id, number>>();

  // @ts-expect-error: an integer is no email address
  column.integer().validate(email());
  // @ts-expect-error: a text is no number
  column.text().validate(min(3));
  // @ts-expect-error: an integer is no decimal text
  column.integer().validate(min("3"));
  // @ts-expect-error: a boolean is no moment
  column.boolean().validate(past());
  // @ts-expect-error: a text is no list
  column.text().validate(uniqueItems());
  // @ts-expect-error: the enum has no such label
  column.enum("kind", ["a", "b"]).validate(oneOf(["c"]));
  // @ts-expect-error: what the schema makes is no number
  column.integer().validate(textSchema);
  // @ts-expect-error: it is a function that makes a validator
  column.text().validate(email);
  // @ts-expect-error: there is no such hook
  model("users", { id: column.integer() }, { hooks: { beforeInserts() {} } });
  // @ts-expect-error: a hook is a function
  model("users", { id: column.integer() }, { hooks: { beforeInsert: "x" } });
  // @ts-expect-error: there is no such mode
  model("users", { id: column.integer() }, { validation: "some" });
  // @ts-expect-error: what the schema makes does not fit the column
  model("users", { email: column.text() }, { validate: numberRecordSchema });
}

test("hooks and validators are typed by the model's columns", () => {
  assert.equal(declareModels.length, 0);
});
