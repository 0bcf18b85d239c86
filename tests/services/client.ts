/**
 * What a test uses to reach the services: over the network only, on Deno and on Bun, with `--allow-net` alone.
 *
 *     import { freshDatabase, needs } from "./client.ts";
 *
 *     test("Pool.query() …", needs("primary"), async () => {
 *       await using database = await freshDatabase();
 *       …new Pool(database.url)
 *     });
 *
 * The control endpoint is looked for once, when this module is loaded: at `LIFEGUARD_TEST_CONTROL` where that
 * may be read, else at the ports of `deno task services`.
 */
import {
  CONTROL_PORTS,
  CONTROL_VARIABLE,
  type DatabaseDescription,
  type Direction,
  type FreshDatabaseOptions,
  type IsolatedServerOptions,
  type LinkDescription,
  type LinkTarget,
  NO_SERVICES,
  type PostgresOperation,
  type ProxyDescription,
  type ProxyFaults,
  type ProxyTarget,
  type ServerDescription,
  SERVICE_NAME,
  type ServicesDescription,
  type SharedService,
} from "./description.ts";
import { testVariable } from "../variables.ts";

export type * from "./description.ts";

/** The services that answer, and where. */
export interface Services extends ServicesDescription {
  /** The URL of the control endpoint. */
  readonly controlUrl: string;
}

/** A database that is dropped at the end of its scope. */
export interface FreshDatabase extends DatabaseDescription, AsyncDisposable {
  drop(): Promise<void>;
}

/** A server of one test, removed at the end of its scope. */
export interface IsolatedServer extends ServerDescription, AsyncDisposable {
  /** What may be done to it. */
  readonly control: ServerControl;
  remove(): Promise<void>;
}

/** What may be done to one server; each resolves when it is true. */
export interface ServerControl {
  /** Shuts down in order, after ending every session (57P01). */
  stop(): Promise<void>;
  /** Shuts down at once, without a checkpoint. */
  stopImmediate(): Promise<void>;
  /** Ends every process by SIGKILL. */
  kill(): Promise<void>;
  start(): Promise<void>;
  restart(): Promise<void>;
  /** Stops every process in its tracks (SIGSTOP): sockets stay open and answer nothing. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Makes a standby a primary. */
  promote(): Promise<void>;
  /** Gives back the state of the beginning; the standbys of a primary are made anew too. */
  reset(): Promise<void>;
  /** Makes a standby apply commits so many milliseconds later, or stop and continue applying. */
  lag(options: { readonly milliseconds?: number; readonly paused?: boolean }): Promise<void>;
  /** The server's description at this moment. */
  describe(): Promise<ServerDescription>;
  /** The end of the server's log. */
  log(): Promise<string>;
}

/** A proxy with faults, closed at the end of its scope. */
export interface FaultyProxy extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Rewrites a connection URL so that it goes through the proxy. */
  url(of: string): string;
  /** Sets any faults at once. */
  set(faults: ProxyFaults): Promise<void>;
  delay(milliseconds: number): Promise<void>;
  /** Passes bytes on in chunks of this size. */
  dribble(chunkBytes: number): Promise<void>;
  /** Closes every open connection. */
  cut(): Promise<void>;
  /** Closes every open connection with RST. */
  reset(): Promise<void>;
  /** Cuts each connection made from now on after so many bytes of one direction (default `toClient`). */
  cutAfter(bytes: number, direction?: "toServer" | "toClient"): Promise<void>;
  /** Sends FIN in one direction of every open connection. */
  halfClose(direction: "toServer" | "toClient"): Promise<void>;
  corrupt(fault: NonNullable<ProxyFaults["corrupt"]>): Promise<void>;
  /** Holds all bytes and answers nothing, until `heal()`. */
  blackHole(): Promise<void>;
  /** Closes every new connection at once, until `heal()`. */
  refuse(): Promise<void>;
  /** Ends every fault that lasts. */
  heal(): Promise<void>;
  describe(): Promise<ProxyDescription>;
  close(): Promise<void>;
}

/** A network of its own to one server, which drops packets without a word; taken away at the end of its scope. */
export interface DroppingLink extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Rewrites a connection URL so that it goes over the link. */
  url(of: string): string;
  /** Drops every packet of these directions, by default of both, until `heal()`; no socket hears of it. */
  drop(...directions: Direction[]): Promise<void>;
  heal(): Promise<void>;
  close(): Promise<void>;
}

interface DenoPermissions {
  permissions: {
    query(descriptor: { name: "net"; host: string }): Promise<{ state: string }>;
  };
}

const deno: DenoPermissions | undefined = (globalThis as { Deno?: DenoPermissions }).Deno;

const { services: found, reason } = await findServices();

/** The services that run, or `undefined`. */
export function services(): Promise<Services | undefined> {
  return Promise.resolve(found);
}

/**
 * The options of a test that needs services: `test(name, needs("primary"), body)`, or spread into others. The
 * test is ignored, with the reason printed, where one of them does not run.
 */
