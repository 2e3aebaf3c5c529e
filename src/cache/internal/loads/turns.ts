/**
 * Orders the updates of a family: updates of one key run one after the other.
 *
 * - An update that would wait for itself is refused at once: see `waits.ts`.
 * - An update that has waited for one turn longer than the family's `hardTimeout` (or `hangTimeoutMillis`) fails. The
 *   update that has the turn goes on.
 * - At most `waitersMax` updates wait for one key.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { Entry } from "../../../store/Entry.ts"
import { CacheError, UpdateTimeout } from "../../CacheError.ts"
import { noTags } from "../family/judgement.ts"
import { atOnce } from "./atOnce.ts"
import { currentWork } from "./load.ts"
import { shallow } from "./stack.ts"
import { waitersMax } from "./waiters.ts"
import { type Awaited, CurrentUpdate, hangTimeoutMillis, nap, Work } from "./waits.ts"

type Verb = "update" | "patch"

/** What updates need from their family. */
interface Ground {
  readonly verb: Verb
  readonly expiry: { readonly hardTimeout: number | undefined }
  now(): number
  /** The key as errors show it. */
  show(key: string): string
  queueFull(key: string, queueMax: number): CacheError
  fork(work: Effect.Effect<void>): Fiber.Fiber<void>
}

/** An update of one key, from the moment when it asks for its turn. */
export class Updating extends Work {
  readonly turn: Turn
  /** The lookup or the update whose fiber runs this update. */
  readonly within: Work | undefined
  isOver = false
  /** Since when it waits for its turn. */
  readonly since: number
  /** The error of an update that does not get its turn. */
  refusal: CacheError | undefined = undefined
  resume: ((exit: Exit.Exit<void, CacheError>) => void) | undefined = undefined

  constructor(turn: Turn, within: Work | undefined, since: number) {
    super()
    this.turn = turn
    this.within = within
    this.since = since
  }

  get name(): string {
    return `the ${this.turn.verb} of \`${this.turn.name}\``
  }
}

// All turns without a waiting update share this set, which stays empty.
const none: ReadonlySet<Updating> & { delete(updating: Updating): boolean } = new Set<Updating>()

/** The updates of one key. One of them, the holder, runs. */
export class Turn implements Awaited {
  readonly key: string
  private readonly ground: Ground
  holder: Updating | undefined = undefined
  /** When the holder got its turn. */
  began = 0
  /** The holder reads the value that it starts from. */
  reading = false
  /** Whether the key has changed since the holder began to read it. */
  overtaken = false
  /** The stamp up to which the value that the holder starts from is known to be valid. */
  stamp = 0
  /** The tags of that value. */
  tags: ReadonlyArray<string> = noTags
  waiting: ReadonlySet<Updating> & { delete(updating: Updating): boolean } = none
  timer: Fiber.Fiber<void> | undefined = undefined

  constructor(key: string, ground: Ground) {
    this.key = key
    this.ground = ground
  }

  get name(): string {
    return this.ground.show(this.key)
  }

  get verb(): Verb {
    return this.ground.verb
  }

  /** The holder reads the value that it starts from. What has happened before is part of that value. */
  readsFrom(stamp: number): void {
    this.reading = true
    this.overtaken = false
    this.stamp = stamp
  }

  /** The holder has read its value. A value that was not stored has no entry. */
  hasRead(entry: Entry<unknown> | undefined, tags: ReadonlyArray<string> = noTags): void {
    this.reading = false
    this.tags = tags
    if (entry !== undefined) this.stamp = Math.max(this.stamp, entry.stamp)
  }

  /** The key has changed, so the holder may not write the value that it makes from the old one. */
  overtake(): void {
    this.overtaken = true
  }

  add(updating: Updating): void {
    if (this.waiting === none) this.waiting = new Set([updating])
    else (this.waiting as Set<Updating>).add(updating)
  }

  *awaited(): Iterable<Awaited> {
    if (this.holder !== undefined) yield this.holder
    yield* this.waiting
  }
}

