/**
 * What Deno lets the program do: talk to PostgreSQL; read variables, its file, migrations, models, certificates and password
 * files; write migrations and models; know the names of the machine and of its user.
 *
 * @module
 */

/** The flags of `deno run` and `deno compile`. */
export const PERMISSIONS: readonly string[] = [
  "--allow-net",
  "--allow-env",
  "--allow-read",
  "--allow-write",
  "--allow-sys=hostname,homedir,userInfo,uid",
  "--no-prompt",
];
