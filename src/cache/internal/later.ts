/**
 * Finds out whether a key has a later value than one that is taken back. Memory may have pushed that later value out
 * since.
 */
import * as Effect from "effect/Effect"
import type { Entries } from "./entries.ts"

/**
 * Asks memory, then the outbox, then the lower tiers. A change of the key during the search counts as a later value.
 */
export const isLaterThan = <V>(entries: Entries<V>, key: string, version: number): Effect.Effect<boolean> =>
  Effect.suspend(() => {
    const held = entries.hot?.peek(key) ?? entries.lower?.pending(key)?.entry
    if (held !== undefined || entries.lower === undefined) {
      return Effect.succeed(held !== undefined && held.version > version)
    }
    return entries.watching(
      key,
      (watch) => Effect.map(entries.lookBelow(key), (found) => watch.changed || (found?.entry.version ?? -1) > version)
    )
  })
