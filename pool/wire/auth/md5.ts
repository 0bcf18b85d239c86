/**
 * The MD5 method (https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-START-UP): a hash of the
 * password and the user's name, hashed again with the server's salt.
 *
 * @module
 */

import { createHash } from "node:crypto";

/**
 * The answer to AuthenticationMD5Password.
 *
 * @param user The role's name.
 * @param password The password.
 * @param salt The server's four bytes.
 * @returns `md5` and 32 hexadecimal digits.
 */
export function md5Answer(user: string, password: string, salt: Uint8Array): string {
  const inner = createHash("md5").update(password + user, "utf8").digest("hex");
  return "md5" + createHash("md5").update(inner, "utf8").update(salt).digest("hex");
}