export function needs(...names: (SharedService | "control" | "link")[]): { ignore?: string } {
  if (found === undefined) return { ignore: reason };
  for (const name of names) {
    if (name === "control" || found.servers[name] !== undefined) continue;
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

/** Whether the primary offers an extension: `{}`, or the reason to ignore a test of it. */
export function needsExtension(name: string): { ignore?: string } {
  const { ignore } = needs("primary");
  if (ignore !== undefined) return { ignore };
  return found!.extensions.includes(name) ? {} : { ignore: `the primary has no extension "${name}"` };
}

/** Where a shared service listens. */
export function server(name: SharedService): ServerDescription {
  const description = running().servers[name];
  if (description === undefined) {
    throw new Error(`Cannot use ${name}: ${needs(name).ignore}; ask needs("${name}") in the test's options`);
  }
  return description;
}

/** Makes an empty database, or a copy of another, on the primary or on the server named. */
export async function freshDatabase(options: FreshDatabaseOptions = {}): Promise<FreshDatabase> {
  const database = await request("POST", "/databases", options) as DatabaseDescription;
  const drop = async (): Promise<void> => {
    await request("DELETE", `/databases/${database.name}?server=${database.server}`);
  };
  return { ...database, drop, [Symbol.asyncDispose]: drop };
}

/** Makes a server that a test may break: it takes a third of a second, and no other test knows it. */
export async function isolatedServer(options: IsolatedServerOptions = {}): Promise<IsolatedServer> {
  const description = await request("POST", "/servers", options) as ServerDescription;
  const remove = async (): Promise<void> => {
    await request("DELETE", `/servers/${description.name}`);
  };
  return { ...description, control: serverControl(description.name), remove, [Symbol.asyncDispose]: remove };
}

/** What may be done to a server by its name. A shared one must be given back as it was found. */
export function serverControl(name: string): ServerControl {
  const path = name === "redis" || name === "pgbouncer"
    ? `/${name}`
    : `/postgres/${encodeURIComponent(name)}`;
  const operation = (operation: PostgresOperation) => async (): Promise<void> => {
    await request("POST", `${path}/${operation}`);
  };
  return {
    stop: operation("stop"),
    stopImmediate: operation("stop-immediate"),
    kill: operation("kill"),
    start: operation("start"),
    restart: operation("restart"),
    pause: operation("pause"),
    resume: operation("resume"),
    promote: operation("promote"),
    reset: operation("reset"),
    async lag(options) {
      await request("POST", `${path}/lag`, options);
    },
    async describe() {
      return await request("GET", `/servers/${encodeURIComponent(name)}`) as ServerDescription;
    },
    async log() {
      return (await request("GET", `/servers/${encodeURIComponent(name)}/log`) as { log: string }).log;
    },
  };
}

/** Opens a proxy in front of a server by its name, or of an address. */
export async function proxy(target: string | ProxyTarget): Promise<FaultyProxy> {
  const body = typeof target === "string" ? { target } : target;
  const { id, host, port } = await request("POST", "/proxies", body) as ProxyDescription;
  const set = async (faults: ProxyFaults): Promise<void> => {
    await request("POST", `/proxies/${id}`, faults);
  };
  const close = async (): Promise<void> => {
    await request("DELETE", `/proxies/${id}`);
  };
  return {
    host,
    port,
    url: (of) => withAddress(of, `${host}:${port}`),
    set,
    delay: (delayMs) => set({ delayMs }),
    dribble: (chunkBytes) => set({ chunkBytes }),
    cut: () => set({ cut: true }),
    reset: () => set({ reset: true }),
    cutAfter: (bytes, direction = "toClient") => set({ cutAfter: { bytes, direction } }),
    halfClose: (halfClose) => set({ halfClose }),
    corrupt: (corrupt) => set({ corrupt }),
    blackHole: () => set({ blackHole: true }),
    refuse: () => set({ refuse: true }),
    heal: () =>
      set({ delayMs: 0, chunkBytes: 0, blackHole: false, refuse: false, corrupt: null, cutAfter: null }),
    describe: async () => await request("GET", `/proxies/${id}`) as ProxyDescription,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Makes a link to a server by its name, or to a port of this machine; ask `needs("link")` first. */
export async function droppingLink(target: string | LinkTarget): Promise<DroppingLink> {
  const body = typeof target === "string" ? { target } : target;
  const { id, host, port } = await request("POST", "/links", body) as LinkDescription;
  const drop = async (directions: readonly Direction[]): Promise<void> => {
    await request("POST", `/links/${id}`, { drop: directions });
  };
  const close = async (): Promise<void> => {
    await request("DELETE", `/links/${id}`);
  };
  return {
    host,
    port,
    url: (of) => withAddress(of, `${host}:${port}`),
    drop: (...directions) => drop(directions.length > 0 ? directions : ["toServer", "toClient"]),
    heal: () => drop([]),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function withAddress(of: string, address: string): string {
  const url = new URL(of);
  url.host = address;
  return url.href;
}

function running(): Services {
  if (found === undefined) throw new Error(`Cannot use the test services: ${reason}`);
  return found;
}

async function request(method: string, path: string, body?: object): Promise<unknown> {
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
