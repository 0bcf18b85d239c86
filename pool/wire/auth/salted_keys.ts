/**
 * The keys that SCRAM derives from a password at the cost of thousands of hash rounds, derived once for a
 * password, salt and count, so that hundreds of connections do not each pay for them.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash, createHmac, pbkdf2, randomBytes } from "node:crypto";

/** What SCRAM needs of a password (https://www.rfc-editor.org/rfc/rfc5802#section-3). */
export interface SaltedKeys {
  /** Proves that we know the password. */
  readonly clientKey: Uint8Array;
  /** The hash of the client key, which the server keeps. */
  readonly storedKey: Uint8Array;
  /** Proves that the server knows the password's keys. */
  readonly serverKey: Uint8Array;
}

/** How the server wants the password hashed. */
export interface SaltedKeysOptions {
  /** The server's salt. */
  readonly salt: Uint8Array;
  /** How many rounds. */
  readonly iterations: number;
}

const CAPACITY = 64;

/** By a keyed hash of what they were derived from, so that no password is kept here; the oldest goes first. */
const cache = new Map<string, Promise<SaltedKeys>>();
const cacheSecret: Uint8Array = randomBytes(32);

/**
 * Derives the keys, off the event loop, or finds them again.
 *
 * @param password The prepared password.
 * @param options Salt and rounds; see {@link SaltedKeysOptions}.
 */
export function saltedKeys(password: string, options: SaltedKeysOptions): Promise<SaltedKeys> {
  const name = createHmac("sha256", cacheSecret)
    .update(`${options.iterations},${Buffer.from(options.salt).toString("hex")},${password}`)
    .digest("base64");
  const known = cache.get(name);
  if (known !== undefined) {
    cache.delete(name);
    cache.set(name, known);
    return known;
  }
  const deriving = derive(password, options);
  cache.set(name, deriving);
  if (cache.size > CAPACITY) cache.delete(cache.keys().next().value!);
  deriving.catch(() => cache.delete(name));
  return deriving;
}

async function derive(password: string, { salt, iterations }: SaltedKeysOptions): Promise<SaltedKeys> {
  const salted = await new Promise<Uint8Array>((resolve, reject) => {
    pbkdf2(password, salt, iterations, 32, "sha256", (error, key) => error ? reject(error) : resolve(key));
  });
  const clientKey = hmac(salted, "Client Key");
  return {
    clientKey,
    storedKey: new Uint8Array(createHash("sha256").update(clientKey).digest()),
    serverKey: hmac(salted, "Server Key"),
  };
}

/** HMAC-SHA-256. */
export function hmac(key: Uint8Array, text: string): Uint8Array {
  return new Uint8Array(createHmac("sha256", key).update(text, "utf8").digest());
}
