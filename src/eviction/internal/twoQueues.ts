/**
 * A window and a main queue; several policies are special cases of it. The size of the window, and what an entry must
 * show to move from there to the main queue, may change at any time. The evictions that follow apply the change.
 *
 * - A new entry goes to the window.
 * - A use adds to a count of at most three, and moves nothing. At the end of a queue, uses buy another round: in the
 *   window one round for all uses, in the main queue one round for each use.
 * - An entry at the end of a window that is too heavy is a candidate for the main queue. If refused, it leaves, and its
 *   hash becomes a ghost.
 *
 * The admission decides which candidates enter the main queue:
 *
 * - `popular`: a candidate whose count is higher by at least two than that of the next victim of the main queue; it
 *   takes the victim's place. With a small window this is W-TinyLFU, with queues in place of its lists. Two, not one:
 *   else a loop over more keys than fit would swap entries that are equally good, and hit nothing.
 * - `twice`: a candidate that was used twice in the window, or a key that comes back while its ghost is remembered.
 *   With a window of a tenth this is S3-FIFO.
 * - `none`: no candidate. The window may take the whole weight, and is in order of use: this is LRU. The main queue
 *   empties first.
 *
 * A sketch estimates how often an entry was seen. It counts the uses of an entry when the entry reaches the end of a
 * queue.
 */
import { BrokenInvariant, invariant } from "../shared/invariant.ts"
import type { HashOf } from "../shared/keyHash.ts"
import { grownBytes } from "../shared/slotCapacity.ts"
import { FrequencySketch } from "./frequencySketch.ts"
import { Ghosts } from "./ghosts.ts"
import { WeighedPolicy } from "./weighedPolicy.ts"

/** What distinguishes the policies. `windowShare` is the part of the weight that the window may have. */
export interface Shape {
  readonly windowShare: number
  readonly admission: "popular" | "twice" | "none"
}

const window = 0
const main = 1

// The state of a slot, in one byte: uses in the lower two bits, whether it is watched, whether it is in the main queue,
// whether it was used since it was inserted.
const usesMax = 3
const watchedBit = 4
const mainBit = 8
const usedBit = 16

const usesToMain = 2
const leadToMain = 2
const ghostsPerEntry = 0.9

// Twice the room that the entries need, so that the sketch also remembers keys that have left.
const sketchedPerEntry = 2

// Bounds the work of one eviction after the shape changed, or when every entry was used.
const looksPerEvictionMax = 1_000

export class TwoQueues extends WeighedPolicy {
  declare shape: Shape
  declare private readonly hashOf: HashOf
  private readonly sketch = new FrequencySketch()
  private readonly ghosts = new Ghosts()
  private states = new Uint8Array(0)
  private windowWeight = 0
  declare private readonly sketches: boolean
  declare private readonly remembers: boolean

  /**
   * `shapes` are all the shapes that it may ever have: state that none of them needs is not kept. It starts with the
   * first.
   */
  constructor(weightMax: number, hashOf: HashOf, shapes: ReadonlyArray<Shape>) {
    super(2, weightMax)
    this.hashOf = hashOf
    this.shape = shapes[0]!
    this.sketches = shapes.some((shape) => shape.admission === "popular")
    this.remembers = shapes.some((shape) => shape.admission === "twice")
  }

  /** Whether the window is a list in order of use: then a slot must be renewed when it is used. */
  get ordersByUse(): boolean {
    return this.shape.admission === "none"
  }

  /** A use is news if {@link knownOf} is below this. Where the window is in order of use, every use is news. */
  get newsBelow(): number {
    return this.ordersByUse ? (usedBit | usesMax) + 1 : usedBit | usesMax
  }

  has(slot: number): boolean {
    return this.lists.has(slot)
  }

  insert(slot: number, hash: number, weight: number): void {
    if (!(slot < this.states.length)) this.states = grownBytes(this.states, slot, this.weights.max + 1)
    const toMain = this.remembers && this.ghosts.recall(hash) && this.shape.admission === "twice"
    this.lists.addFirst(toMain ? main : window, slot)
    this.weights.add(slot, weight)
    this.states[slot] = toMain ? mainBit : 0
    if (!toMain) this.windowWeight += weight
    this.size++
    if (!this.sketches) return
    this.sketch.reserve(sketchedPerEntry * this.size)
    this.sketch.count(hash)
  }

  /** Marks a slot whose uses are to be reported, until it leaves. */
  watch(slot: number): void {
    this.states[slot]! |= watchedBit
  }

  /** What is known of the uses of a slot: the greatest number if a further use changes nothing. */
  knownOf(slot: number): number {
    return this.states[slot]! & (usedBit | usesMax)
  }

  /** The counted uses of a slot, at most `usesMax`. */
  private usesOf(slot: number): number {
    return this.states[slot]! & usesMax
  }

  /** Whether a use of a slot was counted since its insertion, and not forgotten. */
  wasUsed(slot: number): boolean {
    return (this.states[slot]! & usedBit) !== 0
  }

