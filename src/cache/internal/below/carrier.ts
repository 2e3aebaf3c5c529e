/**
 * Carries the changes of all engines over one place below, round by round.
 *
 * - Changes that are made while a round is on its way go with the next round. So the changes of a key arrive in the
 *   order in which they took effect, whichever engine made them.
 * - A round is one write of each store: all its changes and marks arrive, or none of them (law 10).
 * - What a failed round was to take away goes with each later round. One that carries nothing else follows soon
 *   (`repayMillis`), and later after each failure. So what a value was to take away is never below beside a later
 *   value.
 * - What callers have written with a round that fails is taken back at once (`written.ts`).
 * - Beyond `pendingMax` keys or `pendingBytesMax` bytes, a caller who sets a key waits for room. A removal never waits:
 *   instead, the family with the most removals is cleared below (law 11).
 * - The fiber that carries begins with the first engine and ends with the last one.
 *
 * Not here: the changes of one family (`lane.ts`), and what an engine waits for when it closes (`outbox.ts`).
 */
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import { forkOutside } from "../../../capability/shared/outside.ts"
import type { Change, Mark, Store } from "../../../store/Store.ts"
import type { StoreError } from "../../../store/StoreError.ts"
import { sealed } from "../family/sensitive.ts"
import { inTime } from "./inTime.ts"
import type { Lane } from "./lane.ts"
import {
  type ChangesParcel,
  errorOf,
  Journey,
  type MarksParcel,
  pendingBytesMax,
  pendingMax,
  type Sender
} from "./parcels.ts"
import type { Written } from "./written.ts"

// What a failed round was to take away is taken away with the next one, which comes after half of this time at least,
// and after all of it at most. The time doubles with each failure, up to its maximum.
const repayMillis = 250
const repayMillisMax = 10_000

// A tier should end its own operations. A tier that hangs must not delay the end of the program, neither while the last
// changes are carried (`AnswerTime.drained`) nor while its operation is interrupted.
export const interruptingMax: Duration.Input = "1 second"

/** Waits until the codecs of these lanes have answered. */
export const settledOf = (lanes: ReadonlyArray<Lane<any>>): Effect.Effect<void> =>
  Effect.forEach(lanes, ({ preparing }) => preparing.settled, { discard: true })

/** The changes that go below together. */
class Round {
  readonly arrived = Deferred.makeUnsafe<void>()
  readonly journeys = new Map<Sender, Journey<Lane<any>>>()
  private readonly carrier: Carrier

  constructor(carrier: Carrier) {
    this.carrier = carrier
  }

  journeyOf(outbox: Sender): Journey<Lane<any>> {
    const journey = this.journeys.get(outbox) ?? new Journey<Lane<any>>(this.carrier)
    this.journeys.set(outbox, journey)
    return journey
  }

  end(exit: Exit.Exit<void>): void {
    for (const { arrived } of this.journeys.values()) Deferred.doneUnsafe(arrived, exit)
    Deferred.doneUnsafe(this.arrived, exit)
  }
}

/** The part of a round for one store. */
interface Load {
  readonly lanes: Array<readonly [lane: Lane<any>, parcel: ChangesParcel<any>]>
  readonly marks: Array<MarksParcel>
  readonly outboxes: Array<Sender>
  readonly written: Array<Written>
}

/** Carries the changes of all engines over one place. */
export class Carrier {
  /** The number of keys that wait to be set; `removals` counts the keys that wait to be removed. */
  sets = 0
  removals = 0
  /** The bytes of the waiting values that were prepared before they came here. */
  bytes = 0
  /** The keys that the round under way sets, and the bytes of their values. */
  underWay = { sets: 0, bytes: 0 }
  /** Keys that callers have written with what gathers, also of families that only memory keeps. */
  written = 0
  private readonly wake = Latch.makeUnsafe(false)
  private readonly known = new Map<string, Set<Lane<any>>>()
  private gathering: Round | undefined
  private carried: Round | undefined
  private users = 0
  private repayAfter = repayMillis
  private fiber: Fiber.Fiber<unknown> | undefined

