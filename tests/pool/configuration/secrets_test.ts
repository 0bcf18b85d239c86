import assert from "node:assert/strict";
import { fc } from "../../fast_check.ts";
import { inspect } from "node:util";
import type { PoolOptions } from "../../../pool/configuration/pool_options.ts";
import { resolvePoolOptions } from "../../../pool/configuration/resolve_pool_options.ts";
import { ConfigError } from "../../../pool/wire/errors.ts";
import { test } from "../../harness.ts";
import { fakeEnvironment, type FakeEnvironmentOptions } from "../wire/configuration/fake_environment.ts";

const CANARY = "Kanarienvogel";

/** Everything a log could make of an error, of its causes too. */
function printed(error: unknown): string {
  assert(error instanceof Error);
  const fields = JSON.stringify(Object.fromEntries(Object.entries(error)));
  const own = [
    error.message,
    error.stack,
    String(error),
    JSON.stringify(error),
    inspect(error, { depth: 9 }),
    fields,
  ];
  return own.join("\n") + (error.cause === undefined ? "" : printed(error.cause));
}

function assertHidden(input: unknown, surroundings: FakeEnvironmentOptions = {}): boolean {
  try {
    const resolved = resolvePoolOptions(input as string | PoolOptions, {
      environment: fakeEnvironment(surroundings),
    });
    const { password } = resolved.primary.connect;
    assert(!inspect(password).includes(CANARY));
    return false;
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    assert(error instanceof ConfigError, String(error));
    const text = printed(error);
    assert(!text.includes(CANARY), text);
    return true;
  }
}

test("resolvePoolOptions() shows no password in any error", () => {
  const inputs: readonly unknown[] = [
    `postgres://u:${CANARY}@h:x/db`,
    `postgres://u:${CANARY}@h/db?sslmod=x`,
    `postgres://u:${CANARY}@h/db?sslmode=x`,
    `postgres://u:${CANARY}%zz@h/db`,
    `postgres://u:${CANARY}/@h/db`,
    `postgres://u:1/${CANARY}@h/db`,
    `postgres://u:1?${CANARY}@h/db`,
    `postgres://u:1?${CANARY}=@h/db`,
    `postgres://u:${CANARY}@h/db?password=x@y&${CANARY}=1`,
    `postgres://u:a@${CANARY} x?sslmode=x@h/db`,
    `postgres://h/db?password=${CANARY}&port=x`,
    `postgres://h/db?password=${CANARY}%00`,
    `postgres://h/db?sslpassword=${CANARY}&x`,
    `mysql://u:${CANARY}@h`,
    `host=h password=a ${CANARY}`,
    `host=h password=a ${CANARY}=1`,
    `host=h password='a' ${CANARY}=1`,
    `host=h password='${CANARY}`,
    `host=h password=${CANARY} port=x`,
    { password: [CANARY] },
    { password: CANARY, port: "x" },
    { password: `${CANARY}\0` },
    { sslKey: `${CANARY}\0` },
    { url: `postgres://u:${CANARY}@h:x` },
    { url: [CANARY] },
    { replicas: [`postgres://u:${CANARY}@h:x`] },
    { replicas: `postgres://u:${CANARY}@h` },
    { runtimeParameters: { "app.secret": `${CANARY}\0` } },
  ];
  for (const input of inputs) assert(assertHidden(input), inspect(input));
  for (
    const text of [
      `[database]\npassword = "${CANARY}`,
      `[database]\npassword = ${CANARY}`,
      `[database]\nurl = "postgres://u:${CANARY}@h:x"`,
      `[database]\npassword = ["${CANARY}"]`,
    ]
  ) assert(assertHidden({}, { files: { "config/config.toml": text } }), text);
  assert(assertHidden({}, { variables: { LIFEGUARD__DATABASE__URL: `postgres://u:${CANARY}@h:x` } }));
  assert(assertHidden({}, { variables: { LIFEGUARD__DATABASE__REPLICAS: `u:${CANARY}@h` } }));
  assert(assertHidden({}, { variables: { PGPASSWORD: CANARY, PGPORT: "x" } }));
});

test("resolvePoolOptions() shows no password that was neither encoded nor quoted", () => {
  const noise = fc.string({ unit: fc.constantFrom(..."@:/?#&=%[] ,'\\1a"), maxLength: 6 });
  fc.assert(
    fc.property(
      noise,
      noise,
      fc.constantFrom("", ":x", ":1/db", "/db?x=1", "?sslmode=x"),
      (before, after, rest) => {
        assertHidden(`postgres://user:${before}${CANARY}${after}@host${rest}`);
        assertHidden(`host=h password=${before}${CANARY}${after} port=x`);
        assertHidden(`host=h password='${before}${CANARY}${after}' port=x`);
      },
    ),
    { numRuns: 1000 },
  );
});
