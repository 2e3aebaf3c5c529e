/**
 * Turns of processes to load a key: one runs the lookup, under a lease, and the others wait for its value.
 *
 * - A turn spares loads. Nothing depends on it for being right: a value is refused by the log, and not by a lease.
 * - A process waits until it learns of the key, or until the lease ends by time, and asks again. It waits for two
 *   leases at most, since the first one may be that of a process that has ended. Then it loads without a lease.
 * - It also waits for two loads at most that end without a value to keep: failed ones, those of an absent key, or of a
 *   value that is not stored. After a change of the key, the count begins again. Otherwise a source that is down would
 *   be asked by one process after another, and the last one would wait for all the others. Rejected: to wait for none
 *   of them, because a load also ends so where its reader leaves, and then one process is enough to take over.
 * - It listens before it asks, because the news may come before the answer.
 * - A put of the key carries the lease along, and ends it. A change of the key ends it, too. The lease is kept here
 *   until the place has answered that (`ended`), so whatever else becomes of a load, its end gives the lease up
 *   (`end`).
 * - A caller who leaves while the answer is under way leaves no lease behind.
 *
 * Not here: what a place does with a lease (`ledger.ts`), and when an engine loads.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { StoreError } from "../../StoreError.ts"
import type { Begun, Fence, KeyName, SharedPartition } from "./ledger.ts"

/** A process has at most so many leases. Beyond, it loads without one. */
const leasesMax = 65_536

/** A caller waits for so many leases of others, and for so many loads that end without a value. */
const leasesAwaited = 2

/** How often a caller asks for one key, at most, while others change it all the time. */
const asksMax = 64

/** A lease of this process. It may have ended by time. */
export interface Lease {
  readonly fence: Fence
  readonly partition: SharedPartition<any>
  readonly key: string
  readonly until: number
}

/** Why a caller is woken: a load has ended, perhaps with a value, or the key has changed. */
type News = "ended" | "changed"

type Found<V> = Extract<Begun<V>, { readonly _tag: "Found" }>

const textOf = ([family, key]: KeyName): string => `${family}/${key}`

export class LoadLeases {
  private readonly millis: number
  private readonly scope: Scope.Scope
  private readonly run: (work: Effect.Effect<unknown>) => void
  private readonly held = new Map<string, Lease>()
  private readonly waiting = new Map<string, Set<Deferred.Deferred<News>>>()

  /** A lease lasts `millis`; with 0 there are none. */
  constructor(millis: number, scope: Scope.Scope, run: (work: Effect.Effect<unknown>) => void) {
    this.millis = millis
    this.scope = scope
    this.run = run
  }

