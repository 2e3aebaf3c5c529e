/**
 * Applies a conditional write, and has its conditions judged again by the tier that other processes change, too.
 *
 * Memory and a tier that one process has for itself need no second judgement: there the write is only applied.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { Entry } from "../../../store/Entry.ts"
import type { CacheError } from "../../CacheError.ts"
import type { SetOptions } from "../../types/setOptions.ts"
import { arrival } from "../below/delivery.ts"
import { type Expected, Guard } from "../below/guard.ts"
import type { Lane } from "../below/lane.ts"
import type { Holding } from "../below/whenKnown.ts"
import type { CacheContext } from "../entries/cacheContext.ts"
import { conflictWith } from "../entries/conditions.ts"
import type { Entries } from "../entries/entries.ts"
import { storeFailed } from "../family/storeFailed.ts"

/** A key of a write, and what the write expects of it. */
export interface GuardedKey {
  readonly entries: Entries<any>
  readonly key: string
  readonly expected: Expected | undefined
}

/**
 * Applies a write in this step, and waits for its result. Where another process was faster, `refused` gets the conflict
 * in place of that. The write fails with `StoreFailed` if the tier could not judge its conditions, or has no room.
 */
export const guarded = <A, E>(
  cache: CacheContext,
  keys: ReadonlyArray<GuardedKey>,
  apply: () => Effect.Effect<A, E>,
  refused: (conflict: CacheError) => Effect.Effect<A, E>
): Effect.Effect<A, E | CacheError> => {
  if (!cache.isShared || !keys.some(({ expected }) => expected !== undefined)) return apply()
  const guard = new Guard()
  const lanes = new Map<Lane<any>, Entries<any>>()
  for (const { entries, expected, key } of keys) {
    if (entries.lane === undefined) continue
    lanes.set(entries.lane, entries)
    guard.expect(entries.lane, key, expected, (version, hasFailed) => entries.takeBack(key, version, hasFailed))
  }
  if (lanes.size === 0) return apply()
  const { outbox } = cache
  outbox.guard = guard
  let made: Effect.Effect<A, E>
  try {
    made = apply()
  } finally {
    outbox.guard = undefined
  }
  const arrivals = Array.from(lanes.keys(), (lane) => lane.enter(guard))
  const judged = Effect.forEach(arrivals, Deferred.await, { discard: true })
  return Effect.flatMap(made, (result) =>
    Effect.flatMap(judged, (): Effect.Effect<A, E | CacheError> => {
      const { conditional, failure, met, redress } = guard
      if (failure !== undefined) {
        const failed = Effect.fail(storeFailed(failure))
        return Effect.andThen(Effect.ignore(arrival(redress)), failed)
      }
      if (met === undefined) return Effect.succeed(result)
      const at = met.findIndex(({ holds }) => !holds)
      const [lane, key, { orAbsent, version }] = conditional[at]!
      const { show } = lanes.get(lane as Lane<any>)!.spec
      return refused(conflictWith(show(key), orAbsent ? undefined : version, met[at]!.version))
    }))
}

/** Runs a step when no change of the key is on its way to a tier that will judge it. */
export const whenArrived = <A, E>(
  entries: Pick<Entries<any>, "isRaced" | "arrived">,
  refusals: { readonly unknown: (key: string) => CacheError },
  key: string,
  step: () => Effect.Effect<A, E>
): Effect.Effect<A, E | CacheError> => {
  if (!entries.isRaced) return step()
  return Effect.flatMap(
    entries.arrived(key),
    (hasArrived): Effect.Effect<A, E | CacheError> => hasArrived ? step() : Effect.fail(refusals.unknown(key))
  )
}

/** No value. An entry that was found, and that no read may serve, counts as none. */
export const absence = (held: Entry<unknown> | undefined, holding: Holding | undefined): Expected => ({
  version: held?.version ?? holding?.met(),
  orAbsent: true
})

/** What the options of a write expect of a key, of which this was found. */
export const expectedBy = (
  { ifVersion }: SetOptions<unknown>,
  held: Entry<unknown> | undefined,
  holding: Holding | undefined
): Expected | undefined =>
  ifVersion === undefined
    ? undefined
    : ifVersion === null
    ? absence(held, holding)
    : { version: ifVersion, orAbsent: false }
