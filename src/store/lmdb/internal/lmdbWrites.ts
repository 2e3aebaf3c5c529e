/**
 * Writes on their way to LMDB.
 *
 * Writes are gathered in a batch. While one batch commits, the next is gathered. So a commit carries all writes that
 * came during the one before, and a write waits for at most two commits. Reads find uncommitted writes in these two
 * batches; never more than one is under way.
 *
 * - A batch is one LMDB transaction: after a crash all of it is there, or none. Writes handed over in one turn share
 *   one batch, whatever their number and size; family numbers, marks and the stamp ceiling are in it, too.
 * - A failed batch is reported: the callers that wait for it get the error. Its keys stay in the next batch as
 *   removals, so that an older value does not return in the place of a value that could not be written. The next write
 *   tries them again. Marks are not tried again: they may be what does not fit, and their caller got the error.
 * - A file says whether the next process may trust the namespace: not while a failed batch is owed (`lmdbTrust.ts`).
 * - Callers wait for a commit at most `commitTimeoutMillis`. While a commit does not end, writes fail at once.
 * - A commit into a file that was removed or replaced fails, and so does everything after it.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as AnswerTime from "../../shared/answerTime.ts"
import { RareLog } from "../../shared/rareLog.ts"
import type { Operation, StoreError } from "../../StoreError.ts"
import {
  applyPlan,
  type Batch,
  type Bounds,
  type Departed,
  emptyPlan,
  evictionsOf,
  isEmpty,
  leaveOut,
  makeBatch,
  type Op,
  type Plan,
  planBatch,
  planEvictions,
  replacedOf,
  withoutEvictions
} from "./lmdbBatch.ts"
import { type Ending, type Opened, tierName } from "./lmdbEnvironment.ts"
import { failure, fileGone, isWrite, takesAway, tierClosed, timedOut } from "./lmdbFailure.ts"
import type { LmdbFamilies } from "./lmdbFamilies.ts"
import type { LmdbMarks } from "./lmdbMarks.ts"
import { type Lack, Room } from "./lmdbRoom.ts"
import { upkeepKey, upkeepRow } from "./lmdbState.ts"
import type { LmdbTrust } from "./lmdbTrust.ts"

/**
 * Bounds a batch; further writes wait outside. Planning one takes about 2 us, so a full batch holds the thread for 9
 * ms.
 */
const batchOpsMax = 4_096
const batchBytesMax = 16 * 1_048_576

/** The most entries that one transaction evicts on a full disk: the pages that it copies must fit. */
const evictionsPerPart = 256

/** The pages that the marks and the removals of a round may need beside its values. */
const pagesOfRound = 64

/** Bounds the transactions that make room for one batch; each evicts a thousand entries, or waits for a flush. */
const partsMax = 4_096

/** The transactions after which the pages that one has freed can be used, if no reader holds them. */
const turnsMax = 3

/** After this, the callers that wait for a commit get an error, and the driver counts as hung until the commit ends. */
const commitTimeoutMillis = 30_000

/** After this, the callers that wait for a flush get an error: the driver does not report a failed flush. */
const flushTimeoutMillis = 30_000

/** How long a write waits: until the end of the process loses nothing, or until a loss of power loses nothing. */
export type Durability = "process" | "flushed"

export class LmdbWrites {
  readonly #opened: Opened
  readonly #bounds: Bounds
  readonly #marks: LmdbMarks
  readonly #families: LmdbFamilies
  readonly #room: Room
  readonly #trust: LmdbTrust
  readonly #listens = (entryKey: string) => this.#families.listens(entryKey)
  readonly #wake = Latch.makeUnsafe(false)
  #gathering = makeBatch()
  #committing: Batch | undefined
  #flushing: Batch | undefined
  // The last batch that the driver committed; it may still be flushing.
  #flushed: Batch | undefined
  #entryCount: number
  // Entries that upkeep or a lack of room has removed, whose listeners learn it after the commit.
  #departed: Array<Departed> = []
  #closed = false
  #hung = false
  #gone = false
  // Whether the last commit failed.
  #failed = false
  // The last error of `admit`: the removals of the change that it refused were handed over.
  #forgone: unknown
  /** Called once when the file is found removed, replaced or taken over. */
  readonly onGone = new Set<() => void>()
  readonly #failures = new RareLog()

