/**
 * Judges a write: checks everything that can refuse it, before anything changes.
 *
 * A write has two phases. It may be a `set`, one write of a `setMany` or a batch, or the value of an update, a patch or
 * a load.
 *
 * 1. It is judged. Its options are read, its weigher weighs it, the lower tiers prepare it (`Partition.prepare`), and
 *    its value is frozen. Each of these steps runs code of the user, which may throw, return nonsense, be slow, or use
 *    the cache meanwhile. So in this phase nothing changes, and no condition is checked.
 * 2. It is applied in one synchronous step, together with the other changes that belong to it. This step runs no code
 *    of the user; everything that could fail was done for the {@link Judged}.
 *
 * A judgement is a {@link Judged}, or an Effect of one if the write was refused or a codec does not answer at once. So
 * a write into memory costs one object, and no step of the run loop.
 *
 * The value of a lookup is not prepared here, so that no reader waits for a codec. The outbox prepares it on the way
 * below.
 *
 * Not here: whether the caller may write, and the condition on the version. The second phase checks both
 * (`FamilyWrites.applyIf`).
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Nearest from "../../../diagnostic/types/nearest.ts"
import { unreadableOption, whyUnreadable } from "../../../ownership/shared/readable.ts"
import { isBag } from "../../../ownership/shared/validation.ts"
import { type Entry, tagsMax } from "../../../store/Entry.ts"
import type { HotPartition, Partition, Prepared } from "../../../store/Store.ts"
import { EncodeFailed, FunctionFailed, StoreError } from "../../../store/StoreError.ts"
import { CacheError, InvalidOption } from "../../CacheError.ts"
import type { LoadedOptions } from "../../Lookup.ts"
import { unrun } from "../../shared/unrun.ts"
import type { SetOptions } from "../../types/setOptions.ts"
import * as Expiry from "./expiry.ts"
import type { EngineFamilySpec } from "./familySpec.ts"
import { freezeDeep, Unfreezable } from "./freeze.ts"
import { sealedFunction } from "./sensitive.ts"
import { storeFailed } from "./storeFailed.ts"

/** A value that may be stored under a key. */
export class Judged<V> {
  declare readonly key: string
  declare readonly value: V
  /** How long the value is fresh. A value with 0 is not stored. */
  declare readonly lifetimeMillis: number
  /** How long the value is fresh, if that was chosen for this value, and is not that of the family. */
  declare readonly ownLifetimeMillis: number | undefined
  declare readonly tags: ReadonlyArray<string>
  declare readonly revision: string | undefined
  /** The weight in memory: a whole number of at least 1, or `Infinity`. */
  declare readonly weight: number
  /** The content as the lower tiers prepared it; `undefined` if there is no lower tier, or if it is prepared later. */
  declare readonly prepared: Prepared<V> | undefined

  constructor(
    key: string,
    value: V,
    { lifetimeMillis, ownLifetimeMillis, revision, tags }: Attributes,
    weight: number,
    prepared: Prepared<V> | undefined
  ) {
    this.key = key
    this.value = value
    this.lifetimeMillis = lifetimeMillis
    this.ownLifetimeMillis = ownLifetimeMillis
    this.tags = tags
    this.revision = revision
    this.weight = weight
    this.prepared = prepared
  }
}

/** The options of a write, decoded. */
interface Attributes {
  readonly lifetimeMillis: number
  readonly ownLifetimeMillis: number | undefined
  readonly tags: ReadonlyArray<string>
  readonly revision: string | undefined
}

/** A judgement, or an Effect of one. */
export type Judging<Judgement> = Judgement | Effect.Effect<Judgement, CacheError>

// This does not call `Effect.isEffect`: the whole program shares that function, so V8 cannot cache its property access,
// which takes 0.3 us.
export const isJudged = <Judgement extends Judged<any> | ReadonlyArray<Judged<any>>>(
  judging: Judging<Judgement>
): judging is Judgement => judging instanceof Judged || Array.isArray(judging)

