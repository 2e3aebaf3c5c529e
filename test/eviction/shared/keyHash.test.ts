/**
 * `keyHash` gives different hashes to the keys of one family, and to one key in two families.
 */
import { assert, describe, it } from "@effect/vitest"
import { keyHash, spreadHash } from "../../../src/eviction/shared/keyHash.ts"

describe("keyHash", () => {
  it("the hashes of the keys of a family differ, and those of one key in two families", () => {
    const hashes = new Set<number>()
    for (let family = 0; family < 20; family++) for (let id = 0; id < 5_000; id++) hashes.add(keyHash(`${id}`, family))
    // Of 100,000 random numbers of 32 bits one or two pairs are the same.
    assert.isAbove(hashes.size, 99_990)
  })

  it("keyHash reads all of a long key, and `spreadHash` reads a part", () => {
    const key = (at: number) => "a".repeat(at) + "b" + "a".repeat(99 - at)
    const keys = Array.from({ length: 100 }, (_, at) => key(at))
    assert.strictEqual(new Set(keys.map((each) => keyHash(each, 0))).size, 100)
    assert.isBelow(new Set(keys.map(spreadHash)).size, 100)
  })
})
