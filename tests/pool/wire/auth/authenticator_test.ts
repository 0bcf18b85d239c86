import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHmac, pbkdf2Sync } from "node:crypto";
import { inspect } from "node:util";
import { Authenticator } from "../../../../pool/wire/auth/authenticator.ts";
import type { AuthenticatorOptions } from "../../../../pool/wire/auth/authenticator.ts";
import { ConnectionError, ProtocolError } from "../../../../pool/wire/errors.ts";
import { test } from "../../../harness.ts";

const SECRET = "canary-Zk81";

/** An Authentication message's body. */
function authentication(code: number, rest: string | Uint8Array = ""): Uint8Array {
  const head = Buffer.alloc(4);
  head.writeInt32BE(code);
  return new Uint8Array(Buffer.concat([head, Buffer.from(rest)]));
}

const OK = authentication(0);
const CLEARTEXT = authentication(3);
const MD5 = authentication(5, new Uint8Array([1, 2, 3, 4]));
const SCRAM = authentication(10, "SCRAM-SHA-256\0\0");
const SCRAM_PLUS = authentication(10, "SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0");

function authenticator(options: Partial<AuthenticatorOptions> = {}): Authenticator {
  return new Authenticator({ user: "app", password: SECRET, secure: true, ...options });
}

/** The contents of a frontend message of type `p`, whose length field is checked. */
function contents(message: Uint8Array | undefined): Buffer {
  assert.ok(message !== undefined);
  const buffer = Buffer.from(message);
  assert.equal(String.fromCharCode(buffer[0]), "p");
  assert.equal(buffer.readInt32BE(1), buffer.length - 1);
  return buffer.subarray(5);
}

/** The server's side of SCRAM, as far as a test needs it. */
function scramServer(password = SECRET) {
  const salt = Buffer.from("a salt of a server");
  let authMessage = "";
  return {
    first(initial: Uint8Array | undefined): { mechanism: string; header: string; message: Uint8Array } {
      const body = contents(initial);
      const mechanism = body.subarray(0, body.indexOf(0)).toString();
      const response = body.subarray(body.indexOf(0) + 5).toString();
      assert.equal(body.readInt32BE(body.indexOf(0) + 1), response.length);
      const [, header, bare, nonce] = /^(.*,,)(n=,r=(.*))$/.exec(response)!;
      const message = `r=${nonce}server,s=${salt.toString("base64")},i=4096`;
      authMessage = `${bare},${message},`;
      return { mechanism, header, message: authentication(11, message) };
    },
    final(proof: Uint8Array | undefined): Uint8Array {
      const [, withoutProof] = /^(.*),p=/.exec(contents(proof).toString())!;
      const salted = pbkdf2Sync(password, salt, 4096, 32, "sha256");
      const serverKey = createHmac("sha256", salted).update("Server Key").digest();
      const signature = createHmac("sha256", serverKey).update(authMessage + withoutProof).digest("base64");
      return authentication(12, `v=${signature}`);
    },
  };
}

test("Authenticator accepts Ok from a server that trusts", async () => {
  const subject = authenticator({ password: undefined });
  assert.equal(subject.finished, false);
  assert.equal(await subject.respond(OK), undefined);
  assert.equal(subject.finished, true);
});

test("Authenticator answers a request for the password in clear under TLS", async () => {
  const subject = authenticator();
  assert.equal(contents(await subject.respond(CLEARTEXT)).toString(), `${SECRET}\0`);
  await subject.respond(OK);
  assert.equal(subject.finished, true);
});

test("Authenticator refuses to send the password in clear without TLS unless that is allowed", async () => {
  await assert.rejects(authenticator({ secure: false }).respond(CLEARTEXT), /without TLS; use TLS or SCRAM/);
  const allowed = authenticator({ secure: false, allowCleartextPassword: true });
  assert.equal(contents(await allowed.respond(CLEARTEXT)).toString(), `${SECRET}\0`);
});

