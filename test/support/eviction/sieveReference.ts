/**
 * The policy `sieve`, written for reading.
 */
import { type Reference, withOversizedFirst } from "./suite.ts"

interface Entry {
  readonly slot: number
  weight: number
  used: boolean
}

/** An array from the oldest to the newest entry, and the hand as an index into it. */
export const make = (options: { readonly weightMax: number }): Reference => {
  let weightMax = options.weightMax
  let hand = 0
  const queue: Array<Entry> = []
  const indexOf = (slot: number): number => queue.findIndex((entry) => entry.slot === slot)
  const remove = (slot: number): void => {
    const index = indexOf(slot)
    queue.splice(index, 1)
    if (index < hand) hand--
  }
  return withOversizedFirst({
    get weight() {
      return queue.reduce((sum, entry) => sum + entry.weight, 0)
    },
    get weightMax() {
      return weightMax
    },
    get size() {
      return queue.length
    },
    insert: (slot, weight) => {
      // A hand that passed the newest starts again with the oldest, whatever comes after.
      if (hand === queue.length) hand = 0
      queue.push({ slot, weight, used: false })
    },
    hit: (slot) => {
      queue[indexOf(slot)]!.used = true
    },
    update: (slot, weight) => {
      queue[indexOf(slot)]!.used = true
      queue[indexOf(slot)]!.weight = weight
    },
    remove,
    evict: () => {
      if (queue.length === 0) return -1
      for (;; hand++) {
        if (hand === queue.length) hand = 0
        const entry = queue[hand]!
        if (!entry.used) {
          remove(entry.slot)
          return entry.slot
        }
        entry.used = false
      }
    },
    resize: (max) => {
      weightMax = max
    }
  })
}
