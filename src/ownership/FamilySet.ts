/**
 * A set of families of one manifest, as one bit for each family.
 *
 * What can reach a family grows with the manifest: along a chain of 1,000 families there are 500,000 pairs of a family
 * and one that its changes reach. As bits they take 128 kB, and the union of two sets is one step for 32 families.
 *
 * @since 0.1.0
 */

const bitsPerWord = 32

/**
 * Families by their index in the manifest, from 0. It grows and never shrinks.
 *
 * @category models
 * @since 0.1.0
 */
export class FamilySet {
  private readonly words: Uint32Array

  /** An empty set, for a manifest of so many families. */
  constructor(families: number) {
    this.words = new Uint32Array(Math.ceil(families / bitsPerWord))
  }

  /** How many families are in it. */
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
