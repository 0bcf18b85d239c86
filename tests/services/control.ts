/** The control endpoint: HTTP and JSON over loopback. docs/testing.md lists its requests. */
import {
  CERTIFICATE_FLAWS,
  type DatabaseDescription,
  type Direction,
  type FreshDatabaseOptions,
  GROUP_KINDS,
  type HelperGroupOptions,
  type IsolatedServerOptions,
  type LinkTarget,
  POSTGRES_OPERATIONS,
  type PostgresOperation,
  type ProxyFaults,
  type ProxyTarget,
} from "./description.ts";
import { DroppingLink } from "./dropping_link.ts";
import { FaultProxy } from "./fault_proxy.ts";
import type { HelperServer } from "./helper_server.ts";
import { PostgresServer } from "./postgres_server.ts";
import type { Services } from "./services.ts";

/** Milliseconds after which a fresh database is dropped, in case its test died. */
const DATABASE_LIFE = 30 * 60_000;

/** Milliseconds after which a link is taken away, in case its test died. */
const LINK_LIFE = 15 * 60_000;

/** What a request asks that cannot be done; it is answered with status 400 or 404. */
class RequestError extends Error {
  readonly status: number;

  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

/** Answers the requests of test files; operations on one server are done one after another. */
export class Control {
  readonly #services: Services;
  readonly #proxies: Map<string, FaultProxy> = new Map();
  readonly #links: Map<string, DroppingLink> = new Map();
  readonly #turns: Map<string, Promise<unknown>> = new Map();
  #databases = 0;
  #madeProxies = 0;
  #madeLinks = 0;

  constructor(services: Services) {
    this.#services = services;
  }

