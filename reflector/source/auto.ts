/**
 * Which source of changes a server allows: `logical` where it may be, since it costs users' transactions nothing.
 *
 * @module
 */
import type { Executor } from "../../pool/executor.ts";
import { sql } from "../../pool/sql/sql.ts";
import type { ReflectorLogger } from "../reflector_log.ts";
import type { SourceKind } from "./change_source.ts";

/** What was chosen, and why. */
export interface ChosenSource {
  readonly kind: SourceKind;
  /** A sentence without a full stop. */
  readonly reason: string;
}

/** What the choice depends on. */
export interface ChooseSourceOptions {
  /** The publication that `logical` would follow. */
  readonly publication: string;
  /** The slot that `logical` would read. */
  readonly slot: string;
  readonly signal?: AbortSignal;
  /** Told what was chosen, and why. */
  readonly logger?: ReflectorLogger;
}

interface ServerFacts extends Record<string, unknown> {
  readonly walLevel: string;
  readonly mayReplicate: boolean;
  readonly isStandby: boolean;
  readonly hasPublication: boolean;
  readonly hasSlot: boolean;
  readonly freeSlots: number;
}

/**
 * Chooses between `logical` and `notify`.
 *
 * @param executor Asks the primary, as the role that would replicate.
 * @param options See {@link ChooseSourceOptions}.
 */
export async function chooseSource(executor: Executor, options: ChooseSourceOptions): Promise<ChosenSource> {
  const { publication, slot, signal, logger } = options;
  const [facts] = await executor.query(
    sql<ServerFacts>`select current_setting('wal_level') as "walLevel",
      exists (
        select from pg_roles r where r.rolname = session_user and (r.rolsuper or r.rolreplication
          -- A managed server may give the right by membership instead.
          or exists (
            select from pg_roles given
            where given.rolname = 'rds_replication' and pg_has_role(r.oid, given.oid, 'usage')))
      ) as "mayReplicate",
      pg_is_in_recovery() as "isStandby",
      exists (select from pg_publication where pubname = ${publication}) as "hasPublication",
      exists (select from pg_replication_slots where slot_name = ${slot}) as "hasSlot",
      current_setting('max_replication_slots')::int
        - (select count(*) from pg_replication_slots)::int as "freeSlots"`,
    { readOnly: true, ...(signal === undefined ? {} : { signal }) },
  );
  const obstacle = obstacleOf(facts, publication);
  const chosen: ChosenSource = obstacle === undefined
    ? { kind: "logical", reason: `the server allows logical replication of publication "${publication}"` }
    : { kind: "notify", reason: obstacle };
  logger?.info?.(`Changes come from "${chosen.kind}": ${chosen.reason}`, {
    event: "establishing",
    source: chosen.kind,
  });
  return chosen;
}

function obstacleOf(facts: ServerFacts, publication: string): string | undefined {
  if (facts.isStandby) return "the server is a standby";
  if (facts.walLevel !== "logical") return `the server's "wal_level" is "${facts.walLevel}", not "logical"`;
  if (!facts.mayReplicate) return "the role may not replicate";
  if (!facts.hasPublication) return `there is no publication "${publication}"`;
  if (!facts.hasSlot && facts.freeSlots <= 0) return 'all of "max_replication_slots" are in use';
  return undefined;
}
