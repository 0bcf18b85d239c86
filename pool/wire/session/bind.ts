/**
 * Bind: a statement's values as bytes, encoded for the plan's types.
 *
 * @module
 */
import { ByteWriter } from "../byte_writer.ts";
import { BINARY_FORMAT } from "../codec/codec.ts";
import { ValidationError } from "../errors.ts";
import { beginBind, endBind } from "../message/frontend.ts";
import { LARGE, OversizeError, refuseOversize } from "../message_size.ts";
import type { Plan } from "./plan.ts";
import type { BindFrame, Statement } from "./statement_cache.ts";

/**
 * Appends Bind with its values encoded for the plan's types.
 *
 * @throws {ValidationError} For a wrong number of values, or one that does not fit its type.
 */
export function writeBind(
  writer: ByteWriter,
  portal: string,
  statement: string,
  plan: Plan,
  values: readonly unknown[],
): void {
  const start = beginBind(writer, portal, statement, plan.parameterFormats);
  writeValues(writer, start, plan, values);
  refuseTooLarge(endBind(writer, start, plan.resultFormats));
}

/** As {@link writeBind} for a statement of the connection's own and the unnamed portal: all but the values is known. */
export function writeBindOf(writer: ByteWriter, statement: Statement, values: readonly unknown[]): void {
  const { head, tail } = statement.frame ??= bindFrame(statement);
  const start = writer.length + 1;
  writer.raw(head);
  writeValues(writer, start, statement.plan, values);
  writer.raw(tail);
  const size = writer.length - start;
  writer.setI32(start, size);
  refuseTooLarge(size);
}

function bindFrame({ name, plan }: Statement): BindFrame {
  const writer = new ByteWriter(64);
  const start = beginBind(writer, "", name, plan.parameterFormats);
  const headSize = writer.length;
  endBind(writer, start, plan.resultFormats);
  const whole = writer.take();
  return { head: whole.slice(0, headSize), tail: whole.slice(headSize) };
}

function refuseTooLarge(size: number): void {
  if (size > LARGE) refuseOversize([], size);
}

/** Appends the values of the Bind whose length is at `start`. */
function writeValues(writer: ByteWriter, start: number, plan: Plan, values: readonly unknown[]): void {
  const codecs = plan.parameterCodecs;
  if (values.length !== codecs.length) {
    throw new ValidationError(
      "the statement's values",
      `${values.length} were given, its text has ${codecs.length} placeholders; give one for each`,
    );
  }
  writer.values = values;
  writer.valuesFrom = start;
  for (let index = 0; index < codecs.length; index++) {
    const value = values[index];
    if (value === null) {
      writer.i32(-1);
      continue;
    }
    const codec = codecs[index];
    const at = writer.length;
    writer.i32(0);
    try {
      if (value === undefined) throw new ValidationError("undefined", `give null for SQL NULL`);
      if (plan.parameterFormats[index] === BINARY_FORMAT) codec.encode(value, writer);
      else writer.utf8(codec.encodeText(value));
    } catch (error) {
      throw parameterError(error, index, codec.type);
    }
    writer.setI32(at, writer.length - at - 4);
  }
  writer.values = undefined;
}

/** The error of a value, with its placeholder. */
function parameterError(error: unknown, index: number, type: string): unknown {
  if (!(error instanceof ValidationError) || error instanceof OversizeError) return error;
  // The catalogue's name of text[] is _text.
  const name = type.startsWith("_") ? `${type.slice(1)}[]` : type;
  return new ValidationError(`parameter $${index + 1} of type ${name}`, error.problem, {
    cause: error.cause,
  });
}
