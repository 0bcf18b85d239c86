/**
 * Random work on a session beside a plain model of what must come of it: a flush either writes exactly that, or fails
 * where the model says so, and then nothing is different from before.
 */
import assert from "node:assert/strict";
import { type Column, column, type LifeRecord, model, type Pool, ref, Session, sql } from "../../../mod.ts";
import type { Executor } from "../../../mod.ts";
import { randomNumbers, rounds, SEED } from "../../random.ts";
import { testOnBoth } from "../../testkit/databases.ts";

const Parent = model("parents", {
  id: column.identity().primaryKey(),
  text: column.text().unique(),
  version: column.integer().default(1),
}, { version: true });
const Child = model("children", {
  id: column.identity().primaryKey(),
  parentId: column.integer().references(() => Parent.id),
  siblingId: column.integer().nullable().references((): Column<number> => Child.id),
  text: column.text().check(sql`text <> 'bad'`),
  version: column.integer().default(1),
}, { version: true });

const MODELS = { models: [Parent, Child] };
/** A parent of this name is always there, and no second one can be. */
const TAKEN = "taken";

type ParentRecord = LifeRecord<NonNullable<(typeof Parent)["~columns"]>>;
type ChildRecord = LifeRecord<NonNullable<(typeof Child)["~columns"]>>;

/** What a row holds. */
interface Values {
  readonly text: string;
  readonly parent?: Entry;
  readonly sibling?: Entry | undefined;
}

/** What must come of one record. */
interface Entry {
  readonly kind: "parent" | "child";
  record: ParentRecord | ChildRecord;
  /** What is in the database. */
  committed: Values | undefined;
  /** What is to be there after the next flush. */
  wanted: Values | undefined;
  /** Whether somebody else changed the row. */
  isStale: boolean;
}

/** A session, and what must come of it. */
class Subject {
  entries: Entry[] = [];
  session: Session;
  #count = 0;
  readonly random: () => number;
  readonly trail: string[] = [];

