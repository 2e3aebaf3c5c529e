/**
 * Explains a key: what a read would do now, the entry that the cache holds, and the history. For a sensitive family,
 * keys and tags are shown as hashes.
 */
import * as Effect from "effect/Effect"
import type { Found } from "../../../store/Entry.ts"
import type { Explanation, Outcome } from "../../Explanation.ts"
import { foundOf, unknown, unlessLate } from "../below/whenKnown.ts"
import type { Entries } from "../entries/entries.ts"
import { foundIn } from "../entries/lowerReads.ts"
import { answerOf, type Served } from "../entries/served.ts"
import * as Expiry from "../family/expiry.ts"
import { noTags } from "../family/judgement.ts"
import { hiding } from "../family/sensitive.ts"
import type { Loads } from "../loads/loads.ts"

/** Explains a key. `onHeld` receives the value that is shown, because showing it counts as a read. */
export const explain = <V>(
  entries: Entries<V>,
  loads: Loads<V>,
  key: string,
  onHeld?: (served: Served<V> | undefined, isKnown: boolean) => void
): Effect.Effect<Explanation<V>> =>
  Effect.suspend(() => {
    const { cache, name, spec } = entries
    const now = cache.time.now()
    const inMemory = entries.hot?.peek(key)
    const found = entries.lane === undefined || inMemory !== undefined
      ? Effect.succeed<Found<V> | typeof unknown | undefined>(foundIn(inMemory))
      : entries.watches.during(
        key,
        (watch) => Effect.map(unlessLate(entries.lowerReads.look(key)), (below) => watch.changed ? unknown : below)
      )
    return Effect.map(found, (below) => {
      const all = foundOf(below)
      const held = all !== undefined && all.entry.expiresAt <= now ? undefined : all
      // Without an owner, an entry that a lower tier still has is not shown either.
      const verdict = held === undefined || loads.loader === undefined
        ? "hidden"
        : entries.judge(key, held.entry.stamp, held.entry.tags)
      const freshUntil = held === undefined ? Infinity : entries.freshUntil(key, held.entry, now)
      const stale = freshUntil <= now
      const served = held === undefined || verdict === "hidden"
        ? undefined
        : { ...held, value: held.entry.value, stale }
      onHeld?.(served, below !== unknown && (held === undefined || !entries.before.isHiddenHere(held.entry.stamp)))
      const explanation: Explanation<V> = {
        family: name,
        key: spec.show(key),
        outcome: outcomeOf(entries, loads, key, now, served && freshUntil),
        held: served && answerOf(served, cache.versions, now, freshUntil, Expiry.staleMillisMax(entries.expiry)),
        happenings: cache.changes.history.of(name, key, held?.entry.tags ?? noTags)
      }
      return spec.isSensitive ? hiding(explanation, spec.hide) : explanation
    })
  })

const outcomeOf = <V>(
  { expiry }: Entries<V>,
  loads: Loads<V>,
  key: string,
  now: number,
  freshUntil: number | undefined
): Outcome => {
  if (loads.loader === undefined) return "refuse"
  const age = freshUntil === undefined ? Infinity : now - freshUntil
  if (age < 0) return "hit"
  if (age < expiry.staleWhileRevalidate) return "staleHit"
  if (age < expiry.staleIfError && loads.failures.isBackingOff(key, now)) return "staleHit"
  const mayBeServed = age < expiry.staleIfError
  if (!mayBeServed && loads.failures.remembered(key, now) !== undefined) return "fail"
  return loads.flights.joinable(key) === undefined ? "load" : "join"
}
