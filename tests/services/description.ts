/**
 * What the control endpoint answers and accepts: the one vocabulary of the supervisor and of its clients. It
 * holds types and constants only, so that a test file may import it on any runtime without a permission.
 */

/** The ports tried, in order, by `deno task services` and by a client that was given no URL. */
export const CONTROL_PORTS: readonly number[] = [54330, 54331, 54332, 54333, 54334];

/** The environment variable that holds the control endpoint's URL. */
export const CONTROL_VARIABLE = "LIFEGUARD_TEST_CONTROL";

/** The value of `LIFEGUARD_TEST_CONTROL` that keeps a run from looking for services. */
export const NO_SERVICES = "none";

/** What `GET /` answers in its `service` field, so that a client knows it found the right program. */
export const SERVICE_NAME = "lifeguard test services";

/** The services started once and shared by every test file. */
export const SHARED_SERVICES = ["primary", "replica", "pg15", "redis", "pgbouncer"] as const;

/** The name of a shared service. */
export type SharedService = typeof SHARED_SERVICES[number];

/** What the supervisor can be told to start, or to make ready: etcd, which each test makes its own of. */
export type Startable = SharedService | "etcd";

/** Everything {@linkcode Startable}. */
export const STARTABLE: readonly Startable[] = [...SHARED_SERVICES, "etcd"];

/** The things that may be done to a running PostgreSQL. */
export const POSTGRES_OPERATIONS = [
  "stop-immediate",
  "stop",
  "kill",
  "start",
  "restart",
  "pause",
  "resume",
  "promote",
  "reset",
  "lag",
] as const;

/** An operation of {@linkcode POSTGRES_OPERATIONS}. */
export type PostgresOperation = typeof POSTGRES_OPERATIONS[number];

/** Where a server listens and who may enter. */
export interface ServerDescription {
  /** The name by which the control endpoint knows it. */
  readonly name: string;
  /** Always loopback. */
  readonly host: string;
  readonly port: number;
  /** A superuser for PostgreSQL; absent for Redis. */
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** A connection URL with all of the above. */
  readonly url: string;
  /** As the server reports it, such as `18.4`. */
  readonly version: string;
  /** The folder of the Unix socket, where there is one. */
  readonly socketDirectory?: string;
  /** What the server is at this moment. */
  readonly state: "running" | "paused" | "stopped";
  /** The server that this one replicates, where it is a standby. */
  readonly replicaOf?: string;
}

/** A role with a password and the authentication that `pg_hba.conf` forces on it over TCP. */
export interface UserDescription {
  readonly user: string;
  readonly password: string;
  readonly method: string;
  readonly superuser: boolean;
}

/** Certificates of the PostgreSQL servers, in PEM. */
export interface CertificateDescription {
  /** The authority that signed every server's certificate, but that of an `unknownCa` server. */
  readonly ca: string;
  /** A client certificate for `cert_user`, and its key. */
  readonly clientCertificate: string;
  readonly clientKey: string;
}

/** Everything that runs: the answer of `GET /`. */
export interface ServicesDescription {
  readonly service: typeof SERVICE_NAME;
  readonly servers: Readonly<Record<string, ServerDescription>>;
  /** The reason, by service, of everything that could not be started. */
  readonly missing: Readonly<Record<string, string>>;
  readonly users: readonly UserDescription[];
  readonly certificates: CertificateDescription;
  /** Whether links that drop packets can be made; why not is in `missing.link`. */
  readonly links: boolean;
  /** What a test can make its own of beside PostgreSQL; why not is in `missing.redis` and `missing.etcd`. */
  readonly isolated: readonly ("redis" | "etcd")[];
  /** Extensions that `CREATE EXTENSION` finds on the primary. */
  readonly extensions: readonly string[];
}

/** The flaws a server's own certificate may be given. */
export const CERTIFICATE_FLAWS = ["none", "expired", "wrongHost", "unknownCa", "noTls"] as const;

/** What an isolated server is made with: the body of `POST /servers`. */
export interface IsolatedServerOptions {
  /** Major version. Default 18. */
  readonly version?: 18 | 15;
  /** The running server that the new one replicates; it takes over the version. */
  readonly replicaOf?: string;
  /** Lines of `postgresql.conf`, such as `{ max_connections: "20" }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** What is wrong with the server's certificate; `noTls` refuses TLS. Default `none`. */
  readonly certificate?: typeof CERTIFICATE_FLAWS[number];
}

/** The helper servers that a test may make its own of: one, or several that work together. */
export const GROUP_KINDS = ["redis", "redisSentinel", "redisCluster", "etcd"] as const;

/** A kind of {@linkcode GROUP_KINDS}. */
export type GroupKind = typeof GROUP_KINDS[number];

/** How Redis is made for one test. */
export interface IsolatedRedisOptions {
  /** Lines of `redis.conf`, such as `{ maxmemory: "10mb" }`; with `requirepass` the URL holds the password. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Whether it listens with TLS, and only so. Default false. */
  readonly tls?: boolean;
}

