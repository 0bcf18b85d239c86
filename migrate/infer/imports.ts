/**
 * What a file of models imports.
 *
 * @module
 */

/** The names that can be imported of the library; a type has `type` in front. */
export type CoreName =
  | "belongsTo"
  | "column"
  | "constraint"
  | "hasMany"
  | "hasOne"
  | "index"
  | "indexKey"
  | "manyToMany"
  | "model"
  | "policy"
  | "relations"
  | "sql"
  | "trigger"
  | "type Column"
  | "type Range"
  | "type Sql";

/** The imports of one file, gathered while it is written. */
export class Imports {
  readonly #byModule = new Map<string, Set<string>>();
  readonly #library: string;

  /** @param library What the library is imported as. */
  constructor(library: string) {
    this.#library = library;
  }

  /** Notes that a name of the library is used. */
  core(name: CoreName): void {
    this.use(this.#library, name);
  }

  /** Notes that a name of a module is used. */
  use(module: string, name: string): void {
    const names = this.#byModule.get(module) ?? new Set();
    this.#byModule.set(module, names.add(name));
  }

  /** The statements, each on one line or with a line for each name. */
  write(width: number): string {
    const isOwn = (module: string): boolean => module.startsWith(".");
    const modules = [...this.#byModule].sort(([one], [other]) =>
      Number(isOwn(one)) - Number(isOwn(other)) || (one < other ? -1 : 1)
    );
    return modules.map(([module, names]) => {
      const sorted = [...names].sort((one, other) => sortKey(one) < sortKey(other) ? -1 : 1);
      const flat = `import { ${sorted.join(", ")} } from ${JSON.stringify(module)};\n`;
      if (flat.length - 1 <= width) return flat;
      return `import {\n${sorted.map((name) => `  ${name},\n`).join("")}} from ${JSON.stringify(module)};\n`;
    }).join("");
  }
}

/** As `deno fmt` sorts names: by their letters, whatever the case, and `type` is no part of one. */
function sortKey(name: string): string {
  const bare = name.replace(/^type /, "");
  return `${bare.toLowerCase()} ${bare}`;
}
