/**
 * Random numbers of the benchmarks: from a seed, and with the popularity of keys in a real cache.
 */

/** 32-bit random numbers from a seed (mulberry32), so that every run replays the same traces. */
export const randomFrom = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}

/** Draws ranks from 0 by Zipf's law with this exponent. */
export const zipf = (count: number, exponent: number, random: () => number) => {
  const cumulative = new Float64Array(count)
  let sum = 0
  for (let rank = 0; rank < count; rank++) cumulative[rank] = sum += (rank + 1) ** -exponent
  return (): number => {
    const at = random() * sum
    let low = 0
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (cumulative[middle]! < at) low = middle + 1
      else high = middle
    }
    return low
  }
}
