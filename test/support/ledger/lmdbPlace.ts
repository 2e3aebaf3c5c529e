/**
 * A ledger in an LMDB folder, for the processes of a machine.
 *
 * - Steps are computed in JavaScript on a snapshot (`ledgerSteps.ts`). What they change is written by one transaction
 *   of the driver, on the condition that the head is still that of the snapshot. If another process was faster, the
 *   steps are computed again. So no JavaScript runs while the lock of the writer is held, which all processes wait for.
 * - Steps that are asked for while a transaction is on its way are computed together, and written by the next one.
 * - A read makes no transaction of its own, and a look reads the head itself: its answer proves it.
 * - News is what a look finds: a place wakes those who wait by a timer.
 * - No process commits while another one opens the folder (`openGate.ts`): the driver would lose the commit.
 * - `overlappingSync` is off: with it, a process that is killed while it flushes ends the environment of each process
 *   that is within a transaction, by `MDB_PANIC`.
 *
 * Not here: bounds in bytes, eviction, and what makes a new epoch beside an empty folder. The store has them.
 */
import type { Entry } from "effect-stateless/store/Entry"
import type { StoreFamily } from "effect-stateless/store/Store"
import { StoreError, TierFailed } from "effect-stateless/store/StoreError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import { type Database, open, type RootDatabase } from "lmdb"
import { type BytesPartition, bytesPartition, type Encoded } from "../../../src/store/internal/ledger/bytesPartition.ts"
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
import { enter, type Member } from "./openGate.ts"

/** What `head` holds. */
interface Head {
  readonly epoch: Epoch
  readonly floor: number
  readonly head: number
  readonly link: number
  readonly marksAt: number
  readonly lastLease: number
  readonly versionMax: number
}

interface Databases {
  readonly head: Database<Head, string>
  readonly log: Database<LogRecord, number>
  readonly named: Database<number, string>
  readonly marks: Database<number, string>
  readonly leases: Database<LeaseRow, string>
  readonly entries: Database<StoredEntry, string>
}

interface StoredEntry extends Kept {
  readonly entry: Entry<undefined>
  readonly value: Uint8Array
}

export interface Options {
  readonly path: string
  readonly recordsMax: number
  readonly recordsPerAnswer: number
}

const headKey = "head"

/** Steps are computed again at most so often: each time another process was faster. */
const triesMax = 1_000

/** One transaction writes at most so many steps. */
const stepsMax = 256

/** How often a place looks for news of other processes. */
const lookMillis = 50

// The driver's own encoding of a key has no lone surrogates.
const textOf = ([family, key]: KeyName): string => JSON.stringify([family, key])

/** A snapshot with what the steps of one round change. */
class Round implements LogState {
  head: number
  link: number
  floor: number
  marksAt: number
  lastLease: number
  versionMax: number
  readonly isFull = false
  readonly epoch: Epoch
  readonly writes: Array<() => void> = []
  private readonly databases: Databases
  private readonly now: number
  private readonly entries = new Map<string, StoredEntry | undefined>()
  private readonly named = new Map<string, number>()
  private readonly leases = new Map<string, LeaseRow | undefined>()
  private readonly raised = new Map<string, number>()
  private readonly records: Array<LogRecord> = []

  constructor(databases: Databases, head: Head, now: number) {
    this.databases = databases
    this.now = now
    this.epoch = head.epoch
    this.head = head.head
    this.link = head.link
    this.floor = head.floor
    this.marksAt = head.marksAt
    this.lastLease = head.lastLease
    this.versionMax = head.versionMax
  }

  private stored(text: string): StoredEntry | undefined {
    const stored = this.entries.has(text) ? this.entries.get(text) : this.databases.entries.get(text)
    return stored !== undefined && sameEpoch(stored.header.at.epoch, this.epoch) ? stored : undefined
  }

  kept(key: KeyName): Kept | undefined {
    return this.stored(textOf(key))
  }

  find(key: KeyName, partition: PlacePartition<any> | undefined): Placed | undefined {
    const stored = this.stored(textOf(key))
    if (stored === undefined || stored.entry.expiresAt <= this.now) return undefined
    if (partition === undefined) return { header: stored.header, found: undefined }
    const decoded = (partition as BytesPartition<any>).codec.decode(stored.value)
    if (!Exit.isExit(decoded) || !Exit.isSuccess(decoded)) return undefined
    return { header: stored.header, found: { entry: { ...stored.entry, value: decoded.value }, tier: "lmdb" } }
  }

