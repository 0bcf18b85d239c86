/**
 * Whether the program was packed by Deno: such a one has a fixed set of modules, and imports none from a disk.
 *
 * @module
 */

/** Deno's word for a program that `deno compile` made; see https://docs.deno.com/api/deno/~/Deno.build. */
interface DenoBuild {
  readonly build?: { readonly standalone?: boolean };
}

/** Whether `deno compile` made this program. */
export function isPackedByDeno(): boolean {
  return (globalThis as { readonly Deno?: DenoBuild }).Deno?.build?.standalone === true;
}

/** What to do where a program that Deno packed cannot import a file. */
export const UNPACK_IT: string =
  "what deno compile packs imports no files: pack lifeguard with Bun (deno task lifeguard:compile:bun), or run it with " +
  "deno run jsr:@lifeguard/core/cli";
