/** What is said over the sessions that are recorded: every kind of answer that a server has. */
import type { Session } from "../../pool/wire/session/session.ts";
import { copyIn } from "../../pool/wire/stream/copy_in.ts";
import { copyOut } from "../../pool/wire/stream/copy_out.ts";
import { openRowStream } from "../../pool/wire/stream/row_stream.ts";
import { rowsOf, type RunOptions } from "../pool/wire/session/fake_backend.ts";
import type { Conversation } from "./recorded_session.ts";

/** What statements that are sent together come to: rows, or the error with all of its fields. */
async function outcomes(
  session: Session,
  ...statements: readonly (readonly [text: string, values?: readonly unknown[], options?: RunOptions])[]
): Promise<unknown[]> {
  const all = statements.map(([text, values, options]) => rowsOf(session, text, values, options));
  const settled = await Promise.allSettled(all);
  return settled.map((one) =>
    one.status === "fulfilled" ? one.value : { ...one.reason, text: String(one.reason) }
  );
}

const READ = { readOnly: true };
const VALUES = `select 7::int4 as i, -9e18::int8 as b, 'äöü€😀' as t, true as o, 1.5::float8 as f,
  12345678901234567890.123::numeric as n, '2024-02-29 12:34:56.789012+02'::timestamptz as z, 'infinity'::date as d,
  '{"a": [1, null]}'::jsonb as j, '\\x00ff0a'::bytea as y, array[[1, null], [3, 4]] as a, null::text as e`;

/** The conversations, by their names. */
export const CONVERSATIONS: Readonly<Record<string, Conversation>> = {
  queries: async (session) => [
    await outcomes(session, [VALUES], [VALUES], ["select $1::int as n, $2::text as t", [5, "five"]]),
    await outcomes(
      session,
      ["select n from generate_series(1, $1::int) as n", [40], READ],
      ["select 1 where false", [], READ],
      ["begin"],
      ["create temp table t (id int primary key, body text) on commit drop"],
      ["insert into t select n, repeat('x', n) from generate_series(1, 5) as n returning id, body"],
      ["commit"],
    ),
  ],
  errors: async (session) => [
    await outcomes(session, ["select 1 / (1 - $1::int) as q", [0]], ["selec"], ["select $1::int as n", [1]]),
    await outcomes(
      session,
      ["select 1 / (1 - $1::int) as q", [0], READ],
      ["select 1 / (1 - $1::int) as q", [1], READ],
      ["select $1::int as n", [2], READ],
      ["create temp table t (id int primary key)"],
      ["insert into t values (1), (1)"],
      ["select missing from t"],
      ["do $$ begin raise exception 'no' using detail = 'd', hint = 'h', errcode = 'LG001'; end $$"],
      ["begin"],
      ["select 1 / 0"],
      ["select 1"],
      ["rollback"],
      ["select 3 as n"],
    ),
  ],
  COPY: async (session) => {
    const lines = Array.from({ length: 30 }, (_, n) => `${n}\tline ${n} ${"y".repeat(n)}\n`).join("");
    const bytes = async (text: string): Promise<string> => await new Response(copyOut(session, text)).text();
    await outcomes(session, ["create temp table t (id int, body text)"]);
    return [
      await copyIn(session, "copy t from stdin", lines),
      await bytes("copy t to stdout"),
      await copyIn(session, "copy t from stdin", "no\trow\n").catch(String),
      await bytes("copy (select 1 / (n - 8) from generate_series(1, 20) as n) to stdout").catch(String),
      await outcomes(session, ["select count(*) as n from t"]),
    ];
  },
  notices: async (session) =>
    await outcomes(
      session,
      ["listen lifeguard_cut"],
      ["set application_name to 'first'"],
      ["do $$ begin for n in 1..5 loop raise notice 'notice %', n using hint = 'h'; end loop; end $$"],
      ["select pg_notify('lifeguard_cut', n::text) from generate_series(1, 5) as n"],
      ["begin"],
      ["set local time zone 'UTC'"],
      ["notify lifeguard_cut, 'last'"],
      ["commit"],
      ["do $$ begin raise warning 'w'; raise exception 'e'; end $$"],
      ["set application_name to 'second'"],
      ["select 1 as n"],
    ),
  "large rows": async (session) => {
    const streamed: unknown[] = [];
    const text = "select n, repeat(chr(64 + n), 200) as t from generate_series(1, 6) as n";
    for await (const row of openRowStream(session, text, [], { batchSize: 2 })) streamed.push(row);
    return [
      await outcomes(session, [
        "select repeat('€', 300) as a, decode(repeat('00ff', 300), 'hex') as b, 1 as n",
      ]),
      streamed,
      await outcomes(session, ["select 2 as n"]),
    ];
  },
};
