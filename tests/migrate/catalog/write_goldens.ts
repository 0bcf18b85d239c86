/**
 * Writes what the reader says of the rich schema to `goldens/`, to be looked at before it is committed:
 * `deno run -A tests/migrate/catalog/write_goldens.ts`.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { readCatalog } from "../../../migrate/catalog/read_catalog.ts";
import { catalogJson } from "./golden.ts";
import { richSchema } from "./rich_schema.ts";
import { SERVERS, withDatabase } from "./servers.ts";

const folder = new URL("./goldens/", import.meta.url);
await mkdir(folder, { recursive: true });
for (const [server, version] of SERVERS) {
  const json = await withDatabase(
    server,
    richSchema(version),
    async (pool) => catalogJson(await readCatalog(pool)),
  );
  await writeFile(new URL(`rich_${version}.json`, folder), `${JSON.stringify(json, null, 2)}\n`);
}
