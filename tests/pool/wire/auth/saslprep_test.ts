import assert from "node:assert/strict";
import { saslprep } from "../../../../pool/wire/auth/saslprep.ts";
import { test } from "../../../harness.ts";

for (
  const [behaviour, given, expected] of [
    ["leaves ASCII alone, control characters too", "pen\tcil", "pen\tcil"],
    ["drops a soft hyphen (RFC 4013 example 1)", "I\u00adX", "IX"],
    ["keeps case (RFC 4013 example 3)", "USER", "USER"],
    ["applies NFKC (RFC 4013 example 4)", "\u00aa", "a"],
    ["applies NFKC to a Roman numeral (RFC 4013 example 5)", "\u2168", "IX"],
    ["maps a no-break space to a space", "a\u00a0b", "a b"],
    ["composes", "e\u0301", "\u00e9"],
    ["uses a password with a prohibited character as it is", "\u00aa\u0007", "\u00aa\u0007"],
    ["uses a password of mixed directions as it is (RFC 4013 example 7)", "\u06271", "\u06271"],
    ["accepts a right-to-left password", "\u0627\u0661\u0628", "\u0627\u0661\u0628"],
    ["uses a password with a character after Unicode 3.2 as it is", "\u{1f984}e\u0301", "\u{1f984}e\u0301"],
    ["uses a password of nothing but dropped characters as it is", "\u00ad", "\u00ad"],
    ["uses a private-use character as it is", "\ue000\u00aa", "\ue000\u00aa"],
  ] as const
) {
  test(`saslprep() ${behaviour}`, () => assert.equal(saslprep(given), expected));
}
