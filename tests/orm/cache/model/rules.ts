/**
 * The rules of the coherence protocol, each of which the model can leave out.
 *
 * @module
 */

/** The name of a rule: its number, or a word for what the numbers leave open. */
export type Rule =
  | "R1"
  | "R2"
  | "R3"
  | "R4"
  | "R5"
  | "R6"
  | "R7"
  | "R8"
  | "R9"
  | "R11"
  | "R12"
  | "floor"
  | "upper"
  | "epoch"
  | "number"
  | "acknowledged"
  | "leadership";

/** Each rule of the model, and what is done without it. */
export const RULES: Readonly<Record<Rule, string>> = {
  R1: "a version is read before its row; without: after it",
  R2: "a token is a tick; without: the LSN of the commit record",
  R3: "a fill needs the ticket of its look; without: versions alone decide",
  R4: "the reflector wins ties; without: an entry or a fill of the same LSN stays",
  R5: "act only on what is visible; without: on a commit record in the change stream",
  R6: "a replica's fill needs the floor; without: any version does",
  R7: "trust needs a canary that came through the stream; without: the leader's heartbeat raises the number",
  R8:
    "one atomic look; without: the entry is read first, the watermark later (or kept near, and judged by a later look)",
  R9: "the watermark knows its server; without: a server that took over is taken for the old one",
  R11: "a refresh is a fill with a ticket of its own; without: it sets the key",
  R12: "scripts of a deposed leader are refused; without: they are run",
  floor: "voiding raises the floor in the same script; without: only the canary does",
  upper: "what a session has read is compared with the watermark; without: with the entry's version, too",
  epoch: "a gap in the changes begins a new epoch; without: entries outlive it",
  number:
    "a canary was sent after a question that showed the last number but one; without: after one that showed the last",
  acknowledged: "a canary is sent when the number before it is in the store; without: at any time",
  leadership: "a leadership is term and epoch; without: the term alone",
};
