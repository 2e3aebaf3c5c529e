/**
 * Remembers which stores over a place have failed a round, so that a tier still has what the round was to take away.
 *
 * The engine has each later round take it away, too. Until one has arrived, no tier pushes anything down: a new source
 * would come below beside an old dependent. What waits meanwhile has the bounds of each entry that is on its way down
 * (`demotions.ts`).
 */
import type * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"

// By the place that the lowest tiers share.
const places = new WeakMap<object, Owing>()

export class Owing {
  /** How many families each store has open. */
  readonly #open = new Map<object, number>()
  readonly #owing = new Set<object>()
  readonly #paid = Latch.makeUnsafe(true)

  static of(place: object): Owing {
    let owing = places.get(place)
    if (owing === undefined) places.set(place, owing = new Owing())
    return owing
  }

  get isOwed(): boolean {
    return this.#owing.size > 0
  }

  /** Waits until nothing is owed. */
  get paid(): Effect.Effect<void> {
    return this.#paid.await
  }

  enter(store: object): void {
    this.#open.set(store, (this.#open.get(store) ?? 0) + 1)
  }

  /** A family is closed. What a store owes passes to those that are left; with the last one it is given up. */
  leave(store: object): void {
    const open = this.#open.get(store)! - 1
    if (open > 0) return void this.#open.set(store, open)
    this.#open.delete(store)
    if (this.#owing.delete(store)) { for (const other of this.#open.keys()) this.#owing.add(other) }
    this.#updateLatch()
  }

  failed(store: object): void {
    if (this.#open.has(store)) this.#owing.add(store)
    this.#updateLatch()
  }

  arrived(store: object): void {
    if (this.#owing.delete(store)) this.#updateLatch()
  }

  #updateLatch(): void {
    if (this.isOwed) this.#paid.closeUnsafe()
    else this.#paid.openUnsafe()
  }
}
