import assert from "node:assert/strict";
import { fc } from "../../../fast_check.ts";
import {
  formatConnectionString,
  isPgliteUrl,
  parseConnectionString,
  parsePgliteUrl,
} from "../../../../pool/wire/configuration/connection_string.ts";
import { ConfigError } from "../../../../pool/wire/errors.ts";
import { test } from "../../../harness.ts";

function read(text: string): Record<string, string> {
  return Object.fromEntries(parseConnectionString(text).parameters.map(({ name, value }) => [name, value]));
}

test("parseConnectionString() reads every part of a URL", () => {
  const table: readonly (readonly [string, Record<string, string>])[] = [
    ["postgres://", {}],
    ["postgresql://localhost", { host: "localhost" }],
    ["POSTGRES://localhost", { host: "localhost" }],
    ["postgres://localhost:5433", { host: "localhost", port: "5433" }],
    ["postgres://localhost:", { host: "localhost" }],
    ["postgres://localhost/db", { host: "localhost", dbname: "db" }],
    ["postgres://localhost/", { host: "localhost" }],
    ["postgres://ann@h", { user: "ann", host: "h" }],
    ["postgres://ann:secret@h/db", { user: "ann", password: "secret", host: "h", dbname: "db" }],
    ["postgres://ann:@h", { user: "ann", password: "", host: "h" }],
    ["postgres://ann:a:b@h", { user: "ann", password: "a:b", host: "h" }],
    ["postgres://ann:p@ss#1@h", { user: "ann", password: "p@ss#1", host: "h" }],
    ["postgres://a%40b:c%2Fd%3F%25@h/d%20b", { user: "a@b", password: "c/d?%", host: "h", dbname: "d b" }],
    ["postgres://h1:1,h2:2,h3/db", { host: "h1,h2,h3", port: "1,2,", dbname: "db" }],
    ["postgres://[::1]", { host: "::1" }],
    ["postgres://[2001:db8::1]:5433,h/db", { host: "2001:db8::1,h", port: "5433,", dbname: "db" }],
    ["postgres://%2Fvar%2Frun/db", { host: "/var/run", dbname: "db" }],
    ["postgresql:///db?host=/var/run/postgresql&port=6", {
      dbname: "db",
      host: "/var/run/postgresql",
      port: "6",
    }],
    ["postgres://h?application_name=a%20b+c&options=-c%20x%3Dy", {
      host: "h",
      application_name: "a b+c",
      options: "-c x=y",
    }],
    ["postgres://h?ssl=true", { host: "h", sslmode: "require" }],
    ["postgres://h?user=a&user=b&", { host: "h", user: "b" }],
    ["  postgres://h/db  ", { host: "h", dbname: "db" }],
    ["postgres://h/%C3%BC", { host: "h", dbname: "ü" }],
  ];
  for (const [url, expected] of table) assert.deepEqual(read(url), expected, url);
});

test("parseConnectionString() reads key=value pairs with libpq's quoting", () => {
  const table: readonly (readonly [string, Record<string, string>])[] = [
    ["host=h", { host: "h" }],
    ["  host = h   port=5433 ", { host: "h", port: "5433" }],
    ["host='a b' user=''", { host: "a b", user: "" }],
    ["user=", { user: "" }],
    ["password=it\\'s host=h", { password: "it's", host: "h" }],
    ["password='it\\'s \\\\ here' host=h", { password: "it's \\ here", host: "h" }],
    ["password=a\\ b", { password: "a b" }],
    ["password=a=b", { password: "a=b" }],
    ["host=h\nport=1\tuser=u", { host: "h", port: "1", user: "u" }],
    ["password=a\\", { password: "a" }],
  ];
  for (const [text, expected] of table) assert.deepEqual(read(text), expected, text);
});