  /** An entry of another version than the given one, or `undefined` if the caller is to load the key. */
  begin<V>(
    partition: SharedPartition<V>,
    key: string,
    version: number | undefined
  ): Effect.Effect<Found<V> | undefined, StoreError> {
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const name = textOf([partition.family, key])
      if (this.millis === 0 || this.has(name, now) || !this.hasRoom(now)) return Effect.undefined
      const deadline = now + leasesAwaited * this.millis
      return this.ask({ _tag: "Asked", partition, key, name, version, deadline, asks: asksMax, loads: leasesAwaited })
    })
  }

  private has(name: string, now: number): boolean {
    const held = this.held.get(name)
    return held !== undefined && held.until > now
  }

  private hasRoom(now: number): boolean {
    // They are in the order of their ends.
    for (const [name, { until }] of this.held) {
      if (until > now) break
      this.held.delete(name)
    }
    return this.held.size < leasesMax
  }

  private ask<V>(asked: Asked<V>): Effect.Effect<Found<V> | undefined, StoreError> {
    return Effect.suspend(() => {
      const { name } = asked
      const woken = this.listen(name)
      const answered = Effect.flatMap(
        this.begun(asked),
        (begun): Effect.Effect<Exclude<Begun<V>, { _tag: "Theirs" }> | Asked<V> | undefined> =>
          begun._tag === "Theirs" ? this.again(asked, begun.millis, woken) : Effect.succeed(begun)
      )
      const heard = Effect.ensuring(answered, Effect.sync(() => this.forget(name, woken)))
      return Effect.flatMap(heard, (next) => {
        if (next?._tag === "Asked") return this.ask(next)
        return Effect.succeed(next?._tag === "Found" ? next : undefined)
      })
    })
  }

  /** Waits for the load of another process. Says what to ask next, or nothing if the caller is to load the key. */
  private again<V>(
    asked: Asked<V>,
    leaseMillis: number,
    woken: Deferred.Deferred<News>
  ): Effect.Effect<Asked<V> | undefined> {
    const { asks, deadline, loads } = asked
    if (loads === 0) return Effect.undefined
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const millis = Math.min(leaseMillis + 1, deadline - now)
      const waited = Effect.timeoutOption(Deferred.await(woken), Math.max(0, millis))
      return Effect.map(waited, (news) => {
        if (millis <= 0 || asks === 1) return undefined
        return { ...asked, asks: asks - 1, loads: Option.contains(news, "ended") ? loads - 1 : loads }
      })
    })
  }

  /** Asks for the lease. If the caller leaves meanwhile, the lease is given up. */
  private begun<V>({ key, name, partition, version }: Asked<V>): Effect.Effect<Begun<V>, StoreError> {
    const asked = Effect.flatMap(
      Clock.currentTimeMillis,
      (now) =>
        Effect.map(partition.begin(key, this.millis, version), (begun) => {
          if (begun._tag === "Yours" && begun.lease !== undefined) {
            this.held.delete(name)
            this.held.set(name, { fence: begun.lease, partition, key, until: now + this.millis })
          }
          return begun
        })
    )
    return Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(
        Effect.forkIn(asked, this.scope, { startImmediately: true }),
        (fiber) =>
          Effect.onInterrupt(restore(Fiber.join(fiber)), () => {
            const gaveUp = Effect.andThen(
              Fiber.await(fiber),
              Effect.sync(() => this.end(partition.family, key))
            )
            return Effect.sync(() => this.run(Effect.forkIn(gaveUp, this.scope)))
          })
      )
    )
  }

  private listen(name: string): Deferred.Deferred<News> {
    const woken = Deferred.makeUnsafe<News>()
    const others = this.waiting.get(name)
    if (others === undefined) this.waiting.set(name, new Set([woken]))
    else others.add(woken)
    return woken
  }

  private forget(name: string, woken: Deferred.Deferred<News>): void {
    const others = this.waiting.get(name)
    if (others?.delete(woken) === true && others.size === 0) this.waiting.delete(name)
  }

  // --- the end of a lease ---------------------------------------------------------------------------

  /** The lease of a key: a put is to carry it along, or a change of the key is to end it. */
  of(name: KeyName): Lease | undefined {
    return this.held.size === 0 ? undefined : this.held.get(textOf(name))
  }

  /** The place has ended a lease. A later one of the same key stays. */
  ended(lease: Lease | undefined): void {
    if (lease === undefined) return
    const name = textOf([lease.partition.family, lease.key])
    if (this.held.get(name) === lease) this.held.delete(name)
  }

  /** Gives up the lease of a key, if there is one. It does not wait. */
  end(family: string, key: string): void {
    const name = textOf([family, key])
    const held = this.held.get(name)
    if (held === undefined) return
    this.held.delete(name)
    // Not in the Scope: a load that ends with its engine gives its lease up, too.
    this.run(Effect.ignore(held.partition.abandon(key, held.fence)))
  }

  // --- news -----------------------------------------------------------------------------------------

  /** The log says of these keys that their load has ended, or that they have changed. */
  heard(keys: ReadonlyArray<KeyName>, news: News): void {
    if (this.waiting.size > 0) { for (const name of keys) this.wake(this.waiting.get(textOf(name)), news) }
  }

  /** The log says that every key of a scope is out of date, or that news may be missing. */
  heardAll(): void {
    for (const waiting of this.waiting.values()) this.wake(waiting, "changed")
  }

  private wake(waiting: ReadonlySet<Deferred.Deferred<News>> | undefined, news: News): void {
    for (const woken of waiting ?? []) Deferred.doneUnsafe(woken, Effect.succeed(news))
  }
}

interface Asked<V> {
  readonly _tag: "Asked"
  readonly partition: SharedPartition<V>
  readonly key: string
  readonly name: string
  readonly version: number | undefined
  readonly deadline: number
  /** How often it may still ask. */
  readonly asks: number
  /** For how many loads without a value it still waits. */
  readonly loads: number
}
