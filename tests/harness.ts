/**
 * The one test function of the suite: `Deno.test` under Deno, `bun:test` under Bun, so that the same files
 * prove the same behaviour on both. What a test needs is looked for once, over the network, from the
 * supervisor in `tests/services/`; a test whose need is missing is ignored with a printed reason.
 */

/** One function under test; it fails by throwing. */
export type TestBody = () => void | Promise<void>;

/** How a test is registered. */
export interface TestOptions {
  /** A reason not to run, printed beside the test's name; `undefined` runs the test. */
  readonly ignore?: string | undefined;
  /** Milliseconds after which the test fails instead of hanging. Default 30,000. */
  readonly timeout?: number;
  /** False where a native resource outlives one test by design (an in-process PostgreSQL). Default true. */
  readonly sanitize?: boolean;
}

interface DenoTestDefinition {
  name: string;
  ignore: boolean;
  sanitizeOps: boolean;
  sanitizeResources: boolean;
  fn: TestBody;
}

interface Runtime {
  register(name: string, body: TestBody, ignore: boolean, options: TestOptions): void;
}

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
      register(name, body, ignore, options) {
        if (ignore) bun.test.skip(name, body);
        else bun.test(name, body, (options.timeout ?? 30_000) + 1_000);
      },
    };
  }
  const denoTest =
    (globalThis as unknown as { Deno: { test(definition: DenoTestDefinition): void } }).Deno.test;
  return {
    register(name, body, ignore, options) {
      const sanitize = options.sanitize ?? true;
      denoTest({ name, ignore, fn: body, sanitizeOps: sanitize, sanitizeResources: sanitize });
    },
  };
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
  const ignored = options.ignore !== undefined;
  if (ignored) console.log(`ignored: ${name}: ${options.ignore}`);
  current.register(name, () => withDeadline(name, body, options.timeout ?? 30_000), ignored, options);
}

async function withDeadline(name: string, body: TestBody, timeout: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Test "${name}" did not finish within ${timeout} ms`)),
      timeout,
    );
  });
  try {
    await Promise.race([body(), late]);
  } finally {
    clearTimeout(timer);
  }
}
