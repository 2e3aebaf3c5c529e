/**
 * `wTinyLfu` does no work for a hit that changes nothing: the counters of the key are full, and the entry is the newest
 * of its part. Which entries it evicts is shown by its reference.
 */
import { assert, describe, it } from "@effect/vitest"
import { WTinyLfu } from "../../../src/eviction/internal/wTinyLfu.ts"

interface Inside {
  readonly sketch: { words: Int32Array; count: (hash: number) => boolean; losses: number }
  readonly lists: { links: Int32Array }
  readonly states: Uint8Array
}

const popular = () => {
  const policy = new WTinyLfu({ weightMax: 100, hashOf: (slot) => Math.imul(slot + 1, 0x9e3779b1) | 0 })
  for (let slot = 0; slot < 10; slot++) policy.insert(slot, 1)
  for (let hit = 0; hit < 20; hit++) policy.hit(7)
  return { policy, inside: policy as unknown as Inside }
}

describe("hit of a popular entry", () => {
  it("a hit of a popular entry neither counts nor moves it where both would change nothing", () => {
    const { inside, policy } = popular()
    const before = [inside.sketch.words, inside.lists.links, inside.states].map((array) => array.slice())
    inside.sketch.count = () => assert.fail("the counters are full")
    policy.hit(7)
    assert.deepStrictEqual([inside.sketch.words, inside.lists.links, inside.states], before)
  })

  it("a hit of a popular entry counts again after the counters were halved", () => {
    const { inside, policy } = popular()
    const { losses } = inside.sketch
    for (let slot = 10; inside.sketch.losses === losses; slot++) {
      policy.insert(slot, 1)
      for (let hit = 0; hit < 20; hit++) policy.hit(slot)
    }
    const before = inside.sketch.words.slice()
    policy.hit(7)
    assert.notDeepEqual(inside.sketch.words, before)
  })
})