  lastNaming(key: KeyName): number {
    const text = textOf(key)
    return this.named.get(text) ?? this.databases.named.get(text) ?? 0
  }

  lease(key: KeyName): LeaseRow | undefined {
    const text = textOf(key)
    const lease = this.leases.has(text) ? this.leases.get(text) : this.databases.leases.get(text)
    return lease
  }

  marks(): ReadonlyArray<LogMark> {
    const all = new Map<string, number>()
    for (const { key, value } of this.databases.marks.getRange()) all.set(JSON.parse(key) as string, value)
    for (const [scope, stamp] of this.raised) all.set(scope, stamp)
    return Array.from(all, ([scope, stamp]) => ({ scope, stamp }))
  }

  keep({ at, identity, partition, prepared }: PlacedPut, lease: number): void {
    const header: Header = { identity, at }
    const { value } = prepared.prepared as Encoded<any>
    const text = textOf([partition.family.name, prepared.key])
    const stored: StoredEntry = { header, lease, entry: { ...prepared.entry, value: undefined }, value }
    this.entries.set(text, stored)
    this.writes.push(() => void this.databases.entries.put(text, stored))
  }

  remove(key: KeyName): void {
    const text = textOf(key)
    this.entries.set(text, undefined)
    this.writes.push(() => void this.databases.entries.remove(text))
  }

  setLease(key: KeyName, lease: LeaseRow | undefined): void {
    const text = textOf(key)
    this.leases.set(text, lease)
    if (lease !== undefined) this.lastLease = Math.max(this.lastLease, lease.number)
    this.writes.push(() =>
      void (lease === undefined ? this.databases.leases.remove(text) : this.databases.leases.put(text, lease))
    )
  }

  append(record: LogRecord): void {
    const { drops, link, stamp } = record
    this.records.push(record)
    this.head = stamp
    this.link = link
    this.writes.push(() => void this.databases.log.put(stamp, record))
    for (const key of drops.keys) {
      const text = textOf(key)
      this.named.set(text, stamp)
      this.writes.push(() => void this.databases.named.put(text, stamp))
    }
    for (const scope of drops.scopes) {
      this.raised.set(scope, stamp)
      this.writes.push(() => void this.databases.marks.put(JSON.stringify(scope), stamp))
    }
    if (drops.scopes.length > 0) this.marksAt = stamp
  }

  recordsAfter(position: Position | undefined, max: number): ReadonlyArray<LogRecord> {
    if (position === undefined || !sameEpoch(position.epoch, this.epoch) || position.stamp < this.floor) return []
    const range = this.databases.log.getRange({ start: position.stamp + 1, limit: max })
    return [...Array.from(range, ({ value }) => value), ...this.records.filter(({ stamp }) => stamp > position.stamp)]
      .slice(0, max)
  }

  trim(recordsMax: number): void {
    if (this.head - this.floor <= 2 * recordsMax) return
    const floor = this.head - recordsMax
    for (const { key, value } of this.databases.log.getRange({ start: this.floor + 1, end: floor + 1 })) {
      this.writes.push(() => void this.databases.log.remove(key))
      for (const name of value.drops.keys) {
        const text = textOf(name)
        if (this.lastNaming(name) === key) this.writes.push(() => void this.databases.named.remove(text))
      }
    }
    this.floor = floor
  }

  get state(): Head {
    const { epoch, floor, head, lastLease, link, marksAt, versionMax } = this
    return { epoch, floor, head, link, marksAt, lastLease, versionMax }
  }
}

interface Asked {
  readonly asker: Asker
  readonly question: Question
  readonly resume: (answer: Exit.Exit<Answer<any>, StoreError>) => void
}

/** Opens a place until the Scope ends. */
export const make = (options: Options): Effect.Effect<LedgerPlace, StoreError, Scope.Scope> =>
  Effect.gen(function*() {
    const clock = yield* Clock.Clock
    const random = yield* Random.Random
    const { member, opened } = yield* Effect.acquireRelease(
      Effect.tryPromise({ try: () => enter(options.path, () => openAll(options.path)), catch: failed }),
      ({ member, opened }) => Effect.promise(() => member.leave(() => opened.root.close()))
    )
    return new LmdbPlace(opened, member, options, clock, () => Math.floor(random.nextDoubleUnsafe() * 2 ** 32))
  })

interface OpenedPlace {
  readonly root: RootDatabase
  readonly databases: Databases
}

