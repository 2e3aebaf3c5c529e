/**
 * Collects the changes of the cache that are made within a database transaction, and applies them after the commit.
 *
 * - The body runs in a Context that names the transaction. Changes of the cache in that Context are collected, and
 *   reads in that Context see what the transaction has changed.
 * - The database decides: this module only learns how its combinator ended. A success is a commit, a failure of the
 *   body is a rollback, and everything else is a doubt.
 * - A combinator may run the body again. Each run collects on its own. If all runs before the last one failed, they
 *   were rolled back, and the last one counts as if it were the only one.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { CacheError, InvalidOption, TransactionRefused } from "../CacheError.ts"
import type { InvalidationMode } from "../CacheEvent.ts"
import type { BatchWrite, Cache } from "../engine/cache.ts"
import type { CacheFamily } from "../engine/cacheFamily.ts"
import type { Slice } from "../Explanation.ts"
import { type Delivery, isDeliveryLike, noDelivery } from "../internal/below/delivery.ts"
import { orRedressed } from "../internal/entries/cacheContext.ts"
import { loadOf, openWork } from "../internal/loads/load.ts"
import { type Reads, TrackedReads } from "../internal/reads/trackedReads.ts"
import type { KeyLookup } from "../shared/loader.ts"
import { lookupOf } from "./internal/callersLoad.ts"
import {
  connectionsIn,
  CurrentTransaction,
  forgetUnconnected,
  Frame,
  frameIn,
  isInUnknown,
  withoutTransaction
} from "./internal/frame.ts"
import { TransactionReads } from "./internal/transactionReads.ts"
import {
  batch as collectBatch,
  dropSlices as collectSlices,
  RefusedWrites,
  TransactionWrites,
  unknownTransaction,
  type Writes
} from "./internal/transactionWrites.ts"

/**
 * The manifest of a transaction: its name in messages, and the class whose changes the transaction collects.
 *
 * @category models
 * @since 0.1.0
 */
export interface Of {
  readonly id: string
  readonly manifestKey: string
}

/**
 * The combinator of a database that runs a body in a transaction, such as `sql.withTransaction`.
 *
 * @category models
 * @since 0.1.0
 */
export type Within = (body: Effect.Effect<any, any, any>) => Effect.Effect<any, any, any>

/**
 * Runs a body by the combinator of a database. The changes that the body collected take effect after the commit.
 *
 * @category running
 * @since 0.1.0
 */
export const run = (
  manifest: Of,
  within: Within,
  body: Effect.Effect<any, any, any>
): Effect.Effect<any, any, any> =>
  Effect.withFiber((fiber) => {
    const before = fiber.context
    const around = frameIn(before)
    const parent = frameIn(before, manifest.manifestKey)
    const frames: Array<Frame> = []
    const attempt = Effect.withFiber((inner) => {
      const { context } = inner
      if (around === undefined && isSavepoint(before, context)) return Effect.fail(inUnknown(manifest.id))
      for (const { collected } of frames) collected.vacate()
      const frame = new Frame(manifest, parent, frameIn(context), givenBetween(before, context), context)
      frames.push(frame)
      const ended = Effect.flatMap(body, (value) => {
        frame.close()
        return parent === undefined ? Effect.as(frame.collected.seal(), value) : Effect.succeed(value)
      })
      return Effect.onExit(Effect.provideService(ended, CurrentTransaction, frame), (exit) =>
        Effect.sync(() => {
          frame.close()
          frame.ending = Exit.isSuccess(exit) ? "done" : "failed"
        }))
    })
    // The program around the body may have set a savepoint of its own. The cache does not learn how that savepoint
    // ends.
    const isKnown = (parent ?? around)?.isOn(before) !== false
    return Effect.onExit(within(attempt), (exit) => conclude(frames, parent, around, Exit.isSuccess(exit), isKnown))
  })

const conclude = (
  frames: ReadonlyArray<Frame>,
  parent: Frame | undefined,
  around: Frame | undefined,
  succeeded: boolean,
  isKnown: boolean
): Effect.Effect<void> => {
  for (const frame of frames) frame.close()
  const outcomes = frames.map((frame) => [frame, outcomeOf(frame, frames, succeeded)] as const)
  return Effect.forEach(outcomes, ([{ collected }, outcome]) => {
    if (outcome === "rolledBack") return collected.release()
    if (parent !== undefined) {
      // A savepoint that ends after its transaction has missed the commit.
      if (!parent.isOpen) return collected.doubt()
      return Effect.sync(() => parent.collected.absorb(collected, isKnown && outcome === "committed"))
    }
    if (outcome === "unknown") return collected.doubt()
    if (around === undefined) return collected.commit()
    // In the same database this is not committed yet; in another database it is. The outer transaction decides, and
    // holds the keys until then.
    return around.isOpen ? Effect.sync(() => around.collected.adopt(collected, isKnown)) : collected.doubt()
  }, { discard: true })
}

