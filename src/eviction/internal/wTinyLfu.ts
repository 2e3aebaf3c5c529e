/**
 * W-TinyLFU: a window in order of use, and a main part. An entry enters the main part if it is more popular than the
 * entry that it displaces.
 *
 * An entry that leaves the window meets the first victim of the main part. A sketch of all accesses says which of the
 * two was seen more often, and the other leaves. Of equals the newcomer is refused, so a scan or a long loop leaves the
 * main part as it is. The main part is a segmented LRU: an entry used there is protected, and a protected part that is
 * too heavy gives back its oldest.
 *
 * The best size of the window depends on the work: the window starts at a hundredth and climbs. After each sample of
 * accesses it moves on in the same direction if the hit rate rose, and turns round if it fell. Its steps shrink until
 * the hit rate jumps.
 *
 * Weak where the work changes faster than the window climbs, and where popularity misleads: entries that were used
 * often for a while and then never again keep new entries out until the sketch has aged.
 *
 * Einziger, Friedman, Manes: TinyLFU, a highly efficient cache admission policy (2017); Einziger, Eytan, Friedman,
 * Manes: Adaptive software cache management (Middleware 2018), for the climber.
 */
import { BrokenInvariant, invariant } from "../shared/invariant.ts"
import type { HashOf } from "../shared/keyHash.ts"
import { grownBytes, grownInts } from "../shared/slotCapacity.ts"
import { FrequencySketch } from "./frequencySketch.ts"
import { WeighedPolicy } from "./weighedPolicy.ts"
import { type Random, seedDefault, xorshift } from "./xorshift.ts"

const window = 0
const probation = 1
const protectedPart = 2

// Beside the part of a slot, in one byte: whether it was read since it was inserted, and whether the counters of its
// hash are full, so that a further hit need not count.
const partMask = 3
const readBit = 4
const fullBit = 8

// From the papers: the shares, and the steps of the window.
const windowShareInitial = 0.01
const windowShareMin = 0.01
const windowShareMax = 0.8
const protectedShareOfMain = 0.8
const stepInitial = -0.0625
const stepDecay = 0.98
const hitRateJump = 0.05
const accessesPerEntry = 10

// A popular candidate (at least `warm`) that lost is let in nevertheless, at this rate. Else an attacker who knows the
// hash could raise the counts of entries that no reader wants, and fill the cache with them for good.
const warm = 6
const luckyOneIn = 128

// Bounds the work of one eviction after the window shrank; the next eviction moves the rest.
const movesPerEvictionMax = 1_000

export class WTinyLfu extends WeighedPolicy {
  readonly name = "wTinyLfu"
  private readonly sketch = new FrequencySketch()
  private readonly random: Random
  private readonly hashOf: HashOf
  private states = new Uint8Array(0)
  // Stored, because each hit counts by it.
  private hashes = new Int32Array(0)
  private losses = 0
  private windowWeight = 0
  private protectedWeight = 0
  private windowShare = windowShareInitial
  private step = stepInitial
  private hits = 0
  private insertions = 0
  private hitRateBefore = 0

  constructor(options: { readonly weightMax: number; readonly hashOf: HashOf; readonly seed?: number | undefined }) {
    super(3, options.weightMax)
    this.hashOf = options.hashOf
    this.random = xorshift(options.seed ?? seedDefault)
  }

  insert(slot: number, weight: number): void {
    const hash = this.hashOf(slot)
    if (!(slot < this.hashes.length)) this.grow(slot)
    this.lists.addFirst(window, slot)
    this.weights.add(slot, weight)
    this.states[slot] = window
    this.hashes[slot] = hash
    this.windowWeight += weight
    this.size++
    this.insertions++
    this.sketch.reserve(this.size)
    this.count(slot)
  }

  hit(slot: number): void {
    this.hits++
    const state = this.states[slot]!
    if (state < (readBit | fullBit)) this.countRead(slot)
    if ((state & partMask) === probation) this.protect(slot)
    else this.lists.moveToFirst(state & partMask, slot)
  }

  wasRead(slot: number): boolean {
    return (this.states[slot]! & readBit) !== 0
  }

  update(slot: number, weight: number): void {
    if (!this.lists.has(slot)) throw new BrokenInvariant("WTinyLfu", "a slot to update is there", slot)
    const added = weight - this.weights.of(slot)
    this.weights.replace(slot, weight)
    if (this.partOf(slot) === window) this.windowWeight += added
    else if (this.partOf(slot) === protectedPart) this.protectedWeight += added
    const wasRead = this.wasRead(slot)
    this.hit(slot)
    if (!wasRead) this.states[slot]! &= partMask
  }

