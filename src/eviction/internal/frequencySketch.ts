/**
 * Estimates how often a hash was seen lately: a count-min sketch of 4-bit counters that age.
 *
 * A hash has four counters, all in one block of 64 bytes, so that counting touches one cache line; each counter lies in
 * its own quarter of the block. The estimate is the least of the four. It is never below the number of times that the
 * hash was seen since the last aging, up to 15, and it is above only if other hashes share all four. After ten times as
 * many counts as the sketch has room for, all counters are halved, so that old popularity fades.
 *
 * Cormode, Muthukrishnan: An improved data stream summary (2005). Einziger, Friedman, Manes: TinyLFU (2017), for aging.
 */
import { slotsMax } from "../shared/slotCapacity.ts"

const blockWords = 16
const countersPerWord = 8
const countMax = 15
const entriesMin = 64

// Eight counters, 4 bytes, for each entry. Sixteen won 0.15 points of hits and cost a tenth of the memory of an entry.
const wordsPerEntry = 1
const countsPerEntry = 10

// The low three bits of each counter: what is left of a counter after a shift by one.
const halvedMask = 0x77777777

export class FrequencySketch {
  private words = new Int32Array(wordsPerEntry * entriesMin)
  private counted = 0
  /** How often counts were lost or halved. Between two of these, counts only grow. */
  losses = 0

  /** How many entries there is room for. */
  get capacity(): number {
    return this.words.length / wordsPerEntry
  }

  /** Makes room for `entries` entries. If the sketch must grow, its counts are lost. */
  reserve(entries: number): void {
    if (entries <= this.capacity || this.capacity >= slotsMax) return
    let capacity = this.capacity
    while (capacity < entries && capacity < slotsMax) capacity *= 2
    this.words = new Int32Array(wordsPerEntry * capacity)
    this.counted = 0
    this.losses++
  }

  /** Counts a hash. If its counters are full, returns `false`: a further count changes nothing until the next loss. */
  count(hash: number): boolean {
    const words = this.words
    const spread = spreadBits(hash)
    const block = blockOf(spread, words.length)
    let where = rehash(spread)
    let added = 0
    for (let quarter = 0; quarter < blockWords; quarter += 4) {
      const word = block + quarter + (where & 3)
      const shift = (where >>> 2 & (countersPerWord - 1)) << 2
      if ((words[word]! >>> shift & countMax) < countMax) {
        words[word]! += 1 << shift
        added = 1
      }
      where >>>= 5
    }
    if (added === 0) return false
    this.counted++
    if (this.counted >= countsPerEntry * this.capacity) this.age()
    return true
  }

  /** The estimated count of a hash, from 0 to 15. */
  estimate(hash: number): number {
    const words = this.words
    const spread = spreadBits(hash)
    const block = blockOf(spread, words.length)
    let where = rehash(spread)
    let least = countMax
    for (let quarter = 0; quarter < blockWords; quarter += 4) {
      const count = words[block + quarter + (where & 3)]! >>> ((where >>> 2 & (countersPerWord - 1)) << 2) & countMax
      if (count < least) least = count
      where >>>= 5
    }
    return least
  }

  private age(): void {
    const words = this.words
    for (let word = 0; word < words.length; word++) words[word] = words[word]! >>> 1 & halvedMask
    this.counted >>>= 1
    this.losses++
  }
}

const blockOf = (spread: number, words: number): number => (spread & (words / blockWords - 1)) * blockWords

// Two rounds of a multiplicative mixer, since the hashes of a shard may differ in few bits. The first round chooses the
// block, the second the counters in it.
const spreadBits = (hash: number): number => {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad)
  return mixed ^ (mixed >>> 15)
}
const rehash = (spread: number): number => {
  const mixed = Math.imul(spread, 0x735a2d97)
  return mixed ^ (mixed >>> 15)
}
