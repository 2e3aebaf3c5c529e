/**
 * Lists what the tiers hold of a family, in pages: the keys that `has` would find, with their entries.
 *
 * - A scan keeps nothing between two pages: its cursor says where it is. A key that has a fresh value from the first
 *   page to the last is in at least one of them, whatever comes, goes and moves between the tiers meanwhile
 *   (`Partition.page`).
 * - Each entry is judged when its page is returned: what a mark hides, what has ended and what is stale is not shown.
 * - It does not count as a read: no idle time begins again, nothing is copied to memory, and no policy of eviction
 *   learns of it.
 * - The first page waits for what is on its way below, since it is in no tier until it has arrived.
 *
 * Not here: what a caller sees of a key, and who may list keys.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { keyHash } from "../../../eviction/shared/keyHash.ts"
import type { Entry, Found } from "../../../store/Entry.ts"
import type { HotPartition, PartitionPage } from "../../../store/Store.ts"
import { BookmarkLost, type StoreError } from "../../../store/StoreError.ts"
import { CacheError, CursorRefused, NotIterable } from "../../CacheError.ts"
import { inTime } from "../below/inTime.ts"
import type { Pending } from "../below/parcels.ts"
import { triesMax, unknown } from "../below/whenKnown.ts"
import type { Entries } from "../entries/entries.ts"
import { storeFailed } from "../family/storeFailed.ts"
import type { Loads } from "../loads/loads.ts"

/** A part of the keys of a family, with their fresh entries, and the cursor of the next part. */
export interface KeysPage<V> {
  readonly entries: ReadonlyArray<readonly [key: string, entry: Entry<V>]>
  readonly next: string | undefined
}

/** The time and the stamp at which a page was asked for. */
interface Began {
  readonly now: number
  readonly stamp: number
}

/** How often `sample` draws for each key that it is asked for, and in all. */
const drawsPerKeyMax = 100
const drawsMax = 10_000

const wellFormed = /^([\da-z]+)~([^]+)$/

export class FamilyPages<V> {
  private readonly entries: Entries<V>
  private readonly loads: Loads<V>
  private readonly hot: HotPartition<V> | undefined
  /** Begins the cursors of the family. */
  private readonly mark: string

  constructor(entries: Entries<V>, loads: Loads<V>) {
    this.entries = entries
    this.loads = loads
    this.hot = entries.hot
    this.mark = (keyHash(entries.storeName, 0) >>> 0).toString(36)
  }

  /** At most `max` entries, from a cursor on. */
  page(cursor: string | undefined, max: number): Effect.Effect<KeysPage<V>, CacheError> {
    const { lane, spec } = this.entries
    const { page } = spec.partition
    const refused = this.refusal ?? (page === undefined ? this.notIterable("tier") : undefined)
    if (refused !== undefined) return Exit.fail(refused)
    const after = cursor === undefined ? undefined : this.bookmarkOf(cursor)
    if (after instanceof CacheError) return Exit.fail(after)
    const { stamp, time } = this.entries.cache
    const began = { now: time.now(), stamp }
    const read = page!(after, max)
    if (lane === undefined && Exit.isExit(read)) return this.ofMemory(read as Exit.Exit<PartitionPage<V>, StoreError>)
    const { outbox, store } = this.entries.cache
    // What is on its way below is in no tier. So the scan begins first: what memory pushes out from then on is noted.
    // Then it waits for what memory may have pushed out before.
    const settled = after !== undefined ? read : spec.partition.below === undefined
      ? Effect.andThen(outbox.settledWhole, read)
      : Effect.flatMap(page!(undefined, 0), ({ next }) => Effect.andThen(outbox.settledWhole, page!(next, max)))
    return Effect.matchEffect(inTime(store, "page", this.hot === undefined ? this.whole(settled) : settled), {
      onFailure: (error) => Effect.fail(this.failed(error)),
      onSuccess: (found) => this.ofTiers(found, began)
    })
  }