  /** Whether a writer has to wait for the round that gathers. */
  get isFull(): boolean {
    const isFull = this.sets >= pendingMax || this.bytes >= pendingBytesMax || this.written >= pendingMax
    return isFull && this.gathering !== undefined
  }

  /** Waits until a key may be set. */
  readonly room: Effect.Effect<void> = Effect.suspend(() =>
    this.isFull ? Effect.andThen(Deferred.await(this.gathering!.arrived), this.room) : Effect.void
  )

  /** Waits until what has been put down so far has arrived, and for nothing that comes later. */
  readonly settled: Effect.Effect<void> = Effect.suspend(() => {
    const last = this.gathering ?? this.carried
    return last === undefined ? Effect.void : Deferred.await(last.arrived)
  })

  /** Like `settled`, but also waits for the values that wait for a codec. */
  readonly settledWhole: Effect.Effect<void> = Effect.suspend(() =>
    Effect.andThen(
      this.settled,
      Effect.suspend(() => {
        const waiting = this.preparing()
        return waiting.length === 0 ? Effect.void : Effect.andThen(settledOf(waiting), this.settled)
      })
    )
  )

  /** The lanes of one engine, or of all, whose values wait for a codec. */
  preparing(outbox?: Sender): ReadonlyArray<Lane<any>> {
    return Array.from(this.known.values()).flatMap((lanes) =>
      Array.from(lanes).filter((lane) => (outbox ?? lane.outbox) === lane.outbox && !lane.preparing.isEmpty)
    )
  }

  /** The last round that has a change of an engine. */
  lastOf(outbox: Sender): Round | undefined {
    return [this.gathering, this.carried].find((round) => round?.journeys.has(outbox))
  }

  /**
   * The least stamp of a mark of a family that is on its way, or that a failed round was to take below; `Infinity`
   * without one.
   */
  oldestMarkOf(family: string): number {
    let oldest = Infinity
    for (const round of [this.gathering, this.carried]) {
      for (const { marks } of round?.journeys.values() ?? []) {
        oldest = Math.min(oldest, marks?.oldest.get(family) ?? Infinity)
      }
    }
    for (const lanes of this.known.values()) {
      for (const { outbox } of lanes) oldest = Math.min(oldest, outbox.owed.oldestOf(family))
    }
    return oldest
  }

  /** Adds a lane to the lanes of its family, and returns all of them. */
  enter(name: string, lane: Lane<any>): Set<Lane<any>> {
    const lanes = this.known.get(name) ?? new Set()
    this.known.set(name, lanes.add(lane))
    return lanes
  }

  /** The part of the next round for an engine. */
  depart(outbox: Sender): Journey<Lane<any>> {
    this.wake.openUnsafe()
    return (this.gathering ??= new Round(this)).journeyOf(outbox)
  }

  clearLargest(): void {
    let largest: Lane<any> | undefined
    for (const lane of this.lanes()) if (largest === undefined || lane.removals > largest.removals) largest = lane
    largest?.clear()
  }

  /** The lanes that have a waiting change. */
  private lanes(): ReadonlyArray<Lane<any>> {
    return Array.from(this.gathering?.journeys.values() ?? []).flatMap(({ lanes }) => Array.from(lanes))
  }

  /** Carries rounds as long as any engine needs it. */
  readonly join: Effect.Effect<void> = Effect.suspend(() => {
    if (this.users++ > 0) return Effect.void
    const rounds: Effect.Effect<void> = Effect.suspend(() =>
      this.gathering === undefined ? Effect.void : Effect.andThen(this.carryAll(this.gathering), rounds)
    )
    const carry = Effect.forever(Effect.suspend(() => {
      this.wake.closeUnsafe()
      return Effect.andThen(rounds, Effect.suspend(() => this.owing.size === 0 ? this.untilWoken : this.repaySoon))
    }))
    return Effect.map(forkOutside(carry), (fiber) => {
      this.fiber = fiber
    })
  })