  override remove(slot: number): void {
    this.lists.remove(slot)
    if (this.partOf(slot) === window) this.windowWeight -= this.weights.of(slot)
    else if (this.partOf(slot) === protectedPart) this.protectedWeight -= this.weights.of(slot)
    this.weights.remove(slot)
    this.size--
  }

  checkInvariants(): void {
    const parts = [window, probation, protectedPart].map((part) => this.lists.toArray(part, this.size))
    const weights = parts.map((slots) => slots.reduce((sum, slot) => sum + this.weights.of(slot), 0))
    for (const [part, slots] of parts.entries()) {
      for (const slot of slots) invariant(this.partOf(slot) === part, "WTinyLfu", "a slot knows its part", slot)
    }
    invariant(parts.flat().length === this.size, "WTinyLfu", "size counts the parts", this.size)
    invariant(weights[window] === this.windowWeight, "WTinyLfu", "the window weighs what is in it", this.windowWeight)
    invariant(
      weights[protectedPart] === this.protectedWeight,
      "WTinyLfu",
      "the protected part weighs what is in it",
      this.protectedWeight
    )
    this.weights.checkTotal(parts.flat())
  }

  protected override victim(): number {
    if (this.hits + this.insertions >= accessesPerEntry * this.size) this.climb()
    for (let moves = 0; this.windowWeight > this.windowMax(); moves++) {
      const candidate = this.lists.last(window)
      const fits = this.weights.total - this.windowWeight + this.weights.of(candidate) <= this.mainMax()
      if (!fits || moves === movesPerEvictionMax) {
        const first = this.firstOfMain()
        if (first === -1 || !this.admits(candidate, first)) return candidate
        this.moveToProbation(candidate)
        return first
      }
      this.moveToProbation(candidate)
    }
    const first = this.firstOfMain()
    return first === -1 ? this.lists.last(window) : first
  }

  private firstOfMain(): number {
    return this.lists.isEmpty(probation) ? this.lists.last(protectedPart) : this.lists.last(probation)
  }

  private admits(candidate: number, first: number): boolean {
    const seen = this.sketch.estimate(this.hashes[candidate]!)
    if (seen > this.sketch.estimate(this.hashes[first]!)) return true
    return seen >= warm && this.random() % luckyOneIn === 0
  }

  private moveToProbation(candidate: number): void {
    this.windowWeight -= this.weights.of(candidate)
    this.moveTo(probation, candidate)
  }

  private protect(slot: number): void {
    this.protectedWeight += this.weights.of(slot)
    this.moveTo(protectedPart, slot)
    while (this.protectedWeight > protectedShareOfMain * this.mainMax()) {
      const oldest = this.lists.last(protectedPart)
      this.protectedWeight -= this.weights.of(oldest)
      this.moveTo(probation, oldest)
    }
  }

  private countRead(slot: number): void {
    this.states[slot]! |= readBit
    this.count(slot)
  }

  private count(slot: number): void {
    if (!this.sketch.count(this.hashes[slot]!)) this.states[slot]! |= fullBit
    if (this.losses === this.sketch.losses) return
    this.losses = this.sketch.losses
    for (let each = 0; each < this.states.length; each++) this.states[each]! &= ~fullBit
  }

  private partOf(slot: number): number {
    return this.states[slot]! & partMask
  }

  /** Makes a slot the newest of a part. */
  private moveTo(part: number, slot: number): void {
    this.states[slot] = this.states[slot]! & ~partMask | part
    this.lists.moveToFirst(part, slot)
  }

  private windowMax(): number {
    return Math.max(1, Math.floor(this.windowShare * this.weights.max))
  }

  private mainMax(): number {
    return this.weights.max - this.windowMax()
  }

  private climb(): void {
    const hitRate = this.hits / (this.hits + this.insertions)
    const change = hitRate - this.hitRateBefore
    if (change < 0) this.step = -this.step
    this.windowShare = Math.min(windowShareMax, Math.max(windowShareMin, this.windowShare + this.step))
    this.step = Math.abs(change) >= hitRateJump ? Math.sign(this.step) * Math.abs(stepInitial) : this.step * stepDecay
    this.hitRateBefore = hitRate
    this.hits = 0
    this.insertions = 0
  }

  private grow(slot: number): void {
    this.states = grownBytes(this.states, slot, this.weights.max + 1)
    this.hashes = grownInts(this.hashes, slot, this.weights.max + 1)
  }
}
