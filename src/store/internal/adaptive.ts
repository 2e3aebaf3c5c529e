import { Duel } from "./duel.ts"
import { type Shape, TwoQueues } from "./twoQueues.ts"

const shapes: ReadonlyArray<Shape> = [
  { windowShare: 0.2, admission: "popular" },
  { windowShare: 0.01, admission: "popular" },
  { windowShare: 0.1, admission: "twice" },
  { windowShare: 1, admission: "always" }
]
const shapeInitial = 0

export class Adaptive {
  readonly name = "adaptive"
  private readonly queues: TwoQueues
  private readonly duel: Duel

  constructor(options: { readonly weightMax: number }) {
    this.queues = new TwoQueues(options.weightMax, shapes[shapeInitial]!)
    this.duel = new Duel(shapes, shapeInitial, options.weightMax)
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
    this.queues.insert(slot, hash, weight)
    if (!this.duel.isSampled(hash)) return
    this.queues.watch(slot)
    this.observe(slot)
  }

  hit(slot: number): void {
    if (this.queues.use(slot)) this.observe(slot)
  }

  update(slot: number, weight: number): void {
    this.queues.reweigh(slot, weight)
    this.hit(slot)
  }

  remove(slot: number): void {
    this.queues.remove(slot)
    this.duel.forget(this.queues.hashOf(slot))
  }

  evict(): number {
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

  private observe(slot: number): void {
    const hash = this.queues.hashOf(slot)
    // The sample may have become smaller since the slot was marked.
    if (!this.duel.isSampled(hash)) return
    const turned = this.duel.observe(hash, this.queues.weights.of(slot), this.queues.size)
    if (turned) this.queues.shape = shapes[this.duel.leader]!
  }
}
