/**
 * pg's clients in pipeline mode, which its pool cannot use: statements go to as many clients as there would be
 * connections, in turns. Named statements are prepared once on each.
 */
// @ts-types="@types/pg"
import pg from "pg";
import { type Item, type OpenOptions, SQL, type Subject } from "../subject.ts";

/** Opens the clients. */
export async function open({ url, connections }: OpenOptions): Promise<Subject<pg.QueryResult<Item>>> {
  const options: pg.ClientConfig & { readonly pipeline: boolean } = { connectionString: url, pipeline: true };
  const clients = Array.from({ length: connections }, () => new pg.Client(options));
  for (const client of clients) client.on("error", () => {});
  await Promise.all(clients.map((client) => client.connect()));
  let turn = 0;
  const next = (): pg.Client => clients[turn = (turn + 1) % clients.length];
  return {
    select: (id) => next().query<Item>({ name: "select", text: SQL.select, values: [id] }),
    item: ({ rows: [item] }) => item,
    sleep: () => next().query({ name: "sleep", text: SQL.sleep }),
    selectOrSleep: (id, isSlow) =>
      next().query<Item>({ name: "selectOrSleep", text: SQL.selectOrSleep, values: [id, isSlow] }),
    insert: async (item, note) => {
      const query = { name: "insert", text: SQL.insert, values: [item, note] };
      return (await next().query<{ id: number }>(query)).rows[0].id;
    },
    close: async () => {
      await Promise.all(clients.map((client) => client.end()));
    },
  };
}
