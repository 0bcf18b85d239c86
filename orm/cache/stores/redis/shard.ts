/**
 * One shard of a cache in Redis: keys and a watermark that live on one server, so that one script sees them at one moment.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { nextTick } from "node:process";
import { entryHeader, readEntry, readTicket } from "../../protocol/held_bytes.ts";
import { taggedKey, watermarkKey } from "../../protocol/keys.ts";
import { newTicketId } from "../../protocol/ticket_id.ts";
import {
  escapeLine,
  formatWatermark,
  lsnDigits,
  numberDigits,
  parseWatermark,
  WATERMARK_FIELDS,
} from "../../protocol/watermark_text.ts";
import {
  type Fill,
  type FillOutcome,
  type KeyLook,
  type LookKey,
  NotLeaderError,
  type SeenWatermark,
  type Voided,
  type Voider,
  type WatermarkChange,
} from "../cache_store.ts";
import type { Argument, RedisLink } from "./redis_link.ts";
import { ADVANCE } from "./scripts/advance.ts";
import { FILL } from "./scripts/fill.ts";
import { LOOK } from "./scripts/look.ts";
import { NOT_LEADER, type Script } from "./scripts/script.ts";
import { TAKE_OVER } from "./scripts/take_over.ts";
import { VOID } from "./scripts/void.ts";

/** How a {@link Shard} is made. */
export interface ShardOptions {
  readonly number: number;
  readonly prefix: string;
  /** Whether keys carry the shard's hash tag. */
  readonly isTagged: boolean;
  /** Milliseconds a call may take. */
  readonly timeout: number;
  readonly ticketLife: number;
  readonly tombstoneLife: number;
  /** The connection to the server the shard is on now; throws a `StoreUnavailableError` where that is not known. */
  readonly link: () => RedisLink;
  /** Told why a call failed. */
  readonly onFailure?: (error: unknown) => void;
}

/** The change of a leader that leads. */
export type LeadersChange = Exclude<WatermarkChange, { readonly takeOver: true }>;

/** The change of one that takes over. */
export type TakeOverChange = Extract<WatermarkChange, { readonly takeOver: true }>;

/** A watermark and its text. */
interface Seen {
  readonly bytes: Buffer;
  readonly watermark: SeenWatermark;
}

/** Keys looked for, and who waits for them. */
interface Looking {
  readonly keys: readonly LookKey[];
  resolve(looks: readonly KeyLook[]): void;
  reject(error: unknown): void;
}

const OUTCOMES = ["stored", "void", "epoch", "newer", "early"] as const satisfies readonly FillOutcome[];
// A script holds the server up for as long as it runs: some hundred keys take less than a millisecond.
const CHUNK = 500;

/** See the module's head. */
export class Shard {
  readonly #options: ShardOptions;
  readonly #watermarkKey: string;
  #looking: Looking[] = [];
  #seen: Seen | undefined;

  constructor(options: ShardOptions) {
    this.#options = options;
    this.#watermarkKey = this.#name(watermarkKey(options.prefix));
  }

  /** The watermark. */
  async watermark(): Promise<SeenWatermark | undefined> {
    const link = this.#options.link();
    const bytes = await this.#call(() => link.command("GET", [this.#watermarkKey])) as Buffer | null;
    return this.#see(bytes, link.identity ?? "")?.watermark;
  }

