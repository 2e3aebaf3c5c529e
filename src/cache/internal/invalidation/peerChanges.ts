/**
 * Applies to a family the messages of another engine over the same place (`peers.ts`), and the news of other processes
 * (`Store.news`).
 */
import { everything } from "../../shared/slices.ts"
import type { Entries } from "../entries/entries.ts"
import type { Heard } from "../entries/peers.ts"
import type { Loads } from "../loads/loads.ts"
import { readMarked } from "../marks/familyMarks.ts"

/**
 * Does what the family would do for a change of its own, except for the lower tiers, which the other engine changes.
 */
export const hear = (entries: Entries<any>, loads: Loads<any>, heard: Heard): void => {
  const now = entries.cache.time.now()
  switch (heard._tag) {
    case "Changed":
      loads.overtake(heard.key)
      loads.failures.forget(heard.key)
      return entries.ended(heard.key)
    case "Asked":
      return loads.overtakeUpdate(heard.key)
    case "Loaded":
      loads.meet(heard.key, heard.entry)
      return replaced(entries, heard.key, heard.isNews, () => {
        entries.sources?.kept(heard.key)
        entries.removeFromMemory(heard.key)
      })
    case "Absent":
      loads.meet(heard.key, undefined)
      return heard.isNews ? replaced(entries, heard.key, true, () => entries.ended(heard.key, true)) : undefined
    case "Marked":
      entries.marking.hearMark(heard.slice, heard.mode, heard.stamp, now)
      return
    case "Tagged":
      loads.flights.closeAll()
      if (!entries.marking.hearTag(heard.tag, heard.mode, heard.stamp, now)) {
        entries.marking.hearMark(everything, heard.mode, heard.stamp, now)
      }
  }
}

/** Another process has changed or removed the value of a key. */
export const hearChanged = (entries: Entries<any>, loads: Loads<any>, key: string): void => {
  entries.lane?.overtaken(key)
  loads.overtakeElsewhere(key)
  loads.failures.forget(key)
  entries.ended(key)
}

/** What was held at a stamp is gone, or may be out of date because changes may have been missed. */
export const hearGone = (entries: Entries<any>, loads: Loads<any>, stamp: number): void => {
  entries.marking.hearMark(everything, "hide", stamp, entries.cache.time.now())
  loads.failures.clear()
}

/** Another process has set a mark on the family. */
export const hearMark = (entries: Entries<any>, loads: Loads<any>, written: string, stamp: number): void => {
  const read = readMarked(written)
  if (read === undefined) return
  const { mode } = read
  if (read._tag === "tag") return hear(entries, loads, { _tag: "Tagged", tag: read.tag, mode, stamp })
  hear(entries, loads, { _tag: "Marked", slice: read.slice, mode, stamp })
}

/** Drops what was made here from the value before, where only this engine knows of it, because that value is gone. */
const replaced = (entries: Entries<any>, key: string, isNews: boolean, take: () => void): void => {
  const isUnseen = isNews && entries.sources?.wasRead(key) === true
  const missedAt = entries.sources?.missedAt(key) ?? (isUnseen ? Infinity : undefined)
  take()
  // The load of the other engine promises nothing of this one's.
  if (missedAt !== undefined) void entries.cache.spread.ofUnseen(entries.name, key, missedAt)
}
