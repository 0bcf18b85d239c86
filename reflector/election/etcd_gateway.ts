/**
 * etcd by its HTTP gateway: JSON over POST, keys and values in base64, 64-bit integers as text.
 * Source: https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway/
 *
 * Each request has a connection of its own, since one that the network lost in silence would be found only by waiting.
 *
 * Invariants: a request goes to one endpoint after another until one answers, beginning with the one that answered last;
 * none is waited for longer than its patience. A token that is refused is replaced once.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { ConfigError } from "../../pool/wire/errors.ts";
import { watchAbort } from "../../pool/wire/stream/abort.ts";

/** Certificates for endpoints that begin with `https://`, in PEM. */
export interface EtcdTls {
  /** The authority of the endpoints' certificates. Default: those the runtime trusts. */
  readonly ca?: string;
  /** This client's certificate, where etcd asks for one. */
  readonly cert?: string;
  /** The key of `cert`. */
  readonly key?: string;
}

/** Where etcd is and how it is entered. */
export interface EtcdGatewayOptions {
  /** URLs such as `http://etcd-1:2379`. */
  readonly endpoints: readonly string[];
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly tls?: EtcdTls | undefined;
  /** Milliseconds in which an endpoint has to answer. */
  readonly patience: number;
}

/** Codes of errors: https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
const GRPC = {
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** The longest answer that is read, in bytes: those asked for here are far shorter. */
const LONGEST_ANSWER = 1_000_000;

/** etcd refused a request. */
export class EtcdError extends Error {
  override readonly name = "EtcdError";
  /** Its code, of gRPC. */
  readonly code: number;

  /** Creates the error. */
  constructor(message: string, code: number) {
    super(`etcd refused the request: ${message}`);
    this.code = code;
  }

  /** Whether what was asked about is not there. */
  get isNotFound(): boolean {
    return this.code === GRPC.notFound;
  }
}

/** A key's value and where it came from. */
export interface EtcdEntry {
  readonly value: string;
  /** The lease it goes with, as text. */
  readonly lease: string;
}

/** Requests to the endpoints of one etcd. */
export class EtcdGateway {
  readonly #options: EtcdGatewayOptions;
  readonly #endpoints: readonly URL[];
  /** The endpoint that answered last. */
  #current = 0;
  #token: string | undefined;

  /**
   * Checks the options; nothing is asked yet.
   *
   * @throws {ConfigError} When an endpoint or a user cannot be used.
   */
  constructor(options: EtcdGatewayOptions) {
    this.#options = options;
    this.#endpoints = checkedEndpoints(options.endpoints);
    const { user, password } = options;
    if ((user === undefined || user === "") !== (password === undefined || password === "")) {
      const missing = password === undefined || password === "" ? "etcdPassword" : "etcdUser";
      throw new ConfigError(missing, "it is missing; give both a user and a password, or neither");
    }
  }

