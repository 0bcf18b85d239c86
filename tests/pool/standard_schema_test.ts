import assert from "node:assert/strict";
import { type SchemaIssue, validateRows } from "../../pool/standard_schema.ts";
import { test } from "../harness.ts";

/** A path as arktype has it: an array class whose constructor takes elements. */
class Path extends Array<PropertyKey> {
  constructor(...keys: PropertyKey[]) {
    super();
    this.push(...keys);
  }
}

test("validateRows() reads paths of a class of their own", async () => {
  const issues: SchemaIssue[] = [{ message: "is odd", path: new Path("n") }, {
    message: "is no row",
    path: new Path(),
  }];
  const schema = { "~standard": { version: 1 as const, vendor: "test", validate: () => ({ issues }) } };
  await assert.rejects(validateRows(schema, [{}]), {
    message: 'Cannot use row 1 of the result: it does not satisfy the schema: "n": is odd; is no row',
  });
});
