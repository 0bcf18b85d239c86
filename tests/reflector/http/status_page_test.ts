/** The page in a real browser: what it shows, that data stays text, that nothing is refused by its own policy. */
import assert from "node:assert/strict";
import { serveReflector } from "../../../reflector/http/http_server.ts";
import type { ReflectorStatus } from "../../../reflector/status.ts";
import { runtime, test } from "../../harness.ts";
import { testVariable } from "../../variables.ts";
import { counters, sampleStatus } from "../sample_status.ts";
import { type BrowserPage, findBrowser, openPage, type PageOptions } from "./browser.ts";

const path = await testVariable("PATH");
const found = path === undefined ? undefined : await installed(path);

async function installed(path: string): Promise<string | undefined> {
  if (runtime === "bun") return findBrowser(path);
  const { permissions } = (globalThis as unknown as {
    Deno: { permissions: { query(of: { name: string }): Promise<{ state: string }> } };
  }).Deno;
  const states = await Promise.all(["run", "read", "write"].map((name) => permissions.query({ name })));
  return states.every(({ state }) => state === "granted") ? findBrowser(path) : undefined;
}

const OPTIONS = {
  ...(found === undefined ? { ignore: "no Chromium that may be run" } : {}),
  timeout: 60_000,
} as const;

async function withPage(
  status: () => ReflectorStatus,
  body: (page: BrowserPage) => Promise<void>,
  options?: PageOptions,
): Promise<void> {
  await using http = await serveReflector({
    host: "127.0.0.1",
    port: 0,
    status,
    metrics: () => Promise.resolve(""),
  });
  await using page = await openPage(found!, http.url, options);
  await page.until("document.getElementById('name')?.textContent !== '…'");
  await body(page);
  assert.deepEqual(page.complaints, []);
}

const text = (id: string): string => `document.getElementById("${id}").textContent`;

test("STATUS_PAGE shows who leads, how far, how fast and what failed", OPTIONS, async () => {
  const numbers = counters({ notifications: 1000 });
  const status = (): ReflectorStatus => {
    numbers.notifications += 50;
    return sampleStatus({
      counters: { ...numbers },
      faults: [{ at: new Date(), event: "store_lost", message: "Cannot reach Redis" }],
    });
  };
  await withPage(status, async (page) => {
    await page.until(`document.querySelector("#chart path.changes")?.getAttribute("d").includes("L")`);
    const [state, sentence, stream, rate, faults, label] = await Promise.all(
      [
        text("state"),
        text("sentence"),
        text("stream"),
        text("rate-changes"),
        text("faults"),
        `document.getElementById("chart").getAttribute("aria-label")`,
      ].map((expression) => page.evaluate(expression) as Promise<string>),
    );
    assert.equal(state, "Leading");
    assert.match(sentence, /^Leads since /);
    assert.match(stream, /Watermark16\/B374D848/);
    assert(Number.parseFloat(rate) > 0, rate);
    assert.match(faults, /store_lostCannot reach Redis/);
    assert.match(label, /Now: [\d.,]+ changes/);
  });
});

test("STATUS_PAGE shows whatever it is told as text", OPTIONS, async () => {
  const evil = `<img src=x onerror="document.title='pwned'"><script>document.title='pwned'</script>`;
  const status = sampleStatus({
    name: evil,
    leader: evil,
    alarms: [evil],
    faults: [{ at: new Date(), event: "alarm", message: evil }],
    coverage: { hash: evil, tables: [evil], refused: [{ name: evil, reason: evil }] },
  });
  await withPage(() => status, async (page) => {
    await page.until(`${text("notice")} !== "…"`);
    assert.equal(await page.evaluate(text("name")), evil);
    assert.equal(await page.evaluate(text("notice")), evil);
    assert.equal(await page.evaluate("document.images.length + document.scripts.length"), 1);
    assert(!String(await page.evaluate("document.title")).startsWith("pwned"));
  });
});

test("STATUS_PAGE fits a phone, in the dark too", OPTIONS, async () => {
  await withPage(() => sampleStatus(), async (page) => {
    assert.equal(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), true);
    const back = await page.evaluate("getComputedStyle(document.body).backgroundColor");
    assert.equal(back, "rgb(14, 19, 25)");
    const png = await page.screenshot();
    assert.deepEqual([...png.subarray(1, 4)], [0x50, 0x4e, 0x47]);
  }, { width: 360, height: 740, isPhone: true, scheme: "dark" });
});

test("STATUS_PAGE says so when the reflector answers no more", OPTIONS, async () => {
  const http = await serveReflector({
    host: "127.0.0.1",
    port: 0,
    status: () => sampleStatus(),
    metrics: () => Promise.resolve(""),
  });
  await using page = await openPage(found!, http.url);
  await page.until(`${text("state")} === "Leading"`);
  await http[Symbol.asyncDispose]();
  await page.until(`${text("state")} === "No answer"`);
  assert.match(await page.evaluate(text("sentence")) as string, /has not answered for \d+ s/);
});
