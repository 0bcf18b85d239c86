/**
 * `lifeguard-reflector audit`: whether what the cache holds is as young as promised.
 *
 * @module
 */
import { RedisStore } from "../../orm/cache/stores/redis/redis_store.ts";
import { Pool } from "../../pool/pool.ts";
import { runAudit } from "../audit/audit.ts";
import { auditText } from "../audit/audit_report.ts";
import { RedisKeySampler } from "../audit/key_sampler.ts";
import { MisuseError } from "../../program/misuse_error.ts";
import type { CommandContext } from "./program.ts";
import { redisConnection } from "./redis_connection.ts";
import { EXIT_CODES, type ExitCode } from "../../program/surroundings.ts";

/** Connections that comparing takes. */
const CONNECTIONS = 4;

/** Audits, and fails when anything was older than promised, or nothing could be judged. */
export async function auditCommand(context: CommandContext): Promise<ExitCode> {
  const { line, configuration, log, surroundings } = context;
  const samples = positive("--samples", line.own.samples);
  const rounds = secondsList(line.own.after);
  const connection = redisConnection(configuration.redis);
  const { prefix } = configuration.redis;
  const ending = new AbortController();
  const ignore = surroundings.onEnding((signal) => ending.abort(new Error(`${signal} ended the audit`)));
  try {
    await using pool = new Pool({ ...configuration.database, max: CONNECTIONS, logger: log });
    await using store = new RedisStore(connection, { prefix, logger: { warn: () => {} } });
    await store.connected();
    const report = await runAudit({
      pool,
      store,
      prefix,
      keys: new RedisKeySampler(connection),
      ...(samples === undefined ? {} : { samples }),
      ...(rounds === undefined ? {} : { rounds }),
      signal: ending.signal,
      progress: (words) => surroundings.err(`${words}\n`),
    });
    surroundings.out(line.own.json === true ? `${JSON.stringify(report)}\n` : `${auditText(report)}\n`);
    return report.broken === 0 && report.judged > 0 ? EXIT_CODES.done : EXIT_CODES.failed;
  } finally {
    ignore();
  }
}

function positive(flag: string, value: string | boolean | undefined): number | undefined {
  if (value === undefined) return undefined;
  const count = Number(value);
  if (Number.isInteger(count) && count > 0 && count <= 1_000_000) return count;
  throw new MisuseError(`Cannot use ${flag}: "${value}" is not a number of entries; give 1 to 1,000,000`);
}

function secondsList(value: string | boolean | undefined): readonly number[] | undefined {
  if (value === undefined) return undefined;
  const seconds = String(value).split(",").map(Number);
  if (seconds.every((each, index) => each >= 1 && each <= 3600 && each > (seconds[index - 1] ?? 0))) {
    return seconds.map((each) => each * 1000);
  }
  throw new MisuseError(`Cannot use --after: "${value}" is not rising seconds; give for example 1,10,60`);
}
