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
 * - Callers wait for a commit at most `commitTimeoutMillis`. While a commit does not end, writes fail at once.
 * - A commit into a file that was removed or replaced fails, and so does everything after it.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import { RareLog } from "../../shared/rareLog.ts"
import type { Operation, StoreError } from "../../StoreError.ts"
import { applyPlan, type Batch, type Bounds, isEmpty, makeBatch, type Op, type Plan, planBatch } from "./lmdbBatch.ts"
import { type Ending, type Opened, tierName } from "./lmdbEnvironment.ts"
import { failure, fileGone, isWrite, tierClosed, timedOut } from "./lmdbFailure.ts"
import type { LmdbFamilies } from "./lmdbFamilies.ts"
import type { LmdbMarks } from "./lmdbMarks.ts"
import { makeRoom } from "./lmdbRoom.ts"

/**
 * Bounds a batch; further writes wait outside. Planning one takes about 2 us, so a full batch holds the thread for 9
 * ms.
 */
const batchOpsMax = 4_096
const batchBytesMax = 16 * 1_048_576

/** After this, the callers that wait for a commit get an error, and the driver counts as hung until the commit ends. */
const commitTimeoutMillis = 30_000

/**
 * Additional time for the driver, by the machine's own time. After a process has slept, or a test has moved the clock,
 * the clock may jump by more than the limit, although the driver's thread had none of that time.
 */
const commitGraceMillis = 1_000

const liveClock = Context.get(Context.empty(), Clock.Clock)
const grace = Effect.provideService(Effect.sleep(commitGraceMillis), Clock.Clock, liveClock)

/** After this, the callers that wait for a flush get an error: the driver does not report a failed flush. */
const flushTimeoutMillis = 30_000

/** How long a write waits: until the end of the process loses nothing, or until a loss of power loses nothing. */
export type Durability = "process" | "flushed"

export class LmdbWrites {
  readonly #opened: Opened
  readonly #bounds: Bounds
  readonly #marks: LmdbMarks
  readonly #families: LmdbFamilies
  readonly #fits: (batch: Batch) => boolean
  readonly #wake = Latch.makeUnsafe(false)
  #gathering = makeBatch()
  #committing: Batch | undefined
  #flushing: Batch | undefined
  // The last batch that the driver committed; it may still be flushing.
  #flushed: Batch | undefined
  #entryCount: number
  #closed = false
  #hung = false
  #gone = false
  // Whether the last commit failed.
  #failed = false
  readonly #failures = new RareLog()

  constructor(opened: Opened, bounds: Bounds, marks: LmdbMarks, families: LmdbFamilies) {
    const { databases, path, root } = opened
    this.#opened = opened
    this.#bounds = bounds
    this.#marks = marks
    this.#families = families
    this.#fits = makeRoom(path, databases, root)
    this.#entryCount = countOf(databases.entries)
  }

