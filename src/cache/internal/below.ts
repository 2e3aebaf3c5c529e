/**
 * What a change has still to do in the tiers below memory, and the wait for it.
 *
 * Not here: how it gets there (`outbox.ts`).
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { StoreError } from "../../store/StoreError.ts"

/** Part of a round: the changes of one family, or the marks. */
export interface Parcel {
  /** The whole round has been carried, well or not. */
  readonly arrived: Deferred.Deferred<void>
  failure: StoreError | undefined
}

/** What the tiers below memory still have to take; nothing where all that there is to do is done. */
export type Below = ReadonlySet<Parcel>

export const nothing: Below = new Set()

export const both = (one: Below, other: Below): Below =>
  one === nothing ? other : other === nothing ? one : new Set([...one, ...other])

/** Waits until the changes have arrived; fails when one of them has not been taken. */
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
