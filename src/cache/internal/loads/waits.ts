/**
 * Finds circular waits between loads and updates, before a fiber would wait for itself.
 *
 * A fiber works for a load or an update if its Context says so. The fibers that it starts inherit this Context. Before
 * such a fiber waits for another load or update, the engine checks whether that one waits for the fiber's own work,
 * directly or through others. If so, none of them could ever go on, so the fiber gets `CircularWait` at once.
 *
 * Not seen: waits outside these fibers (`Effect.runPromise` after an `await`). These end by a deadline:
 * `hangTimeoutMillis`, or the family's `hardTimeout`.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { CacheError, CircularWait } from "../../CacheError.ts"

/**
 * How long a load may go on after a second reader has joined it, and how long the turn of an update may last while
 * others wait for theirs, in a family without a `hardTimeout`. This is long enough for every lookup that makes
 * progress. A lookup that waits for itself, unseen by the engine, makes none.
 */
export const hangTimeoutMillis = 300_000

/** The longest sleep of a patience, which bounds how much of a pause of the process counts as waiting. */
const napMillisMax = 30_000

/** A sleep that ends later than this by the engine's clock: the process was frozen or blocked meanwhile. */
const lateMillisMin = 1_000

/**
 * Sleeps for a part of a patience, and returns for how long the process was held up meanwhile. A patience is for work
 * that makes no progress. While the process is frozen or blocked, no work could make any.
 */
export const nap = (
  millis: number,
  now: () => number,
  sleep: (millis: number) => Effect.Effect<void>
): Effect.Effect<number> =>
  Effect.suspend(() => {
    const pause = Math.min(millis, napMillisMax)
    const until = now() + pause
    return Effect.map(sleep(pause), () => {
      const late = now() - until
      return late < lateMillisMin ? 0 : late
    })
  })

/** The most nodes of the graph that one check visits. In a larger graph, the deadlines end a circular wait. */
const visitsMax = 10_000

/** Something for which a fiber can wait: a load, an update, the turn of an update, or the next load of a key. */
export interface Awaited {
  /** The things for which it waits itself. */
  awaited(): Iterable<Awaited>
}

/** A load or an update, for which fibers work. */
export abstract class Work implements Awaited {
  /** Whether other work waits for it, or has waited. */
  isAwaited = false
  /**
   * The first end of a value that it has read, or that the work for which it waits has read. A later reader does not
   * get its value.
   */
  restsUntil = Infinity
  /** The first such end among the work for which it waits, or has waited. */
  waitsUntil = Infinity
  private waits: Array<Awaited> | undefined = undefined
  /** The work that waits for it, and how often each does. */
  private followers: Map<Work, number> | undefined = undefined

  /** The name of the work in messages. */
  abstract get name(): string

  /** Whether it has ended. A fiber that outlives it works for nothing any more. */
  abstract get isOver(): boolean

  awaited(): Iterable<Awaited> {
    return this.waits ?? none
  }

  waitFor(other: Awaited): void {
    if (other instanceof Work) other.lead(this)
    if (this.waits === undefined) this.waits = [other]
    else this.waits.push(other)
  }

  /** Ends one wait for `other`. */
  goOn(other: Awaited): void {
    const { waits } = this
    const at = waits === undefined ? -1 : waits.indexOf(other)
    if (at < 0) return
    waits!.splice(at, 1)
    if (other instanceof Work) other.letGoOf(this)
  }

  /** Notes that `follower` waits for it from now on. */
  lead(follower: Work): void {
    this.isAwaited = true
    const followers = this.followers ??= new Map()
    followers.set(follower, (followers.get(follower) ?? 0) + 1)
    if (this.restsUntil === Infinity) return
    follower.waitsUntil = Math.min(follower.waitsUntil, this.restsUntil)
    follower.restOn(this.restsUntil)
  }

  private letGoOf(follower: Work): void {
    const count = this.followers?.get(follower)
    if (count === undefined) return
    if (count > 1) this.followers!.set(follower, count - 1)
    else this.followers!.delete(follower)
  }

  /** Notes that a value which it has read ends at `until`. The work that waits for it depends on that value, too. */
  restOn(until: number): void {
    if (until >= this.restsUntil) return
    this.restsUntil = until
    if (this.followers === undefined) return
    const reached = new Set(this.followers.keys())
    for (const one of reached) {
      one.waitsUntil = Math.min(one.waitsUntil, until)
      if (until >= one.restsUntil) continue
      one.restsUntil = until
      if (one.followers !== undefined) { for (const next of one.followers.keys()) reached.add(next) }
    }
  }

  /** The error if the work must not wait for `other`, because `other` waits for it. */
  circularWait(other: Awaited, key: string): CacheError | undefined {
    return (other === this || this.isAwaited) && leadsTo(other, this)
      ? new CacheError({ reason: new CircularWait({ key, work: this.name }) })
      : undefined
  }
}

const none: ReadonlyArray<Awaited> = []

const leadsTo = (from: Awaited, to: Awaited): boolean => someAwaited(from, (one) => one === to, false)

/** Whether this is so of `from`, or of something for which it waits at any distance; `beyond`, if that is too much. */
export const someAwaited = (from: Awaited, isSo: (one: Awaited) => boolean, beyond: boolean): boolean => {
  const seen = new Set<Awaited>([from])
  for (const one of seen) {
    if (isSo(one)) return true
    if (seen.size > visitsMax) return beyond
    for (const next of one.awaited()) seen.add(next)
  }
  return false
}

/** The update for which a fiber works; `undefined` if it works for none. */
export const CurrentUpdate = Context.Reference<Work | undefined>(
  "effect-stateless/cache/internal/waits/CurrentUpdate",
  {
    defaultValue: () => undefined
  }
)
