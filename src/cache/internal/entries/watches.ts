/**
 * The watches of a family: each learns whether its key changes while it lasts.
 */
import type { Watch } from "../below/knowing.ts"

export class Watches {
  private readonly byKey = new Map<string, Set<Watch>>()

  get areNone(): boolean {
    return this.byKey.size === 0
  }

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

  /** A key has changed. `isFill` says that a load has found a value where there was none. */
  changed(key: string, isGone = false, isFill = false): void {
    const known = this.areNone ? undefined : this.byKey.get(key)
    if (known === undefined) return
    for (const watch of known) {
      watch.changed = true
      watch.isGone = isGone
      if (!isFill) watch.isRewritten = true
    }
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
