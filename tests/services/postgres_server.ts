/**
 * One PostgreSQL server on its own port and data folder.
 *
 * States are those of its process. Every operation waits till what it promises is true: `start` till a query
 * is answered, `stop` till no process is left, `promote` till the server accepts writes, `lag` till the setting
 * is in force.
 */
import { join } from "node:path";
import { type Account, giveTo } from "./account.ts";
import type { Identity } from "./certificates.ts";
import type { ServerDescription } from "./description.ts";
import type { PostgresBinaries } from "./postgres_binaries.ts";
import { HBA_LINES, TEST_DATABASE, TEST_USER, USERS } from "./postgres_template.ts";
import { ServerProcess } from "./server_process.ts";
import { simpleQuery, SimpleSession, type TextRow } from "./simple_query.ts";
import { HopelessError, until } from "./wait.ts";

/** What a server is made of. */
export interface PostgresServerOptions {
  readonly name: string;
  readonly binaries: PostgresBinaries;
  readonly port: number;
  readonly account: Account;
  /** A folder of this server's own; it is created. */
  readonly folder: string;
  /** The data folder to start as a copy of, or the running server to replicate. */
  readonly origin: string | PostgresServer;
  /** The certificate it shows, with the authority that client certificates are checked with; none: no TLS. */
  readonly tls: { readonly identity: Identity; readonly ca: string } | undefined;
  /** Lines of `postgresql.conf`. */
  readonly settings: Readonly<Record<string, string>>;
}

/** A PostgreSQL server. */
export class PostgresServer {
  readonly name: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly binaries: PostgresBinaries;
  readonly #options: PostgresServerOptions;
  readonly #process: ServerProcess;
  readonly #data: string;

