/**
 * Runs the operations of one tier among several, and remembers the keys that the tier failed to remove.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { Entry, Found } from "../Entry.ts"
import * as AnswerTime from "../shared/answerTime.ts"
import type { Change, Content, Guard, Mark, Partition, PartitionPage, Prepared, Store } from "../Store.ts"
import { type Operation, StoreError } from "../StoreError.ts"

/** How many keys are remembered that a tier must still remove. Beyond this number, it must remove all of its keys. */
const distrustedMax = 1_000

/** How many of these removals are tried again after a write that the tier took. */
const repaymentsPerWriteMax = 64

/** What a lower tier gets: each value, or what the tier above pushes out. */
export type SetMode = "through" | "onEviction"

export type Report = (tier: string, operation: Operation, error: StoreError) => void

export type Entries<V> = ReadonlyArray<readonly [key: string, entry: Entry<V>]>

/** The writes that have begun and have not ended. */
export class UnderWay {
  readonly #writes = new Set<Fiber.Fiber<void, StoreError>>()
  #isHung = false

  /** Runs a write to its end, even if its caller is interrupted. Otherwise the tiers could hold different values. */
  run(write: Effect.Effect<void, StoreError>): Effect.Effect<void, StoreError> {
    return Effect.flatMap(
      Effect.forkDetach(write, { startImmediately: true, uninterruptible: true }),
      (fiber) => {
        this.#writes.add(fiber)
        fiber.addObserver(() => this.#writes.delete(fiber))
        return Fiber.join(fiber)
      }
    )
  }

  /**
   * Waits for the writes that have begun, in bounded time (`AnswerTime.drained`), so that a tier that hangs does not
   * hold up the end of the program. The families of a store wait one after the other. A write for which one family has
   * waited in vain is not awaited again.
   */
  readonly settled: Effect.Effect<void> = Effect.suspend(() => {
    const begun = Array.from(this.#writes)
    if (begun.length === 0) return Effect.void
    return Effect.map(AnswerTime.drained(Fiber.awaitAll(begun)), () => {
      for (const fiber of begun) this.#writes.delete(fiber)
    })
  })

  /**
   * Runs the last writes of a family that ends, as long as they make progress. A tier that hangs holds up one family,
   * and not those that end after it.
   */
  lastly(work: Effect.Effect<void>, progress: Progress): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.#isHung) return Effect.void
      return Effect.flatMap(
        Effect.forkDetach(work, { startImmediately: true }),
        (fiber) =>
          Effect.map(awaitProgress(fiber, progress, progress()), (hasEnded) => {
            this.#isHung ||= !hasEnded
          })
      )
    })
  }

  /** Is called when a family begins. From now on the tiers count as working again. */
  begin(): void {
    this.#isHung = false
  }
}

/** Returns a number that grows while the work makes progress. */
export type Progress = () => number

const awaitProgress = <A>(fiber: Fiber.Fiber<A>, progress: Progress, before: number): Effect.Effect<boolean> =>
  Effect.flatMap(AnswerTime.drained(Fiber.await(fiber)), (ended) => {
    if (Option.isSome(ended)) return Effect.succeed(true)
    const now = progress()
    return now === before ? Effect.succeed(false) : awaitProgress(fiber, progress, now)
  })

/** The change that a tier makes in a round. */
export interface Share {
  readonly tier: Tier<any>
  readonly change: Change<any>
}

/** The answer of a tier that refused a round. `isOwed` says that it may also still hold the keys of the round. */
export interface Refusal {
  readonly error: StoreError
  readonly isOwed: boolean
}

export const writeTo = (
  store: Store["Service"],
  report: Report,
  shares: ReadonlyArray<Share>,
  marks: ReadonlyArray<Mark>,
  guards: ReadonlyArray<Guard> = []
): Effect.Effect<Refusal | undefined> => {
  const carry = (shares: ReadonlyArray<Share>, guards: ReadonlyArray<Guard> = []) =>
    Effect.suspend(() => {
      const begun = shares.map(({ tier }) => tier.begin())
      return Effect.flatMap(
        Effect.result(store.write({ changes: shares.map(({ change }) => change), marks, guards })),
        (result) => {
          if (Result.isFailure(result)) {
            if (shares.length === 0) report(store.name, "recordMarks", result.failure)
            for (const { tier } of shares) tier.tell("write", result.failure)
            return Effect.succeed(result.failure)
          }
          const taken = shares.map(({ change, tier }, at) => tier.took(change, begun[at]!))
          return Effect.as(Effect.all(taken, { discard: true }), undefined)
        }
      )
    })
  return Effect.flatMap(carry(shares, guards), (error) => {
    if (error === undefined) return Effect.undefined
    // The tier must not keep the old values of the keys that it did not take.
    const removals = shares.map(({ change, tier }) => ({
      tier,
      change: { ...change, removed: keysOf(change), set: [] }
    }))
    return Effect.map(carry(removals), (again) => {
      if (again !== undefined) { for (const { change, tier } of removals) tier.distrust(change, again) }
      return { error, isOwed: again !== undefined }
    })
  })
}

