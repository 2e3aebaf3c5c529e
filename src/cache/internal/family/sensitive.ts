/**
 * Hides the keys and values of a sensitive family in errors and explanations. The cause of a failed tier or codec is
 * hidden as well, because it may contain a key or a value.
 *
 * A caller gets the value that the caller asked for. In an answer or an explanation it is not enumerable, so printing
 * the rest does not show it.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as Stream from "effect/Stream"
import type { Codec, Later } from "../../../store/Codec.ts"
import type { Whole } from "../../../store/shared/whole.ts"
import type { Partition } from "../../../store/Store.ts"
import {
  EncodeFailed,
  FunctionFailed,
  type Operation,
  StoreError,
  TierFailed,
  TierFull
} from "../../../store/StoreError.ts"
import type { Answer } from "../../Answer.ts"
import type { Explanation, Happening } from "../../Explanation.ts"
import { shownValue } from "../../shared/slices.ts"

const hiddenCause = () => new Error("the cause is not shown, because the family is sensitive")

/** Removes from an error what the function threw or returned, because either may contain a value. */
export const sealedFunction = (failed: FunctionFailed): FunctionFailed =>
  failed.cause === undefined
    ? new FunctionFailed({ ...failed, why: "returned what cannot be used" })
    : new FunctionFailed({ ...failed, cause: hiddenCause() })

/** Removes the cause from an error. */
export const sealed = ({ reason }: StoreError): StoreError => {
  if (reason instanceof EncodeFailed) {
    const { key, tier } = reason
    return new StoreError({ reason: new EncodeFailed({ tier, key, cause: hiddenCause() }) })
  }
  if (reason instanceof TierFailed) {
    return new StoreError({ reason: new TierFailed({ ...reason, cause: hiddenCause() }) })
  }
  if (reason instanceof TierFull) return new StoreError({ reason: new TierFull({ ...reason, cause: hiddenCause() }) })
  return new StoreError({ reason: reason instanceof FunctionFailed ? sealedFunction(reason) : reason })
}

const sealedExit = (operation: Operation) => (cause: Cause.Cause<StoreError>): Exit.Exit<never, StoreError> => {
  if (Cause.hasInterruptsOnly(cause)) return Exit.failCause(cause)
  const error = Cause.squash(cause)
  return Exit.fail(
    error instanceof StoreError
      ? sealed(error)
      : new StoreError({ reason: new TierFailed({ tier: "lower", operation, cause: hiddenCause() }) })
  )
}

const sealing = (operation: Operation) => <A>(effect: Effect.Effect<A, StoreError>): Effect.Effect<A, StoreError> =>
  Effect.catchCause(effect, sealedExit(operation))

// The partition behind each sealed partition.
const behind = new WeakMap<Partition<any>, Partition<any>>()

/** The store's own partition. In a round, the store accepts only this one. */
export const unsealed = <V>(partition: Partition<V>): Partition<V> => behind.get(partition) ?? partition

/** Makes a partition whose failures hide their causes. */
export const sealedPartition = <V>(partition: Partition<V>): Partition<V> => {
  const inFront = inFrontOf(partition)
  behind.set(inFront, partition)
  return inFront
}

const sealedOr = (error: StoreError | undefined): StoreError | undefined => error && sealed(error)

const inFrontOf = <V>(partition: Partition<V>): Whole<Partition<V>> => ({
  prepare: (key, content) => {
    const made = partition.prepare(key, content)
    // A result that is there at once stays synchronous.
    if (!Exit.isExit(made)) return sealing("prepare")(made)
    return Exit.isFailure(made) ? sealedExit("prepare")(made.cause as Cause.Cause<StoreError>) : made
  },
  full: partition.full && ((entries, bytes) => sealedOr(partition.full!(entries, bytes))),
  get: (key) => sealing("get")(partition.get(key)),
  getMany: (keys) => sealing("get")(partition.getMany(keys)),
  beginLoad: partition.beginLoad && ((key, version) => sealing("get")(partition.beginLoad!(key, version))),
  endLoad: partition.endLoad && ((key) => partition.endLoad!(key)),
  set: (key, entry) => sealing("set")(partition.set(key, entry)),
  setMany: (entries) => sealing("set")(partition.setMany(entries)),
  remove: (keys) => sealing("remove")(partition.remove(keys)),
  clear: sealing("clear")(partition.clear),
  entries: Stream.mapError(partition.entries, sealed),
  page: partition.page && ((after, max) => sealing("page")(partition.page!(after, max))),
  sweep: (freshUntilMax) => sealing("sweep")(partition.sweep(freshUntilMax)),
  size: sealing("size")(partition.size),
  hot: partition.hot,
  below: partition.below && sealedPartition(partition.below)
})

const refused = Exit.fail(
  new Schema.SchemaError(
    new SchemaIssue.InvalidValue({ message: "the value is not shown, because the family is sensitive" })
  )
)

/** Makes a codec whose failures do not show the value. */
export const sealedCodec = <V>(codec: Codec<V> | Later<V>): Codec<V> | Later<V> =>
  "later" in codec ? { later: (make) => sealedOf(codec.later(make)) } : sealedOf(codec)

const sealedOf = <V>(codec: Codec<V>): Codec<V> => {
  const sealedRun = <A, B>(run: (input: A) => Effect.Effect<B, Schema.SchemaError>) => (input: A) => {
    const effect = run(input)
    // A result that is there at once stays synchronous, because a tier reads without waiting if it can.
    if (Exit.isExit(effect)) return Exit.isSuccess(effect) ? effect : refused
    return Effect.catchCause(effect, (cause) => Cause.hasInterruptsOnly(cause) ? Effect.failCause(cause) : refused)
  }
  return { encode: sealedRun(codec.encode), decode: sealedRun(codec.decode), copies: codec.copies }
}

/** Makes an answer whose tags are hashes, and whose value and revision are not printed with the rest. */
export const hidingAnswer = <V>(answer: Answer<V>, hide: (text: string) => string): Answer<V> =>
  Object.defineProperties({ ...answer, tags: answer.tags.map(hide) }, {
    value: { enumerable: false },
    revision: { enumerable: false }
  })

/** Makes an explanation whose keys and tags are hashes, and whose value is not printed with the rest. */
export const hiding = <V>(explanation: Explanation<V>, hide: (text: string) => string): Explanation<V> => {
  const hiddenTarget = (target: Happening["target"]): Happening["target"] =>
    typeof target === "string"
      ? target.split(":").map(hide).join(":")
      : "tag" in target
      ? { tag: hide(target.tag) }
      : { positions: target.positions, values: target.values.map((value) => shownValue(value, hide)) }
  const { held } = explanation
  return {
    ...explanation,
    held: held && hidingAnswer(held, hide),
    happenings: explanation.happenings.map((happening) => ({ ...happening, target: hiddenTarget(happening.target) }))
  }
}