  /**
   * The reason why nothing can be read any more, if any: the driver would end the process, or read from a removed file.
   */
  fault(operation: Operation): StoreError | undefined {
    if (this.#closed) return tierClosed(operation)
    return this.#gone ? fileGone(operation, this.#opened.path) : undefined
  }

  /** Runs a read of the driver, or a hand over to a batch, unless the tier cannot answer any more. */
  attempt<A>(operation: Operation, evaluate: () => A): Effect.Effect<A, StoreError> {
    return Effect.suspend(() => {
      const fault = this.fault(operation) ?? (this.#hung && isWrite(operation) ? overdue(operation) : undefined)
      return fault === undefined
        ? Effect.try({ try: evaluate, catch: (cause) => failure(operation, cause) })
        : Effect.fail(fault)
    })
  }

  /** Whether the file was found removed or replaced. */
  get isGone(): boolean {
    return this.#gone
  }

  /** Checks whether the file was removed or replaced. */
  looksGone(): boolean {
    if (this.#opened.isGone()) this.#gone = true
    return this.#gone
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
    return Effect.andThen(this.settle(this.#gathering, "process", "set"), this.room)
  })

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
  settle(batch: Batch | undefined, durability: Durability, operation: Operation): Effect.Effect<void, StoreError> {
    if (batch === undefined) return Effect.void
    const committed = Effect.mapError(Deferred.await(batch.committed), (cause) => failure(operation, cause))
    return durability === "process" ? committed : Effect.andThen(committed, awaitFlush(batch.flushed, operation))
  }

  /** Waits for every write until now. */
  drain(durability: Durability, operation: Operation): Effect.Effect<void, StoreError> {
    return Effect.suspend(() => {
      const last = isEmpty(this.#gathering) ? this.#committing ?? this.#flushing : this.#gathering
      this.#wake.openUnsafe()
      return this.settle(last, durability, operation)
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
    return Effect.matchEffect(this.#inTime(batch, this.#issue(batch)), {
      onSuccess: (plan) => {
        this.#committing = undefined
        this.#marks.stored(ceiling)
        this.#entryCount += plan.growth
        this.#failed = false
        this.#flushed = batch
        Deferred.doneUnsafe(batch.committed, Exit.void)
        // In its own fiber, so that no codec and no listener holds up the next commit.
        const tell = Effect.forEach(plan.departed, (departed) => this.#families.tell(departed), { discard: true })
        return plan.departed.length === 0 ? Effect.void : Effect.forkChild(tell, { startImmediately: true })
      },
      onFailure: (cause) => this.#abandon(batch, cause)
    })
  })

  #issue(batch: Batch) {
    const { databases, path, root } = this.#opened
    return Effect.tryPromise({
      try: () => {
        if (this.#gone || this.looksGone()) throw fileGone("write", path)
        if (!this.#fits(batch)) throw new Error(`no room left in ${path}`)
        const plan = planBatch(databases, batch, this.#bounds, this.#entryCount, (key) => this.#families.listens(key))
        const committed = applyPlan(databases, root, batch, plan)
        this.#onFlush(() => {
          if (this.#flushing === batch) this.#flushing = undefined
          Deferred.doneUnsafe(batch.flushed, Exit.void)
        })
        return committed.then(() => this.#landed(plan))
      },
      catch: (cause) => cause
    })
  }

  // Writes into a file that has lost its name, or that has another one, are lost.
  #landed(plan: Plan): Plan {
    if (!this.#opened.isGone()) return plan
    this.#gone = true
    throw fileGone("write", this.#opened.path)
  }

  // The driver cannot cancel a commit. So the callers that wait get an error, and the writer waits on: until this
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
    Deferred.doneUnsafe(batch.committed, Exit.fail(cause))
    Deferred.doneUnsafe(batch.flushed, Exit.fail(cause))
    return this.#failures.say((since) =>
      Effect.ignoreCause(Effect.fail(failure("write", cause)), {
        log: "Unhandled",
        message: `the ${tierName} tier could not write a round of changes${since}`
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
      Effect.map((): Ending => this.#hung ? "hung" : this.#failed ? "failed" : "idle")
    )
  })
}

// A flush fails only where the commit did, and the commit reports it.
const ignored = () => {}

// The driver does not declare what it returns.
const countOf = (database: { getStats(): {} }): number => (database.getStats() as { entryCount: number }).entryCount

const awaitFlush = (
  flushed: Deferred.Deferred<void, unknown>,
  operation: Operation
): Effect.Effect<void, StoreError> =>
  Effect.mapError(Deferred.await(flushed), (cause) => failure(operation, cause)).pipe(Effect.timeoutOrElse({
    duration: flushTimeoutMillis,
    orElse: () => Effect.fail(timedOut(operation, flushTimeoutMillis))
  }))

const overdue = (operation: Operation): StoreError => timedOut(operation, commitTimeoutMillis)
