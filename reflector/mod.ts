/**
 * The reflector: keeps a cache coherent with its database, as a library.
 *
 * @module
 */
export { type AnyElection, LoneLeader } from "./election/lone_leader.ts";
export {
  ELECTION_KINDS,
  type ElectionKind,
  type LeaderElection,
  type Leadership,
} from "./election/leader_election.ts";
export { COVERAGE_DOCUMENT, type CoverageDocument } from "./coverage/coverage.ts";
export type { CoveredTable, RefusedTable } from "./coverage/covered_table.ts";
export type { TriggerTable } from "./install/trigger_sql.ts";
export {
  CASCADE_POLICIES,
  type CascadePolicy,
  installTriggers,
  reflectorTriggers,
  removeTriggers,
  type TriggerExecutor,
  type TriggerOptions,
  type TriggerTarget,
} from "./install/triggers.ts";
export { Reflector } from "./reflector.ts";
export type { ReflectorOptions, SourceChoice } from "./reflector_options.ts";
export {
  REFLECTOR_EVENTS,
  type ReflectorEvent,
  type ReflectorFault,
  type ReflectorLogFields,
  type ReflectorLogger,
} from "./reflector_log.ts";
export { KEY_TYPES, type KeyType } from "../orm/cache/protocol/key_text.ts";
export {
  type Change,
  type ChangeBatch,
  type ChangeSource,
  type RowChange,
  SOURCE_KINDS,
  type SourceBacklog,
  type SourceKind,
  SourceLostError,
  type TableChange,
} from "./source/change_source.ts";
export { NotifySource, type NotifySourceOptions } from "./source/notify/notify_source.ts";
export * from "./status.ts";
