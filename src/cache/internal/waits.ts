/**
 * Who waits for whom: loads and updates, and what the fibers that work for them wait for.
 *
 * A fiber works for a load or for an update if its Context says so, which the fibers that it starts inherit. Before
 * such a fiber waits, it looks whether what it would wait for waits for its own work, directly or through others: then
 * none of them could ever go on, and the fiber gets `CircularWait` at once.
 *
 * Not seen: what runs outside these fibers (`Effect.runPromise` after an `await`). Those waits end by a deadline:
 * `patienceMillis`, or the family's `hardTimeout`.
 */
import * as Context from "effect/Context"
import { CacheError, CircularWait } from "../CacheError.ts"

/**
 * How long a load may go on after a second reader has joined it, and how long the turn of an update may last while
 * others wait for theirs, in a family without a `hardTimeout`. Ample for a lookup that makes progress; one that waits
 * for itself through a door that the engine cannot see makes none.
 */
export const patienceMillis = 300_000

/** Works, and queues of works, that one look at the graph visits; a larger graph is left to the deadlines. */
const visitsMax = 10_000

/** What can be waited for: a load, an update, the turn of an update, the next load of a key. */
export interface Awaited {
  /** What it waits for in its turn. */
  awaited(): Iterable<Awaited>
}

/** A load or an update: what fibers work for. */
export abstract class Work implements Awaited {
  /** Another work waits for it, or has waited. */
  isAwaited = false
  /** When something ends that it has read, or that what it waits for has read: no later reader gets what it makes. */
  restsUntil = Infinity
  /** The same of what it waits for, or has waited for. */
  waitsUntil = Infinity
  private waits: Array<Awaited> | undefined = undefined
  /** The works that wait for it, and how often each of them does. */
  private followers: Map<Work, number> | undefined = undefined

  /** How messages name it. */
  abstract get name(): string

  /** What its fibers left behind works for nothing any more. */
  abstract get isOver(): boolean

  awaited(): Iterable<Awaited> {
    return this.waits ?? none
  }

  waitFor(other: Awaited): void {
    if (other instanceof Work) other.lead(this)
    if (this.waits === undefined) this.waits = [other]
    else this.waits.push(other)
  }

  /** One wait for `other` is over. */
  goOn(other: Awaited): void {
    const { waits } = this
    const at = waits === undefined ? -1 : waits.indexOf(other)
    if (at < 0) return
    waits!.splice(at, 1)
    if (other instanceof Work) other.letGoOf(this)
  }

  /** `follower` waits for it from now on. */
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

  /** Something that it has read ends at `until`: what waits for it rests on that as well. */
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

  /** Why the work must not wait for `other`: `other` waits for it. */
  circularWait(other: Awaited, key: string): CacheError | undefined {
    return (other === this || this.isAwaited) && leadsTo(other, this)
      ? new CacheError({ reason: new CircularWait({ key, work: this.name }) })
      : undefined
  }
}

const none: ReadonlyArray<Awaited> = []

const leadsTo = (from: Awaited, to: Awaited): boolean => {
  const seen = new Set<Awaited>([from])
  for (const one of seen) {
    if (one === to) return true
    if (seen.size > visitsMax) return false
    for (const next of one.awaited()) seen.add(next)
  }
  return false
}

/** The update that a fiber works for, if it does. */
export const CurrentUpdate = Context.Reference<Work | undefined>(
  "effect-stateless/cache/internal/waits/CurrentUpdate",
  {
    defaultValue: () => undefined
  }
)
