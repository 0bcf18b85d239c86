/**
 * Visits every state a model can reach, breadth first, so that the first history found to a bad state is a shortest
 * one. States are values made of parts; equal parts are kept once, and a state is known by its parts' numbers.
 *
 * @module
 */

/** A state: named parts, each a plain readonly value whose fields are always written in the same order. */
export type Parts<State> = { readonly [Part in keyof State]: object };

/** A step from one state: what happens, in words, and what then is. */
export interface Step<State> {
  readonly what: string;
  readonly then: State;
}

/** A system to be explored. */
export interface Explorable<State> {
  readonly initial: State;
  /** Every step that can be taken. */
  steps(state: State): readonly Step<State>[];
  /** What is wrong in a state, in words; `undefined` where every promise holds. */
  broken(state: State): string | undefined;
}

/** What an exploration found. */
export interface Exploration {
  /** States visited. */
  readonly states: number;
  /** True when no state was left out: either all were visited, or a bad one was found. */
  readonly complete: boolean;
  /** What is wrong in the first bad state; `undefined` where there is none. */
  readonly broken: string | undefined;
  /** The steps that lead there. */
  readonly history: readonly string[];
}

/** Numbers values by their content, once for each object. */
class Numbering {
  readonly #byObject = new WeakMap<object, number>();
  readonly #byText = new Map<string, number>();

  of(value: object): number {
    const known = this.#byObject.get(value);
    if (known !== undefined) return known;
    const text = JSON.stringify(value);
    let number = this.#byText.get(text);
    if (number === undefined) {
      number = this.#byText.size;
      this.#byText.set(text, number);
    }
    this.#byObject.set(value, number);
    return number;
  }
}

/**
 * Explores a system until a promise is broken or every state was visited.
 *
 * @param system What to explore.
 * @param limit The number of states after which it gives up.
 * @returns What was found.
 */
export function explore<State extends Parts<State>>(
  system: Explorable<State>,
  limit: number = Infinity,
): Exploration {
  const names = Object.keys(system.initial) as (keyof State)[];
  const numbering = new Map(names.map((name) => [name, new Numbering()]));
  const keyOf = (state: State): string => {
    let key = "";
    for (const name of names) {
      const number = numbering.get(name)!.of(state[name]);
      key += String.fromCharCode(number & 0x7fff, number >> 15);
    }
    return key;
  };

  const visited = new Set<string>([keyOf(system.initial)]);
  const parents: number[] = [-1];
  const steps: string[] = [""];
  const words = new Map<string, string>();
  const historyOf = (last: number): string[] => {
    const history: string[] = [];
    for (let at = last; at > 0; at = parents[at]) history.unshift(steps[at]);
    return history;
  };

  let level: { number: number; state: State }[] = [{ number: 0, state: system.initial }];
  while (level.length > 0) {
    const next: typeof level = [];
    for (const { number, state } of level) {
      for (const { what, then } of system.steps(state)) {
        const key = keyOf(then);
        if (visited.has(key)) continue;
        visited.add(key);
        if (!words.has(what)) words.set(what, what);
        const reached = parents.push(number) - 1;
        steps.push(words.get(what)!);
        const broken = system.broken(then);
        if (broken !== undefined) {
          return { states: visited.size, complete: true, broken, history: historyOf(reached) };
        }
        next.push({ number: reached, state: then });
      }
      if (visited.size >= limit) {
        return { states: visited.size, complete: false, broken: undefined, history: [] };
      }
    }
    level = next;
  }
  return { states: visited.size, complete: true, broken: undefined, history: [] };
}
