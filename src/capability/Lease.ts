/**
 * The right to a set of keys for a time: many may share it, or one has it alone.
 *
 * - At any moment, the leases held on patterns that share a key are all shared, or there is one.
 * - Tokens only grow: a later lease on the same keys has a greater one, so a write that carries the token of a lease
 *   that
 *   has ended can be told from one of its present holder (a *fencing token*).
 * - First come, first served among those who conflict; a request that conflicts with an earlier one waits behind it, so
 *   readers cannot starve a writer.
 * - Several patterns are acquired at once or not at all, so no two requests can wait for each other.
 * - Every wait ends: by a grant, by the request's own deadline, or because a holder's time is over.
 *
 * Not here: leases among processes. Tiers that several processes share implement the same contract.
 *
 * Gray, Cheriton: Leases (SOSP 1989). Fencing: Burrows, The Chubby lock service (OSDI 2006).
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { type KeyPattern, overlaps } from "../pattern/KeyPattern.ts"
import { DeadlineHeap, type Ending } from "./internal/deadlineHeap.ts"
import { LeaseQueues, type Request } from "./internal/leaseQueues.ts"

declare const TypeId: unique symbol

/**
 * Many may hold a shared lease on a key at a time, or one an exclusive one.
 *
 * @category models
 * @since 0.1.0
 */
export type LeaseMode = "shared" | "exclusive"

/**
 * How long to wait for a lease, and how long to hold it.
 *
 * @category models
 * @since 0.1.0
 */
export interface LeaseOptions<out Mode extends LeaseMode = LeaseMode> {
  /** Exclusive by default. */
  readonly mode?: Mode | undefined
  /** How long to wait for those who hold it. Ten seconds by default. */
  readonly deadline?: Duration.Input | undefined
  /** After that the lease ends though its scope is open: the others have waited long enough. A minute by default. */
  readonly timeToLive?: Duration.Input | undefined
}

/**
 * Options that ask for a shared lease, whatever else they say.
 *
 * @category models
 * @since 0.1.0
 */
export interface SharedLeaseOptions extends LeaseOptions<"shared"> {
  readonly mode: "shared"
}

/**
 * What holds where the options say nothing.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaults = { mode: "exclusive", deadline: "10 seconds", timeToLive: "1 minute" } as const

/**
 * A lease that was not granted (`timeout`, `queue full`), or under which this cannot be written: it has `ended`, is
 * `shared`, covers an `other key`, or comes from an `other engine`.
 *
 * @category errors
 * @since 0.1.0
 */
export class LeaseError extends Schema.TaggedError<LeaseError>()("LeaseError", {
  code: Schema.tag("E0219"),
  patterns: Schema.Array(Schema.String),
  why: Schema.Literals(["timeout", "ended", "queue full", "shared", "other key", "other engine"])
}) {
  override get message() {
    const what = this.patterns.map((pattern) => `\`${pattern}\``).join(", ")
    return whys[this.why](what)
  }
}

const whys: { readonly [_ in LeaseError["why"]]: (what: string) => string } = {
  "timeout": (what) => `no lease on ${what}: others hold it, and the deadline has passed`,
  "queue full": (what) => `no lease on ${what}: too many wait for it already`,
  "ended": (what) => `the lease on ${what} has ended`,
  "shared": (what) => `the lease on ${what} is shared, and a write needs an exclusive one`,
  "other key": (what) => `the lease on ${what} does not cover the key that is written`,
  "other engine": (what) => `the lease on ${what} was not granted by the engine that is written`
}

/**
 * A lease that was granted, on keys of the family `Pattern`. It ends with the scope that acquired it, when its time is
 * over, or when it is revoked. A write takes an `exclusive` one of its own key.
 *
 * @category models
 * @since 0.1.0
 */
export interface Lease<out Pattern extends string = string, out Mode extends LeaseMode = LeaseMode> {
  readonly patterns: ReadonlyArray<KeyPattern>
  /** The patterns as errors name them. */
  readonly shown: ReadonlyArray<string>
  readonly mode: Mode
  /** The pattern of the family that it was acquired of. A type alone: only a table makes a lease. */
  readonly [TypeId]: Pattern
  /** Greater than that of every lease before it. */
  readonly token: number
  /** Milliseconds since the epoch, by the clock of the wall as it was when the lease was granted. */
  readonly expiresAt: number
  /** Whether it is held at this moment. */
  readonly isHeldUnsafe: () => boolean
  /** Fails when the lease has ended. */
  readonly check: Effect.Effect<void, LeaseError>
}

/**
 * Who grants leases.
 *
 * @category models
 * @since 0.1.0
 */
export interface LeaseTable {
  /** `shown` is how errors and logs name the patterns, where these must not be shown themselves. */
  readonly acquire: (
    patterns: ReadonlyArray<KeyPattern>,
    options?: LeaseOptions,
    shown?: ReadonlyArray<string>
  ) => Effect.Effect<Lease, LeaseError, Scope.Scope>
  /** Whether the table granted this lease, be it held or not. */
  readonly isOwn: (lease: Lease) => boolean
  /** Ends every lease that shares a key with the pattern. */
  readonly revoke: (pattern: KeyPattern) => Effect.Effect<void>
  /** The leases that are held, the oldest first. */
  readonly held: Effect.Effect<ReadonlyArray<Lease>>
}

// Fibers that wait for leases of one table, and the characters of the patterns that they wait for; beyond, requests
// fail at once.
const waitersMax = 100_000
const waitingCharactersMax = 16_777_216

