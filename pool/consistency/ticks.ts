/**
 * Whether the writes of a pool take tokens, and the tokens they take.
 *
 * States: `off` → `on`, when something can make use of tokens: a replica, a cache, somebody who hands them on. A write by
 * somebody else's call must not be older than what is read through those, so there is no way back.
 *
 * @module
 */
import type { ConsistencySessions } from "./current_session.ts";
import { WriteTick } from "./tick.ts";
import { type InquiryHome, WriteInquiries } from "./write_inquiry.ts";

/** The tokens of a pool's writes. */
export class Ticks {
  readonly #sessions: ConsistencySessions;
  readonly #inquiries: WriteInquiries;
  #isOn = false;

  /** Off at first. */
  constructor(sessions: ConsistencySessions, home: InquiryHome) {
    this.#sessions = sessions;
    this.#inquiries = new WriteInquiries(home);
  }

  /** Whether writes take tokens. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** From now on writes take tokens. */
  turnOn(): void {
    this.#isOn = true;
  }

  /** What is to go with a write of the running code, or with a COMMIT; undefined while off. */
  take(of: "statement" | "transaction" = "statement"): WriteTick | undefined {
    if (!this.#isOn) return undefined;
    return new WriteTick(this.#sessions.current, this.#inquiries, of === "transaction");
  }
}
