/**
 * `mayDiffer` decides whether a loaded value differs from the held one. It may call equal values different, but never
 * different values equal. It never throws and ends within a bound.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import * as Hash from "effect/Hash"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { isDeepStrictEqual } from "node:util"
import { mayDiffer } from "../../../src/cache/internal/loads/differs.ts"
import { make } from "../../../src/manifest/internal/manifest.ts"
import * as MemoryStore from "../../../src/store/memory/MemoryStore.ts"

class Point extends Data.Class<{ readonly x: number }> {}
class User extends Schema.Class<User>("User")({ name: Schema.String }) {}
class Money {
  readonly #cents: number
  constructor(cents: number) {
    this.#cents = cents
  }
  get cents() {
    return this.#cents
  }
}
class Rates extends Map<string, number> {
  readonly currency: string
  constructor(rows: ReadonlyArray<readonly [string, number]>, currency = "EUR") {
    super(rows)
    this.currency = currency
  }
}
class Entity implements Equal.Equal {
  readonly id = 1
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
  [Equal.symbol](): boolean {
    return true
  }
  [Hash.symbol](): number {
    return 0
  }
}

const shared = (depth: number): unknown => {
  let node: unknown = { leaf: true }
  for (let i = 0; i < depth; i++) node = { left: node, right: node }
  return node
}
const list = (length: number): unknown => {
  let node: unknown = null
  for (let i = 0; i < length; i++) node = { next: node }
  return node
}

describe("mayDiffer", () => {
  it("two values that mayDiffer calls equal are equal", () =>
    fc.assert(fc.property(
      fc.anything({ withMap: true, withSet: true, withDate: true, withTypedArray: true, withSparseArray: true }),
      fc.anything({ withMap: true, withSet: true, withDate: true }),
      (one, other) => {
        if (!mayDiffer(one, other)) assert.isTrue(isDeepStrictEqual(one, other))
        assert.isFalse(mayDiffer(one, one))
      }
    )))

  it("two values that are made in the same way are called equal", () =>
    fc.assert(fc.property(
      fc.clone(
        fc.anything({ withMap: true, withSet: true, withDate: true, withTypedArray: true, withSparseArray: true }),
        2
      ),
      ([one, other]) => assert.isFalse(mayDiffer(one, other))
    )))

  it("a change of one part of a value is found", () => {
    const values = (n: number): ReadonlyArray<unknown> => [
      { a: [n, { b: "x" }], [Symbol.for("s")]: n },
      new Map([["a", { n }]]),
      new Set([n, "a"]),
      new Date(n),
      new Uint8Array(100).fill(n),
      Option.some({ n }),
      Chunk.make(n, 1),
      HashMap.make(["a", n]),
      Redacted.make(`secret ${n}`),
      new Point({ x: n }),
      new User({ name: `${n}` }),
      Object.assign([], { 1: n }),
      NaN * n
    ]
    for (const [i, value] of values(1).entries()) {
      assert.isFalse(mayDiffer(value, values(1)[i]), `value ${i}`)
      if (i < 12) assert.isTrue(mayDiffer(value, values(2)[i]), `value ${i}`)
    }
    assert.isTrue(mayDiffer([-0], [0]))
    assert.isTrue(mayDiffer([undefined], Object.assign([], { length: 1 })))
    assert.isTrue(mayDiffer({ a: undefined }, {}))
    assert.isTrue(mayDiffer(new Point({ x: 1 }), { x: 1 }))
  })

  it("a change of a property is found in a value that has other content", () => {
    const key = Symbol.for("key")
    const contents: Record<string, () => object> = {
      "a Map": () => new Map([["a", 1]]),
      "a subclass of Map": () => new Rates([["a", 1]]),
      "a Set": () => new Set(["a"]),
      "a Date": () => new Date(0),
      "a RegExp": () => /a/u,
      "an array": () => ["a"],
      "bytes": () => new Uint8Array(100),
      "no bytes": () => new Uint8Array(0),
      "numbers": () => new Float64Array(100),
      "a DataView": () => new DataView(new ArrayBuffer(100))
    }
    for (const [name, content] of Object.entries(contents)) {
      const value = (extra: object) => Object.assign(content(), extra)
      assert.isFalse(mayDiffer(value({}), value({})), name)
      assert.isFalse(
        mayDiffer(value({ unit: { name: "EUR" }, [key]: 1 }), value({ unit: { name: "EUR" }, [key]: 1 })),
        name
      )
      assert.isTrue(mayDiffer(value({ unit: "EUR" }), value({ unit: "USD" })), name)
      assert.isTrue(mayDiffer(value({ unit: { name: "EUR" } }), value({ unit: { name: "USD" } })), name)
      assert.isTrue(mayDiffer(value({ [key]: 1 }), value({ [key]: 2 })), name)
      assert.isTrue(mayDiffer(value({}), value({ unit: "EUR" })), name)
      assert.isTrue(mayDiffer(value({ unit: "EUR" }), value({})), name)
    }
    assert.isTrue(mayDiffer(new Rates([["a", 1]], "EUR"), new Rates([["a", 1]], "USD")))
  })

  it("a value that shows none of its content counts as different", () => {
    assert.isTrue(mayDiffer(new Money(1), new Money(1)))
    assert.isTrue(mayDiffer(new URL("https://a.test"), new URL("https://b.test")))
    assert.isTrue(mayDiffer(new WeakMap(), new WeakMap()))
  })

  it("an entity that is equal by its id differs if another property does", () => {
    assert.isTrue(mayDiffer({ owner: new Entity("Ann") }, { owner: new Entity("Eve") }))
    assert.isFalse(mayDiffer({ owner: new Entity("Ann") }, { owner: new Entity("Ann") }))
  })

  it("objects with the same properties in another order differ, as their texts do", () =>
    assert.isTrue(mayDiffer({ a: 1, b: 2 }, { b: 2, a: 1 })))

  it("an Exit is compared within the bound, by its parts", () => {
    assert.isTrue(mayDiffer(Exit.succeed(new Map([["a", -0]])), Exit.succeed(new Map([["a", 0]]))))
    assert.isFalse(mayDiffer(Exit.succeed(shared(40)), Exit.succeed(shared(40))))
    assert.isTrue(mayDiffer(Exit.fail("a"), Exit.fail("b")))
  })

  it("mayDiffer calls no getter, and counts a Proxy that throws as a difference", () => {
    const broken = () => ({
      get a(): number {
        throw new Error("called")
      }
    })
    assert.isTrue(mayDiffer(broken(), broken()))
    const proxy = () =>
      new Proxy({}, {
        ownKeys: () => {
          throw new Error("no")
        }
      })
    assert.isTrue(mayDiffer(proxy(), proxy()))
  })

  it("mayDiffer compares shared parts once, and ends for cycles", () => {
    assert.isFalse(mayDiffer(shared(40), shared(40)))
    const cycle = () => {
      const value: any = { n: 1 }
      value.self = value
      return value
    }
    assert.isFalse(mayDiffer(cycle(), cycle()))
  })

  it("mayDiffer counts values beyond its bound as different", () => {
    assert.isFalse(mayDiffer(list(3_000), list(3_000)))
    assert.isTrue(mayDiffer(list(300_000), list(300_000)))
    assert.isTrue(mayDiffer(list50k, Array.from(list50k)))
    assert.isFalse(mayDiffer(new Uint8Array(600_000), new Uint8Array(600_000)))
    assert.isTrue(mayDiffer(new Uint8Array(700_000), new Uint8Array(700_000)))
    // To name what bytes have beside their elements, all of these are listed.
    const named = (length: number) => Object.assign(new Uint8Array(length), { name: "x" })
    assert.isFalse(mayDiffer(named(30_000), named(30_000)))
    assert.isTrue(mayDiffer(named(50_000), named(50_000)))
    assert.isTrue(mayDiffer(named(30_000), new Uint8Array(30_000)))
    assert.isTrue(mayDiffer(new Set(list50k), new Set(list50k)))
  })
})

const list50k = Array.from({ length: 50_000 }, (_, n) => n)

describe("load over a held value", () => {
  const run = (
    families: Record<string, object>,
    body: (keys: any) => Effect.Effect<void, any, any>,
    lookup: () => unknown
  ) => {
    const app: any = make("Compared", { families })
    const modules = Object.fromEntries(
      Object.keys(families).map((name) => [name, app.owner(name, { lookup: () => Effect.sync(lookup) })])
    )
    return Effect.provide(
      body(app.keys),
      Layer.provide(app.modules(modules), MemoryStore.layer({ capacity: 10 })) as Layer.Layer<any>
    )
  }
  // A value that says when it is looked into.
  const watched = (seen: () => void) =>
    new Proxy({ a: 1 }, {
      ownKeys: (target) => {
        seen()
        return Reflect.ownKeys(target)
      }
    })

  it.effect("a load does not compare values when no family derives from its own", () =>
    Effect.gen(function*() {
      let looks = 0
      yield* run({ graph: { pattern: "graph:{id}" } }, (keys) =>
        Effect.andThen(keys.graph.get({ id: "1" }), keys.graph.refresh({ id: "1" })), () =>
        watched(() => looks++))
      assert.strictEqual(looks, 0)
    }))

  it.effect("a load compares values when a family derives from its own, and succeeds when the comparison throws", () =>
    Effect.gen(function*() {
      let looks = 0
      yield* run(
        { graph: { pattern: "graph:{id}" }, page: { pattern: "page:{id}", derives: ["graph:{id}"] } },
        (keys) =>
          Effect.gen(function*() {
            yield* keys.graph.get({ id: "1" })
            yield* keys.page.set({ id: "1" }, "page")
            yield* keys.graph.refresh({ id: "1" })
            assert.isFalse(yield* keys.page.has({ id: "1" }))
          }),
        () =>
          watched(() => {
            looks++
            throw new Error("no")
          })
      )
      assert.isAbove(looks, 0)
    }))
})
