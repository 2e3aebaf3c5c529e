/**
 * What all who opened one namespace share: writes on their way to LMDB, families, upkeep.
 *
 * Writes gather in a batch. While one batch commits the next gathers, so a commit carries as many writes as came in
 * during the one before, and a write waits for at most two commits. What is not committed yet is read from these two
 * batches; there is never more than one under way.
 *
 * - A batch is one LMDB transaction. After a crash all of it is there, or none. What is handed over in one turn goes
 *   with one batch, whatever its number and its size; family numbers, marks and the stamp ceiling go with it.
 * - A batch that fails is not lost in silence: those who wait for it get the error, and its keys stay in the next batch
 *   as removals, so that an older value does not come back in the place of one that could not be written. The next
 *   write tries again. Marks are not tried again: they may be what does not fit, and whoever made them knows.
 * - The stamp ceiling is raised in steps, together with the first stamp above it.
 * - A commit that does not end is waited for no longer than `commitTimeoutMillis`; until it does end, writes fail at
 *   once.
 * - A commit into a file that was removed or replaced is a failure, and so is everything after it.
 * - Damage to marks or to the state empties the namespace: what may be invalid is unknown then, and unknown is absent.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import type { RootDatabase } from "lmdb"
import { makeCommons, type Mark, type MarkLog } from "../../Store.ts"
import { FolderGone, type Operation, StoreError, TierFailed, TierFull, TierTimeout } from "../../StoreError.ts"
import {
  applyPlan,
  type Batch,
  type Bounds,
  bytesUsed,
  type Departed,
  isEmpty,
  makeBatch,
  type Plan,
  planBatch
} from "./lmdbBatch.ts"
import { type Databases, type Ending, type Opened, tierName } from "./lmdbEnvironment.ts"
import { entryKey, familyEnd, familyOf, familyStart, keyEncoder, parseRank, rankAfter, textBytes } from "./lmdbKey.ts"
import { dropMark, keepMark, parseMark } from "./lmdbMark.ts"
import { seal, unseal } from "./lmdbRecord.ts"
import { makeRoom } from "./lmdbRoom.ts"

/** Writes that gather; more wait outside. Planning one takes about 2 us, so a full batch holds the thread for 9 ms. */
const batchOpsMax = 4_096
const batchBytesMax = 16 * 1_048_576

/** Bounds one pass of upkeep to about 2 ms of the thread. */
const upkeepRowsMax = 500

/** Bounds what one wake of upkeep does, so that a backlog does not hold up writers for long. */
const upkeepPassesMax = 200

/** Rows that are read without a pause. */
const rowsPerTurnMax = 4_096

/** Stamps that a restart may skip; one row is written for so many. */
const ceilingStep = 65_536

/** After this, those who wait for a commit give it up, and the driver counts as hung until the commit ends. */
const commitTimeoutMillis = 30_000

/**
 * What the driver gets beyond that, by the machine's own time. A clock may jump by more than the limit, where a process
 * has slept or a test moves it, and the driver's thread has had none of that time.
 */
const commitGraceMillis = 1_000

const liveClock = Context.get(Context.empty(), Clock.Clock)
const grace = Effect.provideService(Effect.sleep(commitGraceMillis), Clock.Clock, liveClock)

/** After this, those who wait for a flush give it up: the driver does not tell when one fails. */
const flushTimeoutMillis = 30_000

/** How long a write is waited for: until the end of the process loses nothing, or until a loss of power does not. */
export type Durability = "process" | "flushed"

/** A family, as long as the namespace is open. */
export interface Family {
  readonly name: string
  /** In base 36. A family that was cleared goes on under another number. */
  id: string
  /** What its entry keys begin with. */
  prefix: string
  /** Told of each entry that upkeep takes. */
  readonly onDeparture: Set<(departed: Departed) => Effect.Effect<void>>
}

