/** Measures the cost of a policy in two ways. Both alternate the policies and take medians: only ratios are stable. */
import { type EvictionPolicyName, make } from "../../src/eviction/EvictionPolicy.ts"
import { hashOf } from "./replay.ts"
import type { Trace } from "./traces.ts"

const rounds = 9
const hitCount = 1_000_000

const median = (values: ReadonlyArray<number>): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

const medians = (
  names: ReadonlyArray<EvictionPolicyName>,
  measure: (name: EvictionPolicyName) => number
): Array<number> => {
  const runs = names.map((): Array<number> => [])
  for (let round = 0; round < rounds; round++) for (const [at, name] of names.entries()) runs[at]!.push(measure(name))
  return runs.map(median)
}

/** Nanoseconds per hit if every key is in the cache: repeats the hits of a trace on its most frequent keys. */
export const residentHit = (
  names: ReadonlyArray<EvictionPolicyName>,
  trace: Trace,
  capacity: number
): Array<number> => {
  const counts = new Int32Array(trace.keyCount)
  for (const key of trace.keys) counts[key]!++
  const frequent = Array.from(counts.keys()).toSorted((a, b) => counts[b]! - counts[a]!).slice(0, capacity)
  const slotOf = new Int32Array(trace.keyCount).fill(-1)
  for (const [slot, key] of frequent.entries()) slotOf[key] = slot
  const slots = trace.keys.map((key) => slotOf[key]!).filter((slot) => slot !== -1)
  const policies = new Map(names.map((name) => {
    const policy = make(name, { weightMax: frequent.length, hashOf: (slot) => hashOf(frequent[slot]!) })
    for (const slot of frequent.keys()) policy.insert(slot, 1)
    return [name, policy]
  }))
  return medians(names, (name) => {
    const policy = policies.get(name)!
    const start = performance.now()
    for (let hits = 0, at = 0; hits < hitCount; hits++) {
      policy.hit(slots[at]!)
      if (++at === slots.length) at = 0
    }
    return (performance.now() - start) * 1e6 / hitCount
  })
}

/** Means over the timed calls of a run, and the number of timed hits. */
export interface Streamed {
  readonly hit: number
  readonly miss: number
  readonly hitsTimed: number
}

// One call in this number is timed alone. A call that takes longer than the bound was interrupted by another process.
const timedOneIn = 8
const interruptedNanos = 200_000

/**
 * Nanoseconds per hit and per miss (insertion and eviction) in the middle of a trace. After each timed call, an empty
 * measurement is taken and subtracted, so a nanosecond or two of the result are noise.
 */
export const streamed = (
  names: ReadonlyArray<EvictionPolicyName>,
  trace: Trace,
  capacity: number
): Array<Streamed> => {
  const run = (name: EvictionPolicyName): Streamed => {
    const slots = new Int32Array(trace.keyCount).fill(-1)
    const keyOf = new Int32Array(capacity + 1)
    const policy = make(name, { weightMax: capacity, hashOf: (slot) => hashOf(keyOf[slot]!) })
    const free = Array.from(keyOf.keys())
    const nanos = { hit: 0, miss: 0 }
    const timed = { hit: 0, miss: 0 }
    for (let at = 0; at < trace.keys.length; at++) {
      const key = trace.keys[at]!
      const known = slots[key]!
      const slot = known === -1 ? free.pop()! : known
      keyOf[slot] = key
      let victim = -1
      const start = at % timedOneIn === 0 ? process.hrtime() : undefined
      if (known !== -1) policy.hit(slot)
      else {
        policy.insert(slot, 1)
        if (policy.weight > capacity) victim = policy.evict()
      }
      if (start !== undefined) {
        const end = process.hrtime()
        const elapsed = nanosBetween(start, end) - nanosBetween(end, process.hrtime())
        const kind = known === -1 ? "miss" : "hit"
        if (Math.abs(elapsed) < interruptedNanos) {
          nanos[kind] += elapsed
          timed[kind]++
        }
      }
      if (known === -1) slots[key] = slot
      if (victim !== -1) {
        slots[keyOf[victim]!] = -1
        free.push(victim)
      }
    }
    return { hit: nanos.hit / timed.hit, miss: nanos.miss / timed.miss, hitsTimed: timed.hit }
  }
  const runs = names.map((): Array<Streamed> => [])
  for (let round = 0; round < 3; round++) for (const [at, name] of names.entries()) runs[at]!.push(run(name))
  return runs.map((run) => ({
    hit: median(run.map(({ hit }) => hit)),
    miss: median(run.map(({ miss }) => miss)),
    hitsTimed: Math.min(...run.map(({ hitsTimed }) => hitsTimed))
  }))
}

const nanosBetween = (a: readonly [number, number], b: readonly [number, number]): number =>
  (b[0] - a[0]) * 1e9 + b[1] - a[1]
