/**
 * Access to the keys of one family, as a user of a manifest sees it.
 *
 * - Operations name the family's declared pattern as their requirement: `Owns` to write, `Borrows` to read.
 * - A reader or writer has resolved its right once; its operations require nothing.
 * - Reads and writes answer with values; invalidation follows the manifest and is done when a write returns.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Answer } from "../cache/Answer.ts"
import type { CacheError } from "../cache/CacheError.ts"
import type { Explanation } from "../cache/Explanation.ts"
import type { SetOptions } from "../cache/FamilySpec.ts"
import type { Borrows, Owns } from "../capability/Capability.ts"
import type { Lease, LeaseMode, LeaseOptions, SharedLeaseOptions } from "../capability/Lease.ts"
import type * as Misfit from "../diagnostic/Misfit.ts"
import type * as RightFindings from "../diagnostic/RightFindings.ts"
import type { ParamNames, ParamOf, ParsedParams } from "../pattern/KeyPattern.ts"

/**
 * Options of an invalidation: `hide` (the default) makes entries absent; `markStale` lets stale rules still serve them.
 *
 * @category models
 * @since 0.1.0
 */
export interface InvalidateOptions {
  // Spelt out, so that errors show what there is.
  readonly mode?: "hide" | "markStale" | undefined
}

// --- what operations take --------------------------------------------------------------------------------------------

/**
 * The parameters of a key as operations take them. The message comes first, where the compiler prints it.
 *
 * **Details**
 *
 * A pattern without parameters takes an object without properties: any name is one too many.
 *
 * @category type level
 * @since 0.1.0
 */
export type KeyParams<P extends string, Codecs = {}> = {
  readonly [N in NameIn<P, ParamNames<P>>]: CheckedParam<P, N, Codecs>
}

/**
 * Any subset of a family's parameters. One that is given must have a value: `undefined` was lost on its way, and to
 * leave it out would mean every key.
 *
 * @category type level
 * @since 0.1.0
 */
export type SomeParams<P extends string, Codecs = {}> = {
  readonly [N in NameIn<P, ParamNames<P>>]?: CheckedParam<P, N, Codecs>
}

// Of a pattern that is no literal nothing is known; it was refused where it is declared.
type NameIn<P extends string, Names> = [Names] extends [never] ? string extends P ? never : string : Names
type CheckedParam<P extends string, N, Codecs> = string extends N ? Misfit.Otherwise<Misfit.parameters<P>>
  : ParamOf<N, Codecs> | Misfit.Otherwise<Misfit.parameter<P, N & string>>

/**
 * Options of a write to a family: a lease, if there is one, must be of its pattern, and exclusive. It has a name of its
 * own, which errors about other options print.
 *
 * @category type level
 * @since 0.1.0
 */
export interface WriteOptions<P extends string>
  extends SetOptions<Lease<P, "exclusive"> | Misfit.Otherwise<Misfit.lease<P>>>
{}

/**
 * A value as operations take it. It has a name, which hovers print; each part carries the message for what is wrong
 * with it.
 *
 * @category type level
 * @since 0.1.0
 */
export type Value<P extends string, V> = V | Misfit.OtherwiseEach<Misfit.value<P>, V>

/**
 * One entry to write: the parameters of its key, and its value.
 *
 * @category type level
 * @since 0.1.0
 */
export type Entry<P extends string, V, Codecs> = readonly [
  params: KeyParams<P, Codecs>,
  value: Value<P, V>
]

/**
 * Several of something. A list is named apart, for the compiler looks into lists and not into other iterables.
 *
 * @category type level
 * @since 0.1.0
 */
export type Many<A> = ReadonlyArray<A> | Iterable<A>

/**
 * What the function of an update answers: another value, or an Effect of one.
 *
 * @category type level
 * @since 0.1.0
 */
export type Change<P extends string, V, E, R> =
  | V
  | Misfit.OtherwiseLast<Misfit.change<P>, V>
  | Effect.Effect<V | Misfit.OtherwiseEach<Misfit.change<P>, V>, E, R>