  /** Answers one request. */
  async answer(request: Request): Promise<Response> {
    try {
      const text = await request.text();
      const body = text === "" ? {} : JSON.parse(text) as unknown;
      if (typeof body !== "object" || body === null) {
        throw new RequestError("The body must be a JSON object");
      }
      const url = new URL(request.url);
      const path = url.pathname.split("/").filter((part) => part !== "").map(decodeURIComponent);
      return Response.json(await this.#route(request.method, path, { url, body }));
    } catch (error) {
      const status = error instanceof RequestError ? error.status : error instanceof SyntaxError ? 400 : 500;
      return Response.json({ error: error instanceof Error ? error.message : String(error) }, { status });
    }
  }

  /** Closes every proxy and link. */
  async close(): Promise<void> {
    await Promise.allSettled(
      [...this.#proxies.values(), ...this.#links.values()].map((each) => each.close()),
    );
  }

  async #route(
    method: string,
    path: string[],
    { url, body }: { url: URL; body: object },
  ): Promise<unknown> {
    const [kind, name, operation] = path;
    switch (`${method} /${kind ?? ""}${path.length > 1 ? "/…".repeat(path.length - 1) : ""}`) {
      case "GET /":
        return this.#services.describe();
      case "POST /servers": {
        const server = await this.#services.isolated(isolatedOptions(body));
        return server.describe();
      }
      case "DELETE /servers/…":
        await this.#inTurn(name, () => this.#services.removeIsolated(name));
        return {};
      case "POST /helpers":
        return (await this.#services.group(groupOptions(body))).describe();
      case "GET /helpers/…":
        return this.#services.findGroup(name).describe();
      case "GET /helpers/…/…":
        if (operation === "master") return { master: await this.#services.findGroup(name).master() };
        break;
      case "POST /helpers/…/…":
        return await this.#inTurn(name, () => this.#operateGroup(name, operation, body));
      case "DELETE /helpers/…":
        await this.#inTurn(name, () => this.#services.removeGroup(name));
        return {};
      case "POST /databases":
        return await this.#createDatabase(body as FreshDatabaseOptions);
      case "DELETE /databases/…":
        return await this.#dropDatabase(name, url.searchParams.get("server") ?? "primary");
      case "POST /proxies":
        return await this.#openProxy(body as ProxyTarget);
      case "GET /proxies/…":
        return this.#proxy(name).describe();
      case "POST /proxies/…":
        this.#proxy(name).apply(proxyFaults(body));
        return this.#proxy(name).describe();
      case "DELETE /proxies/…": {
        const proxy = this.#proxy(name);
        this.#proxies.delete(name);
        await proxy.close();
        return {};
      }
      case "POST /links":
        return await this.#openLink(body as LinkTarget);
      case "GET /links/…":
        return this.#link(name).describe();
      case "POST /links/…": {
        const directions = dropped(body);
        await this.#inTurn(`link ${name}`, () => this.#link(name).drop(directions));
        return this.#link(name).describe();
      }
      case "DELETE /links/…":
        await this.#inTurn(`link ${name}`, () => this.#closeLink(name));
        return {};
      case "GET /servers/…":
        return this.#services.find(name).describe();
      case "GET /servers/…/…":
        if (operation === "log") return { log: await this.#services.find(name).log(20_000) };
        break;
      case "POST /servers/…/…":
      case "POST /postgres/…/…":
        return await this.#inTurn(name, () => this.#operate(name, operation, body));
      case "POST /redis/…":
      case "POST /pgbouncer/…":
        return await this.#inTurn(kind, () => this.#operate(kind, name, body));
    }
    throw new RequestError(`There is no ${method} ${url.pathname}; docs/testing.md lists the requests`, 404);
  }

  async #operate(name: string, operation: string, body: object): Promise<unknown> {
    if (!(POSTGRES_OPERATIONS as readonly string[]).includes(operation)) {
      throw new RequestError(`"${operation}" is no operation; use one of ${POSTGRES_OPERATIONS.join(", ")}`);
    }
    const server = this.#services.find(name);
    if (server instanceof PostgresServer) await operatePostgres(server, operation as PostgresOperation, body);
    else await operateHelper(server, operation as PostgresOperation);
    if (operation === "reset" && server instanceof PostgresServer) {
      for (const standby of this.#services.postgres.values()) {
        if (standby.origin === server) await this.#inTurn(standby.name, () => standby.reset());
      }
    }
    return server.describe();
  }

  async #operateGroup(name: string, operation: string, body: { to?: string }): Promise<unknown> {
    const group = this.#services.findGroup(name);
    if (operation === "failover") await group.failover(body.to);
    else if (operation === "settle") await group.settle();
    else throw new RequestError(`"${operation}" is no operation; use one of failover, settle`);
    return group.describe();
  }

  /** Waits for the operations on the same server that were asked for before. */
  async #inTurn<Value>(name: string, work: () => Promise<Value>): Promise<Value> {
    const before = this.#turns.get(name) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#turns.set(name, mine.catch(() => {}));
    return await mine;
  }

  async #createDatabase({ server: on = "primary", template = "template1" }: FreshDatabaseOptions): Promise<
    DatabaseDescription
  > {
    const server = this.#postgres(on);
    const name = `fresh_${++this.#databases}_${Math.random().toString(36).slice(2, 8)}`;
    await this.#inTurn(
      `${on} databases`,
      () => server.query(`CREATE DATABASE ${name} TEMPLATE ${quoted(template)}`),
    );
    Deno.unrefTimer(setTimeout(() => this.#dropDatabase(name, on).catch(() => {}), DATABASE_LIFE));
    return { name, server: on, url: server.url(name) };
  }

  async #dropDatabase(name: string, on: string): Promise<unknown> {
    if (!name.startsWith("fresh_")) throw new RequestError(`"${name}" was not made by POST /databases`);
    await this.#postgres(on).query(`DROP DATABASE IF EXISTS ${quoted(name)} WITH (FORCE)`);
    return {};
  }

  async #openLink(target: LinkTarget): Promise<unknown> {
    if (!this.#services.links) {
      throw new RequestError(`Links cannot be made here: ${this.#services.missing.link}`);
    }
    const address = this.#address("link", target);
    const id = String(++this.#madeLinks);
    const link = await DroppingLink.open(id, address, this.#services.folder);
    this.#links.set(id, link);
    Deno.unrefTimer(setTimeout(() => this.#closeLink(id).catch(() => {}), LINK_LIFE));
    return link.describe();
  }

  #link(id: string): DroppingLink {
    const link = this.#links.get(id);
    if (link === undefined) throw new RequestError(`There is no link "${id}"`, 404);
    return link;
  }

  async #closeLink(id: string): Promise<void> {
    const link = this.#link(id);
    this.#links.delete(id);
    await link.close();
  }

  /** Where a proxy or a link leads to. */
  #address(
    what: string,
    { target, host = "127.0.0.1", port }: ProxyTarget,
  ): () => { host: string; port: number } {
    if ((target === undefined) === (port === undefined)) {
      throw new RequestError(`A ${what} needs either "target", the name of a server, or "port"`);
    }
    if (target !== undefined) this.#services.find(target);
    return () =>
      target === undefined ? { host, port: port! } : { host, port: this.#services.find(target).port };
  }

  async #openProxy(target: ProxyTarget): Promise<unknown> {
    const address = this.#address("proxy", target);
    const id = String(++this.#madeProxies);
    const proxy = await FaultProxy.open(id, address);
    this.#proxies.set(id, proxy);
    return proxy.describe();
  }

  #proxy(id: string): FaultProxy {
    const proxy = this.#proxies.get(id);
    if (proxy === undefined) throw new RequestError(`There is no proxy "${id}"`, 404);
    return proxy;
  }

  #postgres(name: string): PostgresServer {
    const server = this.#services.find(name);
    if (server instanceof PostgresServer) return server;
    throw new RequestError(`"${name}" is no PostgreSQL server`);
  }
}

async function operatePostgres(
  server: PostgresServer,
  operation: PostgresOperation,
  body: { milliseconds?: number; paused?: boolean },
): Promise<void> {
  switch (operation) {
    case "stop-immediate":
      return await server.stop("immediate");
    case "stop":
      return await server.stop("fast");
    case "kill":
      return await server.stop("kill");
    case "restart":
      await server.stop("fast");
      return await server.start();
    case "lag":
      return await server.lag(body);
    case "start":
    case "pause":
    case "resume":
    case "promote":
    case "reset":
      return await server[operation]();
  }
}

async function operateHelper(server: HelperServer, operation: PostgresOperation): Promise<void> {
  switch (operation) {
    case "stop":
      return await server.stop("fast");
    case "stop-immediate":
    case "kill":
      return await server.stop("kill");
    case "restart":
      await server.stop("fast");
      return await server.start();
    case "start":
    case "pause":
    case "resume":
    case "reset":
      return await server[operation]();
    case "promote":
    case "lag":
      throw new RequestError(`Only a PostgreSQL standby has the operation "${operation}"`);
  }
}

function isolatedOptions(body: IsolatedServerOptions): IsolatedServerOptions {
  const { version, certificate } = body;
  if (version !== undefined && version !== 18 && version !== 15) {
    throw new RequestError(`"version" must be 18 or 15`);
  }
  if (certificate !== undefined && !CERTIFICATE_FLAWS.includes(certificate)) {
    throw new RequestError(`"certificate" must be one of ${CERTIFICATE_FLAWS.join(", ")}`);
  }
  return body;
}

function groupOptions(body: object): HelperGroupOptions {
  const options = body as Partial<HelperGroupOptions> & Record<string, unknown>;
  const { kind, settings = {}, tls } = options;
  if (kind === undefined || !GROUP_KINDS.includes(kind)) {
    throw new RequestError(`"kind" must be one of ${GROUP_KINDS.join(", ")}`);
  }
  const known = kind === "etcd"
    ? ["kind", "tls", "members"]
    : ["kind", "tls", "settings", "replicas", "sentinels", "downAfter"];
  const unknown = Object.keys(body).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new RequestError(`"${unknown}" is no option of ${kind}; use one of ${known.join(", ")}`);
  }
  for (const name of ["members", "replicas", "sentinels", "downAfter"]) {
    const value = options[name];
    if (value === undefined) continue;
    const isSmall = Number.isInteger(value) && Number(value) >= 0 &&
      (name === "downAfter" || Number(value) <= 5);
    if (!isSmall) throw new RequestError(`"${name}" must be a small whole number`);
  }
  if (typeof settings !== "object" || settings === null || (tls !== undefined && typeof tls !== "boolean")) {
    throw new RequestError(`"settings" must be an object and "tls" a boolean`);
  }
  return options as HelperGroupOptions;
}

const FAULT_NAMES: readonly string[] = [
  "delayMs",
  "chunkBytes",
  "blackHole",
  "refuse",
  "corrupt",
  "cutAfter",
  "cut",
  "reset",
  "halfClose",
] satisfies readonly (keyof ProxyFaults)[];

function proxyFaults(body: object): ProxyFaults {
  for (const name of Object.keys(body)) {
    if (!FAULT_NAMES.includes(name)) {
      throw new RequestError(`"${name}" is no fault; use one of ${FAULT_NAMES.join(", ")}`);
    }
  }
  return body;
}

function dropped(body: { drop?: unknown }): readonly Direction[] {
  const { drop } = body;
  if (Array.isArray(drop) && drop.every((each) => each === "toServer" || each === "toClient")) return drop;
  throw new RequestError(`"drop" must be a list of "toServer" and "toClient"; an empty one heals the link`);
}

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