  private constructor(options: PostgresServerOptions) {
    this.name = options.name;
    this.settings = options.settings;
    this.binaries = options.binaries;
    this.#options = options;
    this.#data = join(options.folder, "data");
    this.#process = new ServerProcess({
      program: join(options.binaries.bin, "postgres"),
      arguments: ["-D", this.#data],
      log: join(options.folder, "log"),
      account: options.account,
      env: options.binaries.env,
    });
  }

  /** Makes the server's data and starts it. */
  static async create(options: PostgresServerOptions): Promise<PostgresServer> {
    const server = new PostgresServer(options);
    await Deno.mkdir(options.folder);
    await giveTo(options.account, options.folder);
    try {
      await server.#makeData();
      await server.start();
    } catch (error) {
      await server.remove();
      throw error;
    }
    return server;
  }

  get port(): number {
    return this.#options.port;
  }

  /** The running server this one was made to replicate. */
  get origin(): PostgresServer | undefined {
    return this.#options.origin instanceof PostgresServer ? this.#options.origin : undefined;
  }

  get state(): "running" | "paused" | "stopped" {
    return this.#process.state;
  }

  describe(): ServerDescription {
    const { name, port, binaries, folder } = this.#options;
    const { password } = USERS.find(({ user }) => user === TEST_USER)!;
    return {
      name,
      host: "127.0.0.1",
      port,
      user: TEST_USER,
      password,
      database: TEST_DATABASE,
      url: this.url(TEST_DATABASE),
      version: binaries.version,
      socketDirectory: folder,
      state: this.state,
      replicaOf: this.origin?.name,
    };
  }

  /** A connection URL of the superuser for one of the server's databases. */
  url(database: string): string {
    const { password } = USERS.find(({ user }) => user === TEST_USER)!;
    return `postgres://${TEST_USER}:${password}@127.0.0.1:${this.port}/${database}`;
  }

  /** Runs simple queries as `postgres`. */
  async query(text: string, options: { database?: string; timeout?: number } = {}): Promise<TextRow[]> {
    this.#mustRun(`run "${text.slice(0, 40)}"`);
    return await simpleQuery(this.#socket, text, options);
  }

  async start(): Promise<void> {
    if (this.state === "paused") await this.resume();
    if (this.state === "running") return;
    this.#process.spawn();
    await until(`The start of ${this.name}`, async () => {
      if (this.state === "stopped") {
        throw new HopelessError(`Cannot start ${this.name}: it ended; its log says: ${await this.log()}`);
      }
      return await simpleQuery(this.#socket, "SELECT 1", { timeout: 5_000 });
    }, 60_000);
  }

  /** Ends every session and shuts down in order (`fast`), at once without a checkpoint, or by SIGKILL. */
  async stop(mode: "fast" | "immediate" | "kill"): Promise<void> {
    await this.#process.end(({ fast: "SIGINT", immediate: "SIGQUIT", kill: "SIGKILL" } as const)[mode]);
  }

  async pause(): Promise<void> {
    this.#mustRun("pause");
    await this.#process.pause();
  }

  async resume(): Promise<void> {
    await this.#process.resume();
  }

  /** Makes a standby a primary. */
  async promote(): Promise<void> {
    if (!await this.#inRecovery()) {
      throw new Error(`Cannot promote ${this.name}: it is a primary; name a standby`);
    }
    await this.query("SELECT pg_promote(true, 30)", { timeout: 40_000 });
    await until(`The promotion of ${this.name}`, async () => await this.#inRecovery() ? undefined : true);
  }

  /** Makes a standby apply each commit so much later, or stop applying. */
  async lag(options: { milliseconds?: number; paused?: boolean }): Promise<void> {
    if (!await this.#inRecovery()) {
      throw new Error(`Cannot set the lag of ${this.name}: it is a primary; name a standby`);
    }
    const { milliseconds, paused } = options;
    if (milliseconds !== undefined) {
      await this.query(`ALTER SYSTEM SET recovery_min_apply_delay = ${Math.round(milliseconds)}`);
      this.#process.signal("SIGHUP");
      await until(`The new lag of ${this.name}`, async () => {
        const [[value]] = await this.query(
          "SELECT setting FROM pg_settings WHERE name = 'recovery_min_apply_delay'",
        );
        return Number(value) === Math.round(milliseconds) ? true : undefined;
      });
    }
    if (paused !== undefined) {
      await this.query(`SELECT pg_wal_replay_${paused ? "pause" : "resume"}()`);
      const wanted = paused ? "paused" : "not paused";
      await until(`The ${paused ? "end" : "continuation"} of replay on ${this.name}`, async () => {
        const [[state]] = await this.query("SELECT pg_get_wal_replay_pause_state()");
        return state === wanted ? true : undefined;
      });
    }
  }

  /** Gives the server new data from its origin and starts it; databases made on it are gone. */
  async reset(): Promise<void> {
    await this.stop("immediate");
    await Deno.remove(this.#data, { recursive: true });
    await this.#makeData();
    await this.start();
  }

  /** Ends the server and removes its files. */
  async remove(): Promise<void> {
    await this.stop("immediate");
    await Deno.remove(this.#options.folder, { recursive: true });
  }

  /** The end of the server's log. */
  async log(characters?: number): Promise<string> {
    return await this.#process.logTail(characters);
  }

  get #socket(): string {
    return join(this.#options.folder, `.s.PGSQL.${this.port}`);
  }

  async #inRecovery(): Promise<boolean> {
    const [[answer]] = await this.query("SELECT pg_is_in_recovery()");
    return answer === "t";
  }

  #mustRun(action: string): void {
    if (this.state !== "running") {
      throw new Error(`Cannot ${action} on ${this.name}: it is ${this.state}; start or resume it first`);
    }
  }

  async #makeData(): Promise<void> {
    const { origin, account } = this.#options;
    if (typeof origin === "string") await copyFolder(origin, this.#data, { account });
    else await this.#copyRunning(origin);
    await this.#writeSettings();
  }

  /** A base backup: https://www.postgresql.org/docs/18/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP */
  async #copyRunning(origin: PostgresServer): Promise<void> {
    origin.#mustRun("copy the data");
    using session = await SimpleSession.open(origin.#socket, { timeout: 60_000 });
    await session.query("SELECT pg_backup_start('replica', true)");
    await copyFolder(origin.#data, this.#data, { account: this.#options.account, running: true });
    const [[, label]] = await session.query("SELECT * FROM pg_backup_stop(false)");
    for (const folder of ["pg_wal", "pg_replslot"]) {
      for await (const entry of Deno.readDir(join(this.#data, folder))) {
        await Deno.remove(join(this.#data, folder, entry.name), { recursive: true });
      }
    }
    await Deno.remove(join(this.#data, "postmaster.pid"));
    await this.#write({ "backup_label": label ?? "", "standby.signal": "", "postgresql.auto.conf": "" });
  }

  async #writeSettings(): Promise<void> {
    const { port, folder, tls, origin } = this.#options;
    const settings: Record<string, string> = {
      listen_addresses: "127.0.0.1,::1",
      port: String(port),
      unix_socket_directories: folder,
      ssl: tls === undefined ? "off" : "on",
      ...this.settings,
    };
    if (tls !== undefined) {
      Object.assign(settings, {
        ssl_cert_file: "server.crt",
        ssl_key_file: "server.key",
        ssl_ca_file: "ca.crt",
      });
      const { identity: { certificate, key }, ca } = tls;
      await this.#write({ "server.crt": certificate, "server.key": key, "ca.crt": ca });
    }
    if (origin instanceof PostgresServer) {
      settings.primary_conninfo = `host=${origin.#options.folder} port=${origin.port} user=postgres ` +
        `application_name=${this.name}`;
    }
    const lines = Object.entries(settings).map(([key, value]) => `${key} = '${value.replaceAll("'", "''")}'`);
    const hba = HBA_LINES.filter((line) => tls !== undefined || !line.startsWith("hostssl"));
    const local = "local   replication  postgres                     trust";
    await this.#write({
      "postgresql.conf": lines.join("\n") + "\n",
      "pg_hba.conf": [local, ...hba].join("\n") + "\n",
    });
  }

  /** Writes files of the data folder that the account owns and nobody else may read. */
  async #write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.#data, name);
      await Deno.writeTextFile(path, text, { mode: 0o600 });
      await giveTo(this.#options.account, path);
    }
  }
}

/** Copies a data folder as its owner; files of a running server may vanish on the way. */
async function copyFolder(
  from: string,
  to: string,
  { account, running = false }: { account: Account; running?: boolean },
): Promise<void> {
  const command = new Deno.Command("cp", { args: ["-a", from, to], cwd: "/", ...account });
  const { code, stderr } = await command.output();
  const complaints = new TextDecoder().decode(stderr).split("\n").filter((line) => line !== "");
  const serious = complaints.filter((line) => !running || !/No such file|vanished/.test(line));
  if (code !== 0 && serious.length > 0) throw new Error(`Cannot copy "${from}": ${serious[0]}`);
}
