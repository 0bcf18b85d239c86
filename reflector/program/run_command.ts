/**
 * `lifeguard-reflector run`: starts a reflector and what watches it, and ends in order.
 *
 * ## States
 *
 * starting → running → ending → ended. A signal while it runs, or starts, begins the ending: the reflector hands its
 * leadership over, then everything is closed; all of it together may take `shutdownTimeout`. A second signal ends the
 * process at once, unless it comes right behind the first: whoever ends a group of processes reaches us twice when one of
 * them, as `deno task`, passes signals on. HTTP is served until the last, so that whoever asks sees that it is not ready.
 *
 * @module
 */
import { ConfigError } from "../../pool/wire/errors.ts";
import type { ReflectorConfiguration } from "../configuration/resolve_reflector_configuration.ts";
import { serveReflector } from "../http/http_server.ts";
import type { LogWriter } from "../log/log_writer.ts";
import type { ReflectorStatus } from "../status.ts";
import { processMetrics } from "../telemetry/process_metrics.ts";
import { type Prometheus, prometheus } from "../telemetry/prometheus.ts";
import { type ReflectorMetrics, reflectorMetrics } from "../telemetry/reflector_metrics.ts";
import { messageOf } from "../../program/misuse_error.ts";
import { EXIT_CODES, type ExitCode, type Surroundings } from "../../program/surroundings.ts";
import { VERSION } from "../../program/version.ts";

/** Milliseconds in which signals are one. */
const SAME_SIGNAL = 500;

/** A reflector with all it stands on. */
export interface Daemon extends AsyncDisposable {
  status(): ReflectorStatus;
  /** Begins; rejects where it can never begin. */
  start(): Promise<void>;
  /** Hands the leadership over. */
  stop(): Promise<void>;
}

/** What a daemon is made with. */
export interface DaemonParts {
  readonly configuration: ReflectorConfiguration;
  readonly log: LogWriter;
  readonly exporter: Prometheus;
  readonly observer: ReflectorMetrics["observer"];
}

/** What the command needs. */
export interface RunOptions {
  readonly surroundings: Pick<Surroundings, "onEnding" | "exit">;
  readonly configuration: ReflectorConfiguration;
  readonly log: LogWriter;
  /** Makes the reflector; nothing is connected yet. */
  readonly make: (parts: DaemonParts) => Promise<Daemon>;
}

/** Runs until a signal asks it to end, or it fails. */
export async function runReflector(
  { surroundings, configuration, log, make }: RunOptions,
): Promise<ExitCode> {
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  let askedAt: number | undefined;
  const ignore = surroundings.onEnding((signal) => {
    if (askedAt !== undefined) {
      if (performance.now() - askedAt < SAME_SIGNAL) return;
      log.error(`${signal} once more: ends at once`, { event: "ended", signal });
      return surroundings.exit(EXIT_CODES.failed);
    }
    askedAt = performance.now();
    log.info(`${signal}: hands over and ends`, { event: "signal", signal });
    ask();
  });
  try {
    return await attempt({ configuration, log, make, asked });
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    log.error(`Cannot run: ${messageOf(error)}`, { event: "failed", error });
    return EXIT_CODES.failed;
  } finally {
    ignore();
  }
}

interface Attempt extends Pick<RunOptions, "configuration" | "log" | "make"> {
  readonly asked: Promise<void>;
}

async function attempt({ configuration, log, make, asked }: Attempt): Promise<ExitCode> {
  await using exporter = prometheus();
  const metrics = reflectorMetrics(exporter.provider);
  processMetrics(exporter.provider);
  log.info(`Starts, version ${VERSION}`, { event: "starting", version: VERSION, name: configuration.name });
  const daemon = await make({ configuration, log, exporter, observer: metrics.observer });
  try {
    metrics.watch(() => daemon.status());
    await using http = configuration.http === undefined ? undefined : await serveReflector({
      ...configuration.http,
      status: () => daemon.status(),
      metrics: () => exporter.text(),
    });
    if (http !== undefined) log.info(`Serves ${http.url}`, { event: "listening", url: http.url });
    const started = daemon.start();
    started.catch(() => {}); // a signal may have come before
    await Promise.race([started, asked]);
    await asked;
    return await end(daemon, configuration.shutdownTimeout, log);
  } catch (error) {
    await inTime(() => daemon[Symbol.asyncDispose](), configuration.shutdownTimeout);
    throw error;
  }
}

async function end(daemon: Daemon, timeout: number, log: LogWriter): Promise<ExitCode> {
  const started = performance.now();
  try {
    const inOrder = await inTime(async () => {
      await daemon.stop();
      await daemon[Symbol.asyncDispose]();
    }, timeout);
    const took = Math.round(performance.now() - started);
    if (inOrder) {
      log.info(`Ended in ${took} ms`, { event: "ended", took });
      return EXIT_CODES.done;
    }
    log.error(`Could not hand over within ${timeout} ms: ends all the same`, { event: "ended", took });
  } catch (error) {
    log.error(`Cannot end in order: ${messageOf(error)}`, { event: "failed", error });
  }
  return EXIT_CODES.failed;
}

/** Whether some work is done before a deadline; otherwise it is left to itself. */
async function inTime(work: () => PromiseLike<void>, milliseconds: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  const running = Promise.resolve(work()).then(() => true);
  running.catch(() => {}); // it may fail when nobody waits any more
  try {
    return await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
  }
}
