/**
 * What every tier must do, as tests: the contract of `Store`, one promise each, and a model that random stories are
 * compared with.
 *
 * The tests are plain effects, so that any runner can run them; `run` hands them to one in the shape of
 * `@effect/vitest`. Time is the `TestClock`. Each test builds the layer anew and expects an empty store that has room
 * for 2,000 small entries.
 *
 * Not here: what a tier evicts when it is full, how fast it is, what it does when its driver fails.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { Store } from "../store/Store.ts"
import * as Rounds from "./internal/roundPromises.ts"
import * as Promises from "./internal/storePromises.ts"
import * as StoreStory from "./internal/storeStory.ts"
import * as Values from "./internal/storeValues.ts"

/**
 * One promise: it fails, with a `PromiseBroken` or the tier's own error, when it is not kept. It expects a `TestClock`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Test {
  readonly name: string
  readonly effect: Effect.Effect<void, unknown, Scope.Scope>
}

/**
 * What the suite must know of a tier.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<E> {
  /**
   * Makes a place, and answers with a layer onto it. To build that layer again is a restart, and finds what was left.
   * Without it the tier promises nothing across restarts.
   */
  readonly restarts?: Effect.Effect<Layer.Layer<Store, E>, E, Scope.Scope> | undefined
  /** `false` for a tier whose `size` is only near the truth. */
  readonly sizeIsExact?: boolean | undefined
  /** How many random stories are compared with the model. 25 unless given. */
  readonly stories?: number | undefined
  /** The first story; each further one counts up. A failure names its own. 1 unless given. */
  readonly seed?: number | undefined
}

/**
 * What `run` needs of a test runner; `@effect/vitest` has it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Runner {
  readonly describe: (name: string, body: () => void) => void
  readonly it: { readonly effect: (name: string, test: () => Effect.Effect<void, unknown, Scope.Scope>) => unknown }
}

/**
 * Registers the suite with a test runner.
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
 * @category running
 * @since 0.1.0
 */
export const run = <E>(runner: Runner, name: string, layer: Layer.Layer<Store, E>, options?: Options<E>): void =>
  runner.describe(`${name} keeps the contract of a store`, () => {
    for (const test of tests(layer, options)) runner.it.effect(test.name, () => test.effect)
  })

/**
 * The suite as plain effects.
 *
 * @category running
 * @since 0.1.0
 */
export const tests = <E>(layer: Layer.Layer<Store, E>, options?: Options<E>): ReadonlyArray<Test> => {
  const onFresh = ([name, body]: Promises.Promised): Test => ({
    name,
    effect: Effect.provide(body, Layer.fresh(layer))
  })
  const { restarts } = options ?? {}
  return [
    ...[...Promises.always, ...Values.always, ...Rounds.rounds].map(onFresh),
    ...(options?.sizeIsExact === false ? [] : Promises.sizes.map(onFresh)),
    ...(restarts === undefined
      ? []
      : [...Promises.restarted, ...Values.restarted, ...Rounds.restarted].map((promise) =>
        overRestart(restarts, promise)
      )),
    {
      name: "does what a plain map does, whatever the story",
      effect: StoreStory.compare(layer, { stories: options?.stories ?? 25, seed: options?.seed ?? 1 })
    }
  ]
}

const overRestart = <E>(
  restarts: Effect.Effect<Layer.Layer<Store, E>, E, Scope.Scope>,
  { after, before, name }: Promises.Restarted
): Test => ({
  name,
  effect: Effect.flatMap(restarts, (layer) => {
    const live = (life: Promises.Promised[1]) =>
      Effect.scoped(Effect.flatMap(Layer.build(Layer.fresh(layer)), (context) => Effect.provide(life, context)))
    return Effect.andThen(live(before), live(after))
  })
})