  /** The engines of which a failed round was to take away something that is still below. */
  private get owing(): ReadonlySet<Sender> {
    const owing = new Set<Sender>()
    for (const lanes of this.known.values()) {
      for (const { outbox, owes } of lanes) if (owes || outbox.owed.areSome) owing.add(outbox)
    }
    return owing
  }

  private readonly untilWoken: Effect.Effect<void> = Effect.suspend(() => {
    this.repayAfter = repayMillis
    return this.wake.await
  })

  private readonly repaySoon: Effect.Effect<void> = Effect.flatMap(Random.nextBetween(0.5, 1), (share) => {
    const millis = share * this.repayAfter
    this.repayAfter = Math.min(2 * this.repayAfter, repayMillisMax)
    return Effect.map(Effect.timeoutOption(this.wake.await, millis), (woken) => {
      if (Option.isNone(woken)) { for (const outbox of this.owing) this.depart(outbox) }
    })
  })

  owes(outbox: Sender): boolean {
    return this.owing.has(outbox)
  }

  /** Gives up the changes of an engine that are still on their way. The carrier ends with its last engine. */
  leave(outbox: Sender, refusal: StoreError): Effect.Effect<void> {
    return Effect.suspend(() => {
      const left = [this.carried, this.gathering].flatMap((round) => round?.journeys.get(outbox)?.written ?? [])
      // What a carried round has written is not counted any more.
      this.written -= this.gathering?.journeys.get(outbox)?.written.size ?? 0
      this.carried?.journeys.get(outbox)?.fail(refusal)
      this.gathering?.journeys.get(outbox)?.fail(refusal)
      this.gathering?.journeys.delete(outbox)
      for (const [name, lanes] of this.known) {
        for (const lane of Array.from(lanes)) if (lane.outbox === outbox) lane.close()
        if (lanes.size === 0) this.known.delete(name)
      }
      for (const lanes of this.known.values()) for (const lane of lanes) outbox.owed.passTo(lane.outbox.owed)
      for (const written of left) written.fail()
      const { fiber } = this
      return --this.users > 0 || fiber === undefined ? Effect.void : this.end(fiber)
    })
  }

  private end(fiber: Fiber.Fiber<unknown>): Effect.Effect<void> {
    this.fiber = undefined
    for (const round of [this.carried, this.gathering]) round?.end(Exit.void)
    this.carried = undefined
    this.gathering = undefined
    fiber.interruptUnsafe()
    return Effect.asVoid(Effect.timeoutOption(Fiber.await(fiber), interruptingMax))
  }

  private carryAll(round: Round): Effect.Effect<void> {
    const loads = this.take(round)
    this.carried = round
    const work = loads.length === 1
      ? this.carry(...loads[0]!)
      : Effect.forEach(loads, ([store, load]) => this.carry(store, load), { concurrency: "unbounded", discard: true })
    return Effect.onExit(work, (exit) =>
      Effect.sync(() => {
        if (this.carried === round) this.carried = undefined
        this.underWay = { sets: 0, bytes: 0 }
        round.end(exit)
      }))
  }

  /** Takes every waiting change, by store. Each change of an engine is for one store. */
  private take(round: Round): ReadonlyArray<readonly [store: Store["Service"], load: Load]> {
    const loads = new Map<Store["Service"], Load>()
    for (const outbox of this.owing) round.journeyOf(outbox)
    for (const [outbox, journey] of round.journeys) {
      const load = loads.get(outbox.store) ?? { lanes: [], marks: [], outboxes: [], written: [] }
      loads.set(outbox.store, load)
      load.outboxes.push(outbox)
      load.written.push(journey.written)
      for (const lane of new Set([...journey.lanes, ...this.lanesOf(outbox).filter(({ owes }) => owes)])) {
        const parcel = lane.take(() => journey)
        if (parcel !== undefined) load.lanes.push([lane, parcel])
      }
      if (journey.marks !== undefined) load.marks.push(journey.marks)
    }
    for (const { lanes } of loads.values()) lanes.sort(([, a], [, b]) => Number(b.cleared) - Number(a.cleared))
    this.gathering = undefined
    this.written = 0
    this.underWay = { sets: this.sets, bytes: this.bytes }
    this.sets = 0
    this.removals = 0
    this.bytes = 0
    // A family of several engines is cleared before any of them sets a key of it.
    const clears = ({ lanes }: Load) => lanes.some(([, { cleared }]) => cleared) ? 0 : 1
    return Array.from(loads).toSorted(([, a], [, b]) => clears(a) - clears(b))
  }

