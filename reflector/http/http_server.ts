/**
 * What a reflector serves over HTTP: its page, its status as JSON, whether it lives and is ready, and its metrics.
 *
 * Nothing a client does can hold the reflector up: it may only GET and HEAD, has seconds for its question, and a body
 * is never read. Of more than {@link MAX_CONNECTIONS} connections the oldest is closed, so that whoever holds many
 * cannot keep out who asks whether the reflector lives. There is no login, and nothing secret.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { ReflectorStatus } from "../status.ts";
import { PROMETHEUS_CONTENT_TYPE } from "../telemetry/prometheus.ts";
import { readiness } from "./readiness.ts";
import { STATUS_PAGE, STATUS_PAGE_POLICY } from "./status_page.ts";

/** Connections held at the same time; of more the oldest is closed. */
export const MAX_CONNECTIONS = 64;
/** Milliseconds a client has to ask its question. */
export const QUESTION_TIMEOUT = 5000;

const LIMITS = {
  headersTimeout: QUESTION_TIMEOUT,
  requestTimeout: QUESTION_TIMEOUT,
  keepAliveTimeout: QUESTION_TIMEOUT,
  connectionsCheckingInterval: 1000,
  maxHeaderSize: 8192,
} as const;

/** What is served. */
export interface ReflectorHttpOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly status: () => ReflectorStatus;
  /** The metrics, as Prometheus reads them. */
  readonly metrics: () => Promise<string>;
}

/** A server that listens. */
export interface ReflectorHttp extends AsyncDisposable {
  /** Where it can be reached from this machine. */
  readonly url: string;
}

/**
 * Listens and answers.
 *
 * @param options What is served, and where.
 * @returns When it listens.
 * @throws When it cannot listen, with what to change.
 */
export async function serveReflector(options: ReflectorHttpOptions): Promise<ReflectorHttp> {
  const server = createServer(LIMITS, (request, response) => void respond(request, response, options));
  holdAtMost(server, MAX_CONNECTIONS);
  // Also who does not read its answer is gone after a while.
  server.setTimeout(2 * QUESTION_TIMEOUT);
  server.on("clientError", (_, socket) => void socket.destroy());
  await listening(server, options);
  server.on("error", () => {}); // accepting failed once; it goes on by itself
  const { address, port, family } = server.address() as AddressInfo;
  const any = address === "::" || address === "0.0.0.0";
  const host = any ? "127.0.0.1" : String(family).endsWith("6") ? `[${address}]` : address;
  return {
    url: `http://${host}:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function holdAtMost(server: Server, limit: number): void {
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => void open.delete(socket));
    if (open.size <= limit) return;
    const [oldest] = open;
    open.delete(oldest);
    oldest.destroy();
  });
}

function listening(server: Server, { host, port }: ReflectorHttpOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: Error & { readonly code?: string }): void => {
      const [state, advice] = OBSTACLES[cause.code ?? ""] ?? [cause.message, "change the host or the port"];
      reject(new Error(`Cannot serve on ${host}:${port}: ${state}; ${advice}`, { cause }));
    };
    server.once("error", refuse);
    server.listen(port, host, () => {
      server.off("error", refuse);
      resolve();
    });
  });
}

/** What keeps a server from listening, by the operating system's code: what is so, and what to change. */
const OBSTACLES: Readonly<Record<string, readonly [state: string, advice: string]>> = {
  EADDRINUSE: ["the port is in use", 'give another "httpPort", or end who uses it'],
  EADDRNOTAVAIL: ["this machine has no such address", 'give another "httpHost"'],
  EACCES: ["this user may not use the port", 'give an "httpPort" from 1024 on'],
  ENOTFOUND: ["there is no such host", 'give another "httpHost"'],
};

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const TEXT = "text/plain; charset=utf-8";

/** Holds for every answer: nothing is kept, framed, sniffed, or told to another site. */
const COMMON_HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  options: ReflectorHttpOptions,
): Promise<void> {
  response.on("error", () => {}); // the client has gone
  const answer = await answerTo(request, options);
  try {
    const body = new TextEncoder().encode(answer.body);
    response.writeHead(answer.status, {
      ...COMMON_HEADERS,
      ...answer.headers,
      "content-type": answer.type,
      "content-length": String(body.length),
    });
    response.end(request.method === "HEAD" ? undefined : body);
  } catch {
    response.destroy();
  }
}

async function answerTo(
  { method, url = "/" }: IncomingMessage,
  options: ReflectorHttpOptions,
): Promise<Answer> {
  if (method !== "GET" && method !== "HEAD") {
    return {
      status: 405,
      type: TEXT,
      body: "Only GET and HEAD are answered here\n",
      // Whatever body comes with it is not waited for.
      headers: { allow: "GET, HEAD", connection: "close" },
    };
  }
  try {
    return await page(url.split("?", 1)[0], options);
  } catch {
    return { status: 500, type: TEXT, body: "The answer could not be made; see the log\n" };
  }
}

async function page(path: string, { status, metrics }: ReflectorHttpOptions): Promise<Answer> {
  switch (path) {
    case "/":
      return {
        status: 200,
        type: "text/html; charset=utf-8",
        body: STATUS_PAGE,
        headers: { "content-security-policy": STATUS_PAGE_POLICY },
      };
    case "/status.json":
      return { status: 200, type: "application/json", body: `${JSON.stringify(statusDocument(status()))}\n` };
    case "/healthz":
      return { status: 200, type: TEXT, body: "alive\n" };
    case "/readyz": {
      const { ready, reason } = readiness(status());
      return { status: ready ? 200 : 503, type: TEXT, body: `${reason}\n` };
    }
    case "/metrics":
      return { status: 200, type: PROMETHEUS_CONTENT_TYPE, body: await metrics() };
    default:
      return {
        status: 404,
        type: TEXT,
        body: "Not here. There are: / /status.json /healthz /readyz /metrics\n",
      };
  }
}

/** What `/status.json` says: the status, whether it is ready, and the server's clock beside its times. */
export interface StatusDocument extends ReflectorStatus {
  readonly now: Date;
  readonly ready: boolean;
  readonly reason: string;
}

function statusDocument(status: ReflectorStatus): StatusDocument {
  return { ...status, now: new Date(), ...readiness(status) };
}