test("Authenticator answers MD5", async () => {
  const subject = new Authenticator({ user: "md5_user", password: "secret", secure: false });
  // md5(md5("secretmd5_user") || salt), computed with md5sum.
  assert.equal(contents(await subject.respond(MD5)).toString(), "md530d9d09f02a72e0bbede8eccf68ddabc\0");
  await subject.respond(OK);
  assert.equal(subject.finished, true);
});

test("Authenticator speaks SCRAM-SHA-256 and finishes only after the server's proof", async () => {
  const subject = authenticator({ secure: false });
  const server = scramServer();
  const { mechanism, header, message } = server.first(await subject.respond(SCRAM));
  assert.deepEqual([mechanism, header], ["SCRAM-SHA-256", "n,,"]);
  const final = server.final(await subject.respond(message));
  assert.equal(await subject.respond(final), undefined);
  assert.equal(subject.finished, false);
  await subject.respond(OK);
  assert.equal(subject.finished, true);
});

test("Authenticator speaks SCRAM-SHA-256-PLUS when TLS gives it a hash", async () => {
  const channelBindingData = new Uint8Array(32).fill(7);
  const subject = authenticator({ channelBindingData, channelBinding: "require" });
  const server = scramServer();
  const { mechanism, header, message } = server.first(await subject.respond(SCRAM_PLUS));
  assert.deepEqual([mechanism, header], ["SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,"]);
  await subject.respond(server.final(await subject.respond(message)));
  await subject.respond(OK);
  assert.equal(subject.finished, true);
});

test("Authenticator tells a server that seems not to offer channel binding that it could have", async () => {
  const subject = authenticator({ channelBindingData: new Uint8Array(32) });
  assert.deepEqual(scramServer().first(await subject.respond(SCRAM)).header, "y,,");
});

test("Authenticator does not bind when channel binding is off or the certificate has no hash", async () => {
  const off = authenticator({ channelBindingData: new Uint8Array(32), channelBinding: "disable" });
  const first = scramServer().first(await off.respond(SCRAM_PLUS));
  assert.deepEqual([first.mechanism, first.header], ["SCRAM-SHA-256", "n,,"]);
  const hashless = scramServer().first(await authenticator().respond(SCRAM_PLUS));
  assert.deepEqual([hashless.mechanism, hashless.header], ["SCRAM-SHA-256", "n,,"]);
});

test("Authenticator refuses anything less when channel binding is required", async () => {
  const required = { channelBinding: "require", channelBindingData: new Uint8Array(32) } as const;
  for (const message of [OK, CLEARTEXT, MD5, SCRAM]) {
    await assert.rejects(authenticator(required).respond(message), /channel binding is required/);
  }
  await assert.rejects(
    authenticator({ channelBinding: "require" }).respond(SCRAM_PLUS),
    /channel binding is required/,
  );
});

test("Authenticator refuses an offer of channel binding without TLS", async () => {
  await assert.rejects(authenticator({ secure: false }).respond(SCRAM_PLUS), /somebody may sit in between/);
});

test("Authenticator refuses Ok before the server's proof", async () => {
  const subject = authenticator();
  const server = scramServer();
  const { message } = server.first(await subject.respond(SCRAM));
  await assert.rejects(subject.respond(OK), /Ok before it proved/);
  await subject.respond(message);
  await assert.rejects(subject.respond(OK), /Ok before it proved/);
  assert.equal(subject.finished, false);
});

test("Authenticator refuses a server that knows another password", async () => {
  const subject = authenticator();
  const server = scramServer("another");
  const { message } = server.first(await subject.respond(SCRAM));
  const final = server.final(await subject.respond(message));
  await assert.rejects(subject.respond(final), /did not prove/);
  await assert.rejects(subject.respond(OK), /Ok before it proved/);
});