  constructor(executor: Executor, random: () => number) {
    this.random = random;
    this.session = new Session(executor, { unflushed: "ignore" });
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  pick<Item>(items: readonly Item[]): Item | undefined {
    return items[Math.floor(this.random() * items.length)];
  }

  wanted(kind: Entry["kind"]): Entry[] {
    return this.entries.filter((entry) => entry.kind === kind && entry.wanted !== undefined);
  }

  name(wrong: string): string {
    return this.chance(0.04) ? wrong : `t${this.#count++}`;
  }

  /** One step of anything but a flush. */
  async step(pool: Pool | undefined): Promise<void> {
    const dice = this.random();
    if (dice < 0.2) this.addParent();
    else if (dice < 0.45) this.addChild();
    else if (dice < 0.7) this.edit();
    else if (dice < 0.83) this.remove();
    else if (dice < 0.88) this.evict();
    else if (dice < 0.91 && pool !== undefined) await this.changeElsewhere(pool);
    else await this.load();
  }

  addParent(): void {
    const text = this.name(TAKEN);
    this.#add({ kind: "parent", record: this.session.add(Parent, { text }), wanted: { text } });
  }

  addChild(): void {
    const parent = this.pick(this.wanted("parent"));
    if (parent === undefined) return;
    const sibling = this.chance(0.4) ? this.pick(this.wanted("child")) : undefined;
    const text = this.name("bad");
    const record = this.session.add(Child, {
      parentId: ref(parent.record as ParentRecord, "id"),
      text,
      ...(sibling === undefined ? {} : { siblingId: ref(sibling.record as ChildRecord, "id") }),
    });
    this.#add({ kind: "child", record, wanted: { text, parent, sibling } });
  }

  edit(): void {
    const entry = this.pick(this.entries.filter(({ wanted }) => wanted !== undefined));
    if (entry === undefined) return;
    this.trail.push(`edit ${entry.kind}`);
    if (entry.kind === "parent") {
      const text = this.chance(0.2) ? entry.wanted!.text : this.name(TAKEN);
      (entry.record as ParentRecord).set("text", text);
      entry.wanted = { text };
      return;
    }
    const record = entry.record as ChildRecord;
    const dice = this.random();
    if (dice < 0.4) {
      const parent = this.pick(this.wanted("parent"))!;
      if (parent === undefined) return;
      record.set("parentId", ref(parent.record as ParentRecord, "id"));
      entry.wanted = { ...entry.wanted!, parent };
    } else if (dice < 0.65) {
      const sibling = this.chance(0.3) ? undefined : this.pick(this.wanted("child"));
      record.set("siblingId", sibling === undefined ? null : ref(sibling.record as ChildRecord, "id"));
      entry.wanted = { ...entry.wanted!, sibling };
    } else {
      const text = this.name("bad");
      record.values.text = text;
      entry.wanted = { ...entry.wanted!, text };
    }
  }

  remove(): void {
    const entry = this.pick(this.entries);
    if (entry === undefined) return;
    this.trail.push(`remove ${entry.kind}`);
    this.session.remove(entry.record);
    entry.wanted = undefined;
    if (entry.committed === undefined) this.#drop(entry);
  }

  evict(): void {
    const entry = this.pick(this.entries);
    if (entry === undefined) return;
    this.trail.push(`evict ${entry.kind}`);
    this.session.evict(entry.record);
    entry.wanted = undefined;
    this.#drop(entry);
    if (entry.committed !== undefined) this.#forgotten.push(entry);
  }

  async changeElsewhere(pool: Pool): Promise<void> {
    const entry = this.pick(this.entries.filter(({ committed }) => committed !== undefined));
    if (entry === undefined) return;
    this.trail.push(`change ${entry.kind} elsewhere`);
    const table = entry.kind === "parent" ? Parent : Child;
    await pool.execute(sql`update ${table} set version = version + 1 where id = ${entry.record.key!}`);
    entry.isStale = true;
  }

  /** Finds every row again: those that are known by their records, those that were evicted by new ones. */
  async load(): Promise<void> {
    this.trail.push("load");
    const records = [...await this.session.query(Parent.find()), ...await this.session.query(Child.find())];
    const known = new Map(this.entries.map((entry) => [entry.record as unknown, entry]));
    for (const record of records) {
      const entry = known.get(record);
      if (entry !== undefined) {
        assert.ok(entry.wanted !== undefined, "a removed record was found");
        if (!record.isDirty) entry.isStale = false;
        continue;
      }
      const evicted = this.#forgotten.find(({ record: { key }, kind }) =>
        key === record.key &&
        kind === (record.original !== undefined && "parentId" in record.original ? "child" : "parent")
      );
      if (evicted === undefined) {
        assert.equal(record.original!.text, TAKEN, "a row was found that nobody wrote");
        continue;
      }
      this.#forgotten.splice(this.#forgotten.indexOf(evicted), 1);
      evicted.record = record as ParentRecord;
      evicted.wanted = evicted.committed;
      evicted.isStale = false;
      this.entries.push(evicted);
    }
  }

  readonly #forgotten: Entry[] = [];

  /** Whether the flush has to fail. */
  get isDoomed(): boolean {
    return [...this.entries, ...this.#forgotten].some((entry) => {
      const { kind, committed, wanted, isStale, record } = entry;
      if (isStale && (record.isDirty || wanted === undefined) && this.entries.includes(entry)) return true;
      const values = this.entries.includes(entry) ? wanted : committed;
      if (values === undefined) return false;
      if (values.text === (kind === "parent" ? TAKEN : "bad")) return true;
      return [values.parent, values.sibling].some((target) => target !== undefined && !this.#stays(target));
    });
  }

