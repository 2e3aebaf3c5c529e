/**
 * A place of a ledger on maps: the steps of `LedgerPlace` as plain synchronous functions, and everything that can
 * happen to a place. Time is that of the Clock, randomness that of Random.
 *
 * - `lose` forgets everything, `trim` the first records, `snapshot` and `restore` go back to an earlier state, as a
 *   replica does that takes over. The server is another one then, so the next step begins a new epoch.
 * - A `Line` is the connection of one engine: each question travels there, and its answer back. Both take time, and may
 *   be lost, doubled or held up for long. News may be lost, doubled and reordered.
 *
 * Not here: what an engine knows (`ledgerNode.ts`).
 */
import { of as codecOf } from "effect-stateless/store/Codec"
import type { Entry } from "effect-stateless/store/Entry"
import type { StoreFamily } from "effect-stateless/store/Store"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Random from "effect/Random"
import type {
  Epoch,
  Header,
  KeyName,
  LogMark,
  PlacePartition,
  Position
} from "../../../src/store/internal/ledger/ledger.ts"
import type {
  Answer,
  Asker,
  LedgerPlace,
  LogRecord,
  Placed,
  PlacedPut,
  Question
} from "../../../src/store/internal/ledger/ledgerPlace.ts"
import { sameEpoch } from "../../../src/store/internal/ledger/logView.ts"
import { type Kept, type LeaseRow, type LogState, run } from "./ledgerSteps.ts"

/** Bounds of a place. The defaults are those of the drivers. */
export interface Bounds {
  /** The log keeps at least so many records, and at most twice as many. */
  readonly recordsMax: number
  /** An answer has at most so many of them. */
  readonly recordsPerAnswer: number
}

const defaults: Bounds = { recordsMax: 10_000, recordsPerAnswer: 64 }

const textOf = ([family, key]: KeyName): string => JSON.stringify([family, key])

/** The state of one log, on maps. */
class State implements LogState {
  readonly epoch: Epoch
  /** The server that has executed all steps of the epoch. */
  readonly witness: number
  readonly records: Array<LogRecord>
  readonly named: Map<string, number>
  readonly stamps: Map<string, number>
  readonly entries: Map<string, Kept & { readonly entry: Entry<any> }>
  readonly leases: Map<string, LeaseRow>
  private readonly now: () => number
  isFull = false
  floor = 0
  link = 0
  marksAt = 0
  lastLease = 0
  versionMax = 0

  constructor(epoch: Epoch, witness: number, now: () => number, from?: State) {
    this.epoch = epoch
    this.witness = witness
    this.now = now
    this.records = [...from?.records ?? []]
    this.named = new Map(from?.named)
    this.stamps = new Map(from?.stamps)
    this.entries = new Map(from?.entries)
    this.leases = new Map(from?.leases)
    if (from === undefined) return
    this.floor = from.floor
    this.link = from.link
    this.marksAt = from.marksAt
    this.lastLease = from.lastLease
    this.versionMax = from.versionMax
  }

  copy(): State {
    return new State(this.epoch, this.witness, this.now, this)
  }

  get head(): number {
    return this.floor + this.records.length
  }

  find(key: KeyName, partition: PlacePartition<any> | undefined): Placed | undefined {
    const kept = this.entries.get(textOf(key))
    if (kept === undefined || kept.entry.expiresAt <= this.now()) return undefined
    const entry = partition && (partition as SimPartition<any>).decode(kept.entry)
    return { header: kept.header, found: entry && { entry, tier: "sim" } }
  }

  kept(key: KeyName): Kept | undefined {
    return this.entries.get(textOf(key))
  }

  lastNaming(key: KeyName): number {
    return this.named.get(textOf(key)) ?? 0
  }

  lease(key: KeyName): LeaseRow | undefined {
    return this.leases.get(textOf(key))
  }

  marks(): ReadonlyArray<LogMark> {
    return Array.from(this.stamps, ([scope, stamp]) => ({ scope, stamp }))
  }

  keep({ at, identity, partition, prepared }: PlacedPut, lease: number): void {
    const entry = (partition as SimPartition<any>).encode(prepared.entry)
    this.entries.set(textOf([partition.family.name, prepared.key]), { header: { identity, at }, entry, lease })
  }

  remove(key: KeyName): void {
    this.entries.delete(textOf(key))
  }

  setLease(key: KeyName, lease: LeaseRow | undefined): void {
    if (lease === undefined) return void this.leases.delete(textOf(key))
    this.leases.set(textOf(key), lease)
    this.lastLease = Math.max(this.lastLease, lease.number)
  }

