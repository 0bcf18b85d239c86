import assert from "node:assert/strict";
import { ConfigError } from "../../../../pool/wire/errors.ts";
import { findService } from "../../../../pool/wire/configuration/service_file.ts";
import { test } from "../../../harness.ts";

const FILE = `# services
[one]
host=h1
  # a comment
port=5433

[two]
host=h2
options=-c a=b
[broken]
host
[nested]
service=one
`;

test("findService() reads the parameters of one section", () => {
  const pairs = (service: string) =>
    findService(FILE, service, "/f")?.map(({ name, value }) => [name, value]);
  assert.deepEqual(pairs("one"), [["host", "h1"], ["port", "5433"]]);
  assert.deepEqual(pairs("two"), [["host", "h2"], ["options", "-c a=b"]]);
  assert.equal(pairs("three"), undefined);
  assert.deepEqual(findService("[a]\r\nhost=h\r\n", "a", "/f")?.[0].value, "h");
});

test("findService() names the line that is malformed, in the wanted section only", () => {
  const table: readonly (readonly [string, string])[] = [
    ["broken", 'line 11 of "/f" is not "name=value"; correct that line'],
    ["nested", 'line 13 of "/f" refers to another service, which is not possible; remove that line'],
  ];
  for (const [service, problem] of table) {
    assert.throws(() => findService(FILE, service, "/f"), (error: unknown) => {
      assert(error instanceof ConfigError);
      assert.equal(error.message, `Cannot use setting "service" from service "${service}": ${problem}`);
      return true;
    });
  }
});
