/**
 * Where Redis is, from the settings of the program to what a store takes.
 *
 * @module
 */
import type { RedisOptions } from "ioredis";
import type { RedisConnection } from "../../orm/cache/stores/redis/redis_connection.ts";
import type { ReflectorConfiguration } from "../configuration/resolve_reflector_configuration.ts";

/** Where sentinels listen when a URL does not say. */
const SENTINEL_PORT = 26_379;

/** The connection that settings mean. */
export function redisConnection({ mode, urls, master }: ReflectorConfiguration["redis"]): RedisConnection {
  switch (mode) {
    case "standalone":
      return urls[0];
    case "cluster":
      return { nodes: urls };
    case "sentinel":
      return sentinelOptions(urls.map((url) => new URL(url)), master);
    default:
      throw new Error(`BUG: no such mode: ${mode satisfies never}`);
  }
}

/** User, password and database are the master's, from the first URL; TLS is for both. */
function sentinelOptions(urls: readonly URL[], name: string): RedisOptions {
  const [{ username, password, pathname, protocol }] = urls;
  const tls = protocol === "rediss:" ? { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true } : {};
  return {
    name,
    sentinels: urls.map(({ hostname, port }) => ({
      host: hostname.replace(/^\[|\]$/g, ""),
      port: port === "" ? SENTINEL_PORT : Number(port),
    })),
    ...(username === "" ? {} : { username: decodeURIComponent(username) }),
    ...(password === "" ? {} : { password: decodeURIComponent(password) }),
    ...(pathname.length > 1 ? { db: Number(pathname.slice(1)) } : {}),
    ...tls,
  };
}
