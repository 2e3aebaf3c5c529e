/**
 * Opens an engine: its families in a store, the marks that the store has kept, and the life and session that it enters.
 *
 * Not here: what an engine does once it is open (`cache.ts`), and how a life and a session are found out (`internal/`).
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Scheduler from "effect/Scheduler"
import type * as Scope from "effect/Scope"
import * as LeaseTable from "../../capability/shared/leaseTable.ts"
import type { FamilyPolicy } from "../../ownership/FamilyPolicy.ts"
import type { Codec, Later } from "../../store/Codec.ts"
import { checked } from "../../store/shared/checkedStore.ts"
import { CoarseClock } from "../../store/shared/coarseClock.ts"
import * as PatientScheduler from "../../store/shared/patientScheduler.ts"
import { VersionClock } from "../../store/shared/versionClock.ts"
import { type Mark, type MarkLog, Store } from "../../store/Store.ts"
import type { StoreError } from "../../store/StoreError.ts"
import { CacheError, InvalidOption } from "../CacheError.ts"
import { ifItCan, inTime } from "../internal/below/inTime.ts"
import { type SharedLife } from "../internal/entries/peers.ts"
import * as Expiry from "../internal/family/expiry.ts"
import { noLimits } from "../internal/family/limits.ts"
import { familyName, splitScope } from "../internal/family/names.ts"
import { sealed, sealedCodec, sealedPartition } from "../internal/family/sensitive.ts"
import { storeFailed } from "../internal/family/storeFailed.ts"
import { type CompiledStep, eachReachedFromAll, type InvalidationPlan, listed } from "../shared/invalidationPlan.ts"
import type { Origin } from "../shared/origin.ts"
import { everything } from "../shared/slices.ts"
import { Cache } from "./cache.ts"
import { CacheFamily } from "./cacheFamily.ts"
import { isOfLives, lifeOf, type Opened } from "./internal/lives.ts"
import { haveParted, pastSessions, sessionMark, tiersOf } from "./internal/sessions.ts"

/**
 * A family of a cache, with the plan of its dependents.
 *
 * @category models
 * @since 0.1.0
 */
export interface FamilyOptions {
  readonly name: string
  /** The pattern as the manifest writes it, for messages. */
  readonly pattern: string
  readonly render: (key: string) => string
  /** The full key as errors, events and explanations show it; `render` unless given. */
  readonly show?: ((key: string) => string) | undefined
  /** How a segment or a tag is shown; the text itself unless given. */
  readonly hide?: ((text: string) => string) | undefined
  /** Whether errors, events and explanations hide keys and values. */
  readonly isSensitive?: boolean | undefined
  readonly parse: (rendered: string) => string | undefined
  readonly codec: Codec<any> | Later<any> | undefined
  /** Whether a value may be an Exit; it may not unless given. */
  readonly takesExits?: boolean | undefined
  readonly weigher: ((key: string, value: any) => number) | undefined
  readonly policy: FamilyPolicy
  /** The steps as a list, or as a plan that compiles them when they are needed. */
  readonly plan: ReadonlyArray<CompiledStep> | InvalidationPlan
  /** How it is made, so that a store knows whether it has missed a change; without sources unless given. */
  readonly origin?: Origin | undefined
}

/**
 * Opens the families in the `Store` of the Context, and restores the marks that the store has kept.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: (
  id: string,
  families: ReadonlyArray<FamilyOptions>,
  manifestKey?: string
) => Effect.Effect<Cache, CacheError, Store | Scope.Scope> = Effect.fnUntraced(
  function*(id: string, families: ReadonlyArray<FamilyOptions>, manifestKey?: string) {
    const store = checked(yield* Store)
    const time = new CoarseClock(yield* Clock.Clock)
    const versions = new VersionClock(store.commons, time)
    const random = yield* Random.Random
    const cache = yield* Effect.acquireRelease(
      Effect.map(
        LeaseTable.make((now) => versions.next(now)),
        (leases) => new Cache(id, store, time, versions, random, leases, manifestKey)
      ),
      (made) => Effect.sync(() => made.close())
    )
    const policies = new Map(families.map(({ name, policy }) => [name, policy]))
    for (const options of families) yield* openFamily(cache, options, policies)
    yield* enterPeers(cache)
    const scheduler = PatientScheduler.from(yield* Scheduler.Scheduler)
    yield* Effect.provideService(cache.outbox.run, Scheduler.Scheduler, scheduler)
    yield* cache.outbox.settled
    // What other processes change from here on is heard, and what they have changed is among the marks.
    if (store.news !== undefined) yield* store.news(cache.hearNews)
    const kept = yield* Effect.mapError(inTime(store, "loadMarks", store.loadMarks), storeFailed)
    const stampBefore = Math.max(store.commons.stamp, kept.stampMax)
    store.commons.stamp = stampBefore + 1
    versions.saw(kept.versionMax ?? 0)
    restoreMarks(cache, kept.marks)
    // Where processes share the tiers, the place itself knows what each of them has missed (`store/redis/README.md`).
    if (!cache.isShared) {
      if (stampBefore > 0) cache.opened()
      const { obsolete, recorded } = enterLife(cache, families, kept, stampBefore > 0)
      // A tier that does not take them counts as away the next time.
      if (recorded.length > 0) yield* ifItCan(store.recordMarks(recorded))
      if (obsolete.length > 0) yield* Effect.forkScoped(ifItCan(store.removeMarks(obsolete)))
    }
    yield* Effect.provideService(cache.sweeper.run, Scheduler.Scheduler, scheduler)
    return cache
  }
)

/**
 * Lets the engine learn the changes of its peers, until the Scope closes.
 *
 * From then on the engine learns of new marks. Marks that are on their way reach the store before the engine reads all
 * marks from it. At the end, the engine first waits until its changes have arrived; then it leaves its peers, and its
 * partitions are closed.
 */
