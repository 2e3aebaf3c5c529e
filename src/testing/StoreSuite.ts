/**
 * The contract of `Store` as tests for any tier: one test for each promise, and random stories that are compared with a
 * model.
 *
 * The tests are plain effects, so any runner can run them. `run` registers them with a runner such as `@effect/vitest`.
 * Time is that of `TestClock`. Each test builds the layer again, and expects an empty store that has room for 2,000
 * small entries.
 *
 * Not here: which entries a full tier evicts, how fast a tier is, and how it behaves when its driver fails.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { Store } from "../store/Store.ts"
import * as Entries from "./internal/entryPromises.ts"
import * as Marks from "./internal/markPromises.ts"
import * as Order from "./internal/orderPromises.ts"
import * as Pages from "./internal/pagePromises.ts"
import type { Promised, Restarted } from "./internal/promise.ts"
import * as Restarts from "./internal/restartPromises.ts"
import * as Rounds from "./internal/roundPromises.ts"
import * as StoreStory from "./internal/storeStory.ts"
import * as Values from "./internal/storeValues.ts"

/**
 * A test of one promise. It fails with `PromiseBroken`, or with the tier's own error, if the tier does not keep the
 * promise. It needs a `TestClock`.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Test {
  readonly name: string
  readonly effect: Effect.Effect<void, unknown, Scope.Scope>
}

/**
 * The facts about a tier that the suite needs.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Options<E> {
  /**
   * Makes a new place for data, and returns a layer of the tier over that place. A second build of that layer is a
   * restart, and must find the data of the first one. Without this option, the suite tests no restarts.
   */
  readonly restarts?: Effect.Effect<Layer.Layer<Store, E>, E, Scope.Scope> | undefined
  /** `false` for a tier whose `size` is approximate. */
  readonly sizeIsExact?: boolean | undefined
  /** The number of random stories that are compared with the model. 25 by default. */
  readonly stories?: number | undefined
  /** The seed of the first story; each further story has the next seed. A failure names its seed. 1 by default. */
  readonly seed?: number | undefined
}

/**
 * The part of a test runner that `run` uses. `@effect/vitest` has it.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Runner {
  readonly describe: (name: string, body: () => void) => void
  readonly it: { readonly effect: (name: string, test: () => Effect.Effect<void, unknown, Scope.Scope>) => unknown }
}

/**
 * Registers the suite with a test runner, for one tier. Call it at the top of a test file.
 *
 * **When to use**
 *
 * For a tier of your own: the engine relies on every promise that the suite tests.
 *
 * **Example** (Testing a tier)
 *
 * ```ts no-run
 * import { describe, it } from "@effect/vitest"
 * import * as MemoryStore from "effect-stateless/store/MemoryStore"
 * import * as StoreSuite from "effect-stateless/testing/StoreSuite"
 *
 * StoreSuite.run({ describe, it }, "MemoryStore", MemoryStore.layer({ capacity: 10_000 }))
 * ```
 *
 * @see {@link tests} for other runners
 * @stability experimental
 * @category running
 * @since 0.1.0
 */
export const run = <E>(runner: Runner, name: string, layer: Layer.Layer<Store, E>, options?: Options<E>): void =>
  runner.describe(`${name} keeps the contract of a store`, () => {
    for (const test of tests(layer, options)) runner.it.effect(test.name, () => test.effect)
  })

/**
 * The tests of the suite as plain effects, for a runner that is not like `@effect/vitest`.
 *
 * **When to use**
 *
 * With a runner of your own, or to run a single promise.
 *
 * **Example** (Running every promise without a runner)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { TestClock } from "effect/testing"
 * import { MemoryStore } from "effect-stateless"
 * import { StoreSuite } from "effect-stateless/testing"
 *
 * const tests = StoreSuite.tests(MemoryStore.layer({ capacity: 10_000 }), { stories: 1 })
 * const [first] = tests
 * const run = Effect.scoped(Effect.provide(first!.effect, TestClock.layer()))
 * const outcome = await Effect.runPromise(Effect.exit(run))
 * outcome._tag // => "Success"
 * ```
 *
 * @see {@link run} for a runner such as `@effect/vitest`
 * @stability experimental
 * @category running
 * @since 0.1.0
 */
export const tests = <E>(layer: Layer.Layer<Store, E>, options?: Options<E>): ReadonlyArray<Test> => {
  const onFresh = ([name, body]: Promised): Test => ({
    name,
    effect: Effect.provide(body, Layer.fresh(layer))
  })
  const { restarts } = options ?? {}
  return [
    ...[
      ...Entries.basics,
      ...Values.always,
      ...Order.time,
      ...Order.order,
      ...Pages.pages,
      ...Marks.marks,
      ...Marks.sweeps,
      ...Rounds.rounds
    ].map(onFresh),
    ...(options?.sizeIsExact === false ? [] : Entries.sizes.map(onFresh)),
    ...(restarts === undefined
      ? []
      : [...Restarts.restarted, ...Values.restarted, ...Rounds.restarted].map((promise) =>
        overRestart(restarts, promise)
      )),
    {
      name: "does the same as a plain map, in each random story",
      effect: StoreStory.compare(layer, { stories: options?.stories ?? 25, seed: options?.seed ?? 1 })
    }
  ]
}

const overRestart = <E>(
  restarts: Effect.Effect<Layer.Layer<Store, E>, E, Scope.Scope>,
  { after, before, name }: Restarted
): Test => ({
  name,
  effect: Effect.flatMap(restarts, (layer) => {
    const live = (life: Promised[1]) =>
      Effect.scoped(Effect.flatMap(Layer.build(Layer.fresh(layer)), (context) => Effect.provide(life, context)))
    return Effect.andThen(live(before), live(after))
  })
})
