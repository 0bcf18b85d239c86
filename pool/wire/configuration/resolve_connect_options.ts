/**
 * From what a user said to what a session needs: every setting is taken from the first place that has it
 * (options, URL or `key=value` string, service file, `PG*` variables, default), as libpq does, then checked.
 *
 * @module
 */
import {
  AUTH_METHODS,
  type ConnectOptions,
  type Password,
  type ResolvedConnectOptions,
  type ResolvedHost,
} from "./connect_options.ts";
import { readHosts } from "./connect_hosts.ts";
import { CONNECT_SETTINGS } from "./connect_settings.ts";
import { readTls } from "./connect_tls.ts";
import { parseConnectionString } from "./connection_string.ts";
import { type Environment, homePath, pathIn, processEnvironment } from "./environment.ts";
import { ConfigError } from "../errors.ts";
import { findPassword, readPasswordFile } from "./password_file.ts";
import { readRuntimeParameters } from "./runtime_parameters.ts";
import { findService } from "./service_file.ts";
import {
  type Layer,
  listed,
  parseSetting,
  parseText,
  type RawValue,
  refuse,
  type Setting,
} from "./setting.ts";
import { optionsLayer, parametersLayer, SettingReader, variablesLayer } from "./setting_layers.ts";

/** What resolution looks at besides its input. */
export interface ResolveConnectContext {
  /** The surroundings. Default: those of this process. */
  readonly environment?: Environment;
}

/**
 * Completes and checks what a user said about a connection.
 *
 * @param input A URL, a `key=value` string, or options; they are not written to.
 * @param context See {@link ResolveConnectContext}.
 * @returns Everything a session needs.
 * @throws {ConfigError} When a setting is unknown, malformed, out of range, or contradicts another.
 */
export function resolveConnectOptions(
  input: string | URL | ConnectOptions = {},
  context: ResolveConnectContext = {},
): ResolvedConnectOptions {
  const environment = context.environment ?? processEnvironment;
  const explicit = inputLayers(input, CONNECT_SETTINGS);
  return resolveConnectLayers(completeLayers(explicit, environment), environment);
}

/** The layers of one input: its options, then the URL it is or has. */
function inputLayers(input: unknown, settings: readonly Setting[]): Layer[] {
  if (typeof input === "string" || input instanceof URL) return [urlLayer(String(input), settings)];
  const layer = optionsLayer(input, settings);
  const raw = layer.get("url");
  return raw === undefined ? [layer] : [layer, urlLayer(urlText(raw), settings)];
}

/** The text of a `url` setting. */
export function urlText(raw: RawValue): string {
  return raw.value instanceof URL ? raw.value.href : parseText(raw);
}

/** The layer of a URL or a `key=value` string; `origin` says in errors where it was found. */
export function urlLayer(text: string, settings: readonly Setting[], origin?: string): Layer {
  const { source, parameters } = parseConnectionString(text, origin);
  return parametersLayer(parameters, { settings, source });
}

/** The layers of a user's input, followed by the service file's and the variables'. */
export function completeLayers(explicit: readonly Layer[], environment: Environment): Layer[] {
  const variables = variablesLayer(environment, CONNECT_SETTINGS);
  const layers = [...explicit, variables];
  return [...explicit, ...serviceLayers(layers, environment, layers), variables];
}

/** The layer of the service that `layers` name, if any; which file it is in may be said by `fileLayers` too. */
export function serviceLayers(
  fileLayers: readonly Layer[],
  environment: Environment,
  layers: readonly Layer[],
): Layer[] {
  const service = new SettingReader(CONNECT_SETTINGS, layers).raw("service");
  if (service === undefined) return [];
  const name = parseText(service);
  const paths = [
    new SettingReader(CONNECT_SETTINGS, fileLayers).text("serviceFile") ??
      homePath(environment, ".pg_service.conf"),
    pathIn(environment.variable("PGSYSCONFDIR"), "pg_service.conf"),
  ].filter((path) => path !== undefined);
  for (const path of paths) {
    const text = environment.readFile(path);
    const parameters = text === undefined ? undefined : findService(text, name, path);
    if (parameters !== undefined) {
      return [parametersLayer(parameters, { settings: CONNECT_SETTINGS, source: `service "${name}"` })];
    }
  }
  throw refuse(
    service,
    "is not the name of a section in a service file that can be read",
    `looked in ${
      paths.length === 0 ? "no file" : listed(paths)
    }; add the section "[${name}]", or set "serviceFile"` +
      " (Deno needs --allow-read for it)",
  );
}

