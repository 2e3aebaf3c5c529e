/**
 * Orders the work on each key of a family in one place, so that copies between tiers never undo a write. All engines of
 * the process over one place share it: else a copy of one engine could undo a write of another.
 *
 * Writes of one key take turns, in the order in which they came. A copy (promotion, demotion) holds a ticket from
 * before its read until after its write. A write voids the tickets of its keys, and tickets drawn while it runs are
 * void from the start. A copy checks its ticket and starts to write in one step; a write that finds a copy writing
 * waits for it. So a copy either comes before the write, which then overwrites it, or does not happen.
 *
 * The guard knows a key only while there is work on it.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

/** The largest number of copies at a time in a family; further copies are not made. */
const ticketsMax = 10_000

/** Permission to copy one key. */
export interface Ticket {
  readonly key: string
  isVoid: boolean
  landing: Deferred.Deferred<void> | undefined
}

interface Work {
  readonly tickets: Set<Ticket>
  /** Done when the last write that runs or waits is done. */
  tail: Deferred.Deferred<void> | undefined
}

// By the place that the lowest tiers share.
const guards = new WeakMap<object, Map<string, KeyGuard>>()

/** Orders the work on one family in one place, for all engines of this process. */
export class KeyGuard {
  readonly #work = new Map<string, Work>()
  #tickets = 0
  // Done when the last write of the whole partition is done.
  #barrier: Deferred.Deferred<void> | undefined

  /** The guard that all engines over one place share for a family: a copy of one must not undo a write of another. */
  static of(place: object, family: string): KeyGuard {
    let known = guards.get(place)
    if (known === undefined) guards.set(place, known = new Map())
    let guard = known.get(family)
    if (guard === undefined) known.set(family, guard = new KeyGuard())
    return guard
  }

  /** The number of keys with work on them. */
  get busy(): number {
    return this.#work.size
  }

  /** Draws a ticket for a copy. The caller must return it with `end`. */
  begin(key: string): Ticket {
    const work = this.#of(key)
    const isVoid = work.tail !== undefined || this.#barrier !== undefined || this.#tickets >= ticketsMax
    const ticket: Ticket = { key, isVoid, landing: undefined }
    work.tickets.add(ticket)
    this.#tickets++
    return ticket
  }

  end(ticket: Ticket): void {
    const work = this.#work.get(ticket.key)
    if (work === undefined || !work.tickets.delete(ticket)) return
    this.#tickets--
    this.#forget(ticket.key, work)
  }

  /** Writes the copies whose tickets are still valid, if any. Once it writes, it is not interrupted. */
  land<E>(
    tickets: ReadonlyArray<Ticket>,
    write: (holding: ReadonlyArray<Ticket>) => Effect.Effect<void, E>
  ): Effect.Effect<void, E> {
    return Effect.uninterruptible(Effect.suspend(() => {
      const holding = tickets.filter((ticket) => !ticket.isVoid)
      if (holding.length === 0) return Effect.void
      const landing = Deferred.makeUnsafe<void>()
      for (const ticket of holding) ticket.landing = landing
      return Effect.ensuring(write(holding), Effect.sync(() => Deferred.doneUnsafe(landing, Exit.void)))
    }))
  }

  /** Runs a write of some keys after all earlier writes of these keys. It takes its turn when it is called. */
  write<A, E>(keys: ReadonlyArray<string>, body: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return writeTogether([{ guard: this, keys, all: false }], body)
  }

  /** Runs a write of all keys after all earlier ones. It takes its turn when it is called. */
  writeAll<A, E>(body: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return writeTogether([{ guard: this, keys: [], all: true }], body)
  }

  /** Takes a turn, and adds to `before` what must end first. Returns the function to call when the write is over. */
  enter({ all, keys }: Turn, done: Deferred.Deferred<void>, before: Set<Deferred.Deferred<void>>): () => void {
    if (this.#barrier !== undefined) before.add(this.#barrier)
    if (all) { for (const work of this.#work.values()) revoke(work, before) }
    const mine = new Set(keys)
    for (const key of mine) {
      const work = this.#of(key)
      revoke(work, before)
      work.tail = done
    }
    if (all) this.#barrier = done
    return () => {
      if (this.#barrier === done) this.#barrier = undefined
      for (const key of mine) {
        const work = this.#work.get(key)!
        if (work.tail === done) work.tail = undefined
        this.#forget(key, work)
      }
    }
  }

  #of(key: string): Work {
    let work = this.#work.get(key)
    if (work === undefined) {
      work = { tickets: new Set(), tail: undefined }
      this.#work.set(key, work)
    }
    return work
  }

  #forget(key: string, work: Work): void {
    if (work.tickets.size === 0 && work.tail === undefined) this.#work.delete(key)
  }
}

/** The keys of a guard that a write concerns; all keys if `all` is true. */
export interface Turn {
  readonly guard: KeyGuard
  readonly keys: ReadonlyArray<string>
  readonly all: boolean
}

/**
 * Runs a write that concerns keys of several guards. It takes all its turns in one step, so two writes have the same
 * order at all guards, and do not wait for each other.
 */
export const writeTogether = <A, E>(turns: ReadonlyArray<Turn>, body: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.suspend(() => {
      const done = Deferred.makeUnsafe<void>()
      const before = new Set<Deferred.Deferred<void>>()
      const leaves = turns.map((turn) => turn.guard.enter(turn, done, before))
      // The wait is not interrupted: later writes wait for this write, and through it for the earlier ones.
      return Effect.ensuring(
        Effect.andThen(awaitAll(before), restore(body)),
        Effect.sync(() => {
          for (const leave of leaves) leave()
          Deferred.doneUnsafe(done, Exit.void)
        })
      )
    })
  )

/** Voids the tickets, and collects what must end before a write. */
const revoke = (work: Work, before: Set<Deferred.Deferred<void>>): void => {
  if (work.tail !== undefined) before.add(work.tail)
  for (const ticket of work.tickets) {
    ticket.isVoid = true
    if (ticket.landing !== undefined) before.add(ticket.landing)
  }
}

const awaitAll = (all: ReadonlySet<Deferred.Deferred<void>>): Effect.Effect<void> =>
  all.size === 0 ? Effect.void : Effect.forEach(all, Deferred.await, { discard: true })
