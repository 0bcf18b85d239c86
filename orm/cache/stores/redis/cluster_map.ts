/**
 * Which node of a Redis Cluster leads each shard's slot, and a connection to each node.
 *
 * Invariants: what is not known is refused at once; a question for the slots is under way at most once, and not more often
 * than every {@link PAUSE}; it is asked at the start, and whenever a call has failed, until an answer has come.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import { crc16, SHARDS, shardTag } from "../../protocol/keys.ts";
import { StoreUnavailableError } from "../cache_store.ts";
import type { RedisAddress } from "./redis_connection.ts";
import type { RedisLink } from "./redis_link.ts";

/** How a {@link ClusterMap} is made. */
export interface ClusterMapOptions {
  readonly seeds: readonly RedisAddress[];
  readonly reach: (told: RedisAddress) => RedisAddress;
  /** Makes the connection to a node. */
  readonly link: (address: RedisAddress, onChange: () => void) => RedisLink;
}

/** Milliseconds between two questions. */
const PAUSE = 100;
const SLOTS = 16_384;
const SHARD_SLOTS: readonly number[] = Array.from(
  { length: SHARDS },
  (_, shard) => crc16(shardTag(shard)) % SLOTS,
);

/** See the module's head. */
export class ClusterMap {
  readonly #options: ClusterMapOptions;
  readonly #links: Map<string, RedisLink> = new Map();
  /** For each shard the name of its node. */
  #nodes: readonly (string | undefined)[] = [];
  #asking = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(options: ClusterMapOptions) {
    this.#options = options;
    for (const seed of options.seeds) this.#linkTo(seed);
    this.ask();
  }

  /**
   * The connection to the node that leads a shard.
   *
   * @throws {StoreUnavailableError} Where that is not known.
   */
  linkOf(shard: number): RedisLink {
    const link = this.#links.get(this.#nodes[shard] ?? "");
    if (link !== undefined) return link;
    throw new StoreUnavailableError(
      `Cannot use Redis: ${this.#isClosed ? "it was closed" : "its slots are not known yet"}`,
    );
  }

  /** Asks which node leads which slot, soon. */
  ask(): void {
    if (this.#isClosed || this.#timer !== undefined || this.#asking) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#ask();
    }, PAUSE);
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const links = [...this.#links.values()];
    this.#links.clear();
    await Promise.all(links.map((link) => link.close()));
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    let isKnown = false;
    for (const [name, link] of this.#links) {
      if (!link.isConnected) continue;
      try {
        this.#learn(await link.command("CLUSTER", ["SLOTS"]) as Ranges, name);
        isKnown = true;
        break;
      } catch {
        // Another node may answer.
      }
    }
    this.#asking = false;
    if (!isKnown || this.#nodes.some((name) => name === undefined)) this.ask();
  }

  #learn(ranges: Ranges, asked: string): void {
    if (this.#isClosed) return;
    this.#nodes = SHARD_SLOTS.map((slot) => {
      const range = ranges.find(([first, last]) => slot >= first && slot <= last);
      if (range === undefined) return undefined;
      const [host, port] = range[2];
      // A node that does not know its own name means: where you have asked.
      const told = host === null || host.length === 0
        ? asked.slice(0, asked.lastIndexOf(":"))
        : host.toString();
      return this.#linkTo(this.#options.reach({ host: told, port }));
    });
    const used = new Set([...this.#nodes, ...this.#options.seeds.map(nameOf)]);
    for (const [name, link] of [...this.#links]) {
      if (used.has(name)) continue;
      this.#links.delete(name);
      void link.close();
    }
  }

  #linkTo(address: RedisAddress): string {
    const name = nameOf(address);
    if (!this.#links.has(name)) this.#links.set(name, this.#options.link(address, () => this.ask()));
    return name;
  }
}

/** The answer to CLUSTER SLOTS: first slot, last slot, the primary, replicas. */
type Ranges =
  readonly (readonly [number, number, readonly [Buffer | null, number, ...unknown[]], ...unknown[]])[];

function nameOf({ host, port }: RedisAddress): string {
  return `${host}:${port}`;
}
