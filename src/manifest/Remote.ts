/**
 * A manifest for programs that have keys and no types: servers, command lines, dashboards, tests of a protocol. It
 * finds the family of a key, and says how the values of the family travel.
 *
 * - A key has one spelling. A text that the codec of a parameter would write in another way is refused, because a
 *   server that cuts keys out of a text would make two entries of one.
 * - Values travel as a text, as bytes, or as JSON. The form depends on the schema alone, so a client can rely on it.
 * - A value that does not fit is refused with its place, and the refusal never contains the value. For a sensitive
 *   family it does not contain the place either.
 *
 * Not here: entries and rights. A remote describes; to read and to write, a program uses the manifest's own operations.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as JsonSchema from "effect/JsonSchema"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Diagnostic } from "../diagnostic/Diagnostic.ts"
import * as KeyFindings from "../diagnostic/types/keyFindings.ts"
import * as ManifestFindings from "../diagnostic/types/manifestFindings.ts"
import type { DependencyGraph } from "../ownership/DependencyGraph.ts"
import { ManifestError } from "../ownership/ManifestError.ts"
import { textOf } from "../ownership/shared/texts.ts"
import { validate, type ValidFamily, type ValidManifest } from "../ownership/shared/validation.ts"
import { patternOfKeys } from "../pattern/KeyPattern.ts"
import { type Mismatch, wordsOf } from "../store/shared/misfit.ts"
import { isManifest } from "./internal/composition.ts"
import * as keys from "./internal/keys.ts"
import { speltIn } from "./internal/spelling.ts"
import * as wire from "./internal/wire.ts"
import type { AnyManifest } from "./types/composition.ts"

/**
 * How the values of a family travel.
 *
 * **Details**
 *
 * - `text`: the encoded side of the schema is a text, which travels as it is, without quotes.
 * - `bytes`: the encoded side is a `Uint8Array`.
 * - `json`: anything else, as the JSON of `Schema.toCodecJson`. In it `-0` becomes `0`, and `undefined` becomes `null`
 *   where the schema takes both. A value of `Schema.Unknown` that JSON cannot say, such as a `Map`, is refused.
 * - `none`: the family declares a type alone (`Manifest.type`). Nothing can encode its values, so they do not travel.
 *
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export type Form = "text" | "bytes" | "json" | "none"

/**
 * A value, or what a client sent in its place, does not fit the schema of its family.
 *
 * **Details**
 *
 * `path` leads to the place, from the outside to the inside; it is empty for the value itself, and for every value of a
 * sensitive family. `expected` says what belongs there. Neither contains the value. Names of properties in `path` are
 * those that the client sent.
 *
 * @stability experimental
 * @category errors
 * @since 0.1.0
 */
export class Misfit extends Schema.TaggedError<Misfit>()("Misfit", {
  code: Schema.tag("E0320"),
  family: Schema.String,
  pattern: Schema.String,
  path: Schema.Array(Schema.Union([Schema.String, Schema.Number])),
  expected: Schema.String
}) {
  override get message() {
    return `${this.code}: ${wordsOf(this)}; family \`${this.family}\` owns \`${this.pattern}\``
  }
}

