/**
 * A reflector with all it stands on, made from the settings of the program.
 *
 * @module
 */
import { RedisStore } from "../../orm/cache/stores/redis/redis_store.ts";
import type { PoolOptions } from "../../pool/configuration/pool_options.ts";
import type { ReflectorConfiguration } from "../configuration/resolve_reflector_configuration.ts";
import { candidateName } from "../election/candidate.ts";
import { EtcdElection } from "../election/etcd.ts";
import type { LeaderElection } from "../election/leader_election.ts";
import { PostgresElection } from "../election/postgres.ts";
import type { LogWriter } from "../log/log_writer.ts";
import { Reflector } from "../reflector.ts";
import { redisConnection } from "./redis_connection.ts";
import type { Daemon, DaemonParts } from "./run_command.ts";

/** What the server shows of our connections. */
const APPLICATION = "lifeguard-reflector";

/** Connections beside those that read rows again: listening, canaries, probes and positions. */
const OWN_CONNECTIONS = 4;

/**
 * Milliseconds Redis may take. It voids a thousand keys at a time, and what takes longer is asked again; an application,
 * which has PostgreSQL to ask instead, waits less.
 */
const STORE_TIMEOUT = 500;

/** Makes a reflector; nothing is connected yet but to Redis, which begins at once and goes on trying. */
export async function makeDaemon(parts: DaemonParts): Promise<Daemon> {
  const { configuration, log } = parts;
  const owned: AsyncDisposable[] = [];
  const close = async (): Promise<void> => {
    for (let part = owned.pop(); part !== undefined; part = owned.pop()) await part[Symbol.asyncDispose]();
  };
  try {
    const { prefix } = configuration.redis;
    const store = new RedisStore(redisConnection(configuration.redis), {
      prefix,
      timeout: STORE_TIMEOUT,
      logger: { warn: (message, fields) => log.warn(message, { ...fields, event: "alarm" }) },
    });
    owned.push(store);
    const election = makeElection(configuration, log);
    owned.push(election);
    const reflector = makeReflector(parts, { store, election });
    owned.push(reflector);
    return {
      status: () => reflector.status(),
      start: () => reflector.start(),
      stop: () => reflector.stop(),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function makeReflector(
  { configuration, log, exporter, observer }: DaemonParts,
  stands: { readonly store: RedisStore; readonly election: LeaderElection },
): Reflector {
  const { source, slot, publication, tables, canaryInterval, refresh, refreshConcurrency } = configuration;
  const database: PoolOptions = {
    ...configuration.database,
    applicationName: APPLICATION,
    // How many the application keeps says nothing of what a reflector needs.
    min: 1,
    max: refreshConcurrency + OWN_CONNECTIONS,
    logger: log,
    meterProvider: exporter.provider,
  };
  return new Reflector({
    ...{ ...stands, database, observer, logger: log, prefix: configuration.redis.prefix },
    name: `${configuration.name} on ${candidateName()}`,
    ...{ source, slot, publication, tables, canaryInterval, refresh, refreshConcurrency },
  });
}

function makeElection(configuration: ReflectorConfiguration, logger: LogWriter): LeaderElection {
  const { name, lease, election, etcd, database } = configuration;
  switch (election) {
    case "postgres":
      return new PostgresElection({ name, lease, database: { ...database, logger }, logger });
    case "etcd":
      return new EtcdElection({ name, lease, ...etcd, logger });
    default:
      throw new Error(`BUG: no such election: ${election satisfies never}`);
  }
}
