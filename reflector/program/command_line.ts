/**
 * The command line of `lifeguard-reflector`, read into a value; nothing is done here.
 *
 * @module
 */
import { Command, CommanderError, Option } from "commander";
import { defaultText, typeText } from "../../pool/configuration/settings.ts";
import { nearestWord } from "../../pool/wire/configuration/nearest_word.ts";
import { listed } from "../../pool/wire/configuration/setting.ts";
import { flagName, REFLECTOR_SETTINGS, type ReflectorSetting } from "../configuration/reflector_settings.ts";
import { EXIT_CODES, type ExitCode } from "../../program/surroundings.ts";
import { VERSION } from "../../program/version.ts";

/** The program's name. */
export const PROGRAM = "lifeguard-reflector";

/** What the program can do. */
export const COMMANDS = ["run", "install", "sql", "audit"] as const;

/** What a command line asks for. */
export interface CommandLine {
  readonly command: typeof COMMANDS[number];
  /** The tables that `install` and `sql` name. */
  readonly tables: readonly string[];
  /** The flags of the command itself. */
  readonly own: Readonly<Record<string, string | boolean | undefined>>;
  /** The settings that were given as flags, by their keys. */
  readonly flags: Readonly<Record<string, string | boolean>>;
  /** The file that `--config` names. */
  readonly configFile: string | undefined;
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
  const choose: Choose = (command, tables, own) => {
    chosen = { command, tables, own, flags: settingFlags(program), configFile: program.opts().config };
  };
  const commands = [runCommand(choose), ...installCommands(choose), auditCommand(choose)];
  const program = root(commands);
  for (const command of [program, ...commands]) {
    command.exitOverride();
    command.configureOutput({
      writeOut: (words) => void (text += words),
      writeErr: (words) => void (text += words),
      getOutHelpWidth: () => columns,
      getErrHelpWidth: () => columns,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      outputError: (words, write) => write(misuse(words)),
    });
  }
  commands.forEach((command, index) => program.addCommand(command, { isDefault: index === 0 }));
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
function misuse(words: string): string {
  const problem = words.trim().replace(/^error: /, "").replace(/\s*\n\s*/g, " ").replace(/\.$/, "");
  return `Cannot run ${PROGRAM}: ${problem}; see ${PROGRAM} --help\n`;
}

type Choose = (command: CommandLine["command"], tables: readonly string[], own: CommandLine["own"]) => void;

function root(commands: readonly Command[]): Command {
  const program = new Command(PROGRAM)
    .usage("[command] [flags]")
    .description(`Keeps the caches of @lifeguard/core coherent: follows the changes of a PostgreSQL database,
and voids or refreshes what Redis holds of them. Run two or more: one leads, the others stand by.

Commands:
${commands.map((command) => `  ${command.name().padEnd(9)} ${command.description()}`).join("\n")}`)
    .configureHelp({ visibleCommands: () => [] })
    .version(VERSION, "-v, --version", "print the version")
    .helpOption("-h, --help", "print this")
    .helpCommand(false)
    .option("-c, --config <path>", "the TOML file with the settings (config/config.toml)")
    .addHelpText(
      "after",
      `
In brackets is what holds without the flag. Each setting can also be given as a variable, such as
LIFEGUARD__REFLECTOR__REDIS_URL, or in the file, such as redis_url = "…" in its table [reflector].
Flags win over variables, variables over the file.

Examples:
  ${PROGRAM} --database-url postgres://app@db/shop --redis-url redis://cache
  ${PROGRAM} install public.users public.albums
  ${PROGRAM} sql users > migrations/triggers.sql

Exit codes: 0 done, 1 failed, 2 not understood.`,
    );
  for (const setting of REFLECTOR_SETTINGS) {
    if (setting.noFlag !== true) { for (const option of options(setting)) program.addOption(option); }
  }
  return program;
}

function options({ key, ...setting }: ReflectorSetting): readonly Option[] {
  const name = flagName({ key, ...setting });
  const group = `${setting.group}:`;
  if (setting.off !== undefined) {
    // The other one is for whom a file or a variable has turned it off.
    return [new Option(`--no-${name}`, setting.off).helpGroup(group), new Option(`--${name}`).hideHelp()];
  }
  const values = setting.type === "choice" ? `: ${plain(typeText({ key, ...setting }))}` : "";
  const isSaid = setting.default !== undefined || setting.defaultText !== undefined;
  const usual = isSaid ? ` (${plain(defaultText({ key, ...setting }))})` : "";
  const words = `${firstSentence(plain(setting.description))}${values}${usual}`;
  return [new Option(`--${name} <${setting.placeholder ?? "word"}>`, words).helpGroup(group)];
}

function plain(markdown: string): string {
  return markdown.replaceAll("`", "");
}

/** What fits beside a flag: the first sentence, begun in lower case. */
function firstSentence(text: string): string {
  const [sentence] = text.split(/\.(?: |$)|: /);
  return /^[A-Z][a-z]/.test(sentence) ? sentence[0].toLowerCase() + sentence.slice(1) : sentence;
}

/** Only what was given on the command line: defaults have their own place. */
function settingFlags(program: Command): Record<string, string | boolean> {
  const given: Record<string, string | boolean> = {};
  for (const { key } of REFLECTOR_SETTINGS) {
    if (program.getOptionValueSource(key) === "cli") given[key] = program.getOptionValue(key);
  }
  return given;
}

function runCommand(choose: Choose): Command {
  const command = new Command("run")
    .description("follow the changes until SIGTERM or SIGINT; also what happens without a command")
    .argument("[nothing...]")
    .usage("[flags]");
  return command.action((rest: string[]) => {
    if (rest.length > 0) command.error(unknownCommand(rest[0]));
    choose("run", [], {});
  });
}

function unknownCommand(word: string): string {
  const near = nearestWord(word, COMMANDS);
  const advice = near === undefined ? `give ${listed(COMMANDS)}` : `did you mean "${near}"?`;
  return `there is no command ${JSON.stringify(word)}, ${advice}`;
}

function installCommands(choose: Choose): readonly Command[] {
  const both = [
    ["install", "make tables tell of their changes: triggers for notify, the publication for logical"],
    ["sql", "print the SQL of install, for a migration; nothing is changed"],
  ] as const;
  return both.map(([name, description]) =>
    new Command(name)
      .description(description)
      .argument("<tables...>", "tables, as in SQL: users, public.users")
      .option("--for <source>", "notify or logical (both, where the server allows logical)")
      .option("--cascades <word>", "tables that change by foreign keys: require, include, ignore (require)")
      .action((tables: string[], own: CommandLine["own"]) => choose(name, tables, own))
  );
}

function auditCommand(choose: Choose): Command {
  return new Command("audit")
    .description("sample cached entries as clients see them and compare them with the primary")
    .option("--samples <count>", "how many entries to sample (1000)")
    .option("--after <seconds>", "when to look at them again (1,10,60)")
    .option("--json", "print the report as JSON")
    .action((own: CommandLine["own"]) => choose("audit", [], own));
}
