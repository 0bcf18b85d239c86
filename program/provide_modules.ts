/**
 * Modules of a packed program for the modules that it imports from a disk.
 *
 * @module
 */

/** The part of Bun that resolves names to modules that are there already; see https://bun.com/docs/runtime/plugins. */
interface ModuleProvider {
  plugin(plugin: {
    readonly name: string;
    setup(build: {
      module(
        specifier: string,
        load: () => { readonly exports: Readonly<Record<string, unknown>>; readonly loader: "object" },
      ): void;
    }): void;
  }): void;
}

/**
 * Gives every module that is imported from now on these modules under a package's name, also as it is written for JSR.
 *
 * @param name The package.
 * @param version Its version: `jsr:@scope/name@^1.2` is one of several ways to write what this is.
 * @param modules What it exports, by what stands behind its name.
 * @returns Whether the runtime can do it.
 */
export function provideModules(
  name: string,
  version: string,
  modules: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): boolean {
  const { Bun: provider } = globalThis as { readonly Bun?: ModuleProvider };
  if (provider === undefined) return false;
  const [major, minor] = version.split(".");
  const versions = [version, `${major}.${minor}`, major].flatMap((
    one,
  ) => [`@${one}`, `@^${one}`, `@~${one}`]);
  const names = [name, ...["", ...versions].map((suffix) => `jsr:${name}${suffix}`)];
  provider.plugin({
    name,
    setup(build) {
      for (const [path, exports] of Object.entries(modules)) {
        for (const specifier of names) build.module(specifier + path, () => ({ exports, loader: "object" }));
      }
    },
  });
  return true;
}