  /**
   * Looks at keys: see `Keyspace.look()`. What is looked for in one turn of the event loop travels as one script, which
   * costs a fraction of as many scripts.
   */
  look(keys: readonly LookKey[]): Promise<readonly KeyLook[]> {
    return new Promise((resolve, reject) => {
      if (this.#looking.push({ keys, resolve, reject }) === 1) nextTick(() => void this.#lookAll());
    });
  }

  /** Stores what was read: see `Keyspace.fill()`. */
  fill(fills: readonly Fill[], by: Voider): Promise<FillOutcome[]> {
    return this.#inChunks(fills, async (chunk) => {
      const { answer } = await this.#run(FILL, {
        keys: chunk,
        args: (server) => {
          const args = leadership(by, server);
          for (const fill of chunk) {
            const payload = fill.payload ?? EMPTY;
            args.push(
              fill.ticket.id,
              escapeLine(fill.table),
              Math.max(1, Math.round(fill.ttl)),
              entryHeader(fill),
            );
            args.push(Buffer.from(payload.buffer, payload.byteOffset, payload.length));
          }
          return args;
        },
      });
      return (answer as number[]).map((outcome) => OUTCOMES[outcome]);
    });
  }

  /** Voids keys: see `Keyspace.void()`. With no keys: a leader's floor only. */
  async void(
    keys: readonly LookKey[],
    { floor, by }: { readonly floor: bigint; readonly by: Voider },
  ): Promise<Voided[]> {
    const voidChunk = async (chunk: readonly LookKey[]): Promise<Voided[]> => {
      const id = newTicketId();
      const { answer } = await this.#run(VOID, {
        keys: chunk,
        args: (server) => [lsnDigits(floor), ...leadership(by, server), id, this.#options.tombstoneLife],
      });
      const epoch = by === "writer" ? "" : by.epoch;
      return (answer as (Buffer | number)[]).map((found, index) =>
        readVoided(chunk[index].key, { found, id, epoch })
      );
    };
    return keys.length === 0 ? await voidChunk(keys) : await this.#inChunks(keys, voidChunk);
  }

  /** Writes what a leader says: see `Keyspace.advance()`. */
  async advance(change: LeadersChange): Promise<void> {
    const { by, lsn, floor, seq, delay, coverage, tables = new Map(), forget = new Map() } = change;
    const floors = (map: ReadonlyMap<string, bigint>): string[] =>
      [...map].flatMap(([table, floor]) => [escapeLine(table), lsnDigits(floor)]);
    await this.#run(ADVANCE, {
      args: (server) => [
        ...leadership(by, server),
        ...[lsn, floor].map((lsn) => lsn === undefined ? "" : lsnDigits(lsn)),
        seq === undefined ? "" : numberDigits(seq, 16),
        delay === undefined ? "" : numberDigits(Math.ceil(delay), 8),
        ...(coverage === undefined ? ["0", ""] : ["1", escapeLine(coverage)]),
        ...[tables.size, ...floors(tables), ...floors(forget)],
      ],
    });
  }

  /**
   * Begins a leadership.
   *
   * @param change What the watermark begins with.
   * @param leastTerm The term, unless there was that one or a later one.
   * @returns The term.
   */
  async takeOver(change: TakeOverChange, leastTerm: number): Promise<number> {
    const { epoch, timeline, database, lsn, coverage } = change;
    const { answer } = await this.#run(TAKE_OVER, {
      args: (server) => {
        const watermark = {
          epoch,
          timeline,
          database,
          lsn,
          floor: lsn,
          seq: 0,
          delay: 0,
          runId: server,
          coverage,
        };
        return [leastTerm, formatWatermark({ ...watermark, term: 0, tables: new Map() })];
      },
    });
    return answer as number;
  }

  async #lookAll(): Promise<void> {
    const looking = this.#looking;
    this.#looking = [];
    try {
      if (looking.length === 1) {
        return looking[0].resolve(await this.#inChunks(looking[0].keys, this.#lookAt));
      }
      const looks = await this.#inChunks(looking.flatMap(({ keys }) => keys), this.#lookAt);
      let at = 0;
      for (const { keys, resolve } of looking) resolve(looks.slice(at, at += keys.length));
    } catch (error) {
      for (const { reject } of looking) reject(error);
    }
  }

  /**
   * Reads with MGET, which is one moment too (R8) and half the work of a script; only keys that hold no entry, nor a
   * ticket, go through the script that leaves one.
   */
  readonly #lookAt = async (keys: readonly LookKey[]): Promise<KeyLook[]> => {
    const until = performance.now() + this.#options.timeout;
    const link = this.#options.link();
    const values = await this.#call(() => link.command("MGET", this.#names(keys))) as (Buffer | null)[];
    const seen = this.#see(values[0], link.identity ?? "");
    if (seen === undefined) return keys.map(() => NOTHING);
    const missing: number[] = [];
    const looks = keys.map((key, index) => {
      const look = readLook(values[index + 1], key.table, seen);
      if (look === undefined) missing.push(index);
      return look;
    });
    if (missing.length === 0) return looks as KeyLook[];
    const left = await this.#leaveTickets(missing.map((index) => keys[index]), until);
    for (const [at, index] of missing.entries()) looks[index] = left[at];
    return looks as KeyLook[];
  };

  async #leaveTickets(keys: readonly LookKey[], until: number): Promise<KeyLook[]> {
    const args: Argument[] = [newTicketId(), this.#options.ticketLife];
    let table: string | undefined;
    for (const key of keys) {
      if (key.table === table) args[args.length - 1] = Number(args[args.length - 1]) + 1;
      else args.push(escapeLine(table = key.table), 1);
    }
    const { answer, server } = await this.#run(LOOK, { keys, args: () => args, until });
    const values = answer as (Buffer | null)[];
    const seen = this.#see(values[0], server);
    return keys.map(({ table }, index) => {
      if (seen === undefined) return NOTHING;
      return readLook(values[index + 1], table, seen) ??
        { entry: undefined, ticket: undefined, watermark: seen.watermark };
    });
  }

  async #run(
    script: Script,
    { keys = [], args, until }: {
      readonly keys?: readonly { readonly key: string }[];
      readonly args: (server: string) => Argument[];
      /** When it must be over, where that is not the timeout from now on. */
      readonly until?: number;
    },
  ): Promise<{ readonly answer: unknown; readonly server: string }> {
    return await this.#call(async () => {
      const link = this.#options.link();
      const server = link.identity ?? "";
      const answer = await link.run(script, {
        keys: this.#names(keys),
        args: args(server),
        ...(until === undefined ? {} : { timeout: Math.max(1, until - performance.now()) }),
      });
      if (answer === NOT_LEADER) {
        throw new NotLeaderError(
          "Cannot lead: another has taken over, or the store is another; take over again",
        );
      }
      // Known only now for a connection that was asked anew in between.
      return { answer, server: link.identity ?? server };
    });
  }

  async #call<Result>(act: () => Promise<Result>): Promise<Result> {
    try {
      return await act();
    } catch (error) {
      this.#options.onFailure?.(error);
      throw error;
    }
  }

  #see(bytes: Buffer | null | undefined, server: string): Seen | undefined {
    if (bytes === null || bytes === undefined) return undefined;
    const seen = this.#seen;
    if (seen !== undefined && seen.watermark.server === server && seen.bytes.equals(bytes)) return seen;
    const parsed = parseWatermark(bytes.toString("utf8"));
    if (parsed === undefined) return undefined;
    const watermark = Object.freeze({ ...parsed, shard: this.#options.number, server });
    return this.#seen = { bytes, watermark };
  }

  #names(keys: readonly { readonly key: string }[]): string[] {
    const names = [this.#watermarkKey];
    for (const { key } of keys) names.push(this.#name(key));
    return names;
  }

  #name(key: string): string {
    const { isTagged, number: shard, prefix } = this.#options;
    return isTagged ? taggedKey(key, { shard, prefix }) : key;
  }

  async #inChunks<Item, Result>(
    items: readonly Item[],
    act: (chunk: readonly Item[]) => Promise<Result[]>,
  ): Promise<Result[]> {
    if (items.length === 0) return [];
    if (items.length <= CHUNK) return await act(items);
    const chunks: Promise<Result[]>[] = [];
    for (let at = 0; at < items.length; at += CHUNK) chunks.push(act(items.slice(at, at + CHUNK)));
    return (await Promise.all(chunks)).flat();
  }
}

