/** What dashboards and docs say of metrics, compared with what a pool with a replica, a cache and a reflector really tell. */
import assert from "node:assert/strict";
import dashboardText from "../../docs/dashboards/lifeguard.json" with { type: "text" };
import page from "../../docs/observability.md" with { type: "text" };
import { Cache, column, MemoryStore, model, Pool, sql } from "../../mod.ts";
import { installTriggers, Reflector } from "../../reflector/mod.ts";
import { processMetrics } from "../../reflector/telemetry/process_metrics.ts";
import { prometheus } from "../../reflector/telemetry/prometheus.ts";
import { reflectorMetrics } from "../../reflector/telemetry/reflector_metrics.ts";
import { test } from "../harness.ts";
import { settled, until } from "../pool/tier/pools.ts";
import { SDK } from "../pool/telemetry/recorded.ts";
import { freshDatabase, needs, proxy, server } from "../services/client.ts";

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly query: string | { readonly query: string } }[] };
}

/** Every query of the dashboard, and the labels that its legends show. */
function dashboardQueries(): { readonly queries: string[]; readonly shown: string[] } {
  const { panels, templating } = JSON.parse(dashboardText as unknown as string) as Dashboard;
  const targets = panels.flatMap((panel) => panel.targets ?? []);
  const variables = templating.list.flatMap(({ query }) => typeof query === "string" ? [] : [query.query]);
  return {
    queries: [...targets.map(({ expr }) => expr), ...variables],
    shown: targets.flatMap(({ legendFormat }) =>
      [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label)
    ),
  };
}

/** Metrics that a query names, without what Prometheus adds to a histogram's. */
function namesIn(query: string): string[] {
  return [...query.matchAll(/\b(?:lifeguard|reflector|process)_\w+/g)]
    .map(([name]) => name)
    .filter((name) => !LABELS_LIKE_METRICS.includes(name))
    .map((name) => name.replace(/(_seconds|_time)_(?:bucket|sum|count)$/, "$1"));
}

const LABELS_LIKE_METRICS = ["lifeguard_cache_prefix"];

/** Labels that a query groups or chooses by. */
function labelsIn(query: string): string[] {
  return [
    ...[...query.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, list]) => list.split(/, */)),
    ...[...query.matchAll(/[{,](\w+)=~?"/g)].map(([, label]) => label),
    ...[...query.matchAll(/label_values\(\w+, (\w+)\)/g)].map(([, label]) => label),
  ];
}

const User = model("users", { id: column.integer().primaryKey() }, { cache: 60 });

/** What Prometheus reads of a pool with a replica, a cache and a reflector, to each of which everything has happened. */
async function scraped(): Promise<string> {
  await using resources = new AsyncDisposableStack();
  const exporter = resources.use(prometheus());
  const meterProvider = exporter.provider;
  const { url } = resources.use(await freshDatabase());
  const gate = resources.use(await proxy("primary"));
  const { host, port } = server("replica");

  const pool = resources.use(
    new Pool({
      url: gate.url(url),
      replicas: [{ host, port }],
      max: 2,
      maxLifetime: "2s",
      maxLifetimeJitter: 0,
      replicaCheckInterval: 50,
      logger: {},
      meterProvider,
    }),
  );
  await pool.execute(sql`create table users (id integer primary key)`);
  await pool.execute(sql`insert into users values (1)`);
  await installTriggers(pool, { tables: ["users"] });

  const store = new MemoryStore();
  const cache = resources.use(new Cache(pool, { store, meterProvider, logger: { warn: () => {} } }));
  const metrics = reflectorMetrics(meterProvider);
  processMetrics(meterProvider);
  const reflector = resources.use(
    new Reflector({ database: url, store, source: "notify", observer: metrics.observer }),
  );
  // Only `logical` has a slot.
  metrics.watch(() => ({ ...reflector.status(), lag: { ...reflector.status().lag, walBytes: 0 } }));
  await reflector.start();
  assert.ok(await cache.ready());
  await User.findById(1, pool);

  const small = resources.use(
    new Pool({ url, max: 1, acquireTimeout: 50, logger: {}, meterProvider }),
  );
  await small.connect();
  await settled([small.query(sql`select 1 / ${0}::int`)]);
  {
    await using _held = await small.reserve();
    await settled([small.query(sql`select 1`)]);
  }
  // Somebody else's change.
  await small.execute(sql`insert into users values (2)`);
  await gate.reset();

  let text = "";
  const happened = (name: string): boolean => new RegExp(`^${name}\\{[^}]*\\} [1-9]`, "m").test(text);
  await until("everything has happened", async () => {
    await User.findById(1, pool);
    text = await exporter.text();
    return ["lifeguard_heals_total", "lifeguard_rotations_total", "lifeguard_replicas_healthy"].every(
      happened,
    );
  }, 30_000);
  return text;
}

test(
  "docs/dashboards/lifeguard.json and docs/observability.md have the metrics that are there, and no others",
  { ...needs("primary", "replica"), allow: [...SDK.allow, "sys"], timeout: 60_000 },
  async () => {
    const text = await scraped();
    const there = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name).toSorted();
    const labels = new Set([...text.matchAll(/[{,](\w+)="/g)].map(([, label]) => label));
    // Who scrapes adds this one.
    labels.add("instance");

    const documented = [...page.matchAll(/^\| `((?:lifeguard|reflector|process)_\w+)` +\|/gm)]
      .map(([, name]) => name);
    assert.deepEqual(documented.toSorted(), there, "the tables of docs/observability.md");

    const { queries, shown } = dashboardQueries();
    assert.deepEqual([...new Set(queries.flatMap(namesIn))].toSorted(), there, "the dashboard");
    const named = [...shown, ...queries.flatMap(labelsIn)];
    assert.deepEqual(named.filter((label) => !labels.has(label)), [], "labels that no metric has");
    console.log(`${there.length} metrics, ${queries.length} queries, ${labels.size} labels`);
  },
);

test("docs/dashboards/lifeguard.json asks histograms for their buckets, and counters for their growth", () => {
  const { queries } = dashboardQueries();
  assert.ok(queries.length > 30);
  for (const query of queries) {
    const counters = query.match(/\b\w+_total\b/g) ?? [];
    const grown = query.match(/\b(?:rate|increase)\(\w+_total\b/g) ?? [];
    assert.equal(grown.length, counters.length, query);
    if (query.includes("histogram_quantile")) assert.match(query, /sum by \(le\b.*_bucket/, query);
  }
});
