/**
 * The music store answers what a shop asks, in the words of the ORM as in plain SQL, on both kinds of database.
 */
import assert from "node:assert/strict";
import { test } from "../harness.ts";
import { checkQuestion, type ReadQuestion, type WriteQuestion } from "./question.ts";
import { CATALOGUE } from "./questions/catalogue.ts";
import { CUSTOMERS } from "./questions/customers.ts";
import { ORDERS } from "./questions/orders.ts";
import { PLAYLISTS } from "./questions/playlists.ts";
import { SALES } from "./questions/sales.ts";
import { STAFF } from "./questions/staff.ts";
import { UPKEEP } from "./questions/upkeep.ts";
import { dropTemplate, needsStore, openStore, type Store, STORE_KINDS } from "./store.ts";

const AREAS: Readonly<Record<string, readonly (ReadQuestion | WriteQuestion)[]>> = {
  sales: SALES,
  catalogue: CATALOGUE,
  customers: CUSTOMERS,
  playlists: PLAYLISTS,
  staff: STAFF,
  orders: ORDERS,
  upkeep: UPKEEP,
};

test("the shop's questions are forty at least, each with a name of its own", () => {
  const names = Object.values(AREAS).flat().map((question) => question.name);
  assert.ok(names.length >= 40);
  assert.equal(new Set(names).size, names.length);
});

for (const kind of STORE_KINDS) {
  // One store for all questions of a kind, opened by the first that runs and closed by the last test.
  const options = { ...needsStore(kind), sanitize: false, timeout: 60_000 };
  let opened: Promise<Store> | undefined;
  for (const [area, questions] of Object.entries(AREAS)) {
    for (const question of questions) {
      test(`music store, ${area}: ${question.name} (${kind})`, options, async () => {
        const { pool } = await (opened ??= openStore(kind));
        await checkQuestion(question, pool);
        assert.equal(pool.stats().reserved, 0);
      });
    }
  }
  test(`music store: closes (${kind})`, options, async () => {
    await (await opened)?.[Symbol.asyncDispose]();
    if (kind === "server") await dropTemplate();
  });
}
