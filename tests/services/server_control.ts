/** What may be done to one server. */
import type { PostgresOperation, ServerDescription } from "./description.ts";
import { request } from "./found_services.ts";

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

/** What may be done to a server by its name. A shared one must be given back as it was found. */
export function serverControl(name: string): ServerControl {
  const isHelper = name === "redis" || name === "pgbouncer";
  return controlAt(isHelper ? `/${name}` : `/postgres/${encodeURIComponent(name)}`, name);
}

/**
 * The same by the path of its operations.
 *
 * @param path Such as `/servers/redis_1`.
 * @param name The server's name.
 */
export function controlAt(path: string, name: string): ServerControl {
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
