import assert from "node:assert/strict";
import { copyIn } from "../../../../pool/wire/stream/copy_in.ts";
import { copyOut } from "../../../../pool/wire/stream/copy_out.ts";
import {
  copyFormat,
  copyRows,
  encodeCopyText,
  learnCopyColumns,
} from "../../../../pool/wire/stream/copy_rows.ts";
import { ConnectionError, QueryTimeoutError, ValidationError } from "../../../../pool/wire/errors.ts";
import { PostgresError } from "../../../../pool/wire/postgres_error.ts";
import type { Session } from "../../../../pool/wire/session/session.ts";
import { awakeTime } from "../../../awake_time.ts";
import { test } from "../../../harness.ts";
import { freshDatabase, needs, proxy, server } from "../../../services/client.ts";
import { assertUsable, liveSession, rejection, run } from "../session/live_session.ts";

const TO = "copy t from stdin";
const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

interface Table extends AsyncDisposable {
  readonly session: Session;
  readonly url: string;
}

/** A session with an empty table `t (a int, b text)`. */
async function table(): Promise<Table> {
  const database = await freshDatabase();
  const live = await liveSession(database.url);
  await run(live.session, "create table t (a int, b text)");
  return {
    session: live.session,
    url: database.url,
    async [Symbol.asyncDispose]() {
      await live[Symbol.asyncDispose]();
      await database.drop();
    },
  };
}

async function count(session: Session): Promise<unknown> {
  return (await run(session, "select count(*)::int as n from t"))[0].n;
}

async function text(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  return await new Response(stream).text();
}

/** What a test learns of a source: how much of it was read, and whether it was told to stop. */
class Lines implements AsyncIterable<string> {
  read = 0;
  isReturned = false;
  readonly #count: number;
  readonly #line: (n: number) => string | Promise<string>;

  constructor(count: number, line: (n: number) => string | Promise<string>) {
    this.#count = count;
    this.#line = line;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    try {
      while (this.read < this.#count) yield this.#line(++this.read);
    } finally {
      this.isReturned = true;
    }
  }
}

test(
  "copyIn() takes text, bytes, arrays, iterables and web streams, in chunks of any size",
  needs("primary"),
  async () => {
    await using it = await table();
    const { session } = it;
    const lines = Array.from({ length: 3_000 }, (_, n) => `${n}\tline ${n} äöü€😀 ${"x".repeat(n % 100)}\n`);
    const whole = lines.join("");
    const bytes = new TextEncoder().encode(whole);
    const cut = (size: number) =>
      Array.from(
        { length: Math.ceil(bytes.length / size) },
        (_, n) => bytes.subarray(n * size, n * size + size),
      );
    const sources = {
      "a text": whole,
      "a large text": whole.repeat(3),
      bytes,
      lines,
      "single units of text": whole.slice(0, 5_000).split(""),
      "small pieces": cut(7),
      "large pieces": cut(150_000),
      "a stream of bytes": new Response(bytes).body!,
      "a stream of texts": new ReadableStream({
        start(controller) {
          for (const line of lines) controller.enqueue(line);
          controller.close();
        },
      }),
      "a generator": new Lines(3_000, (n) => lines[n - 1]),
      "text and bytes": ["1\t", new Uint8Array([120, 10]), "", new Uint8Array(0), "2\ty\n"],
      nothing: [],
    };
    for (const [name, source] of Object.entries(sources)) {
      await run(session, "truncate t");
      const isCutShort = name === "single units of text";
      const expected = name === "a large text"
        ? 9_000
        : name === "nothing"
        ? 0
        : name === "text and bytes"
        ? 2
        : isCutShort
        ? whole.slice(0, 5_000).split("\n").length
        : 3_000;
      assert.equal(await copyIn(session, TO, source), expected, name);
      assert.equal(await count(session), expected, name);
      if (expected === 3_000) {
        assert.equal(
          await text(copyOut(session, "copy (select * from t order by a) to stdout")),
          whole,
          name,
        );
      }
      await assertUsable(session);
    }
  },
);