  /** Makes a slot one that was not used, and leaves its counted uses. */
  forgetUse(slot: number): void {
    this.states[slot]! &= ~usedBit
  }

  weightOf(slot: number): number {
    return this.weights.of(slot)
  }

  /** Counts a use. Returns whether it is news of a watched slot: uses beyond `usesMax` in one round are not. */
  use(slot: number): boolean {
    const state = this.states[slot]!
    if ((state & usesMax) === usesMax) {
      // Updates have counted, and were no reads.
      if ((state & usedBit) === 0) this.states[slot] = state | usedBit
      return false
    }
    this.states[slot] = (state | usedBit) + 1
    return (state & watchedBit) !== 0
  }

  /** Makes a slot the newest of its queue. */
  renew(slot: number): void {
    this.lists.moveToFirst(this.isMain(slot) ? main : window, slot)
  }

  reweigh(slot: number, weight: number): void {
    if (!this.lists.has(slot)) throw new BrokenInvariant("TwoQueues", "a slot to update is there", slot)
    if (!this.isMain(slot)) this.windowWeight += weight - this.weights.of(slot)
    this.weights.replace(slot, weight)
  }

  override remove(slot: number): void {
    this.lists.remove(slot)
    if (!this.isMain(slot)) this.windowWeight -= this.weights.of(slot)
    this.weights.remove(slot)
    this.size--
  }

  checkInvariants(): void {
    const inWindow = this.lists.toArray(window, this.size)
    const inMain = this.lists.toArray(main, this.size)
    const windowWeight = inWindow.reduce((sum, slot) => sum + this.weights.of(slot), 0)
    invariant(inWindow.length + inMain.length === this.size, "TwoQueues", "size counts the queues", this.size)
    invariant(windowWeight === this.windowWeight, "TwoQueues", "the window weighs what is in it", windowWeight)
    for (const slot of inWindow) invariant(!this.isMain(slot), "TwoQueues", "a slot knows its queue", slot)
    for (const slot of inMain) invariant(this.isMain(slot), "TwoQueues", "a slot knows its queue", slot)
    this.weights.checkTotal([...inWindow, ...inMain])
  }

  protected override victim(): number {
    const windowMax = this.ordersByUse ? Infinity : Math.max(1, Math.floor(this.shape.windowShare * this.weights.max))
    for (let looks = 0; this.windowWeight > windowMax && looks < looksPerEvictionMax; looks++) {
      const candidate = this.lists.last(window)
      if (this.shape.admission === "twice") {
        if (this.usesOf(candidate) < usesToMain) return this.refuse(candidate)
        this.moveToMain(candidate)
        continue
      }
      if (this.usesOf(candidate) > 0) {
        this.countUses(candidate, this.usesOf(candidate))
        this.lists.moveToFirst(window, candidate)
        continue
      }
      const mainWeight = this.weights.total - this.windowWeight
      if (mainWeight + this.weights.of(candidate) <= this.weights.max - windowMax) {
        this.moveToMain(candidate)
        continue
      }
      if (this.lists.isEmpty(main)) return candidate
      const first = this.firstUnused(main, 1)
      if (!this.isMorePopular(candidate, first)) return this.refuse(candidate)
      this.moveToMain(candidate)
      return first
    }
    return this.lists.isEmpty(main) ? this.firstUnused(window, usesMax) : this.firstUnused(main, 1)
  }

  /**
   * The first slot from the end of a queue that was not used; the others get another round, and pay `price` uses for
   * it.
   */
  private firstUnused(list: number, price: number): number {
    for (let looks = 0;; looks++) {
      const slot = this.lists.last(list)
      const uses = this.usesOf(slot)
      if (uses === 0 || (list === window && this.ordersByUse) || looks === looksPerEvictionMax) return slot
      this.countUses(slot, Math.min(uses, price))
      this.lists.moveToFirst(list, slot)
    }
  }

  private isMorePopular(candidate: number, other: number): boolean {
    return this.sketch.estimate(this.hashOf(candidate)) >= this.sketch.estimate(this.hashOf(other)) + leadToMain
  }

  private refuse(candidate: number): number {
    if (this.remembers) this.ghosts.add(this.hashOf(candidate), Math.ceil(ghostsPerEntry * this.size))
    return candidate
  }

  private moveToMain(slot: number): void {
    this.countUses(slot, this.usesOf(slot))
    this.windowWeight -= this.weights.of(slot)
    this.states[slot]! |= mainBit
    this.lists.moveToFirst(main, slot)
  }

  /** Takes uses off a slot's count and adds them to the sketch's. */
  private countUses(slot: number, uses: number): void {
    this.states[slot]! -= uses
    if (!this.sketches || uses === 0) return
    const hash = this.hashOf(slot)
    for (let counted = 0; counted < uses; counted++) this.sketch.count(hash)
  }

  private isMain(slot: number): boolean {
    return (this.states[slot]! & mainBit) !== 0
  }
}
