/**
 * The policy `s3Fifo`, written for reading.
 */
import { type MakeReference, withOversizedFirst } from "./suite.ts"

interface Entry {
  readonly slot: number
  readonly hash: number
  weight: number
  uses: number
}

const weightOf = (queue: ReadonlyArray<Entry>): number => queue.reduce((sum, entry) => sum + entry.weight, 0)

/** Two arrays, each from the newest to the oldest; ghosts are one more, whose recalled places stay, empty. */
export const make: MakeReference = (options) => {
  let weightMax = options.weightMax
  let small: Array<Entry> = []
  let main: Array<Entry> = []
  let ghosts: Array<number | undefined> = []
  const find = (slot: number): Entry => [...small, ...main].find((entry) => entry.slot === slot)!
  const use = (entry: Entry): void => {
    entry.uses = Math.min(3, entry.uses + 1)
  }
  const remove = (slot: number): void => {
    small = small.filter((entry) => entry.slot !== slot)
    main = main.filter((entry) => entry.slot !== slot)
  }
  const evictFromMain = (): number => {
    for (;;) {
      const entry = main.pop()!
      if (entry.uses === 0) return entry.slot
      entry.uses--
      main.unshift(entry)
    }
  }
  return withOversizedFirst({
    get weight() {
      return weightOf(small) + weightOf(main)
    },
    get weightMax() {
      return weightMax
    },
    get size() {
      return small.length + main.length
    },
    insert: (slot, weight) => {
      const hash = options.hashOf(slot)
      const remembered = ghosts.includes(hash)
      ghosts = ghosts.map((ghost) => ghost === hash ? undefined : ghost)
      const queue = remembered ? main : small
      queue.unshift({ slot, hash, weight, uses: 0 })
    },
    hit: (slot) => use(find(slot)),
    update: (slot, weight) => {
      find(slot).weight = weight
      use(find(slot))
    },
    remove,
    evict: () => {
      const entries = [...small, ...main]
      if (entries.length === 0) return -1
      while (small.length > 0 && weightOf(small) >= 0.1 * weightMax) {
        const entry = small.pop()!
        if (entry.uses < 2) {
          const ghostsMax = Math.ceil(0.9 * entries.length)
          ghosts = [...ghosts, entry.hash].slice(-ghostsMax)
          return entry.slot
        }
        main.unshift({ ...entry, uses: 0 })
      }
      return main.length === 0 ? small.pop()!.slot : evictFromMain()
    },
    resize: (max) => {
      weightMax = max
    }
  })
}
