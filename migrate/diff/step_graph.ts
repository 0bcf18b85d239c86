/**
 * Steps in an order that runs: each belongs to a node, nodes say what must come before them, and otherwise stay in the
 * order they were added in, phase by phase.
 *
 * ## Invariants
 *
 * - G1 A node comes after all that it was told to come after, but where that is a circle.
 * - G2 What a node is told to come after may be missing: then nothing is to be waited for.
 *
 * @module
 */
import type { Step } from "../steps/step.ts";

/** When a step is best made, as far as dependencies say nothing else. */
export const PHASES = ["rename", "drop", "alter", "create", "finish"] as const;

/** A phase. */
export type Phase = typeof PHASES[number];

interface GraphNode {
  readonly phase: Phase;
  readonly place: number;
  readonly steps: Step[];
  readonly before: Set<string>;
}

/** Steps and what must come before what. */
export class StepGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #aliases = new Map<string, string>();

  /** Whether a node, or another name for one, is there. */
  has(id: string): boolean {
    return this.#nodes.has(this.#resolve(id));
  }

  /** Adds steps at the end of a node, which is made where it is missing. */
  add(id: string, phase: Phase, ...steps: readonly Step[]): void {
    const node = this.#nodes.get(id);
    if (node === undefined) {
      this.#nodes.set(id, { phase, place: this.#nodes.size, steps: [...steps], before: new Set() });
    } else node.steps.push(...steps);
  }

  /** Lets another name stand for a node. */
  alias(id: string, node: string): void {
    this.#aliases.set(id, node);
  }

  /** Puts a node after others. */
  after(id: string, ...others: readonly string[]): void {
    const node = this.#nodes.get(this.#resolve(id));
    if (node === undefined) return;
    for (const other of others) node.before.add(other);
  }

  /** Puts a node after another unless that would be a circle; returns false when it would. */
  softlyAfter(id: string, other: string): boolean {
    const [node, end] = [this.#resolve(id), this.#resolve(other)];
    if (node === end || !this.#nodes.has(node) || !this.#nodes.has(end)) return true;
    const waiting = [end];
    const seen = new Set(waiting);
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for (const before of this.#nodes.get(next)!.before) {
        const one = this.#resolve(before);
        if (one === node) return false;
        if (seen.has(one) || !this.#nodes.has(one)) continue;
        seen.add(one);
        waiting.push(one);
      }
    }
    this.after(id, other);
    return true;
  }

  /** All steps in order. */
  sorted(): readonly Step[] {
    const steps: Step[] = [];
    const done = new Set<string>();
    const waiting: { id: string; rest: string[] }[] = [];
    for (const root of this.#inOrder(this.#nodes.keys())) {
      if (done.has(root)) continue;
      done.add(root);
      waiting.push({ id: root, rest: this.#before(root) });
      while (waiting.length > 0) {
        const { id, rest } = waiting.at(-1)!;
        const next = rest.shift();
        if (next === undefined) {
          steps.push(...this.#nodes.get(id)!.steps);
          waiting.pop();
        } else if (!done.has(next)) {
          done.add(next);
          waiting.push({ id: next, rest: this.#before(next) });
        }
      }
    }
    return steps;
  }

  #resolve(id: string): string {
    return this.#aliases.get(id) ?? id;
  }

  #before(id: string): string[] {
    const found = new Set<string>();
    for (const other of this.#nodes.get(id)!.before) {
      const node = this.#resolve(other);
      if (node !== id && this.#nodes.has(node)) found.add(node);
    }
    return this.#inOrder(found);
  }

  #inOrder(ids: Iterable<string>): string[] {
    const rank = (id: string): number => {
      const { phase, place } = this.#nodes.get(id)!;
      return PHASES.indexOf(phase) * 1e9 + place;
    };
    return [...ids].map((id) => [rank(id), id] as const).sort((a, b) => a[0] - b[0]).map(([, id]) => id);
  }
}
