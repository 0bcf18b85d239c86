/**
 * The text of grouped selects. PostgreSQL takes an expression with placeholders for another each time it is written, so
 * one that is selected and grouped by is named in `group by` by its place in the select list.
 *
 * Invariant: it is only where the values are the same too; each combination has a text of its own, kept by the shape.
 *
 * @module
 */
import { clausesOf, writeSelect } from "./select.ts";
import type { Question, Shape } from "./shape.ts";
import type { StatementText } from "./statement_text.ts";

/** A group whose text, with placeholders, is that of something selected. */
interface Repeat {
  /** The position of the group's clause in the query. */
  readonly group: number;
  /** The position of the select's clause. */
  readonly select: number;
  /** Where in that clause's values its own begin. */
  readonly offset: number;
  /** Its place in the select list, from 1. */
  readonly ordinal: number;
}

const REPEATS = new WeakMap<Shape, readonly Repeat[]>();
const TEXTS = new WeakMap<Shape, Map<string, StatementText>>();

/**
 * The text for a question about a shape that has groups.
 *
 * @param shape The shape.
 * @param question The question.
 * @param values The values of its clauses.
 */
export function groupedText(
  shape: Shape,
  question: Question,
  values: readonly (readonly unknown[])[],
): StatementText {
  const repeats = repeatsOf(shape);
  const ordinals = new Map<number, number>();
  for (const repeat of repeats) {
    if (!ordinals.has(repeat.group) && isSame(repeat, values)) ordinals.set(repeat.group, repeat.ordinal);
  }
  if (ordinals.size === 0) return shape.text(question, writeSelect);
  let texts = TEXTS.get(shape);
  if (texts === undefined) TEXTS.set(shape, texts = new Map());
  const key = `${question} ${[...ordinals].join(" ")}`;
  let text = texts.get(key);
  if (text === undefined) texts.set(key, text = writeSelect(shape, question, ordinals));
  return text;
}

function repeatsOf(shape: Shape): readonly Repeat[] {
  let repeats = REPEATS.get(shape);
  if (repeats === undefined) REPEATS.set(shape, repeats = findRepeats(shape));
  return repeats;
}

function findRepeats(shape: Shape): readonly Repeat[] {
  const { groupBy, select } = clausesOf(shape);
  const chosen = select.at(-1);
  if (chosen === undefined) return [];
  const repeats: Repeat[] = [];
  let offset = 0;
  chosen.part.selection!.outputs.forEach(({ strings }, index) => {
    for (const { part, position } of strings.length === 1 ? [] : groupBy) {
      if (part.strings !== strings) continue;
      repeats.push({ group: position, select: chosen.position, offset, ordinal: index + 1 });
    }
    offset += strings.length - 1;
  });
  return repeats;
}

function isSame({ group, select, offset }: Repeat, values: readonly (readonly unknown[])[]): boolean {
  return values[group].every((value, index) => Object.is(value, values[select][offset + index]));
}
