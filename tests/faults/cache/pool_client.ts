/** An application process's part of a campaign: a pool with a cache, in this process. */
import { type Cache, type CacheStats, type Executor, type Pool, type Sql, sql } from "../../../mod.ts";
import type { ReadMode, ReadOrigin } from "../../../reflector/audit/history.ts";
import type { Answer, Client, WriteKind, WriteWay, Writing } from "./client.ts";
import { changeItem, findItem, removeItem } from "./items.ts";

/** Where answers come from; of two modes nobody is told. */
const ORIGINS: Readonly<Record<ReadMode, ReadOrigin>> = {
  primary: "primary",
  replica: "replica",
  mixed: "unknown",
  strong: "unknown",
};

/** A pool that campaigns read and write through. */
export class PoolClient implements Client {
  readonly name: string;
  readonly #pool: Pool;
  readonly #cache: Cache;

  constructor(name: string, { pool, cache }: { readonly pool: Pool; readonly cache: Cache }) {
    this.name = name;
    this.#pool = pool;
    this.#cache = cache;
  }

  get isTrusting(): boolean {
    return this.#cache.stats().trusted;
  }

  /** What its cache has done. */
  cacheStats(): CacheStats {
    return this.#cache.stats();
  }

  session<T>(work: () => Promise<T>, token?: string): Promise<T> {
    return this.#pool.consistent(work, { token });
  }

  async read(id: number, mode: ReadMode): Promise<Answer> {
    return { state: await findItem(id, this.#pool.reading(mode)), origin: ORIGINS[mode] };
  }

  async write(
    id: number,
    { kind, way, writing }: { kind: WriteKind; way: WriteWay; writing: Writing },
  ): Promise<void> {
    if (way === "statement" && kind === "put") {
      writing.isSent = true;
      writing.state = await changeItem(id, this.#pool);
      writing.isSent = false;
      return;
    }
    await this.#pool.transaction(async (tx) => {
      if (kind === "remove") await this.#remove(id, { tx, way, writing });
      else await this.#put(id, { tx, way, writing });
    });
  }

  async #put(id: number, { tx, way, writing }: Within): Promise<void> {
    const number = async (statement: Sql<{ n: number }>): Promise<number | undefined> =>
      (await tx.maybeOne<{ n: number }>(statement))?.n;
    const changed = way === "model"
      ? await changeItem(id, tx)
      : await number(sql`update items set note = 'changed too' where id = ${id} returning n`);
    writing.state = changed ??
      await number(sql`insert into items values (${id}, 0, 'put back') on conflict do nothing returning n`);
  }

  async #remove(id: number, { tx, way, writing }: Within): Promise<void> {
    const isThere = way === "model"
      ? await removeItem(id, tx)
      : await tx.execute(sql`delete from items where id = ${id}`) > 0;
    if (!isThere) return;
    writing.absent = true;
    writing.state = await tx.value<number>(sql`select state from ledgers where id = ${id}`);
  }

  token(): string | undefined {
    return this.#pool.token();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cache.close();
    await this.#pool.close();
  }
}

/** A write within its transaction. */
interface Within {
  readonly tx: Executor;
  readonly way: WriteWay;
  readonly writing: Writing;
}
