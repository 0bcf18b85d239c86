import assert from "node:assert/strict";
import { canaryPayload, parseMessage } from "../../../../reflector/source/notify/message.ts";
import { fc } from "../../../fast_check.ts";
import { test } from "../../../harness.ts";

test("parseMessage() reads what triggers say", () => {
  assert.deepEqual(
    parseMessage(`{"table":"public.users","op":"update","ids":["1","2"],"lookups":{"email":["a"],"a+b":[]}}`),
    {
      kind: "change",
      change: {
        kind: "rows",
        table: "public.users",
        ids: ["1", "2"],
        lookups: new Map([["email", ["a"]], ["a+b", []]]),
      },
    },
  );
  assert.deepEqual(parseMessage(`{"table" : "public.users", "op" : "truncate", "all" : true}`), {
    kind: "change",
    change: { kind: "table", table: "public.users", reason: "truncate" },
  });
});

test("parseMessage() reads its canaries", () => {
  fc.assert(fc.property(fc.string(), (id) => {
    assert.deepEqual(parseMessage(canaryPayload(id)), { kind: "canary", id });
  }));
});

test("parseMessage() takes nothing else for a message, and throws for nothing", () => {
  const strange = [
    ``,
    `{`,
    `1`,
    `null`,
    `[{"table":"t","op":"x","all":true}]`,
    `{"table":"","op":"x","all":true}`,
    `{"table":"t","all":true}`,
    `{"table":"t","op":"x"}`,
    `{"table":"t","op":"x","all":1,"ids":[null]}`,
    `{"table":"t","op":"x","ids":["1"],"lookups":[]}`,
    `{"table":"t","op":"x","ids":["1"],"lookups":{"a":[1]}}`,
    `{"canary":1}`,
  ];
  for (const payload of strange) assert.equal(parseMessage(payload), undefined, payload);
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (payload) => {
    assert.doesNotThrow(() => parseMessage(payload));
  }));
});