/** Names the update in the Context of a part of it that has to run. An Exit has run. */
export const working = <A, E, R>(updating: Updating, part: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Exit.isExit(part) ? part : Effect.provideService(part, CurrentUpdate, updating)

export class Turns {
  /** The turn of each key that some fiber is updating. */
  readonly byKey = new Map<string, Turn>()
  private readonly ground: Ground
  private readonly limitMillis: number
  /** The key of the update whose function is called in this step, and that has no turn. */
  private brief: string | undefined = undefined
  private isBriefOvertaken = false
  /** The update of `brief` as the holder of a turn, if another update waits for it. */
  private waited: Updating | undefined = undefined

  constructor(ground: Omit<Ground, "verb">, verb: Verb = "update") {
    this.ground = {
      verb,
      expiry: ground.expiry,
      now: () => ground.now(),
      show: (key) => ground.show(key),
      queueFull: (key, queueMax) => ground.queueFull(key, queueMax),
      fork: (work) => ground.fork(work)
    }
    this.limitMillis = ground.expiry.hardTimeout ?? hangTimeoutMillis
  }

  /** Runs `work` as soon as it has the turn of the key. */
  take<A, E, R>(
    key: string,
    work: (updating: Updating) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | CacheError, R> {
    // Uninterruptible, so that an update that has entered is sure to leave. If it need not wait, it leaves at once.
    return Effect.uninterruptibleMask((restore): Effect.Effect<A, E | CacheError, R> => {
      const entered = this.enter(key)
      if (Exit.isFailure(entered)) return Exit.failCause(entered.cause)
      const updating = entered.value
      const left = updating.turn.holder === updating ?
        atOnce(() => work(updating))
        : Effect.andThen(this.wait(updating), Effect.suspend(() => work(updating)))
      if (!Exit.isExit(left)) return Effect.onExit(restore(left), () => Effect.sync(() => this.end(updating)))
      this.end(updating)
      return left as Exit.Exit<A, E>
    })
  }

  /** Whether no update runs. */
  get areNone(): boolean {
    return this.byKey.size === 0 && this.brief === undefined
  }

  /**
   * The function of an update is called in this step, in a family in which no other update runs. Until `endBrief` the
   * family is not idle, so each change goes the long way, and overtakes the updates of its key. An update of the key
   * that begins meanwhile waits for the end.
   */
  beginBrief(key: string): void {
    this.brief = key
    this.isBriefOvertaken = false
  }

  /** Returns whether the key was changed meanwhile. An update that has waited goes first, so it counts as a change. */
  endBrief(): boolean {
    this.brief = undefined
    const { waited } = this
    if (waited === undefined) return this.isBriefOvertaken
    this.waited = undefined
    this.end(waited)
    return true
  }

  /** A key has changed, so its update is overtaken, and `alsoReading` one that still reads the value it starts from. */
  overtake(key: string, alsoReading: boolean): void {
    if (key === this.brief) this.isBriefOvertaken = true
    if (this.byKey.size === 0) return
    const turn = this.byKey.get(key)
    if (turn !== undefined && (alsoReading || !turn.reading)) turn.overtake()
  }

  /** The turn of the update that is in its function, for an update of the same key that has to wait. */
  private briefTurn(key: string): Turn | undefined {
    if (key !== this.brief) return undefined
    const turn = new Turn(key, this.ground)
    this.waited = new Updating(turn, undefined, this.ground.now())
    this.byKey.set(key, turn)
    this.hold(turn, this.waited)
    return turn
  }

  private enter(key: string): Exit.Exit<Updating, CacheError> {
    const known = this.byKey.get(key) ?? this.briefTurn(key)
    const turn = known ?? new Turn(key, this.ground)
    const within = currentWork()
    const updating = new Updating(turn, within, this.ground.now())
    within?.waitFor(updating)
    const refusal = known === undefined ? undefined : this.refusalOf(updating)
    if (refusal !== undefined) {
      within?.goOn(updating)
      return Exit.fail(refusal)
    }
    if (known === undefined) {
      this.byKey.set(key, turn)
      this.hold(turn, updating)
    } else {
      updating.waitFor(turn)
      turn.add(updating)
      turn.holder!.isAwaited = true
      this.watch(turn)
    }
    return Exit.succeed(updating)
  }

  private refusalOf(updating: Updating): CacheError | undefined {
    const { key, waiting } = updating.turn
    if (waiting.size >= waitersMax) return this.ground.queueFull(key, waitersMax)
    return updating.circularWait(updating.turn, updating.turn.name)
  }

  private hold(turn: Turn, updating: Updating): void {
    turn.holder = updating
    turn.began = this.ground.now()
    turn.reading = false
    turn.overtaken = false
    turn.stamp = 0
    turn.tags = noTags
    if (turn.waiting.size > 0) updating.isAwaited = true
  }

  private wait(updating: Updating): Effect.Effect<void, CacheError> {
    // It is looked and asked in one step: the turn may come just before.
    return Effect.callback<void, CacheError>((resume) => {
      if (updating.refusal !== undefined) return resume(Exit.fail(updating.refusal))
      if (updating.turn.holder === updating) return resume(Exit.void)
      updating.resume = resume
    })
  }

  private end(updating: Updating): void {
    const { turn } = updating
    updating.isOver = true
    updating.within?.goOn(updating)
    if (turn.holder === updating) {
      const [next] = turn.waiting
      if (next === undefined) this.byKey.delete(turn.key)
      else {
        this.withdraw(next)
        this.hold(turn, next)
        shallow(() => next.resume?.(Exit.void))
      }
    } else this.withdraw(updating)
  }

  /** Removes an update that does not wait for its turn any more. */
  private withdraw(updating: Updating): void {
    const { turn } = updating
    if (!turn.waiting.delete(updating)) return
    updating.goOn(turn)
    if (turn.waiting.size > 0) return
    turn.timer?.interruptUnsafe()
    turn.timer = undefined
  }

  // --- deadlines --------------------------------------------------------------------------------

  private watch(turn: Turn): void {
    if (turn.timer === undefined && this.limitMillis !== Infinity) turn.timer = this.ground.fork(this.expire(turn))
  }

  /** Refuses the updates that have waited for one turn for too long. It runs again as long as some update waits. */
  private expire(turn: Turn): Effect.Effect<void> {
    return Effect.suspend(() => {
      const [first] = turn.waiting
      if (first === undefined) {
        turn.timer = undefined
        return Effect.void
      }
      const left = Math.max(first.since, turn.began) + this.limitMillis - this.ground.now()
      if (left > 0) {
        if (this.ground.expiry.hardTimeout !== undefined) return Effect.andThen(Effect.sleep(left), this.expire(turn))
        return Effect.flatMap(nap(left, () => this.ground.now(), Effect.sleep), (late) => {
          if (late > 0) turn.began = Math.min(this.ground.now(), Math.max(first.since, turn.began) + late)
          return this.expire(turn)
        })
      }
      const timeout = new UpdateTimeout({ key: turn.name, timeoutMillis: this.limitMillis })
      const refusal = first.refusal = new CacheError({ reason: timeout })
      turn.waiting.delete(first)
      first.goOn(turn)
      shallow(() => first.resume?.(Exit.fail(refusal)))
      return this.expire(turn)
    })
  }

  /** Throws when the structure is broken. `idle` says that no fiber updates. For tests. */
  checkInvariants(check: (holds: boolean, rule: string) => void, idle: boolean): void {
    for (const [key, turn] of this.byKey) {
      check(turn.key === key && turn.holder?.isOver === false, "a key has a turn while an update of it runs")
      check(turn.waiting.size <= waitersMax, "the queue of updates keeps its bound")
      for (const updating of turn.waiting) check(!updating.isOver, "an update that is over waits for no turn")
    }
    check(this.brief === undefined, "the function of an update has returned")
    if (idle) check(this.byKey.size === 0, "no update has lost its turn")
  }
}
