/**
 * The runner as the command line uses it: its options from settings and flags, its events for a person.
 *
 * @module
 */
import { describeBlockers } from "../running/blocking_sessions.ts";
import { describeOwner } from "../running/lock_owner.ts";
import { doneWords } from "../running/migration_errors.ts";
import type { MigrationEvent } from "../running/progress_events.ts";
import { type FinishedMigration, Migrator } from "../running/runner.ts";
import type { CommandContext } from "./command.ts";
import { wordFlag } from "./flag_values.ts";
import { durationText } from "./text.ts";

/** Makes the runner of a command; `onDone` is told of each migration that was run, also where a later one fails. */
export function makeMigrator(
  context: CommandContext,
  onDone?: (migration: FinishedMigration) => void,
): Migrator {
  const { line, settings, signal } = context;
  const interrupted = line.own.interrupted === undefined ? {} : {
    interrupted: wordFlag(line, "interrupted", {
      flag: "--interrupted",
      words: ["again", "done"],
      usual: "again",
    }),
  };
  const show = eventShower(context);
  return new Migrator(context.database(), {
    dir: settings.dir,
    stateSchema: settings.stateSchema,
    lockDeadline: settings.wait,
    lockTimeout: settings.lockTimeout,
    outOfOrder: line.own.outOfOrder === true,
    ...interrupted,
    onProgress: (event) => {
      show(event);
      if (event.type !== "done") return;
      const { version, name, direction, duration } = event;
      onDone?.({ version, name, direction, duration });
    },
    signal,
  });
}

/** Milliseconds between two words about a wait. */
const WAITING_INTERVAL = 10_000;
/** Milliseconds after which a statement is worth a line where there is no terminal. */
const LONG = 5_000;
/** Characters of a statement that are shown. */
const SHOWN = 60;

/** Shows what happens: at a terminal a line that changes; what somebody should know is a line of the log everywhere. */
function eventShower({ terminal, log }: CommandContext): (event: MigrationEvent) => void {
  let saidWaiting = -Infinity;
  let text = "";
  return (event) => {
    switch (event.type) {
      case "waiting":
        terminal.progress(`waits for ${describeOwner(event.owner)}, ${durationText(event.waited)} so far`);
        if (event.waited - saidWaiting < WAITING_INTERVAL) return;
        saidWaiting = event.waited;
        return log(`Waits: ${describeOwner(event.owner)} migrates this database`);
      case "begin":
        return terminal.progress(`${event.version}_${event.name} ${event.direction}`);
      case "statement":
        text = shortened(event.text);
        return terminal.progress(
          `${event.version}_${event.name} [${event.number}/${event.total}] ${text}`,
        );
      case "statement done":
        if (event.duration >= LONG) log(`${durationText(event.duration)} for ${text}`);
        return;
      case "blocked":
        return log(`Waits for a lock of ${describeBlockers(event.by)}: ${text}`);
      case "retry":
        return log(
          `Tries again in ${
            durationText(event.pause)
          } (${event.attempt} of ${event.attempts}): ${event.reason}`,
        );
      case "rebuild":
        return log(`Builds index ${event.index} anew: an earlier run left it unfinished`);
      case "resumed":
        return log(`Goes on with ${event.version}_${event.name} at statement ${event.number}`);
      case "stopped":
        return log(
          `Stopped in ${event.version}_${event.name}. ${
            doneWords({ ...event, verb: event.direction === "up" ? "apply" : "revert" })
          }`,
        );
      case "loss":
        return log(`Not brought back: ${event.loss}`);
      case "data":
        return terminal.progress(`${event.version}_${event.name} data`);
      case "locked":
      case "done":
        return terminal.progress();
      default:
        return event satisfies never;
    }
  };
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= SHOWN ? line : `${line.slice(0, SHOWN - 1)}…`;
}
