/**
 * S3-FIFO: a small queue on probation, a main queue, and ghosts of the entries that left the small queue.
 *
 * An entry starts in the small queue, which holds a tenth of the weight. At the end of this queue it moves to the main
 * queue if it was used at least twice; else it leaves, and its hash becomes a ghost. An entry whose ghost is remembered
 * starts in the main queue. The main queue gives an entry another round for each use, up to three. A use adds to a
 * count and moves nothing.
 *
 * Weak on loops that are longer than the cache: all entries look alike, so each pushes out one that would be used
 * sooner.
 *
 * Yang, Zhang, Qiu, Yue, Rashmi: FIFO queues are all you need for cache eviction (SOSP 2023).
 */
import { BrokenInvariant, invariant } from "../shared/invariant.ts"
import type { HashOf } from "../shared/keyHash.ts"
import { grownBytes } from "../shared/slotCapacity.ts"
import { Ghosts } from "./ghosts.ts"
import { WeighedPolicy } from "./weighedPolicy.ts"

const small = 0
const main = 1

// From the paper: the weight of the small queue, the uses that move an entry from there to the main queue, and the most
// rounds that uses buy. There are as many ghosts as the main queue has entries when full.
const smallShare = 0.1
const usesToMain = 2
const usesMax = 3
const ghostsPerEntry = 0.9

// Beside the uses of a slot, in one byte: whether it was read since it was inserted.
const usesMask = 3
const readBit = 4

export class S3Fifo extends WeighedPolicy {
  readonly name = "s3Fifo"
  private readonly ghosts = new Ghosts()
  private readonly hashOf: HashOf
  private states = new Uint8Array(0)
  private isMain = new Uint8Array(0)
  private smallWeight = 0

  constructor(options: { readonly weightMax: number; readonly hashOf: HashOf }) {
    super(2, options.weightMax)
    this.hashOf = options.hashOf
  }

  insert(slot: number, weight: number): void {
    if (!(slot < this.states.length)) this.grow(slot)
    const list = this.ghosts.recall(this.hashOf(slot)) ? main : small
    this.lists.addFirst(list, slot)
    this.weights.add(slot, weight)
    this.isMain[slot] = list
    this.states[slot] = 0
    if (list === small) this.smallWeight += weight
    this.size++
  }

  hit(slot: number): void {
    const state = this.states[slot]!
    if ((state & usesMask) < usesMax) this.states[slot] = (state | readBit) + 1
  }

  wasRead(slot: number): boolean {
    return (this.states[slot]! & readBit) !== 0
  }

  update(slot: number, weight: number): void {
    if (!this.lists.has(slot)) throw new BrokenInvariant("S3Fifo", "a slot to update is there", slot)
    if (this.isMain[slot] === small) this.smallWeight += weight - this.weights.of(slot)
    this.weights.replace(slot, weight)
    if (this.usesOf(slot) < usesMax) this.states[slot]!++
  }

  override remove(slot: number): void {
    this.lists.remove(slot)
    if (this.isMain[slot] === small) this.smallWeight -= this.weights.of(slot)
    this.weights.remove(slot)
    this.size--
  }

  checkInvariants(): void {
    const inSmall = this.lists.toArray(small, this.size)
    const inMain = this.lists.toArray(main, this.size)
    const smallWeight = inSmall.reduce((sum, slot) => sum + this.weights.of(slot), 0)
    invariant(inSmall.length + inMain.length === this.size, "S3Fifo", "size counts the queues", this.size)
    invariant(smallWeight === this.smallWeight, "S3Fifo", "the weight of the small queue is its entries'", smallWeight)
    for (const slot of inSmall) invariant(this.isMain[slot] === small, "S3Fifo", "a slot knows its queue", slot)
    for (const slot of inMain) invariant(this.isMain[slot] === main, "S3Fifo", "a slot knows its queue", slot)
    this.weights.checkTotal([...inSmall, ...inMain])
  }

  protected override victim(): number {
    while (!this.lists.isEmpty(small) && this.smallWeight >= smallShare * this.weights.max) {
      const slot = this.lists.last(small)
      if (this.usesOf(slot) < usesToMain) {
        this.ghosts.add(this.hashOf(slot), Math.ceil(ghostsPerEntry * this.size))
        return slot
      }
      this.moveToMain(slot)
    }
    return this.lists.isEmpty(main) ? this.lists.last(small) : this.victimOfMain()
  }

  private moveToMain(slot: number): void {
    this.lists.moveToFirst(main, slot)
    this.isMain[slot] = main
    this.states[slot]! &= readBit
    this.smallWeight -= this.weights.of(slot)
  }

  /** Ends after at most `usesMax` + 1 rounds. */
  private victimOfMain(): number {
    for (;;) {
      const slot = this.lists.last(main)
      if (this.usesOf(slot) === 0) return slot
      this.states[slot]!--
      this.lists.moveToFirst(main, slot)
    }
  }

  private usesOf(slot: number): number {
    return this.states[slot]! & usesMask
  }

  private grow(slot: number): void {
    this.states = grownBytes(this.states, slot, this.weights.max + 1)
    this.isMain = grownBytes(this.isMain, slot, this.weights.max + 1)
  }
}
