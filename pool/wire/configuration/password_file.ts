/**
 * The password file (`~/.pgpass`), with libpq's rules.
 * https://www.postgresql.org/docs/18/libpq-pgpass.html
 *
 * @module
 */
import type { Environment } from "./environment.ts";

/** For whom a password is looked up. */
export interface PasswordSubject {
  /** Host name, address, or directory of a Unix socket. */
  readonly host: string;
  /** Port. */
  readonly port: number;
  /** Database; `"replication"` for physical replication. */
  readonly database: string;
  /** Role. */
  readonly user: string;
}

/** Directories that servers put their Unix socket in by default: the file calls them `localhost`. */
const DEFAULT_SOCKET_DIRECTORIES: readonly string[] = ["/tmp", "/var/run/postgresql", "/run/postgresql"];

/**
 * Reads a password file. A file that others may read is ignored with a warning, as libpq does.
 *
 * @param environment Where files are read.
 * @param path Path of the file.
 * @returns Its text, or undefined when it is missing, may not be read, or is ignored.
 */
export function readPasswordFile(environment: Environment, path: string): string | undefined {
  const text = environment.readFile(path);
  if (text === undefined) return undefined;
  const mode = environment.fileMode(path);
  if (mode !== undefined && (mode & 0o077) !== 0) {
    environment.warn(
      `password file "${path}" is ignored, because its group or others have access; run chmod 0600 on it`,
    );
    return undefined;
  }
  return text;
}

/**
 * Finds a password: the first line whose first four fields match.
 *
 * @param text The file's text.
 * @param subject For whom.
 * @returns The password, or undefined when no line matches.
 */
export function findPassword(text: string, subject: PasswordSubject): string | undefined {
  for (const line of text.split(/\r?\n/)) {
    if (line === "" || line.startsWith("#")) continue;
    const fields = splitFields(line);
    if (fields.length < 5) continue;
    const [host, port, database, user, password] = fields;
    const matches = (matchesField(host, subject.host) ||
      (DEFAULT_SOCKET_DIRECTORIES.includes(subject.host) && matchesField(host, "localhost"))) &&
      matchesField(port, String(subject.port)) &&
      matchesField(database, subject.database) &&
      matchesField(user, subject.user);
    if (matches) return unescapeField(password) || undefined;
  }
  return undefined;
}

/** The fields of a line, still escaped: they end at a colon that has no backslash before it. */
function splitFields(line: string): string[] {
  return Array.from(line.matchAll(/((?:\\[^]|[^:\\])*\\?)(?::|$)/g), ([, field]) => field);
}

function matchesField(field: string, value: string): boolean {
  return field === "*" || unescapeField(field) === value;
}

function unescapeField(field: string): string {
  return field.replace(/\\([^])/g, "$1");
}
