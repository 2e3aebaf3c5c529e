/**
 * The default: the entries are in one structure that has the shape of any of four policies, and a duel says which.
 *
 * No policy is best for all work. LRU holds what was just used and lets a scan replace everything; W-TinyLFU holds what
 * is popular and is slow to see that it no longer is; S3-FIFO lies between them and gets nothing out of a loop. They
 * differ in two things only: how long a new entry may wait to be used again, and what it must show to stay. So the
 * structure is one ({@link TwoQueues}), these are its shape, and to change from one policy to another moves no entry.
 *
 * Which shape is best at present is measured, not guessed: each runs on a small sample of the keys ({@link Duel}), and
 * the one that hits most is taken. This needs no gradient, which a hill climber must find by making the cache worse,
 * and finds the way from a window of a hundredth to one of everything in one step. The duel also hears what the cache
 * itself hits, so that it learns what a change cost.
 *
 * A hit is short. It adds to a count in one byte of the slot; only while that count is low, and only for slots that are
 * sampled or while the shape is LRU's, is it also noted in a buffer. The next insertion or eviction shows what was
 * noted to the duel and brings the list of LRU in order, before it decides anything. The price is paid by misses.
 *
 * The sampled keys are known by 32 bits; the duel takes two keys of one hash for one.
 *
 * Yang, Zhang, Qiu, Yue, Rashmi: FIFO queues are all you need (SOSP 2023), for counts in place of moves. Einziger,
 * Friedman, Manes: TinyLFU (2017). Ding, Jiang, Zhang: BP-Wrapper (ICDE 2009), for noting uses and applying them later.
 */
import type { HashOf } from "../shared/keyHash.ts"
import { Duel } from "./duel.ts"
import { type Shape, TwoQueues } from "./twoQueues.ts"

// Of rivals with equal scores the first is ahead. `none` before `twice`: while the main queue of `twice` is empty both
// hit the same, and to take `twice` then costs up to 3 points more of keys that are read upwards and downwards.
const shapes: ReadonlyArray<Shape> = [
  { windowShare: 0.2, admission: "popular" },
  { windowShare: 0.01, admission: "popular" },
  { windowShare: 1, admission: "none" },
  { windowShare: 0.1, admission: "twice" }
]

// Bounds the uses that wait for the next insertion. It is met only by many hits without a miss, when there is nothing
// to decide, so the duel can do without the others; the list of LRU cannot.
const notedMax = 256

export class Adaptive {
  readonly name = "adaptive"
  declare private readonly hashOf: HashOf
  declare private readonly queues: TwoQueues
  declare private readonly duel: Duel
  private readonly noted = new Int32Array(notedMax)
  private notedCount = 0
  private ordersByUse = false
  private newsBelow: number

  constructor(options: { readonly weightMax: number; readonly hashOf: HashOf }) {
    this.hashOf = options.hashOf
    this.queues = new TwoQueues(options.weightMax, options.hashOf, shapes)
    this.newsBelow = this.queues.newsBelow
    this.duel = new Duel(shapes, options.weightMax)
  }

  get weight(): number {
    return this.queues.weight
  }

  get weightMax(): number {
    return this.queues.weightMax
  }

  get size(): number {
    return this.queues.size
  }

  insert(slot: number, weight: number): void {
    const hash = this.hashOf(slot)
    this.showNoted()
    this.queues.insert(slot, hash, weight)
    if (!this.duel.isSampled(hash)) return
    this.queues.watch(slot)
    this.show(slot, false)
  }

  // What is used most needs no more of this: V8 inlines it into a hit before anything longer.
  hit(slot: number): void {
    if (this.queues.usesOf(slot) < this.newsBelow) this.use(slot)
  }

  private use(slot: number): void {
    if (this.queues.use(slot)) this.note(slot)
    else if (this.ordersByUse) this.note(~slot)
  }

  update(slot: number, weight: number): void {
    this.queues.reweigh(slot, weight)
    this.hit(slot)
  }

  remove(slot: number): void {
    this.showNoted()
    this.queues.remove(slot)
    this.duel.forget(this.hashOf(slot))
  }

  evict(): number {
    this.showNoted()
    return this.queues.evict()
  }

  resize(weightMax: number): void {
    this.queues.resize(weightMax)
    this.duel.resize(weightMax)
  }

  checkInvariants(): void {
    this.queues.checkInvariants()
    this.duel.checkInvariants()
  }

  /** `noted` is a slot to be renewed and shown, or the complement of one only to be renewed. */
  private note(noted: number): void {
    if (this.notedCount === notedMax) {
      if (!this.ordersByUse) return
      this.showNoted()
    }
    this.noted[this.notedCount++] = noted
  }

  private showNoted(): void {
    for (let i = 0; i < this.notedCount; i++) {
      const noted = this.noted[i]!
      const slot = noted < 0 ? ~noted : noted
      if (this.ordersByUse) this.queues.renew(slot)
      if (noted >= 0) this.show(slot, true)
    }
    this.notedCount = 0
  }

  private show(slot: number, hit: boolean): void {
    const hash = this.hashOf(slot)
    // The sample may have become smaller since the slot was marked.
    if (!this.duel.isSampled(hash)) return
    const turned = this.duel.observe(hash, this.queues.weightOf(slot), this.queues.size, hit)
    if (!turned) return
    this.queues.shape = shapes[this.duel.leader]!
    this.ordersByUse = this.queues.ordersByUse
    this.newsBelow = this.queues.newsBelow
  }
}
