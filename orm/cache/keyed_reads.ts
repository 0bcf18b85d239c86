/**
 * Reads by key behind the cache of one pool: of rows by their primary keys, of primary keys by other columns.
 *
 * ## How a key is read
 *
 * 1. What this process has kept is returned, if it is new enough for the reader (`found.ts`).
 * 2. Otherwise the key joins a *flight*: one read of the key, for everybody who wants it meanwhile (single flight).
 *    Flights that begin in one tick travel as one look.
 * 3. What the look finds and may be believed ends its flight. For the rest the look left tickets (R3).
 * 4. These are read from the database as one statement, between two questions for the LSN (R1), and end their flights;
 *    then they are filled with their tickets, in the background.
 *
 * States of a flight: `gathering` → `looking` → (`reading`) → `ended`: with what was found, or without, when nothing is
 * to be had from the cache.
 *
 * ## Invariants
 *
 * - Every flight ends, in the time the store and the pool take at most; a fault of the store only makes it slower.
 * - Who joined a flight is given its end only if that is as new as if they had read for themselves; otherwise, and when a
 *   flight ended without, they read the database. So nobody is told of another's error either.
 * - What was not read from the primary for this reader is only kept here while it may be believed.
 *
 * @module
 */
import type { Sql } from "../../pool/sql/sql.ts";
import type { CacheRows } from "./described_rows.ts";
import type { AnyColumn } from "../building/column.ts";
import { comparisonOf } from "../executing/key_comparison.ts";
import type { CacheCore, Looked } from "./cache_core.ts";
import { Flight, idOf } from "./flight.ts";
import { Flights } from "./flights.ts";
import { accepts, type Found, type Reader } from "./found.ts";
import { NearRows } from "./near_rows.ts";
import { idText } from "./protocol/key_text.ts";
import type { Entry, Fill, LookKey, Ticket } from "./stores/cache_store.ts";
import { TRUST_WINDOW } from "./trust.ts";

/** What one kind of reads by key is of. */
export interface KeyedKind {
  /** `schema.table`. */
  readonly name: string;
  /** The columns the key is of. */
  readonly columns: readonly AnyColumn[];
  /** The key in the store of a key's text. */
  readonly keyOf: (id: string) => string;
  /** From arrays of the columns' values to the statement that reads them. */
  readonly select: (values: readonly (readonly unknown[])[]) => Sql;
  /** Milliseconds an entry lives; one that says that there is nothing. */
  readonly ttl: number;
  readonly negativeTtl: number;
}

/** What the database says of one key. */
export interface Loaded<Value> {
  readonly value: Value;
  readonly payload: Uint8Array | undefined;
  readonly shape: string;
  /** Whether it is too large to be kept. */
  readonly isTransient?: boolean;
}

const INTEGERS: readonly number[] = [21, 23, 20];
const TEXTS: readonly number[] = [25, 1043];
/** Which types, by OID, a key's column of a declared type may be of: those with the same texts. */
const TYPES_OF: Readonly<Record<string, readonly number[]>> = {
  int2: INTEGERS,
  int4: INTEGERS,
  int8: INTEGERS,
  uuid: [2950],
  text: TEXTS,
  varchar: TEXTS,
};
/** How many keys travel in one look at most. */
const MAX_KEYS = 1_000;
/** Share by which lives of entries vary, so that not all that was read together ends together. */
const JITTER = 0.1;

/** What is to be read from the database. */
interface Missing<Value> {
  readonly flight: Flight<Value>;
  readonly key: LookKey;
  readonly ticket: Ticket | undefined;
}

/** See the module's head. */
export abstract class KeyedReads<Value> {
  protected readonly core: CacheCore;
  protected readonly kind: KeyedKind;
  readonly #near: NearRows<Value>;
  readonly #comparisons: readonly ((value: unknown) => unknown)[];
  readonly #flights = new Flights<Value>();
  #gathering: Flight<Value>[] | undefined;
  /** What is to be read from the primary in this tick. */
  #direct: Map<unknown, Flight<Value>> | undefined;

