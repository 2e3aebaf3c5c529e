/**
 * The keys that have left an upper tier during scans: how many are kept, and when a bookmark is lost.
 */
import { assert, describe, it } from "@effect/vitest"
import { Departures } from "../../../src/store/internal/departures.ts"
import type { HotPartition } from "../../../src/store/Store.ts"

/** A tier that one can tell which key leaves, and that counts its listeners. */
const hot = () => {
  const listeners = new Set<(key: string) => void>()
  const partition = {
    onLeave: (listener: (key: string) => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    }
  }
  const leave = (key: string) => listeners.forEach((listener) => listener(key))
  return { leave, listeners, partition: partition as unknown as HotPartition<unknown> }
}

describe("departures", () => {
  it("keys are kept from the first page on, in their order", () => {
    const { leave, partition } = hot()
    const departures = new Departures(0)
    departures.add("before")
    departures.listen(new Set([partition]))
    leave("a")
    departures.add("b")
    assert.deepStrictEqual(departures.between(0, departures.next, 10), ["a", "b"])
    assert.deepStrictEqual(departures.between(1, departures.next, 10), ["b"])
    assert.deepStrictEqual(departures.between(0, departures.next, 1), ["a"])
    assert.deepStrictEqual(departures.between(2, 2, 10), [])
    assert.isUndefined(departures.between(3, 3, 10))
  })

  it("a scan that is slower than others is lost when its keys are not kept any more, and the others go on", () => {
    const departures = new Departures(0)
    departures.listen(new Set())
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 100_000; n++) departures.add("k")
      assert.isDefined(departures.between(departures.next - 10, departures.next, 10))
    }
    assert.isUndefined(departures.between(0, departures.next, 10))
    assert.isDefined(departures.between(departures.next - 131_072, departures.next, 1))
    assert.isUndefined(departures.between(departures.next - 131_073, departures.next, 1))
  })

  it("the log ends, and listens no more, when no page is asked for while as many keys leave as are kept", () => {
    const { leave, listeners, partition } = hot()
    const departures = new Departures(0)
    departures.listen(new Set([partition]))
    assert.isDefined(departures.between(0, 0, 1))
    const { numbering } = departures
    for (let n = 0; n <= 131_072; n++) leave("k")
    assert.notStrictEqual(departures.numbering, numbering)
    assert.strictEqual(listeners.size, 0)
  })

  it("the characters of the keys have a bound, too", () => {
    const departures = new Departures(0)
    departures.listen(new Set())
    const { numbering } = departures
    for (let n = 0; n < 128; n++) departures.add("k".repeat(65_536))
    assert.strictEqual(departures.numbering, numbering)
    departures.add("k")
    assert.notStrictEqual(departures.numbering, numbering)
  })

  it("all bookmarks are lost when a memory comes or goes", () => {
    const [one, other] = [hot(), hot()]
    const departures = new Departures(0)
    departures.listen(new Set([one.partition]))
    const { numbering } = departures
    departures.listen(new Set([one.partition]))
    assert.strictEqual(departures.numbering, numbering)
    departures.listen(new Set([one.partition, other.partition]))
    assert.notStrictEqual(departures.numbering, numbering)
    const { company } = departures
    departures.end()
    departures.listen(new Set([one.partition, other.partition]))
    assert.strictEqual(departures.company, company, "a log that ended listens to the same memories again")
    departures.end()
    assert.strictEqual(one.listeners.size + other.listeners.size, 0)
  })
})