/** Continues with a judgement, at once if it is not an Effect. */
export const whenJudged = <Judgement extends Judged<any> | ReadonlyArray<Judged<any>>, A, E>(
  judging: Judging<Judgement>,
  next: (judged: Judgement) => Effect.Effect<A, E>
): Effect.Effect<A, E | CacheError> =>
  isJudged(judging) ? next(judging) : Effect.flatMap(judging as Effect.Effect<Judgement, CacheError>, next)

/** The name of the tier that is read synchronously. */
export const memory = "memory"

/** Frozen, like every list of tags, because entries share the lists, and callers get them in answers. */
export const noTags: ReadonlyArray<string> = Object.freeze([])

export const noOptions: LoadedOptions = {}

/** Stands for the judgement of a deletion, which needs none. */
export const deletion = new Judged<never>(
  "",
  undefined as never,
  { lifetimeMillis: 0, ownLifetimeMillis: undefined, tags: noTags, revision: undefined },
  1,
  undefined
)

const refused = (error: unknown): Effect.Effect<never, CacheError> =>
  error instanceof CacheError ? Effect.fail(error) : Effect.die(error)

const knownOfLoads: { readonly [Option in keyof Required<LoadedOptions>]: true } = {
  timeToLive: true,
  tags: true,
  revision: true
}

// The options of a write include its conditions, which are not stored. A load has none.
const knownOfWrites: { readonly [Option in keyof Required<SetOptions<unknown>>]: true } = {
  ...knownOfLoads,
  ifVersion: true,
  lease: true
}

/**
 * The options of a value that its source has confirmed: the revision, the tags and the lifetime that was chosen for the
 * value stay unless the options name others. Anything but an object, and what throws, is refused later, when the value
 * is judged.
 */
export const renewed = (before: Entry<unknown>, options: LoadedOptions): LoadedOptions => {
  try {
    return !isBag(options as unknown) ? options : {
      ...options,
      timeToLive: options.timeToLive === undefined ? lifetimeOf(before) : options.timeToLive,
      revision: options.revision === undefined ? before.revision : options.revision,
      tags: options.tags === undefined ? before.tags : options.tags
    }
  } catch {
    return options
  }
}

/** The lifetime that was chosen for a value, as an option. */
const lifetimeOf = ({ ownLifetimeMillis }: Entry<unknown>): LoadedOptions["timeToLive"] =>
  ownLifetimeMillis === Infinity ? "never" : ownLifetimeMillis

/**
 * The options of a value in place of an entry, whose attributes stay, whatever the family's policy is for new values.
 */
export const asHeld = ({ revision, tags }: Entry<unknown>): LoadedOptions => ({ timeToLive: "never", tags, revision })

/** Judges the values that are to be stored in one family. */
export class Judge<V> {
  private readonly spec: EngineFamilySpec<V>
  private readonly hot: HotPartition<V> | undefined
  private readonly lower: Partition<V> | undefined
  private readonly attributes: Attributes

  /** `lower` is the partition below memory; `undefined` if there is only memory. */
  constructor(spec: EngineFamilySpec<V>, lower: Partition<V> | undefined) {
    this.spec = spec
    this.lower = lower
    this.attributes = {
      lifetimeMillis: spec.expiry.timeToLive,
      ownLifetimeMillis: undefined,
      tags: noTags,
      revision: undefined
    }
    this.hot = spec.partition.hot
  }

  /** Judges one value: the change to apply, or the error that refuses it. */
  judge(key: string, value: V, options: LoadedOptions): Judging<Judged<V>> {
    try {
      return this.judgeWrite(this.attributesOf(options), key, value)
    } catch (error) {
      return refused(error)
    }
  }

  /** Judges the value of a lookup. A tier that cannot keep the value does not refuse it. */
  judgeLoaded(key: string, value: V, options: LoadedOptions): Judging<Judged<V>> {
    try {
      const attributes = this.attributesOf(options, knownOfLoads)
      const misfit = this.misfitOfLoaded(key, value)
      return misfit === undefined ? this.judgeValue(undefined, key, value, attributes) : Effect.fail(misfit)
    } catch (error) {
      return refused(error)
    }
  }

