/**
 * Making the source a reflector was asked for.
 *
 * @module
 */
import type { PoolOptions } from "../../pool/configuration/pool_options.ts";
import { Pool } from "../../pool/pool.ts";
import type { ConnectOptions } from "../../pool/wire/configuration/connect_options.ts";
import { CONNECT_SETTINGS } from "../../pool/wire/configuration/connect_settings.ts";
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

/** What of a pool's options concerns a connection. */
function connectionOf(database: string | URL | PoolOptions): string | URL | ConnectOptions {
  if (typeof database === "string" || database instanceof URL) return database;
  const names = new Set(["url", ...CONNECT_SETTINGS.map(({ key }) => key)]);
  return Object.fromEntries(Object.entries(database).filter(([name]) => names.has(name)));
}
