/**
 * Grants the leases of one engine, and ends them.
 *
 * - Conflicting requests are served in the order in which they came. A request that conflicts with an earlier one waits
 *   behind it, so readers cannot starve a writer.
 * - Several patterns are acquired at once or not at all, so no two requests can wait for each other.
 * - Every wait ends: by a grant, by the request's own deadline, or because a holder's time is over.
 *
 * Not here: leases among processes. Tiers that several processes share implement the same contract.
 *
 * Gray, Cheriton: Leases (SOSP 1989). Fencing: Burrows, The Chubby lock service (OSDI 2006).
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import { millisOf } from "../../ownership/DurationInput.ts"
import { type KeyPattern, matches, overlaps } from "../../pattern/KeyPattern.ts"
import { DeadlineHeap, type Ending } from "../internal/deadlineHeap.ts"
import { LeaseQueues, type Request } from "../internal/leaseQueues.ts"
import { type Lease, LeaseError, type LeaseMode, type LeaseOptions } from "../Lease.ts"
import { outside } from "./outside.ts"

/** The values of options that are left out. */
export const defaults = { mode: "exclusive", deadline: "10 seconds", timeToLive: "1 minute" } as const

/**
 * What has happened to the keys of a lease since its grant. The engine keeps it, and refuses a write under the lease
 * whose value may be made from a value that is gone.
 */
export interface Term {
  /** The invalidations up to this one came before the grant, or before the last write under the lease. */
  stamp: number
  /** A key of the lease was removed or loaded with another value since then. */
  isOvertaken: boolean
  /** The cache has had an answer for a key since then, which the holder may have read: a value, or that it has none. */
  wasSeen: boolean
  /** The tags of these values; `undefined` if there are too many, or if they are not known. */
  tags: ReadonlyArray<string> | undefined
  /**
   * The key, if the last answer of a load was that this key has no value. The same answer once more changes nothing for
   * the holder.
   */
  absentKey: string | undefined
}

/** Grants leases, and ends them. */
export interface LeaseTable {
  /**
   * Acquires a lease. `shown` replaces the patterns in errors and logs, if the patterns themselves must not be shown.
   * `prepare` runs between the grant and the moment when the caller gets the lease, from which its time counts. What it
   * returns ends with the deadline; the caller gets the lease nevertheless. If it fails, the lease is given back.
   */
  readonly acquire: <E = never>(
    patterns: ReadonlyArray<KeyPattern>,
    options?: LeaseOptions,
    shown?: ReadonlyArray<string>,
    prepare?: (lease: Lease) => Effect.Effect<void, E>
  ) => Effect.Effect<Lease, LeaseError | E, Scope.Scope>
  /** Whether this table granted the lease, held or not. */
  readonly isOwn: (lease: Lease) => boolean
  /** Whether no lease is held. A write asks this first, so it costs one comparison where no lease is held. */
  readonly isEmpty: boolean
  /** Whether a lease on the key is held, of either mode. */
  readonly isLeased: (key: string) => boolean
  /** What has happened to the keys of a lease since it was granted. Only for a lease that the table granted. */
  termOf(lease: Lease): Term
  /** The terms of the leases on a key that are held. */
  termsOf(key: string): Iterable<Term>
  /**
   * Marks the terms of the leases on keys of the pattern of which `isChanged` says that they have changed. Of a lease
   * on a pattern with parameters no key is known, so it counts as changed.
   */
  readonly overtake: (pattern: KeyPattern, isChanged: (key: string, term: Term) => boolean) => void
  /** Ends every lease that shares a key with the pattern. */
  readonly revoke: (pattern: KeyPattern) => Effect.Effect<void>
  /** The leases that are held, the oldest first. */
  readonly held: Effect.Effect<ReadonlyArray<Lease>>
}

// Bounds the fibers that wait for leases of one table, and the characters of their patterns. Beyond it, requests fail
// at once.
const waitersMax = 100_000
const waitingCharactersMax = 16_777_216