  /**
   * The error for a loaded value of another kind than its schema says. Its readers get no such value, whatever tiers
   * there are. The parts of the value are not looked at: that would make each load of a long list several times slower.
   */
  misfitOfLoaded(key: string, value: V): CacheError | undefined {
    if (this.spec.admitsKind === undefined || this.isOf(this.spec.admitsKind, value)) return undefined
    // An Effect that was not run has a message of its own, which says what to do.
    const why = unrun(value, this.spec.takesExits)
    if (why !== undefined) return this.invalid("value", why)
    const where = this.whereUnfit(value)
    return this.invalid(
      "value",
      `does not admit what was loaded for \`${this.spec.show(key)}\`${where === undefined ? "" : `: ${where}`}; ` +
        "help: decode what the source gives"
    )
  }

  /** Judges several values with the same options: all changes, or the error that refuses all of them. */
  judgeMany(
    entries: ReadonlyArray<readonly [key: string, value: V]>,
    options: LoadedOptions
  ): Judging<ReadonlyArray<Judged<V>>> {
    try {
      const attributes = this.attributesOf(options)
      return judgeAll(entries, ([key, value]) => this.judgeOn(attributes, key, value))
    } catch (error) {
      return refused(error)
    }
  }

  private judgeOn(attributes: Attributes, key: string, value: V): Judging<Judged<V>> {
    try {
      return this.judgeWrite(attributes, key, value)
    } catch (error) {
      return refused(error)
    }
  }

  /** The weight of a value in memory; throws a `CacheError`. */
  weigh(key: string, value: V): number {
    if (this.hot === undefined) return 1
    try {
      return this.hot.weigh(key, value)
    } catch (error) {
      throw error instanceof FunctionFailed ? this.functionFailed("weigher", key, error.why, error.cause) : error
    }
  }

  /** Whether a value may be stored as it is, where it has no weigher, is not frozen, and no tier prepares it. */
  isStorableAsIs(value: V): boolean {
    return unrun(value, this.spec.takesExits) === undefined && (this.spec.admits === undefined || this.fits(value))
  }

  private judgeWrite(attributes: Attributes, key: string, value: V): Judging<Judged<V>> {
    if (this.hot !== undefined && attributes.lifetimeMillis !== 0 && !this.fits(value)) {
      // An Effect that was not run has a message of its own, which says what to do.
      const why = unrun(value, this.spec.takesExits)
      throw why === undefined ? this.unfit(key, value) : this.invalid("value", why)
    }
    return this.judgeValue(this.lower, key, value, attributes)
  }

  private fits(value: V): boolean {
    return this.spec.admits === undefined || this.isOf(this.spec.admits, value)
  }

  private isOf(admits: (value: V) => boolean, value: V): boolean {
    try {
      return admits(value)
    } catch {
      // A check of the schema, or a property of the value, throws.
      return false
    }
  }

  private judgeValue(
    lower: Partition<V> | undefined,
    key: string,
    value: V,
    attributes: Attributes
  ): Judging<Judged<V>> {
    const why = unrun(value, this.spec.takesExits)
    if (why !== undefined) throw this.invalid("value", why)
    if (attributes.lifetimeMillis === 0) return this.judged(key, value, attributes, 1, undefined)
    const weight = this.weigh(key, value)
    const made = lower?.prepare(key, { value, tags: attributes.tags, revision: attributes.revision })
    if (made === undefined) return this.judged(key, value, attributes, weight, undefined)
    if (Exit.isExit(made)) {
      const exit = made as Exit.Exit<Prepared<V>, StoreError>
      return Exit.isSuccess(exit)
        ? this.judged(key, value, attributes, weight, exit.value)
        : Exit.mapError(exit as Exit.Exit<never, StoreError>, storeFailed)
    }
    // A slow codec must not see a value that changes meanwhile.
    this.freeze(key, value)
    return Effect.mapBoth(made, {
      onSuccess: (prepared) => new Judged(key, value, attributes, weight, prepared),
      onFailure: storeFailed
    })
  }

  /** Freezes the value at the end, so that a value which its weight or a tier refuses stays as it was. */
  private judged(
    key: string,
    value: V,
    attributes: Attributes,
    weight: number,
    prepared: Prepared<V> | undefined
  ): Judged<V> {
    this.freeze(key, value)
    return new Judged(key, value, attributes, weight, prepared)
  }