test("copyIn() and copyOut() pass CSV and binary through", needs("primary"), async () => {
  await using it = await table();
  const { session } = it;
  const csv = 'a,b\n1,"two, ""quoted"""\n2,\n';
  assert.equal(await copyIn(session, "copy t from stdin (format csv, header)", csv), 2);
  assert.deepEqual(await run(session, "select * from t order by a"), [{ a: 1, b: 'two, "quoted"' }, {
    a: 2,
    b: null,
  }]);
  const binary = new Uint8Array(
    await new Response(copyOut(session, "copy t to stdout (format binary)")).arrayBuffer(),
  );
  await run(session, "truncate t");
  assert.equal(await copyIn(session, "copy t from stdin (format binary)", binary), 2);
  assert.equal(await text(copyOut(session, "copy t to stdout (format csv, header)")), csv);
  await assertUsable(session);
});

test(
  "copyIn() rejects with its source's error, copies nothing and leaves the connection usable",
  needs("primary"),
  async () => {
    await using it = await table();
    const { session } = it;
    const problem = new Error("the disk is full");
    for (const after of [0, 1, 100_000]) {
      const generator = new Lines(1_000_000, (n) => {
        if (n > after) throw problem;
        return `${n}\tx\n`;
      });
      assert.equal(await rejection(copyIn(session, TO, generator), 5_000), problem);
      assert.ok(generator.isReturned);
      let pulled = 0;
      const stream = new ReadableStream<string>({
        pull(controller) {
          if (pulled++ >= after) controller.error(problem);
          else controller.enqueue(`${pulled}\tx\n`);
        },
      });
      assert.equal(await rejection(copyIn(session, TO, stream), 5_000), problem);
      assert.equal(await count(session), 0);
      await assertUsable(session);
    }
  },
);

test("copyIn() refuses chunks that are no data, and stops its source", needs("primary"), async () => {
  await using it = await table();
  for (const chunk of [5, null, {}, "\ud83d", "x\udc00y"]) {
    const source = new Lines(10, (n) => n === 3 ? chunk as string : `${n}\tx\n`);
    assert.ok(await rejection(copyIn(it.session, TO, source)) instanceof ValidationError);
    assert.ok(source.isReturned);
    assert.equal(await count(it.session), 0);
    await assertUsable(it.session);
  }
  assert.ok(await rejection(copyIn(it.session, TO, ["1\tx", "\ud83d"])) instanceof ValidationError);
  assert.ok(await rejection(copyIn(it.session, TO, 7 as never)) instanceof ValidationError);
  await assertUsable(it.session);
});

test("copyIn() stops its source and rejects when the server refuses the data", needs("primary"), async () => {
  await using it = await table();
  const { session } = it;
  const endless = new Lines(Infinity, (n) => n === 10 ? "not a number\tx\n" : `${n}\t${"x".repeat(1_000)}\n`);
  const error = await rejection(copyIn(session, TO, endless), 5_000);
  assert.ok(error instanceof PostgresError && error.sqlState === "22P02", String(error));
  await sleep(10);
  assert.ok(endless.isReturned);
  await assertUsable(session);
  let reason: unknown;
  const stalled = new ReadableStream<string>({
    start(controller) {
      controller.enqueue("bad\tx\n" + "1\tx\n".repeat(50_000));
    },
    cancel(why) {
      reason = why;
    },
  });
  assert.ok(await rejection(copyIn(session, TO, stalled)) instanceof PostgresError);
  assert.ok(reason instanceof PostgresError);
  await assertUsable(session);
  assert.ok(await rejection(copyIn(session, "copy missing from stdin", ["x\n"])) instanceof PostgresError);
  await assertUsable(session);
});

