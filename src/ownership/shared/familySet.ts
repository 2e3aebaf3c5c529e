/**
 * A set of families of one manifest, as one bit for each family.
 *
 * The number of families that can reach a family grows with the manifest. A chain of 1,000 families has 500,000 pairs
 * of a family and another one that its changes reach. As bits the pairs take 128 kB, and the union of two sets takes
 * one step for 32 families.
 *
 * @since 0.1.0
 */

const bitsPerWord = 32

/**
 * A set of families, by their index in the manifest, from 0. A family can be added, and cannot be removed.
 *
 * @category models
 * @since 0.1.0
 */
export class FamilySet {
  private readonly words: Uint32Array

  /** Makes an empty set for a manifest with this number of families. */
  constructor(families: number) {
    this.words = new Uint32Array(Math.ceil(families / bitsPerWord))
  }

  /** The number of families in the set. */
  get size(): number {
    let size = 0
    for (let word of this.words) for (; word !== 0; word &= word - 1) size++
    return size
  }

  has(index: number): boolean {
    return (this.words[index >>> 5]! & (1 << (index & 31))) !== 0
  }

  add(index: number): void {
    this.words[index >>> 5]! |= 1 << (index & 31)
  }

  /** Adds all families of a set of the same manifest. */
  addAll({ words }: FamilySet): void {
    for (let at = 0; at < words.length; at++) this.words[at]! |= words[at]!
  }

  /** The indices, in ascending order. */
  *[Symbol.iterator](): Generator<number> {
    for (const [at, bits] of this.words.entries()) {
      for (let word = bits; word !== 0; word &= word - 1) yield at * bitsPerWord + 31 - Math.clz32(word & -word)
    }
  }
}
