import assert from "node:assert/strict";
import { findPassword, readPasswordFile } from "../../../../pool/wire/configuration/password_file.ts";
import { test } from "../../../harness.ts";
import { fakeEnvironment } from "./fake_environment.ts";

const SUBJECT = { host: "db.example", port: 5432, database: "shop", user: "ann" };

test("findPassword() takes the first line that matches", () => {
  const table: readonly (readonly [string, string | undefined])[] = [
    ["db.example:5432:shop:ann:one", "one"],
    ["*:*:*:*:any", "any"],
    ["db.example:*:*:ann:x\n*:*:*:*:y", "x"],
    ["other:*:*:*:x\n*:*:*:*:y", "y"],
    ["db.example:5433:shop:ann:x", undefined],
    ["db.example:5432:other:ann:x", undefined],
    ["db.example:5432:shop:bob:x", undefined],
    ["db.exampl*:5432:shop:ann:x", undefined],
    ["# *:*:*:*:comment\n*:*:*:*:y", "y"],
    ["*:*:*:*:with\\:colon", "with:colon"],
    ["*:*:*:*:back\\\\slash", "back\\slash"],
    ["*:*:*:*:spaces are kept ", "spaces are kept "],
    ["*:*:*:*:windows\r\n", "windows"],
    ["*:*:*:*:ends:here", "ends"],
    ["*:*:*:*:", undefined],
    ["*:*:*:*", undefined],
    ["\\*:*:*:*:x", undefined],
    ["", undefined],
  ];
  for (const [text, expected] of table) assert.equal(findPassword(text, SUBJECT), expected, text);
});

test("findPassword() compares escaped fields", () => {
  const subject = { ...SUBJECT, host: "2001:db8::1", user: "a\\b:c" };
  assert.equal(findPassword("2001\\:db8\\:\\:1:5432:shop:a\\\\b\\:c:x", subject), "x");
  assert.equal(findPassword("2001:db8::1:5432:shop:ann:x", subject), undefined);
});

test("findPassword() calls a default socket directory localhost", () => {
  const text = "localhost:*:*:*:local\n/srv/pg:*:*:*:own";
  assert.equal(findPassword(text, { ...SUBJECT, host: "/var/run/postgresql" }), "local");
  assert.equal(findPassword(text, { ...SUBJECT, host: "/srv/pg" }), "own");
  assert.equal(findPassword(text, { ...SUBJECT, host: "/elsewhere" }), undefined);
});

test("readPasswordFile() ignores a file that others may read, and warns", () => {
  for (const [mode, isRead] of [[0o600, true], [0o400, true], [0o640, false], [0o604, false]] as const) {
    const environment = fakeEnvironment({ files: { "/p": "*:*:*:*:x" }, modes: { "/p": mode } });
    assert.equal(readPasswordFile(environment, "/p"), isRead ? "*:*:*:*:x" : undefined, mode.toString(8));
    assert.deepEqual(
      environment.warnings,
      isRead
        ? []
        : ['password file "/p" is ignored, because its group or others have access; run chmod 0600 on it'],
    );
  }
  assert.equal(readPasswordFile(fakeEnvironment(), "/missing"), undefined);
});
