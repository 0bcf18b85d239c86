/**
 * In whose consistency session the running code is.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { ConsistencySession } from "./consistency_session.ts";

/** Names the pool's method that has every write take a token. */
export const TOKENS_ON: unique symbol = Symbol("lifeguard.tokensOn");
/** Names the pool's sessions. */
export const SESSIONS: unique symbol = Symbol("lifeguard.consistencySessions");

/** The consistency sessions of one pool. */
export class ConsistencySessions {
  readonly #storage = new AsyncLocalStorage<ConsistencySession>();
  /** That of everything outside of any other. */
  readonly #whole = new ConsistencySession();

  /** The running code's. */
  get current(): ConsistencySession {
    return this.#storage.getStore() ?? this.#whole;
  }

  /** Runs a function in a session. */
  run<T>(session: ConsistencySession, work: () => T): T {
    return this.#storage.run(session, work);
  }
}

/** The consistency session of the running code on a pool. */
export function currentSession(pool: { readonly [SESSIONS]: ConsistencySessions }): ConsistencySession {
  return pool[SESSIONS].current;
}
