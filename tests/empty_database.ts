/**
 * An empty embedded database, made once for a whole run: each worker of Deno is a new program to which the engine is
 * new, and making its first database takes longer than most tests.
 */
import { join } from "node:path";
import { namedMemories, startPgliteEngine } from "../pool/wire/transport/pglite_engine.ts";

/** What Deno's tests load first, so that databases in memory begin as copies. */
export interface EmptyDatabase extends AsyncDisposable {
  /** The path of the module to preload. It asks for no permission: its data is a part of the module graph. */
  readonly preload: string;
}

/** Makes an empty database; its files are removed at the end of its scope. */
export async function emptyDatabase(): Promise<EmptyDatabase> {
  const folder = await Deno.makeTempDir({ prefix: "lifeguard-empty-" });
  const preload = join(folder, "preload.js");
  await Deno.writeFile(join(folder, "data.tar"), await emptyData());
  await Deno.writeTextFile(
    preload,
    preloadSource(import.meta.resolve("../pool/wire/transport/pglite_engine.ts")),
  );
  return { preload, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

async function emptyData(): Promise<Uint8Array> {
  const name = "empty";
  const memory: Parameters<typeof namedMemories.set>[1] = {};
  namedMemories.set(name, memory);
  try {
    const engine = await startPgliteEngine(name);
    const data = await memory.takeSnapshot!();
    await engine.close();
    return new Uint8Array(await data.arrayBuffer());
  } finally {
    namedMemories.delete(name);
  }
}

/** Loads the data when it is first needed, which in most test files it never is. */
function preloadSource(engine: string): string {
  return `import { emptyMemory } from "${engine}";
let data;
emptyMemory.snapshot = () =>
  data ??= import("./data.tar", { with: { type: "bytes" } }).then((file) => new Blob([file.default]));
`;
}