test(
  "copyIn() rejects with the signal's reason at every stage and copies nothing",
  needs("primary"),
  async () => {
    await using it = await table();
    await using other = await liveSession(it.url);
    const { session } = it;
    const reason = new Error("enough");
    const abortSoon = () => {
      const abort = new AbortController();
      setTimeout(() => abort.abort(reason), 50);
      return abort.signal;
    };
    assert.equal(await rejection(copyIn(session, TO, [], { signal: AbortSignal.abort(reason) })), reason);
    await assertUsable(session);
    // While its source is silent.
    const silent = new Lines(2, (n) => n === 1 ? "1\tx\n" : new Promise<string>(() => {}));
    assert.equal(await rejection(copyIn(session, TO, silent, { signal: abortSoon() })), reason);
    await assertUsable(session);
    // While it is being sent.
    const endless = new Lines(Infinity, (n) => `${n}\tx\n`);
    assert.equal(await rejection(copyIn(session, TO, endless, { signal: abortSoon() })), reason);
    await sleep(10);
    assert.ok(endless.isReturned);
    await assertUsable(session);
    // While the server waits for a lock.
    await run(other.session, "begin");
    await run(other.session, "lock t");
    assert.equal(await rejection(copyIn(session, TO, "1\tx\n", { signal: abortSoon() })), reason);
    const late = await rejection(copyIn(session, TO, "1\tx\n", { timeout: 100 }));
    assert.ok(late instanceof QueryTimeoutError);
    await run(other.session, "rollback");
    await assertUsable(session);
    // While the server finishes, after all data was sent.
    await run(
      session,
      "create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(20); return null; end $$",
    );
    await run(session, "create trigger slow after insert on t execute function slow()");
    assert.equal(await rejection(copyIn(session, TO, "1\tx\n", { signal: abortSoon() })), reason);
    await assertUsable(session);
    assert.equal(await count(session), 0);
  },
);

test("copyIn() and copyOut() refuse other statements before these run", needs("primary"), async () => {
  await using it = await table();
  const { session } = it;
  for (const wrong of ["insert into t values (1)", "copy t to stdout", "select 'copy t from stdin'", ""]) {
    assert.ok(await rejection(copyIn(session, wrong, [])) instanceof ValidationError, wrong);
  }
  for (const wrong of ["insert into t values (1)", "copy t from stdin", "select 'copy t to stdout'", ""]) {
    assert.throws(() => copyOut(session, wrong), ValidationError, wrong);
  }
  // These only the server can tell.
  assert.ok(
    await rejection(copyIn(session, "copy t to stdout -- from stdin", [])) instanceof ValidationError,
  );
  assert.ok(
    await rejection(text(copyOut(session, "copy t from stdin -- to stdout"))) instanceof ValidationError,
  );
  assert.equal(await count(session), 0);
  await assertUsable(session);
  assert.equal(
    await copyIn(session, "/* a comment */ -- another\n copy t from /* ! */ stdin", "1\tx\n"),
    1,
  );
  assert.equal(await text(copyOut(session, "copy (select '--x') to stdout")), "--x\n");
  await assertUsable(session);
});

test(
  "copyOut() slows the server down to its reader, and closes with all data",
  needs("primary"),
  async () => {
    await using database = await freshDatabase();
    await using live = await liveSession(database.url);
    await using other = await liveSession(database.url);
    await run(live.session, "create sequence sent");
    const stream = copyOut(
      live.session,
      "copy (select nextval('sent'), repeat('x', 10000) from generate_series(1, 5000)) to stdout",
    );
    const sent = async () => Number((await run(other.session, "select last_value from sent"))[0].last_value);
    assert.equal(live.session.depth, 0);
    const reader = stream.getReader();
    const first = await reader.read();
    assert.ok(first.value!.length > 0);
    // The system's own buffers grow for a while.
    let held = -1;
    for (let now = await sent(); now !== held; now = await sent()) {
      held = now;
      await sleep(400);
    }
    assert.ok(held < 4_000, `the server was ${held} rows ahead`);
    let size = first.value!.length;
    for (let part = await reader.read(); !part.done; part = await reader.read()) size += part.value.length;
    assert.equal(
      size,
      Array.from({ length: 5_000 }, (_, n) => String(n + 1).length + 10_002).reduce((a, b) => a + b),
    );
    await assertUsable(live.session);
  },
);

test(
  "copyOut() is cancelled on the server when its stream is, and the connection stays usable",
  needs("primary"),
  async () => {
    await using live = await liveSession(server("primary").url);
    const endless = "copy (select repeat('x', 1000), generate_series(1, 100000000)) to stdout";
    const mute = "copy (select pg_sleep(30)) to stdout";
    for (const [statement, reads] of [[endless, 0], [endless, 1], [endless, 200], [mute, 0]] as const) {
      let ends = 0;
      const stream = copyOut(live.session, statement, { onEnd: () => ends++ });
      const reader = stream.getReader();
      for (let read = 0; read < reads; read++) await reader.read();
      const pending = statement === mute ? reader.read() : undefined;
      await sleep(50);
      const start = awakeTime();
      await reader.cancel(new Error("enough"));
      assert.ok(awakeTime() - start < 1_000);
      if (pending !== undefined) assert.equal((await pending).done, true);
      assert.equal(ends, reads === 0 && pending === undefined ? 0 : 1);
      await assertUsable(live.session);
    }
  },
);

