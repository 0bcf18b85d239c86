/**
 * A question the shop asks: in the words of the ORM, and in plain SQL, which is the oracle.
 */
import assert from "node:assert/strict";
import type { Pool } from "../../pool/pool.ts";
import type { Sql } from "../../pool/sql/sql.ts";
import type { Transaction } from "../../pool/mod.ts";

/** What both ways are asked. */
export interface Question {
  /** What the shop wants to know. */
  readonly name: string;
  /** How many rows the answer has, so that an answer of nothing never passes. */
  readonly rows: number;
}

/** A question that changes nothing. */
export interface ReadQuestion extends Question {
  /** The answer in plain SQL, totally ordered. */
  readonly plain: Sql;
  /** The answer by the ORM. */
  ask(pool: Pool): Promise<readonly unknown[]>;
}

/** A change and what can be seen after it; each way runs in a transaction of its own that is rolled back. */
export interface WriteQuestion extends Question {
  /** What is looked at after either way, totally ordered and without numbers that were counted. */
  readonly seen: Sql;
  /** The change in plain SQL; what it returns is compared too. */
  plain(tx: Transaction): Promise<readonly unknown[]>;
  /** The change by the ORM. */
  ask(tx: Transaction): Promise<readonly unknown[]>;
}

/** Whether a question changes something. */
export function isWrite(question: ReadQuestion | WriteQuestion): question is WriteQuestion {
  return "seen" in question;
}

/**
 * Asks a question both ways.
 *
 * @throws {assert.AssertionError} When the answers differ, or are not as many rows as the question says.
 */
export async function checkQuestion(question: ReadQuestion | WriteQuestion, pool: Pool): Promise<void> {
  if (isWrite(question)) return await checkWrite(question, pool);
  const expected = await pool.query(question.plain);
  assert.equal(expected.length, question.rows, "the plain answer's rows");
  assert.deepEqual(comparable(await question.ask(pool)), comparable(expected));
}

async function checkWrite({ plain, ask, seen, rows }: WriteQuestion, pool: Pool): Promise<void> {
  const before = await pool.query(seen);
  const both = (change: (tx: Transaction) => Promise<readonly unknown[]>) =>
    rolledBack(pool, async (tx) => ({ returned: await change(tx), seen: await tx.query(seen) }));
  const expected = await both(plain);
  assert.equal(expected.seen.length, rows, "the rows seen after the plain change");
  assert.deepEqual(comparable(await both(ask)), comparable(expected));
  assert.deepEqual(comparable(await pool.query(seen)), comparable(before), "nothing may be left behind");
}

/** Runs a body in a transaction that never commits. */
async function rolledBack<Result>(pool: Pool, body: (tx: Transaction) => Promise<Result>): Promise<Result> {
  const done = new Error("rolled back");
  let result: { readonly value: Result } | undefined;
  try {
    await pool.transaction(async (tx) => {
      result = { value: await body(tx) };
      throw done;
    });
  } catch (error) {
    if (error !== done) throw error;
  }
  return result!.value;
}

/**
 * A value as it is compared: a count is a number in the ORM and a `bigint` in plain SQL, and values without
 * properties of their own (dates, durations) would all look the same. Digits of a numeric are never touched.
 */
function comparable(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== "object" || value === null) return value;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return `${value.constructor.name} ${String(value)}`;
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, comparable(inner)]));
}
