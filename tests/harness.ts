/**
 * The one test function of the suite: `Deno.test` under Deno, `bun:test` under Bun, so that the same files
 * prove the same behaviour on both. What a test needs is looked for once, over the network, from the
 * supervisor in `tests/services/`; a test whose need is missing is ignored with a printed reason.
 */

import { inTime } from "./awake_time.ts";

/** One function under test; it fails by throwing. */
export type TestBody = () => void | Promise<void>;

/** What a user may grant beside the network, by the name of Deno's flag: `--allow-read`, … */
export type Grant = "read" | "write" | "env" | "sys" | "run";

/** How a test is registered. */
export interface TestOptions {
  /** A reason not to run, printed beside the test's name; `undefined` runs the test. */
  readonly ignore?: string | undefined;
  /** Milliseconds of awake time after which the test fails instead of hanging. Default 30,000. */
  readonly timeout?: number;
  /** False where a native resource outlives one test by design (an in-process PostgreSQL). Default true. */
  readonly sanitize?: boolean;
  /**
   * Everything that Deno grants to this test beside the network. `["read"]` is ignored where the run may not
   * read; `[]` proves what happens under `--allow-net` alone, and is ignored on Bun, which grants everything.
   * By default a test may do what the run may do.
   */
  readonly allow?: readonly Grant[];
  /**
   * Takes long and would show the same on any runtime, such as what runs in processes of its own: Bun's run of the
   * suite leaves it to Deno's. Default false.
   */
  readonly once?: boolean;
}

interface DenoTestDefinition {
  name: string;
  ignore: boolean;
  sanitizeOps: boolean;
  sanitizeResources: boolean;
  permissions?: Partial<Record<Grant | "net" | "ffi" | "import", "inherit" | false>>;
  fn: TestBody;
}

interface DenoApi {
  test(definition: DenoTestDefinition): void;
  permissions: { query(descriptor: { name: Grant }): Promise<{ state: string }> };
}

interface Runtime {
  /** What the run grants beside the network. */
  readonly granted: ReadonlySet<Grant>;
  register(name: string, body: TestBody, ignore: boolean, options: TestOptions): void;
}

const GRANTS: readonly Grant[] = ["read", "write", "env", "sys", "run"];

/** The runtime the suite runs on. */
export const runtime: "deno" | "bun" = "Bun" in globalThis ? "bun" : "deno";

async function findRuntime(): Promise<Runtime> {
  if (runtime === "bun") {
    const name = "bun:test";
    const bun = await import(name) as {
      test: {
        (name: string, body: TestBody, timeout: number): void;
        skip(name: string, body: TestBody): void;
      };
    };
    return {
      granted: new Set(GRANTS),
      register(name, body, ignore, options) {
        if (ignore) bun.test.skip(name, body);
        else bun.test(name, body, 2 * (options.timeout ?? 30_000) + 30_000);
      },
    };
  }
  const deno = (globalThis as unknown as { Deno: DenoApi }).Deno;
  const states = await Promise.all(GRANTS.map((name) => deno.permissions.query({ name })));
  return {
    granted: new Set(GRANTS.filter((_, index) => states[index].state === "granted")),
    register(name, body, ignore, { sanitize = true, allow }) {
      const definition = { name, ignore, fn: body, sanitizeOps: sanitize, sanitizeResources: sanitize };
      deno.test(allow === undefined ? definition : { ...definition, permissions: permissions(allow) });
    },
  };
}

function permissions(allow: readonly Grant[]): DenoTestDefinition["permissions"] {
  const grants = GRANTS.map((name) => [name, allow.includes(name) ? "inherit" : false] as const);
  return { net: "inherit", import: "inherit", ffi: false, ...Object.fromEntries(grants) };
}

const current: Runtime = await findRuntime();

/**
 * Registers a test. Its name is the symbol and its behaviour: `Pool.query() rejects with … when …`.
 *
 * @param name What is tested.
 * @param options How; see {@link TestOptions}.
 * @param body The test.
 */
export function test(name: string, options: TestOptions, body: TestBody): void;
export function test(name: string, body: TestBody): void;
export function test(name: string, second: TestOptions | TestBody, third?: TestBody): void {
  const options = typeof second === "function" ? {} : second;
  const body = typeof second === "function" ? second : third!;
  const reason = options.ignore ?? leftToDeno(options) ?? missingGrant(options.allow);
  const ignored = reason !== undefined;
  if (ignored) console.log(`ignored: ${name}: ${reason}`);
  current.register(name, () => withDeadline(name, body, options.timeout ?? 30_000), ignored, options);
}

function leftToDeno({ once = false }: TestOptions): string | undefined {
  return once && runtime === "bun" ? "it takes long, and Deno's run of the suite has it" : undefined;
}

function missingGrant(allow: readonly Grant[] | undefined): string | undefined {
  if (allow === undefined) return undefined;
  if (runtime === "bun") {
    return allow.length === 0 ? "Bun has no permissions that could be refused" : undefined;
  }
  const missing = allow.filter((name) => !current.granted.has(name));
  return missing.length > 0 ? `run with ${missing.map((name) => `--allow-${name}`).join(" ")}` : undefined;
}

async function withDeadline(name: string, body: TestBody, timeout: number): Promise<void> {
  const running = async (): Promise<void> => await body();
  await inTime(running(), timeout, () => `Test "${name}" did not finish within ${timeout} ms`);
}
