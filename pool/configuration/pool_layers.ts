/**
 * What every source says about a pool: options, URL, `LIFEGUARD__DATABASE__…` variables, TOML file, in that order.
 * Of the `url`s of several sources only the highest is read: it is one value.
 *
 * @module
 */
import { configFileLayer } from "./config_file.ts";
import { SETTINGS, VARIABLE_PREFIX } from "./settings.ts";
import { isPgliteUrl, parsePgliteUrl } from "../wire/configuration/connection_string.ts";
import type { Environment } from "../wire/configuration/environment.ts";
import { urlLayer, urlText } from "../wire/configuration/resolve_connect_options.ts";
import type { Layer, RawValue } from "../wire/configuration/setting.ts";
import { optionsLayer, parametersLayer, prefixedLayer } from "../wire/configuration/setting_layers.ts";

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
  const sources = [options, poolVariablesLayer(environment), ...(file === undefined ? [] : [file])];
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
function poolVariablesLayer(environment: Environment): Layer {
  const parameterPrefix = "RUNTIME_PARAMETERS__";
  const layer = prefixedLayer(environment, {
    prefix: VARIABLE_PREFIX,
    settings: SETTINGS.filter(({ key }) => key !== "runtimeParameters"),
    passOver: (name) => name.startsWith(parameterPrefix),
  });
  const parameters: Record<string, string> = {};
  const start = VARIABLE_PREFIX + parameterPrefix;
  for (const variable of environment.variableNames()) {
    const value = variable.startsWith(start) ? environment.variable(variable) : undefined;
    if (value !== undefined) parameters[variable.slice(start.length).toLowerCase()] = value;
  }
  if (Object.keys(parameters).length === 0) return layer;
  return new Map(layer).set("runtimeParameters", {
    name: "runtimeParameters",
    value: parameters,
    source: `${start}…`,
    form: "text",
    printable: true,
  });
}