test("parseConnectionString() names the part that is malformed", () => {
  const table: readonly (readonly [string, string])[] = [
    [
      "mysql://h/db",
      'from URL: its scheme cannot be read: it is "mysql"; begin with "postgres://" or "postgresql://"',
    ],
    [
      "postgres:h/db",
      'from URL: its scheme cannot be read: two slashes are missing; begin with "postgres://"',
    ],
    [
      "postgres://h:abc/db",
      "from URL: its port cannot be read: it is not a number; give 1 to 65535; when it belongs to the password, " +
      "percent-encode the special characters there",
    ],
    [
      "postgres://::1/db",
      "from URL: its host cannot be read: it has too many colons or a stray bracket; " +
      'write "host:port", with an IPv6 address in brackets: "[::1]:5432"',
    ],
    [
      "postgres://[::1/db",
      "from URL: its host cannot be read: it has too many colons or a stray bracket; " +
      'write "host:port", with an IPv6 address in brackets: "[::1]:5432"',
    ],
    [
      "postgres://u:a/b@h/db",
      'from URL: its user or password cannot be read: an "@" stands after the first "/" or "?"; ' +
      'write "/" as "%2F", "?" as "%3F" and "@" as "%40" in user, password, database and parameters',
    ],
    [
      "postgres://u:%zz@h/db",
      'from URL: its password cannot be read: a "%" is not followed by two hexadecimal digits of UTF-8; ' +
      'write "%" as "%25"',
    ],
    [
      "postgres://h/%ff",
      'from URL: its database cannot be read: a "%" is not followed by two hexadecimal digits of UTF-8; ' +
      'write "%" as "%25"',
    ],
    ["postgres://a%00b@h", 'from URL: its user cannot be read: it contains a NUL character; remove "%00"'],
    [
      "postgres://h/db?sslmode",
      'from URL: its parameters cannot be read: one of them has no "name="; write "?name=value&name=value"',
    ],
    ["", 'from connection string: it is empty; give "postgres://host/database", or leave it out'],
    [
      "mydb",
      'from connection string: no "name=" stands at character 1; write "name=value name=\'value with spaces\'", ' +
      'or a URL that begins with "postgres://"',
    ],
    [
      "host=h  =x",
      'from connection string: no "name=" stands at character 9; write "name=value name=\'value with spaces\'", ' +
      'or a URL that begins with "postgres://"',
    ],
    [
      "host='h",
      'from connection string: the quote at character 6 is not closed; write "\'" inside a value as "\\\'"',
    ],
  ];
  for (const [text, message] of table) {
    assert.throws(() => parseConnectionString(text), (error: unknown) => {
      assert(error instanceof ConfigError);
      assert.equal(error.message, `Cannot use setting "url" ${message}`, text);
      assert.equal(error.key, "url");
      return true;
    }, text);
  }
});

test("parseConnectionString() says where a text was found when it is told", () => {
  assert.throws(
    () => parseConnectionString("postgres://h:x", "URL in DATABASE"),
    (error: unknown) => error instanceof ConfigError && error.source === "URL in DATABASE",
  );
});

test("formatConnectionString() writes what parseConnectionString() reads back", () => {
  const name = fc.stringMatching(/^[a-z_]{1,12}$/);
  fc.assert(fc.property(fc.dictionary(name, fc.string({ unit: "binary" })), (pairs) => {
    fc.pre(Object.keys(pairs).length > 0);
    assert.deepEqual(read(formatConnectionString(pairs)), { ...pairs });
  }));
});

test("parseConnectionString() reads back every part of a URL that was percent-encoded", () => {
  const part = fc.string({ unit: "binary", minLength: 1 }).filter((text) => !text.includes("\0"));
  fc.assert(fc.property(part, part, part, part, (user, password, dbname, options) => {
    const [a, b, c, d] = [user, password, dbname, options].map(encodeURIComponent);
    assert.deepEqual(read(`postgres://${a}:${b}@h:1/${c}?options=${d}`), {
      user,
      password,
      host: "h",
      port: "1",
      dbname,
      options,
    });
  }));
});

test("parseConnectionString() either reads any text or throws a ConfigError, in linear time", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.string({ unit: fc.constantFrom(..."postgres:/@?&=%[],'\\ 1a"), maxLength: 60 }).map((rest) =>
      `postgres://${rest}`
    ),
    fc.string({ unit: fc.constantFrom(..."ab= '\\\n"), maxLength: 60 }),
  );
  fc.assert(
    fc.property(text, (input) => {
      try {
        assert(Array.isArray(parseConnectionString(input).parameters));
      } catch (error) {
        assert(error instanceof ConfigError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
  const started = performance.now();
  assert.throws(() => parseConnectionString(`host='${"\\'".repeat(100_000)}`), ConfigError);
  assert.throws(() => parseConnectionString(`${" ".repeat(100_000)}x`), ConfigError);
  assert.throws(() => parseConnectionString(`postgres://${"[".repeat(100_000)}`), ConfigError);
  assert(performance.now() - started < 2000);
});

test("parsePgliteUrl() reads the path and the parameters", () => {
  const table: readonly (readonly [string, string | undefined])[] = [
    ["pglite:", undefined],
    ["pglite://", undefined],
    ["PGLITE:", undefined],
    ["pglite:/var/data", "/var/data"],
    ["pglite:///var/data", "/var/data"],
    ["pglite:./data", "./data"],
    ["pglite:./my%20data?pool_min=1", "./my data"],
  ];
  for (const [url, path] of table) {
    assert(isPgliteUrl(url), url);
    assert.equal(parsePgliteUrl(url).path, path, url);
  }
  assert.deepEqual(parsePgliteUrl("pglite:?pool_min=1").parameters, [
    { name: "pool_min", value: "1", printable: true },
  ]);
  assert(!isPgliteUrl("postgres://h"));
  assert.throws(
    () => parsePgliteUrl("pglite:%zz"),
    (error: unknown) => error instanceof ConfigError && error.message.includes("its path cannot be read"),
  );
});
