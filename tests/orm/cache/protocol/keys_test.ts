import assert from "node:assert/strict";
import {
  crc16,
  documentKey,
  lookupKey,
  rowKey,
  shardOf,
  SHARDS,
  tableText,
  taggedKey,
  watermarkKey,
} from "../../../../orm/cache/protocol/keys.ts";
import { test } from "../../../harness.ts";

test("rowKey(), lookupKey() and their kin name what a store holds", () => {
  const table = tableText("public", "users");
  assert.equal(rowKey(table, { id: "42" }), "lifeguard:model:public.users:42");
  assert.equal(
    lookupKey(table, { columns: ["first", "last"], id: "Ada,Lovelace", prefix: "app:" }),
    "app:lookup:public.users:first+last:Ada,Lovelace",
  );
  assert.equal(watermarkKey(), "lifeguard:watermark");
  assert.equal(documentKey("coverage", "app:"), "app:document:coverage");
});

test("tableText() gives different tables different texts, without a line's end or a tab", () => {
  const texts = [["a.b", "c"], ["a", "b.c"], ["a\\", "b.c"], ["a:b", "c"], ["a", "b\tc"], ["a", "b\nc"], [
    "a",
    "b\\tc",
  ]]
    .map(([schema, table]) => tableText(schema, table));
  assert.equal(new Set(texts).size, texts.length);
  for (const text of texts) assert.doesNotMatch(text, /[\n\t]/);
});

test("crc16() is the checksum of Redis Cluster's specification", () => {
  assert.equal(crc16("123456789"), 0x31c3);
  assert.equal(crc16(""), 0);
});

test("shardOf() spreads keys over all shards, and taggedKey() puts the tag behind the prefix", () => {
  const counts = new Array<number>(SHARDS).fill(0);
  for (let id = 0; id < 16_000; id++) counts[shardOf(rowKey("public.users", { id: `${id}` }))]++;
  assert.ok(counts.every((count) => count > 700 && count < 1_300), counts.join(" "));
  const key = rowKey("public.users", { id: "42", prefix: "app:" });
  assert.equal(taggedKey(key, { shard: 7, prefix: "app:" }), "app:{07}:model:public.users:42");
});
