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
import type {
  DatabaseDescription,
  Direction,
  FreshDatabaseOptions,
  IsolatedServerOptions,
  LinkDescription,
  LinkTarget,
  ProxyDescription,
  ProxyFaults,
  ProxyTarget,
  ServerDescription,
  SharedService,
} from "./description.ts";
import { found, needs, request, running, type Services } from "./found_services.ts";
import { type ServerControl, serverControl } from "./server_control.ts";

export type * from "./description.ts";
export { type Need, needs, type Services } from "./found_services.ts";
export * from "./isolated_helpers.ts";
export { type ServerControl, serverControl } from "./server_control.ts";

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

/** The services that run, or `undefined`. */
export function services(): Promise<Services | undefined> {
  return Promise.resolve(found);
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
