/**
 * `SlotLists` keeps many linked lists in shared arrays. They have the order of plain arrays, and a bounded number of
 * slots.
 */
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { slotsMax } from "../../../src/eviction/shared/slotCapacity.ts"
import { SlotLists } from "../../../src/eviction/shared/slotLists.ts"

const listCount = 3
const slotCount = 200

type Step = readonly [act: "addFirst" | "addLast" | "remove" | "moveToFirst" | "moveAll", list: number, slot: number]

const steps: fc.Arbitrary<Array<Step>> = fc.array(
  fc.tuple(
    fc.constantFrom("addFirst", "addLast", "remove", "moveToFirst", "moveAll"),
    fc.nat({ max: listCount - 1 }),
    fc.oneof(fc.nat({ max: 8 }), fc.nat({ max: slotCount - 1 }))
  ),
  { maxLength: 300, size: "max" }
)

const applyToArrays = (arrays: Array<Array<number>>, [act, list, slot]: Step): void => {
  if (act === "moveAll") {
    const to = slot % listCount
    const moved = arrays[list]!
    arrays[list] = []
    arrays[to] = [...arrays[to]!, ...moved]
    return
  }
  for (const array of arrays) {
    const at = array.indexOf(slot)
    if (at !== -1) array.splice(at, 1)
  }
  if (act === "addLast") arrays[list]!.push(slot)
  else if (act !== "remove") arrays[list]!.unshift(slot)
}

describe("SlotLists", () => {
  it("the lists have the order of plain arrays", () => {
    fc.assert(fc.property(steps, (history) => {
      const lists = new SlotLists(listCount)
      const arrays: Array<Array<number>> = [[], [], []]
      for (const step of history) {
        const [act, list, slot] = step
        const present = arrays.some((array) => array.includes(slot))
        assert.strictEqual(lists.has(slot), present)
        if (act === "moveAll") lists.moveAll(list, slot % listCount)
        else if ((act === "addFirst" || act === "addLast") === present) {
          assert.throws(() => act === "remove" ? lists.remove(slot) : lists[act](list, slot), /broken invariant/)
          continue
        } else if (act === "remove") {
          const holder = arrays.findIndex((array) => array.includes(slot))
          assert.strictEqual(lists.remove(slot), arrays[holder]!.length === 1 ? holder : -1)
        } else lists[act](list, slot)
        applyToArrays(arrays, step)
        for (const [list, array] of arrays.entries()) {
          assert.deepStrictEqual(lists.toArray(list, slotCount), array)
          assert.strictEqual(lists.first(list), array.at(0) ?? -1)
          assert.strictEqual(lists.last(list), array.at(-1) ?? -1)
          assert.strictEqual(lists.isEmpty(list), array.length === 0)
        }
      }
    }))
  })

  it("a slot beyond the bound is refused, and the arrays do not grow", () => {
    const lists = new SlotLists(1)
    for (const slot of [-1, slotsMax, NaN]) assert.throws(() => lists.addFirst(0, slot), /broken invariant/)
  })
})
