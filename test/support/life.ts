/**
 * One life of a process over a place that outlives it, for stories of several releases.
 */
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import { Store } from "effect-stateless/store/Store"
import { InvalidStoreOptions, StoreError } from "effect-stateless/store/StoreError"
import * as TieredStore from "effect-stateless/store/TieredStore"
import * as FaultyStore from "effect-stateless/testing/FaultyStore"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { App } from "./engine.ts"
import { mapStore, type Place } from "./mapStore.ts"

/** One running engine of a release. */
export interface Engine<Name extends string = any> {
  readonly app: App<Name>
  readonly run: <A>(effect: Effect.Effect<A, any, any>) => Effect.Effect<A, any>
}

export interface LifeOptions<Name extends string = any> {
  readonly place: Place
  readonly families: Record<Name, object>
  readonly owners: (app: App<Name>) => Record<string, unknown>
  readonly set?: "through" | "onEviction" | undefined
  readonly capacity?: number | undefined
  readonly engines?: number | undefined
  /** Writes of the lower tier fail until `heal` is run. */
  readonly isFaulty?: boolean | undefined
  /** Without memory above the lower tier. */
  readonly isAlone?: boolean | undefined
  /** Another place that outlives the process, above the lowest tier. */
  readonly upper?: Place | undefined
  /** With a tier of live values between both. */
  readonly hasMiddle?: boolean | undefined
}

/** A tier of the place that refuses what has no codec, as a file does. */
const fileOf = (place: Place, name = "cold"): Store["Service"] => {
  const cold = mapStore({ name, place })
  const refused = new StoreError({
    reason: new InvalidStoreOptions({ tier: name, option: "codec", why: "is missing" })
  })
  return Store.of({
    ...cold,
    open: (family) => family.codec === undefined ? Effect.fail(refused) : cold.open(family)
  })
}

/** Runs a body with the engines of one release, and ends them as the end of a process does. */
export const lifeOf = <A, E, Name extends string = any>(
  options: LifeOptions<Name>,
  body: (engines: ReadonlyArray<Engine<Name>>, heal: Effect.Effect<void>) => Effect.Effect<A, E, any>
): Effect.Effect<A, any> =>
  Effect.scoped(Effect.gen(function*() {
    const { capacity = 100, engines = 1, families, hasMiddle, isAlone, isFaulty, owners, place, set = "through" } =
      options
    const middle = [
      ...hasMiddle === true ? [mapStore({ name: "middle" })] : [],
      ...options.upper === undefined ? [] : [fileOf(options.upper, "upper")]
    ]
    const rules = isFaulty === true
      ? [{ fault: { kind: "fail" }, operations: ["set", "remove", "recordMarks"] } as const]
      : []
    const [tier, faults] = yield* FaultyStore.make(fileOf(place), { rules })
    const app: App<Name> = (Manifest.Service as any)()("App", { families })
    const store = isAlone === true ? Layer.succeed(Store, tier) : Layer.effect(
      Store,
      Effect.map(
        MemoryStore.make({ capacity, shards: 1 }),
        (memory) => TieredStore.make([memory, ...middle, tier], { set })
      )
    )
    const live = app.modules(owners(app)).pipe(Layer.provide(store), Layer.fresh) as Layer.Layer<any, any>
    const running: Array<Engine<Name>> = []
    for (let i = 0; i < engines; i++) {
      const context: Context.Context<any> = yield* Layer.build(live)
      running.push({ app, run: (effect) => Effect.provideContext(effect, context) as any })
    }
    const result = yield* body(running, faults.stop)
    // The outbox has carried all by the end of the life.
    yield* Effect.repeat(Effect.yieldNow, { times: 50 })
    return result
  })) as any