  append(record: LogRecord): void {
    const { drops, link, stamp } = record
    this.records.push(record)
    this.link = link
    for (const key of drops.keys) this.named.set(textOf(key), stamp)
    if (drops.scopes.includes("|")) this.stamps.clear()
    for (const scope of drops.scopes) this.stamps.set(scope, stamp)
    if (drops.scopes.length > 0) this.marksAt = stamp
  }

  recordsAfter(position: Position | undefined, max: number): ReadonlyArray<LogRecord> {
    if (position === undefined || !sameEpoch(position.epoch, this.epoch) || position.stamp < this.floor) return []
    const from = position.stamp - this.floor
    return this.records.slice(from, from + max)
  }

  /** Keeps only the records after a stamp. */
  trim(floor: number): void {
    if (floor <= this.floor) return
    for (const { drops, stamp } of this.records.splice(0, floor - this.floor)) {
      for (const key of drops.keys) if (this.named.get(textOf(key)) === stamp) this.named.delete(textOf(key))
    }
    this.floor = floor
  }

  endLeases(): void {
    const now = this.now()
    for (const [key, { until }] of this.leases) if (until <= now) this.leases.delete(key)
  }
}

interface SimPartition<V> extends PlacePartition<V> {
  readonly encode: (entry: Entry<V>) => Entry<any>
  readonly decode: (entry: Entry<any>) => Entry<V>
}

/** The server of a simulated ledger. */
export class SimPlace {
  readonly logs: number
  readonly bounds: Bounds
  private states: Array<State | undefined>
  private server = 1
  private isFull = false
  private epochs = 0
  private readonly listeners = new Set<(log: number, epoch: Epoch, records: ReadonlyArray<LogRecord>) => void>()
  private readonly random: () => number
  private readonly now: () => number

  constructor(logs: number, bounds: Partial<Bounds>, random: () => number, now: () => number) {
    this.logs = logs
    this.bounds = { ...defaults, ...bounds }
    this.states = Array.from({ length: logs }, () => undefined)
    this.random = random
    this.now = now
  }

  static make(logs = 1, bounds: Partial<Bounds> = {}): Effect.Effect<SimPlace> {
    return Effect.gen(function*() {
      const clock = yield* Clock.Clock
      const random = yield* Random.Random
      return new SimPlace(logs, bounds, () => random.nextDoubleUnsafe(), () => clock.currentTimeMillisUnsafe())
    })
  }

  /** Everything is forgotten, as by a flush. */
  lose(): void {
    this.states = this.states.map(() => undefined)
  }

  /** There is no room for values any more, or again. */
  fill(isFull: boolean): void {
    this.isFull = isFull
  }

  /** The log of this number keeps only records after a stamp. */
  trim(log: number, floor: number): void {
    this.states[log]?.trim(floor)
  }

  /** What a replica has: another server takes over with it. */
  snapshot(): () => void {
    const kept = this.states.map((state) => state?.copy())
    return () => {
      this.states = kept.map((state) => state?.copy())
      this.server++
    }
  }

  /** What the place holds of a key, for the checks of a test. */
  headerOf(log: number, key: KeyName): Header | undefined {
    return this.states[log]?.entries.get(textOf(key))?.header
  }

  /** The sizes of what a log keeps. */
  sizes(log: number): { readonly records: number; readonly named: number; readonly leases: number } {
    const state = this.states[log]
    return { records: state?.records.length ?? 0, named: state?.named.size ?? 0, leases: state?.leases.size ?? 0 }
  }

  headOf(log: number): number {
    return this.states[log]?.head ?? 0
  }

  onRecords(hear: (log: number, epoch: Epoch, records: ReadonlyArray<LogRecord>) => void): () => void {
    this.listeners.add(hear)
    return () => void this.listeners.delete(hear)
  }

  open<V>(family: StoreFamily<V>): PlacePartition<V> {
    const codec = family.codec === undefined ? undefined : codecOf(family.codec)
    const partition: SimPartition<V> = {
      family,
      prepare: () => Exit.succeed({ bytes: 0 }),
      encode: (entry) => codec === undefined ? entry : { ...entry, value: structuredClone(entry.value) },
      decode: (entry) => codec === undefined ? entry : { ...entry, value: structuredClone(entry.value) }
    }
    return partition
  }