// A waiting request learns at least this often whether a lease in its way is over.
const watchMillisMax = 60_000

/** A request, and its result. */
interface Asked extends Request {
  readonly shown: ReadonlyArray<string>
  readonly timeToLiveMillis: number
  /** How long it may take from the grant until the caller gets the lease. */
  readonly leadMillis: number
  granted: Holder | undefined
  /** Whether the caller gets the lease, even if the deadline comes before what it waits for. */
  isSure: boolean
  /** Present while the request waits. */
  resume: ((exit: Exit.Exit<Holder, LeaseError>) => void) | undefined
}

interface Holder extends Ending {
  readonly asked: Asked
  readonly lease: Lease
  readonly term: Term
  /** In milliseconds of the monotonic clock. */
  endsAt: number
  ended: boolean
}

const isWide = ({ holes, rest }: KeyPattern): boolean => rest || holes.length > 0

const refused = (shown: ReadonlyArray<string>, why: LeaseError["why"]) => new LeaseError({ patterns: shown, why })

const charactersOf = ({ patterns }: Request): number => patterns.reduce((sum, { source }) => sum + source.length, 0)

/** Returns a greater token than all before. */
export type NextToken = (nowMillis: number) => number

class LocalTable implements LeaseTable {
  private readonly clock: Clock.Clock
  private readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  private readonly nextToken: NextToken
  private readonly holders = new Set<Holder>()
  private readonly ends = new DeadlineHeap<Holder>()
  private readonly queues = new LeaseQueues()
  private readonly granted = new WeakMap<Lease, Term>()
  /** The holders of each key, and those whose patterns have parameters. */
  private readonly ofKeys = new Map<string, Set<Holder>>()
  private readonly wide = new Set<Holder>()
  /** Requests that have a lease, but whose fibers are not resumed yet. */
  private readonly unresumed: Array<readonly [resume: NonNullable<Asked["resume"]>, holder: Holder]> = []
  private resuming = false
  private waiting = 0
  private waitingCharacters = 0
  private watcher: { readonly fiber: Fiber.Fiber<void>; readonly until: number } | undefined = undefined

  constructor(
    clock: Clock.Clock,
    nextToken: NextToken,
    fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  ) {
    this.clock = clock
    this.nextToken = nextToken
    this.fork = fork
  }

