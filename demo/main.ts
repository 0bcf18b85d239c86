/**
 * Lifeguard in a few seconds, without a server: `deno task demo`, or `bun demo/main.ts`.
 *
 * @module
 */
import { Cache, column, MemoryStore, model, Pool, sql } from "../mod.ts";
import { installTriggers, Reflector } from "../reflector/mod.ts";
import { cities, type City as CityData, countries, SOURCE } from "./data.ts";
import { bold, count, duration, faint, heading, say, showSql, table, took } from "./print.ts";

const begun = performance.now();
console.log(bold("Lifeguard: a PostgreSQL pool and a typed ORM"));

const Country = model("countries", {
  code: column.text().primaryKey(),
  name: column.text(),
});

const City = model("cities", {
  id: column.integer().primaryKey(),
  name: column.text(),
  countryCode: column.text().references(() => Country.code),
  population: column.integer(),
  latitude: column.double(),
  longitude: column.double(),
}, { cache: { ttl: 600 } }); // only where the pool has a cache: see the last part

await using pool = new Pool("pglite:");

heading("A database", 'new Pool("pglite:") runs PostgreSQL inside this process');
{
  const started = performance.now();
  await pool.connect();
  const version = await pool.value<string>(sql`show server_version`);
  took(`PostgreSQL ${version} is up, its data in memory`, started);
}

heading("Real data", "each batch is one statement with arrays as parameters");
{
  await pool.execute(sql`create table countries (code text primary key, name text not null)`);
  await pool.execute(sql`
    create table cities (
      id integer primary key,
      name text not null,
      country_code text not null references countries (code),
      population integer not null,
      latitude double precision not null,
      longitude double precision not null
    )`);
  const started = performance.now();
  await pool.transaction(async (tx) => {
    await tx.execute(sql`
      insert into countries
      select * from unnest(${countries.map((country) => country.code)}::text[],
                           ${countries.map((country) => country.name)}::text[])`);
    for (let from = 0; from < cities.length; from += 5_000) {
      const batch = cities.slice(from, from + 5_000);
      const all = <Name extends keyof CityData>(name: Name) => batch.map((city) => city[name]);
      await tx.execute(sql`
        insert into cities
        select * from unnest(${all("id")}::int[], ${all("name")}::text[], ${all("countryCode")}::text[],
                             ${all("population")}::int[], ${all("latitude")}::float8[], ${
        all("longitude")
      }::float8[])`);
    }
  });
  took(`${count(cities.length)} cities in ${countries.length} countries stored`, started);
  say(faint(`Source: ${SOURCE}`));
}

heading("sql", "values are bound, never pasted; columns of models are fragments");
{
  const least = 1_000_000;
  const statement = sql<{ country: string; cities: number; inhabitants: bigint; largest: string }>`
    select ${Country.name} as country,
           count(*)::int as cities,
           sum(${City.population}) as inhabitants,
           (array_agg(${City.name} order by ${City.population} desc))[1] as largest
    from ${City} join ${Country} on ${Country.code} = ${City.countryCode}
    where ${City.population} >= ${least}
    group by ${Country.code}
    order by inhabitants desc
    limit ${5}`;
  showSql(statement);
  const started = performance.now();
  const rows = await pool.query(statement);
  table(rows);
  took(`${rows.length} rows`, started);
}

heading("A model", "rows are typed by their columns and immutable");
{
  const store = City.on(pool);
  const started = performance.now();
  const query = store.find()
    .where(City.countryCode.eq("NZ"))
    .where(City.population.between(50_000, 500_000))
    .orderBy(City.population.desc())
    .limit(5);
  showSql(query.toSQL());
  const found = await query.all();
  table(found.map(({ name, population, latitude }) => ({ name, population, latitude: latitude.toFixed(2) })));
  const bay = await store.insert({
    id: 1,
    name: "Lifeguard Bay",
    countryCode: "NZ",
    population: 2,
    latitude: -36.8,
    longitude: 174.9,
  });
  const again = await store.findById(bay.id);
  say(`insert() gave ${JSON.stringify(bay.name)}, findById(${bay.id}) gives ${JSON.stringify(again?.name)}`);
  took("found, inserted, found again", started);
}

