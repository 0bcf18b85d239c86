/**
 * What each operation of a store means, in TypeScript. The memory store is this; the scripts of Redis are held to it by
 * a property test.
 *
 * A key is absent, holds an entry, or holds a tombstone, which may hold a ticket:
 *
 *     absent    --look-->  tombstone of floor 0 with a ticket
 *     entry     --look-->  stays, or when it is void (another epoch, or not above its table's floor): as if absent
 *     tombstone --look-->  the same with a ticket
 *     tombstone with the fill's ticket --fill--> entry, where the fill is neither early nor older
 *     entry, tombstone --void--> tombstone with the higher floor, and with the reflector's ticket where a leader voids
 *                                what can be filled again
 *
 * Invariants:
 * - There is no ticket beside an entry: each change of a key takes the ticket that was there (R3).
 * - A ticket's floor is not below the watermark's floor when it was left, so that a tombstone may be lost.
 * - A tombstone or entry of another epoch than the watermark's is as good as absent: LSNs of two epochs do not compare.
 * - Within a term nothing in the watermark goes back, whatever arrives late.
 * - Without a watermark nobody gets a ticket, and no fill is taken.
 *
 * @module
 */
import type {
  Entry,
  Fill,
  FillOutcome,
  KeyLook,
  Leader,
  LookKey,
  SeenWatermark,
  Ticket,
  Voided,
  Voider,
  Voiding,
  WatermarkChange,
} from "../stores/cache_store.ts";
import { NotLeaderError } from "../stores/cache_store.ts";
import type { Watermark } from "./watermark.ts";

/** What a key holds. `until` is when it is over, by the keyspace's clock. */
export type Held =
  | { readonly kind: "entry"; readonly epoch: string; readonly until: number; readonly entry: Entry }
  | {
    readonly kind: "tombstone";
    readonly epoch: string;
    readonly until: number;
    readonly floor: bigint;
    readonly ticket: Ticket | undefined;
    /** The shape of the entry this stands for. */
    readonly shape: string;
    /** Until when that entry would have lived. */
    readonly entryUntil: number;
  };

/** What holds the keys: a `Map`, or something that forgets. */
export interface Shelf {
  get(key: string): Held | undefined;
  set(key: string, held: Held): unknown;
  delete(key: string): unknown;
}

/** How a {@link Keyspace} works. */
export interface KeyspaceOptions {
  readonly shelf: Shelf;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** The server's identity: it is written into the watermark by a leader, and seen beside it by a reader (R9). */
  readonly server: string;
  /** Milliseconds a ticket lives. */
  readonly ticketLife: number;
  /** Milliseconds a tombstone lives at least. */
  readonly tombstoneLife: number;
}

/** The epoch of what is voided where no watermark is. */
export const NO_EPOCH: string = "-".repeat(16);

/** A keyspace of one shard. */
export class Keyspace {
  readonly #options: KeyspaceOptions;
  #watermark: SeenWatermark | undefined;

  constructor(options: KeyspaceOptions) {
    this.#options = options;
  }

  /** The watermark, if there is one. */
  get watermark(): SeenWatermark | undefined {
    return this.#watermark;
  }

  /** Forgets the watermark, as a store does that was emptied or has put it out for want of memory. */
  loseWatermark(): void {
    this.#watermark = undefined;
  }

  /**
   * Reads one key; leaves a ticket, or finds one, where there is no entry.
   *
   * @param key What is looked for.
   * @param ticketId The id of the ticket, should one be left.
   */
  look({ key, table }: LookKey, ticketId: string): KeyLook {
    const watermark = this.#watermark;
    if (watermark === undefined) return { entry: undefined, ticket: undefined, watermark };
    const held = this.#held(key);
    if (held?.kind === "entry" && isTrue(held.entry, watermark.tables.get(table))) {
      return { entry: held.entry, ticket: undefined, watermark };
    }
    const tombstone = held?.kind === "tombstone" ? held : undefined;
    if (tombstone?.ticket !== undefined) return { entry: undefined, ticket: tombstone.ticket, watermark };
    const { now, shelf, ticketLife } = this.#options;
    const ticket = {
      id: ticketId,
      epoch: watermark.epoch,
      floor: max(watermark.floor, tombstone?.floor ?? 0n),
    };
    const until = Math.max(tombstone?.until ?? 0, now() + ticketLife);
    shelf.set(key, {
      kind: "tombstone",
      epoch: watermark.epoch,
      floor: tombstone?.floor ?? 0n,
      ticket,
      shape: tombstone?.shape ?? "",
      entryUntil: tombstone?.entryUntil ?? 0,
      until,
    });
    return { entry: undefined, ticket, watermark };
  }

  /**
   * Stores what was read with a ticket.
   *
   * @param fill What was read.
   * @param by Whose it is; the leader wins ties (R4).
   * @throws {NotLeaderError} When another leads.
   */
  fill(fill: Fill, by: Voider): FillOutcome {
    if (by !== "writer") this.#led(by);
    const watermark = this.#watermark;
    if (watermark === undefined) return "epoch";
    const { now, shelf } = this.#options;
    const held = shelf.get(fill.key);
    if (held?.kind !== "tombstone" || held.until <= now() || held.ticket?.id !== fill.ticket.id) {
      return "void";
    }
    if (held.epoch !== watermark.epoch) return "epoch";
    const { version, upper, shape, payload } = fill;
    if (version < held.ticket.floor || !isTrue(fill, watermark.tables.get(fill.table))) return "early";
    if (by === "writer" ? version <= held.floor : version < held.floor) return "newer";
    const entry = { version, upper, shape, payload };
    shelf.set(fill.key, { kind: "entry", epoch: held.epoch, entry, until: now() + fill.ttl });
    return "stored";
  }