test("Authenticator refuses a second method after the first", async () => {
  for (const second of [CLEARTEXT, MD5, SCRAM]) {
    const afterMd5 = authenticator();
    await afterMd5.respond(MD5);
    await assert.rejects(afterMd5.respond(second), ProtocolError);
    const afterScram = authenticator();
    await afterScram.respond(SCRAM);
    await assert.rejects(afterScram.respond(second), ProtocolError);
    const afterOk = authenticator();
    await afterOk.respond(OK);
    await assert.rejects(afterOk.respond(second), ProtocolError);
  }
});

test("Authenticator holds the server to requireAuth", async () => {
  const only = { requireAuth: ["scram-sha-256"] };
  await assert.rejects(authenticator(only).respond(CLEARTEXT), /requireAuth "scram-sha-256" does not allow/);
  await assert.rejects(authenticator(only).respond(MD5), ConnectionError);
  await assert.rejects(authenticator(only).respond(OK), /sends Ok without asking/);
  assert.ok(await authenticator(only).respond(SCRAM));
  const but = { requireAuth: ["!password", "!md5"] };
  await assert.rejects(authenticator(but).respond(CLEARTEXT), ConnectionError);
  await assert.rejects(authenticator(but).respond(MD5), ConnectionError);
  assert.ok(await authenticator(but).respond(SCRAM));
  assert.equal(await authenticator({ requireAuth: ["none"] }).respond(OK), undefined);
});

test("Authenticator says that a password is missing", async () => {
  for (const message of [CLEARTEXT, MD5, SCRAM]) {
    for (const password of [undefined, ""]) {
      await assert.rejects(authenticator({ password }).respond(message), /no password is set; set it in/);
    }
  }
});

for (
  const [method, code, text] of [
    ["Kerberos", 2, /Kerberos/],
    ["GSS", 7, /Kerberos/],
    ["SSPI", 9, /SSPI/],
    ["an unknown method", 77, /unknown method 77/],
  ] as const
) {
  test(`Authenticator refuses ${method} and says what to change`, async () => {
    await assert.rejects(
      authenticator().respond(authentication(code)),
      (error: unknown) =>
        error instanceof ConnectionError && !error.retryable && text.test(error.message) &&
        error.message.includes("pg_hba.conf"),
    );
  });
}

for (
  const [problem, message] of [
    ["no code", new Uint8Array(3)],
    ["Ok with a tail", authentication(0, "x")],
    ["a short MD5 salt", authentication(5, "abc")],
    ["a long MD5 salt", authentication(5, "abcde")],
    ["mechanisms without an end", authentication(10, "SCRAM-SHA-256")],
    ["no mechanism", authentication(10, "\0")],
    ["SASL before it began", authentication(11, "r=x")],
    ["SASL's end before it began", authentication(12, "v=x")],
    ["mechanisms that are not UTF-8", authentication(10, new Uint8Array([0xff, 0, 0]))],
  ] as const
) {
  test(`Authenticator refuses ${problem}`, async () => {
    await assert.rejects(authenticator().respond(message), ProtocolError);
  });
}

test("Authenticator refuses mechanisms it does not have", async () => {
  await assert.rejects(authenticator().respond(authentication(10, "OAUTHBEARER\0\0")), /\(OAUTHBEARER\)/);
});

test("Authenticator shows the password nowhere", async () => {
  const subject = authenticator({ secure: false });
  await subject.respond(SCRAM);
  const errors = await Promise.all(
    [CLEARTEXT, OK, authentication(11, "r=x"), authentication(12, "v=AAAA")].map((message) =>
      subject.respond(message).then(() => assert.fail("accepted"), (error: unknown) => error)
    ),
  );
  for (const printable of [subject, ...errors]) {
    assert.ok(!inspect(printable, { depth: 10, showHidden: true }).includes(SECRET));
    assert.ok(!JSON.stringify(printable).includes(SECRET));
  }
});
