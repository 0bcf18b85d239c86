/**
 * The two ways to write a connection as one text, as libpq reads them: a URL, and `key=value` pairs.
 * https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-CONNSTRING
 *
 * Reading gives names and texts; what they mean is decided elsewhere. No error repeats any part of the text that
 * could belong to a password, including one that was not percent-encoded or quoted as it should have been.
 *
 * @module
 */
import { ConfigError } from "../errors.ts";

/** One parameter of a connection string. */
export interface Parameter {
  /** Its name, as libpq calls it. */
  readonly name: string;
  /** Its decoded value. */
  readonly value: string;
  /** False when name or value may hold a part of a password. */
  readonly printable: boolean;
}

/** What a connection string says. */
export interface ConnectionString {
  /** What it is or where it was found, for errors. */
  readonly source: string;
  /** Its parameters in order; a later one of the same name wins. */
  readonly parameters: readonly Parameter[];
}

/** What the URL of an in-process PostgreSQL says. */
export interface PgliteUrl extends ConnectionString {
  /** Directory of the database; undefined for one in memory. */
  readonly path: string | undefined;
}

/** A malformed part; becomes a ConfigError once it is known where the text came from. */
class Malformed extends Error {
  readonly part: string | undefined;
  readonly problem: string;

  constructor(part: string | undefined, state: string, advice: string) {
    super();
    this.part = part;
    this.problem = `${state}; ${advice}`;
  }
}

/** Runs a parser and says of a malformed part where it is. */
function parsing<Value>(source: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    const where = error.part === undefined ? "" : `its ${error.part} cannot be read: `;
    throw new ConfigError("url", `${where}${error.problem}`, source);
  }
}

/**
 * Reads a connection string.
 *
 * @param text A `postgres://` or `postgresql://` URL, or `key=value` pairs.
 * @param origin Where it was found, for errors. Default: what it is.
 * @returns What it says.
 * @throws {ConfigError} When it is neither, or malformed; names the part.
 */
export function parseConnectionString(text: string, origin?: string): ConnectionString {
  const scheme = /^\s*([a-z][a-z0-9+.-]*):\/\//i.exec(text);
  const isUrl = scheme !== null || /^\s*postgres(ql)?:/i.test(text);
  const source = origin ?? (isUrl ? "URL" : "connection string");
  return parsing(source, () => {
    if (!isUrl) return { source, parameters: parsePairs(text) };
    if (scheme === null) throw new Malformed("scheme", "two slashes are missing", 'begin with "postgres://"');
    if (!/^postgres(ql)?$/i.test(scheme[1])) {
      throw new Malformed("scheme", `it is "${scheme[1]}"`, 'begin with "postgres://" or "postgresql://"');
    }
    return { source, parameters: parseUrl(text.slice(scheme[0].length).trimEnd()) };
  });
}

/** Whether a text is the URL of an in-process PostgreSQL. */
export function isPgliteUrl(text: string): boolean {
  return /^\s*pglite:/i.test(text);
}

/**
 * Reads `pglite:`, `pglite:/path`, `pglite:./path` or `pglite:///path`, each with parameters behind a `?`.
 *
 * @param text The URL.
 * @param origin Where it was found, for errors. Default `"URL"`.
 * @returns What it says.
 * @throws {ConfigError} When it is malformed; names the part.
 */
