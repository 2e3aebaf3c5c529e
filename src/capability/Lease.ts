/**
 * The right to a set of keys for a time: either many holders share it, or one holder has it alone.
 *
 * - At any moment, of the leases held on patterns that share a key, either all are shared or there is only one.
 * - Tokens only grow: a later lease on the same keys has a greater token. So a write with the token of an ended lease
 *   can be distinguished from a write of the present holder (a *fencing token*).
 * - Conflicting requests are served in the order in which they came. A request that conflicts with an earlier one waits
 *   behind it, so readers cannot starve a writer.
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
import { outside } from "./shared/outside.ts"

declare const TypeId: unique symbol

/**
 * Whether many holders may share the lease on a key (`shared`), or one has it alone (`exclusive`).
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
  /** `exclusive` by default. */
  readonly mode?: Mode | undefined
  /** How long to wait for the present holders. Ten seconds by default. */
  readonly deadline?: Duration.Input | undefined
  /**
   * After this time the lease ends even if its scope is open, so that other requests need not wait longer. A minute by
   * default.
   */
  readonly timeToLive?: Duration.Input | undefined
}

/**
 * Options that ask for a shared lease, whatever else they contain.
 *
 * @category models
 * @since 0.1.0
 */
export interface SharedLeaseOptions extends LeaseOptions<"shared"> {
  readonly mode: "shared"
}

/**
 * The values of options that are left out.
 *
 * @category constants
 * @since 0.1.0
 */
export const defaults = { mode: "exclusive", deadline: "10 seconds", timeToLive: "1 minute" } as const

/**
 * A lease was not granted (`timeout`, `queue full`), or it does not allow this write: it has `ended`, is `shared`,
 * covers an `other key`, or comes from an `other engine`.
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
  "timeout": (what) => `no lease on ${what}: another holder has it, and the deadline has passed`,
  "queue full": (what) => `no lease on ${what}: too many requests wait already`,
  "ended": (what) => `the lease on ${what} has ended`,
  "shared": (what) => `the lease on ${what} is shared, and a write needs an exclusive one`,
  "other key": (what) => `the lease on ${what} does not cover the key of this write`,
  "other engine": (what) => `the lease on ${what} was granted by another engine than the one of this write`
}

/**
 * A granted lease on keys of the family `Pattern`. It ends with the scope that acquired it, when its time is over, or
 * when it is revoked. A write needs an `exclusive` lease that covers its key.
 *
 * @category models
 * @since 0.1.0
 */
export interface Lease<out Pattern extends string = string, out Mode extends LeaseMode = LeaseMode> {
  readonly patterns: ReadonlyArray<KeyPattern>
  /** The patterns, as errors show them. */
  readonly shown: ReadonlyArray<string>
  readonly mode: Mode
  /** The pattern of the family by which it was acquired. It exists in types only, and only a table makes a lease. */
  readonly [TypeId]: Pattern
  /** The fencing token: greater than the token of every earlier lease. */
  readonly token: number
  /** When the lease ends, in milliseconds since the epoch, by the wall clock at the time of the grant. */
  readonly expiresAt: number
  /** Whether the lease is held at this moment. */
  readonly isHeldUnsafe: () => boolean
  /** Fails when the lease has ended. */
  readonly check: Effect.Effect<void, LeaseError>
}

/**
 * Grants leases, and ends them.
 *
 * @category models
 * @since 0.1.0
 */
export interface LeaseTable {
  /**
   * Acquires a lease. `shown` replaces the patterns in errors and logs, if the patterns themselves must not be shown.
   */
  readonly acquire: (
    patterns: ReadonlyArray<KeyPattern>,
    options?: LeaseOptions,
    shown?: ReadonlyArray<string>
  ) => Effect.Effect<Lease, LeaseError, Scope.Scope>
  /** Whether this table granted the lease, held or not. */
  readonly isOwn: (lease: Lease) => boolean
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
  granted: Holder | undefined
  /** Present while the request waits. */
  resume: ((exit: Exit.Exit<Holder, LeaseError>) => void) | undefined
}

interface Holder extends Ending {
  readonly asked: Asked
  readonly lease: Lease
  /** In milliseconds of the monotonic clock. */
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
  /** Requests that have a lease, but whose fibers are not resumed yet. */
  private readonly unresumed: Array<readonly [resume: NonNullable<Asked["resume"]>, holder: Holder]> = []
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
        // A request that is interrupted, or too late, at the moment of the grant must not keep the lease.
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
    const { isExclusive, patterns, shown, timeToLiveMillis } = asked
    this.count(asked, -1)
    asked.resume = undefined
    const expiresAt = this.clock.currentTimeMillisUnsafe() + timeToLiveMillis
    const endsAt = this.now() + timeToLiveMillis
    const isHeldUnsafe = () => !holder.ended && endsAt > this.now()
    const check = Effect.suspend(() => isHeldUnsafe() ? Effect.void : Effect.fail(refused(shown, "ended")))
    const mode: LeaseMode = isExclusive ? "exclusive" : "shared"
    const fields = { mode, token: ++this.tokens, expiresAt, isHeldUnsafe, check }
    // Not enumerable, so that code that prints a lease does not print its keys.
    const lease: Lease = Object.defineProperties(fields as unknown as Lease, {
      patterns: { value: patterns },
      shown: { value: shown }
    })
    // A write trusts the mode of the lease, so it must not change.
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

  /** Milliseconds of the monotonic clock: setting the wall clock back makes no lease longer. */
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
  (context) =>
    new LocalTable(Context.get(context, Clock.Clock), (work) => outside(() => Effect.runForkWith(context)(work)))
)
