/**
 * How what is above the pool gets a pool of another database of the same server.
 *
 * @module
 */

/** The property of a pool under which it makes one of another database, known to the layers above it alone. */
export const SIBLING: unique symbol = Symbol("lifeguard.sibling");