export function parsePgliteUrl(text: string, origin = "URL"): PgliteUrl {
  return parsing(origin, () => {
    const rest = text.trim().slice("pglite:".length);
    const queryStart = rest.indexOf("?");
    const path = decode((queryStart === -1 ? rest : rest.slice(0, queryStart)).replace(/^\/\//, ""), "path");
    const parameters = queryStart === -1 ? [] : parseUrlQuery(rest.slice(queryStart + 1));
    return { source: origin, path: path === "" ? undefined : path, parameters };
  });
}

function parseUrl(text: string): Parameter[] {
  const end = /[/?]/.exec(text)?.index ?? text.length;
  const queryStart = text.indexOf("?", end);
  const authority = text.slice(0, end);
  const path = text.slice(end, queryStart === -1 ? undefined : queryStart);
  const query = queryStart === -1 ? undefined : text.slice(queryStart + 1);
  const at = authority.lastIndexOf("@");
  const printable = !text.slice(end).includes("@");
  const mayHidePassword = path.includes("@") || (at === -1 && authority.includes(":") && !printable);
  if (mayHidePassword) {
    throw new Malformed(
      "user or password",
      'an "@" stands after the first "/" or "?"',
      'write "/" as "%2F", "?" as "%3F" and "@" as "%40" in user, password, database and parameters',
    );
  }
  const parameters: Parameter[] = [];
  if (at !== -1) parameters.push(...parseUserInfo(authority.slice(0, at)));
  parameters.push(...parseHosts(authority.slice(at + 1), printable));
  if (path.length > 1) parameters.push(parameter("dbname", decode(path.slice(1), "database"), printable));
  if (query !== undefined) parameters.push(...parseUrlQuery(query));
  return parameters;
}

function parameter(name: string, value: string, printable = true): Parameter {
  return { name, value, printable };
}

function parseUserInfo(text: string): Parameter[] {
  const colon = text.indexOf(":");
  const user = parameter("user", decode(colon === -1 ? text : text.slice(0, colon), "user"), false);
  if (colon === -1) return [user];
  return [user, parameter("password", decode(text.slice(colon + 1), "password"), false)];
}

function parseHosts(text: string, printable: boolean): Parameter[] {
  if (text === "") return [];
  const hosts: string[] = [];
  const ports: string[] = [];
  for (const part of text.split(",")) {
    const match = /^(\[[^\]]*\]|[^:[\]]*)(?::([^:]*))?$/.exec(part);
    if (match === null) {
      throw new Malformed(
        "host",
        "it has too many colons or a stray bracket",
        'write "host:port", with an IPv6 address in brackets: "[::1]:5432"',
      );
    }
    const [, name, port = ""] = match;
    if (!/^\d*$/.test(port)) {
      throw new Malformed(
        "port",
        "it is not a number",
        "give 1 to 65535; when it belongs to the password, percent-encode the special characters there",
      );
    }
    hosts.push(name.startsWith("[") ? name.slice(1, -1) : decode(name, "host"));
    ports.push(port);
  }
  const parameters = [parameter("host", hosts.join(","), printable)];
  if (ports.some((port) => port !== "")) parameters.push(parameter("port", ports.join(","), printable));
  return parameters;
}

function parseUrlQuery(query: string): Parameter[] {
  const printable = !query.includes("@");
  return query.split("&").filter((pair) => pair !== "").map((pair) => {
    const equals = pair.indexOf("=");
    if (equals <= 0) {
      throw new Malformed("parameters", 'one of them has no "name="', 'write "?name=value&name=value"');
    }
    const name = decode(pair.slice(0, equals), "parameters");
    const value = decode(pair.slice(equals + 1), "parameters");
    // libpq takes this spelling of JDBC URLs
    if (name === "ssl" && value === "true") return parameter("sslmode", "require", printable);
    return parameter(name, value, printable);
  });
}

function decode(text: string, part: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    throw new Malformed(
      part,
      'a "%" is not followed by two hexadecimal digits of UTF-8',
      'write "%" as "%25"',
    );
  }
  if (decoded.includes("\0")) throw new Malformed(part, "it contains a NUL character", 'remove "%00"');
  return decoded;
}

/** Names whose value, when it is not quoted as it should be, spills into what follows. */
const SECRET_NAMES: readonly string[] = ["password", "sslpassword"];

function parsePairs(text: string): Parameter[] {
  if (text.trim() === "") {
    throw new Malformed(undefined, "it is empty", 'give "postgres://host/database", or leave it out');
  }
  const parameters: Parameter[] = [];
  const name = /\s*([^\s=]*)\s*/y;
  const bare = /(?:\\[^]|[^\s\\])*\\?/y;
  const quoted = /'((?:\\[^]|[^'\\])*)'/y;
  let printable = true;
  let offset = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = offset;
    const match = pattern.exec(text);
    if (match !== null) offset = pattern.lastIndex;
    return match;
  };
  while (text.slice(offset).trim() !== "") {
    const start = offset;
    const key = take(name)![1];
    if (key === "" || text[offset] !== "=") {
      throw new Malformed(
        undefined,
        `no "name=" stands at character ${start + /\S/.exec(text.slice(start))!.index + 1}`,
        'write "name=value name=\'value with spaces\'", or a URL that begins with "postgres://"',
      );
    }
    offset++;
    take(/\s*/y);
    let value: string;
    if (text[offset] === "'") {
      const match = take(quoted);
      if (match === null) {
        throw new Malformed(
          undefined,
          `the quote at character ${offset + 1} is not closed`,
          'write "\'" inside a value as "\\\'"',
        );
      }
      value = match[1];
    } else {
      value = take(bare)![0];
    }
    if (SECRET_NAMES.includes(key)) printable = false;
    parameters.push(parameter(key, value.replace(/\\([^]?)/g, "$1"), printable));
  }
  return parameters;
}

/**
 * Writes `key=value` pairs that {@link parseConnectionString} and libpq read back.
 *
 * @param pairs Names and values; a name has no spaces and no `=`.
 * @returns The connection string.
 */
export function formatConnectionString(pairs: Readonly<Record<string, string>>): string {
  return Object.entries(pairs).map(([name, value]) => `${name}='${value.replace(/['\\]/g, "\\$&")}'`).join(
    " ",
  );
}
