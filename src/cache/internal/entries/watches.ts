/**
 * Informs the watchers of a key of each change of it: reads of lower tiers, conditions, updates, and callers who come
 * back later (`keyWatch.ts`).
 *
 * - Every change of a key comes here. While no key is watched, that is one comparison.
 * - Each watch belongs to one caller, who ends it. So there are no more watches than callers who wait (law 11).
 *
 * Not here: what a caller does once its key has changed (`whenKnown.ts`, `lowerReads.ts`).
 */
import * as Effect from "effect/Effect"
import type { Filled, Watch } from "../below/whenKnown.ts"

export class Watches {
  private readonly byKey = new Map<string, Set<Watch>>()

  /** Whether no key is watched. */
  get areNone(): boolean {
    return this.byKey.size === 0
  }

  /** Watches a key until `end`. */
  begin(key: string): Watch {
    const watch: Watch = { changed: false, isGone: false }
    const known = this.byKey.get(key)
    if (known === undefined) this.byKey.set(key, new Set([watch]))
    else known.add(watch)
    return watch
  }

  end(key: string, watch: Watch): void {
    const known = this.byKey.get(key)
    known?.delete(watch)
    if (known?.size === 0) this.byKey.delete(key)
  }

  /** Runs an Effect that must know whether the key is changed meanwhile. */
  during<A, E, R>(key: string, use: (watch: Watch) => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.acquireUseRelease(
      Effect.sync(() => this.begin(key)),
      use,
      (watch) => Effect.sync(() => this.end(key, watch))
    )
  }

  /** A key has changed. `filled` is what a load has found where there was none. */
  changed(key: string, isGone = false, filled?: Filled): void {
    const known = this.byKey.size === 0 ? undefined : this.byKey.get(key)
    if (known === undefined) return
    for (const watch of known) {
      watch.changed = true
      watch.isGone = isGone
      if (filled === undefined) watch.isRewritten = true
      else {
        // It takes the place of what an earlier load had found, of which a mark may say that it has gone.
        watch.look?.()
        watch.filled = filled
      }
    }
  }

  /** Marks are about to be forgotten, by which watches may see a change later. */
  lookNow(): void {
    for (const known of this.byKey.values()) for (const watch of known) watch.look?.()
  }

  /** Any key may have changed. */
  changedAll(): void {
    this.changedWhere(() => true)
  }

  changedWhere(isChanged: (key: string) => boolean): void {
    for (const [key, known] of this.byKey) {
      if (isChanged(key)) { for (const watch of known) watch.changed = true }
    }
  }
}
