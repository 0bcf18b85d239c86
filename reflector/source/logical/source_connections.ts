/**
 * The connections of a logical source: the stream's, a line for questions, a line for canaries. All are to one server,
 * and none is ever made anew alone: what a question says is always true of the server that the stream is from.
 *
 * @module
 */
import type { ResolvedConnectOptions } from "../../../pool/wire/configuration/connect_options.ts";
import { ReplicationConnection } from "../../../pool/wire/replication/replication_connection.ts";
import { SqlLine } from "./sql_line.ts";

/** Transactions that have changed more than this are sent before they have ended, and so need no time at their end. */
const STREAMED_FROM = "8MB";

/** Tells a server, and each of its starts, from others. */
const IDENTITY =
  "select concat((pg_control_system()).system_identifier, ' ', pg_postmaster_start_time()) as server";

/** Three connections to one server. */
export class SourceConnections {
  readonly replication: ReplicationConnection;
  /** For questions. */
  readonly line: SqlLine;
  readonly canaryLine: SqlLine;

  private constructor(replication: ReplicationConnection, line: SqlLine, canaryLine: SqlLine) {
    this.replication = replication;
    this.line = line;
    this.canaryLine = canaryLine;
  }

  /**
   * Connects.
   *
   * @throws {Error} When the connections came to different servers.
   */
  static async connect(connect: ResolvedConnectOptions, signal: AbortSignal): Promise<SourceConnections> {
    const parameters = connect.runtimeParameters;
    const attempts = [
      ReplicationConnection.connect({
        ...connect,
        runtimeParameters: { logical_decoding_work_mem: STREAMED_FROM, ...parameters },
      }, signal),
      SqlLine.connect(connect, signal),
      // A synchronous standby that does not answer must not hold up canaries: their WAL is what counts.
      SqlLine.connect(
        { ...connect, runtimeParameters: { ...parameters, synchronous_commit: "local" } },
        signal,
      ),
    ] as const;
    try {
      const connections = new SourceConnections(...await Promise.all(attempts));
      await connections.#assertOneServer(signal);
      return connections;
    } catch (error) {
      for (const attempt of attempts) attempt.then((made) => made.destroy(), () => {});
      throw error;
    }
  }

  async #assertOneServer(signal: AbortSignal): Promise<void> {
    const servers = await Promise.all([
      this.replication.query(IDENTITY),
      this.line.ask(IDENTITY, [], signal),
      this.canaryLine.ask(IDENTITY, [], signal),
    ]);
    if (new Set(servers.map(([row]) => row.server)).size > 1) {
      throw new Error(
        "Cannot follow changes: the connections came to different servers; name one primary, or try again",
      );
    }
  }

  /** Ends the stream in order, as far as it can be, and closes; resolves when closed. */
  async close(): Promise<void> {
    this.line.destroy();
    this.canaryLine.destroy();
    await this.replication.close();
  }

  /** Closes all at once. */
  destroy(): void {
    this.replication.destroy();
    this.line.destroy();
    this.canaryLine.destroy();
  }
}
