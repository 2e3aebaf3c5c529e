/**
 * The judgement of a write: all that can refuse it, before anything changes.
 *
 * A write (a `set`, one of a `setMany` or a batch, what an update, a patch or a load brings) has two phases:
 *
 * 1. It is judged. Its options are read, its weigher weighs it, its value is frozen. Each of these runs code of the
 *    user, which may throw, may answer nonsense, and may use the cache meanwhile: so nothing of the write has happened
 *    yet, and no condition has been looked at.
 * 2. It is applied, together with all that belongs to it, in one synchronous step that runs no code of the user and
 *    takes everything that can go wrong from the {@link Judged}.
 *
 * A judgement is an Effect, for a tier may need time for its own. Where all of it is synchronous it is an `Exit`, so
 * `Effect.flatMapEager` goes on without a turn of the run loop.
 *
 * Not here: whether the caller may write, and what the key must hold. The second phase asks that (`CacheFamily`).
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { HotPartition } from "../../store/Store.ts"
import { FunctionFailed } from "../../store/StoreError.ts"
import { CacheError, InvalidOption } from "../CacheError.ts"
import * as Expiry from "../Expiry.ts"
import type { FamilySpec } from "../FamilySpec.ts"
import type { LoadedOptions } from "../Lookup.ts"
import { freezeDeep } from "./freeze.ts"

/** A value that may be stored under a key. */
export interface Judged<V> {
  readonly key: string
  readonly value: V
  /** How long it is fresh; 0 is not stored. */
  readonly lifeMillis: number
  readonly tags: ReadonlyArray<string>
  readonly revision: string | undefined
  /** In memory: a whole number of at least 1, or `Infinity`. */
  readonly weight: number
}

export const noTags: ReadonlyArray<string> = []

export const noOptions: LoadedOptions = {}

/** Judges what is to be stored in one family. */
export class Judge<V> {
  private readonly spec: FamilySpec<V>
  private readonly hot: HotPartition<V> | undefined

  constructor(spec: FamilySpec<V>) {
    this.spec = spec
    this.hot = spec.partition.hot
  }

  /** What is to be applied, or why nothing is. */
  judge(key: string, value: V, options: LoadedOptions): Effect.Effect<Judged<V>, CacheError> {
    try {
      return Exit.succeed(this.judgeHere(key, value, options))
    } catch (error) {
      return error instanceof CacheError ? Exit.fail(error) : Exit.die(error)
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

  private judgeHere(key: string, value: V, options: LoadedOptions): Judged<V> {
    const { expiry } = this.spec
    const { revision, tags, timeToLive } = options
    const lifeMillis = timeToLive === undefined ? expiry.timeToLive : Expiry.lifeMillis(timeToLive)
    if (Number.isNaN(lifeMillis)) {
      throw this.invalid("timeToLive", "must be a duration that is not negative, \"never\" or \"doNotStore\"")
    }
    if (revision !== undefined && typeof revision !== "string") throw this.invalid("revision", "must be a text")
    const ownTags = tags === undefined ? noTags : this.copyOf(tags)
    // Before it is frozen: a value that is refused for its weight is left as it was.
    const weight = lifeMillis === 0 ? 1 : this.weigh(key, value)
    if (expiry.freeze) this.freeze(key, value)
    return { key, value, lifeMillis, tags: ownTags, revision, weight }
  }

  /** A copy: the list is the caller's, who may use it again. */
  private copyOf(tags: unknown): ReadonlyArray<string> {
    if (!Array.isArray(tags)) throw this.invalid("tags", "must be a list of texts")
    if (tags.length === 0) return noTags
    const copy = Array.from(tags)
    if (!copy.every((tag) => typeof tag === "string")) throw this.invalid("tags", "must be a list of texts")
    return copy
  }

  private freeze(key: string, value: V): void {
    try {
      freezeDeep(value)
    } catch (cause) {
      throw this.functionFailed("freeze", key, "failed", cause)
    }
  }

  private functionFailed(option: FunctionFailed["option"], key: string, why: string, cause: unknown): CacheError {
    const { name: family, render } = this.spec
    return new CacheError({ reason: new FunctionFailed({ family, option, key: render(key), why, cause }) })
  }

  private invalid(option: string, why: string): CacheError {
    return new CacheError({ reason: new InvalidOption({ family: this.spec.name, option, why }) })
  }
}

const isDone = <A, E>(effect: Effect.Effect<A, E>): effect is Exit.Exit<A, E> => Exit.isExit(effect)

/** All of several judgements, in their order, or the first that refuses. Those that take time follow each other. */
export const judgeAll = <A, J>(
  writes: ReadonlyArray<A>,
  judge: (write: A) => Effect.Effect<J, CacheError>,
  judged: Array<J> = []
): Effect.Effect<ReadonlyArray<J>, CacheError> => {
  for (let i = judged.length; i < writes.length; i++) {
    const one = judge(writes[i]!)
    if (!isDone(one)) {
      return Effect.flatMap(one, (taken) => {
        judged.push(taken)
        return judgeAll(writes, judge, judged)
      })
    }
    if (Exit.isFailure(one)) return Exit.failCause(one.cause)
    judged.push(one.value)
  }
  return Exit.succeed(judged)
}