/**
 * The reading operations, which require `R`: a right, or nothing where it has been resolved.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reading<P extends string, V, E, Codecs, R = never> {
  readonly pattern: P

  /**
   * Answers the value of a key, from the nearest tier that holds it, or else from the owner's lookup. Callers who
   * ask for one key at once share one lookup. Fails with the family's `error` where the lookup does, and with
   * `CacheError`.
   */
  readonly get: (
    params: KeyParams<P, Codecs>
  ) => Effect.Effect<V, CacheError | E, R>
  /**
   * Answers the fresh value that a tier holds, as an `Option`. Never runs a lookup. `None` for an entry that is stale,
   * which `get` may serve while it is renewed.
   */
  readonly getOption: (
    params: KeyParams<P, Codecs>
  ) => Effect.Effect<Option.Option<V>, CacheError, R>
  /**
   * Answers the values of several keys, in the order of the parameters. Keys that no tier holds are loaded together,
   * by the owner's `lookupMany` where it has one. Fails when one of them fails.
   */
  readonly getMany: (
    params: ReadonlyArray<KeyParams<P, Codecs>>
  ) => Effect.Effect<ReadonlyArray<V>, CacheError | E, R>
  /** Answers the value of a key as `get` does, with its tier, age, staleness, version and tags. */
  readonly getAnswer: (
    params: KeyParams<P, Codecs>
  ) => Effect.Effect<Answer<V>, CacheError | E, R>
  /** Answers the fresh value that a tier holds, as `getOption` does, with its tier, age and version. */
  readonly getAnswerOption: (
    params: KeyParams<P, Codecs>
  ) => Effect.Effect<Option.Option<Answer<V>>, CacheError, R>
  /** Tells whether `getOption` would answer a value: a fresh one. Never runs a lookup. */
  readonly has: (
    params: KeyParams<P, Codecs>
  ) => Effect.Effect<boolean, CacheError, R>
  /** Answers what `f` takes from the value of a key, which is read as `get` reads it. */
  readonly select: <A>(
    params: KeyParams<P, Codecs>,
    f: (value: V) => A
  ) => Effect.Effect<A, CacheError | E, R>
  /**
   * Loads the keys that no tier holds, sixteen at a time unless `concurrency` says otherwise, and answers how many it
   * loaded. A key whose lookup fails is left out. In the body of a transaction it loads nothing, since nothing that is
   * loaded there is kept.
   */
  readonly warm: (
    params: Many<KeyParams<P, Codecs>>,
    options?: { readonly concurrency?: number | undefined }
  ) => Effect.Effect<number, CacheError, R>
  /**
   * Answers at most `max` of the keys that memory served most often, with their share of its reads, most first. The
   * shares are estimates from a sample of the hits.
   */
  readonly hottest: (max: number) => Effect.Effect<ReadonlyArray<HotKey<P, Codecs>>, CacheError, R>
  /**
   * Answers what a `get` of the key would do now (hit, load, join a load, fail …), what is held of it, and what
   * happened to it before. Changes nothing. In the body of a transaction it answers what a `get` in the body would do.
   */
  readonly explain: (
    params: KeyParams<P, Codecs>
  ) => Effect.Effect<Explanation<V>, CacheError, R>
}

