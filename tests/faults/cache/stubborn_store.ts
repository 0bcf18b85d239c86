/** A store that gives back what was voided: to prove that a campaign finds out. */
import type { CacheStore, Entry, KeyLook, LookKey } from "../../../mod.ts";

/**
 * Makes a store stubborn: where an entry is gone it shows the last one that was there.
 *
 * @param store The store, which goes on as it is.
 */
export function stubborn(store: CacheStore): CacheStore {
  const seen = new Map<string, Entry>();
  const look = async (keys: readonly LookKey[]): Promise<readonly KeyLook[]> => {
    const looks = await store.look(keys);
    return looks.map((found, index) => {
      const { key } = keys[index];
      if (found.entry !== undefined) seen.set(key, found.entry);
      const entry = seen.get(key);
      return entry === undefined ? found : { ...found, entry, ticket: undefined };
    });
  };
  return new Proxy(store, {
    get(target, name) {
      if (name === "look") return look;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
