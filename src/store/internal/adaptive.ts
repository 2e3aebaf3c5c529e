import { Duel } from "./duel.ts"
import { type Shape, TwoQueues } from "./twoQueues.ts"

const shapes: ReadonlyArray<Shape> = [
  { windowShare: 0.2, admission: "popular", moves: false },
  { windowShare: 0.01, admission: "popular", moves: false },
  { windowShare: 0.1, admission: "twice", moves: false },
  { windowShare: 1, admission: "always", moves: true }
]

// Bounds the uses that wait to be shown to the duel; more are not shown. They wait for the next insertion, so the bound
// is met only while there are many hits and no misses, when nothing needs to be decided.
const notedMax = 256

export class Adaptive {
  readonly name = "adaptive"
  private readonly queues: TwoQueues
  private readonly duel: Duel
  private readonly noted = new Int32Array(notedMax)
  private notedCount = 0
  private moves = false

  constructor(options: { readonly weightMax: number }) {
    this.queues = new TwoQueues(options.weightMax, shapes)
    this.duel = new Duel(shapes, options.weightMax)
  }

  get weight(): number {
    return this.queues.weights.total
  }

  get weightMax(): number {
    return this.queues.weights.max
  }

  get size(): number {
    return this.queues.size
  }

  insert(slot: number, hash: number, weight: number): void {
    this.showNoted()
    this.queues.insert(slot, hash, weight)
    if (!this.duel.isSampled(hash)) return
    this.queues.watch(slot)
    this.show(slot)
  }

  hit(slot: number): void {
    if (this.queues.use(slot)) this.note(slot)
    else if (this.moves) this.note(~slot)
  }

  update(slot: number, weight: number): void {
    this.queues.reweigh(slot, weight)
    this.hit(slot)
  }

  remove(slot: number): void {
    this.showNoted()
    this.queues.remove(slot)
    this.duel.forget(this.queues.hashOf(slot))
  }

  evict(): number {
    this.showNoted()
    return this.queues.evict()
  }

  resize(weightMax: number): void {
    this.queues.weights.resize(weightMax)
    this.duel.resize(weightMax)
  }

  checkInvariants(): void {
    this.queues.checkInvariants()
    this.duel.checkInvariants()
  }

  private note(slot: number): void {
    if (this.notedCount === notedMax) {
      if (!this.moves) return
      this.showNoted()
    }
    this.noted[this.notedCount++] = slot
  }

  private showNoted(): void {
    for (let i = 0; i < this.notedCount; i++) {
      const noted = this.noted[i]!
      const slot = noted < 0 ? ~noted : noted
      if (this.moves) this.queues.renew(slot)
      if (noted >= 0) this.show(slot)
    }
    this.notedCount = 0
  }

  private show(slot: number): void {
    const hash = this.queues.hashOf(slot)
    // The sample may have become smaller since the slot was marked.
    if (!this.duel.isSampled(hash)) return
    const turned = this.duel.observe(hash, this.queues.weights.of(slot), this.queues.size)
    if (!turned) return
    this.queues.shape = shapes[this.duel.leader]!
    this.moves = this.queues.shape.moves
  }
}