export const keysOf = (
  { removed, set }: Change<any>
): ReadonlyArray<string> => [...removed, ...set.map(({ key }) => key)]

/** One tier of a family, with the keys that it must still remove. */
export class Tier<V> {
  readonly name: string
  readonly store: Store["Service"]
  readonly partition: Partition<V>
  readonly #report: Report
  // The keys that this tier may still hold although they were removed or replaced. The number is the count of writes at
  // that time, because a write that began earlier does not prove that the key is gone.
  readonly #distrusted = new Map<string, number>()
  #allDistrusted: number | undefined
  /** Why all is distrusted. */
  #refusal: StoreError | undefined
  #writes = 0

  /** `name` is the name of the store, with a number if several tiers have this name. */
  constructor(name: string, store: Store["Service"], partition: Partition<V>, report: Report) {
    this.name = name
    this.store = store
    this.partition = partition
    this.#report = report
  }

  trusts(key: string): boolean {
    return this.#allDistrusted === undefined && !this.#distrusted.has(key)
  }

  /** Runs an operation, and reports its failure. */
  attempt<A>(operation: Operation, effect: Effect.Effect<A, StoreError>): Effect.Effect<Result.Result<A, StoreError>> {
    return Effect.map(Effect.result(effect), (result) => {
      if (Result.isFailure(result)) this.#report(this.name, operation, result.failure)
      return result
    })
  }

  tell(operation: Operation, error: StoreError): void {
    this.#report(this.name, operation, error)
  }

  /** Prepares a content in this tier, and reports a refusal. Returns an `Exit` unless the codec is asynchronous. */
  prepare(key: string, content: Content<V>): Effect.Effect<Prepared<V>, StoreError> {
    const made = this.partition.prepare(key, content)
    if (!Exit.isExit(made)) return Effect.tapError(made, (error) => Effect.sync(() => this.tell("prepare", error)))
    const exit = made as Exit.Exit<Prepared<V>, StoreError>
    if (Exit.isFailure(exit)) {
      const error = Cause.squash(exit.cause)
      if (error instanceof StoreError) this.tell("prepare", error)
    }
    return made
  }

  /** Counts a write that begins. */
  begin(): number {
    return ++this.#writes
  }

  /** Notes that a round has arrived. `write` is the number of the write with which it began. */
  took({ cleared, removed, set }: Change<V>, write: number): Effect.Effect<void> {
    if (this.#allDistrusted === undefined && this.#distrusted.size === 0) return Effect.void
    if (cleared) this.#cleared(write)
    this.#trustAgain(removed, write)
    this.#trustAgain(set.map(({ key }) => key), write)
    return this.#repay
  }

  /** Notes that the tier may still hold the keys that a change removes. */
  distrust({ cleared, removed }: Change<V>, error: StoreError): void {
    if (cleared) this.#oweAll(error)
    else this.#owe(removed, error)
  }

  /** The number of keys that are remembered one by one. It is 0 while all keys count as not removed. */
  get distrustedCount(): number {
    return this.#distrusted.size
  }

  #owe(keys: ReadonlyArray<string>, error: StoreError): void {
    for (const key of keys) this.#distrusted.set(key, this.#writes)
    if (this.#allDistrusted !== undefined || this.#distrusted.size > distrustedMax) this.#oweAll(error)
  }

  #oweAll(error: StoreError): void {
    this.#allDistrusted = this.#writes
    this.#refusal = error
    this.#distrusted.clear()
  }

