/**
 * The reflector: takes changes in their order, reads the insert LSN once they are visible, voids, and advances the
 * watermark when its canary comes out. Two of them: elections do not exclude each other, scripts do.
 *
 * @module
 */
import type { Step } from "./explore.ts";
import { advance, takeOver, voidByLeader, written } from "./keyspace.ts";
import { keeps, type Model } from "./model.ts";
import type { Advance, Database, Reflector, State } from "./state.ts";

const REFLECTORS = ["leader", "standby"] as const;
type Name = (typeof REFLECTORS)[number];

/** What each reflector may do next. */
export function reflectorSteps(state: State, model: Model): Step<State>[] {
  return REFLECTORS.flatMap((name) => [
    ...writeSteps(name, state, model),
    ...canarySteps(name, state, model),
    ...leadershipSteps(name, state, model),
  ]);
}

/** With one reflector changed. */
function changed(state: State, name: Name, change: Partial<Reflector>): State {
  return { ...state, [name]: { ...state[name], ...change } };
}

/**
 * Takes a canary out of the stream. Nobody else sees that, and its advance may still be as late as can be: so nothing
 * is lost when it happens before anything else does.
 */
export function stepsAtOnce(state: State): Step<State>[] {
  return REFLECTORS.flatMap((name): Step<State>[] => {
    const reflector = state[name];
    const change = state.database.stream[reflector.next];
    if (reflector.role !== "leading" || change?.kind !== "canary") return [];
    const next = reflector.next + 1;
    if (change.by !== REFLECTORS.indexOf(name)) {
      return [{ what: `the ${name} passes over another's canary`, then: changed(state, name, { next }) }];
    }
    if (reflector.advance !== null) return [];
    const { seq, lsn, proof } = change;
    return [{
      what: `canary ${seq} comes out at the ${name}; its advance is on its way`,
      then: changed(state, name, { next, advance: { seq, lsn, proof } }),
    }];
  }).slice(0, 1);
}

/** Takes the next write out of the stream, and voids. */
function writeSteps(name: Name, state: State, model: Model): Step<State>[] {
  const reflector = state[name];
  const { database } = state;
  const change = database.stream[reflector.next];
  if (reflector.role !== "leading" || change?.kind !== "write") return [];
  const next = reflector.next + 1;

  const { write } = change;
  if (reflector.lsn === null) {
    if (keeps(model, "R5") && database.visible < write) return [];
    return [{
      what: `the ${name} takes write ${write} and reads insert LSN ${database.wal}`,
      then: changed(state, name, { lsn: database.wal }),
    }];
  }
  const voided = voidByLeader(state, { reflector, floor: reflector.lsn, model });
  if (voided === null) {
    return [{
      what: `the ${name}'s void is refused`,
      then: changed(state, name, { role: "deposed", lsn: null }),
    }];
  }
  const { keyspace, ticket } = voided;
  const refreshing = ticket === null
    ? state
    : { ...state, refresh: { ...state.refresh, step: "looked" as const, ticket } };
  return [{
    what: `the ${name} voids with floor ${reflector.lsn}${
      ticket === null ? "" : ` and takes ticket ${ticket.id}`
    }`,
    then: { ...changed(refreshing, name, { next, lsn: null }), keyspace },
  }];
}

