/**
 * The names of the keys in a store. Where a store has shards, a hash tag behind the prefix says which one a key is in,
 * so that a key and the watermark it is under can be read by one script (R8).
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** The prefix of every key, unless settings say another. */
export const DEFAULT_PREFIX = "lifeguard:";

/** How many shards a Redis Cluster is cut into: each has a watermark of its own. */
export const SHARDS = 16;

/**
 * A table's name in keys and watermarks.
 *
 * @param schema Its schema, as the catalog has it.
 * @param table Its name, as the catalog has it.
 */
export function tableText(schema: string, table: string): string {
  return `${escapeName(schema)}.${escapeName(table)}`;
}

/**
 * The key of a row.
 *
 * @param table The table: see {@link tableText}.
 * @param options `id`: the text of its key columns; `prefix`: of every key.
 */
export function rowKey(table: string, options: { readonly id: string; readonly prefix?: string }): string {
  return `${options.prefix ?? DEFAULT_PREFIX}model:${table}:${options.id}`;
}

/**
 * The key of a lookup by other columns than the key's.
 *
 * @param table The table: see {@link tableText}.
 * @param options `columns`: their names, in order; `id`: the text of their values; `prefix`: of every key.
 */
export function lookupKey(
  table: string,
  options: { readonly columns: readonly string[]; readonly id: string; readonly prefix?: string },
): string {
  const columns = options.columns.map(escapeName).join("+");
  return `${options.prefix ?? DEFAULT_PREFIX}lookup:${table}:${columns}:${options.id}`;
}

/**
 * The key of a mark that is voided with every change of a table: cached queries depend on it.
 *
 * @param table The table: see {@link tableText}.
 * @param prefix The prefix of every key.
 */
export function tableKey(table: string, prefix: string = DEFAULT_PREFIX): string {
  return `${prefix}table:${table}`;
}

/** The key of the watermark. */
export function watermarkKey(prefix: string = DEFAULT_PREFIX): string {
  return `${prefix}watermark`;
}

/**
 * The key of a document.
 *
 * @param name Its name.
 * @param prefix The prefix of every key.
 */
export function documentKey(name: string, prefix: string = DEFAULT_PREFIX): string {
  return `${prefix}document:${name}`;
}

/**
 * The shard of a key: CRC16 of the key without its hash tag, modulo {@link SHARDS}.
 *
 * @param key The key, without a hash tag.
 */
export function shardOf(key: string): number {
  return crc16(key) % SHARDS;
}

/** The hash tag of a shard, without its braces. */
export function shardTag(shard: number): string {
  return shard.toString().padStart(2, "0");
}

/**
 * A key with the hash tag of its shard.
 *
 * @param key The key, with its prefix.
 * @param options `shard`: where it is; `prefix`: of every key.
 */
export function taggedKey(key: string, options: { readonly shard: number; readonly prefix: string }): string {
  return `${options.prefix}{${shardTag(options.shard)}}:${key.slice(options.prefix.length)}`;
}

/**
 * The checksum Redis Cluster finds a key's slot by (CRC-16/XMODEM,
 * https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/).
 */
export function crc16(text: string): number {
  let crc = 0;
  for (const byte of Buffer.from(text, "utf8")) {
    crc = ((crc << 8) & 0xffff) ^ CRC16[((crc >> 8) ^ byte) & 0xff];
  }
  return crc;
}

const CRC16: Uint16Array = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc & 0xffff;
});

function escapeName(name: string): string {
  return name.replaceAll(
    /[\\.:+\n\t]/g,
    (char) => char === "\n" ? "\\n" : char === "\t" ? "\\t" : `\\${char}`,
  );
}
