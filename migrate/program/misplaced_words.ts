/**
 * Words of a command line that mean something else, or stand somewhere else, than who wrote them thought.
 *
 * @module
 */
import { nearestWord } from "../../pool/wire/configuration/nearest_word.ts";
import { listed } from "../../pool/wire/configuration/setting.ts";
import { COMMANDS, GROUPS } from "./command_table.ts";

/** `help migrate up` and `migrate help up` ask what `migrate up --help` asks. */
export function helpAsFlag(args: readonly string[]): readonly string[] {
  const at = args[0] !== undefined && Object.hasOwn(GROUPS, args[0]) ? 1 : 0;
  return args[at] === "help" ? [...args.toSpliced(at, 1), "--help"] : args;
}

/** What to write in place of a command that there is not: of words of the whole program, or of a group. */
export function unknownCommand(given: readonly string[], group?: string): string {
  const [word] = given;
  const names = COMMANDS.map(({ name }) => name).filter((name) =>
    group === undefined || name.startsWith(`${group} `)
  );
  const here = [...new Set(names.map((name) => name.split(" ")[group === undefined ? 0 : 1]))];
  const meant = group === undefined
    ? meantCommand(given, { names, here })
    : nearestWord(word, here) ?? COMMANDS.find(({ name }) => name === word)?.name;
  const advice = meant === undefined ? `give ${listed(here)}` : `did you mean "${meant}"?`;
  return `there is no command ${JSON.stringify(word)}${
    group === undefined ? "" : ` of "${group}"`
  }, ${advice}`;
}

function meantCommand(
  given: readonly string[],
  { names, here }: { readonly names: readonly string[]; readonly here: readonly string[] },
): string | undefined {
  const [word, second] = given;
  const inGroup = names.filter((name) => name.includes(" "));
  const behind = (end: string): string | undefined => inGroup.find((name) => name.endsWith(` ${end}`));
  // "migrat up" is better answered as a whole; "up" alone lacks its group.
  if (second !== undefined) {
    const whole = nearestWord(`${word} ${second}`, inGroup);
    if (whole !== undefined) return whole;
  }
  const near = behind(word) ?? nearestWord(word, here);
  if (near !== undefined) return near;
  const ending = nearestWord(word, inGroup.map((name) => name.split(" ")[1]));
  return ending === undefined ? undefined : behind(ending);
}

/** Of a flag that is not understood where it stands: the commands behind whose name it would be. */
export function commandsOfFlag(flag: string): string | undefined {
  const bare = flag.replace(/=.*$/, "");
  const names = COMMANDS.filter(({ flags }) => flags.some((one) => one.flag.split(" ")[0] === bare)).map((
    { name },
  ) => name);
  if (names.length === 0) return undefined;
  return `it is a flag of ${listed(names)} and stands behind the command`;
}