  /**
   * Reads a page of a store without memory while no value waits for its codec: such a value is in no tier. The page is
   * read again if one has begun to wait.
   */
  private whole(
    read: Effect.Effect<PartitionPage<V>, StoreError>,
    tries = triesMax
  ): Effect.Effect<PartitionPage<V>, StoreError> {
    const { cache, lane } = this.entries
    const settled = lane?.isWaiting === true ? Effect.andThen(cache.outbox.settledWhole, read) : read
    return Effect.flatMap(
      settled,
      (found) => lane?.isWaiting === true && tries > 0 ? this.whole(read, tries - 1) : Effect.succeed(found)
    )
  }

  private ofMemory(read: Exit.Exit<PartitionPage<V>, StoreError>): Exit.Exit<KeysPage<V>, CacheError> {
    if (Exit.isFailure(read)) return Exit.mapError(read, (error) => this.failed(error))
    const now = this.entries.cache.time.now()
    const entries = read.value.entries.filter(([key, entry]) => this.entries.isFresh(key, entry, now))
    return Exit.succeed({ entries, next: this.cursorOf(read.value.next) })
  }

  private ofTiers(
    { entries, keys = [], next }: PartitionPage<V>,
    began: Began
  ): Effect.Effect<KeysPage<V>, CacheError> {
    // The owner may have left while the tiers were read.
    const refused = this.refusal
    if (refused !== undefined) return Exit.fail(refused)
    const { lane } = this.entries
    const now = this.entries.cache.time.now()
    const shown = new Map<string, Entry<V>>()
    const open = new Set<string>()
    const look = (key: string, read: Entry<V> | undefined): void => {
      const held = this.hot?.peek(key)
      const isHeld = held !== undefined && this.entries.isFresh(key, held, now)
      const found = lane && read && lane.asHere({ entry: read, tier: this.entries.cache.store.name })
      const entry = isHeld || lane === undefined ? held : found && this.freshBelow(key, found)
      if (entry !== undefined && (isHeld || lane !== undefined)) shown.set(key, entry)
      else if (lane !== undefined && (found === undefined || this.wasFresh(key, found.entry, began))) open.add(key)
    }
    for (const [key, entry] of entries) look(key, entry)
    for (const key of keys) look(key, undefined)
    const answer = (): KeysPage<V> => ({ entries: Array.from(shown), next: this.cursorOf(next) })
    if (open.size === 0) return Exit.succeed(answer())
    return Effect.map(this.lookBelow(Array.from(open), shown), answer)
  }

  /**
   * Whether an entry was fresh when its page was asked for, so that the key may have got another one while the tier was
   * read.
   */
  private wasFresh(key: string, { expiresAt, freshUntil, stamp, tags }: Entry<V>, began: Began): boolean {
    if (Math.min(expiresAt, freshUntil) <= began.now) return false
    return began.stamp !== this.entries.cache.stamp || this.entries.judge(key, stamp, tags) === "valid"
  }

  /**
   * Looks for keys that were in memory, or are on their way, in the tiers below and in memory again. What is on its way
   * when the look begins may arrive behind it, so it counts as found. A key that is changed while it is looked for may
   * have moved to where it was not looked for: it is looked for again.
   */
  private lookBelow(
    keys: ReadonlyArray<string>,
    shown: Map<string, Entry<V>>,
    tries = triesMax
  ): Effect.Effect<void, CacheError> {
    const { cache, lane } = this.entries
    const holdings = keys.map((key) => this.entries.holding(key))
    const look = Effect.acquireUseRelease(
      Effect.sync(() => holdings.map(({ watch }, at) => ({ watch: watch(), pending: lane!.pending(keys[at]!) }))),
      (looks) =>
        Effect.map(inTime(cache.store, "get", lane!.getMany(keys)), (found) => {
          const now = cache.time.now()
          return keys.filter((key, at) => {
            const held = this.hot?.peek(key)
            const isHeld = held !== undefined && this.entries.isFresh(key, held, now)
            const { pending, watch } = looks[at]!
            const entry = isHeld ? held : this.freshBelow(key, found[at], pending)
            if (entry !== undefined) shown.set(key, entry)
            return entry === undefined && watch.changed && !watch.isGone
          })
        }),
      (looks) => Effect.sync(() => holdings.forEach(({ unwatch }, at) => unwatch(looks[at]!.watch)))
    )
    return Effect.matchEffect(look, {
      onFailure: (error) => Effect.fail(this.failed(error)),
      onSuccess: (changed) => {
        if (this.refusal !== undefined) return Exit.fail(this.refusal)
        return changed.length === 0 || tries === 0 ? Exit.void : this.lookBelow(changed, shown, tries - 1)
      }
    })
  }

