/**
 * Learning a statement's plan: Parse and Describe, then the types not known yet from the catalogue.
 *
 * @module
 */
import type { CatalogRow } from "../codec/catalog.ts";
import { Plan } from "./plan.ts";
import { type Description, PrepareExchange } from "./prepare_exchange.ts";
import { QueryExchange } from "./query_exchange.ts";
import type { Session } from "./session.ts";

/**
 * Prepares a text on a session that is stalled for it, and keeps its plan.
 *
 * @param done Told why it failed, or nothing; called once.
 */
export function learnPlan(session: Session, text: string, done: (problem?: unknown) => void): void {
  const name = session.named ? session.statements.nextName() : "";
  session.submitInternal(
    new PrepareExchange(name, text, {
      described: (description) =>
        learnTypes(
          session,
          description,
          (problem) => problem === undefined ? keep(description) : done(problem),
        ),
      failed: (reason) => done(reason ?? new Error("it was given up")),
    }),
  );

  function keep({ parameterOids, fields }: Description): void {
    try {
      const plan = new Plan(text, parameterOids, fields, session.shared.registry);
      session.shared.plans.set(plan);
      if (name !== "") session.remember(name, plan);
      done();
    } catch (error) {
      done(error);
    }
  }
}

/**
 * Learns types from the catalogue, behind everything that was submitted to a session.
 *
 * @param session The session.
 * @param oids The types; nothing is asked when there are none.
 * @param deadline Monotonic milliseconds by which it must be done; 0 for whenever.
 */
export async function loadTypes(session: Session, oids: readonly number[], deadline: number): Promise<void> {
  if (oids.length === 0) return;
  const { registry } = session.shared;
  const query = new QueryExchange(registry.catalogQuery, [oids]);
  query.deadline = deadline;
  session.submit(query);
  const { rows } = await query.promise;
  registry.register(rows as unknown as readonly CatalogRow[]);
}

/** Loads the types a description mentions and the registry does not know. */
function learnTypes(session: Session, description: Description, done: (problem?: unknown) => void): void {
  const { registry } = session.shared;
  const oids = [...description.parameterOids, ...description.fields.map((field) => field.type)];
  const missing = registry.missing(oids);
  if (missing.length === 0) return done();
  const load = (problem?: unknown): void => {
    if (problem !== undefined) return done(problem);
    // Given the plan itself, it never has to be prepared first, whatever else the plans have no room for.
    const plan = session.shared.plans.get(registry.catalogQuery);
    const query = new QueryExchange(registry.catalogQuery, [missing], { plan });
    session.submitInternal(query);
    query.promise.then((result) => {
      registry.register(result.rows as unknown as readonly CatalogRow[]);
      done();
    }).catch(done);
  };
  // The catalogue's own types are all built in, so this ends here.
  if (session.shared.plans.get(registry.catalogQuery) !== undefined) load();
  else learnPlan(session, registry.catalogQuery, load);
}
