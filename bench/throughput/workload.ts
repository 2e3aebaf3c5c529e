/**
 * The reads of the benchmarks: keys with the popularity of a real cache, the same keys in the same order in every run.
 */
export interface User {
  readonly id: string
  readonly name: string
}

export const userOf = (id: string): User => ({ id, name: `user ${id}` })

/** A fixed generator (mulberry32), so that every contestant reads the same keys. */
export const randomFrom = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}

export const sequenceMask = (1 << 16) - 1

/** Ids, and 65,536 reads of them by Zipf's law with exponent 1. The popular ids are spread over all ids. */
export const zipf = (
  keyCount: number
): { readonly ids: ReadonlyArray<string>; readonly reads: ReadonlyArray<string> } => {
  const random = randomFrom(42)
  const ids = Array.from({ length: keyCount }, (_, i) => `${100_000 + i}`)
  const ranked = ids.slice()
  for (let i = ranked.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const swapped = ranked[i]!
    ranked[i] = ranked[j]!
    ranked[j] = swapped
  }
  const cumulative = new Float64Array(keyCount)
  for (let i = 0, sum = 0; i < keyCount; i++) cumulative[i] = sum += 1 / (i + 1)
  const total = cumulative[keyCount - 1]!
  const rankOf = (at: number): number => {
    let low = 0
    let high = keyCount - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (cumulative[middle]! < at) low = middle + 1
      else high = middle
    }
    return low
  }
  const reads = Array.from({ length: sequenceMask + 1 }, () => ranked[rankOf(random() * total)]!)
  return { ids, reads }
}
