/**
 * Source text laid out as `deno fmt` leaves it: on one line where that fits, else one entry to a line.
 *
 * A piece knows its text on one line, or that it has none, and how it breaks. The formatter keeps lines that are broken
 * already, so that only what is too long has to be found here.
 *
 * @module
 */

/** A piece of source text. */
export interface Piece {
  /** Its text on one line; `undefined` where it needs several. */
  readonly flat: string | undefined;
  /** Whether it stays on the line of the call it is an argument of when it breaks. */
  readonly hugs: boolean;
  /** Whether it is never broken, so that it moves to a line of its own behind a key. */
  readonly isWhole?: boolean;
  /** Its text on several lines. */
  broken(place: Place): string;
}

/** Where a piece stands. */
export interface Place {
  /** How many blanks its line is indented. */
  readonly indent: number;
  /** The column it begins at. */
  readonly column: number;
  /** How long a line may be. */
  readonly width: number;
}

/** An entry of an object. */
export interface Entry {
  readonly key: string;
  readonly value: Piece;
  /** Lines of comment before it, without slashes. */
  readonly comments?: readonly string[];
}

/** What a line ends with behind a piece: a comma, or a semicolon. */
const END = 1;

/** Writes a piece on its line, or on several where it does not fit. */
export function write(piece: Piece, place: Place): string {
  const { flat } = piece;
  return flat !== undefined && place.column + flat.length + END <= place.width ? flat : piece.broken(place);
}

/** Text that is never broken. A template of several lines is one. */
export function text(given: string): Piece {
  const isLine = !given.includes("\n");
  return { flat: isLine ? given : undefined, hugs: false, isWhole: isLine, broken: () => given };
}

/** An object; `open` objects are always broken. */
export function object(entries: readonly Entry[], { open = false }: { readonly open?: boolean } = {}): Piece {
  const parts = entries.map(({ key, value }) =>
    value.flat === undefined ? undefined : `${key}: ${value.flat}`
  );
  const isFlat = !open && parts.every((part) => part !== undefined) &&
    entries.every(({ comments = [] }) => comments.length === 0);
  return {
    flat: entries.length === 0 ? "{}" : isFlat ? `{ ${parts.join(", ")} }` : undefined,
    hugs: true,
    broken: ({ indent, width }) =>
      `{\n${entries.map((entry) => entryLines(entry, { indent: indent + 2, width })).join("")}${
        blanks(indent)
      }}`,
  };
}

function entryLines(
  { key, value, comments = [] }: Entry,
  { indent, width }: Pick<Place, "indent" | "width">,
): string {
  const start = blanks(indent);
  const column = indent + key.length + 2;
  const written = write(value, { indent, column, width });
  const [first, ...rest] = written.split("\n");
  // A template of several lines stays where it is.
  const moves = value.isWhole !== false && column + first.length + (rest.length === 0 ? END : 0) > width;
  const inner = indent + 2;
  const text = moves
    ? `${start}${key}:\n${blanks(inner)}${write(value, { indent: inner, column: inner, width })},\n`
    : `${start}${key}: ${written},\n`;
  return comments.map((comment) => `${start}// ${comment}\n`).join("") + text;
}

/** An array; `open` arrays are always broken, `hugs` says whether it breaks where a call is broken. */
export function array(
  items: readonly Piece[],
  { open = false, hugs = false }: { readonly open?: boolean; readonly hugs?: boolean } = {},
): Piece {
  const isFlat = !open && items.every(({ flat }) => flat !== undefined);
  return {
    flat: items.length === 0 ? "[]" : isFlat ? `[${items.map(({ flat }) => flat).join(", ")}]` : undefined,
    hugs,
    broken: ({ indent, width }) => `[\n${lines(items, indent + 2, width)}${blanks(indent)}]`,
  };
}

/** Something in front of a piece that stays on its line: `(t) => `. With `after`, something behind it. */
export function prefixed(before: string, piece: Piece, after = ""): Piece {
  return {
    flat: piece.flat === undefined ? undefined : `${before}${piece.flat}${after}`,
    hugs: piece.hugs,
    broken: (place) => `${before}${piece.broken({ ...place, column: place.column + before.length })}${after}`,
  };
}

/** A function of one expression, which moves to a line of its own where it does not fit. */
export function arrow(head: string, body: Piece): Piece {
  return {
    flat: body.flat === undefined ? undefined : `${head} => ${body.flat}`,
    hugs: false,
    broken({ indent: outer, width }) {
      const indent = outer + 2;
      return `${head} =>\n${blanks(indent)}${write(body, { indent, column: indent, width })}`;
    },
  };
}

/** A call of a function. */
export function call(name: string, args: readonly Piece[]): Piece {
  const isFlat = args.every(({ flat }) => flat !== undefined);
  return {
    flat: isFlat ? `${name}(${args.map(({ flat }) => flat).join(", ")})` : undefined,
    hugs: false,
    broken: (place) =>
      huggedCall(name, args, place) ??
        `${name}(\n${lines(args, place.indent + 2, place.width)}${blanks(place.indent)})`,
  };
}

/** A property of something with a long name, which moves to a line of its own where it does not fit. */
export function member(of: string, property: string): Piece {
  return {
    flat: `${of}.${property}`,
    hugs: false,
    broken: ({ indent }) => `${of}\n${blanks(indent + 2)}.${property}`,
  };
}

/** Calls of methods, one after the other. */
export function chain(base: Piece, calls: readonly Piece[]): Piece {
  if (calls.length === 0) return base;
  const parts = [base, ...calls];
  const isFlat = parts.every(({ flat }) => flat !== undefined);
  return {
    flat: isFlat ? parts.map(({ flat }) => flat).join(".") : undefined,
    hugs: false,
    broken(place) {
      const indent = place.indent + 2;
      const rest = calls.map((each) =>
        `\n${blanks(indent)}.${write(each, { indent, column: indent + 1, width: place.width })}`
      );
      return write(base, place) + rest.join("");
    },
  };
}

/** A call whose objects are broken while everything else stays on its line; `undefined` where that does not fit. */
function huggedCall(name: string, args: readonly Piece[], place: Place): string | undefined {
  const hugging = args.filter(({ hugs }) => hugs);
  if (hugging.length === 0) return undefined;
  if (args.some(({ hugs, flat }) => !hugs && flat === undefined)) return undefined;
  const open = hugging.filter(({ flat }) => flat === undefined);
  const length = ({ flat }: Piece): number => flat?.length ?? 0;
  const broken = new Set(
    open.length > 0 ? open : [hugging.toSorted((one, other) => length(other) - length(one))[0]],
  );
  const result = `${name}(${args.map((arg) => broken.has(arg) ? arg.broken(place) : arg.flat).join(", ")})`;
  // Only the first and the last line are the call's own; within an object each entry sees to itself.
  const own = result.split("\n").filter((_, at, all) => at === 0 || at === all.length - 1);
  return own.every((line, at) => line.length + (at === 0 ? place.column : END) <= place.width)
    ? result
    : undefined;
}

function lines(pieces: readonly Piece[], indent: number, width: number): string {
  return pieces.map((piece) => `${blanks(indent)}${write(piece, { indent, column: indent, width })},\n`).join(
    "",
  );
}

function blanks(count: number): string {
  return " ".repeat(count);
}
