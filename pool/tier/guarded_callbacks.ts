/**
 * A user's callbacks, kept from harming the pool: they are called where the bytes of a connection are read and where
 * the clock ticks, and what they throw there would cost the connection or end the process.
 *
 * @module
 */
import type { ResolvedPoolOptions } from "../configuration/pool_options.ts";
import type { PoolLogger } from "../telemetry/pool_log.ts";

/** The settings with callbacks that never throw; what they throw goes to the logger, and what that throws nowhere. */
export function guardCallbacks(settings: ResolvedPoolOptions): ResolvedPoolOptions {
  const logger = settings.logger === undefined ? undefined : guardLogger(settings.logger);
  const failed = (name: string) => (error: unknown): void =>
    logger?.error?.(`"${name}" failed: ${error instanceof Error ? error.message : String(error)}`, {
      event: "callback_failed",
      error,
    });
  const { onNotice, onLeak, onSlowQuery } = settings;
  return {
    ...settings,
    logger,
    onNotice: onNotice && guard((notice) => onNotice(notice), failed("onNotice")),
    onLeak: onLeak && guard((leak) => onLeak(leak), failed("onLeak")),
    onSlowQuery: onSlowQuery && guard((query) => onSlowQuery(query), failed("onSlowQuery")),
  };
}

function guardLogger(logger: PoolLogger): PoolLogger {
  const ignore = (): void => {};
  return {
    debug: logger.debug && guard((message, fields) => logger.debug!(message, fields), ignore),
    info: logger.info && guard((message, fields) => logger.info!(message, fields), ignore),
    warn: logger.warn && guard((message, fields) => logger.warn!(message, fields), ignore),
    error: logger.error && guard((message, fields) => logger.error!(message, fields), ignore),
  };
}

function guard<Arguments extends unknown[]>(
  callback: (...given: Arguments) => unknown,
  failed: (error: unknown) => void,
): (...given: Arguments) => void {
  return (...given) => {
    try {
      const result = callback(...given);
      // The types allow an async function, whose rejection would be nobody's.
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  };
}