const enterPeers = (cache: Cache): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => cache.peers.enter(cache)),
    () => Effect.sync(() => leavePeers(cache))
  )

const leavePeers = (cache: Cache): void => {
  cache.peers.leave(cache)
  const life = cache.peers.lifeOf(cache)
  if (life === undefined) return
  // What it still pushes down is of the session that ends with it.
  cache.outbox.life = { ...life }
  beginSession(cache, life)
  // Peers that change nothing more do so as well: a round that is under way now may be their last one.
  for (const peer of cache.peers.of(cache)) {
    peer.sendOwed()
    peer.outlive()
  }
}

const restoreMarks = (cache: Cache, marks: ReadonlyArray<Mark>): void => {
  for (const { scope, stamp } of marks) {
    const { familyName, marked } = splitScope(scope)
    if (!isOfLives(marked)) cache.byStoreName.get(familyName)?.restoreMark(marked, stamp)
  }
}

/** Opens one family in the store of an engine. */
const openFamily = Effect.fnUntraced(function*(
  cache: Cache,
  options: FamilyOptions,
  policies: ReadonlyMap<string, FamilyPolicy>
) {
  const { codec, hide = (text: string) => text, isSensitive = false, name, parse, pattern, render, weigher } = options
  const { show = render, takesExits = false } = options
  const own = yield* Expiry.make(options.policy, name)
  if (own.behindMillisMax === 0 && cache.isShared) yield* refuseStrict(cache.store.name, name)
  const plan = "all" in options.plan ? options.plan : listed(options.plan)
  const expiry = cache.isShared ? { ...own, behindMillisMax: boundOf(own, plan, policies) } : own
  let lost: StoreError | undefined
  const opened = cache.store.open<unknown>({
    name: familyName(cache.id, name),
    render: show,
    parse,
    form: JSON.stringify([pattern, options.origin?.form ?? ""]),
    owed: () => cache.outbox.life.owed,
    codec: isSensitive && codec !== undefined ? sealedCodec(codec) : codec,
    weigher,
    behindMillisMax: expiry.behindMillisMax,
    capacity: options.policy.capacity,
    weightMax: options.policy.weightMax,
    onEvict: (key, entry, cause) => cache.families.get(name)?.left(key, cause, entry),
    onPushedDown: (key, entry) => cache.families.get(name)?.pushedDown(key, entry),
    onTierFailure: (operation, error) =>
      cache.families.get(name)?.tierFailed(operation, isSensitive ? sealed(error) : error),
    onPlaceLost: (error) => {
      lost = error
      cache.families.get(name)?.placeLost(error)
    }
  })
  const partition = yield* Effect.mapError(inTime(cache.store, "open", opened), storeFailed)
  if (partition.hot === undefined) yield* refuseBounds(options)
  const { admits, admitsKind } = codec ?? {}
  const misfit = codec !== undefined && "later" in codec ? codec.misfit : undefined
  const isDerived = Array.from(options.origin?.sources() ?? []).length > 0
  const isWeighed = options.weigher !== undefined
  const told = { name, pattern, render, parse, show, hide, isSensitive }
  const direct = options.origin?.direct
  const spec = { ...told, expiry, takesExits, admits, admitsKind, misfit, plan, isDerived, direct, isWeighed }
  const shown = isSensitive ? sealedPartition(partition) : partition
  const family = new CacheFamily(cache, { ...spec, partition: shown })
  cache.families.set(name, family)
  cache.byStoreName.set(family.entries.storeName, family)
  if (lost !== undefined) family.placeLost(lost)
})

/** How far behind a family may be: by its own bound, and by those of what is made from it. */
const boundOf = (
  { behindMillisMax }: Expiry.Expiry,
  plan: InvalidationPlan,
  policies: ReadonlyMap<string, FamilyPolicy>
): number => {
  let least = behindMillisMax
  eachReachedFromAll(plan, (name) => {
    // What is not a bound is refused where its own family is opened.
    const dependent = Expiry.behindMillis(policies.get(name)?.consistency)
    if (dependent < least) least = dependent
  })
  return least
}

/** Refuses a family whose reads would each have to ask the tier. */
const refuseStrict = (tier: string, family: string): Effect.Effect<never, CacheError> => {
  const why = `cannot be "strict" over \`${tier}\`, which other processes change: give { bounded: "1 second" }, or a ` +
    "shorter time"
  return Effect.fail(new CacheError({ reason: new InvalidOption({ family, option: "consistency", why }) }))
}

