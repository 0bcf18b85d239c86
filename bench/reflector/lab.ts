/**
 * What the reflector is measured with: a database of its own on the run's server, a prefix of its own in the run's Redis, a
 * table of which some rows are cached, and the program itself in processes of its own.
 */
import { Redis } from "ioredis";
import { Cache, column, model, Pool, sql } from "../../mod.ts";
import { rowKey } from "../../orm/cache/protocol/keys.ts";
import { publicationSql } from "../../reflector/install/publication.ts";
import { installTriggers } from "../../reflector/mod.ts";
import { ReflectorProcess } from "../../tests/faults/cache/reflector_process.ts";
import { sleep } from "../scenarios/closed_loop.ts";

/** Where changes come from. */
export type Source = "notify" | "logical";

/** Rows of the table, and how many of them are cached. */
export const ROWS = 100_000;
export const CACHED = 10_000;
/** Connections that write. */
export const WRITERS = 4;

const BenchRow = model("bench_rows", {
  id: column.integer().primaryKey(),
  note: column.text(),
}, { cache: 3_600 });

/** Milliseconds after which something that should happen has not. */
const PATIENCE = 60_000;

/** See the file's head. */
export class Lab implements AsyncDisposable {
  readonly source: Source;
  /** What writes. */
  readonly pool: Pool;
  readonly redis: Redis;
  readonly cache: Cache;
  readonly #flags: Readonly<Record<string, string>>;
  readonly #prefix: string;
  readonly #reader: Pool;
  readonly #rows: ReturnType<typeof BenchRow.on>;
  readonly #reflectors: ReflectorProcess[] = [];

  private constructor(
    source: Source,
    { url, redisUrl, prefix }: { url: string; redisUrl: string; prefix: string },
  ) {
    this.source = source;
    this.#prefix = prefix;
    this.pool = new Pool({ url, max: WRITERS });
    this.#reader = new Pool({ url, max: 2 });
    this.#rows = BenchRow.on(this.#reader);
    this.redis = new Redis(redisUrl);
    this.cache = new Cache(this.#reader, { redis: redisUrl, prefix, nearRows: 0, timeout: 500 });
    this.#flags = { "database-url": url, "redis-url": redisUrl, prefix, source };
  }

  /** Makes the tables, starts a reflector, and fills the cache. */
  static async open(
    source: Source,
    { url, redisUrl }: { readonly url: string; readonly redisUrl: string },
  ): Promise<Lab> {
    const name = `bench_${source}`;
    {
      await using server = new Pool({ url, max: 1 });
      await server.execute(sql.unsafe(`create database ${name}`));
    }
    const own = new URL(url);
    own.pathname = `/${name}`;
    const lab = new Lab(source, { url: own.href, redisUrl, prefix: `bench:${source}:` });
    await lab.pool.execute(sql`create table bench_rows (id int primary key, note text not null)`);
    await lab.pool.execute(
      sql`insert into bench_rows select i, 'n=0;' from generate_series(1, ${ROWS}::int) i`,
    );
    await lab.pool.execute(sql`vacuum analyze bench_rows`);
    if (source === "notify") await installTriggers(lab.pool, { tables: ["bench_rows"] });
    else {
      await lab.pool.execute(sql.unsafe(publicationSql([{ schema: "public", table: "bench_rows" }])));
    }
    await lab.startReflector();
    if (!await lab.cache.ready({ timeout: PATIENCE })) {
      throw new Error("Cannot measure: the cache is not trusted");
    }
    const fill = async (): Promise<boolean> => {
      const before = lab.cache.stats().hits;
      for (let id = 1; id <= CACHED; id += 100) {
        await Promise.all(Array.from({ length: 100 }, (_, index) => lab.read(id + index)));
      }
      return lab.cache.stats().hits - before === CACHED;
    };
    await until("every row is cached", fill);
    return lab;
  }

  /** Starts another reflector; the first of them leads when this resolves. */
  async startReflector(): Promise<ReflectorProcess> {
    const reflector = new ReflectorProcess({
      name: `reflector-${this.#reflectors.length + 1}`,
      flags: this.#flags,
    });
    this.#reflectors.push(reflector);
    await until("the reflector says something", async () => await reflector.status() !== undefined);
    await until("a reflector leads", async () => await this.leader() !== undefined);
    return reflector;
  }

  /** The reflector that leads. */
  async leader(): Promise<ReflectorProcess | undefined> {
    for (const reflector of this.#reflectors) if (await reflector.leads()) return reflector;
    return undefined;
  }

  /** Changes rows from one on. */
  async write(first: number, count: number, note: string): Promise<void> {
    await this.pool.execute(
      count === 1
        ? sql`update bench_rows set note = ${note} where id = ${first}`
        : sql`update bench_rows set note = ${note} where id between ${first} and ${first + count - 1}`,
    );
  }

  /** Reads a row as a client does. */
  read(id: number): Promise<unknown> {
    return this.#rows.findById(id);
  }

  /** The key of a row in Redis. */
  entry(id: number): string {
    return rowKey("public.bench_rows", { id: String(id), prefix: this.#prefix });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const reflector of this.#reflectors) await reflector[Symbol.asyncDispose]();
    await this.cache.close();
    await this.#reader.close();
    await this.pool.close();
    this.redis.disconnect();
  }
}

/** Waits for something, and fails when it never comes true. */
export async function until(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  pause = 20,
): Promise<number> {
  const started = performance.now();
  while (!await isTrue()) {
    if (performance.now() - started > PATIENCE) {
      throw new Error(`Cannot measure: it never came true that ${what}`);
    }
    await sleep(pause);
  }
  return performance.now() - started;
}
