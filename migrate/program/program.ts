/**
 * `lifeguard` from its arguments to its exit code.
 *
 * With `--json`, one document goes to the standard output, whatever happens:
 *
 *     {"command":"migrate up","ok":true,…}
 *     {"command":"migrate up","ok":false,…,"error":{"name":"…","code":"…","message":"…"}}
 *
 * ## States
 *
 * running → asked to end (the first SIGINT or SIGTERM: what runs is cancelled and undone, or left as the next run continues
 * from) → ended. A second signal ends the process at once, unless it comes right behind the first, as from a group.
 *
 * @module
 */
import { Pool } from "../../pool/pool.ts";
import { ConfigError, LifeguardError } from "../../pool/wire/errors.ts";
import { messageOf, MisuseError } from "../../program/misuse_error.ts";
import { EXIT_CODES, type ExitCode, type Surroundings } from "../../program/surroundings.ts";
import {
  type CommandBody,
  type CommandContext,
  type CommandResult,
  RefusedError,
  UnfinishedError,
} from "./command.ts";
import { type CommandLine, parseCommandLine, PROGRAM } from "./command_line.ts";
import type { CommandName } from "./command_table.ts";
import { errorAdvice } from "./error_advice.ts";
import { hiddenSecrets } from "./hidden_secrets.ts";
import { resolveSettings, type Settings } from "./resolve_settings.ts";
import type { Terminal } from "./terminal.ts";

/** Milliseconds in which signals are one. */
const SAME_SIGNAL = 500;
/** What the server shows of our connections. */
const APPLICATION = "lifeguard";
/** Connections at most: for the lock, for what is done, and for a look aside. */
const CONNECTIONS = 4;
/** Milliseconds in which a connection must be had: somebody waits for an answer. */
const ACQUIRE_TIMEOUT = 10_000;
/** The same of a database in this process, which may have to be made first. */
const EMBEDDED_TIMEOUT = 120_000;
/** Milliseconds that closing may take. */
const CLOSE_TIMEOUT = 5_000;

/** Milliseconds after which somebody at a terminal wants to know what is waited for. */
const SILENCE = 1_000;

/** What the program runs in. */
export interface ProgramParts {
  readonly surroundings: Surroundings;
  readonly terminal: Terminal;
  readonly commands: Readonly<Record<CommandName, CommandBody>>;
}

/** Does what the command line says. */
export async function runProgram({ surroundings, terminal, commands }: ProgramParts): Promise<ExitCode> {
  const { args, columns, environment } = surroundings;
  const line = parseCommandLine(args, columns);
  if ("text" in line) {
    if (line.code === EXIT_CODES.done) surroundings.out(line.text);
    else if (args.includes("--json")) {
      surroundings.err(line.text);
      surroundings.out(`${JSON.stringify(misuseDocument(line.text.trim()))}\n`);
    } else surroundings.err(line.text);
    return line.code;
  }
  const program = new Running(surroundings, terminal, line);
  try {
    const { flags, configFile } = line;
    const settings = resolveSettings({ flags, configFile, environment });
    return program.finish(await program.run(commands[line.command], settings));
  } catch (error) {
    return program.fail(error);
  }
}

function misuseDocument(message: string): Readonly<Record<string, unknown>> {
  return { ok: false, error: { name: "MisuseError", message } };
}

function openPool({ database }: Settings): Pool {
  return new Pool({
    ...database,
    applicationName: APPLICATION,
    min: 0,
    max: CONNECTIONS,
    acquireTimeout: /^pglite:/i.test(database.url ?? "") ? EMBEDDED_TIMEOUT : ACQUIRE_TIMEOUT,
    // A runtime without Temporal can do everything else.
    ...("Temporal" in globalThis ? {} : { dates: "string" }),
    logger: {},
  });
}

