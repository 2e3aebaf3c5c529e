/**
 * What a family does about the word of another engine over the same place (`peers.ts`).
 */
import type { Entries } from "./entries.ts"
import type { Loads } from "./loads.ts"
import type { Heard } from "./peers.ts"

/** As if the family had done it itself, but for what goes below. */
export const hear = (entries: Entries<any>, loads: Loads<any>, heard: Heard): void => {
  const now = entries.cache.time.now()
  switch (heard._tag) {
    case "Changed":
      loads.overtake(heard.key)
      loads.failures.delete(heard.key)
      return entries.drop(heard.key)
    case "Loaded":
      return entries.drop(heard.key)
    case "Marked":
      return entries.hearMark(heard.scope, heard.mode, heard.stamp, now)
    case "Tagged":
      loads.overtakeAll()
      return entries.hearTag(heard.tag, heard.mode, heard.stamp, now)
  }
}