test(
  "copyOut() errors with the server's error, the signal's reason or a timeout",
  needs("primary"),
  async () => {
    await using live = await liveSession(server("primary").url);
    const { session } = live;
    const failing = "copy (select 1 / (500 - n) from generate_series(1, 1000) n) to stdout";
    const error = await rejection(text(copyOut(session, failing)));
    assert.ok(error instanceof PostgresError && error.sqlState === "22012");
    await assertUsable(session);
    const mute = "copy (select pg_sleep(30)) to stdout";
    assert.ok(await rejection(text(copyOut(session, mute, { timeout: 100 }))) instanceof QueryTimeoutError);
    await assertUsable(session);
    const reason = new Error("enough");
    const abort = new AbortController();
    setTimeout(() => abort.abort(reason), 50);
    assert.equal(await rejection(text(copyOut(session, mute, { signal: abort.signal }))), reason);
    await assertUsable(session);
    assert.equal(await rejection(text(copyOut(session, mute, { signal: abort.signal }))), reason);
    // While it is paused because nobody reads.
    const second = new AbortController();
    const endless = "copy (select repeat('x', 1000), generate_series(1, 100000000)) to stdout";
    const reader = copyOut(session, endless, { signal: second.signal }).getReader();
    await reader.read();
    await sleep(200);
    second.abort(reason);
    assert.equal(
      await rejection((async () => {
        while (!(await reader.read()).done);
      })()),
      reason,
    );
    await assertUsable(session);
  },
);

test("copyIn() and copyOut() work inside a transaction", needs("primary"), async () => {
  await using it = await table();
  const { session } = it;
  await run(session, "begin");
  assert.equal(await copyIn(session, TO, "1\tx\n2\ty\n"), 2);
  assert.equal(await text(copyOut(session, "copy t to stdout")), "1\tx\n2\ty\n");
  assert.equal(session.transactionStatus, "T");
  await run(session, "rollback");
  assert.equal(await count(session), 0);
  await assertUsable(session);
});

for (
  const stage of [
    "before it begins",
    "while data is sent",
    "while the source is silent",
    "at the end",
  ] as const
) {
  test(`copyIn() rejects within a second when the connection is cut ${stage}`, needs("primary"), async () => {
    await using it = await table();
    await using faulty = await proxy("primary");
    await using live = await liveSession(faulty.url(it.url));
    await using other = await liveSession(it.url);
    let source: Lines = new Lines(Infinity, (n) => `${n}\tx\n`);
    if (stage === "before it begins") {
      await run(other.session, "begin");
      await run(other.session, "lock t");
    } else if (stage === "while the source is silent") {
      source = new Lines(2, (n) => n === 1 ? "1\tx\n" : new Promise<string>(() => {}));
    } else if (stage === "at the end") {
      source = new Lines(10, (n) => `${n}\tx\n`);
      await run(
        other.session,
        "create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(3); return null; end $$",
      );
      await run(other.session, "create trigger slow after insert on t execute function slow()");
    }
    setTimeout(() => void faulty.cut(), 150);
    const error = await rejection(copyIn(live.session, TO, source));
    assert.ok(error instanceof ConnectionError, String(error));
    await sleep(10);
    if (stage === "while data is sent") assert.ok(source.isReturned);
    if (stage === "before it begins") await run(other.session, "rollback");
    assert.equal(live.session.state, "closed");
    await assertUsable(it.session);
    assert.equal(await count(it.session), 0);
  });
}

