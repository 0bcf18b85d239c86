/**
 * X.509 certificates for the servers and for one client, made anew each time with WebCrypto, so that no key
 * lies in the project, nothing expires and no `openssl` is needed. ECDSA with P-256 and SHA-256; the structure
 * is that of https://www.rfc-editor.org/rfc/rfc5280#section-4.1.
 */

/** A certificate and its private key, in PEM. */
export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

/** What a certificate says. */
export interface CertificateOptions {
  /** The common name of its subject. */
  readonly subject: string;
  /** DNS names and IPv4 addresses it is valid for. */
  readonly hosts?: readonly string[];
  /** True for a certificate that ended yesterday. */
  readonly expired?: boolean;
}

const ECDSA: EcKeyGenParams & EcdsaParams = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY = 86_400_000;

/** A certificate authority. */
export class Authority {
  readonly certificate: string;
  readonly #name: string;
  readonly #key: CryptoKey;

  private constructor(name: string, key: CryptoKey, certificate: string) {
    this.#name = name;
    this.#key = key;
    this.certificate = certificate;
  }

  /** Makes an authority of that name. */
  static async create(name: string): Promise<Authority> {
    const pair = await newKeyPair();
    const certificate = await signed(
      { subject: name, issuer: name, spki: await spki(pair), ca: true, hosts: [], expired: false },
      pair.privateKey,
    );
    return new Authority(name, pair.privateKey, certificate);
  }

  /** Makes a key and a certificate for it that this authority signs. */
  async issue(options: CertificateOptions): Promise<Identity> {
    const pair = await newKeyPair();
    const { subject, hosts = [], expired = false } = options;
    const content = { subject, issuer: this.#name, spki: await spki(pair), ca: false, hosts, expired };
    const key = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
    return { certificate: await signed(content, this.#key), key: pem("PRIVATE KEY", key) };
  }
}

interface CertificateContent {
  subject: string;
  issuer: string;
  spki: Uint8Array;
  ca: boolean;
  hosts: readonly string[];
  expired: boolean;
}

async function newKeyPair(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(ECDSA, true, ["sign", "verify"]) as CryptoKeyPair;
}

async function spki(pair: CryptoKeyPair): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
}

async function signed(content: CertificateContent, key: CryptoKey): Promise<string> {
  const algorithm = sequence(oid("1.2.840.10045.4.3.2"));
  const now = Date.now();
  const [from, to] = content.expired ? [now - 3 * DAY, now - DAY] : [now - DAY, now + 3650 * DAY];
  const extensions: Uint8Array[] = [
    extension("2.5.29.19", true, content.ca ? sequence(der(0x01, Uint8Array.of(0xff))) : sequence()),
  ];
  if (content.hosts.length > 0) {
    extensions.push(extension("2.5.29.17", false, sequence(...content.hosts.map(generalName))));
  }
  const body = sequence(
    der(0xa0, integer(Uint8Array.of(2))),
    integer(crypto.getRandomValues(new Uint8Array(8)).map((byte, index) => index === 0 ? byte | 0x40 : byte)),
    algorithm,
    distinguishedName(content.issuer),
    sequence(time(from), time(to)),
    distinguishedName(content.subject),
    content.spki,
    der(0xa3, sequence(...extensions)),
  );
  const raw = new Uint8Array(await crypto.subtle.sign(ECDSA, key, body as Uint8Array<ArrayBuffer>));
  const signature = sequence(integer(raw.subarray(0, 32)), integer(raw.subarray(32)));
  return pem("CERTIFICATE", sequence(body, algorithm, der(0x03, Uint8Array.of(0), signature)));
}

function der(tag: number, ...parts: Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const header = length < 0x80
    ? [tag, length]
    : length < 0x100
    ? [tag, 0x81, length]
    : [tag, 0x82, length >> 8, length & 0xff];
  const bytes = new Uint8Array(header.length + length);
  bytes.set(header);
  let offset = header.length;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

function sequence(...parts: Uint8Array[]): Uint8Array {
  return der(0x30, ...parts);
}

/** An unsigned number: no leading zeros, but one where the first bit would read as a sign. */
function integer(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = bytes.subarray(first === -1 ? bytes.length - 1 : first);
  return der(0x02, ...(digits[0] >= 0x80 ? [Uint8Array.of(0), digits] : [digits]));
}

function oid(dotted: string): Uint8Array {
  const [first, second, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) groups.unshift(left & 0x7f | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Uint8Array.from(bytes));
}

function distinguishedName(commonName: string): Uint8Array {
  return sequence(der(0x31, sequence(oid("2.5.4.3"), der(0x0c, ascii(commonName)))));
}

function generalName(host: string): Uint8Array {
  return /^[\d.]+$/.test(host)
    ? der(0x87, Uint8Array.from(host.split(".").map(Number)))
    : der(0x82, ascii(host));
}

function extension(id: string, critical: boolean, value: Uint8Array): Uint8Array {
  const flag = critical ? [der(0x01, Uint8Array.of(0xff))] : [];
  return sequence(oid(id), ...flag, der(0x04, value));
}

function time(milliseconds: number): Uint8Array {
  return der(0x17, ascii(new Date(milliseconds).toISOString().slice(2).replace(/[-:T]|\.\d+/g, "")));
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function pem(label: string, bytes: Uint8Array): string {
  const lines = btoa(String.fromCharCode(...bytes)).match(/.{1,64}/g)!;
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