  constructor(opened: Opened, bounds: Bounds, marks: LmdbMarks, families: LmdbFamilies, trust: LmdbTrust) {
    this.#opened = opened
    this.#bounds = bounds
    this.#marks = marks
    this.#families = families
    this.#room = new Room(opened, bounds.bytesMax)
    this.#trust = trust
    this.#entryCount = countOf(opened.databases.entries)
  }

  /**
   * The reason why nothing can be read any more, if any: the driver would end the process, or read from a removed file.
   */
  fault(operation: Operation): StoreError | undefined {
    if (this.#closed) return tierClosed(operation)
    return this.#gone ? fileGone(operation, this.#opened.path) : undefined
  }

  /**
   * Runs a read of the driver, or a hand over to a batch, unless the tier cannot answer any more. What is refused while
   * a commit does not end takes nothing away: `forgo` hands over the removals and marks of it.
   */
  attempt<A>(operation: Operation, evaluate: () => A, forgo?: () => void): Effect.Effect<A, StoreError> {
    return Effect.suspend(() => {
      const fault = this.fault(operation)
      if (fault !== undefined) return Effect.fail(fault)
      if (!this.#hung || !isWrite(operation)) {
        return Effect.try({ try: evaluate, catch: (cause) => this.#failedIn(operation, cause) })
      }
      this.#forgo(operation, forgo)
      return Effect.fail(overdue(operation))
    })
  }

  // The caller may come again with the same change, or not.
  #failedIn(operation: Operation, cause: unknown): StoreError {
    if (cause !== this.#forgone && takesAway(operation)) this.lose()
    return failure(operation, cause)
  }

  #forgo(operation: Operation, forgo: (() => void) | undefined): void {
    if (forgo === undefined || !this.hasRoom) return takesAway(operation) ? this.lose() : undefined
    forgo()
    this.#trust.owe(this.#gathering)
  }

  /** A change fails that is in no batch. */
  lose(): void {
    if (!this.#closed && !this.looksGone()) this.#trust.lost()
  }

  /** Whether the file was found removed or replaced. */
  get isGone(): boolean {
    return this.#gone
  }

  /** Checks whether the file was removed, replaced or taken over. */
  looksGone(): boolean {
    if (this.#gone || !this.#opened.isGone()) return this.#gone
    this.#gone = true
    for (const tell of this.onGone) tell()
    return true
  }

  // Gathering

  /** The batch that the next commit takes. */
  get gathering(): Batch {
    return this.#gathering
  }

  get isCommitting(): boolean {
    return this.#committing !== undefined
  }

  /** The uncommitted write of an entry, if any. */
  pending(entryKey: string): Op | undefined {
    const op = this.#gathering.ops.size === 0 ? undefined : this.#gathering.ops.get(entryKey)
    return op === undefined && this.#committing !== undefined ? this.#committing.ops.get(entryKey) : op
  }

  /** Whether a write may join the gathering batch. One batch takes any number of writes of a single call. */
  get hasRoom(): boolean {
    return this.#gathering.ops.size < batchOpsMax && this.#gathering.bytes < batchBytesMax
  }

  /** Waits until there is room; fails if the batch with the room fails. */
  readonly room: Effect.Effect<void, StoreError> = Effect.suspend(() => {
    if (this.hasRoom) return Effect.void
    this.#wake.openUnsafe()
    const landed = this.awaitBatch(this.#gathering, "process", "set")
    return Effect.andThen(Effect.tapError(landed, () => Effect.sync(() => this.lose())), this.room)
  })

  /** Why the disk has no room for so many entries, those on their way included; `undefined` if it has. */
  full(entries: number, bytes: number): StoreError | undefined {
    const onTheirWay = this.#onTheirWay
    // Somewhat more than the entries need when they come, so that they are not refused then.
    const fits = this.#room.hasRoom(Math.max(entries, onTheirWay.rows), Math.max(bytes, onTheirWay.bytes), pagesOfRound)
    return fits ? undefined : failure("set", this.#lack())
  }

  /**
   * Throws if the disk has no room for so many entries beside those on their way. Then `remove` is called, because no
   * older value may stay in the place of one that was not written. The other writes are not affected.
   */
  admit(entries: number, bytes: number, remove: () => void): void {
    const onTheirWay = this.#onTheirWay
    if (entries === 0 || this.#room.hasRoom(onTheirWay.rows + entries, onTheirWay.bytes + bytes, 0)) return
    remove()
    throw this.#forgone = this.#lack()
  }

  /** Why there is no room. A folder that was removed has none. */
  #lack(): Error {
    const { path } = this.#opened
    return this.looksGone() ? fileGone("set", path) : this.#room.fault ?? noRoom(path)
  }

  get #onTheirWay(): { readonly rows: number; readonly bytes: number } {
    const [gathering, committing] = [this.#gathering, this.#committing]
    const rows = gathering.ops.size + (committing?.ops.size ?? 0)
    return { rows, bytes: gathering.bytes + (committing?.bytes ?? 0) }
  }

  /** Wakes the writer for the gathered batch, and returns the batch to wait for. */
  handOver(): Batch {
    this.#wake.openUnsafe()
    return this.#gathering
  }

  put(entryKey: string, record: Buffer): Batch {
    this.#gathering.ops.set(entryKey, { kind: "put", record })
    this.#gathering.bytes += record.length
    return this.handOver()
  }

  /** Removes entries, and returns the batch to wait for. Writes nothing if there is no entry, stored or on its way. */
  remove(entryKeys: Iterable<string>): Batch | undefined {
    const gathering = this.#gathering
    // An earlier removal that the disk has not flushed may already have removed the rows.
    let last = this.#flushing === this.#committing ? undefined : this.#flushing
    for (const entryKey of entryKeys) {
      const op = this.pending(entryKey)
      if (op?.kind === "remove") {
        if (last !== gathering) last = gathering.ops.has(entryKey) ? gathering : this.#committing
      } else if (op !== undefined || this.#opened.databases.entries.doesExist(entryKey)) {
        gathering.ops.set(entryKey, { kind: "remove" })
        last = gathering
      }
    }
    if (last === gathering) this.#wake.openUnsafe()
    return last
  }

  /** Waits for a batch as long as the durability requires. */
  awaitBatch(batch: Batch | undefined, durability: Durability, operation: Operation): Effect.Effect<void, StoreError> {
    if (batch === undefined) return Effect.void
    const committed = Effect.mapError(Deferred.await(batch.committed), (cause) => failure(operation, cause))
    return durability === "process" ? committed : Effect.andThen(committed, awaitFlush(batch.flushed, operation))
  }

  /** Waits for every write until now. */
  drain(durability: Durability, operation: Operation): Effect.Effect<void, StoreError> {
    return Effect.suspend(() => {
      const last = isEmpty(this.#gathering) ? this.#committing ?? this.#flushing : this.#gathering
      this.#wake.openUnsafe()
      return this.awaitBatch(last, durability, operation)
    })
  }

  /** The number of entries; entries of a running commit count once it has ended. */
  countEntries(): number {
    if (this.#committing === undefined) this.#entryCount = countOf(this.#opened.databases.entries)
    return this.#entryCount
  }

  // Committing

  /** Commits gathered batches, again and again; after a failure, when the next write comes. */
  readonly writer: Effect.Effect<never> = Effect.forever(Effect.suspend(() => {
    this.#wake.closeUnsafe()
    return Effect.andThen(isEmpty(this.#gathering) ? Effect.void : this.#commit, this.#wake.await)
  }))

  readonly #commit: Effect.Effect<unknown> = Effect.suspend(() => {
    const batch = this.#gathering
    this.#committing = batch
    this.#flushing = batch
    this.#gathering = makeBatch()
    const ceiling = this.#marks.gatherCeiling(batch)
    this.#room.forget()
    return Effect.flatMap(
      Effect.matchEffect(this.#inTime(batch, this.#issue(batch)), {
        onSuccess: (refusal) => {
          this.#committing = undefined
          this.#marks.stored(ceiling)
          this.#failed = false
          this.#flushed = batch
          this.#trust.landed(batch)
          if (refusal !== undefined) return this.#refuse(batch, refusal)
          Deferred.doneUnsafe(batch.committed, Exit.void)
          return Effect.void
        },
        onFailure: (cause) => this.#abandon(batch, cause)
      }),
      () => {
        const departed = this.#departed
        this.#departed = []
        // In its own fiber, so that no codec and no listener holds up the next commit.
        const tell = Effect.forEach(departed, (one) => this.#families.tell(one), { discard: true })
        return departed.length === 0 ? Effect.void : Effect.forkChild(tell, { startImmediately: true })
      }
    )
  })

  /** Commits a batch; returns the error of its values, where only the rest of it fits on the disk. */
  #issue(batch: Batch): Effect.Effect<Error | undefined, unknown> {
    return Effect.tryPromise({
      try: () => {
        const plan = this.#plan(batch)
        return this.#room.lackOf(plan, batch.state.size) === undefined
          ? this.#commitLast(batch, plan)
          : this.#commitInParts(batch)
      },
      catch: (cause) => cause
    })
  }

  #plan(batch: Batch): Plan {
    if (this.looksGone()) throw fileGone("write", this.#opened.path)
    const { pageSize } = this.#room
    return planBatch(this.#opened.databases, batch, this.#bounds, this.#entryCount, pageSize, this.#listens)
  }

  /**
   * Makes room in transactions of its own, and then commits the batch in one. Under the bound on bytes, entries are
   * evicted until the pages that they leave are enough; if all are not enough, newcomers are left out. On a full disk
   * the values of the batch are refused: their keys are removed. Marks and removals evict entries if they need to.
   */
  async #commitInParts(batch: Batch): Promise<Error | undefined> {
    let refusal: Error | undefined
    let turns = 0
    for (let part = 0; part < partsMax; part++) {
      const plan = this.#plan(batch)
      const lack = this.#room.lackOf(plan, batch.state.size)
      if (lack === undefined) return this.#commitLast(batch, plan, refusal)
      if (lack === "disk" && plan.bytes > 0) {
        refusal = this.#lack()
        for (const [key, { kind }] of batch.ops) if (kind === "put") batch.ops.set(key, { kind: "remove" })
        continue
      }
      if (lack === "bound" && this.#room.isHeld) break
      const making = this.#making(plan, batch, lack)
      if (making.steps.length > 0) turns = 0
      else if (!this.#room.isWaiting) break
      else if (turns++ >= turnsMax) {
        this.#room.hold()
        break
      }
      await this.#commitPart(making)
    }
    return this.#commitLeft(batch, refusal)
  }

  /** What makes room: nothing if there is enough to wait for, or evictions; under the bound then what is replaced. */
  #making(plan: Plan, batch: Batch, lack: Lack): Plan {
    if (this.#room.willFit(plan, batch.state.size, lack)) return emptyPlan([])
    if (lack === "disk") {
      const { evictionsMax, pageSize } = this.#room
      const rowsMax = Math.min(evictionsMax, evictionsPerPart)
      return planEvictions(this.#opened.databases, batch, rowsMax, pageSize, this.#listens)
    }
    const evictions = evictionsOf(plan)
    return evictions.steps.length > 0 ? evictions : replacedOf(plan)
  }

  // No transaction before this one makes more room.
  async #commitLeft(batch: Batch, refusal: Error | undefined): Promise<Error | undefined> {
    const whole = this.#plan(batch)
    const bytesMax = whole.bytes - this.#room.excessOf(whole, batch.state.size)
    leaveOut(whole, this.#room.pageSize, this.#listens, () => whole.bytes > bytesMax)
    const plan = whole.bytes > 0 ? whole : withoutEvictions(whole)
    if (this.#room.lackOf(plan, batch.state.size) === "disk") throw this.#lack()
    return this.#commitLast(batch, plan, refusal)
  }

  async #commitPart(plan: Plan): Promise<void> {
    // A transaction without changes would free no pages.
    const committed = this.#apply(new Map([[upkeepKey, upkeepRow()]]), plan)
    const { flushed } = this.#opened.root
    const transaction = await committed
    await flushed
    this.#room.flushed(transaction)
  }

  async #commitLast(batch: Batch, plan: Plan, refusal?: Error): Promise<Error | undefined> {
    let transaction = 0
    const isNothing = plan.steps.length + plan.marks.length + batch.state.size === 0
    if (isNothing) this.#departed.push(...plan.departed)
    const committed = isNothing ? undefined : this.#apply(batch.state, plan)
    this.#onFlush(() => {
      this.#room.flushed(transaction)
      if (this.#flushing === batch) this.#flushing = undefined
      if (refusal === undefined) Deferred.doneUnsafe(batch.flushed, Exit.void)
    })
    if (committed !== undefined) transaction = await committed
    return refusal
  }

  /** Commits a plan, and returns the number of the transaction. */
  #apply(state: Batch["state"], plan: Plan): Promise<number> {
    const { databases, root } = this.#opened
    return applyPlan(databases, root, state, plan).then(() => {
      this.#landed()
      this.#entryCount += plan.growth
      this.#departed.push(...plan.departed)
      return this.#room.landed(plan)
    })
  }

  // Writes into a file that has lost its name, or that has another one, are lost.
  #landed(): void {
    if (this.looksGone()) throw fileGone("write", this.#opened.path)
  }

  // The driver cannot cancel a commit. So the callers that wait get an error, and the writer waits on: until this
  // commit has ended, nothing else can be committed.
  #inTime<A>(batch: Batch, commit: Effect.Effect<A, unknown>): Effect.Effect<A, unknown> {
    const giveUp = Effect.sync(() => {
      this.#hung = true
      const gathered = this.#gathering
      this.#gathering = { ...gathered, committed: Deferred.makeUnsafe(), flushed: Deferred.makeUnsafe() }
      for (const owed of [batch, this.#gathering]) this.#trust.owe(owed)
      for (const waited of [batch, gathered]) {
        Deferred.doneUnsafe(waited.committed, Exit.fail(overdue("write")))
        Deferred.doneUnsafe(waited.flushed, Exit.fail(overdue("write")))
      }
    })
    const late = Effect.andThen(AnswerTime.sleep(commitTimeoutMillis), giveUp)
    return Effect.flatMap(
      Effect.forkChild(late, { startImmediately: true }),
      (watch) =>
        Effect.onExit(commit, () => {
          this.#hung = false
          return Fiber.interrupt(watch)
        })
    )
  }

  // Must be called in the turn in which the write was issued.
  #onFlush(flushed: () => void): void {
    this.#opened.root.flushed.then(flushed, ignored)
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
    // A file that is gone is not served by the next process, or another process has it already.
    if (!this.looksGone()) this.#trust.failed(batch, this.#gathering)
    return this.#refuse(batch, cause)
  }

  #refuse(batch: Batch, cause: unknown): Effect.Effect<void> {
    Deferred.doneUnsafe(batch.committed, Exit.fail(cause))
    Deferred.doneUnsafe(batch.flushed, Exit.fail(cause))
    return this.#failures.say((since) =>
      Effect.ignoreCause(Effect.fail(failure("write", cause)), {
        log: "Unhandled",
        message: `the ${tierName} tier could not write a round of changes${since}${
          this.#trust.isNoted ? "" : "; the next process may serve what it was to remove"
        }`
      })
    )
  }

  /** Accepts no more writes, waits for the gathered ones, and returns how they ended. */
  readonly close: Effect.Effect<Ending> = Effect.suspend(() => {
    this.#closed = true
    // The writer has reported what could not be written.
    const drained = this.#hung ? Effect.void : Effect.ignore(this.drain("process", "set"))
    // The driver flushes on its own thread, from memory that closing would free.
    const flushed = Effect.suspend(() =>
      this.#hung || this.#flushed === undefined ? Effect.void : awaitFlush(this.#flushed.flushed, "set")
    )
    return Effect.andThen(drained, Effect.ignore(flushed)).pipe(
      Effect.map((): Ending => {
        this.#trust.close()
        return this.#hung ? "hung" : this.#failed ? "failed" : "idle"
      })
    )
  })
}

const noRoom = (path: string): Error => new Error(`no room left in ${path}`)

// A flush fails only where the commit did, and the commit reports it.
const ignored = () => {}

// The driver does not declare what it returns.
const countOf = (database: { getStats(): {} }): number => (database.getStats() as { entryCount: number }).entryCount

const awaitFlush = (
  flushed: Deferred.Deferred<void, unknown>,
  operation: Operation
): Effect.Effect<void, StoreError> =>
  AnswerTime.timeoutOrElse(Effect.mapError(Deferred.await(flushed), (cause) => failure(operation, cause)), {
    duration: flushTimeoutMillis,
    orElse: () => Effect.fail(timedOut(operation, flushTimeoutMillis))
  })

const overdue = (operation: Operation): StoreError => timedOut(operation, commitTimeoutMillis)
