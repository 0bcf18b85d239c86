/** fast-check with the seed of this run, so that what it finds is found again; it prints the seed of a failure. */
import fc from "fast-check";
import { SEED } from "./random.ts";

fc.configureGlobal({ seed: SEED });

export { fc };