const openAll = (path: string): OpenedPlace => {
  const root = open({ path, noSubdir: false, maxDbs: 8, overlappingSync: false })
  const databases = {
    head: root.openDB<Head, string>("head", { useVersions: true }),
    log: root.openDB<LogRecord, number>("log", {}),
    named: root.openDB<number, string>("named", {}),
    marks: root.openDB<number, string>("marks", {}),
    leases: root.openDB<LeaseRow, string>("leases", {}),
    entries: root.openDB<StoredEntry, string>("entries", {})
  }
  return { root, databases }
}

class LmdbPlace implements LedgerPlace {
  readonly name = "lmdb"
  readonly logs = 1
  private readonly root: RootDatabase
  private readonly databases: Databases
  private readonly member: Member
  private readonly options: Options
  private readonly clock: Clock.Clock
  private readonly bits: () => number
  private gathering: Array<Asked> = []
  private isWriting = false

  constructor(
    { databases, root }: OpenedPlace,
    member: Member,
    options: Options,
    clock: Clock.Clock,
    bits: () => number
  ) {
    this.root = root
    this.databases = databases
    this.member = member
    this.options = options
    this.clock = clock
    this.bits = bits
  }

  readonly open = <V>(family: StoreFamily<V>): Effect.Effect<PlacePartition<V>, StoreError> =>
    bytesPartition(this.name, family)

  readonly ask = <Q extends Question>(
    _log: number,
    asker: Asker,
    question: Q
  ): Effect.Effect<Answer<Q["_tag"]>, StoreError> =>
    Effect.callback((resume) => {
      this.gathering.push({ asker, question, resume })
      if (!this.isWriting) void this.write()
    })

  readonly lookNow = (_log: number, asker: Asker): Answer<"Look"> => {
    const round = this.begin().round
    return this.answerOf(round, asker, { _tag: "Look" })
  }

  private begin(): { readonly round: Round; readonly version: number | undefined } {
    this.root.resetReadTxn()
    const found = this.databases.head.getEntry(headKey)
    const now = this.clock.currentTimeMillisUnsafe()
    const head = found?.value ??
      {
        epoch: { number: now, nonce: this.bits() },
        floor: 0,
        head: 0,
        link: 0,
        marksAt: 0,
        lastLease: 0,
        versionMax: 0
      }
    return { round: new Round(this.databases, head, now), version: found?.version }
  }

  private answerOf<Q extends Question>(round: Round, asker: Asker, question: Q): Answer<Q["_tag"]> {
    const nowMillis = this.clock.currentTimeMillisUnsafe()
    const outcome = run(round, asker, question, { nowMillis, bits: this.bits }) as Answer<Q["_tag"]>["outcome"]
    const { epoch, floor, head, link, marksAt, versionMax } = round.state
    const records = round.recordsAfter(asker.position, this.options.recordsPerAnswer)
    return { heading: { epoch, floor, head, link, marksAt, versionMax }, records, proves: true, outcome }
  }

  private async write(): Promise<void> {
    this.isWriting = true
    while (this.gathering.length > 0) {
      const asked = this.gathering.splice(0, stepsMax)
      try {
        const answers = await this.written(asked)
        for (const [at, { resume }] of asked.entries()) resume(Exit.succeed(answers[at]!))
      } catch (cause) {
        for (const { resume } of asked) resume(Exit.fail(failed(cause)))
      }
    }
    this.isWriting = false
  }

  private async written(asked: ReadonlyArray<Asked>): Promise<ReadonlyArray<Answer<any>>> {
    for (let tries = 0; tries < triesMax; tries++) {
      const { round, version } = this.begin()
      const answers = asked.map(({ asker, question }) => this.answerOf(round, asker, question))
      round.trim(this.options.recordsMax)
      if (round.writes.length === 0 && version !== undefined) return answers
      const { head } = this.databases
      const all = () => {
        for (const write of round.writes) write()
        void head.put(headKey, round.state, (version ?? 0) + 1)
      }
      const isDone = await this.member.commit(() =>
        version === undefined ? head.ifNoExists(headKey, all) : head.ifVersion(headKey, version, all)
      )
      if (isDone) return answers
    }
    throw new Error("other processes were faster each time")
  }

  readonly listen = (
    _log: number,
    _hear: unknown,
    look: () => void
  ): Effect.Effect<void, never, Scope.Scope> =>
    Effect.asVoid(Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(lookMillis), Effect.sync(look)))))
}

const failed = (cause: unknown): StoreError =>
  new StoreError({ reason: new TierFailed({ tier: "lmdb", operation: "write", cause }) })
