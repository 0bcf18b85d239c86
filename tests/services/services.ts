/** All servers of one supervisor: those that every test shares, and those made for one test. */
import { join } from "node:path";
import { type Account, giveTo, serverAccount, temporaryRoot } from "./account.ts";
import { Authority, type Identity } from "./certificates.ts";
import {
  type CERTIFICATE_FLAWS,
  type HelperGroupOptions,
  type IsolatedServerOptions,
  SERVICE_NAME,
  type ServicesDescription,
  STARTABLE,
  type Startable,
} from "./description.ts";
import { DroppingLink } from "./dropping_link.ts";
import { etcdGroup } from "./etcd_group.ts";
import type { GroupSetting, HelperGroup } from "./helper_group.ts";
import { HelperServer } from "./helper_server.ts";
import { findProgram } from "./installed_program.ts";
import { type PostgresBinaries, postgresBinaries } from "./postgres_binaries.ts";
import { PostgresServer } from "./postgres_server.ts";
import { createTemplate, TEST_DATABASE, TEST_USER, USERS } from "./postgres_template.ts";
import { clusterRedis, sentinelRedis, standaloneRedis } from "./redis_group.ts";
import { freePort } from "./wait.ts";

/** Durability is of no use here; everything else is as a server in service has it, but for more of each limit. */
const SETTINGS: Readonly<Record<string, string>> = {
  fsync: "off",
  wal_level: "logical",
  wal_keep_size: "256MB",
  max_wal_size: "512MB",
  max_wal_senders: "30",
  max_replication_slots: "30",
  max_prepared_transactions: "30",
  max_connections: "100",
  shared_buffers: "32MB",
  hot_standby: "on",
  wal_retrieve_retry_interval: "200ms",
  timezone: "UTC",
  log_timezone: "UTC",
  log_line_prefix: "%m [%p] ",
};
const SHARED_SETTINGS: Readonly<Record<string, string>> = { max_connections: "800", shared_buffers: "128MB" };

/** Milliseconds after which an isolated server is removed, in case its test died. */
const ISOLATED_LIFE = 15 * 60_000;

/** How each kind of group is made. */
const GROUPS: Readonly<Record<HelperGroupOptions["kind"], (setting: GroupSetting) => Promise<HelperGroup>>> =
  {
    redis: standaloneRedis,
    redisSentinel: sentinelRedis,
    redisCluster: clusterRedis,
    etcd: etcdGroup,
  };

/** The programs that a test may have its own of. */
type IsolatedProgram = "redis" | "etcd";

/** The servers of one supervisor. */
export class Services {
  readonly folder: string;
  readonly postgres: Map<string, PostgresServer> = new Map();
  readonly helpers: Map<string, HelperServer> = new Map();
  readonly groups: Map<string, HelperGroup> = new Map();
  readonly missing: Record<string, string> = {};
  readonly #account: Account;
  readonly #authority: Authority;
  readonly #client: Identity;
  readonly #templates: Map<18 | 15, Promise<{ binaries: PostgresBinaries; folder: string }>> = new Map();
  readonly #timers: Map<string, ReturnType<typeof setTimeout>> = new Map();
  readonly #programs: Map<IsolatedProgram, string> = new Map();
  #extensions: string[] = [];
  #links = false;
  #made = 0;

  private constructor(folder: string, account: Account, authority: Authority, client: Identity) {
    this.folder = folder;
    this.#account = account;
    this.#authority = authority;
    this.#client = client;
  }

  /** Prepares the folder; nothing is started yet. */
  static async open(): Promise<Services> {
    const account = serverAccount();
    const folder = await Deno.makeTempDir({ dir: temporaryRoot(), prefix: "lifeguard-" });
    await Deno.chmod(folder, 0o755);
    const authority = await Authority.create("Lifeguard test authority");
    return new Services(folder, account, authority, await authority.issue({ subject: "cert_user" }));
  }

