import assert from "node:assert/strict";
import { connect } from "node:net";
import {
  MAX_CONNECTIONS,
  QUESTION_TIMEOUT,
  type ReflectorHttp,
  type ReflectorHttpOptions,
  serveReflector,
} from "../../../reflector/http/http_server.ts";
import { STATUS_PAGE, STATUS_PAGE_POLICY } from "../../../reflector/http/status_page.ts";
import { test } from "../../harness.ts";
import { sampleStatus } from "../sample_status.ts";

function serve(options: Partial<ReflectorHttpOptions> = {}): Promise<ReflectorHttp> {
  return serveReflector({
    host: "127.0.0.1",
    port: 0,
    status: () => sampleStatus(),
    metrics: () => Promise.resolve("reflector_leading 1\n"),
    ...options,
  });
}

/** What a server says to bytes, until it closes. */
function said(url: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    let got = "";
    socket.on("connect", () => text !== "" && socket.write(text));
    socket.on("data", (chunk) => void (got += chunk));
    socket.on("error", () => {});
    socket.on("close", () => resolve(got));
  });
}

async function assertAlive({ url }: ReflectorHttp): Promise<void> {
  const response = await fetch(`${url}/healthz`);
  assert.deepEqual([response.status, await response.text()], [200, "alive\n"]);
}

test("serveReflector() answers whether it lives and is ready, its metrics, status and page", async () => {
  await using http = await serve();
  const answers = await Promise.all(["/healthz", "/readyz", "/metrics", "/status.json", "/", "/favicon"].map(
    async (path) => {
      const response = await fetch(http.url + path);
      return [response.status, response.headers.get("content-type"), await response.text()] as const;
    },
  ));
  assert.deepEqual(answers.slice(0, 3), [
    [200, "text/plain; charset=utf-8", "alive\n"],
    [200, "text/plain; charset=utf-8", "leading\n"],
    [200, "text/plain; version=0.0.4; charset=utf-8", "reflector_leading 1\n"],
  ]);
  const status = JSON.parse(answers[3][2]);
  assert.deepEqual([answers[3][1], status.state, status.ready], ["application/json", "leading", true]);
  assert.equal(status.since, "2026-11-22T20:58:03.250Z");
  assert(Math.abs(Date.parse(status.now) - Date.now()) < 3_600_000, status.now);
  assert.deepEqual(answers[4], [200, "text/html; charset=utf-8", STATUS_PAGE]);
  assert.deepEqual([answers[5][0], answers[5][2]], [
    404,
    "Not here. There are: / /status.json /healthz /readyz /metrics\n",
  ]);
});

test("serveReflector() says with every answer that it is neither kept, framed, sniffed nor shared", async () => {
  await using http = await serve();
  for (const path of ["/", "/status.json", "/metrics", "/nothing"]) {
    const response = await fetch(http.url + path);
    await response.body?.cancel();
    const header = (name: string): string | null => response.headers.get(name);
    assert.match(header("content-security-policy")!, /default-src 'none'.*frame-ancestors 'none'/, path);
    assert.equal(header("x-content-type-options"), "nosniff");
    assert.equal(header("cache-control"), "no-store");
    assert.equal(header("referrer-policy"), "no-referrer");
    assert.equal(header("cross-origin-resource-policy"), "same-origin");
    assert.equal(header("access-control-allow-origin"), null);
  }
});

test("STATUS_PAGE needs nothing from elsewhere, and its policy lets in nothing else", () => {
  assert(!/(?:src|href)="(?:https?:)?\/\//.test(STATUS_PAGE), "a link to elsewhere");
  assert(
    !/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/.test(STATUS_PAGE),
    "markup from data",
  );
  assert(!/ style="| on[a-z]+="/.test(STATUS_PAGE), "what the policy would refuse");
  assert(!STATUS_PAGE_POLICY.includes("unsafe"), STATUS_PAGE_POLICY);
  assert(STATUS_PAGE.length < 30_000, `${STATUS_PAGE.length} characters`);
});

test("serveReflector() refuses everything but GET and HEAD, without waiting for a body", async () => {
  await using http = await serve();
  const head = await fetch(`${http.url}/healthz`, { method: "HEAD" });
  assert.deepEqual([head.status, head.headers.get("content-length"), await head.text()], [200, "6", ""]);
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    const text = await said(http.url, `${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n`);
    assert.match(text, /^HTTP\/1\.1 405 [^]*allow: GET, HEAD/i, method);
  }
});