type Outcome = "committed" | "rolledBack" | "unknown"

const outcomeOf = (frame: Frame, frames: ReadonlyArray<Frame>, succeeded: boolean): Outcome => {
  const isBelieved = succeeded && frame === frames.at(-1)
  // A run before the last one whose body succeeded has perhaps been committed, and perhaps after this one.
  if (frame.ending === "done") {
    return isBelieved && frames.every((other) => other === frame || other.ending === "failed") ? "committed" : "unknown"
  }
  // A combinator that succeeds although its body failed may have committed the changes of the body.
  return frame.ending === "failed" && !isBelieved ? "rolledBack" : "unknown"
}

const givenBetween = (before: Context.Context<never>, after: Context.Context<never>): Context.Context<never> => {
  const given = new Map<string, unknown>()
  for (const [key, service] of after.mapUnsafe) if (before.mapUnsafe.get(key) !== service) given.set(key, service)
  return Context.makeUnsafe(given)
}

/** Whether a transaction of the database was already open. Then the combinator has set a savepoint. */
const isSavepoint = (before: Context.Context<never>, after: Context.Context<never>): boolean => {
  for (const [key, connection] of connectionsIn(before)) if (after.mapUnsafe.get(key) !== connection) return true
  return false
}

const inUnknown = (manifest: string): CacheError =>
  new CacheError({
    reason: new TransactionRefused({
      code: "E0526",
      manifest,
      why: "it was opened inside a database transaction that the cache does not know",
      help: `open the outer transaction with \`${manifest}.transaction(sql.withTransaction)\`, too`
    })
  })

// --- what a Context decides -----------------------------------------------------------------------------------------

/**
 * Whether a Context reads in its own way: it belongs to a running lookup, or to the body of a transaction.
 *
 * @category guards
 * @since 0.1.0
 */
export const isLookupOrBody = (context: Context.Context<never>): boolean =>
  openWork.count > 0 && (loadOf(context) !== undefined || frameIn(context) !== undefined)

/**
 * The Context of the lookup or of the transaction's body that is running now; `undefined` if none is.
 *
 * @category accessors
 * @since 0.1.0
 */
export const currentLookupOrBody = (): Context.Context<never> | undefined => {
  if (openWork.count === 0) return undefined
  const context = Fiber.getCurrent()?.context
  return context !== undefined && isLookupOrBody(context) ? context : undefined
}

/**
 * A Context without its transaction, and without the connections of it. An owner keeps this one: it may outlive the
 * body in which it was built, and what it loads is kept, so it must not read rows that are not committed.
 *
 * @category combinators
 * @since 0.1.0
 */
export const outside: <R>(context: Context.Context<R>) => Context.Context<R> = withoutTransaction

/**
 * Whether writes in a Context go to the cache at once: it is in no transaction.
 *
 * @category guards
 * @since 0.1.0
 */
export const isDirect = (context: Context.Context<never>): boolean => !isLookupOrBody(context) && !isInUnknown(context)

/**
 * Forgets what is remembered of the last Context, after an engine has ended.
 *
 * @category running
 * @since 0.1.0
 */
export const forgetContext = (): void => {
  forgetUnconnected()
  lastDirect = undefined
}

/**
 * The family as a fiber with this Context reads it: the reads of a lookup are tracked, and the body of a transaction
 * sees what the transaction has collected.
 *
 * @category accessors
 * @since 0.1.0
 */
export const readsOf = <V>(family: CacheFamily<V>, context: Context.Context<never>): Reads<V> => {
  const frame = frameIn(context, family.cache.manifestKey)
  return frame === undefined ? family.readsOf(context) : readsIn(frame, family, context)
}

const readsIn = <V>(frame: Frame, family: CacheFamily<V>, context: Context.Context<never>): Reads<V> => {
  const reads = new TransactionReads(family, frame)
  const load = loadOf(context)
  return load === undefined ? reads : new TrackedReads(reads, load)
}

/**
 * The family as a fiber with this Context writes it: the writes of a transaction's body are collected, and refused
 * inside a transaction that does not collect them.
 *
 * @category accessors
 * @since 0.1.0
 */
export const writesOf = <V>(family: CacheFamily<V>, context: Context.Context<never>): Writes<V> => {
  const frame = frameIn(context, family.cache.manifestKey)
  if (frame !== undefined) return new TransactionWrites(family, frame, frame.isOn(context))
  return isInUnknown(context) ? new RefusedWrites(family.cache.id) : family
}

/**
 * The value if it is in memory and fresh, for callers without a fiber. A lookup, or the body of a transaction, gets
 * only what it may read.
 *
 * @category accessors
 * @since 0.1.0
 */
