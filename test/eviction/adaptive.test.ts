/**
 * The policy `adaptive` hits about as often as the best of the other policies, on any sequence of keys. Keys that are
 * read upwards and downwards in turn are the hard case, since equally good policies hit at different times there.
 */
import { assert, describe, it } from "@effect/vitest"
import * as EvictionPolicy from "effect-stateless/eviction/EvictionPolicy"
import * as AdaptiveReference from "../support/eviction/adaptiveReference.ts"
import { Table } from "../support/eviction/suite.ts"

// Salts of the hash: which keys are sampled, and so which policy leads, depends on it.
const salts = [0, 1, 2, 3]

const hashOf = (key: number, salt: number): number => {
  let hash = key + 1 + 7_919 * salt
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

function* upAndDown(keyCount: number, passes: number): Generator<number> {
  for (let pass = 0; pass < passes; pass++) {
    for (let at = 0; at < keyCount; at++) yield pass % 2 === 0 ? at : keyCount - 1 - at
  }
}

/** Hits in percent of the reads. */
const hitRate = (
  name: EvictionPolicy.EvictionPolicyName,
  keys: Iterable<number>,
  capacity: number,
  salt: number
): number => {
  const slots = new Map<number, number>()
  const keyOf: Array<number> = []
  const policy = EvictionPolicy.make(name, { weightMax: capacity, hashOf: (slot) => hashOf(keyOf[slot]!, salt) })
  const free = Array.from({ length: capacity + 1 }, (_, slot) => slot)
  let hits = 0
  let reads = 0
  for (const key of keys) {
    reads++
    const known = slots.get(key)
    if (known !== undefined) {
      hits++
      policy.hit(known)
      continue
    }
    const slot = free.pop()!
    slots.set(key, slot)
    keyOf[slot] = key
    policy.insert(slot, 1)
    while (policy.weight > capacity) {
      const victim = policy.evict()
      slots.delete(keyOf[victim]!)
      free.push(victim)
    }
  }
  return 100 * hits / reads
}

const behindLru = (keyCount: number, passes: number, capacity: number): Array<number> => {
  const lru = hitRate("lru", upAndDown(keyCount, passes), capacity, 0)
  return salts.map((salt) => lru - hitRate("adaptive", upAndDown(keyCount, passes), capacity, salt))
}

const mean = (values: ReadonlyArray<number>): number => values.reduce((a, b) => a + b) / values.length

describe("adaptive on keys that are read upwards and downwards in turn", () => {
  // The first change of leader is a mistake that the duel learns from. Its price is once a part of what the cache
  // holds: at most a point of 25 passes where the cache has a tenth of the keys, of 400 where it has 7 tenths.
  it.each([
    [300, 200, 30],
    [500, 200, 50],
    [500, 200, 100],
    [2_000, 25, 100],
    [2_000, 25, 200],
    [2_000, 25, 400],
    [2_000, 50, 200],
    [2_000, 100, 800],
    [2_000, 400, 200],
    [2_000, 400, 1_400],
    [20_000, 20, 2_000]
  ])(
    "adaptive hits at most a point less than lru with %i keys, %i passes, room for %i",
    (keyCount, passes, capacity) => {
      const behind = behindLru(keyCount, passes, capacity)
      assert.isAtMost(mean(behind), 1, `by salts: ${behind.map((points) => points.toFixed(2)).join(", ")}`)
      assert.isAtMost(Math.max(...behind), 2)
    }
  )

  it.each([[2_000, 25, 800], [2_000, 25, 1_400], [20_000, 20, 14_000]])(
    "adaptive pays for one change of its leader with %i keys, %i passes, room for %i",
    (keyCount, passes, capacity) => {
      // Where the cache has most of the keys and the passes are few, one loss of what it holds is over a point.
      assert.isAtMost(Math.max(...behindLru(keyCount, passes, capacity)), 100 * capacity / (keyCount * passes) + 1)
    }
  )
})

/** Work that changes: up and down, where a change of leader costs hits, then loops and echoes, where it wins them. */
function* changing(size: number): Generator<number> {
  yield* upAndDown(6 * size, 12)
  for (let phase = 0; phase < 8; phase++) {
    for (let at = 0; at < 20 * size; at++) {
      if (phase % 2 === 0) yield at % (2 * size)
      else yield 1_000_000 * phase + (at % 2 === 0 ? at : Math.max(0, at - (size | 1)))
    }
  }
  yield* upAndDown(3 * size, 12)
}

describe("adaptive beside its reference", () => {
  it.each([10, 16, 24, 32, 40, 56])(
    "adaptive evicts what its reference evicts while the work changes, with room for %i",
    (capacity) => {
      const tested = new Table((options) => EvictionPolicy.make("adaptive", options), capacity)
      const reference = new Table(AdaptiveReference.make, capacity)
      for (const key of changing(capacity)) {
        const step = { act: "read", key, weight: 1 } as const
        assert.deepStrictEqual(tested.apply(step), reference.apply(step))
      }
      tested.policy.checkInvariants()
    }
  )
})