for (const stage of ["before the first byte", "in the data"] as const) {
  test(`copyOut() errors within a second when the connection is cut ${stage}`, needs("primary"), async () => {
    await using faulty = await proxy("primary");
    await using live = await liveSession(faulty.url(server("primary").url));
    const statement = stage === "in the data"
      ? "copy (select repeat('x', 1000), generate_series(1, 100000000)) to stdout"
      : "copy (select pg_sleep(30)) to stdout";
    let ends = 0;
    const stream = copyOut(live.session, statement, { onEnd: () => ends++ });
    setTimeout(() => void faulty.cut(), 100);
    const error = await rejection(stream.pipeTo(new WritableStream()));
    assert.ok(error instanceof ConnectionError, String(error));
    await sleep(10);
    assert.equal(ends, 1);
  });
}

test("copyIn() ends when the server is stopped in it", needs("primary"), async () => {
  await using it = await table();
  await using other = await liveSession(it.url);
  const source = new Lines(Infinity, (n) => `${n}\tx\n`);
  const copying = copyIn(it.session, TO, source);
  setTimeout(() => {
    void run(other.session, "select pg_terminate_backend($1)", [it.session.processId]);
  }, 50);
  const error = await rejection(copying);
  // What the server said last may be lost with the connection while we were sending.
  assert.ok(error instanceof ConnectionError, String(error));
});

test("encodeCopyText() escapes exactly what the server reads", needs("primary"), async () => {
  assert.equal(encodeCopyText(["a", null, ""]), "a\t\\N\t\n");
  await using it = await table();
  const strings = ["\\N", "\\.", "\\", "a\tb", "\n", "\r\n", "\b\f\v", "\\t", "😀", "", "\x01\x7f", "NULL"];
  const data = strings.map((string, n) => encodeCopyText([String(n), string])).join("");
  assert.equal(await copyIn(it.session, TO, data), strings.length);
  const rows = await run(it.session, "select b from t order by a");
  assert.deepEqual(rows.map((row) => row.b), strings);
});

test("copyRows() copies values of every kind, in binary and in text", needs("primary"), async () => {
  await using it = await table();
  const { session } = it;
  await run(
    session,
    `create table kinds (i int, l bigint, f float8, n numeric, t text, d timestamptz, j jsonb, a int[], u uuid,
      b bytea, o boolean)`,
  );
  const columns = await learnCopyColumns(session, "select * from kinds limit 0");
  assert.equal(copyFormat(columns), "binary");
  assert.deepEqual(columns.map((column) => column.name), [
    "i",
    "l",
    "f",
    "n",
    "t",
    "d",
    "j",
    "a",
    "u",
    "b",
    "o",
  ]);
  const row: unknown[] = [
    1,
    2n ** 62n,
    1.5,
    "12345.678",
    "t\tx\\",
    "2026-01-02 03:04:05.678901+00",
    { a: ["\n", 1] },
    [1, null, 3],
    "00000000-0000-4000-8000-000000000001",
    new Uint8Array([0, 92, 255]),
    true,
  ];
  const nulls = columns.map(() => null);
  async function* source(): AsyncGenerator<readonly unknown[]> {
    for (let n = 0; n < 500; n++) yield n % 2 === 0 ? row : nulls;
  }
  for (const format of ["binary", "text"] as const) {
    const statement = `copy kinds from stdin (format ${format})`;
    assert.equal(await copyIn(session, statement, copyRows([row, nulls], columns, format)), 2);
    assert.equal(await copyIn(session, statement, copyRows(source(), columns, format)), 500);
    assert.equal(await copyIn(session, statement, copyRows([], columns, format)), 0);
  }
  assert.deepEqual(
    await run(
      session,
      "select kinds::text, count(*)::int as n from kinds group by 1 order by 2, length(kinds::text) desc",
    ),
    [
      {
        kinds:
          `(1,4611686018427387904,1.5,12345.678,"t\tx\\\\","2026-01-02 03:04:05.678901+00","{""a"": [""\\\\n"", 1]}","{1,NULL,3}",00000000-0000-4000-8000-000000000001,"\\\\x005cff",t)`,
        n: 502,
      },
      { kinds: "(,,,,,,,,,,)", n: 502 },
    ],
  );
  for (const wrong of [[1], row.with(0, "x"), row.with(0, undefined)]) {
    const data = copyRows([row, wrong], columns, "binary");
    const error = await rejection(copyIn(session, "copy kinds from stdin (format binary)", data));
    assert.ok(error instanceof ValidationError && /row 2 of the COPY/.test(error.message), String(error));
    await assertUsable(session);
  }
});
