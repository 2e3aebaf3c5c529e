/**
 * The base of every policy of lists: the weights of its slots, their sum and its maximum, and the rule for a heavy
 * entry.
 *
 * An entry that alone weighs more than the maximum is the next victim; the policy chooses among the others.
 */
import { SlotLists } from "../shared/slotLists.ts"
import { SlotWeights } from "../shared/slotWeights.ts"

export abstract class WeighedPolicy {
  size = 0
  protected readonly lists: SlotLists
  protected readonly weights: SlotWeights

  constructor(listCount: number, weightMax: number) {
    this.weights = new SlotWeights(weightMax)
    // An entry weighs at least 1, and one entry is inserted before another leaves.
    this.lists = new SlotLists(listCount, weightMax + 1)
  }

  get weight(): number {
    return this.weights.total
  }

  get weightMax(): number {
    return this.weights.max
  }

  resize(weightMax: number): void {
    this.weights.resize(weightMax)
  }

  evict(): number {
    if (this.size === 0) return -1
    const victim = this.weights.oversized !== -1 ? this.weights.oversized : this.victim()
    this.remove(victim)
    return victim
  }

  abstract remove(slot: number): void

  /** The slot to evict. There is at least one entry, and each of them fits. */
  protected abstract victim(): number
}
