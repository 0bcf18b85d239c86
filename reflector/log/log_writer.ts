/**
 * The log of `lifeguard-reflector`: records of the reflector, of its pool and of the program itself, each one line, as
 * JSON for machines or as text for people. No record can break its line or end the program.
 *
 * @module
 */
import { LOG_LEVELS, type LogLevel, type PoolLogFields } from "../../pool/telemetry/pool_log.ts";
import type { LOG_FORMATS } from "../configuration/reflector_settings.ts";
import type { ReflectorLogFields } from "../reflector_log.ts";

/** The events of the program, beside those of the reflector and of its pool. */
export const PROGRAM_EVENTS = ["starting", "listening", "signal", "ended", "failed"] as const;

/** What a record of the program says besides its message. */
export interface ProgramLogFields {
  /** What has happened. */
  readonly event: typeof PROGRAM_EVENTS[number];
  /** What else is known; times are milliseconds. */
  readonly [field: string]: unknown;
}

/** What any record says besides its message. */
export type LogFields = ProgramLogFields | ReflectorLogFields | PoolLogFields;

/** Receives records of every kind. */
export type LogWriter = Readonly<Record<LogLevel, (message: string, fields: LogFields) => void>>;

/** How a log is written. */
export interface LogWriterOptions {
  readonly level: LogLevel;
  readonly format: typeof LOG_FORMATS[number];
  /** Takes each line, with its end. */
  readonly write: (line: string) => void;
  /** The wall clock. Default: the machine's. */
  readonly now?: () => Date;
}

/** Makes a log. */
export function logWriter({ level, format, write, now = () => new Date() }: LogWriterOptions): LogWriter {
  const least = LOG_LEVELS.indexOf(level);
  const line = format === "json" ? jsonLine : textLine;
  const at = (name: LogLevel) => (message: string, fields: LogFields): void => {
    if (LOG_LEVELS.indexOf(name) < least) return;
    try {
      write(line({ time: now().toISOString(), level: name, message, fields }));
    } catch {
      // A log that cannot be written must not end what it tells of.
    }
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

interface LogRecord {
  readonly time: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

function jsonLine({ time, level, message, fields }: LogRecord): string {
  const { event, ...rest } = fields;
  return `${JSON.stringify({ time, level, event, message, ...plainFields(rest) })}\n`;
}

function textLine({ time, level, message, fields }: LogRecord): string {
  const { event: _, ...rest } = fields;
  const words = Object.entries(plainFields(rest)).map(([key, value]) =>
    `${key}=${typeof value === "string" && /^[\w./:@+-]+$/.test(value) ? value : JSON.stringify(value)}`
  );
  return `${[time, level.padEnd(5), oneLine(message), ...words].join(" ")}\n`;
}

/** A text that stays on its line, and cannot steer a terminal. */
function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, " ");
}

/** Names of fields that the record itself has. */
const OWN_NAMES: readonly string[] = ["time", "level", "message"];

function plainFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) plain[OWN_NAMES.includes(key) ? `${key}_` : key] = plainValue(value);
  }
  return plain;
}

/** Deeper values are told by their type: a record is a line, not a dump. */
const DEPTH = 4;

function plainValue(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case "string":
    case "number":
    case "boolean":
      return value;
    case "object":
      return plainObject(value, depth);
    default:
      return String(value);
  }
}

function plainObject(value: object | null, depth: number): unknown {
  if (value === null) return null;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Error) {
    const { code } = value as { readonly code?: unknown };
    return {
      name: value.name,
      message: value.message,
      ...(code === undefined ? {} : { code: plainValue(code, depth + 1) }),
      ...(value.cause instanceof Error && depth < DEPTH
        ? { cause: plainObject(value.cause, depth + 1) }
        : {}),
    };
  }
  if (depth >= DEPTH) return Array.isArray(value) ? `${value.length} items` : "object";
  if (value instanceof Map) return plainObject(Object.fromEntries(value), depth);
  if (Array.isArray(value)) return value.map((item) => plainValue(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainValue(item, depth + 1)]));
}