test("serveReflector() is not ready while it cannot do its work", async () => {
  let status = sampleStatus();
  await using http = await serve({ status: () => status });
  const ready = async (): Promise<[number, string]> => {
    const response = await fetch(`${http.url}/readyz`);
    return [response.status, await response.text()];
  };
  const lag = { canary: 1, apply: 1, walBytes: undefined, queueUsage: undefined };
  status = sampleStatus({ lag: { ...lag, silence: 1500 } });
  assert.deepEqual(await ready(), [503, "leading, but no canary has come out for 1500 ms\n"]);
  status = sampleStatus({ lag: { ...lag, silence: undefined } });
  assert.deepEqual(await ready(), [503, "leading, but no canary has come out yet\n"]);
  status = sampleStatus({ storeAnswers: false });
  assert.deepEqual(await ready(), [503, "leading, but the store (redis) does not answer\n"]);
  status = sampleStatus({ state: "following", leader: "other" });
  assert.deepEqual(await ready(), [200, "following\n"]);
  status = sampleStatus({ state: "following", leader: undefined });
  assert.deepEqual(await ready(), [503, "following, but nobody is known to lead\n"]);
  for (const state of ["idle", "establishing", "stopped"] as const) {
    status = sampleStatus({ state });
    assert.deepEqual(await ready(), [503, `${state}\n`]);
  }
});

test("serveReflector() answers 500, and goes on, when what it asks throws", async () => {
  await using http = await serve({
    metrics: () => Promise.reject(new Error("secret")),
    status: () => {
      throw new Error("secret");
    },
  });
  for (const path of ["/metrics", "/status.json", "/readyz"]) {
    const response = await fetch(http.url + path);
    assert.deepEqual([response.status, (await response.text()).includes("secret")], [500, false]);
  }
  await assertAlive(http);
});

test("serveReflector() closes on who asks slowly, at length, or nonsense", async () => {
  await using http = await serve();
  const started = performance.now();
  const [idle, slow, long, nonsense] = await Promise.all([
    said(http.url, ""),
    said(http.url, "GET / HTTP/1.1\r\nHo"),
    said(http.url, `GET / HTTP/1.1\r\nHost: a\r\nX: ${"y".repeat(20_000)}\r\n\r\n`),
    said(http.url, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
  ]);
  const took = performance.now() - started;
  for (const text of [idle, slow, long, nonsense]) assert(!text.startsWith("HTTP/1.1 200"), text);
  assert(took < QUESTION_TIMEOUT + 20_000, `${took} ms`);
  await assertAlive(http);
});

test("serveReflector() closes the oldest of too many connections, and serves who comes now", async () => {
  await using http = await serve();
  const { port } = new URL(http.url);
  let closed = 0;
  const more = 40;
  const sockets = await Promise.all(
    Array.from(
      { length: MAX_CONNECTIONS + more },
      () =>
        new Promise<ReturnType<typeof connect>>((resolve) => {
          const socket = connect(Number(port), "127.0.0.1", () => resolve(socket));
          socket.on("error", () => resolve(socket));
          socket.on("data", () => {});
          socket.on("close", () => closed++);
        }),
    ),
  );
  await Promise.all(Array.from({ length: 5 }, () => assertAlive(http)));
  for (let waited = 0; closed < more && waited < 20_000; waited += 20) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert(closed >= more, `${closed} were closed`);
  for (const socket of sockets) socket.destroy();
});

test("serveReflector() rejects when it cannot listen", async () => {
  await using http = await serve();
  const port = Number(new URL(http.url).port);
  await assert.rejects(serve({ port }), {
    message:
      `Cannot serve on 127.0.0.1:${port}: the port is in use; give another "httpPort", or end who uses it`,
  });
});

test("serveReflector() ends open connections when it is disposed of", async () => {
  const http = await serve();
  const pending = said(http.url, "GET / HT");
  await new Promise((resolve) => setTimeout(resolve, 100));
  await http[Symbol.asyncDispose]();
  assert.equal(await pending, "");
  await assert.rejects(fetch(`${http.url}/healthz`));
});
