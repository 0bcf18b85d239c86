/** Models with methods of the user's own. */
import assert from "node:assert/strict";
import { and, column, type Condition, model, or } from "../../orm/mod.ts";
import { ValidationError } from "../../pool/wire/errors.ts";
import { test } from "../harness.ts";
import { FakeExecutor } from "./fake_executor.ts";

const User = model("users", {
  id: column.identity().primaryKey(),
  email: column.text(),
  age: column.integer().nullable(),
});
const Users = User.extend((users) => ({
  adult: (from = 18): Condition => User.age.gte(from),
  staff: (): Condition => User.email.like("%@example.org"),
  byEmail: (email: string) => users.find().where({ email }),
}));

test("Model.extend() adds scopes that combine, and queries on what the model is bound to", async () => {
  const fake = new FakeExecutor();
  fake.rows = [{ id: 1, email: "ada@example.org", age: 36 }];
  const query = Users.find().where(and(Users.adult(21), or(Users.staff(), User.age.isNull())));
  assert.match(
    query.toSQL().text,
    / where \("users"\."age" >= \$1 and \("users"\."email" like \$2 or "users"\."age" is null\)\)$/,
  );
  const row = await Users.on(fake.executor).byEmail("ada@example.org").one();
  assert.equal(row.age, 36);
  assert.deepEqual(fake.last.values, ["ada@example.org"]);
  assert.equal((await Users.byEmail("x").first(fake.executor))?.id, 1, "unbound, a call names its executor");
  await assert.rejects(Users.byEmail("x").first(), /it has no pool to run on/);
});

test("Model.extend() keeps the members of an extended model, and refuses a name that is taken", () => {
  const More = Users.extend((users) => ({ adults: () => users.find().where(users.adult()) }));
  assert.match(More.adults().toSQL().text, /"age" >= \$1$/);
  assert.match(More.on(new FakeExecutor().executor).adults().toSQL().text, /"age" >= \$1$/);
  for (const taken of ["find", "email", "adult"]) {
    assert.throws(
      () => Users.extend(() => ({ [taken]: 1 })),
      (error) => error instanceof ValidationError && error.message.includes(`it has "${taken}" already`),
    );
  }
  assert.throws(() => Users.extend("x" as never), /give a function/);
});
