/**
 * Tracks the reads of a lookup. The load for which the lookup runs refuses or records each read (`load.ts`).
 *
 * The compiled plan of invalidation decides whether a lookup may read a key: a change of the key must reach what is
 * loaded. So the check is exactly as strong as the invalidation.
 *
 * The Context of a fiber says whether the fiber runs a lookup. All other reads bypass this module, and cost nothing
 * more.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { Entry } from "../../../store/Entry.ts"
import type { HotPartition } from "../../../store/Store.ts"
import type { Answer } from "../../Answer.ts"
import { CacheError, NotOwner } from "../../CacheError.ts"
import type { Explanation } from "../../Explanation.ts"
import type { CacheContext } from "../entries/cacheContext.ts"
import { freshOf } from "../entries/conditions.ts"
import type { Served } from "../entries/served.ts"
import type { EngineFamilySpec } from "../family/familySpec.ts"
import { memory } from "../family/judgement.ts"
import type { Load } from "../loads/load.ts"
import type { KeysPage } from "./familyPages.ts"
import { UnlistedReads } from "./unlistedReads.ts"

/** The reading operations of a family. They read where they are called, if they need not wait. */
export interface Reads<V> {
  readonly hot: HotPartition<V> | undefined
  /** `isMissed` says that the caller knows that the key is not a hit. */
  read(key: string, isMissed?: boolean): Effect.Effect<V, unknown>
  readFresh(key: string): Effect.Effect<V, unknown>
  /** `hits` are the values of the first keys, where the caller has found them in this step. */
  readMany(keys: ReadonlyArray<string>, hits?: ReadonlyArray<V>): Effect.Effect<ReadonlyArray<V>, unknown>
  readResults(keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Exit.Exit<V, unknown>>, unknown>
  readHeld(key: string): Effect.Effect<Option.Option<V>, CacheError>
  answer(key: string): Effect.Effect<Answer<V>, unknown>
  answerHeld(key: string): Effect.Effect<Option.Option<Answer<V>>, CacheError>
  has(key: string): Effect.Effect<boolean, CacheError>
  explain(key: string): Effect.Effect<Explanation<V>, CacheError>
  warm(keys: ReadonlyArray<string>, concurrency: number): Effect.Effect<number, CacheError>
  page(cursor: string | undefined, max: number): Effect.Effect<KeysPage<V>, CacheError>
  sample(max: number, random: () => number): Effect.Effect<ReadonlyArray<string>, CacheError>
  count(): Effect.Effect<number, CacheError>
}

interface Source<V> extends Reads<V> {
  readonly cache: CacheContext
  readonly spec: EngineFamilySpec<V>
  serve(key: string): Effect.Effect<Served<V>, unknown>
  serveNothingStale(key: string): Effect.Effect<Served<V>, unknown>
  serveMany(keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Served<V>>, unknown>
  serveResults(keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Exit.Exit<Served<V>, unknown>>, unknown>
  find(key: string, onUnknown?: () => void): Effect.Effect<Served<V> | undefined, CacheError>
  held(key: string, onUnknown?: () => void): Effect.Effect<Served<V> | undefined, CacheError>
  /** Whether it is known now that no tier has a value of the key. */
  isNothing(key: string): Effect.Effect<boolean>
  /** Whether memory knows everything that is held of a key. */
  readonly isWholeInMemory: boolean
  explain(
    key: string,
    onHeld?: (served: Served<V> | undefined, isKnown: boolean) => void
  ): Effect.Effect<Explanation<V>, CacheError>
  answerOf(key: string, served: Served<V>): Answer<V>
  /** What memory holds of the key, if it is fresh. */
  peekUnsafe(key: string): Served<V> | undefined
  /** Notes that a lookup has read the key. Without an entry, the value was not stored. */
  wasRead(key: string, entry: Entry<V> | undefined): void
  /** When it was shown that no change of what is served of a key is missing; `Infinity` if none can be. */
  shownSince(key: string): number
  /** Until when a value may be fresh that a lookup has made of the failed read of a key. */
  nothingUntil(key: string, cause: Cause.Cause<unknown>): number
  /** Notes that a lookup has found no value of the key, or that no value could be loaded. */
  wasMissed(key: string): void
  renew(keys: ReadonlyArray<string>, untilMillis: number): Effect.Effect<number>
}

/** A family as the lookup of another one reads it. */
export class TrackedReads<V> extends UnlistedReads<V> implements Reads<V> {
  readonly hot: HotPartition<V> | undefined
  private readonly source: Source<V>
  private readonly load: Load

  constructor(source: Source<V>, load: Load) {
    super()
    this.hot = source.hot
    this.source = source
    this.load = load
  }

  /** The value if it is in memory and fresh, and the lookup may read it. */
  hitUnsafe(key: string): V | undefined {
    const { cache, hot, spec } = this.source
    if (this.load.refusalOf(cache, spec, key) !== undefined) return undefined
    const value = hot?.hit(key)
    const entry = value === undefined ? undefined : hot?.peek(key)
    return entry === undefined ? value : this.seen(key, { value: entry.value, tier: memory, entry, stale: false })
  }

  /** Like `hitUnsafe`, with the second look. */
  readUnsafe(key: string): V | undefined {
    const { cache, spec } = this.source
    if (this.load.refusalOf(cache, spec, key) !== undefined) return undefined
    const served = this.source.peekUnsafe(key)
    if (served !== undefined) return this.seen(key, served)
    if (!this.source.isWholeInMemory) this.noteUncertain(key)
    this.missed(key)
    return undefined
  }

  read(key: string): Effect.Effect<V, unknown> {
    return this.loading([key], () => Effect.map(this.source.serve(key), (served) => this.seen(key, served)))
  }

  readFresh(key: string): Effect.Effect<V, unknown> {
    return this.loading([key], () =>
      Effect.flatMap(this.source.serveNothingStale(key), (served) => {
        const fresh = freshOf(this.source.spec.show(key), served)
        // What is refused is read as a failure is.
        if (Exit.isSuccess(fresh)) this.seen(key, served)
        return fresh
      }))
  }

  readMany(keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<V>, unknown> {
    return this.loading(
      keys,
      () => Effect.map(this.source.serveMany(keys), (all) => all.map((served, i) => this.seen(keys[i]!, served)))
    )
  }

  readResults(keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Exit.Exit<V, unknown>>, unknown> {
    return this.loading(
      keys,
      () =>
        Effect.flatMap(
          this.source.serveResults(keys),
          (exits) =>
            Effect.forEach(exits, (exit, i): Effect.Effect<Exit.Exit<V, unknown>> => {
              const key = keys[i]!
              const result = Exit.map(exit, (served) => this.seen(key, served))
              return Exit.isSuccess(result)
                ? Effect.succeed(result)
                : Effect.as(this.notLoaded([key], result.cause), result)
            })
        )
    )
  }

  answer(key: string): Effect.Effect<Answer<V>, unknown> {
    return this.loading([key], () => Effect.map(this.source.serve(key), (served) => this.answerOf(key, served)))
  }

  readHeld(key: string): Effect.Effect<Option.Option<V>, CacheError> {
    return this.looking([key], () =>
      Effect.map(
        this.source.held(key, () => this.noteUncertain(key)),
        (served) => served === undefined ? this.missed(key) : Option.some(this.seen(key, served))
      ))
  }

  answerHeld(key: string): Effect.Effect<Option.Option<Answer<V>>, CacheError> {
    return this.looking([key], () =>
      Effect.map(
        this.source.held(key, () => this.noteUncertain(key)),
        (served) => served === undefined ? this.missed(key) : Option.some(this.answerOf(key, served))
      ))
  }

  find(key: string): Effect.Effect<Served<V> | undefined, CacheError> {
    return this.looking([key], () =>
      Effect.map(this.source.find(key, () => this.noteUncertain(key)), (served) => {
        if (served === undefined) this.missed(key)
        else this.seen(key, served)
        return served
      }))
  }

  explain(key: string): Effect.Effect<Explanation<V>, CacheError> {
    return this.looking([key], () =>
      this.source.explain(key, (served, isKnown) => {
        if (!isKnown) this.noteUncertain(key)
        if (served === undefined) this.missed(key)
        else this.seen(key, served)
      }))
  }

  warm(keys: ReadonlyArray<string>, concurrency: number): Effect.Effect<number, CacheError> {
    return this.looking(keys, () => this.source.warm(keys, concurrency))
  }

  /** No change of what the family holds would reach the value that a lookup makes of all its keys. */
  protected listingRefused(): CacheError {
    const { name: family, pattern } = this.source.spec
    return new CacheError({ reason: new NotOwner({ verb: "list", pattern, family, holds: "a lookup" }) })
  }

  /** Reads keys if the lookup may read them. Keys that end before the load's value should end are renewed first. */
  private loading<A>(keys: ReadonlyArray<string>, read: () => Effect.Effect<A, unknown>): Effect.Effect<A, unknown> {
    const { until } = this.load
    const noted = () => Effect.tapCause(read(), (cause) => this.notLoaded(keys, cause))
    if (until === -Infinity) return this.looking(keys, noted)
    return this.looking(keys, () => Effect.andThen(this.source.renew(keys, until), Effect.suspend(noted)))
  }

  /**
   * What a lookup makes of a failure is kept only if no tier holds a value in spite of it, and no longer than the
   * failure is remembered.
   */
  private notLoaded(keys: ReadonlyArray<string>, cause: Cause.Cause<unknown>): Effect.Effect<void> {
    for (const key of keys) {
      this.missed(key)
      this.load.endBy(this.source.spec, key, this.source.nothingUntil(key, cause))
    }
    if (this.source.isWholeInMemory) return Effect.void
    const look = (key: string) => {
      const note = () => this.noteUncertain(key)
      return Effect.match(this.source.find(key, note), {
        onFailure: note,
        onSuccess: (served) => served === undefined ? undefined : note()
      })
    }
    return Effect.forEach(keys, look, { discard: true })
  }

  /** There may be a value of the key, although none was found: the load asks once more when its lookup has returned. */
  private noteUncertain(key: string): void {
    this.load.askLater(this.source.spec.name, key, this.source.isNothing(key))
  }

  /** Notes that the lookup found no value. The value that it makes is dropped when there is one. */
  private missed(key: string): Option.Option<never> {
    this.load.noteRead(this.source.spec.name, key)
    this.source.wasMissed(key)
    return Option.none()
  }

  /** Reads keys if the lookup may read them. */
  private looking<A, E>(
    keys: ReadonlyArray<string>,
    read: () => Effect.Effect<A, E>
  ): Effect.Effect<A, E | CacheError> {
    const { cache, spec } = this.source
    for (const key of keys) {
      const refused = this.load.refusalOf(cache, spec, key)
      if (refused !== undefined) return Effect.fail(refused)
    }
    const reading = read()
    // A read that is done in place cannot be given up.
    return Exit.isExit(reading) ? reading : Effect.onInterrupt(reading, () => Effect.sync(() => this.givenUp(keys)))
  }

  /** The lookup goes on without the result of a read. What it makes then is not stored: the read may bring a value. */
  private givenUp(keys: ReadonlyArray<string>): void {
    for (const key of keys) this.missed(key)
    this.load.becomeUncertain()
  }

  private answerOf(key: string, served: Served<V>): Answer<V> {
    this.seen(key, served)
    return this.source.answerOf(key, served)
  }

  private seen(key: string, served: Served<V>): V {
    this.load.track(this.source.spec, key, served)
    this.load.shownSince = Math.min(this.load.shownSince, this.source.shownSince(key))
    this.source.wasRead(key, served.entry)
    return served.value
  }
}
