/**
 * Keeps the weight of each slot, their sum, and the largest sum that is allowed.
 */
import { invariant } from "./invariant.ts"
import { slotCapacity } from "./slotCapacity.ts"

/** The largest weight of one entry: 4 GiB less one when weights are bytes. */
export const entryWeightMax = 2 ** 32 - 1

const checkedWeightMax = (weightMax: number): number => {
  invariant(
    Number.isSafeInteger(weightMax) && weightMax >= 0,
    "SlotWeights",
    "a maximum is a safe integer from 0",
    weightMax
  )
  return weightMax
}

/**
 * The weight of each slot, their sum, and the largest sum allowed.
 *
 * A cache that only counts its entries gives each the weight 1; no array is made before another weight appears.
 */
export class SlotWeights {
  total = 0
  max: number
  /**
   * The last slot that was given more than `max`; -1 after it left or became lighter. It is the next victim of every
   * policy.
   */
  oversized = -1
  private weights: Uint32Array | undefined

  constructor(max: number) {
    this.max = checkedWeightMax(max)
  }

  resize(max: number): void {
    this.max = checkedWeightMax(max)
  }

  of(slot: number): number {
    return this.weights !== undefined && slot < this.weights.length ? this.weights[slot]! : 1
  }

  add(slot: number, weight: number): void {
    this.write(slot, weight)
    this.total += weight
    if (weight > this.max) this.oversized = slot
  }

  replace(slot: number, weight: number): void {
    // Where entries are only counted, nothing changes.
    if (this.weights === undefined && weight === 1 && slot !== this.oversized) return
    this.reweigh(slot, weight)
  }

  private reweigh(slot: number, weight: number): void {
    const before = this.of(slot)
    this.write(slot, weight)
    this.total += weight - before
    if (weight > this.max) this.oversized = slot
    else if (slot === this.oversized) this.oversized = -1
  }

  remove(slot: number): void {
    this.total -= this.of(slot)
    if (slot === this.oversized) this.oversized = -1
  }

  /** Throws when `total` is not the sum over `slots`: all slots that were added and not removed. */
  checkTotal(slots: ReadonlyArray<number>): void {
    const sum = slots.reduce((sum, slot) => sum + this.of(slot), 0)
    invariant(sum === this.total, "SlotWeights", "the total is the sum of the weights", sum)
  }

  private write(slot: number, weight: number): void {
    if (this.weights === undefined) {
      if (weight === 1) return
      this.weights = new Uint32Array(slotCapacity(slot, 0, this.max + 1)).fill(1)
    }
    invariant(
      Number.isInteger(weight) && weight >= 1 && weight <= entryWeightMax,
      "SlotWeights",
      "a weight is an integer from 1 to entryWeightMax",
      weight
    )
    if (!(slot < this.weights.length)) this.grow(slot, this.weights)
    this.weights[slot] = weight
  }

  private grow(slot: number, before: Uint32Array): void {
    const weights = new Uint32Array(slotCapacity(slot, before.length, this.max + 1)).fill(1, before.length)
    weights.set(before)
    this.weights = weights
  }
}
