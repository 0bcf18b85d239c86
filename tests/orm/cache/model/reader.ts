/**
 * Readers that missed: look, version, row, fill (R1, R3). The reflector's refresh is one that was given its ticket (R11).
 *
 * @module
 */
import { shownByReplica } from "./database.ts";
import type { Step } from "./explore.ts";
import { fill, look } from "./keyspace.ts";
import { keeps, type Model } from "./model.ts";
import type { Reader, State } from "./state.ts";

const READERS = ["first", "second", "refresh"] as const;

/** What each reader may do next. */
export function readerSteps(state: State, model: Model): Step<State>[] {
  return READERS.flatMap((name) => stepsOf(name, state, model));
}

function stepsOf(name: (typeof READERS)[number], state: State, model: Model): Step<State>[] {
  const reader = state[name];
  const { database } = state;
  const who = name === "refresh" ? "the refresh" : `the ${name} reader`;
  const becomes = (change: Partial<Reader>): State => ({ ...state, [name]: { ...reader, ...change } });
  const sources = model.scenario.replica && name === "first"
    ? ["primary", "replica"] as const
    : ["primary"] as const;

  const label = (from: Reader["from"], step: Reader["step"]): Step<State>[] => {
    const last = from === "primary" ? database.wal : database.replayed;
    const isLate = model.scenario.flushesLate && from === "primary" && last > 1;
    return (isLate ? [last, last - 1] : [last]).map((version) => ({
      what: `${who}: version ${version} from the ${from}`,
      then: becomes({ step, from, version }),
    }));
  };
  const read = (from: Reader["from"], step: Reader["step"]): Step<State>[] => {
    const row = from === "primary" ? database.visible : shownByReplica(database);
    return [{ what: `${who}: row ${row} from the ${from}`, then: becomes({ step, from, row }) }];
  };

  switch (reader.step) {
    case "idle": {
      if (reader.looks === 0) return [];
      const steps: Step<State>[] = [];
      const looked = look(state);
      if (looked !== null) {
        const { ticket, keyspace } = looked;
        steps.push({
          what: `${who}: look misses; ticket ${ticket.id} with floor ${ticket.floor}, epoch ${ticket.epoch}`,
          then: { ...becomes({ step: "looked", looks: reader.looks - 1, ticket }), keyspace },
        });
      }
      const { entry } = state.keyspace.slot;
      if (!keeps(model, "R8") && entry !== null && reader.held === null) {
        steps.push({
          what: `${who}: finds row ${entry.row}, version ${entry.version}; the watermark is read later`,
          then: becomes({ held: entry }),
        });
      }
      return steps;
    }
    case "looked":
      return sources.flatMap((from) => (keeps(model, "R1") ? label : read)(from, "labelled"));
    case "labelled":
      return (keeps(model, "R1") ? read : label)(reader.from, "read");
    case "read": {
      const { ticket, version, row, from } = reader;
      if (ticket === null) throw new Error("BUG: a reader that has read holds no ticket");
      const filled = fill(state, { ticket, version, row, from, refresh: name === "refresh" }, model);
      const idle = becomes({ step: "idle", ticket: null, version: 0, row: 0, from: "primary" });
      return [
        typeof filled === "string"
          ? { what: `${who}: fill is refused: ${filled}`, then: idle }
          : { what: `${who}: fills row ${row}, version ${version}`, then: { ...idle, keyspace: filled } },
      ];
    }
    default:
      throw new Error(`BUG: ${reader.step satisfies never}`);
  }
}
