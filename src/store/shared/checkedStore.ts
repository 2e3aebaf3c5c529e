/**
 * Makes every failure of a store of the user's own a typed one.
 *
 * The contract says that an operation returns an Effect that fails with `StoreError`. A store that a user wrote may
 * throw in place of that, die, return nothing, or return something else. Each of these counts as `TierFailed`, as if
 * the Effect had failed: so the engine takes a write back, and a read goes on without the tier.
 *
 * The stores of this package keep the contract, and are not wrapped. A hot partition is not wrapped either, because
 * each hit would pay for it.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import { isBag } from "../../ownership/shared/validation.ts"
import { type MarkLog, type Partition, Store, type StoreFamily } from "../Store.ts"
import { type Operation, StoreError, TierFailed } from "../StoreError.ts"
import type { Whole } from "./whole.ts"

type Service = Store["Service"]

const exempted = new WeakSet<Service>()

/** Notes that a store keeps the contract. */
export const exempt = (store: Service): Service => {
  exempted.add(store)
  return store
}

const checks = new WeakMap<Service, Service>()

/** The store as the engine calls it: one check for each store. */
export const checked = (store: Service): Service => {
  if (exempted.has(store)) return store
  let check = checks.get(store)
  if (check === undefined) checks.set(store, check = exempt(checkOf(store)))
  return check
}

// The store's own partition behind each checked one. In a round, a store accepts only its own.
const behind = new WeakMap<Partition<any>, Partition<any>>()

const checkOf = (store: Service): Service => {
  const calls = new Calls(store.name)
  const log = calls.call("loadMarks", () => store.loadMarks, isLog)
  const check: Whole<Service> = {
    name: store.name,
    commons: store.commons,
    open: <V>(family: StoreFamily<V>) =>
      Effect.map(
        calls.call("open", () => store.open(family), isBag as (answer: unknown) => boolean),
        (opened) => partitionOf(opened, calls)
      ),
    write: (round) => {
      const { changes, guards } = round
      const own = <A extends { readonly partition: Partition<any> }>(all: ReadonlyArray<A>): ReadonlyArray<A> =>
        all.map((one) => ({ ...one, partition: behind.get(one.partition) ?? one.partition }))
      const checkedGuards = guards?.map((guard) => ({
        ...guard,
        conditions: own(guard.conditions),
        changes: own(guard.changes)
      }))
      return calls.call("write", () => store.write({ ...round, changes: own(changes), guards: checkedGuards }))
    },
    loadMarks: Effect.map(log, keepsSafely),
    news: store.news,
    knowing: store.knowing,
    recordMarks: (marks) => calls.call("recordMarks", () => store.recordMarks(marks)),
    removeMarks: (marks) => calls.call("removeMarks", () => store.removeMarks(marks))
  }
  return Store.of(check)
}

const partitionOf = <V>(own: Partition<V>, calls: Calls): Partition<V> => {
  const { beginLoad, below, endLoad, full, page } = own
  const check: Whole<Partition<V>> = {
    prepare: (key, content) => calls.call("prepare", () => own.prepare(key, content), isBag),
    get: (key) => calls.call("get", () => own.get(key), (found) => found === undefined || isBag(found)),
    getMany: (keys) =>
      calls.call("get", () => own.getMany(keys), (all) => Array.isArray(all) && all.length === keys.length),
    set: (key, entry) => calls.call("set", () => own.set(key, entry)),
    setMany: (entries) => calls.call("set", () => own.setMany(entries)),
    remove: (keys) => calls.call("remove", () => own.remove(keys)),
    clear: calls.later("clear", () => own.clear),
    entries: calls.entriesOf(own),
    sweep: (freshUntilMax) => calls.call("sweep", () => own.sweep(freshUntilMax)),
    size: calls.later("size", () => own.size, (size) => typeof size === "number"),
    hot: own.hot,
    beginLoad: beginLoad &&
      ((key, version) =>
        calls.call("get", () => beginLoad.call(own, key, version), (found) => found === undefined || isBag(found))),
    endLoad: endLoad && ((key) => calls.silently(() => endLoad.call(own, key))),
    full: full && ((entries, bytes) => calls.full(() => full.call(own, entries, bytes))),
    page: page && ((after, max) => calls.call("page", () => page.call(own, after, max), isPage)),
    below: below && partitionOf(below, calls)
  }
  behind.set(check, own)
  return check
}

