/**
 * Whether a key has a later value than one that is taken back: memory may have pushed it out since.
 */
import * as Effect from "effect/Effect"
import { type Entries, foundOf } from "./entries.ts"

/** Asks memory, what is on its way below, and then the tiers below. A change meanwhile is later as well. */
export const isLaterThan = <V>(entries: Entries<V>, key: string, version: number): Effect.Effect<boolean> =>
  Effect.suspend(() => {
    const held = entries.hot?.peek(key) ?? entries.lower?.pending(key)?.entry
    if (held !== undefined || entries.lower === undefined) {
      return Effect.succeed(held !== undefined && held.version > version)
    }
    return entries.watching(
      key,
      (watch) =>
        Effect.map(
          entries.lookBelow(key),
          (found) => watch.changed || (foundOf(found)?.entry.version ?? -1) > version
        )
    )
  })
