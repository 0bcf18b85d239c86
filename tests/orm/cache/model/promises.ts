/**
 * What must hold in every state: whatever a reader could be handed now keeps its mode's promise. Readers that hit are
 * no part of the state; a hit is judged wherever one is possible.
 *
 * @module
 */
import { provenBy, shownTo } from "./client.ts";
import { foundEntry, mayWrite } from "./keyspace.ts";
import { keeps, type Model } from "./model.ts";
import type { Entry, State, Watermark } from "./state.ts";

/** The promise that is broken in a state, in words; undefined where all hold. */
export function brokenPromise(state: State, model: Model): string | undefined {
  const { keyspace, first, second } = state;
  const { watermark, server } = keyspace;
  if (watermark === null || (keeps(model, "R9") && watermark.server !== server)) return undefined;
  for (const entry of [foundEntry(keyspace), first.held, second.held]) {
    if (entry?.epoch !== watermark.epoch) continue;
    const broken = brokenMixed(entry, { watermark, state, model }) ??
      brokenStrong(entry, { watermark, state, model });
    if (broken !== undefined) return broken;
  }
  return brokenQuiet(state, model);
}

interface Judged {
  readonly watermark: Watermark;
  readonly state: State;
  readonly model: Model;
}

/** A trusted hit has every write that was visible before the canary it is trusted by was sent. */
function brokenMixed(entry: Entry, { watermark, state, model }: Judged): string | undefined {
  if (watermark.seq === 0) return undefined;
  if (entry.row < watermark.proof) {
    return `mixed: a hit of row ${entry.row}; canary ${watermark.seq} was sent when write ${watermark.proof} was visible`;
  }
  if (model.scenario.budget.polls === 0) return undefined;
  const proven = provenBy(shownTo(state), watermark.seq, model);
  if (proven === null || entry.row >= proven) return undefined;
  return `mixed: a hit of row ${entry.row}, trusted from a question on that was sent when write ${proven} was visible`;
}

/** A strong hit has every write whose token, or whose reading, the session brings. */
function brokenStrong(entry: Entry, { watermark, state, model }: Judged): string | undefined {
  if (watermark.seq === 0) return undefined;
  const { tokens, uppers } = state.database;
  const asOf = Math.max(entry.version, watermark.lsn);
  for (let write = tokens.length; write > entry.row; write--) {
    const token = tokens[write - 1];
    if (asOf >= token) {
      return `strong: a hit of row ${entry.row}, as of ${asOf}, in a session with token ${token} of write ${write}`;
    }
  }
  for (let write = uppers.length; write > entry.row; write--) {
    const upper = uppers[write - 1];
    if (watermark.lsn >= upper || (!keeps(model, "upper") && entry.version > upper)) {
      return `strong: a hit of row ${entry.row}, as of ${asOf}, in a session that read write ${write} with upper ${upper}`;
    }
  }
  return undefined;
}

/** When nobody is on the way and everything is applied, what is there is the row. */
function brokenQuiet(state: State, model: Model): string | undefined {
  const { database, keyspace, leader, standby, first, second, refresh } = state;
  const { visible, commits, tokens, stream } = database;
  const entry = foundEntry(keyspace);
  if (entry === null || entry.row === visible) return undefined;
  if (visible < commits.length || tokens.length < visible) return undefined;
  if ([first, second, refresh].some(({ step }) => step !== "idle")) return undefined;
  const applied = [leader, standby].some((reflector) =>
    reflector.role === "leading" && reflector.next === stream.length && mayWrite(keyspace, reflector, model)
  );
  return applied
    ? `quiet: everything is applied, and row ${entry.row} is there for write ${visible}`
    : undefined;
}
