/**
 * Models from the module of an application: every model, array of models and declaration that it exports.
 *
 * @module
 */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf } from "../../program/misuse_error.ts";
import { isPackedByDeno, UNPACK_IT } from "../../program/packed_runtime.ts";
import { type Joinable, SOURCE } from "../../orm/building/source.ts";
import { Declaration } from "../scratch/declare.ts";
import { RefusedError } from "./command.ts";

const ONE_COPY =
  'import it as "@lifeguard/core", and run lifeguard from the same copy, as in deno run jsr:@lifeguard/core/cli';

/** What a module says a database is to have. */
export interface LoadedModels {
  readonly models: readonly Joinable[];
  readonly declarations: readonly Declaration[];
}

/** Loads a module, as it is now: one that was loaded before is loaded again when its file has changed. */
export async function loadModels(path: string): Promise<LoadedModels> {
  const file = resolve(path);
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) {
    throw new RefusedError(
      `Cannot load the models: there is no file "${path}"; name the module with --models, or models in the table [migrate]`,
    );
  }
  const module = await imported(`${pathToFileURL(file).href}?changed=${found.mtimeMs}`, path);
  const models = new Set<Joinable>();
  const declarations = new Set<Declaration>();
  let foreign: string | undefined;
  for (const [name, exported] of Object.entries(module)) {
    for (const value of Array.isArray(exported) ? exported : [exported]) {
      if (value instanceof Declaration) declarations.add(value);
      else if (isModel(value)) models.add(value);
      else if (isForeign(value)) foreign = name;
    }
  }
  if (foreign !== undefined) {
    throw new RefusedError(
      `Cannot load the models: "${foreign}" of "${path}" is made by another copy of @lifeguard/core than this program; ` +
        ONE_COPY,
    );
  }
  if (models.size + declarations.size === 0) {
    throw new RefusedError(
      `Cannot load the models: "${path}" exports none; export each model, an array of them, or what declare() returns`,
    );
  }
  return { models: [...models], declarations: [...declarations] };
}

async function imported(url: string, path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(url);
  } catch (error) {
    const message = messageOf(error).replace(/\?changed=[\d.]+/g, "");
    throw new RefusedError(
      `Cannot load the models: "${path}" fails when it is imported: ${message}${importAdvice(message)}`,
      { cause: error },
    );
  }
}

function importAdvice(message: string): string {
  if (isPackedByDeno()) return `; ${UNPACK_IT}`;
  // Another module that is missing is the models' own affair.
  return /(?:package|module|import|resolve)\b.*["'](?:jsr:|npm:)?@lifeguard\b/i.test(message)
    ? `; ${ONE_COPY}`
    : "";
}

function isModel(value: unknown): value is Joinable {
  const source = (value as Partial<Joinable> | null | undefined)?.[SOURCE];
  return source !== undefined && source !== null && "tableName" in source;
}

/** Whether a value has what our models have, under a symbol of somebody else. */
function isForeign(value: unknown): boolean {
  if (typeof value !== "function" && (typeof value !== "object" || value === null)) return false;
  for (let at: unknown = value; at !== null && at !== undefined; at = Object.getPrototypeOf(at)) {
    const symbols = Object.getOwnPropertySymbols(at);
    if (symbols.some((symbol) => symbol !== SOURCE && symbol.description === SOURCE.description)) return true;
  }
  return false;
}
