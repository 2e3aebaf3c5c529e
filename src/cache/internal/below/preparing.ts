/**
 * Prepares the values of one family whose codec does not answer at once, before they go below.
 *
 * A loaded value is prepared on its way below. If its codec answers at once, the value goes with its round. Otherwise
 * this round removes the key, and the value follows with a later round. So a codec that is slow or hangs delays neither
 * the round nor another family.
 *
 * - At most `atOnceMax` codecs of a family run at once, and at most `preparingMax` values wait.
 * - A value that is not prepared within `deadlineMillis` does not go below.
 * - A later change of the key drops the value.
 */
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { Entry } from "../../../store/Entry.ts"
import * as AnswerTime from "../../../store/shared/answerTime.ts"
import type { CoarseClock } from "../../../store/shared/coarseClock.ts"
import type { Prepared } from "../../../store/Store.ts"
import { StoreError, TierFailed, TierTimeout } from "../../../store/StoreError.ts"

const atOnceMax = 16
const preparingMax = 4_096
const deadlineMillis = 30_000

type Prepare<V> = Effect.Effect<Prepared<V>, StoreError>

interface Value<V> {
  entry: Entry<V>
  readonly prepare: Prepare<V>
  readonly until: number
  readonly over: Deferred.Deferred<void>
  fiber: Fiber.Fiber<Prepared<V>, StoreError> | undefined
}

/** Is called with the result for a value. */
type Done<V> = (key: string, entry: Entry<V>, exit: Exit.Exit<Prepared<V>, StoreError>) => void

const tier = "lower"
const operation = "prepare"

const tooLate = Exit.fail(
  new StoreError({ reason: new TierTimeout({ tier, operation, timeoutMillis: deadlineMillis }) })
)
const tooMany = Exit.fail(
  new StoreError({ reason: new TierFailed({ tier, operation, cause: new Error("too many values wait for a codec") }) })
)

export class Preparing<V> {
  private readonly all = new Map<string, Value<V>>()
  /** The values whose codec has not begun. */
  private readonly waiting = new Map<string, Value<V>>()
  private atOnce = 0
  /** Whether the last codec to end took too long. Else values that waited too long wait because the clock jumped. */
  private hangs = false
  private readonly time: CoarseClock
  private readonly done: Done<V>

  constructor(time: CoarseClock, done: Done<V>) {
    this.time = time
    this.done = done
  }

  get isEmpty(): boolean {
    return this.all.size === 0
  }

  get(key: string): Entry<V> | undefined {
    return this.all.get(key)?.entry
  }

  /** Prepares values in the background, with the services of a Context. */
  add(
    values: ReadonlyArray<readonly [key: string, entry: Entry<V>, prepare: Prepare<V>]>,
    context: Context.Context<never>
  ): void {
    for (const [key, entry, prepare] of values) {
      if (this.all.size >= preparingMax) {
        this.done(key, entry, tooMany)
        continue
      }
      const until = this.time.now() + deadlineMillis
      const value = { entry, prepare, until, over: Deferred.makeUnsafe<void>(), fiber: undefined }
      this.all.set(key, value)
      this.waiting.set(key, value)
    }
    this.begin(Effect.runForkWith(context))
  }

  /** Replaces the entry of a value that ends later because it was read; `false` if the value is not here. */
  touch(key: string, entry: Entry<V>): boolean {
    const value = this.all.get(key)
    if (value?.entry.version !== entry.version) return false
    value.entry = entry
    return true
  }

  /** Gives up the value of a key that has changed. */
  cancel(key: string): void {
    const value = this.all.get(key)
    if (value === undefined) return
    this.forget(key, value)
    value.fiber?.interruptUnsafe()
  }

  cancelAll(): void {
    for (const key of Array.from(this.all.keys())) this.cancel(key)
  }

  /** Waits for the values that are here now, and not for later ones. */
  readonly settled: Effect.Effect<void> = Effect.suspend(() =>
    Effect.forEach(Array.from(this.all.values()), ({ over }) => Deferred.await(over), { discard: true })
  )

  private begin(fork: (prepare: Prepare<V>) => Fiber.Fiber<Prepared<V>, StoreError>): void {
    for (const [key, value] of this.waiting) {
      if (this.atOnce >= atOnceMax) return
      this.waiting.delete(key)
      const left = value.until - this.time.now()
      if (left <= 0 && this.hangs) {
        this.end(key, value, tooLate)
        continue
      }
      this.atOnce++
      const orElse = () => {
        this.hangs = true
        return tooLate
      }
      value.fiber = fork(AnswerTime.timeoutOrElse(value.prepare, { duration: Math.max(0, left), orElse }))
      value.fiber.addObserver((exit) => {
        this.atOnce--
        if (Exit.isSuccess(exit)) this.hangs = false
        this.end(key, value, exit)
        this.begin(fork)
      })
    }
  }

  private end(key: string, value: Value<V>, exit: Exit.Exit<Prepared<V>, StoreError>): void {
    if (this.all.get(key) !== value) return
    this.all.delete(key)
    this.done(key, value.entry, exit)
    Deferred.doneUnsafe(value.over, Exit.void)
  }

  private forget(key: string, value: Value<V>): void {
    this.all.delete(key)
    this.waiting.delete(key)
    Deferred.doneUnsafe(value.over, Exit.void)
  }

  /** For tests. */
  checkInvariants(check: (holds: boolean, rule: string) => void, idle: boolean): void {
    check(this.all.size <= preparingMax && this.atOnce <= atOnceMax, "values that wait for a codec keep their bound")
    for (const [key, value] of this.waiting) check(this.all.get(key) === value, "a value that waits is known")
    if (idle) check(this.isEmpty, "no value waits for a codec for ever")
  }
}
