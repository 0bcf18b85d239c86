/**
 * The settings of a connection: one row each, from which names, validation, defaults and docs derive.
 * Parameter and variable names are libpq's:
 * https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-PARAMKEYWORDS and
 * https://www.postgresql.org/docs/18/libpq-envars.html
 *
 * @module
 */
import {
  CHANNEL_BINDINGS,
  type ConnectOptions,
  LOAD_BALANCE_MODES,
  SSL_MODES,
  SSL_NEGOTIATIONS,
  TARGET_SESSION_ATTRIBUTES,
  TLS_VERSIONS,
} from "./connect_options.ts";
import type { Setting } from "./setting.ts";

interface ConnectSetting extends Setting {
  readonly key: keyof ConnectOptions;
}

/** The settings of a connection, in the order the docs list them. */
export const CONNECT_SETTINGS: readonly Setting[] = [
  {
    key: "url",
    type: "secret",
    description: "A `postgres://` URL or a `key=value` string; the other settings override its parts.",
  },
  {
    key: "host",
    parameter: "host",
    variable: "PGHOST",
    type: "list",
    default: "localhost",
    description:
      "Host name, address, or directory of a Unix socket (starts with `/` or `@`); several are tried in order.",
  },
  {
    key: "hostAddress",
    parameter: "hostaddr",
    variable: "PGHOSTADDR",
    type: "list",
    description:
      "Address to connect to, one for each host, so that no name is looked up; TLS still verifies `host`.",
  },
  {
    key: "port",
    parameter: "port",
    variable: "PGPORT",
    type: "list",
    default: 5432,
    min: 1,
    max: 65_535,
    description: "Port, or one for each host.",
  },
  {
    key: "user",
    parameter: "user",
    variable: "PGUSER",
    type: "text",
    defaultText: "the operating system's user",
    description: "Role to log in as.",
  },
  {
    key: "password",
    parameter: "password",
    variable: "PGPASSWORD",
    type: "secret",
    defaultText: "looked up in the password file",
    description: "Password, or (in options) a function that returns one for each new connection.",
  },
  {
    key: "passwordFile",
    parameter: "passfile",
    variable: "PGPASSFILE",
    type: "text",
    defaultText: "`~/.pgpass`",
    description: "Path of the password file.",
  },
  {
    key: "database",
    parameter: "dbname",
    variable: "PGDATABASE",
    type: "text",
    defaultText: "the same as `user`",
    description: "Database to connect to.",
  },
  {
    key: "applicationName",
    parameter: "application_name",
    variable: "PGAPPNAME",
    type: "text",
    description: "Name shown in `pg_stat_activity`.",
  },
  {
    key: "options",
    parameter: "options",
    variable: "PGOPTIONS",
    type: "text",
    description: "Command-line options for the server, for example `-c geqo=off`.",
  },
  {
    key: "connectTimeout",
    parameter: "connect_timeout",
    variable: "PGCONNECT_TIMEOUT",
    type: "duration",
    default: 10_000,
    min: 100,
    max: 3_600_000,
    libpqSeconds: true,
    description: "Time to reach and log in to one host.",
  },
  {
    key: "targetSessionAttrs",
    parameter: "target_session_attrs",
    variable: "PGTARGETSESSIONATTRS",
    type: "choice",
    default: "any",
    choices: TARGET_SESSION_ATTRIBUTES,
    description: "Which kind of server is acceptable.",
  },
  {
    key: "loadBalanceHosts",
    parameter: "load_balance_hosts",
    variable: "PGLOADBALANCEHOSTS",
    type: "choice",
    default: "disable",
    choices: LOAD_BALANCE_MODES,
    description: "Order in which several hosts are tried: as written, or shuffled.",
  },
  {
    key: "sslmode",
    parameter: "sslmode",
    variable: "PGSSLMODE",
    type: "choice",
    default: "prefer",
    choices: SSL_MODES,
    description: "Encryption and verification.",
  },
  {
    key: "sslnegotiation",
    parameter: "sslnegotiation",
    variable: "PGSSLNEGOTIATION",
    type: "choice",
    default: "postgres",
    choices: SSL_NEGOTIATIONS,
    description: "How TLS begins: inside the protocol, or at once (PostgreSQL 17).",
  },
  {
    key: "sslRootCert",
    parameter: "sslrootcert",
    variable: "PGSSLROOTCERT",
    type: "text",
    defaultText: "`~/.postgresql/root.crt` if it exists",
    description: "Certificate authorities to trust: PEM text, a path, or `system`.",
  },
  {
    key: "sslCert",
    parameter: "sslcert",
    variable: "PGSSLCERT",
    type: "text",
    defaultText: "`~/.postgresql/postgresql.crt` if it exists",
    description: "Client certificate: PEM text or a path.",
  },
  {
    key: "sslKey",
    parameter: "sslkey",
    variable: "PGSSLKEY",
    type: "secret",
    defaultText: "`~/.postgresql/postgresql.key` if it exists",
    description: "Private key of the client certificate: PEM text or a path.",
  },
  {
    key: "sslPassword",
    parameter: "sslpassword",
    type: "secret",
    description: "Password of the private key.",
  },
  {
    key: "sslServerName",
    type: "text",
    defaultText: "the host",
    description: "Name to ask for and to verify in TLS.",
  },
  {
    key: "sslMinVersion",
    parameter: "ssl_min_protocol_version",
    variable: "PGSSLMINPROTOCOLVERSION",
    type: "choice",
    default: "TLSv1.2",
    choices: TLS_VERSIONS,
    description: "Oldest acceptable version of TLS.",
  },
  {
    key: "sslMaxVersion",
    parameter: "ssl_max_protocol_version",
    variable: "PGSSLMAXPROTOCOLVERSION",
    type: "choice",
    defaultText: "the newest there is",
    choices: TLS_VERSIONS,
    description: "Newest acceptable version of TLS.",
  },
  {
    key: "channelBinding",
    parameter: "channel_binding",
    variable: "PGCHANNELBINDING",
    type: "choice",
    default: "prefer",
    choices: CHANNEL_BINDINGS,
    description: "Whether SCRAM must bind to the TLS channel.",
  },
  {
    key: "requireAuth",
    parameter: "require_auth",
    variable: "PGREQUIREAUTH",
    type: "list",
    defaultText: "any",
    description:
      "Acceptable ways to authenticate, separated by commas: `none`, `password`, `md5`, `scram-sha-256`, `gss`, `sspi`; " +
      "or all of them negated with `!`.",
  },
  {
    key: "allowCleartextPassword",
    type: "boolean",
    default: false,
    description: "Whether a password may be sent in clear over a connection without TLS.",
  },
  {
    key: "keepAlive",
    parameter: "keepalives_idle",
    type: "duration",
    default: 30_000,
    min: 1000,
    max: 86_400_000,
    zero: "no probes",
    libpqSeconds: true,
    description: "Silence before TCP probes the peer.",
  },
  {
    key: "maxMessageSize",
    type: "bytes",
    default: 64 * 1024 ** 2,
    min: 64 * 1024,
    max: 1024 ** 3,
    description: "Longest message accepted from the server.",
  },
  {
    key: "runtimeParameters",
    type: "structure",
    defaultText: "none",
    description: "Server settings sent at startup, for example `TimeZone` or `search_path`.",
  },
  {
    key: "replication",
    parameter: "replication",
    type: "structure",
    default: false,
    description: "Opens a replication connection: `true` for physical, `database` for logical.",
  },
  {
    key: "service",
    parameter: "service",
    variable: "PGSERVICE",
    type: "text",
    description: "Name of a section of the service file.",
  },
  {
    key: "serviceFile",
    parameter: "servicefile",
    variable: "PGSERVICEFILE",
    type: "text",
    defaultText: "`~/.pg_service.conf`",
    description: "Path of the service file.",
  },
] satisfies readonly ConnectSetting[];

