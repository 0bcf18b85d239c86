/**
 * The statements that accompany others: where the log is, and ticks. Their columns are certain, so that the first is sent
 * without asking for them.
 *
 * @module
 */
import type { CodecRegistry } from "../wire/codec/registry.ts";
import type { Field } from "../wire/message/backend.ts";
import { Plan } from "../wire/session/plan.ts";
import { QueryExchange } from "../wire/session/query_exchange.ts";

/** Milliseconds one takes as a rule. */
const ESTIMATE = 0.05;

/** The OIDs of the columns' types, which are the same in every database. */
const OID = { bool: 16, int4: 23, text: 25, pg_lsn: 3220 } as const;

/** A statement with its columns. */
export interface EscortStatement {
  readonly text: string;
  readonly columns: Readonly<Record<string, keyof typeof OID>>;
}

const PLANS = new WeakMap<CodecRegistry, Map<string, Plan>>();

function planOf({ text, columns }: EscortStatement, registry: CodecRegistry): Plan {
  let plans = PLANS.get(registry);
  if (plans === undefined) PLANS.set(registry, plans = new Map());
  let plan = plans.get(text);
  if (plan === undefined) {
    const fields = Object.entries(columns).map(([name, type]): Field => (
      { name, table: 0, column: 0, type: OID[type], modifier: -1 }
    ));
    plan = new Plan(text, [], fields, registry);
    plan.estimate = ESTIMATE;
    plans.set(text, plan);
  }
  return plan;
}

/** One of these statements; it belongs to the connection it is sent on. */
export class EscortExchange<Row extends object> extends QueryExchange {
  /** Creates it for a connection with these codecs. */
  constructor(statement: EscortStatement, registry: CodecRegistry) {
    super(statement.text, [], { plan: planOf(statement, registry) });
    // Whoever it went with may have failed before, and then nobody asks.
    this.promise.catch(() => {});
  }

  /** Its only row, if that has come. */
  get answer(): Row | undefined {
    return this.settled ? this.rows[0] as Row | undefined : undefined;
  }

  /** Its only row. */
  async row(): Promise<Row> {
    return (await this.promise).rows[0] as Row;
  }

  /** Milliseconds it takes as a rule. */
  get estimate(): number {
    return ESTIMATE;
  }

  override get repeatable(): boolean {
    return true;
  }

  override get requeues(): boolean {
    return false;
  }
}