const anything = () => true

const isLog = (answer: unknown): boolean =>
  isBag(answer) && Array.isArray(answer["marks"]) && typeof answer["stampMax"] === "number" &&
  (answer["versionMax"] === undefined || typeof answer["versionMax"] === "number")

const isPage = (answer: unknown): boolean =>
  isBag(answer) && Array.isArray(answer["entries"]) &&
  (answer["next"] === undefined || typeof answer["next"] === "string")

/** A tier that cannot say what it keeps may keep anything. */
const keepsSafely = (log: MarkLog): MarkLog => {
  const { keeps } = log
  if (keeps === undefined) return log
  return {
    ...log,
    keeps: (namePrefix) => {
      try {
        return keeps(namePrefix)
      } catch {
        return true
      }
    }
  }
}

/** The calls of one store. */
class Calls {
  private readonly tier: string

  constructor(tier: string) {
    this.tier = tier
  }

  /** Calls an operation. An answer that is there at once stays so. */
  call<A, R>(
    operation: Operation,
    act: () => Effect.Effect<A, StoreError, R>,
    isAnswer: (answer: unknown) => boolean = anything
  ): Effect.Effect<A, StoreError, R> {
    try {
      const made = act()
      if (!Effect.isEffect(made)) return this.fail(operation, nonsense(made, "an Effect"))
      const judge = (exit: Exit.Exit<A, StoreError>) => this.judge(operation, exit, isAnswer)
      return Exit.isExit(made)
        ? judge(made as Exit.Exit<A, StoreError>)
        : Effect.flatMap(Effect.exit(made), judge)
    } catch (thrown) {
      return this.fail(operation, thrown)
    }
  }

  /** Tells the tier something. What it throws concerns no caller. */
  silently(tell: () => void): void {
    try {
      tell()
    } catch {
      // A turn ends by itself after some time.
    }
  }

  /** Asks for room. A wrong answer is a refusal. */
  full(ask: () => unknown): StoreError | undefined {
    try {
      const answer = ask()
      return answer === undefined || answer instanceof StoreError
        ? answer
        : this.failed("prepare", nonsense(answer, "a StoreError"))
    } catch (thrown) {
      return this.failed("prepare", thrown)
    }
  }

  later<A>(
    operation: Operation,
    act: () => Effect.Effect<A, StoreError>,
    isAnswer?: (answer: unknown) => boolean
  ): Effect.Effect<A, StoreError> {
    return Effect.suspend(() => this.call(operation, act, isAnswer))
  }

  entriesOf<V>(own: Partition<V>): Partition<V>["entries"] {
    const opened = this.later("entries", () => {
      const { entries } = own
      return Stream.isStream(entries) ? Effect.succeed(entries) : this.fail("entries", nonsense(entries, "a Stream"))
    })
    return Stream.catchCause(
      Stream.unwrap(opened),
      (cause) => Stream.fromEffect(this.typed("entries", cause))
    )
  }

  private judge<A>(
    operation: Operation,
    exit: Exit.Exit<A, StoreError>,
    isAnswer: (answer: unknown) => boolean
  ): Exit.Exit<A, StoreError> {
    if (Exit.isFailure(exit)) return this.typed(operation, exit.cause)
    return isAnswer(exit.value) ? exit : this.fail(operation, nonsense(exit.value, "what the contract says"))
  }

  /** A cause of which no part is anything but a `StoreError` or an interruption. */
  private typed(operation: Operation, cause: Cause.Cause<StoreError>): Exit.Exit<never, StoreError> {
    for (const reason of cause.reasons) {
      if (Cause.isDieReason(reason)) return this.fail(operation, reason.defect)
      if (Cause.isFailReason(reason) && !(reason.error instanceof StoreError)) return this.fail(operation, reason.error)
    }
    return Exit.failCause(cause)
  }

  private fail(operation: Operation, cause: unknown): Exit.Exit<never, StoreError> {
    return Exit.fail(this.failed(operation, cause))
  }

  private failed(operation: Operation, cause: unknown): StoreError {
    return new StoreError({ reason: new TierFailed({ tier: this.tier, operation, cause }) })
  }
}

const nonsense = (answer: unknown, expected: string): TypeError =>
  new TypeError(`it answered with ${answer === null ? "null" : typeof answer} in place of ${expected}`)
