/**
 * The policy `wTinyLfu`, written for reading.
 */
import { FrequencySketch } from "../../../src/eviction/internal/frequencySketch.ts"
import { xorshift } from "../../../src/eviction/internal/xorshift.ts"
import { type MakeReference, withOversizedFirst } from "./suite.ts"

interface Entry {
  readonly slot: number
  readonly hash: number
  weight: number
}

const weightOf = (part: ReadonlyArray<Entry>): number => part.reduce((sum, entry) => sum + entry.weight, 0)

/**
 * Three arrays, each from the entry used last to the one unused for longest. The sketch is the real one: it has its own
 * test.
 */
export const make: MakeReference = (options) => {
  let weightMax = options.weightMax
  const parts = { window: [] as Array<Entry>, probation: [] as Array<Entry>, protected: [] as Array<Entry> }
  const sketch = new FrequencySketch()
  const random = xorshift(1)
  let windowShare = 0.01
  let step = -0.0625
  let hits = 0
  let misses = 0
  let hitRateBefore = 0

  const all = (): Array<Entry> => [...parts.window, ...parts.probation, ...parts.protected]
  const windowMax = (): number => Math.max(1, Math.floor(windowShare * weightMax))
  const mainMax = (): number => weightMax - windowMax()
  const find = (slot: number): Entry => all().find((entry) => entry.slot === slot)!
  const take = (slot: number): Entry => {
    const entry = find(slot)
    for (const part of Object.values(parts)) {
      if (part.includes(entry)) part.splice(part.indexOf(entry), 1)
    }
    return entry
  }
  const use = (slot: number): void => {
    hits++
    const entry = find(slot)
    sketch.count(entry.hash)
    const part = parts.window.includes(entry) ? parts.window : parts.protected
    const wasOnProbation = parts.probation.includes(entry)
    part.unshift(take(slot))
    if (!wasOnProbation) return
    while (weightOf(parts.protected) > 0.8 * mainMax()) parts.probation.unshift(parts.protected.pop()!)
  }
  const climb = (): void => {
    const hitRate = hits / (hits + misses)
    const change = hitRate - hitRateBefore
    const direction = change < 0 ? -Math.sign(step) : Math.sign(step)
    windowShare = Math.min(0.8, Math.max(0.01, windowShare + direction * Math.abs(step)))
    step = direction * (Math.abs(change) >= 0.05 ? 0.0625 : Math.abs(step) * 0.98)
    hitRateBefore = hitRate
    hits = 0
    misses = 0
  }
  const victim = (): Entry => {
    if (hits + misses >= 10 * all().length) climb()
    while (weightOf(parts.window) > windowMax()) {
      const candidate = parts.window.at(-1)!
      const fits = weightOf(parts.probation) + weightOf(parts.protected) + candidate.weight <= mainMax()
      const first = parts.probation.at(-1) ?? parts.protected.at(-1)
      if (!fits) {
        if (first === undefined) return candidate
        const seen = sketch.estimate(candidate.hash)
        const admitted = seen > sketch.estimate(first.hash) || (seen >= 6 && random() % 128 === 0)
        if (!admitted) return candidate
      }
      parts.probation.unshift(take(candidate.slot))
      if (!fits) return first!
    }
    return parts.probation.at(-1) ?? parts.protected.at(-1) ?? parts.window.at(-1)!
  }
  return withOversizedFirst({
    get weight() {
      return weightOf(all())
    },
    get weightMax() {
      return weightMax
    },
    get size() {
      return all().length
    },
    insert: (slot, weight) => {
      const hash = options.hashOf(slot)
      parts.window.unshift({ slot, hash, weight })
      misses++
      sketch.reserve(all().length)
      sketch.count(hash)
    },
    hit: use,
    update: (slot, weight) => {
      find(slot).weight = weight
      use(slot)
    },
    remove: (slot) => void take(slot),
    evict: () => {
      return all().length === 0 ? -1 : take(victim().slot).slot
    },
    resize: (max) => {
      weightMax = max
    }
  })
}
