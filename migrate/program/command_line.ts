/**
 * The command line of `lifeguard`, read into a value; nothing is done here.
 *
 * @module
 */
import { Command, CommanderError, Option } from "commander";
import { amount } from "../../pool/wire/configuration/setting.ts";
import { EXIT_CODES, type ExitCode } from "../../program/surroundings.ts";
import { VERSION } from "../../program/version.ts";
import { type CommandName, type CommandRow, COMMANDS, GROUPS } from "./command_table.ts";
import { flagName, MIGRATE_SETTINGS, type MigrateSetting } from "./migrate_settings.ts";
import { commandsOfFlag, helpAsFlag, unknownCommand } from "./misplaced_words.ts";

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
    const meant = helpAsFlag(args);
    refuseUnknownCommand(program, meant);
    program.parse(meant, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { code: error.exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.misuse, text };
  }
  if (chosen === undefined) throw new Error("BUG: no command was chosen");
  return chosen;
}

/** A command that there is not is told of first: of the flags behind it nobody knows whose they are. */
function refuseUnknownCommand(program: Command, [first, second]: readonly string[]): void {
  const isWord = (word: string | undefined): word is string => word !== undefined && !word.startsWith("-");
  const named = ({ commands }: Command, name: string): Command | undefined =>
    commands.find((command) => command.name() === name);
  if (!isWord(first)) return;
  const command = named(program, first);
  if (command === undefined) program.error(unknownCommand(isWord(second) ? [first, second] : [first]));
  const isGroup = command!.commands.length > 0;
  if (isGroup && isWord(second) && named(command!, second) === undefined) {
    command!.error(unknownCommand([second], first));
  }
}

/** An error of commander in our words. */
function misuse(words: string, command: Command): string {
  const problem = words.trim().replace(/^error: /, "").replace(/\s*\n\s*/g, " ").replace(/\.$/, "");
  const [unknown, flag = ""] = /^unknown option '([^']*)'/.exec(problem) ?? [];
  const elsewhere = commandsOfFlag(flag);
  const advised = elsewhere === undefined ? problem : `${unknown}, ${elsewhere}`;
  return `Cannot run ${PROGRAM}: ${advised}; see ${path(command)} --help\n`;
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
  command.addHelpOption(new Option("-h, --help", "print this").helpGroup("Common flags:"));
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
}

/** The root understands them, too, so that they may stand in front of the command; its help is of commands only. */
function addHiddenFlags(program: Command): Command {
  const bare = new Command();
  addCommonFlags(bare, []);
  for (const option of bare.options) program.addOption(option.hideHelp());
  return program;
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
    .argument("[words...]");
  return addHiddenFlags(program).action((given: readonly string[]) => {
    if (given.length === 0) program.help({ error: true });
    program.error(unknownCommand(given));
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
    .argument("[words...]");
  return command.action((given: readonly string[]) => {
    if (given.length === 0) command.help({ error: true });
    command.error(unknownCommand(given, word));
  });
}

function commandList(rows: readonly CommandRow[]): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  return `Commands:\n${
    rows.map(({ name, description }) => `  ${name.padEnd(width)}  ${description}`).join("\n")
  }`;
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
  const all = command.optsWithGlobals();
  for (const { key } of MIGRATE_SETTINGS) {
    if (command.getOptionValueSourceWithGlobals(key) === "cli") given[key] = all[key];
  }
  return given;
}