export const hitUnsafe = <V>(family: CacheFamily<V>, key: string): V | undefined =>
  openWork.count === 0 ? family.hot?.hit(key) : hitInLookupOrBody(family, key)

const hitInLookupOrBody = <V>(family: CacheFamily<V>, key: string): V | undefined =>
  frameOfNow(family) === undefined ? family.hitUnsafe(key) : undefined

const frameOfNow = (family: CacheFamily<any>): Frame | undefined => {
  const context = openWork.count === 0 ? undefined : Fiber.getCurrent()?.context
  return context && frameIn(context, family.cache.manifestKey)
}

/**
 * Takes the second look for callers without a fiber, after `hitUnsafe` found no hit.
 *
 * @category accessors
 * @since 0.1.0
 */
export const readUnsafe = <V>(family: CacheFamily<V>, key: string): V | undefined => {
  const frame = frameOfNow(family)
  if (frame === undefined) return family.readUnsafe(key)
  const reads = new TransactionReads(family, frame)
  const load = loadOf(Fiber.getCurrent()!.context)
  return load === undefined ? reads.peekUnsafe(key)?.value : new TrackedReads(reads, load).readUnsafe(key)
}

// The last Context in which a write at once was allowed. What it belongs to does not begin later.
let lastDirect: Context.Context<never> | undefined

/**
 * Throws unless a family may be written now by a caller without a fiber: a lookup may not write, and the body of a
 * transaction could not wait for its commit.
 *
 * @category guards
 * @since 0.1.0
 */
export const checkAtOnce = (family: CacheFamily<any>, inLookup: () => CacheError): void => {
  const context = Fiber.getCurrent()?.context
  if (context !== undefined && context !== lastDirect) checkContext(family, context, inLookup)
}

const checkContext = (
  family: CacheFamily<any>,
  context: Context.Context<never>,
  inLookup: () => CacheError
): void => {
  if (loadOf(context) !== undefined) throw inLookup()
  const frame = frameIn(context, family.cache.manifestKey)
  if (frame === undefined) {
    if (isInUnknown(context)) throw unknownTransaction(family.cache.id)
    lastDirect = context
    return
  }
  throw new CacheError({
    reason: new TransactionRefused({
      code: "E0524",
      manifest: family.cache.id,
      why: `a write of \`${family.spec.pattern}\` at once would not wait for the commit`,
      help: "yield the Effect, such as `set`, in the body of the transaction"
    })
  })
}

/**
 * Makes a lookup of the load that a caller brings. It runs with the services of that caller.
 *
 * @category accessors
 * @since 0.1.0
 */
export const broughtBy: (
  load: Effect.Effect<any, unknown, any>,
  context: Context.Context<never>
) => KeyLookup<unknown> = lookupOf

/**
 * Waits until the changes of a write at once are in the lower tiers; `undefined` if they are.
 *
 * @category running
 * @since 0.1.0
 */
export const arrived = (family: string, below: unknown): Promise<void> | undefined => {
  if (below === undefined || below === noDelivery) return undefined
  if (isDelivery(below)) return Effect.runPromise(orRedressed(below))
  const reason = new InvalidOption({
    family,
    option: "below",
    why: "must be the answer of a write, such as `setUnsafe`"
  })
  return Promise.reject(new CacheError({ reason }))
}

// A program without types may give any set, or a Proxy, which throws.
const isDelivery = (below: unknown): below is Delivery => {
  try {
    return isDeliveryLike(below) && Array.from(below).every((parcel) => Deferred.isDeferred(parcel?.arrived))
  } catch {
    return false
  }
}

/**
 * Does all writes or none, and readers see all of them at the same time. In the body of a transaction, the writes are
 * collected together.
 *
 * @category running
 * @since 0.1.0
 */
export const batch = (
  cache: Cache,
  context: Context.Context<never>,
  writes: ReadonlyArray<BatchWrite>
): Effect.Effect<void, CacheError> => {
  const frame = frameIn(context, cache.manifestKey)
  if (frame !== undefined) return collectBatch(frame, writes, frame.isOn(context))
  return isInUnknown(context) ? Effect.fail(unknownTransaction(cache.id)) : cache.batch(writes)
}

/**
 * Drops the slices of several families in one step. In the body of a transaction, the slices are collected together.
 *
 * @category running
 * @since 0.1.0
 */
export const dropSlices = (
  cache: Cache,
  context: Context.Context<never>,
  slices: ReadonlyArray<readonly [family: CacheFamily<any>, slice: Slice]>,
  mode: InvalidationMode
): Effect.Effect<void, CacheError> => {
  const frame = frameIn(context, cache.manifestKey)
  if (frame !== undefined) return collectSlices(frame, slices, mode)
  return isInUnknown(context) ? Effect.fail(unknownTransaction(cache.id)) : cache.dropSlices(slices, mode)
}
