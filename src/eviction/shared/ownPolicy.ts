/**
 * A policy that a program has written, held to the contract of `EvictionPolicy`.
 *
 * It is called in the middle of a write, which must be whole: so nothing that it does fails one. An `lru` beside it
 * knows every slot and its weight, and these are the numbers that the shard sees.
 *
 * - When the policy throws, or names a victim that it does not have, `lru` chooses from then on, and `failed` hears
 *   why.
 * - An entry that is heavier than the bound leaves first, whatever the policy says.
 *
 * Not here: whether the policy chooses well, or writes to the cache that asks it.
 */
import type { EvictionPolicy } from "../EvictionPolicy.ts"
import { Lru } from "../internal/lru.ts"

const parts = ["insert", "hit", "update", "remove", "evict", "resize", "checkInvariants"] as const

export class OwnPolicy extends Lru implements EvictionPolicy {
  override readonly name: string
  readonly wasRead?: (slot: number) => boolean
  /** `undefined` after it has failed. */
  private own: EvictionPolicy | undefined
  private readonly failed: (why: unknown) => void

  /** Throws if what was made is not a policy. */
  static of(own: EvictionPolicy, failed: (name: string) => (why: unknown) => void): OwnPolicy {
    for (const part of parts) {
      if (typeof own?.[part] !== "function") throw new TypeError(`the policy has no function \`${part}\``)
    }
    return new OwnPolicy(own, failed(String(own.name)))
  }

  private constructor(own: EvictionPolicy, failed: (why: unknown) => void) {
    super({ weightMax: own.weightMax })
    this.name = own.name
    this.own = own
    this.failed = failed
    if (own.wasRead !== undefined) this.wasRead = (slot) => this.asked((own) => own.wasRead!(slot)) !== false
  }

  override insert(slot: number, weight: number): void {
    super.insert(slot, weight)
    this.asked((own) => own.insert(slot, weight))
  }

  override hit(slot: number): void {
    super.hit(slot)
    this.asked((own) => own.hit(slot))
  }

  override update(slot: number, weight: number): void {
    super.update(slot, weight)
    this.asked((own) => own.update(slot, weight))
  }

  override remove(slot: number): void {
    super.remove(slot)
    this.asked((own) => own.remove(slot))
  }

  override evict(): number {
    const { oversized } = this.weights
    if (oversized !== -1) this.remove(oversized)
    if (oversized !== -1 || this.size === 0) return oversized
    const victim: unknown = this.asked((own) => own.evict())
    if (typeof victim === "number" && Number.isInteger(victim) && this.lists.has(victim)) {
      super.remove(victim)
      return victim
    }
    if (this.own !== undefined) {
      const what = typeof victim === "number" ? `${victim}` : `a value of type ${typeof victim}`
      this.fail(new Error(`\`evict\` returned ${what}, which is not the slot of an entry`))
    }
    const last = this.victim()
    super.remove(last)
    return last
  }

  override resize(weightMax: number): void {
    super.resize(weightMax)
    this.asked((own) => own.resize(weightMax))
  }

  override checkInvariants(): void {
    super.checkInvariants()
    this.own?.checkInvariants()
  }

  private asked<A>(ask: (own: EvictionPolicy) => A): A | undefined {
    if (this.own === undefined) return undefined
    try {
      return ask(this.own)
    } catch (why) {
      this.fail(why)
      return undefined
    }
  }

  private fail(why: unknown): void {
    this.own = undefined
    this.failed(why)
  }
}
