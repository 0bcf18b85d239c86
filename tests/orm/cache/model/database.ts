/**
 * What happens at the primary and its replica.
 *
 * @module
 */
import type { Step } from "./explore.ts";
import type { Model } from "./model.ts";
import { keeps } from "./model.ts";
import type { Database, State } from "./state.ts";

/** How many writes the replica shows. */
export function shownByReplica(database: Database): number {
  return database.commits.filter((lsn) => lsn <= database.replayed).length;
}

/** What the primary and its replica may do next. */
export function databaseSteps(state: State, model: Model): Step<State>[] {
  const { database, budget } = state;
  const { wal, commits, visible, tokens, uppers, replayed, stream } = database;
  const steps: Step<State>[] = [];
  const write = commits.length + 1;
  const lsn = wal + 1;

  if (budget.writes > 0 && visible === commits.length && tokens.length === visible) {
    steps.push({
      what: `write ${write}: its commit record is in the WAL at ${lsn}, not visible yet`,
      then: {
        ...state,
        database: {
          ...database,
          wal: lsn,
          commits: [...commits, lsn],
          stream: [...stream, { kind: "write", write }],
        },
        budget: { ...budget, writes: budget.writes - 1 },
      },
    });
  }
  if (visible < commits.length) {
    const upper = Math.min(uppers[visible] ?? Infinity, wal);
    steps.push({
      what: `write ${visible + 1} is visible; a session that reads it has upper ${upper}`,
      then: {
        ...state,
        database: { ...database, visible: visible + 1, uppers: replaced(uppers, visible, upper) },
      },
    });
  }
  if (tokens.length < visible) {
    const token = keeps(model, "R2") ? lsn : commits[tokens.length];
    steps.push({
      what: `write ${visible}: its session ticks and has token ${token}`,
      then: { ...state, database: { ...database, wal: lsn, tokens: [...tokens, token] } },
    });
  }
  const { replica } = model.scenario;
  if (replica && replayed < wal) {
    const shows = commits.indexOf(replayed + 1);
    if (shows < 0 || replica === "ahead" || shows < visible) {
      const then = { ...database, replayed: replayed + 1 };
      steps.push(
        shows < 0
          ? { what: `the replica replays up to ${replayed + 1}`, then: { ...state, database: then } }
          : {
            what: `the replica replays up to ${replayed + 1}; a session that reads write ${
              shows + 1
            } there has upper ${replayed + 1}`,
            then: {
              ...state,
              database: {
                ...then,
                uppers: replaced(uppers, shows, Math.min(uppers[shows] ?? Infinity, replayed + 1)),
              },
            },
          },
      );
    }
  }
  return steps;
}

function replaced(numbers: readonly number[], at: number, number: number): readonly number[] {
  return [...numbers.slice(0, at), number, ...numbers.slice(at + 1)];
}
