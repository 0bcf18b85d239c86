/**
 * A client that asks for the watermark now and then, and what it may conclude. A question is sent and answered in one
 * step here: one that is sent earlier only concludes less.
 *
 * @module
 */
import type { Step } from "./explore.ts";
import { keeps, type Model } from "./model.ts";
import type { Client, State } from "./state.ts";

/** What the client may do next. */
export function clientSteps(state: State, _model: Model): Step<State>[] {
  const { keyspace, database, budget } = state;
  if (budget.polls === 0) return [];
  const client = shownTo(state);
  if (JSON.stringify(client) === JSON.stringify(state.client)) return [];
  const seq = keyspace.watermark?.seq;
  return [{
    what: seq === undefined
      ? "the client asks, and is shown no watermark"
      : `the client asks while ${database.visible} writes are visible, and is shown number ${seq}`,
    then: { ...state, client, budget: { ...budget, polls: budget.polls - 1 } },
  }];
}

/** What a client knows once it was shown the watermark that is there. */
export function shownTo({ client, keyspace, database }: State): Client {
  const { watermark, server } = keyspace;
  const leadership = watermark === null
    ? "none"
    : `server ${server}, term ${watermark.term}, epoch ${watermark.epoch}`;
  const seq = watermark?.seq ?? 0;
  const same = client.leadership === leadership;
  const shown = same ? [...client.shown] : [];
  while (shown.length < seq) shown.push(null);
  shown[seq] = database.visible;
  return { leadership, shown, other: same ? client.other : latest([client.other, ...client.shown]) };
}

/**
 * How many writes were visible at a moment that is surely before the canary of the number that is there was sent: the
 * latest question that showed a number before the last but one, or another leadership. Null: not trusted.
 */
export function provenBy(client: Client, seq: number, model: Model): number | null {
  if (seq === 0) return null;
  return latest([
    client.other,
    ...client.shown.slice(0, keeps(model, "number") ? Math.max(0, seq - 1) : seq),
  ]);
}

function latest(marks: readonly (number | null)[]): number | null {
  return marks.reduce((most, mark) => mark === null ? most : Math.max(most ?? 0, mark), null);
}