class Running {
  readonly #surroundings: Surroundings;
  readonly #terminal: Terminal;
  readonly #line: CommandLine;
  readonly #ending = new AbortController();
  #settings: Settings | undefined;

  constructor(surroundings: Surroundings, terminal: Terminal, line: CommandLine) {
    this.#surroundings = surroundings;
    this.#terminal = terminal;
    this.#line = line;
  }

  async run(body: CommandBody, settings: Settings): Promise<CommandResult> {
    this.#settings = settings;
    let pool: Pool | undefined;
    const ignore = this.#listen();
    let silence: ReturnType<typeof setTimeout> | undefined;
    const progress = (text?: string): void => {
      clearTimeout(silence);
      this.#terminal.progress(text);
    };
    const context: CommandContext = {
      line: this.#line,
      settings,
      terminal: { ...this.#terminal, progress },
      signal: this.#ending.signal,
      database: () => {
        if (pool !== undefined) return pool;
        silence ??= setTimeout(() => this.#terminal.progress("waits for the database"), SILENCE);
        return pool = openPool(settings);
      },
      log: (text) => {
        progress();
        this.#surroundings.err(`${text}\n`);
      },
      emit: (result) => {
        progress();
        this.#print({ ...result, code: EXIT_CODES.done });
      },
      tell: (error) => {
        progress();
        this.fail(error);
      },
    };
    try {
      return await body(context);
    } finally {
      progress();
      ignore();
      await pool?.close({ timeout: CLOSE_TIMEOUT }).catch(() => {});
    }
  }

  finish(result: CommandResult): ExitCode {
    this.#print(result);
    return result.code;
  }

  fail(thrown: unknown): ExitCode {
    const part = thrown instanceof UnfinishedError ? thrown.result : undefined;
    const error = thrown instanceof UnfinishedError ? thrown.cause : thrown;
    if (part !== undefined && !this.#line.json && part.text !== "") {
      this.#surroundings.out(`${this.#hide(part.text)}\n`);
    }
    const isMisuse = error instanceof ConfigError || error instanceof MisuseError;
    const code = isMisuse ? EXIT_CODES.misuse : EXIT_CODES.failed;
    const message = this.#hide(messageOf(error)) + errorAdvice(error, this.#settings);
    const isPlain = isMisuse || error instanceof RefusedError || /^(Cannot|Refused) /.test(message);
    this.#surroundings.err(
      `${isPlain ? this.#terminal.tone("bad", message) : `${PROGRAM} failed: ${message}`}\n`,
    );
    if (this.#line.json) {
      const name = error instanceof Error ? error.name : "Error";
      const kind = error instanceof LifeguardError ? { code: error.code } : {};
      this.#write({
        command: this.#line.command,
        ok: false,
        ...part?.document,
        error: { name, ...kind, message },
      });
    }
    return code;
  }

  #print({ code, document, text }: CommandResult): void {
    if (this.#line.json) {
      this.#write({ command: this.#line.command, ok: code === EXIT_CODES.done, ...document });
    } else if (text !== "") this.#surroundings.out(`${this.#hide(text)}\n`);
  }

  #write(document: Readonly<Record<string, unknown>>): void {
    const text = JSON.stringify(document, (_, value) => typeof value === "bigint" ? Number(value) : value);
    this.#surroundings.out(`${this.#hide(text)}\n`);
  }

  #hide(text: string): string {
    return hiddenSecrets(text, this.#settings);
  }

  #listen(): () => void {
    let askedAt: number | undefined;
    return this.#surroundings.onEnding((signal) => {
      if (askedAt !== undefined) {
        if (performance.now() - askedAt < SAME_SIGNAL) return;
        return this.#surroundings.exit(EXIT_CODES.failed);
      }
      askedAt = performance.now();
      this.#terminal.progress();
      this.#surroundings.err(`${signal}: ends\n`);
      this.#ending.abort(new RefusedError(`Cannot finish: ${signal} ended it; run it again to continue`));
    });
  }
}
