import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { serverEndPoint } from "../../../../pool/wire/auth/channel_binding.ts";
import { test } from "../../../harness.ts";
import {
  ED25519_CERTIFICATE,
  PSS_CERTIFICATE,
  SERVER_CERTIFICATE,
  SHA1_CERTIFICATE,
  SHA384_CERTIFICATE,
} from "../transport/certificates.ts";

function der(pem: string): Uint8Array {
  return new Uint8Array(Buffer.from(pem.replace(/-----.*?-----/g, ""), "base64"));
}

for (
  const [signature, certificate, hash] of [
    ["ECDSA with SHA-256", SERVER_CERTIFICATE, "sha256"],
    ["ECDSA with SHA-384", SHA384_CERTIFICATE, "sha384"],
    ["RSASSA-PSS with SHA-384", PSS_CERTIFICATE, "sha384"],
    ["RSA with SHA-1", SHA1_CERTIFICATE, "sha256"],
  ] as const
) {
  test(`serverEndPoint() hashes a certificate signed by ${signature} with ${hash}`, () => {
    const expected = createHash(hash).update(der(certificate)).digest();
    assert.deepEqual(serverEndPoint(der(certificate)), new Uint8Array(expected));
  });
}

test("serverEndPoint() has no hash for Ed25519 and for no certificate", () => {
  assert.equal(serverEndPoint(der(ED25519_CERTIFICATE)), undefined);
  assert.equal(serverEndPoint(undefined), undefined);
});

test("serverEndPoint() survives any truncation and any changed byte", () => {
  const certificate = der(PSS_CERTIFICATE);
  for (let length = 0; length < certificate.length; length++) serverEndPoint(certificate.subarray(0, length));
  for (let index = 0; index < certificate.length; index++) {
    const changed = certificate.slice();
    changed[index] ^= 0xff;
    const hash = serverEndPoint(changed);
    assert.ok(hash === undefined || hash.length >= 28);
  }
});
