/**
 * Where and how to connect: what a user may say ({@link ConnectOptions}), and what every layer below works with
 * once it was checked and completed ({@link ResolvedConnectOptions}). Resolution is in
 * `resolve_connect_options.ts`; the rules of each setting are in `connect_settings.ts`.
 *
 * @module
 */

/** When a connection is encrypted and what is verified, as in libpq. */
export const SSL_MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;
/** How TLS begins: asked for inside the protocol, or at once (PostgreSQL 17). */
export const SSL_NEGOTIATIONS = ["postgres", "direct"] as const;
/** Versions of TLS that can be demanded. */
export const TLS_VERSIONS = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;
/** What kind of server is acceptable when several hosts are named, as in libpq. */
export const TARGET_SESSION_ATTRIBUTES = [
  "any",
  "read-write",
  "read-only",
  "primary",
  "standby",
  "prefer-standby",
] as const;
/** In which order several hosts are tried: as written, or shuffled. */
export const LOAD_BALANCE_MODES = ["disable", "random"] as const;
/** Whether SCRAM binds to the TLS channel. */
export const CHANNEL_BINDINGS = ["disable", "prefer", "require"] as const;
/** Ways to authenticate that `requireAuth` may name; each can be negated with a leading `!`. */
export const AUTH_METHODS = ["none", "password", "md5", "scram-sha-256", "gss", "sspi"] as const;

/** See {@link SSL_MODES}. */
export type SslMode = typeof SSL_MODES[number];
/** See {@link SSL_NEGOTIATIONS}. */
export type SslNegotiation = typeof SSL_NEGOTIATIONS[number];
/** See {@link TLS_VERSIONS}. */
export type TlsVersion = typeof TLS_VERSIONS[number];
/** See {@link TARGET_SESSION_ATTRIBUTES}. */
export type TargetSessionAttributes = typeof TARGET_SESSION_ATTRIBUTES[number];
/** See {@link LOAD_BALANCE_MODES}. */
export type LoadBalanceMode = typeof LOAD_BALANCE_MODES[number];
/** See {@link CHANNEL_BINDINGS}. */
export type ChannelBinding = typeof CHANNEL_BINDINGS[number];

/** A password, or a function that returns the current one; it is called for every new connection. */
export type Password = string | (() => string | Promise<string>);

/**
 * Where and how to connect. What is left out is looked up in the URL, then in the service file, then in the `PG*`
 * variables, and finally has the default of libpq. Every setting is described in `docs/configuration.md`.
 *
 * @example
 * ```ts
 * import type { ConnectOptions } from "@lifeguard/core";
 * const options: ConnectOptions = {
 *   url: "postgres://app@db1.example,db2.example/shop?sslmode=verify-full",
 *   targetSessionAttrs: "read-write",
 *   password: () => Promise.resolve("a token that rotates"),
 * };
 * ```
 */
export interface ConnectOptions {
  /** A `postgres://` URL or a `key=value` string as libpq takes it; the other options override its parts. */
  readonly url?: string | URL;
  /** Host name, address, or directory of a Unix socket (starts with `/` or `@`); several are tried in order. */
  readonly host?: string | readonly string[];
  /** Addresses to connect to, one for each host, so that no name is looked up; TLS still verifies `host`. */
  readonly hostAddress?: string | readonly string[];
  /** Port, or one for each host. Default 5432. */
  readonly port?: number | readonly number[];
  /** Role to log in as. Default: the operating system's user. */
  readonly user?: string;
  /** Password, or a function that returns one for each new connection. */
  readonly password?: Password;
  /** Path of a password file instead of `~/.pgpass`. */
  readonly passwordFile?: string;
  /** Database. Default: the same as `user`. */
  readonly database?: string;
  /** Name shown in `pg_stat_activity`. */
  readonly applicationName?: string;
  /** Command-line options for the server, for example `"-c geqo=off"`. */
  readonly options?: string;
  /** Milliseconds to reach and log in to one host. Default 10,000. */
  readonly connectTimeout?: number | string;
  /** Which kind of server is acceptable. Default `"any"`. */
  readonly targetSessionAttrs?: TargetSessionAttributes;
  /** Order in which several hosts are tried. Default `"disable"`: as written. */
  readonly loadBalanceHosts?: LoadBalanceMode;
  /** Encryption and verification, as in libpq. Default `"prefer"`. */
  readonly sslmode?: SslMode;
  /** How TLS begins. Default `"postgres"`. */
  readonly sslnegotiation?: SslNegotiation;
  /** Certificate authorities to trust: PEM text, the path of a PEM file, or `"system"`. */
  readonly sslRootCert?: string;
  /** Client certificate: PEM text or a path. */
  readonly sslCert?: string;
  /** Private key of the client certificate: PEM text or a path. */
  readonly sslKey?: string;
  /** Password of the private key. */
  readonly sslPassword?: string;
  /** Name to ask for and to verify in TLS instead of the host's. */
  readonly sslServerName?: string;
  /** Oldest acceptable version of TLS. Default `"TLSv1.2"`. */
  readonly sslMinVersion?: TlsVersion;
  /** Newest acceptable version of TLS. Default: the newest there is. */
  readonly sslMaxVersion?: TlsVersion;
  /** Whether SCRAM must bind to the TLS channel. Default `"prefer"`. */
  readonly channelBinding?: ChannelBinding;
  /** Ways to authenticate that are acceptable, separated by commas, as libpq's `require_auth`. Default: any. */
  readonly requireAuth?: string;
  /** Whether a password may be sent in clear over a connection without TLS. Default false. */
  readonly allowCleartextPassword?: boolean;
  /** Milliseconds of silence before TCP probes the peer; 0 turns the probes off. Default 30,000. */
  readonly keepAlive?: number | string;
  /** Longest message accepted from the server, in bytes. Default 64 MiB, at most 1 GiB. */
  readonly maxMessageSize?: number;
  /** Server settings sent at startup, for example `{ TimeZone: "UTC", search_path: "app" }`. */
  readonly runtimeParameters?: Readonly<Record<string, string>>;
  /** Opens a replication connection: `true` for physical, `"database"` for logical. Default false. */
  readonly replication?: boolean | "database";
  /** Name of a section of the service file. */
  readonly service?: string;
  /** Path of the service file instead of `~/.pg_service.conf`. */
  readonly serviceFile?: string;
}

