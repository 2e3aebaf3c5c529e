/**
 * Shows, for the engines of one process, that no change of another process is missing.
 *
 * - `provenAt` is when that was last shown. A family with a bound serves nothing that was shown longer ago.
 * - While such a family is read, the end of the log is asked for before each bound is over, so its reads do not wait.
 * - A watermark is the position up to which this process has heard the log, as a text. A process that has reached it
 *   serves no value that was replaced before it.
 * - All callers share one question. After one that failed, no read asks and waits: only the next timed question does.
 *
 * Not here: what a read does with what was not shown in time (`cache/internal/entries/trust.ts`).
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as BackgroundTimer from "../../shared/backgroundTimer.ts"
import type { CoarseClock } from "../../shared/coarseClock.ts"
import type { Knowing } from "../../Store.ts"
import { StoreError, TierFailed } from "../../StoreError.ts"
import type { Ledger, Position } from "./ledger.ts"

/** The log that has all keys. */
const log = 0

/** How often it is looked, within a bound, whether a read needs an answer: each read does so in the middle of it. */
const looksPerBound = 4

/** After a question that failed, the next one comes no later than this. */
const againMillis = 1_000

/** How many times the end of the log is asked for, where the first answers only make the log known. */
const triesMax = 3

interface Ground {
  readonly ledger: Ledger
  readonly time: CoarseClock
  readonly scope: Scope.Scope
  readonly run: (work: Effect.Effect<void, StoreError>) => Fiber.Fiber<void, StoreError>
}

export class Proofs implements Knowing {
  private readonly ground: Ground
  /** The least bound of all families that were opened. */
  private bound = Infinity
  private wasAsked = false
  private failed: StoreError | undefined
  private running: Fiber.Fiber<void, StoreError> | undefined

  constructor(ground: Ground) {
    this.ground = ground
  }

  readonly provenAt = (): number => {
    this.wasAsked = true
    return this.ground.ledger.provenAt(log)
  }

  readonly prove = (): Effect.Effect<void, StoreError> | undefined =>
    this.failed === undefined ? this.shared : undefined

  readonly watermark: Effect.Effect<string, StoreError> = Effect.suspend(() => {
    const { ledger } = this.ground
    const known = ledger.position(log)
    if (known !== undefined) return Effect.succeed(writeWatermark(known))
    return Effect.map(this.ended, () => writeWatermark(ledger.position(log)!))
  })

  // The text comes from a request. So the log is asked once, and what lies beyond its end is refused.
  readonly reach = (watermark: string): Effect.Effect<boolean, StoreError> | undefined => {
    const position = readWatermark(watermark)
    if (position === undefined) return undefined
    const isHeard = () => this.ground.ledger.covers(log, position)
    return Effect.suspend(() => isHeard() ? Effect.succeed(true) : Effect.map(this.ended, isHeard))
  }

  /** Hears the log up to its end as of now. */
  private readonly ended: Effect.Effect<void, StoreError> = Effect.suspend(() => {
    const { ledger } = this.ground
    return Effect.flatMap(
      ledger.catchUp(),
      () => ledger.position(log) === undefined ? Effect.fail(unknownLog(ledger.name)) : Effect.void
    )
  })

  /** The place has answered. */
  met(): void {
    this.failed = undefined
  }

  /** A family with this bound is open. */
  opened(millis: number): void {
    const isFirst = this.bound === Infinity
    this.bound = Math.min(this.bound, millis)
    if (isFirst && this.bound < Infinity) Fiber.runIn(this.ground.run(this.questions), this.ground.scope)
  }

  /** Reads something that was complete so many milliseconds ago, at the most. */
  within<A>(millis: number, read: Effect.Effect<A, StoreError>): Effect.Effect<A, StoreError> {
    if (millis === Infinity) return read
    return Effect.suspend(() => {
      if (this.ground.time.now() - this.provenAt() < millis) return read
      return this.failed === undefined ? Effect.andThen(this.shared, read) : Effect.fail(this.failed)
    })
  }

  private readonly shared: Effect.Effect<void, StoreError> = Effect.suspend(() => {
    if (this.running === undefined || this.running.pollUnsafe() !== undefined) {
      this.running = Fiber.runIn(this.ground.run(this.question), this.ground.scope)
    }
    return Fiber.join(this.running)
  })

  private readonly question: Effect.Effect<void, StoreError> = Effect.suspend(() => {
    const began = this.ground.time.now()
    return Effect.onExit(this.askedSince(began, triesMax), (exit) =>
      Effect.sync(() => {
        if (Exit.isSuccess(exit)) this.failed = undefined
        else this.failed = Option.getOrElse(Exit.findErrorOption(exit), () => this.failed)
      }))
  })

  private askedSince(began: number, left: number): Effect.Effect<void, StoreError> {
    const { ledger } = this.ground
    return Effect.flatMap(ledger.catchUp(), () => {
      if (ledger.provenAt(log) >= began) return Effect.void
      return left === 1 ? Effect.fail(unknownLog(ledger.name)) : this.askedSince(began, left - 1)
    })
  }

  private readonly questions: Effect.Effect<never> = Effect.forever(Effect.suspend(() => {
    const millis = this.bound / looksPerBound
    return Effect.andThen(
      BackgroundTimer.sleep(this.failed === undefined ? millis : Math.min(millis, againMillis)),
      Effect.suspend(() => {
        if (!this.wasAsked) return Effect.void
        this.wasAsked = false
        return Effect.ignore(this.shared)
      })
    )
  }))
}

const radix = 36

const writeWatermark = ({ epoch, stamp }: Position): string =>
  [epoch.number, epoch.nonce, stamp].map((part) => part.toString(radix)).join(".")

const readWatermark = (text: string): Position | undefined => {
  if (!/^[0-9a-z]{1,11}\.[0-9a-z]{1,11}\.[0-9a-z]{1,11}$/.test(text)) return undefined
  const [number, nonce, stamp] = text.split(".").map((part) => Number.parseInt(part, radix)) as [number, number, number]
  const position = { epoch: { number, nonce }, stamp }
  return writeWatermark(position) === text ? position : undefined
}

const unknownLog = (tier: string): StoreError =>
  new StoreError({
    reason: new TierFailed({ tier, operation: "loadMarks", cause: new Error("the end of the log is not known") })
  })
