/**
 * The tiers of a pool: the primary, then each replica.
 *
 * @module
 */
import type { PoolTarget, ResolvedPoolOptions } from "../configuration/pool_options.ts";
import type { ListenHub } from "../listen_hub.ts";
import { calling } from "../transaction/calling_context.ts";
import { CodecRegistry } from "../wire/codec/registry.ts";
import { DatabaseKnowledge } from "../wire/session/database_knowledge.ts";
import type { Handshakes } from "./handshakes.ts";
import { openTargetSession } from "./target_session.ts";
import { Tier } from "./tier.ts";

/** A tier, and what its connections share. */
export interface PoolTier {
  /** The tier. */
  readonly tier: Tier;
  /** What it is connected to. */
  readonly target: PoolTarget;
  /** What its connections share. */
  readonly knowledge: DatabaseKnowledge;
}

/** What the tiers of a pool have in common. */
export interface PoolParts {
  /** The pool's subscriptions. */
  readonly hub: () => ListenHub;
  /** The pool's handshakes. */
  readonly handshakes: Handshakes;
}

/**
 * Makes the tiers of a pool; nothing is connected yet.
 *
 * @param settings The pool's settings.
 * @param parts What they have in common.
 * @returns The tiers by name, `primary` first.
 */
export function createTiers(
  settings: ResolvedPoolOptions,
  { hub, handshakes }: PoolParts,
): ReadonlyMap<string, PoolTier> {
  const targets = new Map<string, PoolTarget>([["primary", settings.primary]]);
  settings.replicas.forEach((connect, index) =>
    targets.set(`replica-${index + 1}`, { kind: "server", connect })
  );
  const tiers = new Map<string, PoolTier>();
  for (const [name, target] of targets) {
    const knowledge = new DatabaseKnowledge(new CodecRegistry(settings.codecs), settings);
    const tier = new Tier({
      name,
      size: name === "primary" ? settings.size : settings.replicaSize,
      settings,
      shared: knowledge,
      isEmbedded: target.kind === "pglite",
      connect: (signal) => openTargetSession(target, knowledge, signal),
      handshakes: handshakes.line(name === "primary" ? "primary" : "replica"),
      holder: () => calling.getStore()?.lease,
      events: {
        notice: (fields) =>
          settings.onNotice?.({
            severity: fields.get("V") ?? fields.get("S") ?? "NOTICE",
            code: fields.get("C") ?? "00000",
            message: fields.get("M") ?? "",
            detail: fields.get("D"),
            hint: fields.get("H"),
          }),
        notification: (notification) => hub().deliver(notification),
      },
      afterReset: () => hub().commands,
    });
    tiers.set(name, { tier, target, knowledge });
  }
  return tiers;
}
