/** A behaviour by itself, without the parts of the ORM that call it. */
import { type Behaviour, type BehaviourOptions, defineBehaviour } from "../../../orm/behaviour/behaviour.ts";
import type { Call, Draft } from "../../../orm/behaviour/write.ts";
import { type AnyColumn, Column } from "../../../orm/building/column.ts";
import type { ColumnDefinitions } from "../../../orm/definition/row_types.ts";
import { model } from "../../../orm/model.ts";
import { FakeExecutor } from "../fake_executor.ts";

/** The columns of a model, as its behaviour is told of them. */
export function columnsOf(columns: ColumnDefinitions): ReadonlyMap<string, AnyColumn> {
  const made: [string, unknown][] = Object.entries(model("users", columns as never));
  return new Map(made.filter((entry): entry is [string, AnyColumn] => entry[1] instanceof Column));
}

/** The behaviour of a model of such columns and options, which must have one. */
export function behaviourOf<Columns extends ColumnDefinitions>(
  columns: Columns,
  options: BehaviourOptions<NoInfer<Columns>> = {},
): Behaviour {
  const subject = { name: "users", columns: columnsOf(columns) };
  const behaviour = defineBehaviour(subject, options as unknown as BehaviourOptions);
  if (behaviour === undefined) throw new Error("BUG: the model has no behaviour");
  return behaviour;
}

/** What a call runs on that must not run anything. */
export function fakeCall(more: Partial<Call> = {}): Call {
  return { executor: new FakeExecutor().executor, ...more };
}

/** Runs what an insert of one record runs before SQL. */
export async function beforeInsert(
  behaviour: Behaviour,
  values: Draft,
  call: Call = fakeCall(),
): Promise<Draft> {
  return await behaviour.beforeOne("insert", { values }, call);
}

/** Runs what an update of one record runs before SQL. */
export async function beforeUpdate(
  behaviour: Behaviour,
  values: Draft,
  row?: Draft,
): Promise<Draft> {
  return await behaviour.beforeOne("update", row === undefined ? { values } : { values, row }, fakeCall());
}