  /**
   * Starts the shared services; what cannot be started is in `missing`, with its reason.
   *
   * @param only Those to start; a replica and PgBouncer come with the primary only.
   */
  async start(only: ReadonlySet<Startable> = new Set(STARTABLE)): Promise<void> {
    for (const name of STARTABLE) if (!only.has(name)) this.missing[name] = "it was not asked for";
    await Promise.all([
      this.#attempt(["primary", "replica"], async () => {
        await this.#shared("primary", 18);
        if (this.missing.replica === undefined) await this.#shared("replica", 18, "primary");
        const rows = await this.postgres.get("primary")!.query(
          "SELECT name FROM pg_available_extensions ORDER BY name",
        );
        this.#extensions = rows.map(([name]) => name ?? "");
      }),
      this.#attempt(["pg15"], () => this.#shared("pg15", 15)),
      // One package manager at a time.
      this.#attempt(["redis"], () => this.#startRedis())
        .then(() => this.#attempt(["pgbouncer"], () => this.#findPgbouncer()))
        .then(() => this.#attempt(["etcd"], () => this.#findEtcd()))
        .then(() =>
          this.#attempt(["link"], async () => {
            await DroppingLink.prepare();
            this.#links = true;
          })
        ),
    ]);
    await this.#attempt(["pgbouncer"], () => this.#startPgbouncer());
  }

  describe(): ServicesDescription {
    const all = [...this.postgres.values(), ...this.helpers.values()].map((server) => server.describe());
    return {
      service: SERVICE_NAME,
      servers: Object.fromEntries(all.map((server) => [server.name, server])),
      missing: this.missing,
      users: USERS,
      certificates: {
        ca: this.#authority.certificate,
        clientCertificate: this.#client.certificate,
        clientKey: this.#client.key,
      },
      links: this.#links,
      isolated: [...this.#programs.keys()],
      extensions: this.#extensions,
    };
  }

  /** Whether links that drop packets can be made; why not is in `missing.link`. */
  get links(): boolean {
    return this.#links;
  }

  /** A server by its name, whichever kind it is. */
  find(name: string): PostgresServer | HelperServer {
    const server = this.postgres.get(name) ?? this.helpers.get(name);
    if (server !== undefined) return server;
    const reason = this.missing[name];
    const known = [...this.postgres.keys(), ...this.helpers.keys()].join(", ");
    throw new Error(`Cannot find the server "${name}": ${reason ?? `it is none of ${known}`}`);
  }

  /** Makes a server for one test. */
  async isolated(options: IsolatedServerOptions): Promise<PostgresServer> {
    const name = `isolated_${++this.#made}`;
    const server = await this.#create(name, options);
    const timer = setTimeout(() => this.removeIsolated(name).catch(() => {}), ISOLATED_LIFE);
    Deno.unrefTimer(timer);
    this.#timers.set(name, timer);
    return server;
  }

  /** Ends a server made for one test. */
  async removeIsolated(name: string): Promise<void> {
    const server = this.postgres.get(name);
    if (server === undefined || !this.#timers.has(name)) {
      throw new Error(`Cannot remove the server "${name}": it is not an isolated server`);
    }
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
    this.postgres.delete(name);
    await server.remove();
  }

  /** Makes helper servers for one test. */
  async group(options: HelperGroupOptions): Promise<HelperGroup> {
    const { kind, tls = false } = options;
    const needed: IsolatedProgram = kind === "etcd" ? "etcd" : "redis";
    const program = this.#programs.get(needed);
    if (program === undefined) throw new Error(`Cannot make a ${kind}: ${this.missing[needed]}`);
    const name = `${kind}_${++this.#made}`;
    const group = await GROUPS[kind]({
      name,
      folder: this.folder,
      account: this.#account,
      program,
      options,
      tls: tls ? await this.#tls("none") : undefined,
    });
    this.groups.set(name, group);
    for (const { server } of group.members) this.helpers.set(server.name, server);
    const timer = setTimeout(() => this.removeGroup(name).catch(() => {}), ISOLATED_LIFE);
    Deno.unrefTimer(timer);
    this.#timers.set(name, timer);
    return group;
  }

  /** Ends helper servers made for one test. */
  async removeGroup(name: string): Promise<void> {
    const group = this.findGroup(name);
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
    this.groups.delete(name);
    for (const { server } of group.members) this.helpers.delete(server.name);
    await group.remove();
  }

  /** Helper servers by their group's name. */
  findGroup(name: string): HelperGroup {
    const group = this.groups.get(name);
    if (group === undefined) {
      throw new Error(`Cannot find the helper servers "${name}"; they were removed, or never made`);
    }
    return group;
  }

  /** Ends every server and removes every file. */
  async close(): Promise<void> {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    const all = [...this.helpers.values(), ...this.postgres.values()];
    const results = await Promise.allSettled(all.map((server) => server.remove()));
    for (const result of results) if (result.status === "rejected") console.error(String(result.reason));
    await Promise.allSettled(this.#templates.values());
    await Deno.remove(this.folder, { recursive: true });
  }

  async #attempt(names: string[], start: () => Promise<void>): Promise<void> {
    if (names.every((name) => this.missing[name] !== undefined)) return;
    try {
      await start();
    } catch (error) {
      for (const name of names) {
        if (!this.postgres.has(name)) {
          this.missing[name] ??= error instanceof Error ? error.message : `${error}`;
        }
      }
    }
  }

  async #shared(name: string, version: 18 | 15, replicaOf?: string): Promise<void> {
    await this.#create(name, { version, replicaOf, settings: SHARED_SETTINGS });
  }

  async #create(name: string, options: IsolatedServerOptions): Promise<PostgresServer> {
    const { version = 18, replicaOf, settings = {}, certificate = "none" } = options;
    const origin = replicaOf === undefined ? undefined : this.postgres.get(replicaOf);
    if (replicaOf !== undefined && origin === undefined) {
      throw new Error(`Cannot replicate "${replicaOf}": there is no PostgreSQL server of that name`);
    }
    const template = origin === undefined ? await this.#template(version) : undefined;
    const server = await PostgresServer.create({
      name,
      binaries: origin?.binaries ?? template!.binaries,
      port: freePort(),
      account: this.#account,
      folder: join(this.folder, name),
      origin: origin ?? template!.folder,
      tls: await this.#tls(certificate),
      settings: { ...SETTINGS, ...origin?.settings, ...settings },
    });
    this.postgres.set(name, server);
    return server;
  }

  async #tls(
    flaw: typeof CERTIFICATE_FLAWS[number],
  ): Promise<{ identity: Identity; ca: string } | undefined> {
    if (flaw === "noTls") return undefined;
    const authority = flaw === "unknownCa" ? await Authority.create("Unknown authority") : this.#authority;
    const identity = await authority.issue({
      subject: flaw === "wrongHost" ? "elsewhere.example" : "localhost",
      hosts: flaw === "wrongHost" ? ["elsewhere.example"] : ["localhost", "127.0.0.1"],
      expired: flaw === "expired",
    });
    return { identity, ca: this.#authority.certificate };
  }

  #template(version: 18 | 15): Promise<{ binaries: PostgresBinaries; folder: string }> {
    let template = this.#templates.get(version);
    if (template === undefined) {
      template = (async () => {
        const binaries = await postgresBinaries(version);
        const parent = join(this.folder, `template_${version}`);
        await Deno.mkdir(parent);
        await giveTo(this.#account, parent);
        const folder = join(parent, "data");
        await createTemplate(binaries, { folder, account: this.#account });
        return { binaries, folder };
      })();
      this.#templates.set(version, template);
    }
    return template;
  }

  async #startRedis(): Promise<void> {
    const found = await findProgram("redis-server", "redis-server");
    if ("reason" in found) throw new Error(found.reason);
    this.#programs.set("redis", found.path);
    const port = freePort();
    const args = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
    this.helpers.set(
      "redis",
      await HelperServer.create({
        name: "redis",
        program: found.path,
        arguments: args,
        port,
        account: this.#account,
        folder: join(this.folder, "redis"),
        url: `redis://127.0.0.1:${port}`,
      }),
    );
  }

  async #findPgbouncer(): Promise<void> {
    const found = await findProgram("pgbouncer", "pgbouncer");
    if ("reason" in found) throw new Error(found.reason);
  }

  async #findEtcd(): Promise<void> {
    const found = await findProgram("etcd", "etcd-server");
    if ("reason" in found) throw new Error(found.reason);
    this.#programs.set("etcd", found.path);
  }

  async #startPgbouncer(): Promise<void> {
    const found = await findProgram("pgbouncer", "pgbouncer");
    if ("reason" in found) throw new Error(found.reason);
    const primary = this.find("primary");
    const port = freePort();
    const { user, password } = USERS.find(({ user }) => user === TEST_USER)!;
    const folder = join(this.folder, "pgbouncer");
    const configuration = {
      listen_addr: "127.0.0.1",
      listen_port: port,
      unix_socket_dir: "",
      auth_type: "scram-sha-256",
      auth_file: join(folder, "users.txt"),
      pool_mode: "transaction",
      default_pool_size: 20,
      max_client_conn: 1000,
      admin_users: user,
    };
    const lines = Object.entries(configuration).map(([key, value]) => `${key} = ${value}`);
    this.helpers.set(
      "pgbouncer",
      await HelperServer.create({
        name: "pgbouncer",
        program: found.path,
        arguments: [join(folder, "pgbouncer.ini")],
        port,
        account: this.#account,
        folder,
        files: {
          "pgbouncer.ini": `[databases]\n* = host=127.0.0.1 port=${primary.port}\n[pgbouncer]\n${
            lines.join("\n")
          }\n`,
          "users.txt": USERS.map((each) => `"${each.user}" "${each.password}"\n`).join(""),
        },
        user,
        password,
        database: TEST_DATABASE,
        url: `postgres://${user}:${password}@127.0.0.1:${port}/${TEST_DATABASE}`,
      }),
    );
  }
}
