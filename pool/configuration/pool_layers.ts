/**
 * What every source says about a pool: options, URL, `LIFEGUARD__DATABASE__…` variables, TOML file, in that order.
 * Of the `url`s of several sources only the highest is read: it is one value.
 *
 * @module
 */
import { configFileLayer } from "./config_file.ts";
import { SETTINGS, VARIABLE_PREFIX, variableName } from "./settings.ts";
import { isPgliteUrl, parsePgliteUrl } from "../wire/configuration/connection_string.ts";
import type { Environment } from "../wire/configuration/environment.ts";
import { urlLayer, urlText } from "../wire/configuration/resolve_connect_options.ts";
import type { Layer, RawValue } from "../wire/configuration/setting.ts";
import { optionsLayer, parametersLayer } from "../wire/configuration/setting_layers.ts";
import { namedSetting } from "../wire/configuration/setting_names.ts";

/** What all sources say. */
export interface PoolLayers {
  /** Highest first; without the service file and the `PG*` variables. */
  readonly layers: readonly Layer[];
  /** Set when the URL asks for a PostgreSQL in this process. */
  readonly pglite: PgliteChoice | undefined;
}

/** A PostgreSQL in this process, as a URL asks for it. */
export interface PgliteChoice {
  readonly path: string | undefined;
  /** The layers that stand with or above the URL, which may therefore say as whom to log in. */
  readonly chosen: readonly Layer[];
}

/**
 * Reads every source.
 *
 * @param input What the pool was given.
 * @param environment The surroundings.
 * @returns The layers, highest first, and what a `pglite:` URL says.
 */
export function poolLayers(input: unknown, environment: Environment): PoolLayers {
  const isUrl = typeof input === "string" || input instanceof URL;
  const direct: RawValue = {
    name: "url",
    value: input,
    source: "argument",
    form: "option",
    printable: false,
  };
  const options: Layer = isUrl ? new Map([["url", direct]]) : optionsLayer(input, SETTINGS);
  const file = configFileLayer(environment, options.get("configFile"));
  const sources = [options, prefixedLayer(environment), ...(file === undefined ? [] : [file])];
  const layers: Layer[] = [];
  let urlSource: RawValue | undefined;
  let pglite: PgliteChoice | undefined;
  for (const source of sources) {
    layers.push(source);
    const raw = source.get("url");
    if (raw === undefined || urlSource !== undefined) continue;
    urlSource = raw;
    const text = urlText(raw);
    const origin = raw.form === "option" ? undefined : `URL in ${raw.source}`;
    if (isPgliteUrl(text)) {
      const url = parsePgliteUrl(text, origin);
      layers.push(parametersLayer(url.parameters, { settings: SETTINGS, source: url.source }));
      pglite = { path: url.path, chosen: [...layers] };
    } else {
      layers.push(urlLayer(text, SETTINGS, origin));
    }
  }
  return { layers, pglite };
}

/** The layer of the `LIFEGUARD__DATABASE__…` variables. A name that is not a setting is found if they can be listed. */
function prefixedLayer(environment: Environment): Layer {
  const layer = new Map<string, RawValue>();
  const settings = SETTINGS.filter(({ optionsOnly, key }) =>
    optionsOnly !== true && key !== "runtimeParameters"
  );
  const names = new Map(settings.map((setting) => [variableName(setting), setting]));
  const parameters: Record<string, string> = {};
  const parameterPrefix = "RUNTIME_PARAMETERS__";
  for (const variable of environment.variableNames()) {
    if (!variable.startsWith(VARIABLE_PREFIX)) continue;
    const name = variable.slice(VARIABLE_PREFIX.length);
    if (name.startsWith(parameterPrefix)) {
      const value = environment.variable(variable);
      if (value !== undefined) parameters[name.slice(parameterPrefix.length).toLowerCase()] = value;
    } else {
      namedSetting(names, name, { source: variable, form: "text", printable: true });
    }
  }
  for (const [name, { key, type }] of names) {
    const source = VARIABLE_PREFIX + name;
    const value = environment.variable(source);
    if (value === undefined || value === "") continue;
    layer.set(key, { name: key, value, source, form: "text", printable: type !== "secret" });
  }
  if (Object.keys(parameters).length > 0) {
    layer.set("runtimeParameters", {
      name: "runtimeParameters",
      value: parameters,
      source: `${VARIABLE_PREFIX}${parameterPrefix}…`,
      form: "text",
      printable: true,
    });
  }
  return layer;
}
