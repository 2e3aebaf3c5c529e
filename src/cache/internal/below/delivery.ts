/**
 * Waits until a change has arrived in the lower tiers.
 *
 * Not here: the way to these tiers (`outbox.ts`).
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { StoreError } from "../../../store/StoreError.ts"

/** The writes of a family. */
export interface Revoker {
  /** Removes a value that was written up to this version; a later value stays. */
  takeBack(key: string, version: number): Delivery
}

/** What callers have written with a round, which is taken back if the round fails (`written.ts`). */
export interface Revocable {
  note(writer: Revoker, key: string, version: number): void
  /** What the removals have still to do below. */
  readonly redress: Delivery
}

/** Part of a round: the changes of one family, or the marks. */
export interface Parcel {
  /** Done when the whole round has ended, with success or with a failure. */
  readonly arrived: Deferred.Deferred<void>
  readonly failure: StoreError | undefined
  /** What callers have written with the round. */
  readonly written: Revocable
}

/** The changes that are still on their way to the lower tiers. `noDelivery` is the empty set. */
export interface Delivery extends Iterable<Parcel> {
  readonly size: number
}

export const noDelivery: Delivery = new Set<Parcel>()

export const both = (one: Delivery, other: Delivery): Delivery => {
  if (one === noDelivery || one === other) return other
  return other === noDelivery || isIn(other, one) ? one : new Both(one, other)
}

/** Whether one round carries both: most writes of one step. */
const isIn = (other: Delivery, one: Delivery): boolean => {
  if (!(one instanceof Set && other instanceof Set && other.size === 1)) return false
  for (const parcel of other) return one.has(parcel)
  return false
}

/**
 * Two deliveries, which become one set when it is asked for: a batch joins as many as it has writes, one after the
 * other, and would copy a growing set for each of them.
 */
class Both implements Delivery {
  private one: Delivery
  private other: Delivery
  private joined: Set<Parcel> | undefined = undefined

  constructor(one: Delivery, other: Delivery) {
    this.one = one
    this.other = other
  }

  get size(): number {
    return this.all.size
  }

  [Symbol.iterator](): Iterator<Parcel> {
    return this.all[Symbol.iterator]()
  }

  private get all(): Set<Parcel> {
    if (this.joined !== undefined) return this.joined
    const joined = new Set<Parcel>()
    const left: Array<Delivery> = [this]
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      if (next instanceof Both && next.joined === undefined) left.push(next.other, next.one)
      else for (const parcel of next) joined.add(parcel)
    }
    this.one = this.other = noDelivery
    return this.joined = joined
  }
}

/** Whether a value has the form of a delivery. A Set of a program without types has it, too. */
export const isDeliveryLike = (value: unknown): value is Iterable<Partial<Parcel> | undefined> =>
  value instanceof Set || value instanceof Both

/** Waits until the changes have arrived. Fails if a tier did not take one of them. */
export const arrival = (delivery: Delivery): Effect.Effect<void, StoreError> => {
  if (delivery.size === 0) return Effect.void
  // Where they were made in one step, one round carries them all.
  const rounds = new Set(Array.from(delivery, ({ arrived }) => arrived))
  return Effect.flatMap(Effect.forEach(rounds, Deferred.await, { discard: true }), () => {
    for (const { failure } of delivery) if (failure !== undefined) return Effect.fail(failure)
    return Effect.void
  })
}
