/**
 * What comes over the channel: what triggers say (`../../install/trigger_sql.ts`), canaries, and whatever else anybody
 * sends there, which means nothing.
 *
 * @module
 */
import type { Change } from "../change_source.ts";

/** What a payload says. */
export type Message =
  | { readonly kind: "change"; readonly change: Change }
  | { readonly kind: "canary"; readonly id: string };

const NONE: ReadonlyMap<string, readonly string[]> = new Map();

/** The payload of a canary. */
export function canaryPayload(id: string): string {
  return JSON.stringify({ canary: id });
}

/** Reads a payload; undefined when it is a stranger's. */
export function parseMessage(payload: string): Message | undefined {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const { canary, table, op, ids, all, lookups } = value;
  if (typeof canary === "string") return { kind: "canary", id: canary };
  if (typeof table !== "string" || table === "" || typeof op !== "string") return undefined;
  if (all === true) return { kind: "change", change: { kind: "table", table, reason: op } };
  if (!isTexts(ids)) return undefined;
  const values = lookups === undefined ? NONE : readLookups(lookups);
  return values === undefined
    ? undefined
    : { kind: "change", change: { kind: "rows", table, ids, lookups: values } };
}

function readLookups(value: unknown): ReadonlyMap<string, readonly string[]> | undefined {
  if (!isObject(value)) return undefined;
  const lookups = new Map<string, readonly string[]>();
  for (const [columns, texts] of Object.entries(value)) {
    if (!isTexts(texts)) return undefined;
    lookups.set(columns, texts);
  }
  return lookups;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