  /**
   * What this tier has of the keys; nothing of those that it should have forgotten. While it should have forgotten more
   * than are known by name, it cannot be read.
   */
  getMany(keys: ReadonlyArray<string>): Effect.Effect<Result.Result<ReadonlyArray<Found<V> | undefined>, StoreError>> {
    return Effect.suspend(() => {
      if (this.#allDistrusted !== undefined) return Effect.succeed(Result.fail(this.#refusal!))
      const trusted = keys.map((key) => this.trusts(key))
      const read = keys.length === 1
        ? Effect.map(this.partition.get(keys[0]!), (found) => [found])
        : this.partition.getMany(keys)
      return Effect.map(
        this.attempt("get", read),
        Result.map((all) =>
          all.map((found, at) => trusted[at] && this.trusts(keys[at]!) ? this.#named(found) : undefined)
        )
      )
    })
  }

  /**
   * A page of what this tier has, without the keys that it should have forgotten. While it should have forgotten more
   * than are known by name, it cannot be read.
   */
  page(after: string | undefined, max: number): Effect.Effect<PartitionPage<V>, StoreError> {
    return Effect.suspend(() => {
      if (this.#allDistrusted !== undefined) return Effect.fail(this.#refusal!)
      const { page } = this.partition
      return Effect.flatMap(this.attempt("page", page!(after, max)), (read) =>
        Result.isFailure(read)
          ? Effect.fail(read.failure)
          : Effect.succeed({ ...read.success, entries: read.success.entries.filter(([key]) => this.trusts(key)) }))
    })
  }

  #named(found: Found<V> | undefined): Found<V> | undefined {
    return found === undefined || this.name === this.store.name ? found : { ...found, tier: this.name }
  }

  /** Writes entries. If the tier fails, their keys are removed from it, so that it does not keep the old values. */
  setMany(entries: Entries<V>): Effect.Effect<Result.Result<void, StoreError>> {
    const keys = entries.map(([key]) => key)
    const write = entries.length === 1 ? this.partition.set(...entries[0]!) : this.partition.setMany(entries)
    return this.#write("set", write, keys, (failed) => Effect.as(this.remove(keys), failed))
  }

  remove(keys: ReadonlyArray<string>): Effect.Effect<Result.Result<void, StoreError>> {
    return this.#write("remove", this.partition.remove(keys), keys, (failed) => {
      this.#owe(keys, failed.failure)
      return Effect.succeed(failed)
    })
  }

  get clear(): Effect.Effect<Result.Result<void, StoreError>> {
    return Effect.suspend(() => {
      const write = ++this.#writes
      return Effect.map(this.attempt("clear", this.partition.clear), (cleared) => {
        if (Result.isFailure(cleared)) this.#oweAll(cleared.failure)
        else this.#cleared(write)
        return cleared
      })
    })
  }

  #cleared(write: number): void {
    if (this.#allDistrusted !== undefined && this.#allDistrusted < write) this.#allDistrusted = undefined
    this.#trustAgain(Array.from(this.#distrusted.keys()), write)
  }

  #write(
    operation: Operation,
    effect: Effect.Effect<void, StoreError>,
    keys: ReadonlyArray<string>,
    onFailure: (failed: Result.Failure<void, StoreError>) => Effect.Effect<Result.Result<void, StoreError>>
  ): Effect.Effect<Result.Result<void, StoreError>> {
    return Effect.suspend(() => {
      const write = ++this.#writes
      return Effect.flatMap(this.attempt(operation, effect), (result) => {
        if (Result.isFailure(result)) return onFailure(result)
        if (this.#allDistrusted === undefined && this.#distrusted.size === 0) return Effect.succeed(result)
        this.#trustAgain(keys, write)
        return Effect.as(this.#repay, result)
      })
    })
  }

  #trustAgain(keys: ReadonlyArray<string>, write: number): void {
    for (const key of keys) if (this.#distrusted.get(key)! < write) this.#distrusted.delete(key)
  }

  // Tries the removals again that this tier still owes, because it has just taken a write.
  get #repay(): Effect.Effect<void> {
    if (this.#allDistrusted !== undefined) return Effect.asVoid(this.clear)
    const owed = Array.from(this.#distrusted.keys()).slice(0, repaymentsPerWriteMax)
    if (owed.length === 0) return Effect.void
    const write = ++this.#writes
    return Effect.map(this.attempt("remove", this.partition.remove(owed)), (removed) => {
      if (Result.isSuccess(removed)) this.#trustAgain(owed, write)
    })
  }
}
