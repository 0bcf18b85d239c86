/** The environment variables that steer the tests; each counts as not set where it may not be read. */

interface DenoEnvironment {
  permissions: { query(descriptor: { name: "env"; variable: string }): Promise<{ state: string }> };
  env: { get(name: string): string | undefined };
}

/**
 * The value of an environment variable, without asking the user for a permission.
 *
 * @param name Its name.
 * @returns `undefined` where it is empty, not set, or may not be read.
 */
export async function testVariable(name: string): Promise<string | undefined> {
  const deno = (globalThis as { Deno?: DenoEnvironment }).Deno;
  if (deno !== undefined) {
    const { state } = await deno.permissions.query({ name: "env", variable: name });
    return state === "granted" ? deno.env.get(name) || undefined : undefined;
  }
  const { env } = await import("node:process");
  return env[name] || undefined;
}
