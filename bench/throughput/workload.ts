/**
 * The reads of the benchmarks: keys with the popularity of a real cache, the same keys in the same order in every run.
 */
import { randomFrom, zipf } from "../random.ts"

export interface User {
  readonly id: string
  readonly name: string
}

export const userOf = (id: string): User => ({ id, name: `user ${id}` })

export const sequenceMask = (1 << 16) - 1

/** Ids, and 65,536 reads of them by Zipf's law with exponent 1. The popular ids are spread over all ids. */
export const zipfReads = (
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
  const nextRank = zipf(keyCount, 1, random)
  const reads = Array.from({ length: sequenceMask + 1 }, () => ranked[nextRank()]!)
  return { ids, reads }
}