/** One server to try. */
export interface ResolvedHost {
  /** What was named: the host whose certificate is verified, or the directory of a Unix socket. */
  readonly host: string;
  /** What to connect to over TCP: `host`, or the address given for it. */
  readonly address: string;
  /** TCP port, or the number in the Unix socket's name. */
  readonly port: number;
  /** Path of the Unix socket to connect to instead of TCP. */
  readonly socketPath: string | undefined;
  /** The password file's entry for this host, when no password was given; use {@link passwordFor}. */
  readonly password: Password | undefined;
}

/** {@link ConnectOptions} after everything was looked up and checked. */
export interface ResolvedConnectOptions {
  /** Servers to try in order; at least one. */
  readonly hosts: readonly ResolvedHost[];
  /** Role to log in as. */
  readonly user: string;
  /** Password for every host; use {@link passwordFor}, which also knows the password file. */
  readonly password: Password | undefined;
  /** Database to connect to. */
  readonly database: string;
  /** Name shown in `pg_stat_activity`. */
  readonly applicationName: string | undefined;
  /** Command-line options for the server. */
  readonly options: string | undefined;
  /** Milliseconds to reach and log in to one host. */
  readonly connectTimeout: number;
  /** Which kind of server is acceptable. */
  readonly targetSessionAttrs: TargetSessionAttributes;
  /** Order in which the hosts are tried. */
  readonly loadBalanceHosts: LoadBalanceMode;
  /** Encryption and verification. */
  readonly sslmode: SslMode;
  /** How TLS begins. */
  readonly sslnegotiation: SslNegotiation;
  /** PEM text, a path, `"system"`, or undefined when none was given and `~/.postgresql/root.crt` does not exist. */
  readonly sslRootCert: string | undefined;
  /** Client certificate: PEM text or a path. */
  readonly sslCert: string | undefined;
  /** Private key: PEM text or a path. */
  readonly sslKey: string | undefined;
  /** Password of the private key. */
  readonly sslPassword: string | undefined;
  /** Name to ask for and to verify instead of the host's. */
  readonly sslServerName: string | undefined;
  /** Oldest acceptable version of TLS. */
  readonly sslMinVersion: TlsVersion;
  /** Newest acceptable version of TLS. */
  readonly sslMaxVersion: TlsVersion | undefined;
  /** Whether SCRAM must bind to the TLS channel. */
  readonly channelBinding: ChannelBinding;
  /** Ways to authenticate that are acceptable, as in libpq's `require_auth`; empty for any. */
  readonly requireAuth: readonly string[];
  /** Whether a password may be sent in clear without TLS. */
  readonly allowCleartextPassword: boolean;
  /** Milliseconds of silence before TCP probes the peer; 0 for never. */
  readonly keepAlive: number;
  /** Longest message accepted from the server, in bytes. */
  readonly maxMessageSize: number;
  /** Server settings sent at startup, without user, database, application_name, options and replication. */
  readonly runtimeParameters: Readonly<Record<string, string>>;
  /** Kind of replication connection. */
  readonly replication: boolean | "database";
}

/**
 * The password to use with one host: the one that was given, otherwise the password file's.
 *
 * @param connect Where to connect.
 * @param host One of `connect.hosts`.
 * @returns The password, or undefined when there is none.
 */
export async function passwordFor(
  connect: ResolvedConnectOptions,
  host: ResolvedHost,
): Promise<string | undefined> {
  const password = connect.password ?? host.password;
  return typeof password === "function" ? await password() : password;
}