/** How Redis with Sentinels is made for one test. */
export interface RedisSentinelOptions extends IsolatedRedisOptions {
  /** How many replicas the master has. Default 1. */
  readonly replicas?: number;
  /** How many Sentinels watch; most of them must agree. Default 1. */
  readonly sentinels?: number;
  /** Milliseconds of silence after which the master counts as down. Default 500. */
  readonly downAfter?: number;
}

/** How a Redis Cluster of three masters is made for one test. */
export interface RedisClusterOptions extends IsolatedRedisOptions {
  /** How many replicas each master has. Default 0. */
  readonly replicas?: number;
}

/** How etcd is made for one test. */
export interface IsolatedEtcdOptions {
  /** How many servers. Default 1. */
  readonly members?: 1 | 3;
  /** Whether it listens with TLS, and only so. Default false. */
  readonly tls?: boolean;
}

/** What `POST /helpers` accepts for Redis. */
export interface RedisGroupOptions extends RedisSentinelOptions {
  readonly kind: "redis" | "redisSentinel" | "redisCluster";
}

/** What `POST /helpers` accepts for etcd. */
export interface EtcdGroupOptions extends IsolatedEtcdOptions {
  readonly kind: "etcd";
}

/** What `POST /helpers` accepts. */
export type HelperGroupOptions = RedisGroupOptions | EtcdGroupOptions;

/** What a member is in its group when the group was made. */
export type MemberRole = "server" | "master" | "replica" | "sentinel";

/** A server of a group. */
export interface MemberDescription extends ServerDescription {
  readonly role: MemberRole;
}

/** Helper servers of one test: the answer of `POST /helpers` and `GET /helpers/{name}`. */
export interface GroupDescription {
  readonly name: string;
  readonly kind: GroupKind;
  readonly members: readonly MemberDescription[];
}

/** A database made by `POST /databases`. */
export interface DatabaseDescription {
  readonly name: string;
  readonly server: string;
  readonly url: string;
}

/** What `POST /databases` accepts. */
export interface FreshDatabaseOptions {
  /** The server that holds it. Default `primary`. */
  readonly server?: string;
  /** The database it starts as a copy of. Default `template1`, empty. */
  readonly template?: string;
}

/** The way bytes travel through a proxy, seen from its server. */
export type Direction = "toServer" | "toClient";

/**
 * The faults of a proxy. What is left out keeps its value, but for the three that happen once (`cut`, `reset`,
 * `halfClose`).
 */
export interface ProxyFaults {
  /** Milliseconds by which each chunk is late, in each direction. Default 0. */
  readonly delayMs?: number;
  /** Bytes are passed on in chunks of at most this size, one an event-loop turn; 0 leaves them alone. */
  readonly chunkBytes?: number;
  /** True holds all bytes and answers nothing, new connections included; false lets held bytes go on. */
  readonly blackHole?: boolean;
  /** True closes a new connection as soon as it is accepted. */
  readonly refuse?: boolean;
  /** Flips bits in what passes; null stops it. */
  readonly corrupt?: CorruptFault | null;
  /** Cuts each new connection after so many bytes of one direction; null stops it. */
  readonly cutAfter?: { readonly direction?: Direction; readonly bytes: number } | null;
  /** Closes every open connection, now, in order (FIN both ways). */
  readonly cut?: boolean;
  /** Closes every open connection, now, with RST to both sides. */
  readonly reset?: boolean;
  /** Sends FIN, now, in one direction only of every open connection. */
  readonly halfClose?: Direction;
}

/** Which bytes a proxy flips; each flipped byte is XORed with `mask`. */
export interface CorruptFault {
  /** Default `toClient`. */
  readonly direction?: Direction;
  /** The byte of each connection's stream, counted from 0, that is flipped. */
  readonly offset?: number;
  /** The chance of each byte, from 0 to 1. */
  readonly probability?: number;
  /** Default 1. */
  readonly mask?: number;
}

/** What `POST /proxies` accepts: a service by name, or an address. */
export interface ProxyTarget {
  readonly target?: string;
  readonly host?: string;
  readonly port?: number;
}

/** A proxy: the answer of `POST /proxies`, `POST /proxies/{id}` and `GET /proxies/{id}`. */
export interface ProxyDescription {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly open: number;
  readonly accepted: number;
  readonly bytesToServer: number;
  readonly bytesToClient: number;
}

/** What `POST /links` accepts: a server by its name, or a port of this machine. */
export interface LinkTarget {
  readonly target?: string;
  readonly port?: number;
}

/** A link that can drop packets: the answer of `POST /links`, `POST /links/{id}` and `GET /links/{id}`. */
export interface LinkDescription {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** The directions whose packets are dropped now. */
  readonly dropping: readonly Direction[];
}
