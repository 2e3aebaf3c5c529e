/**
 * Manifests of thousands of families are built, written, read and ended in time. A module at the end of a long chain
 * reads what it needs, and has no further right.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import type { CacheError } from "../../src/cache/CacheError.ts"
import { engineKey } from "../../src/manifest/internal/grants.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import type * as DependencyGraph from "../../src/ownership/DependencyGraph.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import type { Store } from "../../src/store/Store.ts"

// Manifests of this size are data: the compiler knows nothing of them.
type Accessor = { readonly [operation: string]: (...args: ReadonlyArray<unknown>) => Effect.Effect<any, CacheError> }
interface Built {
  readonly keys: { readonly [family: string]: Accessor }
  readonly graph: DependencyGraph.DependencyGraph
  readonly owner: (family: string, options: object) => Layer.Layer<never, CacheError, any>
  readonly modules: (modules: object) => Layer.Layer<any, CacheError, Store>
}

let classes = 0
const make = (families: object): Built => {
  const base = (Manifest.Service as any)()(`Chains${++classes}`, { families })
  return class extends base {} as any
}

type SourcesOf = (index: number) => ReadonlyArray<number>
const chain: SourcesOf = (index) => index === 0 ? [] : [index - 1]
const fanOut: SourcesOf = (index) => index === 0 ? [] : [0]
const fanIn = (count: number): SourcesOf => (index) =>
  index === count - 1 ? Array.from({ length: index }, (_, source) => source) : []
const grid = (side: number): SourcesOf => (index) => [
  ...(index % side === 0 ? [] : [index - 1]),
  ...(index < side ? [] : [index - side])
]

const familiesOf = (count: number, sourcesOf: SourcesOf) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, {
    pattern: `f${index}:{id}`,
    derives: sourcesOf(index).map((source) => `f${source}:{id}`)
  }]))

const key = { id: "1" }

/** One module for each family. Its lookup reads the sources of the family. */
const appOf = (built: Built, count: number, sourcesOf: SourcesOf, others: object = {}) => {
  const modules = Array.from({ length: count }, (_, index) => {
    const sources = sourcesOf(index).map((source) => built.keys[`f${source}`]!)
    const lookup = () => Effect.as(Effect.forEach(sources, (source) => source["get"]!(key)), index)
    return [`f${index}`, built.owner(`f${index}`, { lookup })]
  })
  return Layer.provide(
    built.modules({ ...Object.fromEntries(modules), ...others }),
    MemoryStore.layer({ capacity: 2 * count })
  )
}

/** The steps of all plans that are compiled from now on. */
const countSteps = (built: Built): { steps: number } => {
  const count = { steps: 0 }
  const { compile } = built.graph
  ;(built.graph as { compile: typeof compile }).compile = (...args) => {
    const plan = compile(...args)
    count.steps += plan.length
    return plan
  }
  return count
}

const cpuSeconds = (since?: NodeJS.CpuUsage) => {
  const { system, user } = process.cpuUsage(since)
  return (system + user) / 1e6
}

describe("manifest of many families", () => {
  // Seconds of CPU. It takes one; where each family got a list of everything that it depends on, it took a hundred.
  const buildMax = 10

  it.live(
    "a manifest is built and ended in time when each of 2,000 families derives from the one before",
    () =>
      Effect.gen(function*() {
        const since = process.cpuUsage()
        const built = make(familiesOf(2_000, chain))
        const compiled = countSteps(built)
        yield* Effect.scoped(Layer.build(appOf(built, 2_000, chain)))
        assert.isAtMost(compiled.steps, 2_000)
        assert.isBelow(cpuSeconds(since), buildMax)
      }),
    300_000
  )

  for (
    const [shape, sourcesOf] of [
      ["hangs on one source", fanOut],
      ["feeds one family", fanIn(10_000)]
    ] as const
  ) {
    it.live(`a manifest is built and takes a write when it ${shape} of 10,000 families`, () =>
      Effect.gen(function*() {
        const built = make(familiesOf(10_000, sourcesOf))
        const app = Layer.build(appOf(built, 10_000, sourcesOf))
        yield* Effect.scoped(Effect.gen(function*() {
          const context = yield* app
          yield* Effect.provideContext(built.keys["f0"]!["set"]!(key, 7), context)
          assert.strictEqual(yield* Effect.provideContext(built.keys["f0"]!["get"]!(key), context), 7)
        }))
      }), 120_000)
  }

  for (const [shape, sourcesOf] of [["a chain", chain], ["a grid", grid(100)]] as const) {
    it(`a manifest is read as ${shape} of 10,000 families, and says what the first one drops`, () => {
      const built = make(familiesOf(10_000, sourcesOf))
      assert.lengthOf(built.graph.plans[0]!, 9_999)
      assert.lengthOf(built.graph.compile(9_998, 9_999), 1)
    })
  }

  it.live(
    "a read compiles the steps between two families, and the first change compiles the plan",
    () =>
      Effect.gen(function*() {
        const count = 1_000
        const built = make(familiesOf(count, chain))
        const compiled = countSteps(built)
        yield* Effect.gen(function*() {
          assert.isAtMost(compiled.steps, count)
          for (let index = 0; index < count; index++) yield* built.keys[`f${index}`]!["get"]!(key)
          assert.isAtMost(compiled.steps, 2 * count)
          const before = compiled.steps
          yield* built.keys["f0"]!["set"]!(key, 7)
          yield* built.keys["f0"]!["set"]!(key, 8)
          assert.strictEqual(compiled.steps - before, count - 1)
        }).pipe(Effect.provide(appOf(built, count, chain)))
      }),
    60_000
  )
})

