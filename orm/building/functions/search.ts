/**
 * Full text search: https://www.postgresql.org/docs/18/functions-textsearch.html. A configuration such as `"english"` is a
 * constant of the statement, so that an index on the same expression serves it.
 *
 * @module
 */
import type { Expression } from "../expression.ts";
import { composed, compositionFor, invoke, type Result, type TextOperand } from "./invocation.ts";
import { quoteLiteral } from "../operators/constant.ts";
import { textConstant } from "./literal.ts";
import { template } from "../composition.ts";

/** A document that was taken apart into its words. */
export type DocumentOperand = Expression<string, unknown>;

/** Functions of full text search. Each is null where an operand is. */
export interface SearchFunctions {
  /** A text as a document: `to_tsvector('english', text)`. */
  toTsvector<A extends TextOperand>(text: A, configuration?: string): Result<string, A>;
  /** A query written with `&`, `|`, `!` and `<->`: `to_tsquery('english', query)`. */
  toTsquery<A extends TextOperand>(query: A, configuration?: string): Result<string, A>;
  /** A query for all words of a text: `plainto_tsquery('english', text)`. */
  plainToTsquery<A extends TextOperand>(text: A, configuration?: string): Result<string, A>;
  /** A query for a text's words one after the other: `phraseto_tsquery('english', text)`. */
  phraseToTsquery<A extends TextOperand>(text: A, configuration?: string): Result<string, A>;
  /** A query as people write them for web searches; never an error: `websearch_to_tsquery('english', text)`. */
  websearchToTsquery<A extends TextOperand>(text: A, configuration?: string): Result<string, A>;
  /** How well a document matches: `ts_rank(document, query)`. */
  tsRank<A extends DocumentOperand, B extends DocumentOperand>(document: A, query: B): Result<number, A | B>;
  /** How well a document matches, by how close the words stand: `ts_rank_cd(document, query)`. */
  tsRankCd<A extends DocumentOperand, B extends DocumentOperand>(
    document: A,
    query: B,
  ): Result<number, A | B>;
  /** A part of the text with the words found marked: `ts_headline('english', text, query)`. */
  tsHeadline<A extends TextOperand, B extends DocumentOperand>(
    text: A,
    query: B,
    configuration?: string,
  ): Result<string, A | B>;
  /** The document with its words weighted: `setweight(document, 'A')`. */
  setWeight<A extends DocumentOperand>(document: A, weight: "A" | "B" | "C" | "D"): Result<string, A>;
}

function search<Value, O>(name: string, text: unknown, configuration: string | undefined): Result<Value, O> {
  const cast = configuration === undefined
    ? ""
    : `${quoteLiteral(configuration, `the configuration of ${name}()`)}, `;
  const composition = compositionFor(`${name}(${cast}`, () => template(`${name}(${cast}`, ")"));
  return composed(composition, name, [text]);
}

/** See {@link SearchFunctions}. */
export const SEARCH: SearchFunctions = {
  toTsvector: (text, configuration) => search("to_tsvector", text, configuration),
  toTsquery: (query, configuration) => search("to_tsquery", query, configuration),
  plainToTsquery: (text, configuration) => search("plainto_tsquery", text, configuration),
  phraseToTsquery: (text, configuration) => search("phraseto_tsquery", text, configuration),
  websearchToTsquery: (text, configuration) => search("websearch_to_tsquery", text, configuration),
  tsRank: (document, query) => invoke("ts_rank", [document, query]),
  tsRankCd: (document, query) => invoke("ts_rank_cd", [document, query]),
  tsHeadline: (text, query, configuration) =>
    configuration === undefined ? invoke("ts_headline", [text, query]) : invoke("ts_headline", [
      textConstant(configuration, "the configuration of ts_headline()"),
      text,
      query,
    ]),
  setWeight: (document, weight) =>
    composed(WEIGHT, "setWeight", [document, textConstant(weight, "the weight of setWeight()")]),
};

const WEIGHT = template("setweight(", ", ", '::"char")');
