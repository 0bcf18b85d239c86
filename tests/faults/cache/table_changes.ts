/** What befalls many rows, or the table itself, in one transaction: fault 38. */
import { sql, type Transaction } from "../../../mod.ts";
import type { World } from "./world.ts";

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Changes of many rows, and of the table, each in a transaction: 38. */
export const TABLE_CHANGES: Readonly<
  Record<string, (world: World, random: (below: number) => number) => Promise<void>>
> = {
  "TRUNCATE": async (world) => {
    await world.change(async (tx) => {
      await tx.execute(sql`truncate items`);
      await tx.query(sql`select next_state(id) from generate_series(1, ${world.keys}::int) id`);
    });
  },
  "TRUNCATE and INSERT": async (world) => {
    await world.change(async (tx) => {
      await tx.execute(sql`truncate items`);
      await tx.query(sql`select next_state(id) from generate_series(1, ${world.keys}::int) id`);
      await tx.execute(
        sql`insert into items select generate_series(1, ${world.keys + world.ballast}::int), 0, 'again'`,
      );
    });
  },
  "keys changed": async (world, random) => {
    const away = world.keys + world.ballast;
    const ids = sql`select id from items where id <= ${world.keys} and id % 3 = ${random(3)}`;
    await world.change((tx) => tx.execute(sql`update items set id = id + ${away} where id in (${ids})`));
    await sleep(300);
    await world.change((tx) =>
      tx.execute(sql`
        update items set id = id - ${away} where id > ${away} and id - ${away} not in (select id from items)`)
    );
    await world.change((tx) => tx.execute(sql`delete from items where id > ${away}`));
  },
  "foreign keys that cascade": async (world) => {
    await world.admin.execute(sql`insert into parents values (1) on conflict do nothing`);
    await world.change((tx) =>
      tx.execute(sql`update items set parent_id = 1 where id <= ${world.keys} and id % 2 = 0`)
    );
    await sleep(300);
    await world.change((tx) => tx.execute(sql`delete from parents`));
  },
  "ALTER TYPE that rewrites rows": async (world) => {
    await world.change((tx) =>
      tx.execute(sql`alter table items alter column n type int using next_state(id)`)
    );
  },
  "ALTER TYPE to another": async (world) => {
    await world.change((tx) => tx.execute(sql`alter table items alter column note type varchar(200)`));
    await sleep(1_000);
    await world.change((tx) => tx.execute(sql`alter table items alter column note type text`));
  },
  "ADD COLUMN with a default": async (world, random) => {
    const name = sql.unsafe(`extra_${random(1 << 30)}`);
    await world.change((tx) => tx.execute(sql`alter table items add column ${name} int default 5`));
  },
  "rows changed with triggers off": async (world) => {
    await world.change(async (tx) => {
      await tx.execute(sql`set local session_replication_role = replica`);
      await tx.execute(sql`update items set n = next_state(id) where id <= ${world.keys}`);
    });
  },
  "rows taken out, and copied back": async (world, random) => {
    const rest = random(3);
    const ids = Array.from({ length: world.keys }, (_, index) => index + 1).filter((id) => id % 3 === rest);
    await world.change((tx) =>
      tx.execute(sql`delete from items where id <= ${world.keys} and id % 3 = ${rest}`)
    );
    await sleep(300);
    // Who wrote meanwhile may have put some of them back.
    await world.change(async (tx) => {
      await tx.execute(sql`delete from items where id = any(${ids}::int[])`);
      const lines = ids.map((id) => `${id}\t0\tcopied\n`);
      await (tx as Transaction).copyFrom(sql`copy items (id, n, note) from stdin`, lines);
    });
  },
  "policies made and changed": async (world) => {
    await world.change((tx) => tx.execute(sql`create policy everyone on items using (true)`));
    await sleep(300);
    await world.change((tx) => tx.execute(sql`alter policy everyone on items using (id > 0)`));
    await sleep(300);
    await world.change((tx) => tx.execute(sql`drop policy everyone on items`));
  },
  "row-level security": async (world) => {
    await world.change((tx) => tx.execute(sql`alter table items enable row level security`));
    await sleep(1_000);
    await world.change((tx) => tx.execute(sql`alter table items disable row level security`));
  },
  "more than a thousand rows": async (world) => {
    await world.change((tx) => tx.execute(sql`update items set note = 'all'`));
  },
};
