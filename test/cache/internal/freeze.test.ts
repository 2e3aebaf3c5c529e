/**
 * `freezeDeep` makes a whole value immutable or refuses it. The option `freeze` of a family applies it to values from
 * every tier.
 */
import { assert, describe, it } from "@effect/vitest"
import * as BigDecimal from "effect/BigDecimal"
import * as Chunk from "effect/Chunk"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { runInNewContext } from "node:vm"
import { freezeDeep, Unfreezable } from "../../../src/cache/internal/family/freeze.ts"
import { make } from "../../../src/manifest/internal/manifest.ts"
import * as LmdbStore from "../../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../../src/store/memory/MemoryStore.ts"
import * as TieredStore from "../../../src/store/TieredStore.ts"
import { temporaryFolder } from "../../support/folder.ts"

describe("freezeDeep", () => {
  it("freezeDeep reaches parts below one that was frozen before", () => {
    const value = freezeDeep({ rows: Object.freeze([{ n: { m: 1 } }]), option: Option.some({ a: 1 }) })
    assert.isTrue(Object.isFrozen(value.rows[0]))
    assert.isTrue(Object.isFrozen(value.rows[0]!.n))
    assert.isTrue(Object.isFrozen(Option.getOrThrow(value.option)))
  })

  it("freezeDeep reaches keys and values of maps, elements of sets, and the collections of Effect", () => {
    const parts = Array.from({ length: 6 }, (_, n) => ({ n }))
    freezeDeep({
      map: new Map([[parts[0], parts[1]]]),
      set: new Set([parts[2]]),
      chunk: Chunk.make(parts[3]),
      hashMap: HashMap.make(["a", parts[4]]),
      [Symbol.for("s")]: parts[5]
    })
    for (const part of parts) assert.isTrue(Object.isFrozen(part), `part ${part.n}`)
  })

  it("a frozen Map, Set or Date can be read, and throws on a change", () => {
    const { at, map, set } = freezeDeep({ map: new Map([["a", 1]]), set: new Set([1]), at: new Date(5) })
    for (const change of [() => map.set("b", 2), () => map.delete("a"), () => map.clear()]) {
      assert.throws(change, /freeze/)
    }
    for (const change of [() => set.add(2), () => set.delete(1), () => set.clear()]) assert.throws(change, /freeze/)
    for (const change of [() => at.setTime(1), () => at.setUTCHours(1)]) assert.throws(change, /freeze/)
    assert.deepStrictEqual([map.get("a"), set.has(1), at.getTime()], [1, true, 5])
    assert.deepStrictEqual([map, set, at], [new Map([["a", 1]]), new Set([1]), new Date(5)])
    freezeDeep({ map, set, at })
  })

  it("freezeDeep reaches the content of a Map, Set or Date of another realm, and a change of it throws", () => {
    const value = runInNewContext(`({
      map: new Map([[{ n: 1 }, { n: 2 }]]),
      set: new Set([{ n: 3 }]),
      at: new Date(5),
      shown: { [Symbol.toStringTag]: "Map", n: 4 }
    })`)
    const { at, map, set, shown } = freezeDeep(value)
    for (
      const change of [() => map.set(1, 2), () => map.clear(), () => set.add(2), () => set.clear(), () => at.setTime(1)]
    ) {
      assert.throws(change, /freeze/)
    }
    for (const part of [...map.keys(), ...map.values(), ...set, shown]) assert.isTrue(Object.isFrozen(part))
    assert.deepStrictEqual([map.size, set.size, at.getTime()], [1, 1, 5])
  })

  it("freezeDeep leaves fields that types of Effect compute lazily", () => {
    const value = freezeDeep({
      at: DateTime.makeUnsafe(0),
      n: BigDecimal.make(10n, 1),
      list: Chunk.append(Chunk.make(1), 2)
    })
    assert.strictEqual(DateTime.toPartsUtc(value.at).year, 1970)
    assert.strictEqual(BigDecimal.format(BigDecimal.normalize(value.n)), "1")
    assert.deepStrictEqual(Chunk.toReadonlyArray(value.list), [1, 2])
  })

  it("freezeDeep refuses a part that cannot be immutable, and leaves the whole value as it was", () => {
    for (
      const part of [
        new Uint8Array(1),
        Buffer.from("a"),
        new Float64Array(1),
        new DataView(new ArrayBuffer(1)),
        new ArrayBuffer(1),
        Object.freeze(new Map()),
        Object.freeze(new Set()),
        Object.freeze(new Date()),
        new WeakMap(),
        new URL("https://a.test"),
        new URLSearchParams(),
        new Headers()
      ]
    ) {
      const value = { first: { n: 1 }, list: [part] }
      assert.throws(() => freezeDeep(value), Unfreezable)
      assert.isFalse([value, value.first, value.list].some(Object.isFrozen), part.constructor.name)
    }
  })

  it("freezeDeep calls no getter, and ends for a value that refers to itself", () => {
    const value: any = {
      get broken() {
        throw new Error("called")
      }
    }
    value.self = value
    assert.isTrue(Object.isFrozen(freezeDeep(value)))
  })

  it("freezeDeep does not recur, and visits each of 200,000 shared parts once", () => {
    let node: unknown = null
    for (let i = 0; i < 200_000; i++) node = { left: node, right: node }
    assert.isTrue(Object.isFrozen(freezeDeep(node)))
  })
})

describe("freeze of a family", () => {
  const run = <A>(app: any, store: Layer.Layer<any, any>, body: Effect.Effect<A, any, any>) =>
    Effect.provide(
      body,
      Layer.provide(app.modules({ page: app.owner("page") }), Layer.fresh(store)) as Layer.Layer<any>
    )

  it.effect("a family with `freeze` returns frozen values that a lower tier kept", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const app: any = make("Frozen", {
        families: {
          page: { pattern: "page:{id}", value: Schema.Struct({ rows: Schema.Array(Schema.String) }), freeze: true }
        }
      })
      const lmdb = LmdbStore.layer({ path, durability: "process" })
      for (const store of [TieredStore.layer([MemoryStore.layer({ capacity: 10 }), lmdb]), lmdb]) {
        yield* run(app, store, app.keys.page.set({ id: "1" }, { rows: ["a"] }))
        const read: any = yield* run(app, store, app.keys.page.get({ id: "1" }))
        assert.isTrue(Object.isFrozen(read) && Object.isFrozen(read.rows))
      }
    }))
})
