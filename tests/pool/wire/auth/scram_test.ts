import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ScramExchange } from "../../../../pool/wire/auth/scram.ts";
import { ConnectionError, ProtocolError } from "../../../../pool/wire/errors.ts";
import { awakeTime } from "../../../awake_time.ts";
import { test } from "../../../harness.ts";

// The example of https://www.rfc-editor.org/rfc/rfc7677#section-3
const RFC = {
  password: "pencil",
  nonce: "rOprNGfwEbeRWgbNEkqO",
  clientFirst: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
  serverFirst: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
  clientFinal:
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
  serverFinal: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
};

function rfcExchange(): ScramExchange {
  return new ScramExchange({
    password: RFC.password,
    nonce: RFC.nonce,
    user: "user",
    binding: "n",
    maxIterations: 10_000,
  });
}

async function afterFinal(): Promise<ScramExchange> {
  const exchange = rfcExchange();
  exchange.first();
  await exchange.final(RFC.serverFirst);
  return exchange;
}

test("ScramExchange speaks the example of RFC 7677", async () => {
  const exchange = rfcExchange();
  assert.equal(exchange.first(), RFC.clientFirst);
  assert.equal(await exchange.final(RFC.serverFirst), RFC.clientFinal);
  assert.equal(exchange.isVerified, false);
  exchange.verify(RFC.serverFinal);
  assert.equal(exchange.isVerified, true);
});

test("ScramExchange puts the certificate's hash into the bound header", async () => {
  const endPoint = new Uint8Array([1, 2, 3]);
  const exchange = new ScramExchange({
    password: "x",
    nonce: "abc",
    binding: { endPoint },
    maxIterations: 10,
  });
  assert.equal(exchange.first(), "p=tls-server-end-point,,n=,r=abc");
  const final = await exchange.final("r=abcdef,s=c2FsdA==,i=1");
  const bound = Buffer.from(/^c=([^,]+),/.exec(final)![1], "base64");
  assert.deepEqual([...bound], [...Buffer.from("p=tls-server-end-point,,"), 1, 2, 3]);
});

test("ScramExchange says y when it could bind and the server did not offer it", async () => {
  const exchange = new ScramExchange({ password: "x", nonce: "abc", binding: "y", maxIterations: 10 });
  assert.equal(exchange.first(), "y,,n=,r=abc");
  assert.match(await exchange.final("r=abcdef,s=c2FsdA==,i=1"), /^c=eSws,/);
});

test("ScramExchange draws a new nonce of 18 bytes for every exchange", () => {
  const nonces = Array.from(
    { length: 50 },
    () => new ScramExchange({ password: "x", binding: "n", maxIterations: 1 }).first().split("r=")[1],
  );
  assert.equal(new Set(nonces).size, 50);
  for (const nonce of nonces) assert.equal(Buffer.from(nonce, "base64").length, 18);
});

for (
  const [problem, message] of [
    ["a nonce of somebody else", RFC.serverFirst.replace("rOprN", "AAAAA")],
    ["our nonce not extended", `r=${RFC.nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`],
    ["no iterations", RFC.serverFirst.replace("4096", "0")],
    ["negative iterations", RFC.serverFirst.replace("4096", "-1")],
    ["iterations that are no number", RFC.serverFirst.replace("4096", "4k")],
    ["bad base64", RFC.serverFirst.replace("==", "=!")],
    ["an empty salt", RFC.serverFirst.replace("W22ZaJ0SNY7soEsUEjb6gQ==", "")],
    ["a mandatory extension", `m=x,${RFC.serverFirst}`],
    ["nothing", ""],
  ]
) {
  test(`ScramExchange.final() refuses a server-first-message with ${problem}`, async () => {
    const exchange = rfcExchange();
    exchange.first();
    await assert.rejects(exchange.final(message), ProtocolError);
  });
}

test("ScramExchange.final() refuses a billion iterations at once and says what to change", async () => {
  const exchange = rfcExchange();
  exchange.first();
  const start = awakeTime();
  await assert.rejects(
    exchange.final(RFC.serverFirst.replace("4096", "1000000000")),
    (error: unknown) =>
      error instanceof ConnectionError && !error.retryable &&
      /1000000000 iterations, more than 10000; .*scram_iterations/.test(error.message),
  );
  assert.ok(awakeTime() - start < 1_000);
});

test("ScramExchange.verify() refuses a wrong signature as an impostor's", async () => {
  const exchange = await afterFinal();
  const wrong = RFC.serverFinal.replace("6rri", "7rri");
  assert.throws(() => exchange.verify(wrong), /did not prove that it knows the password/);
  assert.equal(exchange.isVerified, false);
});

test("ScramExchange.verify() refuses a shortened signature", async () => {
  const exchange = await afterFinal();
  assert.throws(() => exchange.verify("v=6rriTRBi23Wp"), ConnectionError);
  assert.throws(() => exchange.verify("v="), ConnectionError);
  assert.throws(() => exchange.verify("x=1"), ProtocolError);
});

test("ScramExchange.verify() passes on the server's reason, but only its harmless characters", async () => {
  const exchange = await afterFinal();
  assert.throws(() => exchange.verify("e=invalid-proof"), /refused the proof \("invalid-proof"\)/);
  assert.throws(() => exchange.verify("e=\x1b[31m<b>"), /refused the proof \("unknown"\)/);
});

test("ScramExchange refuses messages out of order", async () => {
  const exchange = rfcExchange();
  await assert.rejects(exchange.final(RFC.serverFirst), /out of order/);
  assert.throws(() => exchange.verify(RFC.serverFinal), /out of order/);
  exchange.first();
  const deriving = exchange.final(RFC.serverFirst);
  await assert.rejects(exchange.final(RFC.serverFirst), /out of order/);
  await deriving;
  exchange.verify(RFC.serverFinal);
  assert.throws(() => exchange.verify(RFC.serverFinal), /out of order/);
});

test("ScramExchange derives the keys of a password, salt and count once", async () => {
  const costly = (nonce: string, salt: string): Promise<string> => {
    const exchange = new ScramExchange({ password: "p", nonce, binding: "n", maxIterations: 1_000_000 });
    exchange.first();
    return exchange.final(`r=${nonce}x,s=${btoa(salt)},i=300000`);
  };
  // A busy machine may stand still in one attempt, not in all.
  let isCheap = false;
  for (let attempt = 0; attempt < 5 && !isCheap; attempt++) {
    const salt = `salt ${attempt}`;
    const start = performance.now();
    await costly("first", salt);
    const once = performance.now() - start;
    const restart = performance.now();
    await Promise.all(Array.from({ length: 100 }, (_, index) => costly(`n${index}`, salt)));
    isCheap = performance.now() - restart < once;
  }
  assert.ok(isCheap, "a hundred exchanges cost as much as one derivation");
});
