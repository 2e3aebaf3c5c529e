/**
 * What a read of a key would do now, said without doing it.
 */
import * as Effect from "effect/Effect"
import * as Answer from "../Answer.ts"
import type { Explanation, Outcome } from "../Explanation.ts"
import { type Entries, foundIn } from "./entries.ts"
import { noTags } from "./judgement.ts"
import type { Loads } from "./loads.ts"

/** What a read would do now, and what happened to the key before. */
export const explain = <V>(entries: Entries<V>, loads: Loads<V>, key: string): Effect.Effect<Explanation<V>> =>
  Effect.suspend(() => {
    const now = entries.cache.time.now()
    const inMemory = entries.hot?.peek(key)
    const found = entries.lower === undefined || inMemory !== undefined
      ? Effect.succeed(foundIn(inMemory))
      : entries.lookBelow(key)
    return Effect.map(found, (held) => {
      // Without an owner, what a tier below still has is not shown either.
      const verdict = held === undefined || loads.loader === undefined
        ? "hidden"
        : entries.judge(key, held.entry.stamp, held.entry.tags)
      const freshUntil = held === undefined ? Infinity : entries.freshUntil(key, held.entry, now)
      const stale = freshUntil <= now
      return {
        family: entries.name,
        key: entries.spec.render(key),
        outcome: outcomeOf(loads, key, now, verdict === "hidden" ? undefined : freshUntil),
        held: held === undefined || verdict === "hidden"
          ? undefined
          : Answer.make({ ...held, value: held.entry.value, stale }, now, freshUntil),
        happenings: entries.cache.history.of(entries.name, key, held?.entry.tags ?? noTags)
      }
    })
  })

const outcomeOf = (loads: Loads<any>, key: string, now: number, freshUntil: number | undefined): Outcome => {
  if (loads.loader === undefined) return "refuse"
  const { expiry, failures } = loads
  const age = freshUntil === undefined ? Infinity : now - freshUntil
  if (age < 0) return "hit"
  if (age < expiry.staleWhileRevalidate) return "staleHit"
  if (age < expiry.staleIfError && failures.isBackingOff(key, now)) return "staleHit"
  const mayBeServed = age < expiry.staleIfError
  if (!mayBeServed && failures.remembered(key, now) !== undefined) return "fail"
  return loads.joinable(key) === undefined ? "load" : "join"
}