/** The state of an open namespace. */
export class Tier {
  readonly databases: Databases
  readonly bounds: Bounds
  readonly commons = makeCommons()
  readonly #root: RootDatabase<Buffer, string>
  readonly #path: string
  readonly #isFileGone: () => boolean
  readonly #fits: (batch: Batch) => boolean
  readonly #families = new Map<string, Family>()
  readonly #familiesById = new Map<string, Family>()
  readonly #dead = new Set<string>()
  readonly #wake = Latch.makeUnsafe(false)
  #gathering = makeBatch()
  #committing: Batch | undefined
  #flushing: Batch | undefined
  // The last that the driver has committed, and may be flushing still.
  #flushed: Batch | undefined
  #numberNext = 1
  #ceiling = 0
  #ceilingStored = 0
  #entryCount = 0
  #closed = false
  #hung = false
  #gone = false
  // The last commit failed.
  #failed = false

  /** Reads the state; throws what the driver throws. */
  constructor({ databases, isGone, path, root }: Opened, bounds: Bounds) {
    this.databases = databases
    this.#root = root
    this.#path = path
    this.#isFileGone = isGone
    this.#fits = makeRoom(path, databases, root)
    this.bounds = bounds
    this.wasDamaged = !this.#load()
    if (this.wasDamaged) this.#reset()
    this.#entryCount = countOf(databases.entries)
  }

