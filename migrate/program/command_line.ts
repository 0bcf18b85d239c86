/**
 * The command line of `lifeguard`, read into a value; nothing is done here.
 *
 * @module
 */
import { Command, CommanderError, Option } from "commander";
import { nearestWord } from "../../pool/wire/configuration/nearest_word.ts";
import { amount, listed } from "../../pool/wire/configuration/setting.ts";
import { EXIT_CODES, type ExitCode } from "../../program/surroundings.ts";
import { VERSION } from "../../program/version.ts";
import { type CommandName, type CommandRow, COMMANDS, GROUPS } from "./command_table.ts";
import { flagName, MIGRATE_SETTINGS, type MigrateSetting } from "./migrate_settings.ts";

/** The program's name. */
export const PROGRAM = "lifeguard";

/** What a command line asks for. */
export interface CommandLine {
  readonly command: CommandName;
  /** What follows the command. */
  readonly args: readonly string[];
  /** The flags of the command itself. */
  readonly own: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  /** The settings that were given as flags, by their keys. */
  readonly flags: Readonly<Record<string, string | boolean>>;
  /** The file that `--config` names. */
  readonly configFile: string | undefined;
  /** Whether the result is one JSON document. */
  readonly json: boolean;
  /** Whether what destroys something was agreed to. */
  readonly yes: boolean;
}

/** A command line that is answered with words alone. */
export interface Words {
  readonly code: ExitCode;
  readonly text: string;
}

/** Reads a command line. */
export function parseCommandLine(args: readonly string[], columns = 80): CommandLine | Words {
  let text = "";
  let chosen: CommandLine | undefined;
  const all: Command[] = [];
  const make = (name: string): Command => {
    const command = new Command(name).helpOption("-h, --help", "print this").helpCommand(false);
    command.exitOverride();
    command.configureOutput({
      writeOut: (words) => void (text += words),
      writeErr: (words) => void (text += words),
      getOutHelpWidth: () => columns,
      getErrHelpWidth: () => columns,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      outputError: (words, write) => write(misuse(words, command)),
    });
    all.push(command);
    return command;
  };
  const program = makeTree(make, (row, command) => {
    const { json, yes, config } = command.optsWithGlobals();
    const own = command.opts();
    chosen = {
      command: row.name,
      args: command.args,
      own: Object.fromEntries(row.flags.map(({ flag }) => keyOf(flag)).map((key) => [key, own[key]])),
      flags: settingFlags(command),
      configFile: config,
      json: json === true,
      yes: yes === true,
    };
  });
  try {
    program.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { code: error.exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.misuse, text };
  }
  if (chosen === undefined) throw new Error("BUG: no command was chosen");
  return chosen;
}

/** An error of commander in our words. */
function misuse(words: string, command: Command): string {
  const problem = words.trim().replace(/^error: /, "").replace(/\s*\n\s*/g, " ").replace(/\.$/, "");
  return `Cannot run ${PROGRAM}: ${problem}; see ${path(command)} --help\n`;
}

function path(command: Command): string {
  return command.parent === null ? command.name() : `${path(command.parent)} ${command.name()}`;
}

function makeTree(
  make: (name: string) => Command,
  choose: (row: CommandRow, command: Command) => void,
): Command {
  const program = withHelpOfRoot(make(PROGRAM));
  const groups = new Map<string, Command>();
  for (const row of COMMANDS) {
    const [word, second] = row.name.split(" ");
    if (second === undefined) {
      program.addCommand(leaf(make(word), row, choose));
      continue;
    }
    let group = groups.get(word);
    if (group === undefined) {
      group = withHelpOfGroup(make(word), word);
      groups.set(word, group);
      program.addCommand(group);
    }
    group.addCommand(leaf(make(second), row, choose));
  }
  return program;
}

function leaf(
  command: Command,
  row: CommandRow,
  choose: (row: CommandRow, command: Command) => void,
): Command {
  command.description(sentence(row.description));
  command.usage(`${row.argument === undefined ? "" : `${row.argument} `}[flags]`);
  if (row.argument !== undefined) command.argument(row.argument);
  for (const { flag, description, repeated } of row.flags) {
    const option = new Option(flag, description);
    if (repeated === true) {
      option.argParser((value: string, before: readonly string[] = []) => [...before, value]);
    }
    command.addOption(option.helpGroup("Flags:"));
  }
  addCommonFlags(command, row.settings);
  if (row.more !== undefined) command.addHelpText("after", `\n${row.more}`);
  return command.action(() => choose(row, command));
}

