/**
 * Partitioned tables.
 *
 * @module
 */
export type { HashPartition, ListPartition, PartitionBounds, RangePartition } from "./bounds.ts";
export { type CreatePartitionOptions, type DetachOptions, type Partition } from "./partitions.ts";
export type { PartitionName } from "./creation.ts";
export { Partitions, partitions } from "./partitions.ts";
export { ensurePartitions } from "./ensure_partitions.ts";
export type { EnsuredPartitions, EnsurePartitionsOptions, KeepOptions } from "./ensure_partitions.ts";
export type { Period } from "./periods.ts";
