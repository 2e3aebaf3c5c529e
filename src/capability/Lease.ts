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
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { type KeyPattern, overlaps } from "../pattern/KeyPattern.ts"

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
  readonly acquire: (
    patterns: ReadonlyArray<KeyPattern>,
    options?: LeaseOptions
  ) => Effect.Effect<Lease, LeaseError, Scope.Scope>
  /** Whether the table granted this lease, be it held or not. */
  readonly isOwn: (lease: Lease) => boolean
  /** Ends every lease that shares a key with the pattern. */
  readonly revoke: (pattern: KeyPattern) => Effect.Effect<void>
  /** The leases that are held, the oldest first. */
  readonly held: Effect.Effect<ReadonlyArray<Lease>>
}

// Fibers that wait for leases of one table; beyond, requests fail at once.
const waitersMax = 100_000

// A waiter looks at least this often whether a lease in its way is over.
const watchMillisMax = 60_000

interface Request {
  readonly patterns: ReadonlyArray<KeyPattern>
  readonly mode: LeaseMode
}

/** A request of one fiber, and what it was granted. */
interface Asked extends Request {
  granted: Holder | undefined
}

interface Holder extends Request {
  readonly lease: Lease
  /** By the monotonic clock. */
  readonly endsAt: number
  ended: boolean
}

interface Waiter extends Request {
  readonly timeToLiveMillis: number
  readonly resume: (exit: Exit.Exit<Holder, LeaseError>) => void
}

const isConflict = (a: Request, b: Request): boolean =>
  (a.mode === "exclusive" || b.mode === "exclusive") &&
  a.patterns.some((p) => b.patterns.some((q) => overlaps(p, q)))

const refused = (patterns: ReadonlyArray<KeyPattern>, why: LeaseError["why"]) =>
  new LeaseError({ patterns: patterns.map(({ source }) => source), why })

class LocalTable implements LeaseTable {
  private readonly clock: Clock.Clock
  private tokens = 0
  private holders: Array<Holder> = []
  private waiters: Array<Waiter> = []
  private readonly granted = new WeakSet<Lease>()

  constructor(clock: Clock.Clock) {
    this.clock = clock
  }

  readonly acquire = (patterns: ReadonlyArray<KeyPattern>, options: LeaseOptions = {}) => {
    const request: Request = { patterns, mode: options.mode ?? defaults.mode }
    const timeToLiveMillis = Duration.toMillis(options.timeToLive ?? defaults.timeToLive)
    return Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const asked: Asked = { ...request, granted: undefined }
        const waited = Effect.timeoutOrElse(Effect.raceFirst(this.wait(asked, timeToLiveMillis), this.watch(asked)), {
          duration: options.deadline ?? defaults.deadline,
          orElse: () => Effect.fail(refused(patterns, "timeout"))
        })
        // Whoever is interrupted, or too late, in the moment of the grant must not keep it.
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
      for (const holder of this.holders) if (holder.patterns.some((own) => overlaps(own, pattern))) this.end(holder)
    })

  readonly held = Effect.sync(() => {
    this.expire()
    return this.holders.map(({ lease }) => lease)
  })

  /** Waits for its turn. */
  private wait(asked: Asked, timeToLiveMillis: number): Effect.Effect<Holder, LeaseError> {
    const { mode, patterns } = asked
    return Effect.callback((resume) => {
      const waiter: Waiter = {
        patterns,
        mode,
        timeToLiveMillis,
        resume: (exit) => {
          if (exit._tag === "Success") asked.granted = exit.value
          resume(exit)
        }
      }
      this.expire()
      if (this.waiters.length >= waitersMax) return resume(Exit.fail(refused(patterns, "queue full")))
      this.waiters.push(waiter)
      this.grant()
      return Effect.sync(() => {
        this.waiters = this.waiters.filter((other) => other !== waiter)
        this.grant()
      })
    })
  }

  /** Ends leases whose time is over, for as long as somebody waits for them. */
  private watch(request: Request): Effect.Effect<never> {
    return Effect.forever(Effect.suspend(() => {
      this.expire()
      const now = this.now()
      const ends = this.holders.filter((holder) => isConflict(holder, request)).map(({ endsAt }) => endsAt)
      return Effect.sleep(Math.max(1, Math.min(...ends, now + watchMillisMax) - now))
    }))
  }

  /** Grants what can be granted, in the order of asking; nobody overtakes a request that it conflicts with. */
  private grant(): void {
    const left: Array<Waiter> = []
    const granted: Array<readonly [Waiter, Holder]> = []
    for (const waiter of this.waiters) {
      const isFree = !this.holders.some((holder) => isConflict(holder, waiter)) &&
        !left.some((other) => isConflict(other, waiter))
      if (isFree) granted.push([waiter, this.hold(waiter)])
      else left.push(waiter)
    }
    this.waiters = left
    for (const [waiter, holder] of granted) waiter.resume(Exit.succeed(holder))
  }

  private hold({ mode, patterns, timeToLiveMillis }: Waiter): Holder {
    const expiresAt = this.clock.currentTimeMillisUnsafe() + timeToLiveMillis
    const endsAt = this.now() + timeToLiveMillis
    const isHeldUnsafe = () => !holder.ended && endsAt > this.now()
    const check = Effect.suspend(() => isHeldUnsafe() ? Effect.void : Effect.fail(refused(patterns, "ended")))
    const lease = { patterns, mode, token: ++this.tokens, expiresAt, isHeldUnsafe, check } as unknown as Lease
    const holder: Holder = { patterns, mode, lease, endsAt, ended: false }
    this.holders.push(holder)
    this.granted.add(lease)
    return holder
  }

  private end(holder: Holder): void {
    if (holder.ended) return
    holder.ended = true
    this.holders = this.holders.filter((other) => other !== holder)
    this.grant()
  }

  private expire(): void {
    const now = this.now()
    for (const holder of this.holders) if (holder.endsAt <= now) this.end(holder)
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
export const make: Effect.Effect<LeaseTable> = Effect.map(Clock.Clock, (clock) => new LocalTable(clock))
