/**
 * One measurement: one scenario with one subject, in a process of its own on Deno or Bun. Its only argument is
 * a {@linkcode Measurement}; the last line it prints is the figures.
 */
import process from "node:process";
import { FIGURES, type Measurement } from "./measurement.ts";
import { SCENARIOS } from "./scenarios.ts";
import type { Open } from "./subjects/subject.ts";

const measurement: Measurement = JSON.parse(process.argv[2]);
const { scenario: name, file, variant, url, controlUrl, redisUrl, seconds } = measurement;
const scenario = SCENARIOS.find((scenario) => scenario.name === name)!;
const { open }: { open: Open } = await import(new URL(`./subjects/${file}`, import.meta.url).href);
const figures = await scenario.run({
  open: async (connections) =>
    await open({ url, connections, variant, ...(redisUrl === undefined ? {} : { redisUrl }) }),
  seconds,
  url,
  controlUrl,
});
console.log(FIGURES + JSON.stringify(figures));
process.exit(0);