  /**
   * Voids keys.
   *
   * @param voiding Which, up to where, and by whom.
   * @param ticketId The id of the leader's tickets.
   * @throws {NotLeaderError} When another leads.
   */
  void({ keys, floor, by }: Voiding, ticketId: string): Voided[] {
    if (by !== "writer") {
      const watermark = this.#led(by);
      if (floor > watermark.floor) this.#watermark = Object.freeze({ ...watermark, floor });
    }
    return keys.map(({ key }) => this.#voidOne(key, { floor, ticketId, isLeader: by !== "writer" }));
  }

  /**
   * Writes what a leader says of the watermark.
   *
   * @throws {NotLeaderError} When another leads.
   */
  advance(change: WatermarkChange): Leader {
    if (change.takeOver) {
      const { epoch, timeline, database, lsn, coverage } = change;
      const term = (this.#watermark?.term ?? 0) + 1;
      this.#show({
        ...{
          term,
          epoch,
          timeline,
          database,
          lsn,
          floor: lsn,
          seq: 0,
          delay: 0,
          runId: this.#options.server,
        },
        ...{ coverage, tables: new Map() },
      });
      return { term, epoch };
    }
    const watermark = this.#led(change.by);
    const lsn = max(watermark.lsn, change.lsn ?? 0n);
    const floor = max(lsn, max(watermark.floor, change.floor ?? 0n));
    const isNext = change.seq !== undefined && change.seq > watermark.seq;
    const seq = isNext ? change.seq : watermark.seq;
    const delay = isNext ? Math.ceil(change.delay ?? watermark.delay) : watermark.delay;
    this.#show({
      ...watermark,
      ...{ lsn, floor, seq, delay },
      coverage: (change.seq === undefined || isNext ? change.coverage : undefined) ?? watermark.coverage,
      tables: raisedTables(watermark.tables, change),
    });
    return change.by;
  }

  #voidOne(
    key: string,
    { floor, ticketId, isLeader }: { floor: bigint; ticketId: string; isLeader: boolean },
  ): Voided {
    const { now, shelf, tombstoneLife } = this.#options;
    const held = shelf.get(key);
    if (held === undefined || held.until <= now()) {
      return { key, was: "absent", shape: "", ttl: 0, ticket: undefined };
    }
    const epoch = this.#watermark?.epoch ?? NO_EPOCH;
    const isOfEpoch = held.epoch === epoch;
    const isEntry = held.kind === "entry";
    const shape = !isOfEpoch ? "" : isEntry ? held.entry.shape : held.shape;
    const entryUntil = !isOfEpoch ? 0 : isEntry ? held.until : held.entryUntil;
    const ttl = shape === "" ? 0 : Math.max(0, entryUntil - now());
    const isActive = isOfEpoch && (isEntry || held.ticket !== undefined);
    const was = isActive ? "active" : "idle";
    const known = !isOfEpoch ? 0n : isEntry ? held.entry.version : held.floor;
    if (!isLeader && isOfEpoch && isEntry && known >= floor) {
      return { key, was, shape, ttl, ticket: undefined };
    }
    const watermark = this.#watermark;
    const ticket = isLeader && isActive && ttl > 0
      ? { id: ticketId, epoch, floor: max(watermark!.floor, max(known, floor)) }
      : undefined;
    const until = isActive || !isLeader ? Math.max(held.until, now() + tombstoneLife) : held.until;
    shelf.set(key, {
      ...{ kind: "tombstone", epoch, floor: max(known, floor), ticket, shape, entryUntil, until },
    });
    return { key, was, shape, ttl, ticket };
  }

  /** What a key holds, unless it is over or of another epoch. */
  #held(key: string): Held | undefined {
    const held = this.#options.shelf.get(key);
    if (held === undefined || held.epoch !== this.#watermark?.epoch) return undefined;
    return held.until > this.#options.now() ? held : undefined;
  }

  #led({ term, epoch }: Leader): SeenWatermark {
    const watermark = this.#watermark;
    if (watermark === undefined) {
      throw new NotLeaderError("Cannot lead: the store has no watermark; take over again");
    }
    if (watermark.term !== term || watermark.epoch !== epoch || watermark.runId !== this.#options.server) {
      throw new NotLeaderError(
        `Cannot lead in term ${term}: the store is in term ${watermark.term}; take over again`,
      );
    }
    return watermark;
  }

  #show(watermark: Watermark): void {
    this.#watermark = Object.freeze({ ...watermark, shard: 0, server: this.#options.server });
  }
}

function isTrue(entry: Entry, tableFloor: bigint | undefined): boolean {
  return tableFloor === undefined || entry.version > tableFloor;
}

function raisedTables(
  tables: ReadonlyMap<string, bigint>,
  change: { readonly tables?: ReadonlyMap<string, bigint>; readonly forget?: ReadonlyMap<string, bigint> },
): ReadonlyMap<string, bigint> {
  if (change.tables === undefined && change.forget === undefined) return tables;
  const raised = new Map(tables);
  for (const [table, floor] of change.forget ?? []) {
    if ((raised.get(table) ?? 0n) <= floor) raised.delete(table);
  }
  for (const [table, floor] of change.tables ?? []) raised.set(table, max(raised.get(table) ?? 0n, floor));
  return raised;
}

function max(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