/** Reads and checks every setting of a connection. */
export function resolveConnectLayers(
  layers: readonly Layer[],
  environment: Environment,
): ResolvedConnectOptions {
  const reader = new SettingReader(CONNECT_SETTINGS, layers);
  const user = reader.text("user") ?? environment.userName;
  if (user === undefined) {
    throw new ConfigError(
      "user",
      "no user was given and the operating system's cannot be read; give a user, or let Deno read it " +
        "with --allow-env=USER",
      "defaults",
    );
  }
  const database = reader.text("database") ?? user;
  const replication = readReplication(reader);
  const password = readPassword(reader);
  const subject = { user, database: replication === true ? "replication" : database };
  const passwordFile = password === undefined ? openPasswordFile(reader, environment) : undefined;
  const hosts = readHosts(reader).map((host): ResolvedHost => {
    const found = passwordFile === undefined
      ? undefined
      : findPassword(passwordFile, { ...subject, ...host });
    return { ...host, password: found === undefined ? undefined : () => found };
  });
  const options: ResolvedConnectOptions = {
    hosts,
    user,
    password,
    database,
    applicationName: reader.text("applicationName"),
    options: reader.text("options"),
    connectTimeout: reader.number("connectTimeout"),
    targetSessionAttrs: reader.choice("targetSessionAttrs"),
    loadBalanceHosts: reader.choice("loadBalanceHosts"),
    ...readTls(reader, environment),
    requireAuth: readRequireAuth(reader),
    allowCleartextPassword: reader.boolean("allowCleartextPassword"),
    keepAlive: reader.number("keepAlive"),
    maxMessageSize: reader.number("maxMessageSize"),
    runtimeParameters: readRuntimeParameters(reader, environment),
    replication,
  };
  return options;
}

function readPassword(reader: SettingReader): Password | undefined {
  const raw = reader.raw("password");
  if (raw === undefined) return undefined;
  if (typeof raw.value === "function") return raw.value as Password;
  if (typeof raw.value !== "string") throw refuse(raw, "is not a string or a function", "give one of them");
  const text = parseText(raw);
  return () => text; // a function, so that printing the resolved options does not show it
}

function openPasswordFile(reader: SettingReader, environment: Environment): string | undefined {
  const raw = reader.raw("passwordFile");
  const path = raw === undefined ? homePath(environment, ".pgpass") : parseText(raw);
  if (path === undefined) return undefined;
  const isExplicit = raw !== undefined && raw.source !== reader.setting("passwordFile").variable;
  if (isExplicit && environment.readFile(path) === undefined) {
    throw refuse(
      raw,
      "cannot be read",
      "give the path of a file that exists (Deno needs --allow-read for it)",
    );
  }
  return readPasswordFile(environment, path);
}

function readRequireAuth(reader: SettingReader): readonly string[] {
  const methods = reader.list("requireAuth") ?? [];
  const raw = reader.raw("requireAuth");
  const known: readonly string[] = AUTH_METHODS;
  const negated = methods.filter((method) => method.startsWith("!"));
  for (const method of methods) {
    if (!known.includes(method.replace(/^!/, ""))) {
      throw refuse({ ...raw!, value: method }, "is not a way to authenticate", `give ${listed(known)}`);
    }
  }
  if (negated.length !== 0 && negated.length !== methods.length) {
    throw refuse(raw!, "negates some methods and not others", 'negate all of them with "!", or none');
  }
  return methods;
}

function readReplication(reader: SettingReader): boolean | "database" {
  const raw: RawValue | undefined = reader.raw("replication");
  if (raw === undefined) return false;
  if (raw.value === "database") return "database";
  const setting: Setting = { ...reader.setting("replication"), type: "boolean" };
  try {
    return parseSetting(setting, raw) as boolean;
  } catch {
    throw refuse(raw, "is not allowed", 'give true, false or "database"');
  }
}
