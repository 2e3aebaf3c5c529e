/**
 * Records the changes of one family, for the history, for listeners of changes, and for events.
 */
import type { InvalidationMode } from "../../CacheEvent.ts"
import type { Happening } from "../../Explanation.ts"
import type { EngineFamilySpec } from "../family/familySpec.ts"
import type { CacheContext } from "./cacheContext.ts"
import { eventOf } from "./changeEvents.ts"
import type { Noted } from "./history.ts"

export type Note = (
  what: Happening["what"],
  target: Happening["target"],
  stamp: number,
  through?: string,
  mode?: InvalidationMode,
  from?: Noted["from"]
) => void

export const noteOf = (cache: CacheContext, spec: EngineFamilySpec<any>): Note => {
  const family = spec.name
  return (what, target, stamp, through, mode, from) => {
    const { changes, hasListeners, time } = cache
    const atMillis = time.now()
    changes.history.add(what, family, target, stamp, atMillis, through, mode, from)
    if (!hasListeners && !changes.areHeard) return
    const change: Noted = { what, family, target, through, mode, stamp, atMillis, from }
    if (changes.areHeard) changes.tell(change)
    if (!hasListeners) return
    const event = eventOf(spec, change)
    if (event !== undefined) cache.emit(event)
  }
}
