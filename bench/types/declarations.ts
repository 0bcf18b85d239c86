/** Our own package as its users' compilers see it: declarations, without the code. */
import { fileURLToPath } from "node:url";
import { tsc } from "./compiler.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Declarations in a folder that goes when it is disposed of. */
export interface Declarations extends Disposable {
  /** The file that declares what `mod.ts` exports. */
  readonly file: string;
}

/**
 * Emits the declarations of `mod.ts`.
 *
 * @throws {Error} When the project has a type error.
 */
export async function emitDeclarations(): Promise<Declarations> {
  const folder = await Deno.makeTempDir({ prefix: "lifeguard-declarations-" });
  const remove = (): void => Deno.removeSync(folder, { recursive: true });
  try {
    await Deno.symlink(`${ROOT}node_modules`, `${folder}/node_modules`);
    const config = `${folder}/tsconfig.json`;
    const { compilerOptions } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
    await Deno.writeTextFile(
      config,
      JSON.stringify({
        compilerOptions: {
          ...compilerOptions,
          ...{ target: "esnext", module: "esnext", moduleResolution: "bundler", lib: ["esnext", "dom"] },
          ...{
            declaration: true,
            emitDeclarationOnly: true,
            skipLibCheck: true,
            allowImportingTsExtensions: true,
          },
          ...{ rootDir: ROOT, outDir: `${folder}/declarations` },
          ...{
            typeRoots: [fileURLToPath(new URL("../node_modules/@types", import.meta.url))],
            types: ["node"],
          },
        },
        files: [`${ROOT}mod.ts`],
      }),
    );
    await tsc(["--project", config]);
    return { file: `${folder}/declarations/mod.d.ts`, [Symbol.dispose]: remove };
  } catch (error) {
    remove();
    throw error;
  }
}
