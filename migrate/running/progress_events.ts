/**
 * What a run tells while it goes on.
 *
 * @module
 */
import type { BlockingSession } from "./blocking_sessions.ts";
import type { LockOwner } from "./lock_owner.ts";

/** Which way a migration is run. */
export type Direction = "up" | "down";

/** What is told of every migration. */
export interface AboutMigration {
  /** Fourteen digits. */
  readonly version: string;
  /** The rest of its file's name. */
  readonly name: string;
}

/** Something that happened. Durations are in milliseconds. */
export type MigrationEvent =
  | { readonly type: "waiting"; readonly owner: LockOwner | undefined; readonly waited: number }
  | { readonly type: "locked"; readonly waited: number }
  | AboutMigration & {
    readonly type: "begin";
    readonly direction: Direction;
    readonly total: number;
    readonly done: number;
  }
  | AboutMigration & {
    readonly type: "statement";
    /** Its number, from 1. */
    readonly number: number;
    readonly total: number;
    readonly text: string;
    readonly line: number | undefined;
  }
  | AboutMigration & { readonly type: "statement done"; readonly number: number; readonly duration: number }
  | AboutMigration & {
    readonly type: "blocked";
    readonly number: number;
    readonly by: readonly BlockingSession[];
  }
  | AboutMigration & {
    readonly type: "retry";
    readonly attempt: number;
    readonly attempts: number;
    readonly pause: number;
    readonly reason: string;
  }
  | AboutMigration & { readonly type: "rebuild"; readonly index: string }
  | AboutMigration & { readonly type: "resumed"; readonly number: number; readonly state: string }
  | AboutMigration & { readonly type: "loss"; readonly loss: string }
  | AboutMigration & { readonly type: "data" }
  | AboutMigration & {
    /** The signal ended it. */
    readonly type: "stopped";
    readonly direction: Direction;
    /** How many statements are done and stay so. */
    readonly done: number;
    readonly total: number;
  }
  | AboutMigration & { readonly type: "done"; readonly direction: Direction; readonly duration: number };
