/**
 * Full text search in a few words: a column of documents, conditions on it, ranks and headlines. What these are made of is
 * in `fn`: https://www.postgresql.org/docs/18/textsearch.html
 *
 * @module
 */
import { quoteIdentifier } from "../../../pool/sql/identifier.ts";
import { Sql } from "../../../pool/sql/sql.ts";
import { kindOf } from "../../../pool/wire/codec/refusal.ts";
import { ValidationError } from "../../../pool/wire/errors.ts";
import { operator, template } from "../composition.ts";
import type { Condition, FromOf, NullOf } from "../expression.ts";
import { quoteLiteral } from "../operators/constant.ts";
import { composed, compositionFor, type Result, type TextOperand } from "./invocation.ts";
import { type DocumentOperand, SEARCH } from "./search.ts";

/** How much a word counts: most with `A`. */
export type SearchWeight = "A" | "B" | "C" | "D";

const WEIGHTS: readonly string[] = ["A", "B", "C", "D"] satisfies SearchWeight[];

/**
 * The document that columns of a row make, for a generated column: their words, weighted. A column that is null has none.
 *
 * @param configuration How words are told and stemmed: `"english"`, `"simple"`, …
 * @param columns The weights, by the names of the columns in the database, which are texts.
 * @throws {ValidationError} When there is no column, or a weight is none.
 *
 * @example
 * ```ts
 * import { column, createTables, headline, index, model, Pool, search, searchDocument, websearch } from "@lifeguard/core";
 * const Post = model("posts", {
 *   id: column.identity().primaryKey(),
 *   title: column.text(),
 *   body: column.text().nullable(),
 *   document: column.tsvector().generated(searchDocument("english", { title: "A", body: "B" })),
 * }, { indexes: (t) => [index(t.document).using("gin")] });
 * await using pool = new Pool("pglite:");
 * await createTables([Post], pool);
 * await Post.insertMany([{ title: "Swimming pools" }, { title: "Rivers", body: "A pool is not a river." }], pool);
 * const query = websearch("pool -swimming", "english");
 * const found = await Post.find()
 *   .select({ title: Post.title, shown: headline(Post.body, query, { configuration: "english", start: "<b>", stop: "</b>" }) })
 *   .where(search(Post.document).matches(query))
 *   .orderBy(search(Post.document).rank(query).desc())
 *   .all(pool);
 * console.assert(found.length === 1 && found[0].shown === "A <b>pool</b> is not a river.");
 * ```
 */
export function searchDocument(configuration: string, columns: Readonly<Record<string, SearchWeight>>): Sql {
  const subject = "searchDocument()";
  const language = quoteLiteral(configuration, `the configuration of ${subject}`);
  const parts = Object.entries(columns ?? {}).map(([name, weight]) => {
    if (!WEIGHTS.includes(weight)) {
      throw new ValidationError(
        `the weight of "${name}" in ${subject}`,
        `it is ${kindOf(weight)}; use A, B, C or D`,
      );
    }
    return `setweight(to_tsvector(${language}, coalesce(${quoteIdentifier(name)}, '')), '${weight}')`;
  });
  if (parts.length === 0) throw new ValidationError(subject, "it is made of no columns; give at least one");
  return new Sql([parts.join(" || ")], []);
}

/**
 * What is searched for, as people write it: words, `"phrases"`, `or`, `-without`. Never an error, whatever it holds.
 *
 * @param text The text.
 * @param configuration How words are told and stemmed, which is to be the document's. Default: the database's setting.
 */
export function websearch<A extends TextOperand>(text: A, configuration?: string): Result<string, A> {
  return SEARCH.websearchToTsquery(text, configuration);
}

/**
 * Words to be found one after the other.
 *
 * @param text The words.
 * @param configuration How words are told and stemmed, which is to be the document's. Default: the database's setting.
 */
export function phrase<A extends TextOperand>(text: A, configuration?: string): Result<string, A> {
  return SEARCH.phraseToTsquery(text, configuration);
}

/** How a document's rank is told. */
export interface RankOptions {
  /** Whether it counts how close the words stand (`ts_rank_cd`). Default false. */
  readonly byCloseness?: boolean;
  /** How much words of each weight count. Default: A 1, B 0.4, C 0.2, D 0.1. */
  readonly weights?: Readonly<Record<SearchWeight, number>>;
  /** What a document's length does to it: a sum of PostgreSQL's flags, such as 32 for ranks from 0 to 1. Default 0. */
  readonly normalization?: number;
}

