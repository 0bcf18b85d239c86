import assert from "node:assert/strict";
import type { ChangeBatch, ChangeSource, SourceBacklog } from "../../../reflector/mod.ts";
import { test } from "../../harness.ts";
import { needs } from "../../services/client.ts";
import { eventually, LiveCache } from "../live_cache.ts";

/** A source that says what it is told to, and gives canaries back at once. */
class EchoSource implements ChangeSource {
  readonly kind = "notify";
  /** Where the first commit ends that it has read and does not hand out. */
  hidden: bigint | undefined;
  #queue: ChangeBatch[] = [];
  #wake: (() => void) | undefined;

  open(): Promise<void> {
    return Promise.resolve();
  }
  async *batches(signal: AbortSignal): AsyncIterable<ChangeBatch> {
    signal.addEventListener("abort", () => this.#wake?.());
    while (!signal.aborted) {
      const batch = this.#queue.shift();
      if (batch !== undefined) yield batch;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
  canary(id: string): Promise<void> {
    this.#queue.push({ changes: [], canaries: [id], hidden: this.hidden });
    this.#wake?.();
    return Promise.resolve();
  }
  applied(): void {}
  backlog(): Promise<SourceBacklog> {
    return Promise.resolve({ alarms: [] });
  }
  async [Symbol.asyncDispose](): Promise<void> {}
}

test("Reign keeps the watermark below a commit that nobody can see yet", needs("primary"), async () => {
  const source = new EchoSource();
  await using live = await LiveCache.open({ ddl: "", source: () => source });
  const { lsn } = await live.canaries();
  source.hidden = lsn + 1_000_000_000n;
  await live.canaries();
  const before = await live.watermark();
  source.hidden = before.lsn + 1n;
  await live.run(`create table t (id int)`);
  const held = await live.canaries(3);
  assert.ok(held.seq > before.seq);
  assert.ok(held.lsn < source.hidden);
  source.hidden = undefined;
  assert.ok((await live.canaries()).lsn > held.lsn);
});

test(
  "Reign says no number before what was hidden at its take-over can be seen",
  needs("primary"),
  async () => {
    const source = new EchoSource();
    source.hidden = 1n;
    const opening = LiveCache.open({ ddl: "", source: () => source, observer: { timed: () => asked++ } });
    let asked = 0;
    // Its questions show that it sends canaries, three of them here at least.
    await eventually(() => asked > 12, "it asks where the log is");
    let isTrusted = false;
    void opening.then(() => isTrusted = true);
    await new Promise((resolve) => setTimeout(resolve, 600));
    assert.equal(isTrusted, false);
    source.hidden = undefined;
    await using live = await opening;
    assert.ok((await live.watermark()).seq > 0);
  },
);
