/**
 * The default policy: one structure that can take the shape of any of four policies. A duel chooses the shape.
 *
 * No policy is best for all work. LRU keeps what was just used, and lets a scan replace everything. W-TinyLFU keeps
 * what is popular, and is slow to see that its popularity ended. S3-FIFO lies between them, and gets no hits from a
 * loop. They differ in two things only: how long a new entry may wait to be used again, and what it must show to stay.
 * So there is one structure ({@link TwoQueues}), these two things are its shape, and a change of policy moves no entry.
 *
 * The best shape is measured, not guessed: each shape runs on a small sample of the keys ({@link Duel}), and the shape
 * that hits most is taken. A hill climber needs a gradient, which it finds by making the cache worse. The duel needs
 * none, and goes from a window of a hundredth to a window of everything in one step. The duel also counts the hits of
 * the cache itself, so that it learns what a change cost.
 *
 * A hit is short. It adds to a count in one byte of the slot. It is also noted in a buffer, but only while that count
 * is low, and only if the slot is sampled or the shape is LRU's. The next insertion or eviction first shows the noted
 * hits to the duel, and brings the list of LRU in order; then it decides. So misses pay the price.
 *
 * The sampled keys are known by 32 bits; the duel counts two keys with one hash as one key.
 *
 * Yang, Zhang, Qiu, Yue, Rashmi: FIFO queues are all you need (SOSP 2023), for counts in place of moves. Einziger,
 * Friedman, Manes: TinyLFU (2017). Ding, Jiang, Zhang: BP-Wrapper (ICDE 2009), for noting uses and applying them later.
 */
import type { HashOf } from "../shared/keyHash.ts"
import { Duel } from "./duel.ts"
import { type Shape, TwoQueues } from "./twoQueues.ts"

// Of contenders with equal scores the first leads. `none` comes before `twice`: while the main queue of `twice` is
// empty, both hit the same, and taking `twice` then costs up to 3 points more when keys are read upwards and downwards.
const shapes: ReadonlyArray<Shape> = [
  { windowShare: 0.2, admission: "popular" },
  { windowShare: 0.01, admission: "popular" },
  { windowShare: 1, admission: "none" },
  { windowShare: 0.1, admission: "twice" }
]

// Bounds the uses that wait for the next insertion. Only many hits without a miss reach it. Then there is nothing to
// decide, so the duel can miss the rest; the list of LRU cannot.
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

  // Rare work stays out of this function, so that V8 inlines it into a hit before anything longer.
  hit(slot: number): void {
    if (this.queues.knownOf(slot) < this.newsBelow) this.use(slot)
  }

  private use(slot: number): void {
    if (this.queues.use(slot)) this.note(slot)
    else if (this.ordersByUse) this.note(~slot)
  }

  update(slot: number, weight: number): void {
    const wasRead = this.wasRead(slot)
    this.queues.reweigh(slot, weight)
    this.hit(slot)
    if (!wasRead) this.queues.forgetUse(slot)
  }

  wasRead(slot: number): boolean {
    return this.queues.wasUsed(slot)
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

  /** `noted` is a slot to renew and to show to the duel, or the complement of a slot that is only to be renewed. */
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