  readonly acquire = <E = never>(
    patterns: ReadonlyArray<KeyPattern>,
    options: LeaseOptions = {},
    shown: ReadonlyArray<string> = patterns.map(({ source }) => source),
    prepare?: (lease: Lease) => Effect.Effect<void, E>
  ) => {
    const deadlineMillis = millisOf(options.deadline ?? defaults.deadline)
    const isExclusive = (options.mode ?? defaults.mode) === "exclusive"
    const timeToLiveMillis = millisOf(options.timeToLive ?? defaults.timeToLive)
    return Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const own = Object.freeze([...patterns])
        const asked: Asked = {
          patterns: own,
          isExclusive,
          shown,
          timeToLiveMillis,
          leadMillis: prepare === undefined ? 0 : deadlineMillis,
          granted: undefined,
          isSure: false,
          resume: undefined
        }
        const prepared = Effect.flatMap(this.wait(asked), (holder) => {
          asked.isSure = true
          return Effect.as(prepare?.(holder.lease) ?? Effect.void, holder)
        })
        const waited = Effect.timeoutOrElse(prepared, {
          duration: deadlineMillis,
          orElse: () => asked.isSure ? Effect.succeed(asked.granted!) : Effect.fail(refused(shown, "timeout"))
        })
        // A request that is interrupted, or too late, at the moment of the grant must not keep the lease.
        const giveBack = Effect.sync(() => {
          if (asked.granted !== undefined) this.end(asked.granted)
        })
        const acquired = Effect.acquireRelease(
          Effect.onError(restore(waited), () => giveBack),
          (holder) => Effect.sync(() => this.end(holder))
        )
        return Effect.map(acquired, (holder) => this.give(holder))
      })
    )
  }

  readonly isOwn = (lease: Lease): boolean => this.granted.has(lease)

  get isEmpty(): boolean {
    return this.holders.size === 0
  }

  readonly isLeased = (key: string): boolean => {
    for (const _ of this.termsOf(key)) return true
    return false
  }

  termOf(lease: Lease): Term {
    return this.granted.get(lease)!
  }

  *termsOf(key: string): Iterable<Term> {
    const now = this.now()
    // A lease whose time is over stays in the table until a request waits for it.
    for (const { endsAt, term } of this.ofKeys.get(key) ?? []) if (endsAt > now) yield term
    for (const { asked, endsAt, term } of this.wide) {
      if (endsAt > now && asked.patterns.some((pattern) => matches(key, pattern))) yield term
    }
  }

  readonly overtake = (pattern: KeyPattern, isChanged: (key: string, term: Term) => boolean): void => {
    for (const { asked, term } of this.holders) {
      const isIn = (own: KeyPattern) => overlaps(own, pattern) && (isWide(own) || isChanged(own.source, term))
      if (asked.patterns.some(isIn)) term.isOvertaken = true
    }
  }

  readonly revoke = (pattern: KeyPattern) =>
    Effect.sync(() => {
      for (const holder of this.holders) {
        if (holder.asked.patterns.some((own) => overlaps(own, pattern))) this.end(holder)
      }
    })

  readonly held = Effect.sync(() => {
    this.expire()
    return Array.from(this.holders, ({ lease }) => lease)
  })

  /** Waits for its turn. */
  private wait(asked: Asked): Effect.Effect<Holder, LeaseError> {
    return Effect.callback((resume) => {
      this.expire()
      if (this.waiting >= waitersMax || this.waitingCharacters >= waitingCharactersMax) {
        return resume(Exit.fail(refused(asked.shown, "queue full")))
      }
      this.queues.join(asked)
      asked.resume = resume
      this.count(asked, 1)
      this.grant([asked])
      this.watch()
      return Effect.sync(() => {
        if (asked.resume === undefined) return
        this.count(asked, -1)
        asked.resume = undefined
        this.grant(this.queues.leave(asked))
        this.watch()
      })
    })
  }

  private count(asked: Asked, by: 1 | -1): void {
    this.waiting += by
    this.waitingCharacters += by * charactersOf(asked)
  }

  /** Ends leases whose time is over, while a request waits for one. */
  private watch(): void {
    const until = this.waiting === 0 ? Infinity : this.ends.first?.endsAt ?? Infinity
    if (this.watcher !== undefined) {
      if (this.watcher.until <= until && until < Infinity) return
      this.watcher.fiber.interruptUnsafe()
      this.watcher = undefined
    }
    if (until === Infinity) return
    const millis = Math.max(1, Math.min(until - this.now(), watchMillisMax))
    const end = Effect.sync(() => {
      this.watcher = undefined
      this.expire()
      this.watch()
    })
    this.watcher = { fiber: this.fork(Effect.andThen(Effect.sleep(millis), end)), until }
  }

  /** Grants the requests that nothing blocks, in the order of asking. */
  private grant(candidates: ReadonlyArray<Request>): void {
    for (const candidate of candidates) {
      // Only `wait` puts requests into the queues.
      const asked = candidate as Asked
      if (asked.resume === undefined || this.queues.isBlocked(asked)) continue
      this.unresumed.push([asked.resume, this.hold(asked)])
    }
    // A resumed fiber runs at once, and may end its lease before it returns. The next fiber is not resumed inside the
    // one before, because a long line of them would overflow the stack.
    if (this.resuming) return
    this.resuming = true
    for (let i = 0; i < this.unresumed.length; i++) {
      const [resume, holder] = this.unresumed[i]!
      resume(Exit.succeed(holder))
    }
    this.unresumed.length = 0
    this.resuming = false
  }

  private hold(asked: Asked): Holder {
    const { isExclusive, leadMillis, patterns, shown, timeToLiveMillis } = asked
    this.count(asked, -1)
    asked.resume = undefined
    const nowMillis = this.clock.currentTimeMillisUnsafe()
    const expiresAt = nowMillis + timeToLiveMillis
    const endsAt = this.now() + leadMillis + timeToLiveMillis
    const isHeldUnsafe = () => !holder.ended && holder.endsAt > this.now()
    const check = Effect.suspend(() => isHeldUnsafe() ? Effect.void : Effect.fail(refused(shown, "ended")))
    const mode: LeaseMode = isExclusive ? "exclusive" : "shared"
    const fields = { mode, token: this.nextToken(nowMillis), expiresAt, isHeldUnsafe, check }
    // Not enumerable, so that code that prints a lease does not print its keys.
    const lease: Lease = Object.defineProperties(fields as unknown as Lease, {
      patterns: { value: patterns },
      shown: { value: shown }
    })
    const term: Term = { stamp: 0, isOvertaken: false, wasSeen: false, tags: [], absentKey: undefined }
    const holder: Holder = { asked, lease, term, endsAt, heapAt: -1, ended: false }
    asked.granted = holder
    this.holders.add(holder)
    this.ends.add(holder)
    this.granted.set(lease, term)
    this.enter(holder)
    return holder
  }

  /** Gives the lease to its caller. Its time counts from now on. */
  private give(holder: Holder): Lease {
    const { asked: { leadMillis, timeToLiveMillis }, lease } = holder
    if (leadMillis > 0 && !holder.ended) {
      this.ends.remove(holder)
      holder.endsAt = this.now() + timeToLiveMillis
      this.ends.add(holder)
      Object.assign(lease, { expiresAt: this.clock.currentTimeMillisUnsafe() + timeToLiveMillis })
      this.watch()
    }
    // A write trusts the mode of the lease, so it must not change.
    return Object.freeze(lease)
  }

  private enter(holder: Holder): void {
    if (holder.asked.patterns.some(isWide)) return void this.wide.add(holder)
    for (const { source } of holder.asked.patterns) {
      const others = this.ofKeys.get(source)
      if (others === undefined) this.ofKeys.set(source, new Set([holder]))
      else others.add(holder)
    }
  }

  private leave(holder: Holder): void {
    if (this.wide.delete(holder)) return
    for (const { source } of holder.asked.patterns) {
      const others = this.ofKeys.get(source)
      others?.delete(holder)
      if (others?.size === 0) this.ofKeys.delete(source)
    }
  }

  private end(holder: Holder): void {
    if (holder.ended) return
    holder.ended = true
    this.holders.delete(holder)
    this.leave(holder)
    this.ends.remove(holder)
    this.grant(this.queues.leave(holder.asked))
    this.watch()
  }

  private expire(): void {
    const now = this.now()
    for (let first = this.ends.first; first !== undefined && first.endsAt <= now; first = this.ends.first) {
      this.end(first)
    }
  }

  /** Milliseconds of the monotonic clock: setting the wall clock back makes no lease longer. */
  private now(): number {
    return Number(this.clock.monotonicTimeNanosUnsafe()) / 1_000_000
  }
}

/**
 * Makes a lease table for one process. `nextToken` returns the numbers of a counter that begins at the wall clock, or
 * above what the place remembers, so that they grow from process to process, and that all engines over a place share.
 */
export const make = (nextToken: NextToken): Effect.Effect<LeaseTable> =>
  Effect.map(
    Effect.context<never>(),
    (context) =>
      new LocalTable(
        Context.get(context, Clock.Clock),
        nextToken,
        (work) => outside(() => Effect.runForkWith(context)(work))
      )
  )
