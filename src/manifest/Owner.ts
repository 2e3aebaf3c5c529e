/**
 * Types the options of an owner, for the person who writes a lookup: which family it owns, and what its lookup may
 * read.
 *
 * - A lookup makes the entries of a family. So everything that it reads of the same cache must be a declared source of
 *   the family: otherwise a change of the source would not reach the entry.
 * - The requirements of a lookup show what it reads. A lookup that reads anything else does not compile, and the
 *   message stands at the lookup.
 *
 * Not here: which *keys* of a source a lookup reads. Types cannot tell `user:1` from `user:2`. The engine tracks the
 * reads of a lookup, and compares them (E0232).
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type { Pipeable } from "effect/Pipeable"
import type * as Schedule from "effect/Schedule"
import type { DurationInput } from "../ownership/DurationInput.ts"
import type { CodecsOf, DefinitionOf, FamilyOf, PatternOf } from "../ownership/types/definitionParts.ts"
import type { KeyParams, Many } from "./Family.ts"
import type { Answering, Anything, LookupManyOf, LookupOf, Open, PartName } from "./types/lookups.ts"
import type { OwnerDocs } from "./types/ownerDocs.ts"

/**
 * The options of the owner of family `K`. Without a lookup, entries come from writes alone.
 *
 * **When to use**
 *
 * To check options that are written apart from the call of `owner`: `satisfies OwnerOptions<AppCache, "user">`.
 *
 * **Gotchas**
 *
 * Do not write it as an annotation. The compiler then forgets what the lookup requires, and `owner` refuses the options
 * (E0220).
 *
 * **Example** (Options that are written apart)
 *
 * ```ts
 * import { Effect } from "effect"
 * import { Lookup, Manifest, type Owner } from "effect-stateless"
 *
 * class Shop extends Manifest.Service<Shop>()("Shop", {
 *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>() } }
 * }) {}
 *
 * const options = {
 *   lookup: ({ item }) => Effect.succeed(Lookup.loaded(item.length, { timeToLive: "1 minute", tags: ["paper"] }))
 * } satisfies Owner.OwnerOptions<Shop, "price">
 *
 * export const PriceLive = Shop.owner("price", options)
 * ```
 *
 * @see {@link WarmOptions} for keys that are loaded before the first read
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface OwnerOptions<Self, K extends string> extends OwnerDocs {
  readonly lookup?: LookupOf<FamilyOf<DefinitionOf<Self>, K>> | Anything
  readonly lookupMany?: LookupManyOf<FamilyOf<DefinitionOf<Self>, K>> | Anything
  readonly warm?: WarmOf<Self, K> | Anything
  readonly predict?: PredictOptions | Anything
  readonly parts?: { readonly [Part in PartName<DefinitionOf<Self>, K>]?: DelegateOptions<Self, Part> } & Open
}

/**
 * The options of the delegate of a part: its lookup, and the keys to load before they are read.
 *
 * @see {@link OwnerOptions} for the owner of the whole
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface DelegateOptions<Self, K extends string> {
  /** Loads the value of one key of the part, as an owner's `lookup` does. */
  readonly lookup?: LookupOf<FamilyOf<DefinitionOf<Self>, K>> | Anything
  /**
   * Loads the values of several keys of the part, for `getMany`, and returns them in the same order. Without `lookup`,
   * it loads single keys, too.
   */
  readonly lookupMany?: LookupManyOf<FamilyOf<DefinitionOf<Self>, K>> | Anything
  /** Loads the given keys of the part before the first read, and again on a schedule. */
  readonly warm?: WarmOf<Self, K> | Anything
  /** Loads keys of the part again shortly before they end, if their reads so far make another read likely. */
  readonly predict?: PredictOptions | Anything
}