  /** Why nothing can be read any more, if so: the driver would end the process, or answer from a file that is gone. */
  fault(operation: Operation): StoreError | undefined {
    if (this.#closed) return closedError(operation)
    return this.#gone ? this.#goneError(operation) : undefined
  }

  #goneError(operation: Operation): StoreError {
    return new StoreError({ reason: new FolderGone({ tier: tierName, operation, path: this.#path }) })
  }

  // Reading

  /** A record's bytes, valid until the next read, or `undefined`. */
  read(entryKey: string): Uint8Array | undefined {
    const op = this.#pending(entryKey)
    if (op === undefined || op.kind === "leave") return this.databases.entries.getBinaryFast(entryKey)
    return op.kind === "put" ? op.record : undefined
  }

  #pending(entryKey: string) {
    const op = this.#gathering.ops.size === 0 ? undefined : this.#gathering.ops.get(entryKey)
    return op === undefined && this.#committing !== undefined ? this.#committing.ops.get(entryKey) : op
  }

  /** Entry keys of the family with this number after `from`, in order, as far as they are committed. */
  keysAfter(id: string, from: string | undefined, limit: number): Array<string> {
    return Array.from(this.databases.entries.getKeys({
      start: from ?? familyStart(id),
      end: familyEnd(id),
      exclusiveStart: from !== undefined,
      limit
    }))
  }

  // Writing

  /** Whether a write may join the batch that gathers. One batch takes any number of writes of a single call. */
  get hasRoom(): boolean {
    return this.#gathering.ops.size < batchOpsMax && this.#gathering.bytes < batchBytesMax
  }

  /** Waits until there is room; fails as the batch that takes it fails. */
  readonly room: Effect.Effect<void, StoreError> = Effect.suspend(() => {
    if (this.hasRoom) return Effect.void
    this.#wake.openUnsafe()
    return Effect.andThen(this.settle(this.#gathering, "process", "set"), this.room)
  })

  put(entryKey: string, record: Buffer, stamp: number): Batch {
    this.#gathering.ops.set(entryKey, { kind: "put", record })
    this.#gathering.bytes += record.length
    this.#reserve(stamp)
    return this.#wakeFor(this.#gathering)
  }

  /** Removes, and says what to wait for. Where nothing is, and nothing is on its way, nothing is written. */
  remove(entryKeys: Iterable<string>): Batch | undefined {
    const gathering = this.#gathering
    // The rows may be gone already, by a removal that the disk has not seen.
    let last = this.#flushing === this.#committing ? undefined : this.#flushing
    for (const entryKey of entryKeys) {
      const op = this.#pending(entryKey)
      if (op?.kind === "remove") {
        if (last !== gathering) last = gathering.ops.has(entryKey) ? gathering : this.#committing
      } else if (op !== undefined || this.databases.entries.doesExist(entryKey)) {
        gathering.ops.set(entryKey, { kind: "remove" })
        last = gathering
      }
    }
    if (last === gathering) this.#wake.openUnsafe()
    return last
  }

  /** Waits for a batch as long as the durability asks. */
  settle(batch: Batch | undefined, durability: Durability, operation: Operation): Effect.Effect<void, StoreError> {
    if (batch === undefined) return Effect.void
    const committed = Effect.mapError(Deferred.await(batch.committed), (cause) => failure(operation, cause))
    return durability === "process" ? committed : Effect.andThen(committed, awaitFlush(batch.flushed, operation))
  }

  /** Waits for all that was written so far. */
  drain(durability: Durability, operation: Operation): Effect.Effect<void, StoreError> {
    return Effect.suspend(() => {
      const last = isEmpty(this.#gathering) ? this.#committing ?? this.#flushing : this.#gathering
      this.#wake.openUnsafe()
      return this.settle(last, durability, operation)
    })
  }

  // Families

  /** The family of this name, made if it is new. */
  family(name: string): Family {
    const known = this.#families.get(name)
    if (known !== undefined) return known
    const key = entryKey(familyPrefix, name)
    const row = this.databases.state.getBinary(key)
    const payload = row === undefined ? undefined : unseal(row)
    const id = payload === undefined ? this.#takeNumber() : idOf(payload)
    // It goes with the first entry that has the number, or before.
    if (payload === undefined) this.#gathering.state.set(key, familyRow(id, name))
    const family: Family = { name, id, prefix: familyStart(id), onDeparture: new Set() }
    this.#families.set(name, family)
    this.#familiesById.set(id, family)
    return family
  }

  // Numbers are never given out again: the next one is kept with what has the one before.
  #takeNumber(): string {
    const number = this.#numberNext++
    this.#gathering.state.set(numberKey, numberRow(this.#numberNext))
    return number.toString(36)
  }

  /** Drops all entries of a family at once, whatever their number, and says what to wait for. Upkeep frees them. */
  clear(family: Family): Batch {
    const { id } = family
    this.#dead.add(id)
    this.#familiesById.delete(id)
    this.#gathering.state.set(deadPrefix + id, seal(textBytes(id)))
    family.id = this.#takeNumber()
    family.prefix = familyStart(family.id)
    this.#familiesById.set(family.id, family)
    this.#gathering.state.set(entryKey(familyPrefix, family.name), familyRow(family.id, family.name))
    this.#wake.openUnsafe()
    return this.#gathering
  }

  // Marks

  /** Gathers marks, and says what to wait for: of each scope the greater stamp is kept. */
  recordMarks(marks: ReadonlyArray<Mark>): Batch | undefined {
    const batch = this.#gathering
    for (const mark of marks) {
      this.#reserve(mark.stamp)
      keepMark(batch.marks, mark)
    }
    return marks.length === 0 ? undefined : this.#wakeFor(batch)
  }

  /** Drops the marks whose stamp is still the given one, and says what to wait for. */
  dropMarks(marks: ReadonlyArray<Mark>): Batch | undefined {
    const batch = this.#gathering
    for (const mark of marks) dropMark(batch.marks, mark)
    return marks.length === 0 ? undefined : this.#wakeFor(batch)
  }

  #wakeFor(batch: Batch): Batch {
    this.#wake.openUnsafe()
    return batch
  }

  /** All marks; fails when one is damaged, for then what is invalid is unknown. */
  readonly loadMarks: Effect.Effect<MarkLog, StoreError> = Effect.suspend(() => this.#marksAfter(undefined, []))

  #marksAfter(from: string | undefined, marks: Array<Mark>): Effect.Effect<MarkLog, StoreError> {
    return Effect.flatMap(this.attempt("loadMarks", () => this.#readMarks(from, marks)), (last) =>
      last === undefined
        ? this.attempt("loadMarks", () => ({ marks, stampMax: this.#ceiling }))
        : Effect.andThen(Effect.yieldNow, this.#marksAfter(last, marks)))
  }

  // The last key of a full turn, or undefined after the last mark.
  #readMarks(from: string | undefined, marks: Array<Mark>): string | undefined {
    let last: string | undefined
    let rows = 0
    const range = { start: from ?? familyStart(""), end: familyEnd(""), exclusiveStart: from !== undefined }
    for (const { key, value } of this.databases.marks.getRange({ ...range, limit: rowsPerTurnMax })) {
      const mark = parseMark(value)
      if (mark === undefined) throw new Error("a mark is damaged; to open the tier again empties it")
      marks.push(mark)
      last = key
      rows++
    }
    return rows < rowsPerTurnMax ? undefined : last
  }

  // A stamp above the ceiling raises it: here at once, and in the database together with the stamp.
  #reserve(stamp: number): void {
    if (stamp > this.#ceiling) this.#ceiling = (Math.floor(stamp / ceilingStep) + 1) * ceilingStep
  }

  // Commits

  /** Commits what gathered, again and again; after a failure, when the next write comes. */
  readonly writer: Effect.Effect<never> = Effect.forever(Effect.suspend(() => {
    this.#wake.closeUnsafe()
    return Effect.andThen(isEmpty(this.#gathering) ? Effect.void : this.#commit, this.#wake.await)
  }))

  readonly #commit: Effect.Effect<unknown> = Effect.suspend(() => {
    const batch = this.#gathering
    this.#committing = batch
    this.#flushing = batch
    this.#gathering = makeBatch()
    const ceiling = this.#ceiling
    if (ceiling > this.#ceilingStored) batch.state.set(ceilingKey, numberRow(ceiling))
    return Effect.matchEffect(this.#inTime(batch, this.#issue(batch)), {
      onSuccess: (plan) => {
        this.#committing = undefined
        this.#ceilingStored = ceiling
        this.#entryCount += plan.growth
        this.#failed = false
        this.#flushed = batch
        Deferred.doneUnsafe(batch.committed, Exit.void)
        // On a fiber of its own, so that no codec and no listener holds up the next commit.
        const tell = Effect.forEach(plan.departed, (departed) => this.#tell(departed), { discard: true })
        return plan.departed.length === 0 ? Effect.void : Effect.forkChild(tell, { startImmediately: true })
      },
      onFailure: (cause) => this.#abandon(batch, cause)
    })
  })

  #issue(batch: Batch) {
    return Effect.tryPromise({
      try: () => {
        if (this.#gone || this.#isFileGone()) {
          this.#gone = true
          throw this.#goneError("write")
        }
        if (!this.#fits(batch)) throw new Error(`no room left in ${this.#path}`)
        const plan = planBatch(this.databases, batch, this.bounds, this.#entryCount, (key) => this.#listens(key))
        const committed = applyPlan(this.databases, this.#root, batch, plan)
        this.#onFlush(() => {
          if (this.#flushing === batch) this.#flushing = undefined
          Deferred.doneUnsafe(batch.flushed, Exit.void)
        })
        return committed.then(() => this.#landed(plan))
      },
      catch: (cause) => cause
    })
  }

  // What went into a file that has no name, or another one than it had, is lost.
  #landed(plan: Plan): Plan {
    if (!this.#isFileGone()) return plan
    this.#gone = true
    throw this.#goneError("write")
  }

  // The driver cannot be told to give up. So whoever waits is told, and the batch is waited for all the same: until its
  // commit has ended, nothing else can be committed.
  #inTime(batch: Batch, commit: Effect.Effect<Plan, unknown>): Effect.Effect<Plan, unknown> {
    const giveUp = Effect.sync(() => {
      this.#hung = true
      const gathered = this.#gathering
      this.#gathering = { ...gathered, committed: Deferred.makeUnsafe(), flushed: Deferred.makeUnsafe() }
      for (const waited of [batch, gathered]) {
        Deferred.doneUnsafe(waited.committed, Exit.fail(overdue("write")))
        Deferred.doneUnsafe(waited.flushed, Exit.fail(overdue("write")))
      }
    })
    const late = Effect.andThen(grace, giveUp)
    return Effect.flatMap(
      Effect.forkChild(Effect.delay(late, commitTimeoutMillis), { startImmediately: true }),
      (watch) =>
        Effect.onExit(commit, () => {
          this.#hung = false
          return Fiber.interrupt(watch)
        })
    )
  }

  // Must be asked for in the turn in which the write was issued.
  #onFlush(flushed: () => void): void {
    this.#root.flushed.then(flushed, ignored)
  }

  #abandon(batch: Batch, cause: unknown): Effect.Effect<void> {
    this.#committing = undefined
    this.#failed = true
    if (this.#flushing === batch) this.#flushing = undefined
    for (const [key, op] of batch.ops) {
      if (op.kind !== "leave" && !this.#gathering.ops.has(key)) this.#gathering.ops.set(key, { kind: "remove" })
    }
    for (const [key, row] of batch.state) {
      if (!this.#gathering.state.has(key)) this.#gathering.state.set(key, row)
    }
    Deferred.doneUnsafe(batch.committed, Exit.fail(cause))
    Deferred.doneUnsafe(batch.flushed, Exit.fail(cause))
    return Effect.ignoreCause(Effect.fail(failure("write", cause)), {
      log: "Unhandled",
      message: `the ${tierName} tier could not write ${batch.ops.size} entries`
    })
  }

  #listens(entryKey: string): boolean {
    const family = this.#familiesById.get(familyOf(entryKey))
    return family !== undefined && family.onDeparture.size > 0
  }

  #tell(departed: Departed): Effect.Effect<void> {
    const family = this.#familiesById.get(familyOf(departed.entryKey))
    return family === undefined
      ? Effect.void
      : Effect.forEach(family.onDeparture, (tell) => tell(departed), { discard: true })
  }

  // Upkeep

  /** Frees entries that are due, entries of cleared families, and entries beyond the bounds. */
  readonly upkeep: Effect.Effect<void, StoreError> = Effect.suspend(() => {
    let passes = 0
    const pass: Effect.Effect<void, StoreError> = Effect.flatMap(
      Clock.currentTimeMillis,
      (now) =>
        Effect.flatMap(this.attempt("remove", () => this.#gatherUpkeep(now, passes === 0)), (more) =>
          Effect.andThen(
            this.drain("process", "remove"),
            more && ++passes < upkeepPassesMax ? Effect.andThen(Effect.yieldNow, pass) : Effect.void
          ))
    )
    return pass
  })

  // Whether there is more to do than one pass takes.
  #gatherUpkeep(nowMillis: number, isFirst: boolean): boolean {
    // A reader that was killed keeps every page that is replaced from then on. The driver looks every ten minutes.
    // It waits for a lock, which another container may hold once the folder is its own.
    if (isFirst && this.#isFileGone()) this.#gone = true
    if (this.#gone) return false
    if (isFirst) this.#root.readerCheck()
    const rows = Array.from(this.databases.order.getKeys({
      start: firstRank,
      end: rankAfter(nowMillis),
      limit: upkeepRowsMax
    }))
    for (const rank of rows) {
      const key = parseRank(rank).entryKey
      if (this.#pending(key) === undefined) this.#gathering.ops.set(key, { kind: "leave", rank, cause: "Expired" })
    }
    if (this.#committing === undefined) this.#entryCount = countOf(this.databases.entries)
    const overfull = this.#entryCount > this.bounds.entriesMax ||
      this.#entryCount > 0 && bytesUsed(this.databases) > this.bounds.bytesMax
    // Whatever is committed makes room.
    if (overfull) this.#gathering.state.set(upkeepKey, seal(textBytes("")))
    return this.#gatherDead(upkeepRowsMax - rows.length) || rows.length === upkeepRowsMax || overfull
  }

  #gatherDead(limit: number): boolean {
    for (const id of this.#dead) {
      if (limit <= 0) return true
      const keys = this.keysAfter(id, undefined, limit)
      for (const key of keys) this.#gathering.ops.set(key, { kind: "remove" })
      if (keys.length > 0) return true
      // Some of its entries may be on their way to the database still: then a later wake finds them there.
      if (this.#committing !== undefined || this.#gathering.ops.size > 0) return false
      this.#dead.delete(id)
      this.#gathering.state.set(deadPrefix + id, undefined)
    }
    return false
  }

  // Opening and closing

  /** Whether the namespace was damaged, and was emptied when it was opened. */
  readonly wasDamaged: boolean

  #load(): boolean {
    for (const { key, value } of this.databases.state.getRange({ start: stateStart, end: stateEnd })) {
      const payload = unseal(value)
      if (payload === undefined) return false
      if (key === ceilingKey) this.#ceiling = this.#ceilingStored = payload.readDoubleLE(0)
      else if (key === numberKey) this.#numberNext = payload.readDoubleLE(0)
      else if (key.startsWith(deadPrefix)) this.#dead.add(idOf(payload))
    }
    for (const { value } of this.databases.marks.getRange({ start: familyStart(""), end: familyEnd("") })) {
      if (parseMark(value) === undefined) return false
    }
    return true
  }

  // Entries go first: a crash in between leaves marks without entries, and never entries without their marks.
  #reset(): void {
    const { entries, marks, order, state } = this.databases
    entries.clearSync()
    order.clearSync()
    marks.clearSync()
    state.clearSync()
    this.#dead.clear()
    this.#ceiling = this.#ceilingStored = 0
    this.#numberNext = 1
  }

  /** Takes no more writes, waits for those that gathered, and says how they ended. */
  readonly close: Effect.Effect<Ending> = Effect.suspend(() => {
    this.#closed = true
    // What could not be written was reported by the writer.
    const drained = this.#hung ? Effect.void : Effect.ignore(this.drain("process", "set"))
    // The driver flushes on a thread of its own, from what it would free.
    const flushed = Effect.suspend(() =>
      this.#hung || this.#flushed === undefined ? Effect.void : awaitFlush(this.#flushed.flushed, "set")
    )
    return Effect.andThen(drained, Effect.ignore(flushed)).pipe(
      Effect.map((): Ending => this.#hung ? "hung" : this.#failed ? "failed" : "idle")
    )
  })

  /** Runs a read of the driver, or a hand over to a batch, unless it would be in vain. */
  attempt<A>(operation: Operation, evaluate: () => A): Effect.Effect<A, StoreError> {
    return Effect.suspend(() => {
      const fault = this.fault(operation) ?? (this.#hung && isWrite(operation) ? overdue(operation) : undefined)
      return fault === undefined
        ? Effect.try({ try: evaluate, catch: (cause) => failure(operation, cause) })
        : Effect.fail(fault)
    })
  }
}

// A flush fails only where the commit did, and that is told there.
const ignored = () => {}

const firstRank = Buffer.from([0])

// Rows of state: the ceiling, the next family number, families by name, numbers of cleared families, and one that is
// written where there is nothing else to write.
const stateStart = "a"
const stateEnd = "{"
const ceilingKey = "stampMax"
const numberKey = "numberNext"
const upkeepKey = "upkeep"
const familyPrefix = "family:"
const deadPrefix = "dead:"

const numberRow = (n: number): Buffer => {
  const payload = Buffer.allocUnsafe(8)
  payload.writeDoubleLE(n, 0)
  return seal(payload)
}

const familyRow = (id: string, name: string): Buffer => seal(textBytes(`${id} ${name}`))

const idOf = (payload: Buffer): string => keyEncoder.readKey(payload, 0, payload.length).split(" ", 1)[0]!

// The driver does not declare what it returns.
const countOf = (database: { getStats(): {} }): number => (database.getStats() as { entryCount: number }).entryCount

const awaitFlush = (
  flushed: Deferred.Deferred<void, unknown>,
  operation: Operation
): Effect.Effect<void, StoreError> =>
  Effect.mapError(Deferred.await(flushed), (cause) => failure(operation, cause)).pipe(Effect.timeoutOrElse({
    duration: flushTimeoutMillis,
    orElse: () =>
      Effect.fail(
        new StoreError({ reason: new TierTimeout({ tier: tierName, operation, timeoutMillis: flushTimeoutMillis }) })
      )
  }))

const isWrite = (operation: Operation): boolean =>
  operation !== "get" && operation !== "entries" && operation !== "size" && operation !== "loadMarks"

const overdue = (operation: Operation): StoreError =>
  new StoreError({ reason: new TierTimeout({ tier: tierName, operation, timeoutMillis: commitTimeoutMillis }) })

/** The error of an operation, from what the driver threw, or from what a batch failed with. */
export const failure = (operation: Operation, cause: unknown): StoreError => {
  if (cause instanceof StoreError) {
    const { reason } = cause
    if (reason._tag === "TierTimeout") return overdue(operation)
    return reason._tag === "FolderGone"
      ? new StoreError({ reason: new FolderGone({ tier: tierName, operation, path: reason.path }) })
      : cause
  }
  const full = cause instanceof Error &&
    /MDB_MAP_FULL|[Nn]o space left|no room left|ENOSPC|EDQUOT|EFBIG|File too large/.test(cause.message)
  return new StoreError({ reason: new (full ? TierFull : TierFailed)({ tier: tierName, operation, cause }) })
}

const closedError = (operation: Operation): StoreError => failure(operation, new Error("the tier is closed"))
