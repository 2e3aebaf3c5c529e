/**
 * `SlotTable` finds what a Map finds, at every size and with equal hashes.
 */
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { spreadHash } from "../../../../src/eviction/shared/keyHash.ts"
import { noSlot, SlotRecords } from "../../../../src/store/memory/internal/slotRecords.ts"
import { SlotTable } from "../../../../src/store/memory/internal/slotTable.ts"

/** The table and its twin, a `Map`; a key's slot is taken and freed as a shard does it. */
class Pair {
  readonly records = new SlotRecords(Infinity)
  readonly table = new SlotTable(this.records)
  readonly twin = new Map<string, number>()

  add(key: string): void {
    if (this.twin.has(key)) return
    const slot = this.records.take(key)
    this.table.add(slot, key, slot % 2 === 0 ? 0 : spreadHash(key))
    this.twin.set(key, slot)
  }

  remove(key: string): void {
    const slot = this.twin.get(key)
    if (slot === undefined) return
    this.table.remove(slot, key)
    this.records.free(slot)
    this.twin.delete(key)
  }

  check(absent: ReadonlyArray<string> = []): void {
    this.table.checkInvariants()
    this.records.checkInvariants()
    assert.strictEqual(this.table.size, this.twin.size)
    for (const [key, slot] of this.twin) {
      if (this.table.find(key, spreadHash(key)) !== slot || this.table.find(key, 0) !== slot) assert.fail(key)
    }
    for (const key of absent) assert.strictEqual(this.table.find(key, spreadHash(key)), noSlot)
  }
}

// Ids; ids as a part of a longer key; keys that are the same in everything that their hash looks at.
const kinds: ReadonlyArray<(i: number) => string> = [
  (i) => `${i}`,
  (i) => `a.user@example.com:${i}:page`,
  (i) => `${i.toString().padStart(8, "0")}`.replace(/./g, (digit) => `${digit}------`) + "--------"
]

describe("SlotTable", () => {
  for (const [kind, keyOf] of kinds.entries()) {
    it(`the table finds what a Map finds while it grows and shrinks, keys of kind ${kind}`, () => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 60_000 }), fc.integer({ min: 2, max: 9 }), (count, every) => {
          const pair = new Pair()
          for (let i = 0; i < count; i++) {
            pair.add(keyOf(i))
            if (i % every === 0) pair.remove(keyOf(i >> 1))
          }
          pair.check([keyOf(count), keyOf(count + 1), ""])
          for (let i = 0; i < count; i += every) pair.remove(keyOf(i))
          for (let i = count; i < count + 100; i++) pair.add(keyOf(i))
          pair.check([keyOf(0), keyOf(count + 100)])
        }),
        { numRuns: 8, examples: [[16_384, 9], [16_385, 9], [32_769, 1_000_000], [60_000, 2]] }
      )
    })
  }

  it("the table is a Map when small, chains when large, and a Map again when keys have one hash", () => {
    const isMap = (table: SlotTable) => (table as unknown as { map: unknown }).map !== undefined
    const ids = new Pair()
    for (let i = 0; i < 16_384; i++) ids.add(`${i}`)
    assert.isTrue(isMap(ids.table))
    for (let i = 0; i < 100; i++) ids.add(`one more: ${i}`)
    assert.isFalse(isMap(ids.table))
    for (let i = 0; i < 16_384; i++) ids.remove(`${i}`)
    assert.isFalse(isMap(ids.table))
    ids.check()
    const alike = kinds[2]!
    assert.isAtMost(new Set(Array.from({ length: 10_000 }, (_, i) => spreadHash(alike(i)))).size, 10_000 / 25)
    for (let i = 0; i < 10_000; i++) ids.add(alike(i))
    assert.isTrue(isMap(ids.table))
    ids.check(["0"])
    const fromTheStart = new Pair()
    for (let i = 0; i < 20_000; i++) fromTheStart.add(alike(i))
    assert.isTrue(isMap(fromTheStart.table))
    fromTheStart.check()
  })
})
