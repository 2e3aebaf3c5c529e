/**
 * Waits until a change has arrived in the lower tiers.
 *
 * Not here: the way to these tiers (`outbox.ts`).
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { StoreError } from "../../store/StoreError.ts"

/** Part of a round: the changes of one family, or the marks. */
export interface Parcel {
  /** Done when the whole round has ended, with success or with a failure. */
  readonly arrived: Deferred.Deferred<void>
  failure: StoreError | undefined
}

/** The changes that are still on their way to the lower tiers. `nothing` is the empty set. */
export type Below = ReadonlySet<Parcel>

export const nothing: Below = new Set()

export const both = (one: Below, other: Below): Below =>
  one === nothing ? other : other === nothing ? one : new Set([...one, ...other])

/** Waits until the changes have arrived. Fails if a tier did not take one of them. */
export const arrival = (below: Below): Effect.Effect<void, StoreError> => {
  for (const { arrived } of below) {
    // They were made in one step, so one round carries them all.
    return Effect.flatMap(Deferred.await(arrived), () => {
      for (const { failure } of below) if (failure !== undefined) return Effect.fail(failure)
      return Effect.void
    })
  }
  return Effect.void
}
