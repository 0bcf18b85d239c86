/** How much memory is really in use: the heap after a full collection, on each runtime without any flag. */
import process from "node:process";
import v8 from "node:v8";
import vm from "node:vm";
import { runtime } from "../harness.ts";

function collector(): () => void {
  if (runtime === "bun") {
    const { Bun } = globalThis as unknown as { Bun: { gc(isForced: boolean): void } };
    return () => Bun.gc(true);
  }
  v8.setFlagsFromString("--expose-gc");
  return vm.runInNewContext("gc") as () => void;
}

const collect: () => void = collector();

/** The bytes of the heap that are in use, after a collection. */
export async function collectedHeap(): Promise<number> {
  collect();
  // What finalizers and weak references held goes with the second.
  await new Promise((resolve) => setTimeout(resolve, 5));
  collect();
  return process.memoryUsage().heapUsed;
}
