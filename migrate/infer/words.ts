/**
 * Names of tables and columns as names in source: cases, and the singular and plural of English words.
 *
 * @module
 */

/** The words of a name: `invoice_line`, `InvoiceLine` and `invoice line` are all two. */
export function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2")
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "")
    .map((word) => word.toLowerCase());
}

/** Words as `camelCase`; something that begins with a digit gets an underscore, nothing at all is `column`. */
export function camelCase(words: readonly string[]): string {
  const [first = "column", ...rest] = words;
  return identifier(first + rest.map(capitalized).join(""));
}

/** Words as `PascalCase`. */
export function pascalCase(words: readonly string[]): string {
  return identifier((words.length === 0 ? ["table"] : words).map(capitalized).join(""));
}

/** The same words, the last of them of one thing. */
export function singular(words: readonly string[]): readonly string[] {
  return withLast(words, singularWord);
}

/** The same words, the last of them of many things. */
export function plural(words: readonly string[]): readonly string[] {
  return withLast(words, (word) => pluralWord(singularWord(word)));
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function identifier(name: string): string {
  return /^[\p{ID_Start}_$]/u.test(name) ? name : `_${name}`;
}

function withLast(words: readonly string[], change: (word: string) => string): readonly string[] {
  return words.map((word, at) => at === words.length - 1 ? change(word) : word);
}

/** Words whose plural follows no rule, and those that have none. */
const IRREGULAR: readonly (readonly [one: string, many: string])[] = [
  ["child", "children"],
  ["foot", "feet"],
  ["index", "indexes"],
  ["half", "halves"],
  ["leaf", "leaves"],
  ["life", "lives"],
  ["man", "men"],
  ["woman", "women"],
  ["mouse", "mice"],
  ["person", "people"],
  ["shelf", "shelves"],
  ["tooth", "teeth"],
  ["movie", "movies"],
  ["cookie", "cookies"],
  ["cache", "caches"],
  ["axis", "axes"],
  ["quiz", "quizzes"],
  ["data", "data"],
  ["criterion", "criteria"],
  ["hero", "heroes"],
  ["potato", "potatoes"],
  ["history", "history"],
  ["equipment", "equipment"],
  ["information", "information"],
  ["metadata", "metadata"],
  ["news", "news"],
  ["series", "series"],
  ["sheep", "sheep"],
  ["species", "species"],
];
const TO_ONE: ReadonlyMap<string, string> = new Map(IRREGULAR.map(([one, many]) => [many, one]));
const TO_MANY: ReadonlyMap<string, string> = new Map(IRREGULAR);

function singularWord(word: string): string {
  const known = TO_ONE.get(word);
  if (known !== undefined) return known;
  if (TO_MANY.has(word) || /(ss|us|is|as|os)$/.test(word) || !word.endsWith("s") || word.length < 3) {
    return word;
  }
  if (/[^aeiou]ies$/.test(word) && word.length > 4) return `${word.slice(0, -3)}y`;
  if (/(sses|shes|ches|xes|(bus|virus|status|campus|bonus|census)es)$/.test(word)) return word.slice(0, -2);
  return word.slice(0, -1);
}

function pluralWord(word: string): string {
  const known = TO_MANY.get(word);
  if (known !== undefined) return known;
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`;
  if (/(s|x|z|ch|sh)$/.test(word)) return `${word}es`;
  return `${word}s`;
}
