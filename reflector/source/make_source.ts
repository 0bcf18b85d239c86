/**
 * Making the source a reflector was asked for.
 *
 * @module
 */
import type { PoolOptions } from "../../pool/configuration/pool_options.ts";
import { resolvePoolOptions } from "../../pool/configuration/resolve_pool_options.ts";
import { Pool } from "../../pool/pool.ts";
import type { ResolvedConnectOptions } from "../../pool/wire/configuration/connect_options.ts";
import { ConfigError } from "../../pool/wire/errors.ts";
import type { ResolvedReflectorOptions } from "../reflector_options.ts";
import type { StatusBoard } from "../status_board.ts";
import { chooseSource } from "./auto.ts";
import type { ChangeSource } from "./change_source.ts";
import { LogicalSource } from "./logical/logical_source.ts";
import { NotifySource } from "./notify/notify_source.ts";

/** What a source is made with. */
export interface MakeSourceContext {
  readonly pool: Pool;
  readonly board: StatusBoard;
  readonly signal: AbortSignal;
}

/** Makes a source, which is not open yet. */
export async function makeSource(
  options: ResolvedReflectorOptions,
  { pool, board, signal }: MakeSourceContext,
): Promise<ChangeSource> {
  const { source, publication, slot, logger, database } = options;
  if (typeof source === "function") return source();
  let kind = source;
  if (kind === "auto") {
    kind = database instanceof Pool
      ? "notify"
      : (await chooseSource(pool, { publication, slot, signal, logger })).kind;
  }
  switch (kind) {
    case "notify":
      return new NotifySource({ pool, onStranger: () => board.count("strangers") });
    case "logical":
      return new LogicalSource({
        connection: connectionOf(database as string | URL | PoolOptions),
        ...{ publication, slot, logger },
      });
    default:
      kind satisfies never;
      throw new Error(`BUG: no source "${kind}"`);
  }
}

/** The primary that a pool of these options connects to, wherever they say so: options, URL, variables, file. */
function connectionOf(database: string | URL | PoolOptions): ResolvedConnectOptions {
  const { primary } = resolvePoolOptions(database);
  if (primary.kind !== "server") {
    throw new ConfigError("source", '"logical" needs a server; give "notify", or the URL of a PostgreSQL');
  }
  return primary.connect;
}
