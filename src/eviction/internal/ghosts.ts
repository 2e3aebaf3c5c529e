/**
 * The hashes of the entries that left last: a queue of bounded length, with an index over it.
 *
 * Keys are known by 32 bits only: two keys with one hash are one ghost. A recalled ghost keeps its place in the queue,
 * so the length of the queue always covers the same number of evictions.
 */
import { HashIndex } from "./hashIndex.ts"

const capacityInitial = 64

export class Ghosts {
  // A ring of places: `head` is the oldest, `length` counts them. The index uses a place as its slot.
  private capacity = capacityInitial
  private head = 0
  private length = 0
  private index = new HashIndex()

  /** Remembers a hash as the newest of at most `lengthMax`. */
  add(hash: number, lengthMax: number): void {
    while (this.length > 0 && this.length >= lengthMax) this.removeOldest()
    if (lengthMax < 1) return
    if (this.length === this.capacity) this.grow()
    this.recall(hash)
    this.index.set(hash, (this.head + this.length) & (this.capacity - 1))
    this.length++
  }

  /** Returns whether a hash is remembered, and forgets it. */
  recall(hash: number): boolean {
    const place = this.index.find(hash)
    if (place === -1) return false
    this.index.remove(place)
    return true
  }

  private removeOldest(): void {
    this.index.remove(this.head)
    this.head = (this.head + 1) & (this.capacity - 1)
    this.length--
  }

  private grow(): void {
    const grown = new HashIndex()
    for (let i = 0; i < this.length; i++) {
      const place = (this.head + i) & (this.capacity - 1)
      const hash = this.index.hashOf(place)
      if (this.index.find(hash) === place) grown.set(hash, i)
    }
    this.index = grown
    this.head = 0
    this.capacity *= 2
  }
}