/**
 * The writing operations, which require `R`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Writing<P extends string, V, E, Codecs, R = never> {
  readonly pattern: P

  /**
   * Writes the value of a key, and drops all entries that derive from it before it returns. With `ifVersion` it
   * fails with `VersionConflict` unless the key has that version. Fails with `CacheError`, and then nothing has
   * changed.
   */
  readonly set: (
    params: KeyParams<P, Codecs>,
    value: Value<P, V>,
    options?: WriteOptions<P>
  ) => Effect.Effect<void, CacheError, R>
  /** Writes several values, which readers see at once, and drops all entries that derive from them. */
  readonly setMany: (
    entries: Many<Entry<P, V, Codecs>>,
    options?: WriteOptions<P>
  ) => Effect.Effect<void, CacheError, R>
  /**
   * Replaces the value by what `f` makes of it, loading it first if it is absent. Updates of one key follow each
   * other. Nothing changes when `f` fails. An Effect that `f` gives is run: its result is the value. If the key changes
   * in another way while `f` runs, the entry is dropped and loaded anew where the owner has a lookup; where it has
   * none, the update fails with `VersionConflict`.
   */
  readonly update: <E2 = never, R2 = never>(
    params: KeyParams<P, Codecs>,
    f: (was: V) => Change<P, V, E2, R2>
  ) => Effect.Effect<V, CacheError | E | E2, R | R2>
  /**
   * Changes a part of what is held, which keeps its lifetime, tags and revision; `None` when nothing fresh is held,
   * or when the key changed while `f` ran. Nothing is loaded.
   */
  readonly patch: <E2 = never, R2 = never>(
    params: KeyParams<P, Codecs>,
    f: (was: V) => Change<P, V, E2, R2>
  ) => Effect.Effect<Option.Option<V>, CacheError | E2, R | R2>
  /** Removes the entry of a key, and drops all entries that derive from it. A key without an entry is no failure. */
  readonly delete: (
    params: KeyParams<P, Codecs>
  ) => Effect.Effect<void, CacheError, R>
  /** Removes the entries of several keys, and drops all entries that derive from them. */
  readonly deleteMany: (
    params: ReadonlyArray<KeyParams<P, Codecs>>
  ) => Effect.Effect<void, CacheError, R>

  /**
   * Makes the entry of a key, and all entries that derive from it, absent; with `{ mode: "markStale" }` they become
   * stale, and stale rules apply. A lookup that began before is not stored.
   */
  readonly invalidate: (
    params: KeyParams<P, Codecs>,
    options?: InvalidateOptions
  ) => Effect.Effect<void, CacheError, R>
  /**
   * Makes every entry of the family that has the given parameters absent or stale, and all entries that derive from
   * them. It takes the same time for one entry and for a million. Fails with `InvalidKey` for a name that the pattern
   * does not have: to ignore it would mean every key.
   */
  readonly invalidateWhere: (
    params: SomeParams<P, Codecs>,
    options?: InvalidateOptions
  ) => Effect.Effect<void, CacheError, R>
  /** Makes every entry of the family absent or stale, and all entries that derive from them. */
  readonly invalidateAll: (options?: InvalidateOptions) => Effect.Effect<void, CacheError, R>
  /**
   * Makes every entry of the family that was stored with the tag absent or stale, and all that may derive from them. A
   * lookup that began before is not stored if its value has the tag, or if the value before had it. Which keys have had
   * the tag is not known, so everything that derives from the family is dropped, whatever the tag.
   */
  readonly invalidateTag: (tag: string, options?: InvalidateOptions) => Effect.Effect<void, CacheError, R>
  /**
   * Runs the owner's lookup of a key, stores what it answers, and answers it when the tiers below memory have taken it,
   * too. Callers who ask for one key while a refresh waits share it. If the lookup fails, the old value stays. If a
   * tier refuses the new value, this fails with `StoreFailed`, and memory keeps the new value.
   */
  readonly refresh: (
    params: KeyParams<P, Codecs>
  ) => Effect.Effect<V, CacheError | E, R>
}

/**
 * The keys of one family, `AppCache.keys.user`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Family<Self, P extends string, V, E, Codecs, Name = string>
  extends Reading<P, V, E, Codecs, Borrows<P, Self>>, Writing<P, V, E, Codecs, Owns<P, Self>>
{
  // Again, and first: an accessor of another family is then refused by its pattern, and not by its parameters.
  readonly pattern: P
  readonly name: Name

  /** Spells the full key of the parameters, `user:42`. Fails with `InvalidKey` for what a key cannot hold. */
  readonly key: (params: KeyParams<P, Codecs>) => Effect.Effect<string, CacheError>
  /** Reads the parameters out of a full key; `None` for a key of another family. */
  readonly parse: (key: string) => Option.Option<ParsedParams<P, Codecs>>

  /** Describes a write for `batch`. Nothing happens until the batch runs. */
  readonly setting: (
    params: KeyParams<P, Codecs>,
    value: Value<P, V>,
    options?: WriteOptions<P>
  ) => Write<Owns<P, Self>>
  /** Describes a deletion for `batch`. Nothing happens until the batch runs. */
  readonly deleting: (
    params: KeyParams<P, Codecs>,
    options?: Pick<SetOptions, "ifVersion">
  ) => Write<Owns<P, Self>>
  /**
   * Waits for a lease of one key, and holds it until the scope closes or its `timeToLive` ends: one exclusive lease,
   * or many shared ones. Fails with `LeaseRefused` when `deadline` has passed. Options that may leave out `mode` may
   * ask for an exclusive one.
   */
  readonly lease: {
    (params: KeyParams<P, Codecs>, options: SharedLeaseOptions): Effect.Effect<
      Lease<P, "shared">,
      CacheError,
      Borrows<P, Self> | Scope.Scope
    >
    <Mode extends LeaseMode = "exclusive">(
      params: KeyParams<P, Codecs>,
      options?: LeaseOptions<Mode>
    ): Effect.Effect<Lease<P, Mode | "exclusive">, CacheError, Owns<P, Self> | Scope.Scope>
  }

  /** A handle with the reading operations of the family. Its right is resolved once, so they require nothing. */
  readonly reader: Effect.Effect<Reader<P, V, E, Codecs, Name>, CacheError, Borrows<P, Self>>
  /** A handle with all operations of the family. Its right is resolved once, so they require nothing. */
  readonly writer: Effect.Effect<Writer<P, V, E, Codecs>, CacheError, Owns<P, Self>>
}