  /** Reads of one kind. */
  protected constructor(core: CacheCore, kind: KeyedKind) {
    this.core = core;
    this.kind = kind;
    this.#near = new NearRows(core.nearRows);
    core.onEpoch(() => this.#near.clear());
    this.#comparisons = kind.columns.map((column) => comparisonOf(column)!);
  }

  /** Whether it is known what payloads are made of; learned from a statement that finds nothing. */
  protected abstract ready(learn: () => Promise<CacheRows>): boolean | Promise<boolean>;

  /** What an entry says; undefined when it is of another shape. */
  protected abstract decode(entry: Entry): Loaded<Value> | undefined;

  /** What the database answered for each comparable key; what is not there has nothing. */
  protected abstract loaded(labelled: CacheRows): ReadonlyMap<unknown, Loaded<Value>>;

  /** What is said of a key of which the database has nothing. */
  protected abstract get nothing(): Loaded<Value>;

  /** Whether changes of what is read are heard. */
  abstract get isCovered(): boolean;

  /** The columns the key is of. */
  get columns(): readonly AnyColumn[] {
    return this.kind.columns;
  }

  /** The key in the store; undefined where equal keys may differ in form. */
  keyOf(values: readonly unknown[]): string | undefined {
    const comparable = this.comparable(values);
    return comparable === undefined ? undefined : this.kind.keyOf(idOf(values, comparable));
  }

  /** What this process has of a key of one column, for a `mixed` reader: the hot path. */
  peek(key: unknown): Found<Value> | undefined {
    // A key of several columns is an object; that its text is known here is nobody's business.
    return this.#comparisons.length === 1 ? this.#near.peek(key) : undefined;
  }

  /**
   * Reads a key.
   *
   * @param values The values of the key's columns, checked.
   * @param given Who reads. Default: one who begins now, in `mixed` mode.
   * @returns What was found; undefined when the database is to be asked.
   */
  find(
    values: readonly unknown[],
    given?: Reader,
  ): Found<Value> | Promise<Found<Value> | undefined> | undefined {
    const comparable = this.comparable(values);
    if (comparable === undefined) return undefined;
    if (this.core.isInDoubt && !this.#near.has(comparable)) {
      this.core.counters.bypassed++;
      return undefined;
    }
    const reader = given ?? { startedAt: performance.now() };
    const near = this.#near.get(comparable, reader);
    if (near !== undefined) {
      this.core.counters.nearHits++;
      return near;
    }
    if (!this.core.canLook(reader.startedAt) || !this.isCovered) {
      this.core.counters.bypassed++;
      return undefined;
    }
    const known = this.#flights.get(comparable);
    // A look that is still to be sent finds nothing too old for one who comes before it.
    if (known === undefined && reader.bounds === undefined) return this.#fly(values, comparable).ended;
    return (known ?? this.#fly(values, comparable)).ended.then((found) =>
      found === undefined || accepts(found, reader) ? found : undefined
    );
  }

  /** Forgets keys in this process, and names them in the store. */
  void(keys: readonly (readonly unknown[])[]): LookKey[] {
    const now = performance.now();
    return keys.flatMap((values) => {
      const comparable = this.comparable(values);
      if (comparable === undefined) return [];
      this.#near.void(comparable, now);
      // Who comes now must not be given what was read before.
      this.#flights.forget(comparable);
      return [this.#key(idOf(values, comparable))];
    });
  }

  /** A key in a form in which equal ones are the same; undefined where that is not known. */
  protected comparable(values: readonly unknown[]): unknown {
    if (values.length === 1) return this.#comparisons[0](values[0]);
    const parts: unknown[] = [];
    for (let i = 0; i < values.length; i++) {
      const part = this.#comparisons[i](values[i]);
      if (part === undefined) return undefined;
      parts.push(part);
    }
    return idText(parts.map(String));
  }

  #key(id: string): LookKey {
    return { key: this.kind.keyOf(id), table: this.kind.name };
  }

  /**
   * Reads a key from the primary, whatever the cache says. Those that are read in one tick travel as one statement.
   *
   * @param values The values of the key's columns, checked.
   * @returns What was found; undefined when the database does not answer, or the key's form is not certain.
   */
  readNow(values: readonly unknown[]): Promise<Found<Value> | undefined> {
    const comparable = this.comparable(values);
    if (comparable === undefined) return Promise.resolve(undefined);
    let direct = this.#direct;
    if (direct === undefined || direct.size >= MAX_KEYS) {
      const batch = direct = this.#direct = new Map<unknown, Flight<Value>>();
      queueMicrotask(() => {
        if (this.#direct === batch) this.#direct = undefined;
        void this.#readAll([...batch.values()]);
      });
    }
    let flight = direct.get(comparable);
    if (flight === undefined) direct.set(comparable, flight = new Flight(values, comparable));
    return flight.ended;
  }

  async #readAll(flights: readonly Flight<Value>[]): Promise<void> {
    try {
      await this.#read(
        flights.map((flight) => ({ flight, key: this.#key(flight.id), ticket: undefined })),
      );
    } catch {
      // Who waits for these asks the database, and is told by it what is wrong.
    } finally {
      for (const flight of flights) this.#end(flight, undefined);
    }
  }

  #fly(values: readonly unknown[], comparable: unknown): Flight<Value> {
    const flight = new Flight<Value>(values, comparable);
    this.#flights.add(flight);
    if (this.#gathering !== undefined && this.#gathering.length < MAX_KEYS) this.#gathering.push(flight);
    else {
      const batch = this.#gathering = [flight];
      queueMicrotask(() => {
        if (this.#gathering === batch) this.#gathering = undefined;
        void this.#look(batch);
      });
    }
    return flight;
  }

  #end(flight: Flight<Value>, found: Found<Value> | undefined): void {
    if (flight.isEnded) return;
    this.#flights.remove(flight);
    flight.end(found);
  }

  async #look(flights: readonly Flight<Value>[]): Promise<void> {
    try {
      const keys = flights.map(({ id }) => this.#key(id));
      // Before the first answer of the database it is not known what payloads are made of.
      const isReady = this.ready(() => this.#labelled([]));
      const looked = isReady === true || await isReady ? await this.core.look(keys) : undefined;
      const missing: Missing<Value>[] = [];
      flights.forEach((flight, index) => {
        const found = looked === undefined ? undefined : this.#hit(looked, index);
        if (found === undefined) {
          missing.push({ flight, key: keys[index], ticket: this.#ticket(looked, index) });
          return;
        }
        this.core.counters.hits++;
        this.#near.put(flight.comparable, found);
        this.#end(flight, found);
      });
      if (missing.length > 0) await this.#read(missing);
    } catch {
      // Who waits for these asks the database, and is told by it what is wrong.
    } finally {
      for (const flight of flights) this.#end(flight, undefined);
    }
  }

  /** What a look found at a key, if it may be believed and read. */
  #hit({ looks, currentAt: since, sentAt }: Looked, index: number): Found<Value> | undefined {
    const { entry, watermark } = looks[index];
    const currentAt = since[index];
    if (entry === undefined || watermark === undefined || currentAt < sentAt - TRUST_WINDOW) return undefined;
    const { version, upper } = entry;
    let loaded: Loaded<Value> | undefined;
    try {
      loaded = this.decode(entry);
    } catch (error) {
      this.core.warnOnce(`An entry of "${this.kind.name}" could not be read: ${(error as Error).message}`);
    }
    if (loaded === undefined) return undefined;
    const asOf = version > watermark.lsn ? version : watermark.lsn;
    return {
      value: loaded.value,
      bytes: loaded.payload,
      timeline: watermark.timeline,
      asOf,
      applied: watermark.lsn,
      upper,
      currentAt,
      in: "store",
    };
  }

  /** The ticket that a look left, if what it showed may be believed. */
  #ticket(looked: Looked | undefined, index: number): Ticket | undefined {
    if (looked === undefined) return undefined;
    const { looks, currentAt, sentAt } = looked;
    return currentAt[index] < sentAt - TRUST_WINDOW ? undefined : looks[index].ticket;
  }

  /** Reads rows from the database, and fills what there are tickets for. */
  async #read(missing: readonly Missing<Value>[]): Promise<void> {
    this.core.counters.misses += missing.length;
    const sentAt = performance.now();
    const labelled = await this.#labelled(missing.map(({ flight }) => flight.values));
    if (!this.#isOfTypes(labelled)) return;
    const { version, upper, timeline } = labelled;
    const loaded = this.loaded(labelled);
    const claimed = new Set(
      missing.map(({ flight }) => flight.comparable).filter((each) => loaded.has(each)),
    );
    const fills: Fill[] = [];
    for (const { flight, key, ticket } of missing) {
      const known = loaded.get(flight.comparable);
      // What nobody asked for has a key that PostgreSQL compares otherwise: it may be what this one asked for.
      if (known === undefined && claimed.size < loaded.size) continue;
      const { value, payload, shape, isTransient } = known ?? this.nothing;
      const end: Found<Value> = {
        value,
        bytes: payload,
        timeline,
        asOf: version,
        applied: 0n,
        upper,
        currentAt: sentAt,
        in: "database",
      };
      this.#near.put(flight.comparable, end);
      this.#end(flight, end);
      if (ticket === undefined || isTransient === true) continue;
      fills.push({
        ...key,
        ticket,
        version,
        upper,
        shape,
        payload,
        ttl: this.#ttl(payload !== undefined),
      });
    }
    this.core.fill(fills);
  }

  /** Whether the key's columns are in the database what the model says, so that equal keys have the texts told of them. */
  #isOfTypes({ fields }: CacheRows): boolean {
    const odd = this.kind.columns.find(({ columnName, settings }) => {
      const field = fields.find(({ name }) => name === columnName);
      return field !== undefined && !TYPES_OF[settings.type.base]?.includes(field.type);
    });
    if (odd === undefined) return true;
    this.core.warnOnce(
      `Rows of "${this.kind.name}" are not cached by "${odd.property}": its model says it is ${odd.settings.type.base}, in the database it is of another type`,
    );
    return false;
  }

  #labelled(keys: readonly (readonly unknown[])[]): Promise<CacheRows> {
    return this.core.labelled(
      this.kind.select(this.kind.columns.map((_, part) => keys.map((key) => key[part]))),
    );
  }

  #ttl(isThere: boolean): number {
    const ttl = isThere ? this.kind.ttl : this.kind.negativeTtl;
    return Math.ceil(ttl * (1 - Math.random() * JITTER));
  }
}