  /** The fresh entry of a key that a lower tier has, or that is on its way there. Copies nothing to memory. */
  private freshBelow(
    key: string,
    read: Found<V> | undefined,
    before?: Pending<V> | undefined
  ): Entry<V> | undefined {
    const { cache, lane } = this.entries
    const pending = lane!.pending(key) ?? before
    const found = pending === undefined
      ? this.entries.lowerReads.whole(read)
      : this.entries.lowerReads.onItsWay(pending)
    if (found === undefined || found === unknown) return undefined
    cache.saw(found.entry)
    return this.entries.isFresh(key, found.entry, cache.time.now()) ? found.entry : undefined
  }

  sample(max: number, random: () => number): Effect.Effect<ReadonlyArray<string>, CacheError> {
    const { hot } = this
    const refused = this.refusal ?? (hot === undefined ? this.notIterable("no memory") : undefined)
    if (refused !== undefined || hot === undefined) return Exit.fail(refused!)
    const now = this.entries.cache.time.now()
    const found = new Set<string>()
    for (let draws = Math.min(drawsMax, max * drawsPerKeyMax); draws > 0 && found.size < max; draws--) {
      const key = hot.sample(random)
      const entry = key === undefined || found.has(key) ? undefined : hot.peek(key)
      if (entry !== undefined && this.entries.isFresh(key!, entry, now)) found.add(key!)
    }
    return Exit.succeed(Array.from(found))
  }

  count(): Effect.Effect<number, CacheError> {
    const refused = this.closed
    if (refused !== undefined) return Exit.fail(refused)
    const { cache, lane, spec } = this.entries
    if (lane === undefined) return Exit.succeed(this.hot?.count ?? 0)
    if (cache.isShared) return Exit.fail(this.notIterable("tier"))
    const size = Effect.andThen(cache.outbox.settledWhole, spec.partition.size)
    return Effect.mapError(inTime(cache.store, "size", size), (error) => this.failed(error))
  }

  private get refusal(): CacheError | undefined {
    if (this.entries.spec.isSensitive) return this.notIterable("sensitive")
    return this.closed
  }

  /** Why nothing of what is held can be shown. */
  private get closed(): CacheError | undefined {
    if (this.loads.loader === undefined) return this.loads.unowned()
    const { lost } = this.entries
    return lost && this.failed(lost)
  }

  private notIterable(why: NotIterable["why"]): CacheError {
    return new CacheError({ reason: new NotIterable({ family: this.entries.name, why }) })
  }

  private cursorOf(bookmark: string | undefined): string | undefined {
    return bookmark === undefined ? undefined : `${this.mark}~${bookmark}`
  }

  /** The bookmark in a cursor, or why it is refused. */
  private bookmarkOf(cursor: string): string | CacheError {
    const parts = wellFormed.exec(cursor)
    if (parts === null) return this.cursorRefused("malformed")
    return parts[1] === this.mark ? parts[2]! : this.cursorRefused("another family")
  }

  private cursorRefused(why: CursorRefused["why"]): CacheError {
    return new CacheError({ reason: new CursorRefused({ family: this.entries.name, why }) })
  }

  private failed(error: StoreError): CacheError {
    const { reason } = error
    if (reason instanceof BookmarkLost) return this.cursorRefused(reason.why)
    return storeFailed(error)
  }
}