/**
 * One family, for a program that has keys and no types.
 *
 * **Gotchas**
 *
 * The key within a family is the texts of its parameters, joined by `:`, so `42` and not `user:42`. `keyWithin` cuts it
 * out and checks nothing: ask `keyProblem` before you use it.
 *
 * @see {@link of} for the faces of a manifest
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Face {
  /** The name of the family in its manifest. */
  readonly name: string
  /** The position of the family in its manifest, from 0. */
  readonly index: number
  /** The pattern of the family, such as `user:{id}`. */
  readonly pattern: string
  /** The names of the pattern's parameters, in the order in which a key has them. A last `*` is among them. */
  readonly parameters: ReadonlyArray<string>
  /** Whether keys and values of the family are hidden from logs, events and errors. */
  readonly isSensitive: boolean
  /** The key within the family of a full key that `Remote.route` has led to this face. */
  readonly keyWithin: (key: string) => string
  /** The full key of a key within the family. */
  readonly keyOf: (within: string) => string
  /** The full key for logs and errors: of a sensitive family, with hashes in place of the parameters. */
  readonly show: (within: string) => string
  /**
   * The parameters of a key within the family, as `AppCache.keys[face.name]` takes them. Fails with what `keyProblem`
   * says.
   */
  readonly paramsOf: (within: string) => Result.Result<{ readonly [name: string]: unknown }, Diagnostic>
  /** What is wrong with a key within the family, without any text of the key; `undefined` if it may be used. */
  readonly keyProblem: (within: string) => Diagnostic | undefined
  /** How the values of the family travel. */
  readonly form: Form
  /**
   * The JSON schema of the values; `undefined` for the forms `bytes` and `none`. It is made at the first use.
   */
  readonly jsonSchema: JsonSchema.Document<"draft-2020-12"> | undefined
  /**
   * What travels for a value: a text, which is JSON in the form `json`, or bytes that the value does not share. An
   * `Exit`, unless the schema has to wait.
   */
  readonly encode: (value: unknown) => Effect.Effect<string | Uint8Array, Misfit>
  /**
   * The value of what has travelled. An `Exit`, unless the schema has to wait. A property that the schema does not know
   * is refused, as is what has more than 67,108,864 bytes or UTF-16 units, and JSON with more than 128 levels, with a
   * number that a double does not hold, or with a property `__proto__`.
   */
  readonly decode: (received: string | Uint8Array) => Effect.Effect<unknown, Misfit>
}

/**
 * A manifest, for a program that has keys and no types.
 *
 * @see {@link of} for how it is made
 * @stability experimental
 * @category models
 * @since 0.1.0
 */
export interface Remote {
  /** The name of the manifest. */
  readonly id: string
  /** The families of the manifest, in its order. */
  readonly faces: ReadonlyArray<Face>
  /** What depends on what. */
  readonly graph: DependencyGraph
  /** The family of a full key; `undefined` if no family has the key. */
  readonly route: (key: string) => Face | undefined
  /**
   * The families that `AppCache.invalidate` of a pattern invalidates, the most specific first, or what is wrong with
   * the pattern. The codec of a parameter spells its text: where `VIP` is written `vip`, `tenant:VIP:*` shares keys
   * with `tenant:vip:{id}`.
   */
  readonly overlapping: (pattern: string) => Result.Result<ReadonlyArray<Face>, Diagnostic>
}

const remotes = new WeakMap<AnyManifest, Result.Result<Remote, ManifestError>>()

/**
 * The manifest of a class, for a program that has keys and no types; fails if the manifest has mistakes.
 *
 * **When to use**
 *
 * In a server or a tool that serves the keys of any manifest. In a program that knows its manifest, `AppCache.keys` has
 * types for all of this.
 *
 * **Example** (A key and a value as they come from a connection)
 *
 * ```ts
 * import { Effect, Result, Schema } from "effect"
 * import { Manifest, Remote } from "effect-stateless"
 *
 * class AppCache extends Manifest.Service<AppCache>()("AppCache", {
 *   families: {
 *     prefs: { pattern: "prefs:{id}", value: Schema.Struct({ formal: Schema.Boolean }) }
 *   }
 * }) {}
 *
 * const remote = Result.getOrThrow(Remote.of(AppCache))
 * const face = remote.route("prefs:1")!
 * face.name // => "prefs"
 * face.keyWithin("prefs:1") // => "1"
 * Effect.runSync(face.decode(`{"formal":true}`)) // => { formal: true }
 * const misfit = Effect.runSync(Effect.flip(face.decode(`{"formal":1}`)))
 * misfit.path // => ["formal"]
 * misfit.expected // => "boolean"
 * ```
 *
 * @see {@link Face} for what a family says
 * @stability experimental
 * @category constructors
 * @since 0.1.0
 */