/** Refuses bounds of what memory holds, for a family that memory does not hold. */
const refuseBounds = ({ name: family, policy }: FamilyOptions): Effect.Effect<void, CacheError> => {
  const option = (["capacity", "weightMax"] as const).find((bound) => policy[bound] !== undefined)
  if (option === undefined) return Effect.void
  const why = "bounds what memory holds of the family, but the store has no memory above its other tiers"
  return Effect.fail(new CacheError({ reason: new InvalidOption({ family, option, why }) }))
}

/** Begins another session for the engines that stay: a tier of the one that left misses their changes. */
const beginSession = (cache: Cache, life: SharedLife): void => {
  const { random, time } = cache
  const others = life.owed.filter((mark) => mark !== life.session)
  life.session = sessionMark(familyName(cache.id, ""), time.now(), random, cache.nextStamp())
  life.owed = [...others, life.session]
  life.isKnown = true
}

/** The marks that the tiers of the engine need from the beginning, and those that the store may remove. */
interface Entered {
  readonly obsolete: ReadonlyArray<Mark>
  readonly recorded: ReadonlyArray<Mark>
}

/**
 * Hides the entries of families that have missed changes while they were not open, and of all families if a tier was
 * away. These marks, and the rows of the open families, go below with the first round, because nothing is written
 * before it that another life could miss.
 */
const enterLife = (
  cache: Cache,
  families: ReadonlyArray<FamilyOptions>,
  kept: MarkLog,
  mayHold: boolean
): Entered => {
  const limitBy = (limits: SharedLife["limits"]) => {
    for (const { entries } of cache.families.values()) entries.limiter.use(limits.get(entries.storeName) ?? noLimits)
  }
  const prefix = familyName(cache.id, "")
  const begun = cache.peers.lifeOf(cache)
  // Memory above the tiers is in step with that of the engines that are open, so it does not count as away.
  const hottest = begun !== undefined && Array.from(cache.families.values()).some(({ hot }) => hot !== undefined)
    ? 1
    : 0
  const haveTiersParted = mayHold && haveParted(tiersOf(kept).slice(hottest), prefix)
  const past = pastSessions(kept, prefix)
  const all = Array.from(cache.families.keys())
  const hide = (names: ReadonlyArray<string>) =>
    names.flatMap((name) => cache.families.get(name)!.entries.marking.missed(cache.stamp))
  const hideNow = () => {
    cache.nextStamp()
    return hide(all)
  }
  if (begun !== undefined) {
    cache.outbox.life = begun
    restoreMarks(cache, begun.hides)
    limitBy(begun.limits)
    return { obsolete: past, recorded: joinSession(cache, kept, begun, haveTiersParted ? hideNow() : []) }
  }
  const opened = families.map((family) => openedOf(cache, family))
  const { isKnown, life, limits, obsolete } = lifeOf(opened, kept.marks, prefix, () => cache.nextStamp())
  // A family that ends with the process cannot miss a change.
  if (!isKnown && opened.every(({ below }) => below === "nothing")) return { obsolete: [], recorded: [] }
  const session = sessionMark(prefix, cache.time.now(), cache.random, cache.nextStamp())
  const hides = mayHold ? hide(haveTiersParted ? all : life?.missed ?? []) : []
  const entered = { hides, limits, session, owed: [...hides, ...life?.rows ?? [], session], isKnown }
  limitBy(limits)
  cache.peers.beginLife(cache, entered)
  cache.outbox.life = entered
  return { obsolete: [...obsolete, ...past], recorded: [] }
}

const openedOf = (
  cache: Cache,
  { codec, name, origin = { form: "", sources: () => [] }, pattern }: FamilyOptions
): Opened => {
  const { expiry: { idleTimeToLive = Infinity, timeToLive }, lane, storeName } = cache.families.get(name)!.entries
  const below = lane === undefined ? "nothing" : codec === undefined ? "values" : "bytes"
  return { name, storeName, pattern, origin, below, timeToLive, idleTimeToLive }
}

/**
 * Enters the session of the engines that are open. Returns the marks that the tiers of this engine need from the
 * beginning; none if it has no tier of its own.
 */
const joinSession = (
  cache: Cache,
  kept: MarkLog,
  life: SharedLife,
  hides: ReadonlyArray<Mark>
): ReadonlyArray<Mark> => {
  const families = Array.from(cache.families.values())
  if (hides.length > 0) {
    for (const { name } of families) {
      cache.tell(name, { _tag: "Marked", slice: everything, mode: "hide", stamp: cache.stamp })
    }
    life.hides = [...life.hides, ...hides]
    life.owed = [...life.owed, ...hides]
  }
  // The hottest tier begins empty, and the lowest one is that of the others.
  const own = tiersOf(kept).length - (families.some(({ hot }) => hot !== undefined) ? 2 : 1)
  if (own <= 0) return []
  const rows = kept.marks.filter(({ scope }) =>
    scope.startsWith(familyName(cache.id, "")) && isOfLives(splitScope(scope).marked)
  )
  return [...rows, ...life.owed, life.session]
}
