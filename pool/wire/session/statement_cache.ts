/**
 * The statements prepared on one connection, by text, the least recently used dropped first.
 *
 * @module
 */
import type { Field } from "../message/backend.ts";
import type { Plan } from "./plan.ts";

/** A statement's Bind but for its values: what comes before them, and what after. */
export interface BindFrame {
  /** From the message's type to the number of values; its length is still to be set. */
  readonly head: Uint8Array;
  /** The formats of the result's columns. */
  readonly tail: Uint8Array;
}

/** A statement prepared on a connection. */
export interface Statement {
  /** Its name on the connection. */
  readonly name: string;
  /** What is known of it. */
  readonly plan: Plan;
  /**
   * The columns it was found to have when it was parsed here, where these are not the plan's. Whoever has been bound to
   * it behind its Parse must know, since the server sees nothing wrong.
   */
  changed: readonly Field[] | undefined;
  /** Its Bind, once it was bound to. */
  frame: BindFrame | undefined;
}

/** The statements of one connection. */
export class StatementCache {
  readonly #limit: number;
  readonly #statements = new Map<string, Statement>();
  /** Makes the names the connection's own: where connections share a server session behind a pooler, a name that
   * two of them used would stand for the other's statement. */
  readonly #prefix: string = `lg${Math.floor(Math.random() * 36 ** 5).toString(36)}_`;
  #names = 0;
  #latest: Statement | undefined;

  /** Creates a cache for at most `limit` statements. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many statements it holds. */
  get size(): number {
    return this.#statements.size;
  }

  /** A name not yet used on this connection. */
  nextName(): string {
    return this.#prefix + (++this.#names).toString(36);
  }

  /** The statement of a text, which becomes the most recently used. */
  get(text: string): Statement | undefined {
    const latest = this.#latest;
    if (latest !== undefined && latest.plan.text === text) return latest;
    const statement = this.#statements.get(text);
    if (statement === undefined) return undefined;
    // Order matters only when something may have to go.
    if (this.#statements.size >= this.#limit) {
      this.#statements.delete(text);
      this.#statements.set(text, statement);
    }
    this.#latest = statement;
    return statement;
  }

  /** Adds a statement; returns those that had to go. */
  add(name: string, plan: Plan): Statement[] {
    const gone: Statement[] = [];
    const before = this.#statements.get(plan.text);
    if (before !== undefined) gone.push(before);
    this.#statements.delete(plan.text);
    this.#statements.set(plan.text, this.#latest = { name, plan, changed: undefined, frame: undefined });
    if (this.#statements.size > this.#limit) {
      const [oldest] = this.#statements.keys();
      gone.push(this.#statements.get(oldest)!);
      this.#statements.delete(oldest);
    }
    return gone;
  }

  /** Removes the statement of a text, if it has this plan; returns it. */
  remove(plan: Plan): Statement | undefined {
    const statement = this.#statements.get(plan.text);
    if (statement?.plan !== plan) return undefined;
    if (this.#latest === statement) this.#latest = undefined;
    this.#statements.delete(plan.text);
    return statement;
  }

  /** Forgets all statements, as after DISCARD ALL or DEALLOCATE ALL. */
  clear(): void {
    this.#latest = undefined;
    this.#statements.clear();
  }
}
