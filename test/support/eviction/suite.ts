/**
 * The promises of every eviction policy, checked on random histories: one small table drives the policy and its plain
 * reference, and both must evict the same entries at each step.
 */
import { assert, describe, it } from "@effect/vitest"
import * as EvictionPolicy from "effect-stateless/eviction/EvictionPolicy"
import * as fc from "fast-check"

/** A policy written for reading: entries by slot in maps and arrays, nothing fast. */
export type Reference = Omit<EvictionPolicy.EvictionPolicy, "name" | "checkInvariants">

export type MakeReference = (options: EvictionPolicy.Options) => Reference

/** A reference that evicts what was given more weight than the maximum before all else, as every policy does. */
export const withOversizedFirst = (reference: Reference): Reference => {
  let oversized = -1
  const weigh = (slot: number, weight: number): void => {
    if (weight > reference.weightMax) oversized = slot
    else if (slot === oversized) oversized = -1
  }
  const remove = (slot: number): void => {
    if (slot === oversized) oversized = -1
    reference.remove(slot)
  }
  return {
    get weight() {
      return reference.weight
    },
    get weightMax() {
      return reference.weightMax
    },
    get size() {
      return reference.size
    },
    insert: (slot, weight) => {
      weigh(slot, weight)
      reference.insert(slot, weight)
    },
    hit: (slot) => reference.hit(slot),
    update: (slot, weight) => {
      weigh(slot, weight)
      reference.update(slot, weight)
    },
    remove,
    evict: () => {
      if (oversized === -1) return reference.evict()
      const victim = oversized
      remove(victim)
      return victim
    },
    resize: (weightMax) => reference.resize(weightMax)
  }
}

type Step =
  | { readonly act: "read" | "write"; readonly key: number; readonly weight: number }
  | { readonly act: "remove"; readonly key: number }
  | { readonly act: "evict" }
  | { readonly act: "resize"; readonly weightMax: number }

const hashOf = (key: number): number => Math.imul(key + 1, 0x9e3779b1) | 0

/** The part of a shard that a policy sees: it gives keys slots, reuses them, and evicts until the weight fits. */
export class Table<Policy extends Reference> {
  readonly slots = new Map<number, number>()
  readonly keys = new Map<number, number>()
  readonly weights = new Map<number, number>()
  private readonly free: Array<number> = []
  /** The keys that were read since they came. */
  private readonly read = new Set<number>()
  readonly policy: Policy

  constructor(make: (options: EvictionPolicy.Options) => Policy, weightMax: number) {
    this.policy = make({ weightMax, hashOf: (slot) => hashOf(this.keys.get(slot)!) })
  }

  /** Applies a step; gives the keys that it evicted. */
  apply(step: Step): Array<number> {
    switch (step.act) {
      case "read":
      case "write": {
        const slot = this.slots.get(step.key)
        if (slot === undefined) this.insert(step.key, step.weight)
        else if (step.act === "read") {
          this.policy.hit(slot)
          this.read.add(step.key)
        } else {
          this.policy.update(slot, step.weight)
          this.weights.set(step.key, step.weight)
        }
        break
      }
      case "remove": {
        const slot = this.slots.get(step.key)
        if (slot === undefined) break
        this.policy.remove(slot)
        this.release(step.key, slot)
        break
      }
      case "evict":
        return this.evictOne()
      case "resize":
        this.policy.resize(step.weightMax)
    }
    const evicted: Array<number> = []
    while (this.policy.weight > this.policy.weightMax) {
      assert.isAbove(this.slots.size, 0, "without entries there is no weight")
      evicted.push(...this.evictOne())
    }
    return evicted
  }

  private insert(key: number, weight: number): void {
    const slot = this.free.pop() ?? this.slots.size
    this.slots.set(key, slot)
    this.keys.set(slot, key)
    this.weights.set(key, weight)
    this.policy.insert(slot, weight)
  }

  private evictOne(): Array<number> {
    const slot = this.policy.evict()
    if (slot === -1) {
      assert.strictEqual(this.slots.size, 0, "a policy that has entries has a victim")
      return []
    }
    const key = this.keys.get(slot)
    if (key === undefined) return assert.fail(`the victim ${slot} is not in the table`)
    this.release(key, slot)
    return [key]
  }

  private release(key: number, slot: number): void {
    if (this.policy.wasRead !== undefined) {
      assert.strictEqual(this.policy.wasRead(slot), this.read.has(key), "a policy that knows what was read is right")
    }
    this.read.delete(key)
    this.slots.delete(key)
    this.keys.delete(slot)
    this.weights.delete(key)
    this.free.push(slot)
  }
}