  private lanesOf(outbox: Sender): ReadonlyArray<Lane<any>> {
    return Array.from(this.known.values()).flatMap((lanes) =>
      Array.from(lanes).filter((lane) => lane.outbox === outbox)
    )
  }

  private carry(store: Store["Service"], { lanes, marks, outboxes, written }: Load): Effect.Effect<void> {
    const owed = outboxes.map((outbox) => [outbox, outbox.owed.all] as const)
    const lives = Array.from(new Set(outboxes.map(({ life }) => life)), (life) => [life, life.owed] as const)
    const stamps: ReadonlyArray<Mark> = [
      ...owed.flatMap(([, marks]) => marks),
      ...lives.flatMap(([, marks]) => marks),
      ...marks.flatMap(({ stamps }) => Array.from(stamps, ([scope, stamp]) => ({ scope, stamp })))
    ]
    // The error of a tier about a round may contain a value of any of its families.
    const isSensitive = lanes.some(([lane]) => lane.isSensitive) || marks.some((one) => one.isSensitive)
    const land = (failure: StoreError | undefined): void => {
      const error = failure !== undefined && isSensitive ? sealed(failure) : failure
      for (const [lane, parcel] of lanes) lane.landed(parcel, error)
      if (error === undefined) {
        for (const [outbox, marks] of owed) outbox.owed.repaid(marks)
        // What came to be owed while the round was under way goes with the next one.
        for (const [life, marks] of lives) life.owed = life.owed.filter((mark) => !marks.includes(mark))
        return
      }
      for (const one of marks) {
        one.failure ??= error
        for (const tell of one.told) tell("recordMarks", error)
        outboxes[0]!.owed.add(one.stamps)
      }
      for (const one of written) one.fail()
    }
    // In one step: what another process changes after that is not in the log as the store knows it now.
    const write = Effect.contextWith((context: Context.Context<never>) => {
      const changes: ReadonlyArray<Change<any>> = lanes.map(([lane, parcel]) => lane.changeOf(parcel, context))
      const guards = new Set(lanes.flatMap(([, parcel]) => Array.from(parcel.guards)))
      const round = guards.size === 0
        ? { changes, marks: stamps }
        : { changes, marks: stamps, guards: Array.from(guards, ({ ofStore }) => ofStore) }
      return inTime(store, "write", store.write(round))
    })
    return Effect.matchCause(write, {
      onSuccess: () => land(undefined),
      onFailure: (cause) => land(errorOf("write", cause))
    })
  }

  /** Throws when the structure is broken. For tests. */
  checkInvariants({ idle }: { readonly idle: boolean }): void {
    const check = (holds: boolean, rule: string) => {
      if (!holds) throw new Error(`the outbox is broken: ${rule}`)
    }
    const sum = (of: (lane: Lane<any>) => number) => this.lanes().map(of).reduce((all, one) => all + one, 0)
    check(sum((lane) => lane.sets) === this.sets, "keys to be set are counted")
    check(sum((lane) => lane.removals) === this.removals, "keys to be removed are counted")
    check(sum((lane) => lane.bytes) === this.bytes, "bytes to be set are counted")
    check(this.removals <= pendingMax, "removals keep their bound")
    for (const lanes of this.known.values()) for (const lane of lanes) lane.checkInvariants(check, idle)
    if (idle) check(this.gathering === undefined && this.carried === undefined, "nothing is on its way for ever")
  }
}
