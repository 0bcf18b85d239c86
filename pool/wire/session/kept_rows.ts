/**
 * Rows with columns of types that were not known when the rows came: kept as bytes until the types have been learned.
 *
 * A statement may meet such columns when the schema has changed since its plan was made. It has taken effect then, so it
 * cannot be run again.
 *
 * @module
 */
import { ByteSource } from "../byte_source.ts";
import { DecodeError } from "../errors.ts";
import type { Field } from "../message/backend.ts";
import type { Plan } from "./plan.ts";
import type { Session } from "./session.ts";

/** The rows of one statement. */
export class KeptRows {
  readonly #plan: Plan;
  readonly #fields: readonly Field[];
  readonly #bodies: Uint8Array[] = [];

  /**
   * There are none yet.
   *
   * @param plan The plan in whose formats they were asked for.
   * @param fields The columns they have.
   */
  constructor(plan: Plan, fields: readonly Field[]) {
    this.#plan = plan;
    this.#fields = fields;
  }

  /** Keeps the body of a DataRow. */
  add(source: ByteSource, offset: number, end: number): void {
    this.#bodies.push(source.copy(offset, end - offset));
  }

  /**
   * Learns the types and reads the rows.
   *
   * @param session Where the types are asked for, behind what was submitted there.
   * @param deadline Monotonic milliseconds by which they must be known; 0 for whenever.
   * @returns The rows.
   * @throws {DecodeError} When they cannot be read all the same.
   */
  async read(session: Session, deadline: number): Promise<Record<string, unknown>[]> {
    const { registry } = session.shared;
    let cause: unknown;
    try {
      await session.loadTypes(registry.missing(this.#fields.map(({ type }) => type)), deadline);
    } catch (error) {
      cause = error;
    }
    const read = this.#plan.readerFor(this.#fields, registry);
    if (read === undefined) {
      throw new DecodeError(
        "record",
        "the columns changed while the statement ran, which took effect; read it again",
        undefined,
        { cause },
      );
    }
    return this.#bodies.map((body) => read(new ByteSource(body), 0, body.length));
  }
}
