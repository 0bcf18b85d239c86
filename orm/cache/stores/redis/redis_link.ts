/**
 * One connection to one Redis server.
 *
 *     connecting --ready--> learning --INFO--> up --close, stall, READONLY--> connecting --…
 *                                       \--INFO of a replica--> following --INFO of a primary--> up
 *     any --close()--> closed
 *
 * Invariants:
 * - A script runs only while the link is up; otherwise it is refused at once. Nothing is queued or sent twice.
 * - `identity` is that of the server behind this very connection (R9), asked again each second while the link is used.
 * - Each answer comes within the timeout or is given up; a server silent for {@link SILENCE} loses its connection.
 * - Nothing here ends the process or rejects unheard.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import type { Redis } from "ioredis";
import { StoreUnavailableError } from "../cache_store.ts";
import { AnswerWatch } from "./answer_watch.ts";
import type { Script } from "./scripts/script.ts";
import { readServerInfo, type ServerInfo } from "./server_identity.ts";

/** What a command takes. */
export type Argument = string | Buffer | Uint8Array | number;

/** What a script is to do. */
export interface ScriptCall {
  readonly keys: readonly string[];
  readonly args: readonly Argument[];
  /** Milliseconds, for what follows another call; default: the link's. */
  readonly timeout?: number;
}

/** How a {@link RedisLink} is made. */
export interface RedisLinkOptions {
  /** Makes the client, not yet connected, with the options of `safeClientOptions()`. */
  readonly client: () => Promise<Redis>;
  /** Milliseconds after which an answer is given up. */
  readonly timeout: number;
  /** What to do when the server turns out to be a replica: look for another address, or stay until it is none. */
  readonly onReplica: "reconnect" | "stay";
  /** Told each time a server was met. */
  readonly onServer?: (info: ServerInfo) => void;
  /** Told when the connection has been lost, or was refused. */
  readonly onDown?: (reason: string) => void;
}

type State = "connecting" | "learning" | "following" | "up" | "closed";

/** Milliseconds without any answer, while some are awaited, after which a connection is given up. */
const SILENCE = 1_000;
/** Milliseconds a new connection may take until it is up. */
const PATIENCE = 2_000;
/** Milliseconds between two questions for the server's identity. */
const IDENTITY_AGE = 1_000;

/** Options of ioredis under which nothing is queued, sent again, or sent elsewhere. */
export const SAFE_CLIENT_OPTIONS = {
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  // What it would ask, the link asks itself.
  enableReadyCheck: false,
  enableAutoPipelining: false,
  autoResubscribe: false,
  readOnly: false,
  monitor: false,
  keyPrefix: "",
  stringNumbers: false,
  protocol: 2,
  connectTimeout: 2_000,
  disconnectTimeout: 100,
  reconnectOnError: null,
  retryStrategy: (attempt: number): number => pauseBefore(attempt),
} as const;

/** Milliseconds to wait before a connection is tried again: doubled each time, up to two seconds, and a little apart. */
function pauseBefore(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt - 1, 6), 2_000) * (1 + Math.random() / 4);
}

/** See the module's head. */
export class RedisLink {
  readonly #options: RedisLinkOptions;
  readonly #answers = new AnswerWatch((timeout) => this.#late(timeout));
  #client: Redis | undefined;
  #state: State = "connecting";
  #identity: string | undefined;
  #generation = 0;
  #learnedAt = 0;
  #awaited = 0;
  /** Attempts since it was up. */
  #failures = 0;
  #silentSince = 0;
  #reason = "it is not connected yet";
  #patience: ReturnType<typeof setTimeout> | undefined;

