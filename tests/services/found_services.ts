/** The services that answer, looked for once when this is loaded, and requests to them. */
import { testVariable } from "../variables.ts";
import {
  CONTROL_PORTS,
  CONTROL_VARIABLE,
  NO_SERVICES,
  SERVICE_NAME,
  type ServicesDescription,
  type SharedService,
} from "./description.ts";

/** The services that answer, and where. */
export interface Services extends ServicesDescription {
  /** The URL of the control endpoint. */
  readonly controlUrl: string;
}

interface DenoPermissions {
  permissions: {
    query(descriptor: { name: "net"; host: string }): Promise<{ state: string }>;
  };
}

const deno: DenoPermissions | undefined = (globalThis as { Deno?: DenoPermissions }).Deno;

const result: { services?: Services; reason: string } = await findServices();

/** The services that run, or `undefined`. */
export const found: Services | undefined = result.services;

const { reason } = result;

/** What a test may need: a shared service, or the means to make something of its own. */
export type Need = SharedService | "control" | "link" | "isolatedRedis" | "etcd";

/**
 * The options of a test that needs services: `test(name, needs("primary"), body)`, or spread into others. The
 * test is ignored, with the reason printed, where one of them does not run.
 */
export function needs(...names: Need[]): { ignore?: string } {
  if (found === undefined) return { ignore: reason };
  for (const name of names) {
    if (name === "control" || found.servers[name] !== undefined) continue;
    if (name === "isolatedRedis" || name === "etcd") {
      const program = name === "etcd" ? "etcd" : "redis";
      if (found.isolated?.includes(program)) continue;
      return {
        ignore: `no ${program} of its own: ${found.missing[program] ?? "the supervisor does not know it"}`,
      };
    }
    if (name === "link") {
      if (found.links) continue;
      return {
        ignore: `no link that drops packets: ${found.missing.link ?? "the supervisor does not know it"}`,
      };
    }
    return { ignore: `${name} does not run: ${found.missing[name] ?? "the supervisor does not know it"}` };
  }
  return {};
}

/** The services; throws where none run. */
export function running(): Services {
  if (found === undefined) throw new Error(`Cannot use the test services: ${reason}`);
  return found;
}

/** Asks the control endpoint; throws what it refuses. */
export async function request(method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(running().controlUrl + path, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(90_000),
  });
  const answer = await response.json() as { error?: string };
  if (!response.ok) throw new Error(`The test services refused ${method} ${path}: ${answer.error}`);
  return answer;
}

async function findServices(): Promise<{ services?: Services; reason: string }> {
  const named = await testVariable(CONTROL_VARIABLE);
  if (named === NO_SERVICES) return { reason: "the run was to use no test services" };
  const urls = named !== undefined ? [named] : CONTROL_PORTS.map((port) => `http://127.0.0.1:${port}`);
  let isDenied = false;
  for (const controlUrl of urls) {
    if (!await mayConnect(controlUrl)) {
      isDenied = true;
      continue;
    }
    try {
      const response = await fetch(controlUrl, { signal: AbortSignal.timeout(5_000) });
      const description = await response.json() as ServicesDescription;
      if (description.service === SERVICE_NAME) {
        return { services: { ...description, controlUrl }, reason: "" };
      }
    } catch {
      // Nobody there, or somebody else.
    }
  }
  if (named !== undefined) return { reason: `no test services answer at ${CONTROL_VARIABLE}="${named}"` };
  return {
    reason: isDenied
      ? "no permission to look for test services; run with --allow-net"
      : "no test services run; start them with `deno task services`, or use `deno task test`",
  };
}

async function mayConnect(url: string): Promise<boolean> {
  if (deno === undefined) return true;
  return (await deno.permissions.query({ name: "net", host: new URL(url).host })).state === "granted";
}
