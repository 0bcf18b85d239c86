/** Redis, PgBouncer and etcd: the servers beside PostgreSQL, each a program with a small configuration. */
import { join } from "node:path";
import { type Account, giveTo } from "./account.ts";
import type { ServerDescription } from "./description.ts";
import { ServerProcess } from "./server_process.ts";
import { HopelessError, until } from "./wait.ts";

/** What a helper server is made of. */
export interface HelperServerOptions {
  readonly name: string;
  readonly program: string;
  readonly arguments: readonly string[];
  readonly port: number;
  readonly account: Account;
  readonly folder: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly url: string;
  /** The certificate of the authority that signed the server's, where it asks for TLS. */
  readonly ca?: string;
  /** What ends it in order. Default `SIGINT`. */
  readonly stopSignal?: Deno.Signal;
}

/** A server that is only started, stopped and paused. */
export class HelperServer {
  readonly #options: HelperServerOptions;
  readonly #process: ServerProcess;
  #version = "unknown";

  private constructor(options: HelperServerOptions) {
    this.#options = options;
    this.#process = new ServerProcess({
      program: options.program,
      arguments: options.arguments,
      log: join(options.folder, "log"),
      pidFile: join(options.folder, "pid"),
      account: options.account,
      cwd: options.folder,
    });
  }

  /** Writes the server's files and starts it. */
  static async create(options: HelperServerOptions): Promise<HelperServer> {
    const server = new HelperServer(options);
    await Deno.mkdir(options.folder);
    for (const [file, text] of Object.entries(options.files ?? {})) {
      await Deno.writeTextFile(join(options.folder, file), text);
    }
    await giveTo(options.account, options.folder);
    const { stdout } = await new Deno.Command(options.program, { args: ["--version"] }).output();
    const text = new TextDecoder().decode(stdout);
    server.#version = /\d+\.\d+(\.\d+)?/.exec(text)?.[0] ?? "unknown";
    try {
      await server.start();
      return server;
    } catch (error) {
      await server.remove();
      throw error;
    }
  }

  get name(): string {
    return this.#options.name;
  }

  /** What a client needs to enter. */
  get entrance(): Pick<HelperServerOptions, "port" | "password" | "url" | "ca"> {
    return this.#options;
  }

  get port(): number {
    return this.#options.port;
  }

  get state(): "running" | "paused" | "stopped" {
    return this.#process.state;
  }

  describe(): ServerDescription {
    const { name, port, user = "", password = "", database = "", url } = this.#options;
    const shared = { name, host: "127.0.0.1", port, user, password, database, url };
    return { ...shared, version: this.#version, state: this.state };
  }

  async start(): Promise<void> {
    await this.resume();
    if (this.state === "running") return;
    this.#process.spawn();
    await until(`The start of ${this.#options.name}`, async () => {
      if (this.state === "stopped") throw new HopelessError(`It ended: ${await this.log()}`);
      (await Deno.connect({ hostname: "127.0.0.1", port: this.port })).close();
      return true;
    });
  }

  async stop(mode: "fast" | "immediate" | "kill"): Promise<void> {
    await this.#process.end(mode === "fast" ? this.#options.stopSignal ?? "SIGINT" : "SIGKILL");
  }

  async pause(): Promise<void> {
    await this.#process.pause();
  }

  async resume(): Promise<void> {
    await this.#process.resume();
  }

  async reset(): Promise<void> {
    await this.stop("kill");
    await this.start();
  }

  /** The end of what the server printed. */
  async log(characters?: number): Promise<string> {
    return await this.#process.logTail(characters);
  }

  async remove(): Promise<void> {
    await this.stop("kill");
    await Deno.remove(this.#options.folder, { recursive: true });
  }
}
