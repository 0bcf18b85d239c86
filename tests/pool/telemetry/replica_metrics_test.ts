/** Metrics of replicas, collected by a real SDK. */
import assert from "node:assert/strict";
import { Pool } from "../../../pool/mod.ts";
import { test } from "../../harness.ts";
import { needs, server } from "../../services/client.ts";
import { inState } from "../replicas/replica_pair.ts";
import { recordMetrics, SDK } from "./recorded.ts";

test(
  "Replicas' lag is measured in bytes and seconds, and those that may be read from are counted",
  { ...needs("primary", "replica"), ...SDK },
  async () => {
    const { meterProvider, collect } = recordMetrics();
    const { host, port } = server("replica");
    await using pool = new Pool({
      url: server("primary").url,
      replicas: [{ host, port }],
      max: 1,
      meterProvider,
      replicaCheckInterval: 50,
    });
    await pool.connect();
    await inState(pool, "healthy");
    const found = await collect();
    const attributes = {
      "pool_tier": "replica-1",
      "db.namespace": server("primary").database,
      "server.address": host,
      "server.port": port,
    };
    for (const name of ["lifeguard_replica_lag_bytes", "lifeguard_replica_lag_seconds"]) {
      const [series, ...others] = found.get(name)!;
      assert.deepEqual(series.attributes, attributes);
      assert.ok(Number(series.value) >= 0);
      assert.deepEqual(others, []);
    }
    assert.deepEqual(found.get("lifeguard_replicas_healthy"), [
      { attributes: { "db.namespace": server("primary").database }, value: 1 },
    ]);
  },
);
