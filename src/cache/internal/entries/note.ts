/**
 * Notes the changes of one family: for the history, for those who listen to changes, and for events.
 */
import type { InvalidationMode } from "../../CacheEvent.ts"
import type { Happening } from "../../Explanation.ts"
import type { EngineFamilySpec } from "../../shared/familySpec.ts"
import type { CacheContext } from "./cacheContext.ts"
import { eventOf } from "./changeEvents.ts"
import type { Noted } from "./history.ts"

export type Note = (
  what: Happening["what"],
  scope: Happening["scope"],
  stamp: number,
  through?: string,
  mode?: InvalidationMode,
  from?: Noted["from"]
) => void

export const noteOf = (cache: CacheContext, spec: EngineFamilySpec<any>): Note => {
  // One object for all changes without a listener: the history copies it.
  const noted: { -readonly [Part in keyof Noted]: Noted[Part] } = {
    what: "Set",
    family: spec.name,
    scope: "",
    through: undefined,
    mode: undefined,
    stamp: 0,
    atMillis: 0,
    from: undefined
  }
  return (what, scope, stamp, through, mode, from) => {
    const { changes, hasListeners, time } = cache
    const change = hasListeners || changes.areHeard ? { ...noted } : noted
    change.what = what
    change.scope = scope
    change.through = through
    change.mode = mode
    change.stamp = stamp
    change.atMillis = time.now()
    change.from = from
    changes.note(change)
    if (!hasListeners) return
    const event = eventOf(spec, change)
    if (event !== undefined) cache.emit(event)
  }
}