// A request that waits learns at least this often whether a lease in its way is over.
const watchMillisMax = 60_000

/** A request, and what became of it. */
interface Asked extends Request {
  readonly shown: ReadonlyArray<string>
  readonly timeToLiveMillis: number
  granted: Holder | undefined
  /** While it waits. */
  resume: ((exit: Exit.Exit<Holder, LeaseError>) => void) | undefined
}

interface Holder extends Ending {
  readonly asked: Asked
  readonly lease: Lease
  /** By the monotonic clock. */
  readonly endsAt: number
  ended: boolean
}

const refused = (shown: ReadonlyArray<string>, why: LeaseError["why"]) => new LeaseError({ patterns: shown, why })

const charactersOf = ({ patterns }: Request): number => patterns.reduce((sum, { source }) => sum + source.length, 0)

class LocalTable implements LeaseTable {
  private readonly clock: Clock.Clock
  private readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  private tokens = 0
  private readonly holders = new Set<Holder>()
  private readonly ends = new DeadlineHeap<Holder>()
  private readonly queues = new LeaseQueues()
  private readonly granted = new WeakSet<Lease>()
  /** Those that have a lease and do not know it yet. */
  private readonly untold: Array<readonly [resume: NonNullable<Asked["resume"]>, holder: Holder]> = []
  private resuming = false
  private waiting = 0
  private waitingCharacters = 0
  private watcher: { readonly fiber: Fiber.Fiber<void>; readonly until: number } | undefined = undefined

  constructor(clock: Clock.Clock, fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>) {
    this.clock = clock
    this.fork = fork
  }

  readonly acquire = (
    patterns: ReadonlyArray<KeyPattern>,
    options: LeaseOptions = {},
    shown: ReadonlyArray<string> = patterns.map(({ source }) => source)
  ) => {
    const isExclusive = (options.mode ?? defaults.mode) === "exclusive"
    const timeToLiveMillis = Duration.toMillis(options.timeToLive ?? defaults.timeToLive)
    return Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const own = Object.freeze([...patterns])
        const asked: Asked = {
          patterns: own,
          isExclusive,
          shown,
          timeToLiveMillis,
          granted: undefined,
          resume: undefined
        }
        const waited = Effect.timeoutOrElse(this.wait(asked), {
          duration: options.deadline ?? defaults.deadline,
          orElse: () => Effect.fail(refused(shown, "timeout"))
        })
        // A request that is interrupted, or too late, in the moment of the grant must not keep it.
        const giveBack = Effect.sync(() => {
          if (asked.granted !== undefined) this.end(asked.granted)
        })
        const acquired = Effect.acquireRelease(
          Effect.onError(restore(waited), () => giveBack),
          (holder) => Effect.sync(() => this.end(holder))
        )
        return Effect.map(acquired, ({ lease }) => lease)
      })
    )
  }

  readonly isOwn = (lease: Lease): boolean => this.granted.has(lease)

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

  /** Ends leases whose time is over, for as long as a request waits for one. */
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

  /** Grants those of the requests that nothing is in the way of, in the order of asking. */
  private grant(candidates: ReadonlyArray<Request>): void {
    for (const candidate of candidates) {
      // What is in the queues is what was put there by `wait`.
      const asked = candidate as Asked
      if (asked.resume === undefined || this.queues.isBlocked(asked)) continue
      this.untold.push([asked.resume, this.hold(asked)])
    }
    // A fiber that is resumed runs at once, and may end its lease before it returns: the next one is not resumed within
    // the one before, or a long line of them would overflow the stack.
    if (this.resuming) return
    this.resuming = true
    for (let i = 0; i < this.untold.length; i++) {
      const [resume, holder] = this.untold[i]!
      resume(Exit.succeed(holder))
    }
    this.untold.length = 0
    this.resuming = false
  }

  private hold(asked: Asked): Holder {
    const { isExclusive, patterns, shown, timeToLiveMillis } = asked
    this.count(asked, -1)
    asked.resume = undefined
    const expiresAt = this.clock.currentTimeMillisUnsafe() + timeToLiveMillis
    const endsAt = this.now() + timeToLiveMillis
    const isHeldUnsafe = () => !holder.ended && endsAt > this.now()
    const check = Effect.suspend(() => isHeldUnsafe() ? Effect.void : Effect.fail(refused(shown, "ended")))
    const mode: LeaseMode = isExclusive ? "exclusive" : "shared"
    const told = { mode, token: ++this.tokens, expiresAt, isHeldUnsafe, check }
    // Not enumerable: what prints a lease does not print the keys that it is of.
    const lease: Lease = Object.defineProperties(told as unknown as Lease, {
      patterns: { value: patterns },
      shown: { value: shown }
    })
    // A write asks the lease for its mode: nobody changes that.
    Object.freeze(lease)
    const holder: Holder = { asked, lease, endsAt, heapAt: -1, ended: false }
    asked.granted = holder
    this.holders.add(holder)
    this.ends.add(holder)
    this.granted.add(lease)
    return holder
  }

  private end(holder: Holder): void {
    if (holder.ended) return
    holder.ended = true
    this.holders.delete(holder)
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

  /** Milliseconds of the monotonic clock: a wall clock that is set back makes no lease longer. */
  private now(): number {
    return Number(this.clock.monotonicTimeNanosUnsafe()) / 1_000_000
  }
}

/**
 * A lease table for one process.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<LeaseTable> = Effect.map(
  Effect.context<never>(),
  (context) => new LocalTable(Context.get(context, Clock.Clock), Effect.runForkWith(context))
)
