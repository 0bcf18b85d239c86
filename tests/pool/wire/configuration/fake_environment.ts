/** Surroundings made of plain objects, so that configuration is tested without the machine's own. */
import type { Environment } from "../../../../pool/wire/configuration/environment.ts";

/** What the surroundings say. */
export interface FakeEnvironmentOptions {
  readonly variables?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly modes?: Readonly<Record<string, number>>;
  readonly homeDirectory?: string | undefined;
  readonly userName?: string | undefined;
}

/** Surroundings that remember their warnings. */
export interface FakeEnvironment extends Environment {
  readonly warnings: readonly string[];
}

/** Makes surroundings of a user `"me"` at `/home/me`, unless told otherwise. */
export function fakeEnvironment(options: FakeEnvironmentOptions = {}): FakeEnvironment {
  const { variables = {}, files = {}, modes = {} } = options;
  const warnings: string[] = [];
  return {
    warnings,
    variable: (name) => variables[name],
    variableNames: () => Object.keys(variables),
    readFile: (path) => files[path],
    fileMode: (path) => modes[path],
    warn: (message) => void warnings.push(message),
    homeDirectory: "homeDirectory" in options ? options.homeDirectory : "/home/me",
    userName: "userName" in options ? options.userName : "me",
  };
}