export const of = (manifest: AnyManifest): Result.Result<Remote, ManifestError> => {
  if (!isManifest(manifest)) return notManifest()
  const { definition, id } = manifest as Described
  const made = remotes.get(manifest) ??
    Result.map(validate(id, definition), (valid) => make(manifest as Described, valid))
  remotes.set(manifest, made)
  return made
}

const notManifest = (): Result.Result<never, ManifestError> => {
  const problem = { ...ManifestFindings.shapeWrong("the argument", "a manifest", "AnyManifest"), path: [] }
  return Result.fail(new ManifestError({ manifest: "Remote.of", reason: problem, problems: [problem] }))
}

/** A manifest class, with what its type does not show here. */
interface Described extends AnyManifest {
  readonly id: string
  readonly graph: DependencyGraph
}

const make = ({ graph, id }: Described, manifest: ValidManifest): Remote => {
  const families = [...manifest.families.values()]
  const keysOf = new Map(families.map((family) => [family.name, keys.make(manifest, family)]))
  const faces = new Map(families.map((family) => [family.name, faceOf(family, keysOf.get(family.name)!)]))
  return {
    id,
    faces: [...faces.values()],
    graph,
    route: (key) => {
      // A program without types may give another value than a text.
      const family = manifest.patterns.route(textOf(key))
      return family && faces.get(family.name)
    },
    overlapping: (pattern) =>
      Result.flatMap(
        patternOfKeys(textOf(pattern)),
        (parsed) =>
          Result.mapBoth(speltIn(manifest, ({ name }) => keysOf.get(name)!, parsed), {
            onFailure: ({ problem }) => problem,
            onSuccess: (spelt) => spelt.map(({ family }) => faces.get(family.name)!)
          })
      )
  }
}

const faceOf = (family: ValidFamily, own: keys.Keys): Face => {
  const { check, decode, names, render, show, textOf: textOfParams, unread, within } = own
  const { index, isSensitive, name, pattern: { source: pattern }, spec } = family
  const values = wire.make(spec.value)
  const misfit = ({ expected, path }: Mismatch): Misfit =>
    new Misfit({ family: name, pattern, expected, path: isSensitive ? [] : path })
  const read: Face["paramsOf"] = (key) => {
    const problem = check(key)
    if (problem !== undefined) return Result.fail(problem)
    const texts = key.split(":")
    const nameOf = (at: number) => names[Math.min(at, names.length - 1)]!
    const unspelt = texts.findIndex((text) => !wire.isWellFormed(text))
    if (unspelt >= 0) return Result.fail(KeyFindings.parameterNotUnicode(pattern, nameOf(unspelt)))
    const params = decode(key)
    if (Option.isNone(params)) return Result.fail(unread(key))
    const spelt = textOfParams(params.value)
    if (spelt === key) return Result.succeed(params.value)
    const others = spelt.split(":")
    const at = texts.findIndex((text, i) => text !== others[i])
    return Result.fail(KeyFindings.parameterSpeltOtherwise(pattern, nameOf(at)))
  }
  let jsonSchema: Face["jsonSchema"] | null = null
  return {
    name,
    index,
    pattern,
    parameters: names,
    isSensitive,
    keyWithin: within,
    keyOf: render,
    show,
    keyProblem: (key) => Result.match(read(key), { onFailure: (problem) => problem, onSuccess: () => undefined }),
    paramsOf: read,
    form: values.form,
    get jsonSchema() {
      if (jsonSchema === null) jsonSchema = wire.jsonSchemaOf(values.form, spec.value)
      return jsonSchema
    },
    encode: (value) => Effect.mapErrorEager(values.encode(value), misfit),
    decode: (received) => Effect.mapErrorEager(values.decode(received), misfit)
  }
}
