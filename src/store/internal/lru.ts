/**
 * Least recently used: one list, a use moves its entry to the front, the victim is the last.
 *
 * Its weakness is that a single pass over many keys, none used again, replaces everything.
 */
import { invariant } from "./invariant.ts"
import { SlotLists } from "./slotLists.ts"
import { SlotWeights } from "./slotWeights.ts"

const byUse = 0

export class Lru {
  readonly name = "lru"
  size = 0
  private readonly lists: SlotLists
  private readonly weights: SlotWeights

  constructor(options: { readonly weightMax: number }) {
    this.lists = new SlotLists(1, options.weightMax + 1)
    this.weights = new SlotWeights(options.weightMax)
  }

  get weight(): number {
    return this.weights.total
  }

  get weightMax(): number {
    return this.weights.max
  }

  insert(slot: number, _hash: number, weight: number): void {
    this.lists.addFirst(byUse, slot)
    this.weights.add(slot, weight)
    this.size++
  }

  hit(slot: number): void {
    this.lists.moveToFirst(byUse, slot)
  }

  update(slot: number, weight: number): void {
    this.lists.moveToFirst(byUse, slot)
    this.weights.replace(slot, weight)
  }

  remove(slot: number): void {
    this.lists.remove(slot)
    this.weights.remove(slot)
    this.size--
  }

  evict(): number {
    const victim = this.weights.oversized !== -1 ? this.weights.oversized : this.lists.last(byUse)
    if (victim !== -1) this.remove(victim)
    return victim
  }

  resize(weightMax: number): void {
    this.weights.resize(weightMax)
  }

  checkInvariants(): void {
    const slots = this.lists.toArray(byUse, this.size)
    invariant(slots.length === this.size, "Lru", "size counts the list", slots.length)
    this.weights.checkTotal(slots)
  }
}
