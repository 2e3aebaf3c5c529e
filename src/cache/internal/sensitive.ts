/**
 * What is hidden of a sensitive family where something is told of it: the causes of what failed in a tier or a codec,
 * which may print a key or a value, and what an explanation knows.
 *
 * A value that a caller asked for is given to him; it is not enumerable where the rest of the answer is there to be
 * printed.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as Stream from "effect/Stream"
import type { Codec } from "../../store/Codec.ts"
import type { Partition } from "../../store/Store.ts"
import {
  EncodeFailed,
  FunctionFailed,
  type Operation,
  StoreError,
  TierFailed,
  TierFull
} from "../../store/StoreError.ts"
import type { Answer } from "../Answer.ts"
import type { Explanation, Happening } from "../Explanation.ts"

const hiddenCause = () => new Error("the cause is not shown, since the family is sensitive")

/** The error without what the function threw or answered, either of which may be of a value. */
export const sealedFunction = (failed: FunctionFailed): FunctionFailed =>
  failed.cause === undefined
    ? new FunctionFailed({ ...failed, why: "gave an answer that cannot be used" })
    : new FunctionFailed({ ...failed, cause: hiddenCause() })

/** The error without what caused it. */
export const sealed = ({ reason }: StoreError): StoreError => {
  if (reason instanceof EncodeFailed) {
    return new StoreError({ reason: new EncodeFailed({ ...reason, cause: hiddenCause() }) })
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

// What lies behind each sealed partition.
const behind = new WeakMap<Partition<any>, Partition<any>>()

/** The store's own partition, which alone the store knows in a round. */
export const unsealed = <V>(partition: Partition<V>): Partition<V> => behind.get(partition) ?? partition

/** A partition whose failures do not say what they were of. */
export const sealedPartition = <V>(partition: Partition<V>): Partition<V> => {
  const inFront = inFrontOf(partition)
  behind.set(inFront, partition)
  return inFront
}

const inFrontOf = <V>(partition: Partition<V>): Partition<V> => ({
  prepare: (key, content) => {
    const made = partition.prepare(key, content)
    // What is there at once stays so.
    if (!Exit.isExit(made)) return sealing("prepare")(made)
    return Exit.isFailure(made) ? sealedExit("prepare")(made.cause as Cause.Cause<StoreError>) : made
  },
  get: (key) => sealing("get")(partition.get(key)),
  getMany: (keys) => sealing("get")(partition.getMany(keys)),
  set: (key, entry) => sealing("set")(partition.set(key, entry)),
  setMany: (entries) => sealing("set")(partition.setMany(entries)),
  remove: (keys) => sealing("remove")(partition.remove(keys)),
  clear: sealing("clear")(partition.clear),
  entries: Stream.mapError(partition.entries, sealed),
  sweep: (freshUntilMax) => sealing("sweep")(partition.sweep(freshUntilMax)),
  size: sealing("size")(partition.size),
  hot: partition.hot,
  ...(partition.below === undefined ? {} : { below: sealedPartition(partition.below) })
})

const refused = Exit.fail(
  new Schema.SchemaError(
    new SchemaIssue.InvalidValue({ message: "the value is not shown, since the family is sensitive" })
  )
)

/** A codec whose failures do not show the value. */
export const sealedCodec = <V>(codec: Codec<V>): Codec<V> => {
  const sealedRun = <A, B>(run: (input: A) => Effect.Effect<B, Schema.SchemaError>) => (input: A) => {
    const effect = run(input)
    // What is there at once stays so: a tier reads without waiting where it can.
    if (Exit.isExit(effect)) return Exit.isSuccess(effect) ? effect : refused
    return Effect.catchCause(effect, (cause) => Cause.hasInterruptsOnly(cause) ? Effect.failCause(cause) : refused)
  }
  return { encode: sealedRun(codec.encode), decode: sealedRun(codec.decode), copies: codec.copies }
}

/** An answer whose tags are hashes, and whose value is not printed with the rest. */
export const hidingAnswer = <V>(answer: Answer<V>, hide: (text: string) => string): Answer<V> =>
  Object.defineProperty({ ...answer, tags: answer.tags.map(hide) }, "value", { enumerable: false })

/** An explanation whose keys and tags are hashes, and whose value is not printed with the rest. */
export const hiding = <V>(explanation: Explanation<V>, hide: (text: string) => string): Explanation<V> => {
  const scopeOf = (scope: Happening["scope"]): Happening["scope"] =>
    typeof scope === "string"
      ? scope.split(":").map(hide).join(":")
      : "tag" in scope
      ? { tag: hide(scope.tag) }
      : { positions: scope.positions, values: scope.values.map(hide) }
  const { held } = explanation
  return {
    ...explanation,
    held: held && hidingAnswer(held, hide),
    happenings: explanation.happenings.map((happening) => ({ ...happening, scope: scopeOf(happening.scope) }))
  }
}