const steps = (weightEntryMax: number): fc.Arbitrary<Array<Step>> => {
  const key = fc.nat({ max: 40 })
  const weight = fc.integer({ min: 1, max: weightEntryMax })
  return fc.array(
    fc.oneof(
      { weight: 20, arbitrary: fc.record({ act: fc.constant("read" as const), key, weight }) },
      { weight: 3, arbitrary: fc.record({ act: fc.constant("write" as const), key, weight }) },
      { weight: 2, arbitrary: fc.record({ act: fc.constant("remove" as const), key }) },
      { weight: 1, arbitrary: fc.record({ act: fc.constant("evict" as const) }) },
      { weight: 1, arbitrary: fc.record({ act: fc.constant("resize" as const), weightMax: fc.nat({ max: 30 }) }) }
    ),
    { maxLength: 400, size: "max" }
  )
}

const agrees = (
  name: EvictionPolicy.EvictionPolicyName,
  makeReference: MakeReference,
  weightMax: number,
  history: ReadonlyArray<Step>
): void => {
  const tested = new Table((options) => EvictionPolicy.make(name, options), weightMax)
  const reference = new Table(makeReference, weightMax)
  const { policy } = tested
  for (const step of history) {
    const evicted = tested.apply(step)
    policy.checkInvariants()
    assert.deepStrictEqual(evicted, reference.apply(step))
    assert.strictEqual(policy.size, tested.slots.size)
    assert.strictEqual(policy.weight, [...tested.weights.values()].reduce((a, b) => a + b, 0))
  }
}

export const run = (name: EvictionPolicy.EvictionPolicyName, makeReference: MakeReference): void => {
  const make = (options: EvictionPolicy.Options) => EvictionPolicy.make(name, options)
  describe(name, () => {
    it("the policy evicts what its reference evicts, with counted entries", () => {
      fc.assert(fc.property(fc.nat({ max: 30 }), steps(1), (weightMax, history) => {
        agrees(name, makeReference, weightMax, history)
      }))
    })

    it("the policy evicts what its reference evicts, with weighed entries", () => {
      fc.assert(fc.property(fc.nat({ max: 60 }), steps(12), (weightMax, history) => {
        agrees(name, makeReference, weightMax, history)
      }))
    })

    it("the policy knows what was read, unless a hit would have to note it", () => {
      assert.strictEqual(make({ weightMax: 1, hashOf }).wasRead !== undefined, name !== "lru")
    })

    it("the policy keeps its entries when one comes that is heavier than the maximum", () => {
      const table = new Table(make, 10)
      for (let key = 0; key < 10; key++) table.apply({ act: "read", key, weight: 1 })
      assert.deepStrictEqual(table.apply({ act: "read", key: 10, weight: 11 }), [10])
      assert.deepStrictEqual(table.apply({ act: "write", key: 3, weight: 11 }), [3])
    })

    it("the policy keeps nothing when its maximum is 0", () => {
      const table = new Table(make, 0)
      assert.deepStrictEqual(table.apply({ act: "read", key: 1, weight: 1 }), [1])
      assert.strictEqual(table.policy.evict(), -1)
    })

    it("the policy holds a hundred thousand slots, and its weight returns to 0 when they leave", () => {
      const policy = make({ weightMax: 1_000_000, hashOf })
      for (let slot = 0; slot < 100_000; slot++) policy.insert(slot, 1)
      for (let slot = 0; slot < 100_000; slot += 10) policy.update(slot, 2)
      assert.strictEqual(policy.weight, 110_000)
      for (let slot = 0; slot < 100_000; slot += 2) policy.remove(slot)
      while (policy.evict() !== -1);
      policy.checkInvariants()
      assert.strictEqual(policy.weight, 0)
      assert.strictEqual(policy.size, 0)
    })

    it("the policy refuses a slot that it has or does not have, and an invalid weight", () => {
      const policy = make({ weightMax: 10, hashOf })
      policy.insert(3, 1)
      assert.throws(() => policy.insert(3, 1), /broken invariant/)
      assert.throws(() => policy.remove(4), /broken invariant/)
      assert.throws(() => policy.update(4, 1), /broken invariant/)
      for (const weight of [0, -1, 1.5, NaN, 2 ** 32]) {
        assert.throws(() => make({ weightMax: 10, hashOf }).insert(0, weight), /broken invariant/)
      }
      for (const weightMax of [-1, 0.5, NaN, Infinity]) {
        assert.throws(() => make({ weightMax, hashOf }), /broken invariant/)
        assert.throws(() => policy.resize(weightMax), /broken invariant/)
      }
    })
  })
}