/**
 * Loads keys before the first read: when the owner's layer is built, and again on a schedule.
 *
 * **When to use**
 *
 * Where the keys are known. For keys that only their reads show, use {@link PredictOptions}.
 *
 * **Details**
 *
 * - A round loads the keys of which no tier has a fresh value, and those that would end before the next round.
 * - The layer does not wait for the first round, unless `await` is true. The first round waits at most ten seconds for
 *   the owners of the families that the lookup reads.
 * - Entries of other families that the lookup reads are loaded again first, if they would end before the next round.
 * - If the lookup of a key fails, the next read or the next round loads the key. If the Effect in `keys` fails, or if
 *   `keys` contains an invalid key, that is logged as a warning. Neither fails the layer.
 * - Readers come first: where `loadConcurrency` limits the lookups, these loads leave one turn free, and they take no
 *   place in the queue. At most 16 lookups run at a time, or 16 calls of `lookupMany` with at most 100 keys each.
 * - One fiber runs the rounds, until the owner's Scope closes.
 *
 * **Example** (Loading what the front page needs, at start and every ten minutes)
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { Manifest, MemoryStore } from "effect-stateless"
 *
 * class Shop extends Manifest.Service<Shop>()("Shop", {
 *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>(), timeToLive: "15 minutes" } }
 * }) {}
 *
 * const ShopLive = Shop.modules({
 *   price: Shop.owner("price", {
 *     lookup: ({ item }) => Effect.succeed(item.length),
 *     warm: { keys: [{ item: "pen" }, { item: "ink" }], schedule: "10 minutes", await: true }
 *   })
 * }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
 *
 * await Effect.runPromise(Effect.provide(Shop.keys.price.has({ item: "pen" }), ShopLive)) // => true
 * ```
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface WarmOptions<out P> {
  /** The parameters of the keys, or an Effect that finds them at each round. */
  readonly keys: Many<P> | Effect.Effect<Many<P>, any, any>
  /** When the next round begins, counted from the beginning of the last one: a duration, or a `Schedule`. */
  readonly schedule?: DurationInput | Schedule.Schedule<unknown, unknown, any, any> | undefined
  /** Whether the layer waits for the end of the first round. The default is `false`. */
  readonly await?: boolean | undefined
}

/**
 * Loads keys that are likely to be read again: shortly before their entries end, and soon after these were invalidated.
 * So readers of a hot key do not wait for its lookup.
 *
 * **When to use**
 *
 * For families with a lifetime, whose hot keys are not known beforehand. For known keys, use {@link WarmOptions}.
 *
 * **Details**
 *
 * - The forecast is that the reads of a key go on as in its last one or two lifetimes. A key is loaded again if at
 *   least one read is expected in its next lifetime, and not if it had no read in the lifetime that ends.
 * - Rounds begin every `interval`: by default every tenth of `timeToLive`, at least 100 ms and at most 10 s. A round
 *   loads the keys that end before the next round, at most `keysMax`. Keys with the most reads come first.
 * - Reads are counted in memory, for at most 8,192 keys of the family. If there are more reads than can be looked at, a
 *   sample of them counts. A family without `predict` pays nothing for it.
 * - Entries of other families that the lookup reads are loaded again first. Readers' loads come before these. A failure
 *   is logged, and the next read loads the key.
 *
 * **Gotchas**
 *
 * It needs a tier in memory. Without one, it loads nothing.
 *
 * **Example** (A hot key is not a miss)
 *
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { Manifest, MemoryStore } from "effect-stateless"
 * import { TestClock } from "effect/testing"
 *
 * class Shop extends Manifest.Service<Shop>()("Shop", {
 *   families: { price: { pattern: "price:{item}", value: Manifest.type<number>(), timeToLive: "1 minute" } }
 * }) {}
 * const { price } = Shop.keys
 *
 * const ShopLive = Shop.modules({
 *   price: Shop.owner("price", { lookup: ({ item }) => Effect.succeed(item.length), predict: { keysMax: 100 } })
 * }).pipe(Layer.provide(MemoryStore.layer({ capacity: 100 })))
 *
 * const program = Effect.gen(function*() {
 *   yield* price.get({ item: "ink" })
 *   for (let second = 0; second < 200; second += 10) {
 *     yield* price.get({ item: "pen" })
 *     yield* TestClock.adjust("10 seconds")
 *   }
 *   yield* price.has({ item: "ink" }) // => false
 *   const { misses } = (yield* Shop.stats).price
 *   return misses
 * }).pipe(Effect.provide(ShopLive), Effect.provide(TestClock.layer()))
 * await Effect.runPromise(program) // => 2
 * ```
 *
 * @stability stable
 * @category models
 * @since 0.1.0
 */
export interface PredictOptions {
  /** The maximal number of keys that a round loads. */
  readonly keysMax: number
  /** The time between two rounds. The default is a tenth of `timeToLive`, at least 100 ms and at most 10 s. */
  readonly interval?: DurationInput | undefined
}

// The argument is the name of the family, because errors print it. The family itself would be printed whole.
type WarmOf<Self, K extends string> = Warming<
  KeyParams<PatternOf<FamilyOf<DefinitionOf<Self>, K>>, CodecsOf<FamilyOf<DefinitionOf<Self>, K>>>
>
// The options while the compiler infers the types of their parts. An `any` for what an Effect or a schedule requires
// would be given to each type parameter that has only a default, as in a lookup.
type Warming<P> = {
  readonly [Part in keyof WarmOptions<P>]: Part extends "keys" ? Many<P> | Answering<Many<P>>
    : Part extends "schedule" ? DurationInput | Pipeable | undefined
    : WarmOptions<P>[Part]
}