const EMPTY = new Uint8Array();
const NOTHING: KeyLook = Object.freeze({ entry: undefined, ticket: undefined, watermark: undefined });

/** What a key's value says under a watermark; `undefined`: nothing that holds, and no ticket either. */
function readLook(value: Buffer | null, table: string, { bytes, watermark }: Seen): KeyLook | undefined {
  if (value === null || !isOfEpoch(value, bytes)) return undefined;
  const entry = readEntry(value);
  if (entry === undefined) {
    const ticket = readTicket(value);
    return ticket === undefined ? undefined : { entry, ticket, watermark };
  }
  const floor = watermark.tables.size === 0 ? undefined : watermark.tables.get(table);
  return floor !== undefined && entry.version <= floor ? undefined : { entry, ticket: undefined, watermark };
}

function isOfEpoch(value: Buffer, watermark: Buffer): boolean {
  const [begin, end] = WATERMARK_FIELDS.epoch;
  for (let at = begin; at < end; at++) if (value[at - begin + 1] !== watermark[at]) return false;
  return true;
}

function leadership(by: Voider, server: string): Argument[] {
  return by === "writer" ? ["", "", ""] : [numberDigits(by.term, 16), by.epoch, server];
}

function readVoided(
  key: string,
  { found, id, epoch }: { readonly found: Buffer | number; readonly id: string; readonly epoch: string },
): Voided {
  if (typeof found === "number") return { key, was: "absent", shape: "", ttl: 0, ticket: undefined };
  const kind = found.toString("latin1", 0, 1);
  const ticket = kind === "t" ? { id, epoch, floor: BigInt(found.toString("latin1", 1, 21)) } : undefined;
  return {
    key,
    was: kind === "i" ? "idle" : "active",
    shape: found.toString("utf8", 34),
    ttl: Number(found.toString("latin1", 21, 34)),
    ticket,
  };
}
