/**
 * One state for many that cannot be told apart by anything that may still happen: what is dead is forgotten, what only
 * its owner can see is done at once.
 *
 * @module
 */
import { mayWrite } from "./keyspace.ts";
import { keeps, type Model, NOBODY } from "./model.ts";
import type { Keyspace, Reader, Reflector, State } from "./state.ts";

/** The state that stands for this one. */
export function canonical(state: State, model: Model): State {
  const keyspace = withoutDead(state.keyspace);
  const alive = (name: "first" | "second" | "refresh"): Reader => living(name, { ...state, keyspace }, model);
  return ordered(
    withoutTaken({
      ...state,
      keyspace,
      first: alive("first"),
      second: alive("second"),
      refresh: alive("refresh"),
      leader: leading(state.leader, { ...state, keyspace }, model),
      standby: leading(state.standby, { ...state, keyspace }, model),
    }),
    model,
  );
}

/** A leader whose scripts will all be refused is as good as deposed; one that cannot be elected again is nobody. */
function leading(reflector: Reflector, { keyspace, budget }: State, model: Model): Reflector {
  if (!keeps(model, "R12") || !keeps(model, "leadership") || !keeps(model, "R9")) return reflector;
  const { role } = reflector;
  if (role === "listening" || role === "elected") return reflector;
  if (keyspace.copy !== null || mayWrite(keyspace, reflector, model)) return reflector;
  if (budget.takeOvers > 0 && role === "waiting") return { ...reflector, advance: null };
  return { ...NOBODY, role: "deposed" };
}

/** Nobody finds an entry or a ticket of an epoch that is past; epochs come back only with a copy. */
function withoutDead(keyspace: Keyspace): Keyspace {
  const { slot, watermark, copy } = keyspace;
  if (copy !== null) return keyspace;
  const entry = slot.entry?.epoch === watermark?.epoch ? slot.entry : null;
  const ticket = slot.ticket?.epoch === watermark?.epoch ? slot.ticket : null;
  return entry === slot.entry && ticket === slot.ticket
    ? keyspace
    : { ...keyspace, slot: { ...slot, entry, ticket } };
}

/** A reader whose ticket is gone for good will be refused, whatever it reads. */
function living(name: "first" | "second" | "refresh", state: State, model: Model): Reader {
  const reader = state[name];
  const { keyspace } = state;
  const { ticket } = reader;
  if (ticket === null || !keeps(model, "R3") || (name === "refresh" && !keeps(model, "R11"))) return reader;
  const ids = [keyspace.slot.ticket?.id, keyspace.copy?.slot.ticket?.id];
  if (ids.includes(ticket.id)) return reader;
  return { ...reader, step: "idle", ticket: null, version: 0, row: 0, from: "primary" };
}

/** Changes that every reflector has taken are forgotten. */
function withoutTaken(state: State): State {
  const { database, leader, standby } = state;
  const takes = (reflector: Reflector): boolean => !["waiting", "deposed"].includes(reflector.role);
  const places = [leader, standby].filter(takes).map(({ next }) => next);
  // Without R5 a change can be taken before it is visible; a new listener is still to be given it.
  const invisible = database.stream.findIndex((change) =>
    change.kind === "write" && change.write > database.visible
  );
  const taken = Math.min(...places, invisible < 0 ? database.stream.length : invisible);
  if (taken === 0 || taken === Infinity) return state;
  const moved = (reflector: Reflector): Reflector => ({
    ...reflector,
    next: Math.max(0, reflector.next - taken),
  });
  return {
    ...state,
    database: { ...database, stream: database.stream.slice(taken) },
    leader: moved(leader),
    standby: moved(standby),
  };
}

/** The two readers are alike, where both read from the primary only. (A history that is shown keeps their names.) */
function ordered(state: State, model: Model): State {
  const { first, second } = state;
  if (
    model.without !== undefined || model.scenario.replica || JSON.stringify(first) <= JSON.stringify(second)
  ) return state;
  return { ...state, first: second, second: first };
}
