/**
 * What Deno lets the program do: talk to PostgreSQL, Redis, etcd and whoever watches it; read variables, its file,
 * certificates and password files; know the names of the machine and of its user.
 *
 * @module
 */

/** The flags of `deno run` and `deno compile`. */
export const PERMISSIONS: readonly string[] = [
  "--allow-net",
  "--allow-env",
  "--allow-read",
  "--allow-sys=hostname,homedir,userInfo",
  "--no-prompt",
];
