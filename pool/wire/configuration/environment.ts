/**
 * What the process's surroundings say: variables, files, the user. Configuration reads them only through
 * {@link Environment}, so that a missing permission means "not set" (never a prompt, never an error) and tests can
 * hand in a plain object.
 *
 * @module
 */
import { readFileSync, statSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import process from "node:process";

/** The surroundings that configuration may look at. */
export interface Environment {
  /** The variable's value; undefined when it is not set or may not be read. */
  variable(name: string): string | undefined;
  /** Names of all variables; empty when they may not be listed. */
  variableNames(): readonly string[];
  /** The file's text; undefined when it is missing or may not be read. */
  readFile(path: string): string | undefined;
  /** The file's POSIX permission bits; undefined where there are none or they may not be read. */
  fileMode(path: string): number | undefined;
  /** Tells the user about something that was ignored. */
  warn(message: string): void;
  /** The user's home directory; undefined when it may not be read. */
  readonly homeDirectory: string | undefined;
  /** The operating system's name of the user; undefined when it may not be read. */
  readonly userName: string | undefined;
}

/** A permission of Deno, as its `permissions.querySync` takes it. */
type Permission =
  | { readonly name: "env"; readonly variable?: string }
  | { readonly name: "read"; readonly path: string }
  | { readonly name: "sys"; readonly kind: string };

interface DenoPermissions {
  readonly permissions?: { querySync(permission: Permission): { readonly state: string } };
}

/** Whether the runtime lets us do it without asking the user; only Deno has permissions of this kind. */
function isGranted(permission: Permission): boolean {
  const deno = (globalThis as { readonly Deno?: DenoPermissions }).Deno;
  if (deno?.permissions === undefined) return true;
  return deno.permissions.querySync(permission).state === "granted";
}

function attempt<Value>(permission: Permission, read: () => Value): Value | undefined {
  try {
    return isGranted(permission) ? read() : undefined;
  } catch {
    return undefined; // missing, not a file, or refused by the operating system: all the same to the caller
  }
}

class ProcessEnvironment implements Environment {
  variable(name: string): string | undefined {
    return attempt({ name: "env", variable: name }, () => process.env[name]);
  }

  variableNames(): readonly string[] {
    return attempt({ name: "env" }, () => Object.keys(process.env)) ?? [];
  }

  readFile(path: string): string | undefined {
    return attempt({ name: "read", path }, () => readFileSync(path, "utf8"));
  }

  fileMode(path: string): number | undefined {
    if (process.platform === "win32") return undefined;
    return attempt({ name: "read", path }, () => statSync(path).mode & 0o777);
  }

  warn(message: string): void {
    console.warn(`Lifeguard: ${message}`);
  }

  get homeDirectory(): string | undefined {
    return this.variable("HOME") ?? attempt({ name: "sys", kind: "homedir" }, homedir);
  }

  get userName(): string | undefined {
    return attempt({ name: "sys", kind: "userInfo" }, () => userInfo().username) ??
      this.variable("USER") ?? this.variable("LOGNAME") ?? this.variable("USERNAME");
  }
}

/** The surroundings of this process. */
export const processEnvironment: Environment = new ProcessEnvironment();

/** A file in a directory that may not be known. */
export function pathIn(directory: string | undefined, name: string): string | undefined {
  return directory === undefined || directory === "" ? undefined : `${directory}/${name}`;
}

/** A file in the user's home directory; undefined when that may not be read. */
export function homePath(environment: Environment, name: string): string | undefined {
  return pathIn(environment.homeDirectory, name);
}
