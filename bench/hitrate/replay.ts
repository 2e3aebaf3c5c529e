/** Replays a trace through a policy, as a shard of the memory store does, and computes the best possible hit rate. */
import type { EvictionPolicy, Options } from "../../src/eviction/EvictionPolicy.ts"
import type { Trace } from "./traces.ts"

/** Murmur3's finalizer: 32 bits of a key, well mixed. */
export const hashOf = (key: number): number => {
  let hash = key + 1
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

/** The number of hits. Keys are found in arrays and not in maps, so that the policy takes most of the time. */
export const replay = (trace: Trace, capacity: number, make: (hashOf: Options["hashOf"]) => EvictionPolicy): number => {
  const slots = new Int32Array(trace.keyCount).fill(-1)
  const keyOf = new Int32Array(capacity + 1)
  const policy = make((slot) => hashOf(keyOf[slot]!))
  const free = Int32Array.from(keyOf, (_, slot) => slot)
  let freeCount = free.length
  let hits = 0
  for (const key of trace.keys) {
    const slot = slots[key]!
    if (slot !== -1) {
      hits++
      policy.hit(slot)
      continue
    }
    const fresh = free[--freeCount]!
    slots[key] = fresh
    keyOf[fresh] = key
    policy.insert(fresh, 1)
    while (policy.weight > policy.weightMax) {
      const victim = policy.evict()
      slots[keyOf[victim]!] = -1
      free[freeCount++] = victim
    }
  }
  return hits
}

/**
 * The hits of the clairvoyant optimum: it evicts the key whose next access is the latest. The newest key may be that
 * key.
 *
 * Belady: A study of replacement algorithms for a virtual-storage computer (1966). The heap keeps entries whose next
 * use has passed; they are recognized when they reach the top.
 */
export const optimalHits = (trace: Trace, capacity: number): number => {
  const never = trace.keys.length
  const nextUse = new Int32Array(trace.keys.length)
  const upcoming = new Int32Array(trace.keyCount).fill(never)
  for (let at = trace.keys.length - 1; at >= 0; at--) {
    nextUse[at] = upcoming[trace.keys[at]!]!
    upcoming[trace.keys[at]!] = at
  }
  const resident = new Uint8Array(trace.keyCount)
  const latestFirst = new IntHeap()
  let size = 0
  let hits = 0
  for (let at = 0; at < trace.keys.length; at++) {
    const key = trace.keys[at]!
    if (resident[key] === 1) hits++
    else size++
    // A key without another access is the best victim, so it does not enter.
    resident[key] = nextUse[at] === never ? 0 : 1
    if (resident[key] === 0) size--
    else latestFirst.push(nextUse[at]!)
    while (size > capacity) {
      const use = latestFirst.pop()
      const victim = trace.keys[use]!
      if (use <= at || resident[victim] === 0) continue
      resident[victim] = 0
      size--
    }
  }
  return hits
}

/** A binary heap with the largest item on top. */
class IntHeap {
  private readonly items: Array<number> = []

  push(item: number): void {
    const items = this.items
    let at = items.length
    items.push(item)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (items[parent]! >= item) break
      items[at] = items[parent]!
      at = parent
    }
    items[at] = item
  }

  pop(): number {
    const items = this.items
    const top = items[0]!
    const item = items.pop()!
    let at = 0
    for (let child = 1; child < items.length; child = 2 * at + 1) {
      if (child + 1 < items.length && items[child + 1]! > items[child]!) child++
      if (items[child]! <= item) break
      items[at] = items[child]!
      at = child
    }
    if (items.length > 0) items[at] = item
    return top
  }
}
