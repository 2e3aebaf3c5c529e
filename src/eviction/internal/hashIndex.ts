/**
 * Finds slots by 32-bit hashes; of two slots with one hash it finds the one added last.
 *
 * An open table with linear probing, at most half full. A deletion moves the cells behind it back, so the table never
 * fills with tombstones. Knuth, The Art of Computer Programming 3, 6.4, algorithm R.
 */
import { grownInts } from "../shared/slotCapacity.ts"

const cellsInitial = 128
const vacant = -1

export class HashIndex {
  private hashes = new Int32Array(0)
  private cells = new Int32Array(cellsInitial).fill(vacant)
  private count = 0

  /** The slot of a hash, -1 when there is none. */
  find(hash: number): number {
    return this.cells[this.cellOf(hash)]!
  }

  hashOf(slot: number): number {
    return this.hashes[slot]!
  }

  set(hash: number, slot: number): void {
    if (!(slot < this.hashes.length)) this.hashes = grownInts(this.hashes, slot)
    if (2 * (this.count + 1) > this.cells.length) this.grow()
    const cell = this.cellOf(hash)
    if (this.cells[cell] === vacant) this.count++
    this.hashes[slot] = hash
    this.cells[cell] = slot
  }

  /** Forgets a slot; does nothing if the hash of the slot finds another slot. */
  remove(slot: number): void {
    const cells = this.cells
    const mask = cells.length - 1
    let gap = this.cellOf(this.hashes[slot]!)
    if (cells[gap] !== slot) return
    for (let next = (gap + 1) & mask; cells[next] !== vacant; next = (next + 1) & mask) {
      const home = this.homeOf(this.hashes[cells[next]!]!)
      if (((next - home) & mask) < ((next - gap) & mask)) continue
      cells[gap] = cells[next]!
      gap = next
    }
    cells[gap] = vacant
    this.count--
  }

  /** The cell of a hash, or the free cell where it belongs. */
  private cellOf(hash: number): number {
    const mask = this.cells.length - 1
    let cell = this.homeOf(hash)
    for (;;) {
      const slot = this.cells[cell]!
      if (slot === vacant || this.hashes[slot] === hash) return cell
      cell = (cell + 1) & mask
    }
  }

  private homeOf(hash: number): number {
    return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> Math.clz32(this.cells.length - 1)
  }

  private grow(): void {
    const before = this.cells
    this.cells = new Int32Array(2 * before.length).fill(vacant)
    for (const slot of before) if (slot !== vacant) this.cells[this.cellOf(this.hashes[slot]!)] = slot
  }
}