  // A program without types may leave out the options of `Lookup.loaded`.
  private attributesOf(options: LoadedOptions | undefined, known: object = knownOfWrites): Attributes {
    if (options === noOptions || options === undefined) return this.attributes
    try {
      return this.givenAttributes(options, known)
    } catch (error) {
      // A getter of the options, or a Proxy, throws.
      throw error instanceof CacheError
        ? error
        : this.invalid(unreadableOption(options, known) ?? "options", whyUnreadable)
    }
  }

  private givenAttributes(options: LoadedOptions, known: object): Attributes {
    if (!isBag(options as unknown)) throw this.invalid("options", "must be an object")
    const unknown = Nearest.unknownOption(options, known)
    if (unknown !== undefined) throw this.invalid(unknown.option, unknown.why)
    const { revision, tags, timeToLive } = options
    const lifetimeMillis = timeToLive === undefined ? this.attributes.lifetimeMillis : this.lifetimeOf(timeToLive)
    return {
      lifetimeMillis,
      ownLifetimeMillis: lifetimeMillis === this.attributes.lifetimeMillis ? undefined : lifetimeMillis,
      tags: tags === undefined ? noTags : this.copyOf(tags),
      revision: this.revisionOf(revision)
    }
  }

  private lifetimeOf(timeToLive: NonNullable<LoadedOptions["timeToLive"]>): number {
    const millis = Expiry.lifetimeMillis(timeToLive)
    if (millis >= 0) return millis
    throw this.invalid("timeToLive", Expiry.lifetimeMisfit)
  }

  private revisionOf(revision: unknown): string | undefined {
    if (revision === undefined || typeof revision === "string") return revision
    throw this.invalid("revision", "must be a string")
  }

  /** A frozen copy of the tags. The list belongs to the caller, who may change it later; readers get the copy. */
  private copyOf(tags: unknown): ReadonlyArray<string> {
    if (!Array.isArray(tags)) throw this.invalid("tags", "must be a list of strings")
    if (tags.length === 0) return noTags
    if (tags.length > tagsMax) throw this.invalid("tags", `must be at most ${tagsMax} texts`)
    const copy = Array.from(tags)
    if (!copy.every((tag) => typeof tag === "string")) throw this.invalid("tags", "must be a list of strings")
    return Object.freeze(copy)
  }

  private freeze(key: string, value: V): void {
    if (!this.spec.expiry.freeze) return
    try {
      freezeDeep(value)
    } catch (cause) {
      throw this.functionFailed("freeze", key, cause instanceof Unfreezable ? cause.why : "failed", cause)
    }
  }

  /** Where a value is not of its schema, without anything of the value. */
  private whereUnfit(value: V): string | undefined {
    return this.spec.isSensitive ? undefined : this.spec.misfit?.(value)
  }

  private unfit(key: string, value: V): CacheError {
    const cause = new Error("it is not an instance of the schema's class, or a check of the schema refuses it")
    const reason = new EncodeFailed({ tier: memory, key: this.spec.show(key), cause, where: this.whereUnfit(value) })
    return storeFailed(new StoreError({ reason }))
  }

  private functionFailed(option: FunctionFailed["option"], key: string, why: string, cause: unknown): CacheError {
    const { isSensitive, name: family, show } = this.spec
    const failed = new FunctionFailed({ family, option, key: show(key), why, cause })
    return new CacheError({ reason: isSensitive ? sealedFunction(failed) : failed })
  }

  private invalid(option: string, why: string): CacheError {
    return new CacheError({ reason: new InvalidOption({ family: this.spec.name, option, why }) })
  }
}

/**
 * Judges several writes: all judgements in their order, or the first error. Slow judgements run one after the other.
 */
export const judgeAll = <A, V>(
  writes: ReadonlyArray<A>,
  judge: (write: A) => Judging<Judged<V>>,
  judged: Array<Judged<V>> = []
): Judging<ReadonlyArray<Judged<V>>> => {
  for (let i = judged.length; i < writes.length; i++) {
    const one = judge(writes[i]!)
    if (!isJudged(one)) {
      return Effect.flatMap(one, (taken) => {
        judged.push(taken)
        return whenJudged(judgeAll(writes, judge, judged), Effect.succeed)
      })
    }
    judged.push(one)
  }
  return judged
}
