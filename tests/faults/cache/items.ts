/**
 * The table that campaigns read and write. Each row holds the number of its state, which the server gives, whoever writes
 * it, by whatever statement: a trigger counts in a table of its own, whose row lock puts the writers of a key in order.
 */
import { column, type Executor, model, type Pool, sql } from "../../../mod.ts";

/** Rows with this id and above have no states. */
export const UNCOUNTED = 2_000_000;

/** Rows that are cached. */
const Item = model("items", {
  id: column.integer().primaryKey(),
  n: column.integer().default(0),
  note: column.text(),
}, { cache: { ttl: 300, negativeTtl: 60 } });

/** The number in a row, read by the model; undefined when there is no such row. */
export async function findItem(id: number, executor: Executor): Promise<number | undefined> {
  return (await Item.findById(id, executor))?.n;
}

/** Changes a row by the model; returns its new number, or undefined when there is no such row. */
export async function changeItem(id: number, executor: Executor): Promise<number | undefined> {
  return (await Item.updateById(id, { note: "changed" }, executor))?.n;
}

/** Removes a row by the model; returns whether there was one. */
export async function removeItem(id: number, executor: Executor): Promise<boolean> {
  return await Item.deleteById(id, executor);
}

/**
 * Makes the table, with rows in their first states.
 *
 * @param pool On the primary.
 * @param keys How many rows.
 */
export async function createItems(pool: Pool, keys: number): Promise<void> {
  await pool.execute(sql`create table parents (id int primary key)`);
  await pool.execute(sql`
    create table items (id int primary key, n int not null default 0, note text not null,
      parent_id int references parents on delete cascade)`);
  await pool.execute(sql`create table ledgers (id int primary key, state int not null default 0)`);
  await pool.execute(sql`
    create function next_state(int) returns int language sql volatile as $$
      insert into ledgers values ($1, 1) on conflict (id) do update set state = ledgers.state + 1 returning state
    $$`);
  await pool.execute(sql.unsafe(`
    create function count_state() returns trigger language plpgsql as $$
    begin
      if tg_op <> 'DELETE' and new.id >= ${UNCOUNTED} then
        return new;
      elsif tg_op = 'DELETE' and old.id >= ${UNCOUNTED} then
        return old;
      elsif tg_op <> 'INSERT' and (tg_op = 'DELETE' or new.id <> old.id) then
        perform next_state(old.id);
      end if;
      if tg_op = 'DELETE' then
        return old;
      end if;
      new.n := next_state(new.id);
      return new;
    end $$`));
  await pool.execute(sql`
    create trigger count_state before insert or update or delete on items for each row
    execute function count_state()`);
  await pool.execute(sql`
    create table outside_writes (number int generated always as identity, id int, state int, at timestamptz)`);
  await pool.execute(sql`
    create procedure write_from_outside(keys int, seconds float8) language plpgsql as $$
    declare
      until timestamptz := clock_timestamp() + make_interval(secs => seconds);
      chosen int;
      found_state int;
    begin
      while clock_timestamp() < until loop
        chosen := 1 + floor(random() * keys);
        update items set note = 'from outside' where id = chosen returning n into found_state;
        insert into outside_writes (id, state, at) values (chosen, found_state, clock_timestamp());
        commit;
        perform pg_sleep(0.01);
      end loop;
    end $$`);
  await pool.execute(sql`insert into items select generate_series(1, ${keys}::int), 0, 'first'`);
}