heading("A transaction", "what throws is rolled back, and the error reaches the caller");
{
  const inhabitants = sql`select sum(population)::int as n from ${City} where country_code = 'IS'`;
  const seen: { when: string; "inhabitants of Iceland": number }[] = [];
  const look = async (when: string, on: Pick<typeof pool, "value">): Promise<void> => {
    seen.push({ when, "inhabitants of Iceland": await on.value<number>(inhabitants) });
  };
  const started = performance.now();
  await look("before", pool);
  try {
    await pool.transaction(async (tx) => {
      await tx.execute(sql`update ${City} set population = population * 2 where country_code = 'IS'`);
      await look("inside", tx);
      await tx.execute(sql`insert into cities select * from cities where country_code = 'IS'`);
    });
  } catch (error) {
    say(`${(error as Error).name}: ${(error as Error).message}`);
  }
  await look("after", pool);
  table(seen);
  took("begun, failed, rolled back", started);
}

heading("A stream", "rows come in portions while you read, with back-pressure");
{
  const started = performance.now();
  let rows = 0;
  let south = { name: "", latitude: 90 };
  for await (
    const city of pool.stream(sql<{ name: string; latitude: number }>`select name, latitude from cities`)
  ) {
    rows++;
    if (city.latitude < south.latitude) south = city;
  }
  say(
    `The southernmost of ${count(rows)} cities is ${south.name}, at ${
      Math.abs(south.latitude).toFixed(2)
    }° south`,
  );
  took("read one by one", started);
}

heading("LISTEN and NOTIFY", "every subscriber shares one connection");
{
  const started = performance.now();
  const { promise: arrived, resolve } = Promise.withResolvers<string>();
  await using _subscription = await pool.listen("city_news", (payload) => resolve(payload));
  await pool.notify("city_news", "Lifeguard Bay has a lighthouse");
  say(`Heard on "city_news": ${await arrived}`);
  took("sent and heard", started);
}

heading("pool.stats()", "what the pool is doing at this moment");
{
  const store = City.on(pool);
  const ids = cities.slice(0, 1_000).map((city) => city.id);
  const started = performance.now();
  const lookups = ids.map((id) => store.findById(id));
  const look = (when: string): Record<string, unknown> => {
    const { size, idle, busy, reserved, healing, waiting, inFlight } = pool.stats();
    return { when, size, idle, busy, reserved, healing, waiting, inFlight };
  };
  const during = look(`${count(ids.length)} lookups asked for`);
  const found = await Promise.all(lookups);
  table([during, look("all of them answered")]);
  took(`${count(found.filter((city) => city !== undefined).length)} rows found by their keys`, started);
}

heading("A cache that never lies", "no Redis here: a store in memory, and a reflector in this process");
{
  const store = new MemoryStore();
  await installTriggers(pool, { tables: ["cities"], cascades: "ignore" });
  await using cache = new Cache(pool, { store, nearRows: 0 });
  await using reflector = new Reflector({ database: pool, store });
  await reflector.start();
  const id = 2_950_159; // Berlin
  const steps: { what: string; population: number; from: string; took: string }[] = [];
  const read = async (what: string): Promise<void> => {
    const before = cache.stats();
    const started = performance.now();
    const population = (await City.findById(id, pool))!.population;
    const lasted = duration(performance.now() - started);
    const from = cache.stats().hits > before.hits ? "cache" : "PostgreSQL";
    steps.push({ what, population, from, took: lasted });
  };
  await read("nothing is trusted yet");
  let started = performance.now();
  await cache.ready();
  took("a canary has come through the stream of changes: the cache is trusted", started);
  await read("first read: a miss, which is kept");
  while (cache.stats().fills.stored === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await read("second read: a hit");
  // Not through the model: the cache hears of it from the database alone.
  started = performance.now();
  await pool.execute(sql`update cities set population = population + 1 where id = ${id}`);
  while (reflector.status().counters.refreshes === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  took("somebody else's UPDATE was heard, voided and read again", started);
  await read("after the UPDATE");
  await reflector.stop();
  started = performance.now();
  while (cache.stats().trusted) await new Promise((resolve) => setTimeout(resolve, 5));
  took("the reflector was stopped: no canary, no trust", started);
  await read("without a reflector");
  table(steps);
}

await pool.close();
console.log(`\n${bold("Done")} in ${duration(performance.now() - begun)}. Read demo/main.ts to see how.`);
