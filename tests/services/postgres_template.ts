/**
 * The data folder every server starts as a copy of: made once per version with `initdb`, holding the roles
 * that each way of authentication is tested with.
 */
import { join } from "node:path";
import type { Account } from "./account.ts";
import type { UserDescription } from "./description.ts";
import type { PostgresBinaries } from "./postgres_binaries.ts";

/** The superuser that tests use, and its database. */
export const TEST_USER = "lifeguard";

/** The database of {@linkcode TEST_USER}. */
export const TEST_DATABASE = "lifeguard";

/** Every role, its password, and what `pg_hba.conf` asks of it over TCP. */
export const USERS: readonly UserDescription[] = [
  { user: TEST_USER, password: "secret-lifeguard", method: "scram-sha-256", superuser: true },
  { user: "app_user", password: "secret-app", method: "scram-sha-256", superuser: false },
  { user: "scram_user", password: "secret-scram", method: "scram-sha-256", superuser: false },
  { user: "md5_user", password: "secret-md5", method: "md5", superuser: false },
  { user: "cleartext_user", password: "secret-cleartext", method: "password", superuser: false },
  { user: "trust_user", password: "secret-trust", method: "trust", superuser: false },
  { user: "cert_user", password: "secret-cert", method: "cert, over TLS only", superuser: false },
  { user: "ssl_user", password: "secret-ssl", method: "scram-sha-256, over TLS only", superuser: false },
  {
    user: "plain_user",
    password: "secret-plain",
    method: "scram-sha-256, without TLS only",
    superuser: false,
  },
];

/** Who may enter how; the first line that fits decides. */
export const HBA_LINES: readonly string[] = [
  "local   all          postgres                     trust",
  "local   all          md5_user                     md5",
  "local   all          cleartext_user               password",
  "local   all          trust_user                   trust",
  "local   all          all                          scram-sha-256",
  ...["127.0.0.1/32", "::1/128"].flatMap((address) => [
    `host      all          trust_user      ${address}  trust`,
    `host      all          md5_user        ${address}  md5`,
    `host      all          cleartext_user  ${address}  password`,
    `hostssl   all          cert_user       ${address}  cert`,
    `host      all          cert_user       ${address}  reject`,
    `hostssl   all          ssl_user        ${address}  scram-sha-256`,
    `host      all          ssl_user        ${address}  reject`,
    `hostnossl all          plain_user      ${address}  scram-sha-256`,
    `host      all          plain_user      ${address}  reject`,
    `host      all          all             ${address}  scram-sha-256`,
    `host      replication  all             ${address}  scram-sha-256`,
  ]),
];

/**
 * Makes a template.
 *
 * @param binaries The version.
 * @param options The folder to create, which the account may write the parent of, and the account.
 */
export async function createTemplate(
  binaries: PostgresBinaries,
  options: { folder: string; account: Account },
): Promise<void> {
  const { folder, account } = options;
  const locale = Number.parseInt(binaries.version) >= 17
    ? ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    : ["--no-locale"];
  const run = { account, env: binaries.env };
  await runProgram(join(binaries.bin, "initdb"), {
    ...run,
    arguments: ["-D", folder, "-U", "postgres", "-E", "UTF8", ...locale, "--no-sync", "--auth=trust"],
  });
  const statements = [
    ...USERS.flatMap(({ user, password, method, superuser }) => [
      `SET password_encryption = '${method === "md5" ? "md5" : "scram-sha-256"}'`,
      `CREATE ROLE ${user} LOGIN ${superuser ? "SUPERUSER" : "CREATEDB"} PASSWORD '${password}'`,
    ]),
    "GRANT CREATE, USAGE ON SCHEMA public TO PUBLIC",
    `CREATE DATABASE ${TEST_DATABASE} OWNER ${TEST_USER}`,
  ];
  await runProgram(join(binaries.bin, "postgres"), {
    ...run,
    // Grants of template1 are what every database made later starts with.
    arguments: ["--single", "-D", folder, "-c", "fsync=off", "template1"],
    input: statements.join("\n") + "\n",
  });
}

async function runProgram(
  program: string,
  options: { account: Account; env: Readonly<Record<string, string>>; arguments: string[]; input?: string },
): Promise<void> {
  const child = new Deno.Command(program, {
    args: options.arguments,
    ...options.account,
    cwd: "/",
    env: { ...options.env, LC_ALL: "C" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(120_000),
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(options.input ?? ""));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder().decode(stderr);
  if (code !== 0 || /^\S.*(ERROR|FATAL):/m.test(text)) {
    const output = `${new TextDecoder().decode(stdout)}\n${text}`.trim().slice(-1500);
    throw new Error(`Cannot prepare a database with "${program}" (exit code ${code}): ${output}`);
  }
}