/**
 * A key that is read often.
 *
 * @category models
 * @since 0.1.0
 */
export interface HotKey<P extends string, Codecs> {
  readonly params: ParsedParams<P, Codecs>
  readonly key: string
  /** From 0 to 1, estimated; never too low for a key that is read often. */
  readonly share: number
}

/**
 * One write of a batch, as data. `R` is the right that it needs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Write<out R> {
  readonly _tag: "Write"
  readonly key: Effect.Effect<string, CacheError>
  readonly "~rights": R
}

/**
 * The reading operations with their right resolved, for code that is no Effect, too.
 *
 * @category models
 * @since 0.1.0
 */
export interface Readable<P extends string, V, E, Codecs> extends Reading<P, V, E, Codecs> {
  /**
   * The value if it is in memory and fresh, without an Effect; `undefined` otherwise, and when the right has ended.
   * Counts as a read, as `get` does. A store without a tier in memory always answers `undefined`.
   */
  readonly getUnsafe: (params: KeyParams<P, Codecs>) => V | undefined
  /**
   * The value as a Promise, for callers that are no Effect. A hit is resolved already, and neither it nor waiting
   * for a load that is under way starts a fiber; the rest is `Effect.runPromise` of `get`. `signal` interrupts.
   * Rejects with the error of `get`, or with the reason of the signal that was aborted meanwhile.
   */
  readonly getPromise: (
    params: KeyParams<P, Codecs>,
    options?: { readonly signal?: AbortSignal | undefined }
  ) => Promise<V>
}

/**
 * The operations of a borrower. Those of an owner are there to say why they cannot be used.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reader<P extends string, V, E, Codecs, Name = string>
  extends Readable<P, V, E, Codecs>, Refused<P, Name & string>
{}

/**
 * What a reader cannot do. Editors strike it out, a call is told why, and a reader is no writer: what each answers with
 * requires what nothing provides.
 *
 * @category models
 * @since 0.1.0
 */
export interface Refused<P extends string, Name extends string> {
  // Methods, so that a handle of one family is one of any: their parameters name the family, and would keep them apart.
  /** @deprecated A reader only reads. */
  set(
    params: CannotWrite<P, Name>,
    ...rest: ReadonlyArray<any>
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  setMany(
    params: CannotWrite<P, Name>,
    ...rest: ReadonlyArray<any>
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  update(
    params: CannotWrite<P, Name>,
    f?: (was: any) => unknown
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  patch(
    params: CannotWrite<P, Name>,
    f?: (was: any) => unknown
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  delete(
    params: CannotWrite<P, Name>,
    ...rest: ReadonlyArray<any>
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  deleteMany(
    params: CannotWrite<P, Name>,
    ...rest: ReadonlyArray<any>
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  invalidate(
    params: CannotWrite<P, Name>,
    ...rest: ReadonlyArray<any>
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  invalidateWhere(
    params: CannotWrite<P, Name>,
    ...rest: ReadonlyArray<any>
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  invalidateAll(
    this: CannotWrite<P, Name>,
    options?: unknown
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  invalidateTag(
    params: CannotWrite<P, Name>,
    ...rest: ReadonlyArray<any>
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
  /** @deprecated A reader only reads. */
  refresh(
    params: CannotWrite<P, Name>,
    ...rest: ReadonlyArray<any>
  ): Effect.Effect<never, never, Misfit.Otherwise<CannotWrite<P, Name>>>
}
type CannotWrite<P extends string, Name extends string> = RightFindings.writeThroughBorrow<P, Name>

/**
 * All operations of a family, with the right to them resolved.
 *
 * @category models
 * @since 0.1.0
 */
export interface Writer<P extends string, V, E, Codecs> extends Readable<P, V, E, Codecs>, Writing<P, V, E, Codecs> {}