/** Sends canaries, and runs the advances that are on their way, however late. */
function canarySteps(name: Name, state: State, model: Model): Step<State>[] {
  const reflector = state[name];
  const { database, budget } = state;
  const steps: Step<State>[] = [];

  const isKnown = reflector.acknowledged === reflector.sent || !keeps(model, "acknowledged");
  if (reflector.role === "leading" && budget.canaries > 0 && isKnown) {
    const seq = reflector.sent + 1;
    const beats = !keeps(model, "R7");
    const lsn = beats ? database.wal : database.wal + 1;
    const canary: Advance = {
      seq,
      lsn: beats ? 0 : lsn,
      proof: database.visible,
    };
    const sent = {
      ...changed(state, name, { sent: seq }),
      budget: { ...budget, canaries: budget.canaries - 1 },
    };
    if (beats) {
      if (reflector.advance === null) {
        steps.push({
          what: `the ${name}'s heartbeat ${seq} is on its way`,
          then: { ...sent, [name]: { ...sent[name], advance: canary } },
        });
      }
    } else {
      steps.push({
        what: `the ${name} sends canary ${seq}, LSN ${lsn}`,
        then: {
          ...sent,
          database: {
            ...database,
            wal: lsn,
            stream: [...database.stream, { kind: "canary", by: REFLECTORS.indexOf(name), ...canary }],
          },
        },
      });
    }
  }
  if (reflector.advance !== null) {
    const by = reflector.advance;
    const keyspace = advance(state, { reflector, by, model });
    steps.push(
      keyspace === null
        ? {
          what: `the ${name}'s advance to ${by.seq} is refused`,
          then: changed(state, name, {
            advance: null,
            role: reflector.role === "leading" ? "deposed" : reflector.role,
          }),
        }
        : {
          what: `the ${name} advances to number ${by.seq}, LSN ${by.lsn}`,
          then: {
            ...changed(state, name, {
              advance: null,
              acknowledged: by.seq === reflector.sent ? by.seq : reflector.acknowledged,
            }),
            keyspace,
          },
        },
    );
  }
  return steps;
}

/** Loses its link, listens, reads the LSN and takes over. */
function leadershipSteps(name: Name, state: State, model: Model): Step<State>[] {
  const reflector = state[name];
  const { database, budget } = state;
  switch (reflector.role) {
    case "leading":
      return budget.gaps === 0 ? [] : [{
        what: `the ${name} loses its link: what it has not taken is lost`,
        then: {
          ...changed(state, name, { role: "waiting", lsn: null }),
          budget: { ...budget, gaps: budget.gaps - 1 },
        },
      }];
    case "waiting":
    case "deposed": {
      if (budget.takeOvers === 0) return [];
      const { resumes } = model.scenario;
      const next = resumes ? state.leader.next : firstInvisible(database);
      const epoch = model.scenario.budget.takeOvers - budget.takeOvers + 2;
      const then = changed(state, name, { role: "listening", epoch, next, advance: null });
      return [{
        what: resumes ? `the ${name} resumes the change stream` : `the ${name} listens`,
        then: { ...then, budget: { ...budget, takeOvers: budget.takeOvers - 1 } },
      }];
    }
    case "listening":
      return [{
        what: `the ${name} reads insert LSN ${database.wal}`,
        then: changed(state, name, { role: "elected", lsn: database.wal }),
      }];
    case "elected": {
      const { lsn } = reflector;
      if (lsn === null) throw new Error("BUG: a reflector is to take over without an LSN");
      const { watermark, server } = state.keyspace;
      const keepsEpoch = watermark !== null && watermark.server === server &&
        (model.scenario.resumes || !keeps(model, "epoch"));
      const epoch = keepsEpoch ? watermark.epoch : reflector.epoch;
      return [taken(name, state, takeOver(state, { lsn, epoch }))];
    }
    default:
      throw new Error(`BUG: ${reflector.role satisfies never}`);
  }
}

function taken(
  name: Name,
  state: State,
  watermark: NonNullable<State["keyspace"]["watermark"]>,
): Step<State> {
  const { term, epoch } = watermark;
  const then = changed(state, name, { role: "leading", term, epoch, lsn: null, sent: 0, acknowledged: 0 });
  return {
    what: `the ${name} takes over with term ${term}, epoch ${epoch}, LSN ${watermark.lsn}`,
    then: { ...then, keyspace: written(state, { watermark }) },
  };
}

/** Where a new listener begins: changes that are not visible yet are still to come. */
function firstInvisible({ stream, visible }: Database): number {
  const at = stream.findIndex((change) => change.kind === "write" && change.write > visible);
  return at < 0 ? stream.length : at;
}
