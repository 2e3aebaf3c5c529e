/**
 * The policy `lru`, written for reading.
 */
import type { Reference } from "./suite.ts"

/** A Map keeps the order in which its keys were set: the first was used least recently. */
export const make = (options: { readonly weightMax: number }): Reference => {
  let weightMax = options.weightMax
  let entries = new Map<number, number>()
  const use = (slot: number, weight: number): void => {
    entries.delete(slot)
    entries = weight > weightMax ? new Map([[slot, weight], ...entries]) : entries.set(slot, weight)
  }
  return {
    get weight() {
      return [...entries.values()].reduce((a, b) => a + b, 0)
    },
    get weightMax() {
      return weightMax
    },
    get size() {
      return entries.size
    },
    insert: (slot, weight) => use(slot, weight),
    hit: (slot) => use(slot, entries.get(slot)!),
    update: use,
    remove: (slot) => void entries.delete(slot),
    evict: () => {
      const [victim] = entries.keys()
      if (victim === undefined) return -1
      entries.delete(victim)
      return victim
    },
    resize: (max) => {
      weightMax = max
    }
  }
}
