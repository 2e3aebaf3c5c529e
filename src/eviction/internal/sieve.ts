/**
 * SIEVE: one queue in order of insertion and a hand that walks it from the oldest to the newest.
 *
 * A use marks its entry and moves nothing. The hand clears the mark of each entry that it passes, evicts the first
 * entry without a mark, and stays there. Spared entries keep their place, so the hand reaches new entries sooner than
 * entries that have proved themselves. Weak where only recency counts: an old favourite is evicted late.
 *
 * Zhang, Yang, Yue, Vigfusson, Rashmi: SIEVE is simpler than LRU (NSDI 2024).
 */
import { BrokenInvariant, invariant } from "../shared/invariant.ts"
import { grownBytes } from "../shared/slotCapacity.ts"
import { WeighedPolicy } from "./weighedPolicy.ts"

const byAge = 0

// The state of a slot: used since the hand was there, and read since it was inserted.
const usedBit = 1
const readBit = 2

export class Sieve extends WeighedPolicy {
  readonly name = "sieve"
  private states = new Uint8Array(0)
  // The next slot to inspect; -1 stands for the oldest.
  private hand = -1

  constructor(options: { readonly weightMax: number }) {
    super(1, options.weightMax)
  }

  insert(slot: number, weight: number): void {
    this.lists.addFirst(byAge, slot)
    this.weights.add(slot, weight)
    if (!(slot < this.states.length)) this.states = grownBytes(this.states, slot, this.weights.max + 1)
    this.states[slot] = 0
    this.size++
  }

  hit(slot: number): void {
    this.states[slot] = usedBit | readBit
  }

  wasRead(slot: number): boolean {
    return (this.states[slot]! & readBit) !== 0
  }

  update(slot: number, weight: number): void {
    if (!this.lists.has(slot)) throw new BrokenInvariant("Sieve", "a slot to update is there", slot)
    this.weights.replace(slot, weight)
    this.states[slot]! |= usedBit
  }

  override remove(slot: number): void {
    if (slot === this.hand) this.hand = this.lists.before(slot)
    this.lists.remove(slot)
    this.weights.remove(slot)
    this.size--
  }

  checkInvariants(): void {
    const slots = this.lists.toArray(byAge, this.size)
    invariant(slots.length === this.size, "Sieve", "size counts the queue", slots.length)
    invariant(this.hand === -1 || this.lists.has(this.hand), "Sieve", "the hand points into the queue", this.hand)
    this.weights.checkTotal(slots)
  }

  /** Ends within two rounds: the first clears every mark. */
  protected override victim(): number {
    let slot = this.hand
    for (;;) {
      if (slot === -1) slot = this.lists.last(byAge)
      if ((this.states[slot]! & usedBit) === 0) break
      this.states[slot]! &= readBit
      slot = this.lists.before(slot)
    }
    this.hand = slot
    return slot
  }
}