describe("rights of a module at the end of a long chain", () => {
  const count = 200
  const last = `f${count - 1}`

  /** Runs something in the Context of the module of one family, while all are built and after all have ended. */
  const inModule = <A>(
    family: string,
    use: (built: Built, context: Context.Context<any>, valid: { readonly key: string }) => Effect.Effect<A>
  ) =>
    Effect.gen(function*() {
      const built = make(familiesOf(count, chain))
      let found: Context.Context<any> | undefined
      const module = Layer.merge(
        built.owner(family, { lookup: () => Effect.succeed(0) }),
        Layer.effectDiscard(Effect.map(Effect.context<any>(), (context) => void (found = context)))
      )
      const scope = yield* Scope.make()
      yield* Layer.buildWithScope(appOf(built, count, chain, { [family]: module }), scope)
      const context = found!
      const during = yield* use(built, context, built as any)
      yield* Scope.close(scope, Effect.runSync(Effect.exit(Effect.void)))
      return [during, yield* use(built, context, built as any)] as const
    })

  const outcome = (effect: Effect.Effect<unknown, CacheError>, context: Context.Context<any>) =>
    effect.pipe(
      Effect.provideContext(context as Context.Context<never>),
      Effect.match({ onSuccess: String, onFailure: (error) => error.reason._tag })
    )

  it.live("the module reads every family upstream until it ends", () =>
    Effect.gen(function*() {
      const [during, after] = yield* inModule(
        last,
        (built, context) => outcome(built.keys["f0"]!["get"]!(key), context)
      )
      assert.deepStrictEqual([during, after], ["0", "Revoked"])
    }))

  it.live("the module reads no family downstream, and writes no family of another owner", () =>
    Effect.gen(function*() {
      const [read] = yield* inModule("f100", (built, context) => outcome(built.keys[last]!["get"]!(key), context))
      const [written] = yield* inModule(last, (built, context) => outcome(built.keys["f0"]!["set"]!(key, 1), context))
      assert.deepStrictEqual([read, written], ["NotOwner", "NotOwner"])
    }))

  it.live("the Context of the module has the few rights that its type names", () =>
    Effect.gen(function*() {
      const [[names, direct]] = yield* inModule(last, (_, context) =>
        Effect.sync(() => {
          const borrows = [...context.mapUnsafe.keys()].filter((name) => name.includes("/borrow/"))
          return [borrows.length, borrows.some((name) => name.endsWith(`/f${count - 2}:{id}`))] as const
        }))
      assert.deepStrictEqual([names, direct], [1, true])
    }))

  it.live("a short chain keeps all rights by name, even below another module", () =>
    Effect.gen(function*() {
      const [during] = yield* inModule("f20", (built, context) =>
        Effect.gen(function*() {
          const others = [...context.mapUnsafe].filter(([name]) => !name.includes("/word/"))
          return yield* outcome(built.keys["f0"]!["get"]!(key), Context.makeUnsafe(new Map(others)))
        }))
      assert.strictEqual(during, "0")
    }))

  it.live("the rights count for their own engine, and for no other", () =>
    Effect.gen(function*() {
      const [during] = yield* inModule(last, (built, context, { key: id }) =>
        outcome(built.keys["f0"]!["get"]!(key), Context.add(context, engineKey(id), {} as never)))
      assert.strictEqual(during, "NotOwner")
    }))

  it.live("the lookup of the module reads the first family of the chain, and a change of that family reaches it", () =>
    Effect.gen(function*() {
      const built = make(familiesOf(count, chain))
      const far = built.owner(last, { lookup: () => built.keys["f0"]!["get"]!(key) })
      yield* Effect.gen(function*() {
        assert.strictEqual(yield* built.keys[last]!["get"]!(key), 0)
        yield* built.keys["f0"]!["set"]!(key, 7)
        assert.strictEqual(yield* built.keys[last]!["get"]!(key), 7)
      }).pipe(Effect.provide(appOf(built, count, chain, { [last]: far })))
    }))
})
