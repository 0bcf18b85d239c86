/**
 * Results of whole queries behind the cache of one pool, for queries that ask for it.
 *
 * No key says which rows a query would find, so a result hangs on *marks*: one for each table it reads, a number nobody
 * has used before. A mark is kept like a row, and the reflector voids it with every change of its table. A result is good
 * only while each mark that it was stored with is still there. Marks and result are filled with one and the same read, by
 * their own tickets: when a table changed meanwhile its mark's ticket is void, so the mark the result names is never
 * stored, and the result is never good.
 *
 * Invariant: whoever gets a result gets rows of their own.
 *
 * @module
 */
import { createHash, randomUUID } from "node:crypto";
import type { Sql } from "../../pool/sql/sql.ts";
import type { CacheCore, Looked } from "./cache_core.ts";
import { accepts, type Found, type Reader } from "./found.ts";
import { bytesReader, type CacheRows } from "./described_rows.ts";
import { tableKey } from "./protocol/keys.ts";
import type { Fill, LookKey } from "./stores/cache_store.ts";
import { TRUST_WINDOW } from "./trust.ts";
import { valueText } from "./value_text.ts";

/** Results of more bytes are not kept. */
const MAX_BYTES = 1024 * 1024;
/** How many texts the readers of rows are kept for. */
const MAX_READERS = 1_000;

/** A row as the pool would return it. */
export type ResultRow = Record<string, unknown>;

/** A query whose result may be kept. */
export interface KeptQuery {
  readonly statement: Sql;
  /** What it reads: `schema.table` of each, its own first, none twice. */
  readonly tables: readonly string[];
  /** Milliseconds its result is kept. */
  readonly ttl: number;
}

/** How the rows of a statement are read. */
interface Reading {
  /** Names the columns, their types and formats. */
  readonly shape: string;
  readonly read: ReturnType<typeof bytesReader>;
}

/** Rows as the bytes they came as, and what reads them. */
interface Unread {
  readonly rows: readonly Uint8Array[];
  readonly read: ReturnType<typeof bytesReader>;
}

/** What stands before the rows in a payload. */
interface Head {
  readonly marks: readonly string[];
  readonly lengths: readonly number[];
}

/** The results of queries on a pool. */
export class QueryResults {
  readonly #core: CacheCore;
  readonly #flights = new Map<string, Promise<Found<Unread> | undefined>>();
  readonly #readers = new Map<string, Reading>();

  /** Of a pool. */
  constructor(core: CacheCore) {
    this.#core = core;
  }

  /** The key of a query with its values and tables; undefined where the values have no certain text. */
  keyOf({ statement: { text, values }, tables }: KeptQuery): string | undefined {
    const given = valueText(values);
    if (given === undefined) return undefined;
    const parts = JSON.stringify([text, given, tables]);
    return `${this.#core.prefix}query:${createHash("sha256").update(parts).digest("hex").slice(0, 40)}`;
  }

  /**
   * Finds a result.
   *
   * @param query The query.
   * @param key Its key.
   * @param reader Who reads.
   * @returns The rows; undefined when the database is to be asked.
   */
  async find(query: KeptQuery, key: string, reader: Reader): Promise<Found<ResultRow[]> | undefined> {
    if (
      !this.#core.canLook(reader.startedAt) || !query.tables.every((table) => this.#core.covers(table))
    ) {
      this.#core.counters.bypassed++;
      return undefined;
    }
    let flight = this.#flights.get(key);
    if (flight === undefined) {
      flight = this.#fly(query, key).catch(() => undefined).finally(() => this.#flights.delete(key));
      this.#flights.set(key, flight);
    }
    const found = await flight;
    if (found === undefined || !accepts(found, reader)) return undefined;
    const { rows, read } = found.value;
    return { ...found, value: rows.map(read) };
  }

