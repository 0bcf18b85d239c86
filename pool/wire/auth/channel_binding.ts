/**
 * The `tls-server-end-point` channel binding: a hash of the server's certificate that ties SCRAM to this TLS
 * session (https://www.rfc-editor.org/rfc/rfc5929#section-4.1).
 *
 * @module
 */

import { createHash } from "node:crypto";

/** The hash functions of signature algorithms, by the bytes of their object identifiers in hexadecimal. */
const SIGNATURE_HASHES: Readonly<Record<string, string>> = {
  // PKCS #1, https://www.rfc-editor.org/rfc/rfc8017#appendix-C; RFC 5929 replaces MD5 and SHA-1 by SHA-256.
  "2a864886f70d010104": "sha256",
  "2a864886f70d010105": "sha256",
  "2a864886f70d01010e": "sha224",
  "2a864886f70d01010b": "sha256",
  "2a864886f70d01010c": "sha384",
  "2a864886f70d01010d": "sha512",
  // ECDSA, https://www.rfc-editor.org/rfc/rfc5758#section-3.2
  "2a8648ce3d0401": "sha256",
  "2a8648ce3d040301": "sha224",
  "2a8648ce3d040302": "sha256",
  "2a8648ce3d040303": "sha384",
  "2a8648ce3d040304": "sha512",
};

/** RSASSA-PSS, whose hash function is in its parameters. */
const RSASSA_PSS = "2a864886f70d01010a";

/** Hash functions as the parameters of RSASSA-PSS name them. */
const HASHES: Readonly<Record<string, string>> = {
  "2b0e03021a": "sha256",
  "608648016503040204": "sha224",
  "608648016503040201": "sha256",
  "608648016503040202": "sha384",
  "608648016503040203": "sha512",
};

/**
 * Hashes a certificate for channel binding.
 *
 * @param certificate The server's certificate in DER form.
 * @returns The hash; undefined where RFC 5929 defines none, as for Ed25519, or the certificate is unknown.
 */
export function serverEndPoint(certificate: Uint8Array | undefined): Uint8Array | undefined {
  if (certificate === undefined) return undefined;
  const algorithm = signatureHash(certificate);
  if (algorithm === undefined) return undefined;
  return new Uint8Array(createHash(algorithm).update(certificate).digest());
}

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { OID, parameters }, … } */
function signatureHash(certificate: Uint8Array): string | undefined {
  try {
    const outer = element(certificate, 0);
    const body = element(certificate, outer.start);
    const algorithm = element(certificate, body.end);
    const identifier = element(certificate, algorithm.start);
    const name = hex(certificate, identifier);
    if (name !== RSASSA_PSS) return SIGNATURE_HASHES[name];
    const parameters = element(certificate, identifier.end);
    const hash = element(certificate, parameters.start);
    if (hash.tag !== 0xa0) return "sha256"; // The default is SHA-1, which becomes SHA-256.
    return HASHES[hex(certificate, element(certificate, element(certificate, hash.start).start))];
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

interface Element {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/** The DER element at `offset`: its tag and where its contents are. */
function element(bytes: Uint8Array, offset: number): Element {
  const tag = bytes[offset];
  let length = bytes[offset + 1];
  let start = offset + 2;
  if (length >= 0x80) {
    const size = length & 0x7f;
    length = 0;
    for (let index = 0; index < size && index < 5; index++) length = length * 256 + bytes[start + index];
    start += size;
  }
  const end = start + length;
  if (!(end <= bytes.length)) throw new RangeError("a DER element reaches beyond the certificate");
  return { tag, start, end };
}

function hex(bytes: Uint8Array, { start, end }: Element): string {
  let text = "";
  for (let index = start; index < end; index++) text += bytes[index].toString(16).padStart(2, "0");
  return text;
}