  /** Takes a lease; returns its id, and for how many milliseconds it is good. */
  async grantLease(seconds: number, signal: AbortSignal): Promise<{ id: string; duration: number }> {
    const { ID, TTL } = await this.#ask("lease/grant", { TTL: seconds }, signal) as {
      ID: string;
      TTL: string;
    };
    return { id: ID, duration: Number(TTL) * 1000 };
  }

  /** Renews a lease; false when it is over. */
  async keepLease(id: string, signal: AbortSignal): Promise<boolean> {
    const { result } = await this.#ask("lease/keepalive", { ID: id }, signal) as {
      result?: { TTL?: string };
    };
    return Number(result?.TTL ?? 0) > 0;
  }

  /** Ends a lease, and with it its keys. */
  async revokeLease(id: string, signal: AbortSignal): Promise<void> {
    await this.#ask("lease/revoke", { ID: id }, signal).catch((error) => {
      if (!(error instanceof EtcdError && error.isNotFound)) throw error;
    });
  }

  /** What a key holds. */
  async read(key: string, signal: AbortSignal): Promise<EtcdEntry | undefined> {
    return entryOf(await this.#ask("kv/range", { key: base64(key) }, signal));
  }

  /**
   * Creates a key that goes with a lease.
   *
   * @returns Whether it is ours: a request whose answer was lost may have created it before.
   */
  async create(key: string, entry: EtcdEntry, signal: AbortSignal): Promise<boolean> {
    const name = base64(key);
    const answer = await this.#ask("kv/txn", {
      compare: [{ key: name, target: "CREATE", result: "EQUAL", create_revision: "0" }],
      success: [{ requestPut: { key: name, value: base64(entry.value), lease: entry.lease } }],
      failure: [{ requestRange: { key: name } }],
    }, signal) as { succeeded?: boolean; responses?: { response_range?: unknown }[] };
    if (answer.succeeded === true) return true;
    return entryOf(answer.responses?.[0]?.response_range)?.lease === entry.lease;
  }

  /** Asks with a token, where there is a user; with a new one when etcd does not know it any more. */
  async #ask(path: string, body: object, signal: AbortSignal): Promise<unknown> {
    const { user, password } = this.#options;
    if (user === undefined || user === "") return await this.#askAny(path, body, signal);
    const known = this.#token;
    const authenticate = async (): Promise<void> => {
      this.#token = undefined;
      const answer = await this.#askAny("auth/authenticate", { name: user, password }, signal);
      this.#token = (answer as { token: string }).token;
    };
    if (known === undefined) await authenticate();
    try {
      return await this.#askAny(path, body, signal);
    } catch (error) {
      if (known === undefined || !(error instanceof EtcdError) || !isRefusedToken(error)) throw error;
    }
    await authenticate();
    return await this.#askAny(path, body, signal);
  }

  /** Asks one endpoint after another. */
  async #askAny(path: string, body: object, signal: AbortSignal): Promise<unknown> {
    const problems: string[] = [];
    for (let count = 0; count < this.#endpoints.length; count++) {
      signal.throwIfAborted();
      const index = this.#current;
      const endpoint = this.#endpoints[index];
      try {
        return await this.#askOne(new URL(`v3/${path}`, endpoint), body, signal);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (
          error instanceof EtcdError && error.code !== GRPC.unavailable &&
          error.code !== GRPC.deadlineExceeded
        ) {
          throw error;
        }
        problems.push(`${endpoint.host}: ${error instanceof Error ? error.message : error}`);
        // Another question that failed there may have moved on already.
        if (this.#current === index) this.#current = (index + 1) % this.#endpoints.length;
      }
    }
    throw new Error(`No etcd answers: ${problems.join("; ")}`);
  }

  async #askOne(url: URL, body: object, signal: AbortSignal): Promise<unknown> {
    const { tls, patience } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const headers: Record<string, string> = { "content-type": "application/json" };
    if (this.#token !== undefined) headers.authorization = this.#token;
    const options = { method: "POST", headers, agent: false };
    const received = (response: IncomingMessage): void => {
      readAnswer(response).then((text) => resolve(answerOf(text, response.statusCode ?? 0))).catch(reject);
    };
    const request = url.protocol === "https:"
      ? httpsRequest(url, { ...options, ...tls }, received)
      : httpRequest(url, options, received);
    request.on("error", reject);
    const end = (reason: unknown): void => {
      reject(reason);
      request.destroy();
    };
    const timer = setTimeout(() => end(new Error(`no answer within ${patience} ms`)), patience);
    const unwatch = watchAbort(signal, end);
    request.end(JSON.stringify(body));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      unwatch();
      request.destroy();
    }
  }
}

async function readAnswer(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > LONGEST_ANSWER) throw new Error("the answer is too long; is it an etcd?");
  }
  return Buffer.concat(chunks).toString();
}

/** Reads an answer: an error is an object with a code, within a stream it is below `error`. */
function answerOf(text: string, status: number): unknown {
  let answer: { error?: string | { message?: string; grpc_code?: number }; message?: string; code?: number };
  try {
    answer = JSON.parse(text);
  } catch {
    if (status === 404) throw new Error("it has no /v3 gateway; etcd 3.4 or newer is needed");
    throw new Error(`it answered with status ${status} and no JSON; is it an etcd?`);
  }
  const { error, message, code } = answer;
  if (status >= 200 && status < 300 && error === undefined) return answer;
  if (typeof error === "object") throw new EtcdError(error.message ?? "no reason", error.grpc_code ?? 2);
  throw new EtcdError(message ?? error ?? `status ${status}`, code ?? 2);
}

/** A token is refused when it has expired, or when users have changed since. */
function isRefusedToken({ code, message }: EtcdError): boolean {
  return code === GRPC.unauthenticated || (code === GRPC.invalidArgument && message.includes("auth: "));
}

function entryOf(answer: unknown): EtcdEntry | undefined {
  const [entry] = (answer as { kvs?: { value?: string; lease?: string }[] } | undefined)?.kvs ?? [];
  if (entry === undefined) return undefined;
  return { value: Buffer.from(entry.value ?? "", "base64").toString(), lease: entry.lease ?? "0" };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function checkedEndpoints(endpoints: readonly string[]): readonly URL[] {
  const key = "etcdEndpoints";
  if (!Array.isArray(endpoints) || endpoints.length === 0) {
    throw new ConfigError(key, `it names none; give URLs such as "http://127.0.0.1:2379"`);
  }
  return endpoints.map((endpoint, index) => {
    const which = `endpoint ${index + 1}`;
    const url = typeof endpoint === "string" && URL.canParse(endpoint) ? new URL(endpoint) : undefined;
    if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:") || url.hostname === "") {
      throw new ConfigError(
        key,
        `${which} is no URL that begins with http:// or https://; write http://host:2379`,
      );
    }
    if (url.username !== "" || url.password !== "") {
      throw new ConfigError(key, `${which} holds a user; give "etcdUser" and "etcdPassword" instead`);
    }
    if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
      throw new ConfigError(key, `${which} has a path; leave out what is behind the port`);
    }
    return url;
  });
}
