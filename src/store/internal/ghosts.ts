/**
 * The hashes of the entries that left last: a queue of bounded length with a hash table over it.
 *
 * Keys are known by 32 bits only: two keys of one hash are one ghost. A ghost that was recalled keeps its place in the
 * queue, so that the queue is as long as the time that it looks back.
 *
 * The table is open with linear probing, at most half full, and deletes by moving back what follows, so that it never
 * fills up with tombstones (Knuth, The Art of Computer Programming 3, 6.4, algorithm R). It holds positions in the queue.
 */
const capacityInitial = 64
const vacant = -1

export class Ghosts {
  // A ring: `head` is where the oldest is, of `length`.
  private hashes = new Int32Array(capacityInitial)
  private head = 0
  private length = 0
  private table = new Int32Array(2 * capacityInitial).fill(vacant)

  /** Remembers a hash as the newest of at most `lengthMax`. */
  add(hash: number, lengthMax: number): void {
    while (this.length > 0 && this.length >= lengthMax) this.dropOldest()
    if (lengthMax < 1) return
    if (this.length === this.hashes.length) this.grow()
    const position = (this.head + this.length) & (this.hashes.length - 1)
    this.hashes[position] = hash
    this.length++
    this.table[this.find(hash)] = position
  }

  /** Whether a hash is remembered; it is forgotten by this. */
  recall(hash: number): boolean {
    const cell = this.find(hash)
    if (this.table[cell] === vacant) return false
    this.vacate(cell)
    return true
  }

  private dropOldest(): void {
    const cell = this.find(this.hashes[this.head]!)
    if (this.table[cell] === this.head) this.vacate(cell)
    this.head = (this.head + 1) & (this.hashes.length - 1)
    this.length--
  }

  /** The cell of a hash, or the vacant one where it belongs. */
  private find(hash: number): number {
    const mask = this.table.length - 1
    let cell = this.homeOf(hash)
    for (;;) {
      const position = this.table[cell]!
      if (position === vacant || this.hashes[position] === hash) return cell
      cell = (cell + 1) & mask
    }
  }

  private homeOf(hash: number): number {
    return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> Math.clz32(this.table.length - 1)
  }

  private vacate(cell: number): void {
    const mask = this.table.length - 1
    let gap = cell
    for (let next = (gap + 1) & mask; this.table[next] !== vacant; next = (next + 1) & mask) {
      const home = this.homeOf(this.hashes[this.table[next]!]!)
      if (((next - home) & mask) < ((next - gap) & mask)) continue
      this.table[gap] = this.table[next]!
      gap = next
    }
    this.table[gap] = vacant
  }

  private grow(): void {
    const before = this.hashes
    const remembered: Array<boolean> = []
    for (let i = 0; i < before.length; i++) {
      const position = (this.head + i) & (before.length - 1)
      remembered.push(this.table[this.find(before[position]!)] === position)
    }
    this.hashes = new Int32Array(2 * before.length)
    this.table = new Int32Array(4 * before.length).fill(vacant)
    for (let i = 0; i < before.length; i++) {
      this.hashes[i] = before[(this.head + i) & (before.length - 1)]!
      if (remembered[i]!) this.table[this.find(this.hashes[i]!)] = i
    }
    this.head = 0
  }
}
