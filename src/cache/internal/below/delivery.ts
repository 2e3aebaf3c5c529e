/**
 * Waits until a change has arrived in the lower tiers.
 *
 * Not here: the way to these tiers (`outbox.ts`).
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { StoreError } from "../../../store/StoreError.ts"

/** The writes of a family. */
export interface Revoker {
  /** Removes a value that was written up to this version; a later value stays. */
  takeBack(key: string, version: number): Delivery
}

/** What callers have written with a round, which is taken back if the round fails (`written.ts`). */
export interface Revocable {
  note(writer: Revoker, key: string, version: number): void
  /** What the removals have still to do below. */
  readonly redress: Delivery
}

/** Part of a round: the changes of one family, or the marks. */
export interface Parcel {
  /** Done when the whole round has ended, with success or with a failure. */
  readonly arrived: Deferred.Deferred<void>
  readonly failure: StoreError | undefined
  /** What callers have written with the round. */
  readonly written: Revocable
}

/** The changes that are still on their way to the lower tiers. `noDelivery` is the empty set. */
export type Delivery = ReadonlySet<Parcel>

export const noDelivery: Delivery = new Set()

export const both = (one: Delivery, other: Delivery): Delivery =>
  one === noDelivery ? other : other === noDelivery ? one : union(one, other)

const union = (one: Delivery, other: Delivery): Delivery => new Set([...one, ...other])

/** Waits until the changes have arrived. Fails if a tier did not take one of them. */
export const arrival = (delivery: Delivery): Effect.Effect<void, StoreError> => {
  if (delivery.size === 0) return Effect.void
  // Where they were made in one step, one round carries them all.
  const rounds = new Set(Array.from(delivery, ({ arrived }) => arrived))
  return Effect.flatMap(Effect.forEach(rounds, Deferred.await, { discard: true }), () => {
    for (const { failure } of delivery) if (failure !== undefined) return Effect.fail(failure)
    return Effect.void
  })
}
