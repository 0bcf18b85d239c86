/**
 * The scripts of the cache, each atomic, as the stores run them.
 *
 * @module
 */
import { keeps, type Model } from "./model.ts";
import type { Advance, Entry, Keyspace, Reflector, Slot, State, Ticket, Watermark } from "./state.ts";

/** Writes to the cache; what a server that takes over would have is what was there before. */
export function written(state: State, change: { slot?: Slot; watermark?: Watermark | null }): Keyspace {
  const { keyspace, budget } = state;
  const { slot, watermark } = keyspace;
  return { ...keyspace, copy: budget.failovers > 0 ? { slot, watermark } : null, ...change };
}

/** The entry a look finds: none of another epoch. */
export function foundEntry({ slot, watermark }: Keyspace): Entry | null {
  return slot.entry?.epoch === watermark?.epoch ? slot.entry : null;
}

/** Leaves a ticket, or finds one of this epoch; null where there is an entry, or no watermark. */
export function look(state: State): { ticket: Ticket; keyspace: Keyspace } | null {
  const { slot, watermark } = state.keyspace;
  if (watermark === null || foundEntry(state.keyspace) !== null) return null;
  if (slot.ticket?.epoch === watermark.epoch) return { ticket: slot.ticket, keyspace: state.keyspace };
  const ticket = newTicket(state, watermark);
  return { ticket, keyspace: written(state, { slot: { ...slot, entry: null, ticket } }) };
}

/** A ticket with a mark that nobody else has. */
function newTicket(state: State, { floor, epoch }: Watermark): Ticket {
  const { keyspace, first, second, refresh } = state;
  const used = [
    keyspace.slot.ticket,
    keyspace.copy?.slot.ticket,
    first.ticket,
    second.ticket,
    refresh.ticket,
  ].map((ticket) => ticket?.id);
  let id = 1;
  while (used.includes(id)) id++;
  return { id, floor, epoch };
}

/** What a fill brings. */
export interface Fill {
  readonly ticket: Ticket;
  readonly version: number;
  readonly row: number;
  readonly from: "primary" | "replica";
  readonly refresh: boolean;
}

/** Stores what was read, or says why not (R3, R4, R6). */
export function fill(
  state: State,
  { ticket, version, row, from, refresh }: Fill,
  model: Model,
): Keyspace | string {
  const { slot, watermark } = state.keyspace;
  if (watermark?.epoch !== ticket.epoch) return "epoch";
  const entry = { version, row, epoch: ticket.epoch };
  const stored = written(state, { slot: { entry, tombstone: null, ticket: null } });
  if (refresh && !keeps(model, "R11")) return stored;
  if (keeps(model, "R3") && slot.ticket?.id !== ticket.id) return "void";
  const there = foundEntry(state.keyspace)?.version ?? slot.tombstone;
  if (there !== null && (keeps(model, "R4") && !refresh ? version <= there : version < there)) {
    return "newer";
  }
  if (version < ticket.floor && (from === "primary" || keeps(model, "R6"))) return "early";
  return stored;
}

/** Voids the key up to an LSN. */
function voidSlot(slot: Slot, floor: number, model: Model): Slot {
  const outlives = slot.entry !== null &&
    (keeps(model, "R4") ? slot.entry.version > floor : slot.entry.version >= floor);
  if (outlives) return { ...slot, ticket: null };
  return { entry: null, tombstone: Math.max(slot.tombstone ?? 0, floor), ticket: null };
}

/** A writer voids its key; the floor is its token. */
export function voidByWriter(state: State, token: number, model: Model): Keyspace {
  return written(state, { slot: voidSlot(state.keyspace.slot, token, model) });
}

/** A leader voids the key, raises the floor, and gets a ticket where somebody was interested; null: it is refused. */
export function voidByLeader(
  state: State,
  { reflector, floor, model }: { reflector: Reflector; floor: number; model: Model },
): { keyspace: Keyspace; ticket: Ticket | null } | null {
  const { slot, watermark } = state.keyspace;
  if (watermark === null || !mayWrite(state.keyspace, reflector, model)) return null;
  const active = slot.entry !== null || slot.ticket !== null;
  const raised = keeps(model, "floor")
    ? { ...watermark, floor: Math.max(watermark.floor, floor) }
    : watermark;
  const emptied = voidSlot(slot, floor, model);
  const refreshes = model.scenario.refresh && active && emptied.entry === null &&
    state.refresh.step === "idle";
  const ticket = refreshes ? newTicket(state, { ...raised, floor: Math.max(raised.floor, floor) }) : null;
  return { ticket, keyspace: written(state, { slot: { ...emptied, ticket }, watermark: raised }) };
}

/** A leader says how far it has come; null: it is refused. */
export function advance(
  state: State,
  { reflector, by, model }: { reflector: Reflector; by: Advance; model: Model },
): Keyspace | null {
  const { watermark } = state.keyspace;
  if (watermark === null || !mayWrite(state.keyspace, reflector, model)) return null;
  return written(state, {
    watermark: {
      ...watermark,
      seq: Math.max(watermark.seq, by.seq),
      proof: by.seq > watermark.seq ? by.proof : watermark.proof,
      lsn: Math.max(watermark.lsn, by.lsn),
      floor: Math.max(watermark.floor, by.lsn),
    },
  });
}

/** Whether a watermark is this reflector's, on the server it established it on (R12, R9). */
export function mayWrite({ watermark, server }: Keyspace, reflector: Reflector, model: Model): boolean {
  if (watermark === null) return false;
  if (keeps(model, "R9") && watermark.server !== server) return false;
  if (!keeps(model, "R12")) return true;
  return watermark.term === reflector.term &&
    (!keeps(model, "leadership") || watermark.epoch === reflector.epoch);
}

/** A reflector becomes the leader: one term more than what is there, a number that begins anew. */
export function takeOver(state: State, { lsn, epoch }: { lsn: number; epoch: number }): Watermark {
  const { watermark, server } = state.keyspace;
  const kept = watermark?.epoch === epoch;
  return {
    term: (watermark?.term ?? 0) + 1,
    epoch,
    server,
    lsn: kept ? watermark.lsn : lsn,
    floor: kept ? watermark.floor : lsn,
    seq: 0,
    proof: 0,
  };
}
