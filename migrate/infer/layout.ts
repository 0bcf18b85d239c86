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
  /**
   * Its text on several lines.
   *
   * @param indent How many blanks the line it begins on is indented.
   * @param width How long a line may be.
   */
  broken(indent: number, width: number): string;
}

/** An entry of an object. */
export interface Entry {
  readonly key: string;
  readonly value: Piece;
  /** Lines of comment before it, without slashes. */
  readonly comments?: readonly string[];
}

/** What a line may end with behind a piece: a comma, or a semicolon. */
const END = 1;

/**
 * Writes a piece.
 *
 * @param piece The piece.
 * @param place Where it stands: `indent` of its line, the `column` it begins at, the `width` of a line, and how many
 * characters follow it.
 */
export function write(
  piece: Piece,
  { indent, column, width, end = END }: {
    readonly indent: number;
    readonly column: number;
    readonly width: number;
    readonly end?: number;
  },
): string {
  const { flat } = piece;
  if (flat !== undefined && column + flat.length + end <= width) return flat;
  return piece.broken(indent, width);
}

/** Text that is never broken. A template of several lines is one. */
export function text(given: string): Piece {
  return { flat: given.includes("\n") ? undefined : given, hugs: false, broken: () => given };
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
    broken(indent, width) {
      const inner = indent + 2;
      const lines = entries.flatMap(({ key, value, comments = [] }) => [
        ...comments.map((comment) => `${blanks(inner)}// ${comment}`),
        `${blanks(inner)}${key}: ${write(value, { indent: inner, column: inner + key.length + 2, width })},`,
      ]);
      return `{\n${lines.join("\n")}\n${blanks(indent)}}`;
    },
  };
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
    broken: (indent, width) => `[\n${lines(items, indent + 2, width)}${blanks(indent)}]`,
  };
}

/** Something in front of a piece that stays on its line: `(t) => `. With `after`, something behind it. */
export function prefixed(before: string, piece: Piece, after = ""): Piece {
  return {
    flat: piece.flat === undefined ? undefined : `${before}${piece.flat}${after}`,
    hugs: piece.hugs,
    broken: (indent, width) => `${before}${piece.broken(indent, width)}${after}`,
  };
}

/** A call of a function. */
export function call(name: string, args: readonly Piece[]): Piece {
  const isFlat = args.every(({ flat }) => flat !== undefined);
  return {
    flat: isFlat ? `${name}(${args.map(({ flat }) => flat).join(", ")})` : undefined,
    hugs: false,
    broken: (indent, width) =>
      huggedCall(name, args, { indent, width }) ??
        `${name}(\n${lines(args, indent + 2, width)}${blanks(indent)})`,
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
    broken(indent, width) {
      const first = write(base, { indent, column: indent, width });
      const inner = indent + 2;
      const rest = calls.map((each) =>
        `\n${blanks(inner)}.${write(each, { indent: inner, column: inner + 1, width })}`
      );
      return first + rest.join("");
    },
  };
}

/** A call whose objects are broken while everything else stays on its line; `undefined` where that does not fit. */
function huggedCall(
  name: string,
  args: readonly Piece[],
  { indent, width }: { readonly indent: number; readonly width: number },
): string | undefined {
  const hugging = args.filter(({ hugs }) => hugs);
  if (hugging.length === 0) return undefined;
  if (args.some(({ hugs, flat }) => !hugs && flat === undefined)) return undefined;
  const open = hugging.filter(({ flat }) => flat === undefined);
  const length = ({ flat }: Piece): number => flat?.length ?? 0;
  const broken = new Set(
    open.length > 0 ? open : [hugging.toSorted((one, other) => length(other) - length(one))[0]],
  );
  const result = `${name}(${
    args.map((arg) => broken.has(arg) ? arg.broken(indent, width) : arg.flat).join(", ")
  })`;
  // What stands before it on its line is not known here: half of the line is left for it.
  const fits = (line: string, at: number): boolean => line.length + (at === 0 ? indent : 0) <= width - 24;
  return result.split("\n").every((line, at, all) => (at > 0 && at < all.length - 1) || fits(line, at))
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
