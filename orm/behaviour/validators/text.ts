/**
 * Validators of strings. Their time grows with the string's length and no faster.
 *
 * @module
 */
import { ValidationError } from "../../../pool/wire/errors.ts";
import { check, type Validator } from "./validator.ts";

/** How {@link pattern} words its issue. */
export interface PatternOptions {
  /** What programs read. Default `"pattern"`. */
  readonly code?: string;
  /** What people read. Default that it must match, with the pattern. */
  readonly message?: string;
}

/** What {@link url} accepts. */
export interface UrlOptions {
  /** The protocols, without a colon. Default `["http", "https"]`. */
  readonly protocols?: readonly string[];
}

/**
 * Matches a regular expression, anywhere unless it says `^` and `$`; code `"pattern"`.
 *
 * @param expression The expression; its flags `g` and `y` mean nothing here.
 * @param options Another code or message.
 */
export function pattern(expression: RegExp, options: PatternOptions = {}): Validator<string> {
  if (!(expression instanceof RegExp)) {
    throw new ValidationError("pattern()", "it was given no regular expression; give one, as in /^[a-z]+$/");
  }
  const stateless = new RegExp(expression.source, expression.flags.replace(/[gy]/g, ""));
  const { code = "pattern", message = `must match ${stateless}` } = options;
  return check(code, message, (value) => stateless.test(value));
}

/** The longest address a mail path can carry: https://www.rfc-editor.org/errata/eid1690. */
const MAX_EMAIL = 254;
/** The rule of browsers, https://html.spec.whatwg.org/#valid-e-mail-address, and a dot in the domain. */
const EMAIL =
  /^[\w.!#$%&'*+/=?^`{|}~-]+@[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)+$/i;

/** An email address as browsers understand it, with a dot in its domain; code `"email"`. */
export function email(): Validator<string> {
  return check(
    "email",
    "must be an email address",
    (value) => value.length <= MAX_EMAIL && EMAIL.test(value),
  );
}

/**
 * An absolute URL; code `"url"`.
 *
 * @param options Which protocols are accepted.
 */
export function url(options: UrlOptions = {}): Validator<string> {
  const protocols = (options.protocols ?? ["http", "https"]).map((protocol) => `${protocol.toLowerCase()}:`);
  return check("url", "must be a URL", (value) => {
    if (!URL.canParse(value) || value !== value.trim()) return false;
    return protocols.includes(new URL(value).protocol);
  });
}

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

/** A UUID of any version, as PostgreSQL prints it; code `"uuid"`. */
export function uuid(): Validator<string> {
  return check("uuid", "must be a UUID", (value) => UUID.test(value));
}
