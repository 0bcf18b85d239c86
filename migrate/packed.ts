/**
 * `lifeguard` as it is packed into one file: the program, and the library for the models that it reads.
 *
 * What compares models must be the copy of the library that made them. A packed program has its own copy within it, and
 * gives that one to the modules it imports: their `@lifeguard/core` is resolved to what is here, whatever their project has
 * installed. Bun can do that; where the runtime is another one the program is not changed.
 *
 * @module
 */
import * as core from "../mod.ts";
import { provideModules } from "../program/provide_modules.ts";
import { VERSION } from "../program/version.ts";
import * as testkit from "../testkit/mod.ts";
import * as migrations from "./mod.ts";

provideModules("@lifeguard/core", VERSION, { "": core, "/migrate": migrations, "/testkit": testkit });
await import("./main.ts");