/** A libpq parameter that has no setting here. */
export interface ForeignParameter {
  /** Its name in a URL. */
  readonly parameter: string;
  /** The variable that libpq reads it from. */
  readonly variable?: string;
  /** The values (in lower case) that ask for nothing we do not do; undefined when any may be ignored safely. */
  readonly harmless?: readonly string[];
}

/**
 * The libpq parameters without a setting here: those that only tune are accepted and ignored, those that demand
 * something we do not do are refused.
 */
export const FOREIGN_PARAMETERS: readonly ForeignParameter[] = [
  {
    parameter: "client_encoding",
    variable: "PGCLIENTENCODING",
    harmless: ["utf8", "utf-8", "unicode", "auto"],
  },
  { parameter: "fallback_application_name" },
  { parameter: "keepalives", harmless: ["1"] },
  { parameter: "keepalives_interval" },
  { parameter: "keepalives_count" },
  { parameter: "tcp_user_timeout" },
  { parameter: "sslcompression", variable: "PGSSLCOMPRESSION", harmless: ["0"] },
  { parameter: "sslsni", variable: "PGSSLSNI", harmless: ["1"] },
  { parameter: "sslcertmode", variable: "PGSSLCERTMODE", harmless: ["allow"] },
  { parameter: "sslcrl", variable: "PGSSLCRL", harmless: [] },
  { parameter: "sslcrldir", variable: "PGSSLCRLDIR", harmless: [] },
  { parameter: "sslkeylogfile", harmless: [] },
  { parameter: "requirepeer", variable: "PGREQUIREPEER", harmless: [] },
  { parameter: "gssencmode", variable: "PGGSSENCMODE", harmless: ["disable", "prefer"] },
  { parameter: "gssdelegation", variable: "PGGSSDELEGATION", harmless: ["0"] },
  { parameter: "gsslib", variable: "PGGSSLIB" },
  { parameter: "krbsrvname", variable: "PGKRBSRVNAME" },
  { parameter: "min_protocol_version", variable: "PGMINPROTOCOLVERSION", harmless: ["3.0"] },
  { parameter: "max_protocol_version", variable: "PGMAXPROTOCOLVERSION" },
];