  /** One atomic step. */
  step<Q extends Question>(log: number, asker: Asker, question: Q): Answer<Q["_tag"]> {
    const state = this.enter(log, asker)
    state.isFull = this.isFull
    const before = state.head
    const outcome = run(state, asker, question, { nowMillis: this.now(), bits: this.bits })
    const made = state.records.slice(before - state.floor)
    if (made.length > 0) { for (const hear of this.listeners) hear(log, state.epoch, made) }
    const { recordsMax } = this.bounds
    if (state.records.length > 2 * recordsMax) state.trim(state.head - recordsMax)
    state.endLeases()
    const { epoch, floor, head, link, marksAt, versionMax } = state
    return {
      heading: { epoch, head, floor, marksAt, link, versionMax },
      records: state.recordsAfter(asker.position, this.bounds.recordsPerAnswer),
      proves: true,
      outcome: outcome as Answer<Q["_tag"]>["outcome"]
    }
  }

  private enter(log: number, { position }: Asker): State {
    const known = this.states[log]
    const knowsMore = known !== undefined && position !== undefined && sameEpoch(position.epoch, known.epoch) &&
      position.stamp > known.head
    if (known !== undefined && known.witness === this.server && !knowsMore) return known
    const past = Math.max(known?.epoch.number ?? 0, position?.epoch.number ?? 0, this.epochs)
    this.epochs = Math.max(past + 1, this.now())
    const state = new State({ number: this.epochs, nonce: this.bits() }, this.server, this.now)
    state.versionMax = known?.versionMax ?? 0
    return this.states[log] = state
  }

  private readonly bits = (): number => Math.floor(this.random() * 2 ** 32)
}

/** How the connection of one engine treats what travels on it. */
export interface Line {
  /** Nothing arrives in either direction, and no news. */
  isCut: boolean
  /** News does not arrive. */
  isDeaf: boolean
  /** The chance that a request, an answer, or a piece of news is lost; that news comes twice. */
  loss: number
  /** The longest time that each way takes. */
  delayMillisMax: number
  /** The chance that a request arrives once more, much later. */
  late: number
}

export const makeLine = (line: Partial<Line> = {}): Line => ({
  isCut: false,
  isDeaf: false,
  loss: 0,
  delayMillisMax: 0,
  late: 0,
  ...line
})

/** A late request arrives within this time. */
const lateMillisMax = 60_000

/** An engine looks at the log so often, since news may have been lost. */
const lookMillis = 5_000

/** The place as one engine reaches it. */
export const over = (place: SimPlace, line: Line): LedgerPlace => {
  const travel = Effect.gen(function*() {
    if (line.delayMillisMax > 0) yield* Effect.sleep(yield* Random.nextIntBetween(0, line.delayMillisMax))
    if (line.isCut || line.loss > 0 && (yield* Random.next) < line.loss) return yield* Effect.never
  })
  return {
    name: "sim",
    logs: place.logs,
    open: (family) => Effect.sync(() => place.open(family)),
    ask: (log, asker, question) =>
      Effect.gen(function*() {
        yield* travel
        if (line.late > 0 && (yield* Random.next) < line.late) {
          const later = Effect.sleep(yield* Random.nextIntBetween(1, lateMillisMax))
          yield* Effect.forkDetach(Effect.andThen(later, Effect.sync(() => place.step(log, asker, question))))
        }
        const answer = place.step(log, asker, question)
        yield* travel
        return answer
      }),
    listen: (log, hear, look) =>
      Effect.gen(function*() {
        yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(lookMillis), Effect.sync(look))))
        const run = Effect.runForkWith(yield* Effect.context<never>())
        const stop = place.onRecords((of, epoch, records) => {
          if (of !== log || line.isCut || line.isDeaf) return
          if (line.loss === 0 && line.delayMillisMax === 0) return hear(epoch, records)
          const arrives = Effect.andThen(travel, Effect.sync(() => line.isCut || line.isDeaf || hear(epoch, records)))
          run(arrives)
          if (line.loss > 0) run(arrives)
        })
        yield* Effect.addFinalizer(() => Effect.sync(stop))
      })
  }
}

/** A place to which each commit goes only when a gate opens; its answer comes only when another gate does. */
export const held = (place: LedgerPlace, gate: Effect.Effect<void>, answer = Effect.void): LedgerPlace => ({
  ...place,
  ask: (log, asker, question) => {
    const asked = place.ask(log, asker, question)
    return question._tag === "Commit" ? Effect.andThen(gate, Effect.tap(asked, () => answer)) : asked
  }
})
