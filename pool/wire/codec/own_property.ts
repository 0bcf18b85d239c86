/** Setting a property whose name comes from the database. @module */

/** Sets an own property, even one named `__proto__`, which plain assignment would take for the prototype. */
export function setOwn(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== "__proto__") object[name] = value;
  else Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}
