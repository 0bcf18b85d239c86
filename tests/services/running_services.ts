/** The services of one run of the suite: those that run already, or some that live as long as the run. */
import { CONTROL_PORTS, SERVICE_NAME, type ServicesDescription } from "./description.ts";

/**
 * Uses services that run already (not in CI), or starts them for as long as this program lives.
 *
 * @returns The control endpoint's URL; disposing of it ends what was started.
 */
export async function useServices(): Promise<AsyncDisposable & { url: string }> {
  for (const port of Deno.env.get("CI") ? [] : CONTROL_PORTS) {
    const url = `http://127.0.0.1:${port}`;
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) })
      .then((response) => response.json()).catch(() => undefined) as { service?: string } | undefined;
    if (answer?.service !== SERVICE_NAME) continue;
    console.log(`Using the test services that run at ${url}`);
    return { url, async [Symbol.asyncDispose]() {} };
  }
  console.log("Starting the test services (PostgreSQL 18 and 15, a replica, Redis, PgBouncer, etcd)");
  return await startServices();
}

/**
 * Starts services for as long as this program lives.
 *
 * @param args More arguments of the supervisor, such as `["--only", "primary"]`.
 * @returns The control endpoint's URL; disposing of it ends what was started.
 */
export async function startServices(
  args: readonly string[] = [],
): Promise<AsyncDisposable & { readonly url: string }> {
  const started = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL("supervisor.ts", import.meta.url).pathname, "--with-parent", ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const url = Promise.withResolvers<string>();
  child.status.then(() => url.reject(new Error("Cannot start the test services; the reason is above")));
  const timer = setTimeout(
    () => url.reject(new Error("The test services did not start in 15 minutes")),
    900_000,
  );
  const reading = (async () => {
    let text = "";
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      await Deno.stdout.write(new TextEncoder().encode(chunk));
      text += chunk;
      const match = /^control endpoint: (\S+)$/m.exec(text);
      if (match !== null) url.resolve(match[1]);
    }
  })();
  const stop = async (): Promise<void> => {
    await child.stdin.close();
    await child.status;
    await reading;
  };
  try {
    const found = await url.promise;
    console.log(`The test services run after ${((performance.now() - started) / 1000).toFixed(1)} s`);
    return { url: found, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * What must run and does not, each with its reason. PostgreSQL can be had everywhere, so that its absence must
 * not pass as tests that were ignored.
 *
 * @param url The control endpoint.
 */
export async function missingServers(url: string): Promise<string[]> {
  const { missing } = await (await fetch(url)).json() as ServicesDescription;
  return ["primary", "replica", "pg15"].filter((name) => missing[name] !== undefined)
    .map((name) => `${name} does not run: ${missing[name]}`);
}