/** The flags that every command takes, so that a script can give them to all; those that mean nothing are not told of. */
function addCommonFlags(command: Command, settings: readonly string[]): void {
  const add = (option: Option): void => void command.addOption(option.helpGroup("Common flags:"));
  for (const setting of MIGRATE_SETTINGS) {
    const option = new Option(`--${flagName(setting)} <${setting.placeholder}>`, settingWords(setting));
    add(option.hideHelp(!settings.includes(setting.key)));
  }
  add(new Option("-c, --config <path>", "the TOML file with the settings (config/config.toml)"));
  add(new Option("-y, --yes", "agree to what destroys something"));
  add(new Option("--json", "print the result as one JSON document"));
  command.addHelpOption(new Option("-h, --help", "print this").helpGroup("Common flags:"));
}

function settingWords({ description, defaultText, ...setting }: MigrateSetting): string {
  const usual = defaultText ??
    (typeof setting.default === "number"
      ? amount({ description, ...setting }, setting.default)
      : setting.default);
  return usual === undefined ? description : `${description} (${usual})`;
}

function withHelpOfRoot(program: Command): Command {
  program
    .usage("<command> [flags]")
    .description(
      `Migrations for PostgreSQL, written or made from models, and what belongs to them.

${commandList(COMMANDS)}`,
    )
    .configureHelp({ visibleCommands: () => [] })
    .version(VERSION, "-v, --version", "print the version")
    .addHelpText(
      "after",
      `
Each command tells of its flags: ${PROGRAM} migrate up --help.

The database is the first that is named by --database-url, LIFEGUARD_DATABASE_URL, DATABASE_URL,
database_url in the table [migrate] of config/config.toml, the table [database] there.

Examples:
  ${PROGRAM} migrate new add_users
  ${PROGRAM} migrate up --dry-run
  ${PROGRAM} diff --name add_email
  ${PROGRAM} infer --out models.ts

Exit codes: 0 done, 1 refused or differences found, 2 not understood.`,
    )
    .argument("[command]");
  return program.action((word: string | undefined) => {
    if (word === undefined) program.help({ error: true });
    program.error(unknownCommand(word!, topWords()));
  });
}

function withHelpOfGroup(command: Command, word: string): Command {
  const rows = COMMANDS.filter(({ name }) => name.startsWith(`${word} `));
  command
    .usage("<command> [flags]")
    .summary(GROUPS[word])
    .description(commandList(rows))
    .configureHelp({ visibleCommands: () => [] })
    .addHelpText("after", `\nEach command tells of its flags: ${PROGRAM} ${rows[0].name} --help.`)
    .argument("[command]");
  const words = rows.map(({ name }) => name.slice(word.length + 1));
  return command.action((given: string | undefined) => {
    if (given === undefined) command.help({ error: true });
    command.error(unknownCommand(given!, words));
  });
}

function topWords(): readonly string[] {
  return [...new Set(COMMANDS.map(({ name }) => name.split(" ")[0]))];
}

function commandList(rows: readonly CommandRow[]): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  return `Commands:\n${
    rows.map(({ name, description }) => `  ${name.padEnd(width)}  ${description}`).join("\n")
  }`;
}

function unknownCommand(word: string, words: readonly string[]): string {
  const near = nearestWord(word, words);
  const advice = near === undefined ? `give ${listed(words)}` : `did you mean "${near}"?`;
  return `there is no command ${JSON.stringify(word)}, ${advice}`;
}

function sentence(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}

/** The key under which commander keeps a flag: `--dry-run` is `dryRun`. */
function keyOf(flag: string): string {
  return new Option(flag).attributeName();
}

/** Only what was given on the command line: defaults have their own place. */
function settingFlags(command: Command): Record<string, string | boolean> {
  const given: Record<string, string | boolean> = {};
  for (const { key } of MIGRATE_SETTINGS) {
    if (command.getOptionValueSource(key) === "cli") given[key] = command.getOptionValue(key);
  }
  return given;
}