  async #fly(query: KeptQuery, key: string): Promise<Found<Unread> | undefined> {
    const keys: LookKey[] = [
      { key, table: query.tables[0] },
      ...query.tables.map((table) => ({ key: tableKey(table, this.#core.prefix), table })),
    ];
    let looked = await this.#core.look(keys);
    const hit = looked === undefined ? undefined : this.#hit(query, looked);
    if (hit !== undefined) {
      this.#core.counters.hits++;
      return hit;
    }
    const old = looked?.looks[0].entry;
    if (old !== undefined) {
      // A result whose marks are gone is in the way of the next.
      await this.#core.void([keys[0]], old.version + 1n);
      looked = await this.#core.look(keys);
    }
    return await this.#read(query, keys, looked);
  }

  #hit(
    { statement }: KeptQuery,
    { looks, currentAt, sentAt }: Looked,
  ): Found<Unread> | undefined {
    const [{ entry, watermark }, ...marks] = looks;
    const since = Math.min(...currentAt);
    if (entry?.payload === undefined || watermark === undefined || since < sentAt - TRUST_WINDOW) {
      return undefined;
    }
    const reading = this.#readers.get(statement.text);
    if (reading === undefined || reading.shape !== entry.shape) return undefined;
    const { head, rows } = unpack(entry.payload);
    if (!marks.every((mark, index) => markOf(mark.entry?.payload) === head.marks[index])) return undefined;
    let applied = watermark.lsn;
    for (const mark of marks) if (mark.watermark!.lsn < applied) applied = mark.watermark!.lsn;
    return {
      value: { rows, read: reading.read },
      timeline: watermark.timeline,
      asOf: entry.version > applied ? entry.version : applied,
      applied,
      upper: entry.upper,
      currentAt: since,
      in: "store",
    };
  }

  async #read(
    query: KeptQuery,
    keys: readonly LookKey[],
    looked: Looked | undefined,
  ): Promise<Found<Unread>> {
    this.#core.counters.misses++;
    const sentAt = performance.now();
    const answer = await this.#core.labelled(query.statement);
    const { shape, read } = this.#takeReader(query.statement.text, answer);
    const { version, upper, timeline, rows } = answer;
    if (looked !== undefined && Math.min(...looked.currentAt) >= looked.sentAt - TRUST_WINDOW) {
      this.#core.fill(this.#fills(query, { keys, looked, answer, shape }));
    }
    return {
      value: { rows, read },
      timeline,
      asOf: version,
      applied: 0n,
      upper,
      currentAt: sentAt,
      in: "database",
    };
  }

  #fills(
    { ttl }: KeptQuery,
    { keys, looked, answer: { version, upper, rows }, shape }: {
      readonly keys: readonly LookKey[];
      readonly looked: Looked;
      readonly answer: CacheRows;
      readonly shape: string;
    },
  ): Fill[] {
    const [own, ...tables] = looked.looks;
    const marks = tables.map(({ entry }) => markOf(entry?.payload) ?? randomUUID());
    const payload = pack({ marks, lengths: rows.map(({ length }) => length) }, rows);
    if (payload.length > MAX_BYTES) return [];
    const label = { version, upper, ttl };
    const fills: Fill[] = tables.flatMap(({ entry, ticket }, index) =>
      entry !== undefined || ticket === undefined ? [] : [{
        ...keys[index + 1],
        ...label,
        ticket,
        shape: "mark",
        payload: new TextEncoder().encode(marks[index]),
      }]
    );
    if (own.ticket !== undefined) fills.push({ ...keys[0], ...label, ticket: own.ticket, shape, payload });
    return fills;
  }

  /** How the rows of a text are read, as the server describes them now. */
  #takeReader(text: string, { fields, formats, registry }: CacheRows): Reading {
    const described = JSON.stringify(fields.map(({ name, type }, index) => [name, type, formats[index]]));
    const shape = createHash("md5").update(described).digest("hex").slice(0, 12);
    const known = this.#readers.get(text);
    if (known?.shape === shape) return known;
    if (this.#readers.size >= MAX_READERS) this.#readers.clear();
    const reading: Reading = {
      shape,
      read: bytesReader({ fields, formats, registry }),
    };
    this.#readers.set(text, reading);
    return reading;
  }
}

function markOf(payload: Uint8Array | undefined): string | undefined {
  return payload === undefined ? undefined : new TextDecoder().decode(payload);
}

/** Puts a result into bytes: the length of its head, its head, its rows. */
function pack(head: Head, rows: readonly Uint8Array[]): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(head));
  const bytes = new Uint8Array(4 + text.length + head.lengths.reduce((sum, length) => sum + length, 0));
  new DataView(bytes.buffer).setUint32(0, text.length);
  bytes.set(text, 4);
  let at = 4 + text.length;
  for (const row of rows) {
    bytes.set(row, at);
    at += row.length;
  }
  return bytes;
}

function unpack(bytes: Uint8Array): { readonly head: Head; readonly rows: readonly Uint8Array[] } {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as Head;
  let at = 4 + length;
  const rows = head.lengths.map((each) => bytes.subarray(at, at += each));
  return { head, rows };
}