  /** Begins to connect. */
  constructor(options: RedisLinkOptions) {
    this.#options = options;
    options.client().then((client) => this.#start(client), (error) => this.#down(messageOf(error)));
  }

  /** The server's identity; `undefined` while the link is not up. */
  get identity(): string | undefined {
    return this.#state === "up" ? this.#identity : undefined;
  }

  /** Whether it is connected to a server, a replica too. */
  get isConnected(): boolean {
    return this.#state === "up" || this.#state === "following";
  }

  /**
   * Runs a script.
   *
   * @param script Which.
   * @param call Its keys and arguments.
   * @throws {StoreUnavailableError} When the link is not up, the answer does not come in time, or the server refuses.
   */
  async run(
    script: Script,
    { keys, args, timeout }: ScriptCall,
  ): Promise<unknown> {
    if (this.#state !== "up") throw this.#unavailable();
    this.#askIdentity();
    const rest = [keys.length, ...keys, ...args];
    try {
      return await this.#ask("EVALSHA", [script.sha, ...rest], timeout);
    } catch (error) {
      if (!isScriptMissing(error)) throw error;
      return await this.#ask("EVAL", [script.text, ...rest], timeout);
    }
  }

  /**
   * Sends a command that is no script.
   *
   * @throws {StoreUnavailableError} As of {@link RedisLink.run}.
   */
  async command(name: string, args: readonly Argument[]): Promise<unknown> {
    if (!this.isConnected) throw this.#unavailable();
    this.#askIdentity();
    return await this.#ask(name, args);
  }

  /** What prevents it from being used. */
  get reason(): string {
    return this.#reason;
  }

  /** Ends the connection; resolves when its socket is closed, or soon after. */
  async close(): Promise<void> {
    this.#state = "closed";
    this.#reason = "it was closed";
    clearTimeout(this.#patience);
    this.#answers.close();
    const client = this.#client;
    if (client === undefined) return;
    const isOpen = client.status === "connecting" || client.status === "connect" || client.status === "ready";
    const ended = new Promise<void>((resolve) => {
      if (isOpen) client.once("end", () => resolve());
      // Between two attempts ioredis tells nothing; its own timer runs for that long.
      else if (client.status === "reconnecting") {
        setTimeout(resolve, SAFE_CLIENT_OPTIONS.disconnectTimeout + 10);
      } else resolve();
    });
    client.disconnect();
    await ended;
  }

  #start(client: Redis): void {
    if (this.#state === "closed") return;
    this.#client = client;
    // ioredis counts anew with each connection, and so would try a server that is of no use twenty times a second.
    client.options.retryStrategy = () => pauseBefore(++this.#failures);
    client.on("error", (error: unknown) => this.#reason = messageOf(error));
    client.on("connecting", () => this.#beginPatience());
    client.on("ready", () => void this.#learn());
    client.on("close", () => this.#down(this.isConnected ? "the connection was lost" : this.#reason));
    client.connect().catch((error: unknown) => this.#reason = messageOf(error));
  }

  /** A server may accept a connection and then say nothing. */
  #beginPatience(): void {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => {
      this.#reason = `it did not answer within ${PATIENCE} ms`;
      this.#client?.disconnect(true);
    }, PATIENCE);
  }

  #askIdentity(): void {
    if (performance.now() - this.#learnedAt > IDENTITY_AGE) void this.#learn();
  }

  async #learn(): Promise<void> {
    if (this.#state === "closed") return;
    const generation = this.#generation;
    this.#learnedAt = performance.now();
    if (this.#state === "connecting") this.#state = "learning";
    try {
      const sections = ["server", "replication", "memory", "persistence"];
      const answers = await Promise.all(sections.map((section) => this.#ask("INFO", [section], PATIENCE)));
      if (generation !== this.#generation) return;
      this.#met(readServerInfo(answers.join("\n")));
    } catch (error) {
      if (generation !== this.#generation) return;
      this.#drop(messageOf(error));
    }
  }

  #met(info: ServerInfo): void {
    if (this.#state === "closed") return;
    if (info.isLoading) return this.#drop("it loads its data");
    clearTimeout(this.#patience);
    if (info.isReplica) {
      this.#identity = undefined;
      this.#reason = "it is a replica";
      if (this.#options.onReplica === "reconnect") return this.#drop(this.#reason);
      this.#state = "following";
      return;
    }
    if (info.identity === undefined) return this.#drop('it does not tell its "run_id" in INFO; permit INFO');
    const isNew = this.#identity !== info.identity;
    this.#identity = info.identity;
    this.#state = "up";
    this.#failures = 0;
    if (isNew) this.#options.onServer?.(info);
  }

  async #ask(
    name: string,
    args: readonly Argument[],
    timeout: number = this.#options.timeout,
  ): Promise<unknown> {
    const generation = this.#generation;
    if (this.#awaited++ === 0) this.#silentSince = performance.now();
    const answer = this.#client!.callBuffer(name, args as string[]);
    const count = (): void => {
      if (generation !== this.#generation) return;
      this.#awaited--;
      this.#silentSince = performance.now();
    };
    answer.then(count, count);
    try {
      return await this.#answers.within(answer, timeout);
    } catch (error) {
      if (error instanceof StoreUnavailableError || isScriptMissing(error)) throw error;
      const message = messageOf(error);
      if (/^(READONLY|NOAUTH|WRONGPASS)/.test(message) && generation === this.#generation) {
        this.#drop(message);
      }
      throw new StoreUnavailableError(`Cannot use Redis: ${message}`, { cause: error });
    }
  }

  /** What is told of an answer that did not come; and a server that answers nothing at all is left. */
  #late(timeout: number): StoreUnavailableError {
    const isSilent = this.#awaited > 0 && performance.now() - this.#silentSince > SILENCE;
    if (isSilent) this.#drop("it does not answer");
    return new StoreUnavailableError(`Cannot use Redis: it did not answer within ${Math.ceil(timeout)} ms`);
  }

  #drop(reason: string): void {
    if (this.#state === "closed") return;
    this.#down(reason);
    this.#client?.disconnect(true);
  }

  #down(reason: string): void {
    if (this.#state === "closed") return;
    const wasConnected = this.isConnected;
    clearTimeout(this.#patience);
    this.#generation++;
    this.#awaited = 0;
    this.#state = "connecting";
    this.#identity = undefined;
    this.#reason = reason;
    if (wasConnected) this.#options.onDown?.(reason);
  }

  #unavailable(): StoreUnavailableError {
    return new StoreUnavailableError(`Cannot use Redis: ${this.#reason}`);
  }
}

function isReplyError(error: unknown): error is Error {
  return error instanceof Error && error.name === "ReplyError";
}

function isScriptMissing(error: unknown): boolean {
  return isReplyError(error) && error.message.startsWith("NOSCRIPT");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
