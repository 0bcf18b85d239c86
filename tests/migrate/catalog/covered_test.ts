/** That nothing a database has is passed over. */
import assert from "node:assert/strict";
import { CatalogDraft } from "../../../migrate/catalog/catalog_draft.ts";
import { readDraft } from "../../../migrate/catalog/read_catalog.ts";
import { sql } from "../../../pool/sql/sql.ts";
import { test } from "../../harness.ts";
import { needs } from "../../services/client.ts";
import { richSchema } from "./rich_schema.ts";
import { SERVERS, withDatabase } from "./servers.ts";

/** What has an OID and is neither a definition nor a database's own: data, roles, databases, tablespaces, settings. */
const OTHERS = [
  "pg_authid",
  "pg_auth_members",
  "pg_database",
  "pg_enum",
  "pg_largeobject_metadata",
  "pg_parameter_acl",
  "pg_tablespace",
];

interface Unknown {
  readonly catalog: number;
  readonly oid: number;
  readonly name: string;
}

for (const [server, version] of SERVERS) {
  test(
    `readCatalog() covers every row of every catalog (${version})`,
    { ...needs(server), timeout: 60_000 },
    async () => {
      await withDatabase(server, richSchema(version), async (pool) => {
        const catalogs = await pool.query<{ name: string; oid: number }>(sql`
          select c.relname as name, c.oid from pg_class c join pg_attribute a on a.attrelid = c.oid
          where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind = 'r' and a.attname = 'oid'
            and c.relname <> all (${OTHERS}) order by 1`);
        assert.ok(catalogs.length > 30, `${catalogs.length} catalogs`);
        const rows = await pool.query<Unknown>(sql.unsafe(
          catalogs.map(({ name, oid }) =>
            `select ${oid}::oid as catalog, oid, '${name}' as name from ${name} where oid >= 16384${
              name === "pg_class" ? " and relnamespace <> 'pg_toast'::regnamespace" : ""
            }${
              // Triggers that keep foreign keys are internal to them.
              name === "pg_trigger" ? " and not (tgisinternal and tgconstraint <> 0)" : ""}`
          ).join(" union all "),
        ));
        const draft = await pool.transaction((tx) => readDraft(tx, version), {
          settings: { search_path: "" },
        });
        assert.ok(draft instanceof CatalogDraft);
        const passedOver = rows.filter(({ catalog, oid }) => !draft.covers(catalog, oid));
        const described = await pool.query(sql`
          select pg_describe_object(catalog, oid, 0) as what
          from unnest(${passedOver.map(({ catalog }) => catalog)}::oid[], ${
          passedOver.map(({ oid }) => oid)
        }::oid[])
            as passed(catalog, oid)`);
        assert.deepEqual(described, []);
        const seen = new Set(rows.map(({ name }) => name));
        const empty = catalogs.map(({ name }) => name).filter((name) => !seen.has(name));
        console.log(
          `${rows.length} rows of ${seen.size} catalogs are covered; without rows were ${empty.join(", ")}`,
        );
        assert.ok(seen.size >= 24, `${[...seen]}`);
      });
    },
  );
}
