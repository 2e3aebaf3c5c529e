/**
 * Least recently used: one list. A use moves its entry to the front; the last entry is the victim.
 *
 * Its weakness is that a single pass over many keys, none used again, replaces everything.
 */
import { invariant } from "../shared/invariant.ts"
import { WeighedPolicy } from "./weighedPolicy.ts"

const byUse = 0

export class Lru extends WeighedPolicy {
  readonly name: string = "lru"

  constructor(options: { readonly weightMax: number }) {
    super(1, options.weightMax)
  }

  insert(slot: number, weight: number): void {
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

  override remove(slot: number): void {
    this.lists.remove(slot)
    this.weights.remove(slot)
    this.size--
  }

  checkInvariants(): void {
    const slots = this.lists.toArray(byUse, this.size)
    invariant(slots.length === this.size, "Lru", "size counts the list", slots.length)
    this.weights.checkTotal(slots)
  }

  protected override victim(): number {
    return this.lists.last(byUse)
  }
}
