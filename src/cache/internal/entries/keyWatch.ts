/**
 * Watches one key for a caller who comes back later, such as a server between WATCH and EXEC.
 *
 * A key has changed if it was written, deleted or invalidated, if a load brought another value, or if the value that
 * was held has ended or was evicted. A load that finds a value where memory held none does not count, and an
 * invalidation of that value does.
 *
 * Not here: the watches of steps that the engine itself waits for (`whenKnown.ts`).
 */
import type { Entry } from "../../../store/Entry.ts"
import type { HotPartition } from "../../../store/Store.ts"
import type { Watch } from "../below/whenKnown.ts"
import { noTags } from "../family/judgement.ts"
import type { Verdict } from "../marks/familyMarks.ts"

/** What a watch asks about its key. */
interface Ground {
  readonly cache: { readonly stamp: number; readonly time: { now(): number } }
  readonly hot: HotPartition<any> | undefined
  readonly lane: object | undefined
  judge(key: string, stamp: number, tags: ReadonlyArray<string>): Verdict
  held(key: string): Entry<any> | undefined
}

/** A key that is watched. */
export class KeyWatch {
  readonly key: string
  readonly watch: Watch
  private readonly ground: Ground
  private readonly stamp: number
  private readonly before: Entry<any> | undefined

  constructor(ground: Ground, key: string, watch: Watch) {
    this.ground = ground
    this.key = key
    this.watch = watch
    this.stamp = ground.cache.stamp
    const held = ground.held(key)
    this.before = held !== undefined && this.isOver(held) ? undefined : held
    watch.look = () => {
      if (this.changed) watch.isRewritten = true
    }
  }

  /** Whether the key has changed since the watch began. Once it has, it stays so. */
  get changed(): boolean {
    const { before, ground, key, stamp, watch } = this
    if (watch.isRewritten === true) return true
    if (ground.judge(key, stamp, before?.tags ?? noTags) !== "valid") return true
    const { filled } = watch
    if (filled !== undefined && ground.judge(key, filled.stamp, filled.tags) !== "valid") return true
    if (before === undefined) return false
    const held = ground.hot?.peek(key)
    if (held !== undefined) return held.version !== before.version || this.isOver(held)
    return ground.lane === undefined || this.isOver(before)
  }

  private isOver({ expiresAt, freshUntil }: Entry<any>): boolean {
    return Math.min(expiresAt, freshUntil) <= this.ground.cache.time.now()
  }
}
