/** How a record, a heading and the marks of a log move what an engine knows of it. */
import { assert, describe, it } from "@effect/vitest"
import type { Epoch, News } from "../../../src/store/internal/ledger/ledger.ts"
import type { Heading, LogRecord } from "../../../src/store/internal/ledger/ledgerPlace.ts"
import { LogView } from "../../../src/store/internal/ledger/logView.ts"

const epoch: Epoch = { number: 5, nonce: 1 }

const heading = (head: number, more: Partial<Heading> = {}): Heading => ({
  epoch,
  head,
  floor: 0,
  marksAt: 0,
  link: head,
  versionMax: 0,
  ...more
})

/** The link of a record is its stamp here, so each one follows from the one before it. */
const record = (stamp: number, more: Partial<LogRecord> = {}): LogRecord => ({
  stamp,
  link: stamp,
  tail: stamp - 1,
  writer: 9,
  drops: { keys: [["user", `${stamp}`]], scopes: [] },
  moved: [],
  after: undefined,
  versionMax: 0,
  ...more
})

const known = (applied: (log: number) => boolean = () => true) => {
  const heard: Array<News> = []
  const view = new LogView(0, 7, (news) => heard.push(news), applied)
  view.begin(heading(3), [{ scope: "user|all", stamp: 2 }])
  heard.length = 0
  const told = () =>
    heard.splice(0).map((news) =>
      news._tag === "Dropped" ? `${news.position.stamp}${news.isOwn ? " own" : ""}` : news._tag
    )
  return { view, told }
}

describe("what an engine knows of a log", () => {
  it("a log is unknown until its marks and its head are known", () => {
    const heard: Array<News> = []
    const view = new LogView(0, 7, (news) => heard.push(news), () => true)
    view.apply(epoch, [record(1)])
    assert.strictEqual(view.knowledge, "unknown")
    view.begin(heading(3), [{ scope: "user|all", stamp: 2 }])
    assert.strictEqual(view.knowledge, "current")
    assert.deepStrictEqual(heard, [
      { _tag: "Known", log: 0, position: { epoch, stamp: 3 }, marks: [{ scope: "user|all", stamp: 2 }] }
    ])
  })
  it("each record is applied once, in the order of the log, whatever comes twice or late", () => {
    const { told, view } = known()
    view.apply(epoch, [record(4), record(5)])
    view.apply(epoch, [record(3), record(4), record(5), record(6)])
    view.apply(epoch, [record(5)])
    assert.deepStrictEqual(told(), ["4", "5", "6"])
    assert.deepStrictEqual(view.position, { epoch, stamp: 6 })
  })
  it("a record that does not follow the position is not applied, and the log is behind", () => {
    const { told, view } = known()
    view.apply(epoch, [record(5), record(6)])
    assert.deepStrictEqual(told(), [])
    assert.strictEqual(view.knowledge, "behind")
    view.apply(epoch, [record(4), record(5), record(6)])
    assert.deepStrictEqual(told(), ["4", "5", "6"])
    assert.strictEqual(view.knowledge, "current")
  })
  it("records of the own engine are known by their writer", () => {
    const { told, view } = known()
    view.apply(epoch, [record(4, { writer: 7 }), record(5)])
    assert.deepStrictEqual(told(), ["4 own", "5"])
  })
  it("an ended load is heard, and of a record that says nothing only the position", () => {
    const { told, view } = known()
    const drops = { keys: [], scopes: [] }
    view.apply(epoch, [record(4, { drops, moved: [["user", "1"]] }), record(5, { drops })])
    assert.deepStrictEqual(told(), ["Moved"])
    assert.deepStrictEqual(view.position, { epoch, stamp: 5 })
  })
  it("a log is unknown when a record follows from another one than the last that it has applied", () => {
    const { told, view } = known()
    view.apply(epoch, [record(4, { tail: 77 }), record(5)])
    assert.deepStrictEqual(told(), ["Unknown"])
    assert.isUndefined(view.position)
  })
  it("a log is unknown when it has lost the record after its position", () => {
    const { told, view } = known()
    view.meet(heading(9, { floor: 3 }))
    assert.deepStrictEqual(told(), [])
    view.meet(heading(9, { floor: 4 }))
    assert.deepStrictEqual(told(), ["Unknown"])
  })
  it("a log is unknown when a later epoch shows, or another one of the same number", () => {
    for (const other of [{ number: 6, nonce: 1 }, { number: 5, nonce: 2 }]) {
      const { told, view } = known()
      view.meet(heading(0, { epoch: other }))
      assert.deepStrictEqual(told(), ["Unknown"])
      const second = known()
      second.view.apply(other, [record(1)])
      assert.deepStrictEqual(second.told(), ["Unknown"])
    }
  })
  it("news of an epoch that has passed changes nothing", () => {
    const { told, view } = known()
    view.apply({ number: 4, nonce: 1 }, [record(4)])
    view.meet(heading(9, { epoch: { number: 4, nonce: 1 }, floor: 8 }))
    assert.deepStrictEqual(told(), [])
    assert.strictEqual(view.knowledge, "current")
  })
  it("a record waits for the record of another log that it follows from", () => {
    let isApplied = false
    const { told, view } = known(() => isApplied)
    const after = { log: 1, position: { epoch, stamp: 8 } }
    view.apply(epoch, [record(4, { after }), record(5)])
    assert.deepStrictEqual(told(), [])
    assert.deepStrictEqual(view.waitsFor, after)
    assert.strictEqual(view.knowledge, "behind")
    isApplied = true
    view.apply(epoch, [record(4, { after }), record(5)])
    assert.deepStrictEqual(told(), ["4", "5"])
    assert.isUndefined(view.waitsFor)
  })
  it("a position covers what it has applied, and every position of an epoch that has passed", () => {
    const { view } = known()
    assert.isTrue(view.covers({ epoch, stamp: 3 }))
    assert.isFalse(view.covers({ epoch, stamp: 4 }))
    assert.isTrue(view.covers({ epoch: { number: 4, nonce: 1 }, stamp: 100 }))
    assert.isFalse(view.covers({ epoch: { number: 6, nonce: 1 }, stamp: 0 }))
    view.lose()
    assert.isFalse(view.covers({ epoch, stamp: 0 }))
  })
  it("a log is proved current by a step whose head it has applied, as of the time of its question", () => {
    const { view } = known()
    view.prove(heading(4), 100)
    assert.strictEqual(view.provenAt, -Infinity)
    view.prove(heading(3), 90)
    view.prove(heading(3), 80)
    assert.strictEqual(view.provenAt, 90)
    view.prove(heading(0, { epoch: { number: 4, nonce: 1 } }), 110)
    assert.strictEqual(view.provenAt, 90)
  })
})