/** A document that is searched; see {@link search}. */
export interface Search<Document> {
  /**
   * Whether the document matches: `document @@ query`. An index of method `gin` serves it.
   *
   * @param query What {@link websearch} or `fn.toTsquery` and its like make.
   */
  matches<Query extends DocumentOperand>(
    query: Query,
  ): Condition<NullOf<Document> | NullOf<Query>, FromOf<Document> | FromOf<Query>>;
  /**
   * How well it matches.
   *
   * @param query What is searched for.
   * @param options See {@link RankOptions}.
   */
  rank<Query extends DocumentOperand>(query: Query, options?: RankOptions): Result<number, Document | Query>;
}

const MATCHES = operator("", " @@ ", "");

/**
 * Searches a document.
 *
 * @param document A column of type `tsvector`, or `fn.toTsvector(text, "english")`.
 */
export function search<Document extends DocumentOperand>(document: Document): Search<Document> {
  return {
    matches: (query) => composed(MATCHES, "matches", [document, query]),
    rank: (query, { byCloseness = false, weights, normalization = 0 } = {}) => {
      const open = `${byCloseness ? "ts_rank_cd" : "ts_rank"}(${weightsText(weights)}`;
      if (!Number.isInteger(normalization) || normalization < 0 || normalization > 63) {
        throw new ValidationError(
          'option "normalization" of rank()',
          "it is no sum of flags; give a whole number to 63",
        );
      }
      const close = normalization === 0 ? ")" : `, ${normalization})`;
      return composed(compositionFor(`${open}…${close}`, () => template(open, ", ", close)), "rank", [
        document,
        query,
      ]);
    },
  };
}

function weightsText(weights: RankOptions["weights"]): string {
  if (weights === undefined) return "";
  const values = (["D", "C", "B", "A"] as const).map((weight) => weights[weight]);
  if (!values.every((value) => typeof value === "number" && value >= 0 && value <= 1)) {
    throw new ValidationError(
      'option "weights" of rank()',
      "one is no number; give A, B, C and D from 0 to 1",
    );
  }
  return `'{${values.join(",")}}'::float4[], `;
}

/** How a headline is made. */
export interface HeadlineOptions {
  /** How words are told and stemmed. Default: the database's setting. */
  readonly configuration?: string;
  /** What stands before a word that was found. Default `<b>`. */
  readonly start?: string;
  /** What stands after it. Default `</b>`. */
  readonly stop?: string;
  /** How many words it has at most. Default 35. */
  readonly maxWords?: number;
  /** How many it has at least. Default 15. */
  readonly minWords?: number;
  /** Words as long as this, or shorter, are not at its ends. Default 3. */
  readonly shortWord?: number;
  /** How many fragments it is made of; 0 is one piece. Default 0. */
  readonly maxFragments?: number;
  /** What stands between fragments. Default ` ... `. */
  readonly delimiter?: string;
  /** Whether it is the whole text. Default false. */
  readonly highlightAll?: boolean;
}

const HEADLINE: Readonly<Record<Exclude<keyof HeadlineOptions, "configuration">, string>> = {
  start: "StartSel",
  stop: "StopSel",
  maxWords: "MaxWords",
  minWords: "MinWords",
  shortWord: "ShortWord",
  maxFragments: "MaxFragments",
  delimiter: "FragmentDelimiter",
  highlightAll: "HighlightAll",
};

/**
 * A part of a text with the words found marked. The text itself is not escaped: what shows it as HTML must do that.
 *
 * @param text The text, not the document.
 * @param query What is searched for.
 * @param options See {@link HeadlineOptions}.
 */
export function headline<A extends TextOperand, Query extends DocumentOperand>(
  text: A,
  query: Query,
  options: HeadlineOptions = {},
): Result<string, A | Query> {
  const { configuration, ...rest } = options;
  const given = Object.entries(rest).filter(([, value]) => value !== undefined).map(([option, value]) => {
    const name = HEADLINE[option as keyof typeof HEADLINE];
    if (name === undefined) {
      throw new ValidationError(
        `option "${option}" of headline()`,
        `there is none; use configuration, ${Object.keys(HEADLINE).join(", ")}`,
      );
    }
    return `${name}="${String(value).replaceAll('"', '""')}"`;
  });
  const open = configuration === undefined
    ? "ts_headline("
    : `ts_headline(${quoteLiteral(configuration, "the configuration of headline()")}, `;
  const close = given.length === 0
    ? ")"
    : `, ${quoteLiteral(given.join(", "), "the options of headline()")})`;
  return composed(compositionFor(`${open}…${close}`, () => template(open, ", ", close)), "headline", [
    text,
    query,
  ]);
}
