/**
 * What a client says before its session with the in-process PostgreSQL. The engine answers a startup message but
 * ignores the settings in it, so the transport makes them.
 *
 * @module
 */
import { ByteWriter } from "../byte_writer.ts";

/** A message that comes before the session. */
export type StartupPacket =
  | { readonly kind: "encryption" }
  | { readonly kind: "cancel" }
  | { readonly kind: "startup"; readonly settings: readonly (readonly [name: string, value: string])[] };

// https://www.postgresql.org/docs/18/protocol-message-formats.html
const CANCEL_REQUEST = 80877102;
const SSL_REQUEST = 80877103;
const GSSENC_REQUEST = 80877104;

/** Parameters of a startup message that are no settings of the server. */
const NOT_SETTINGS = new Set(["user", "database", "options", "replication"]);

const decoder = new TextDecoder();

/**
 * Reads a message that comes before the session.
 *
 * @param message The message, its length included.
 * @returns What it asks for, with the settings of `options` before those named directly, which override them.
 */
export function readStartup(message: Uint8Array): StartupPacket {
  const code = new DataView(message.buffer, message.byteOffset).getInt32(4);
  if (code === SSL_REQUEST || code === GSSENC_REQUEST) return { kind: "encryption" };
  if (code === CANCEL_REQUEST) return { kind: "cancel" };
  const texts = decoder.decode(message.subarray(8)).split("\0");
  const named: [string, string][] = [];
  const fromOptions: [string, string][] = [];
  for (let index = 0; index + 1 < texts.length && texts[index] !== ""; index += 2) {
    const name = texts[index];
    if (name === "options") fromOptions.push(...readOptions(texts[index + 1]));
    else if (!NOT_SETTINGS.has(name) && !name.startsWith("_pq_.")) named.push([name, texts[index + 1]]);
  }
  return { kind: "startup", settings: [...fromOptions, ...named] };
}

/** Reads `-c name=value`, `-cname=value` and `--name=value`, words cut at spaces not escaped by a backslash. */
function readOptions(options: string): [string, string][] {
  const words = (options.match(/(?:\\[\s\S]|[^\s\\])+/g) ?? []).map((word) =>
    word.replace(/\\([\s\S])/g, "$1")
  );
  const settings: [string, string][] = [];
  for (let index = 0; index < words.length; index++) {
    let word = words[index];
    if (word === "-c") word = words[++index] ?? "";
    else if (word.startsWith("--")) word = word.slice(2);
    else if (word.startsWith("-c")) word = word.slice(2);
    else continue;
    const equals = word.indexOf("=");
    if (equals > 0) settings.push([word.slice(0, equals).replaceAll("-", "_"), word.slice(equals + 1)]);
  }
  return settings;
}

/** A Query that makes a setting for the session. */
export function setConfig(name: string, value: string): Uint8Array {
  const quote = (text: string): string => `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
  const writer = new ByteWriter(256);
  writer.u8(0x51); // Q
  writer.i32(0);
  writer.cstring(`SELECT pg_catalog.set_config(${quote(name)}, ${quote(value)}, false)`);
  writer.setI32(1, writer.length - 1);
  return writer.take();
}

/** The ErrorResponse among answers, if there is one. */
export function findError(answers: Uint8Array): Uint8Array | undefined {
  const view = new DataView(answers.buffer, answers.byteOffset, answers.byteLength);
  for (let at = 0; at + 5 <= answers.length;) {
    const end = at + 1 + view.getInt32(at + 1);
    if (answers[at] === 0x45) return answers.subarray(at, end);
    at = end;
  }
  return undefined;
}