  #stays(entry: Entry): boolean {
    return this.entries.includes(entry) ? entry.wanted !== undefined : this.#forgotten.includes(entry);
  }

  /** What was wanted is there. */
  settle(): void {
    for (const entry of this.entries) entry.committed = entry.wanted;
    this.entries = this.entries.filter(({ committed }) => committed !== undefined);
  }

  /** What can be seen of the session and its records. */
  snapshot(): unknown {
    return {
      changes: this.session.changes,
      records: this.entries.map(({ record }) => ({
        flags: [record.isNew, record.isDeleted, this.session.has(record)],
        dirty: [...record.dirty],
        key: record.key,
        original: record.original,
        json: record.toJSON(),
      })),
    };
  }

  /** What the database must hold. */
  async check(executor: Executor): Promise<void> {
    const rows = [
      ...await executor.query(
        sql`select 'parent' as kind, id, text, null::int as parent, null::int as sibling from parents where text <> ${TAKEN}`,
      ),
      ...await executor.query(sql`select 'child', id, text, parent_id, sibling_id from children`),
    ].map((row) => JSON.stringify(Object.values(row))).toSorted();
    const all = [...this.entries, ...this.#forgotten];
    const expected = all.flatMap(({ kind, committed, record }) =>
      committed === undefined ? [] : [JSON.stringify([
        kind,
        record.original!.id,
        committed.text,
        committed.parent?.record.key ?? null,
        committed.sibling?.record.key ?? null,
      ])]
    ).toSorted();
    assert.deepEqual(rows, expected);
  }

  async flush(): Promise<boolean> {
    const before = this.snapshot();
    const isDoomed = this.isDoomed;
    this.trail.push(isDoomed ? "flush in vain" : "flush");
    const error = await this.session.flush().then(() => undefined, (error) => error);
    if (isDoomed) {
      assert.ok(error !== undefined, "it had to fail");
      assert.deepEqual(this.snapshot(), before);
      return false;
    }
    if (error !== undefined) throw error;
    this.settle();
    assert.equal(this.session.isDirty, false);
    for (const { record, committed } of this.entries) {
      assert.deepEqual([record.isNew, record.isDirty, record.original?.text], [
        false,
        false,
        committed!.text,
      ]);
    }
    return true;
  }

  #add(entry: Omit<Entry, "committed" | "isStale">): void {
    this.trail.push(`add ${entry.kind}`);
    this.entries.push({ ...entry, committed: undefined, isStale: false });
  }

  #drop(entry: Entry): void {
    this.entries = this.entries.filter((other) => other !== entry);
  }
}

/** Flushes in a savepoint that is rolled back: nothing is different from before, and the next flush does all of it. */
async function undo(pool: Pool, random: () => number): Promise<boolean> {
  let isUndone = false;
  await pool.transaction(async (tx) => {
    const subject = new Subject(tx, random);
    for (let step = 0; step < 12; step++) await subject.step(undefined);
    if (subject.isDoomed) return;
    await subject.flush();
    await tx.transaction(async () => {
      for (let step = 0; step < 12; step++) await subject.step(undefined);
      if (subject.isDoomed) throw new Error("doomed");
      const before = subject.snapshot();
      const { entries } = subject;
      const known = entries.map((entry) => ({ ...entry }));
      await subject.flush();
      throw Object.assign(new Error("undo"), {
        check: () => {
          entries.forEach((entry, index) => Object.assign(entry, known[index]));
          subject.entries = entries;
          assert.deepEqual(subject.snapshot(), before);
        },
      });
    }).catch((error) => {
      if (error.message === "doomed") return;
      if (error.check === undefined) throw error;
      error.check();
      isUndone = true;
    });
    if (!isUndone) return;
    await subject.flush();
    await subject.check(tx);
  });
  return isUndone;
}

testOnBoth("Session does what a plain model of it says, whatever is done and whatever fails", {
  ...MODELS,
  timeout: 600_000,
}, async (pool) => {
  const random = randomNumbers(SEED);
  const counts = { flushed: 0, failed: 0, undone: 0 };
  for (let round = 0; round < rounds(25, 500); round++) {
    await pool.execute(sql`truncate parents, children cascade`);
    await Parent.insert({ text: TAKEN }, pool);
    const subject = new Subject(pool, random);
    try {
      for (let step = 0; step < 60; step++) {
        await subject.step(pool);
        if (!subject.chance(0.2)) continue;
        const isFlushed = await subject.flush();
        await subject.check(pool);
        if (isFlushed) counts.flushed++;
        else {
          counts.failed++;
          break;
        }
      }
      await pool.execute(sql`truncate parents, children cascade`);
      await Parent.insert({ text: TAKEN }, pool);
      if (await undo(pool, random)) counts.undone++;
    } catch (error) {
      throw new Error(`round ${round} of seed ${SEED}: ${subject.trail.join(", ")}`, { cause: error });
    }
  }
  console.log(`seed ${SEED}: ${JSON.stringify(counts)}`);
  assert.ok(counts.flushed > 0 && counts.failed > 0 && counts.undone > 0);
});
