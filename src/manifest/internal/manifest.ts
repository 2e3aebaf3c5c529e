/**
 * The run time of a manifest: what `Manifest.Service` returns, without its types.
 *
 * A manifest with mistakes (the compiler has reported them, unless it was built from data) is still a value: its
 * layers fail with the `ManifestError`, so that a program learns of it where it builds its layers and not while
 * modules load.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Cache from "../../cache/Cache.ts"
import { CacheError, InvalidKey } from "../../cache/CacheError.ts"
import * as Lease from "../../capability/Lease.ts"
import * as Diagnostic from "../../diagnostic/Diagnostic.ts"
import * as DependencyGraph from "../../ownership/DependencyGraph.ts"
import { validate, type ValidManifest } from "../../ownership/Validation.ts"
import { keyProblem, parsePattern } from "../../pattern/KeyPattern.ts"
import * as SensitiveKey from "../../pattern/SensitiveKey.ts"
import * as Codec from "../../store/Codec.ts"
import type { Store } from "../../store/Store.ts"
import type { Group } from "../Modules.ts"
import { FamilyAccess } from "./access.ts"
import * as accessor from "./accessor.ts"
import { broken } from "./broken.ts"
import * as declared from "./declared.ts"
import * as dependents from "./dependents.ts"
import { type Runtime, wordOf } from "./grants.ts"
import * as keys from "./keys.ts"
import { Owners } from "./owners.ts"
import type { AnyLayer, Statics } from "./statics.ts"

export const make = (id: string, definition: unknown) => {
  const key = keyOfClass(id)
  const tag = Context.Service<any, Runtime>(key)
  const valid = Result.map(validate(id, definition), (manifest) => ({ ...manifest, key }))
  return Object.assign(
    tag,
    { definition },
    Result.isFailure(valid) ? broken(valid.failure, definition) : statics(tag, valid.success)
  )
}

// Rights go by the class and not by its name: a second class of one name has keys of its own, so that neither is taken
// for the other. One that is loaded twice is two, and what was built of the first one serves nobody else.
const classes = new Map<string, number>()
const keyOfClass = (id: string): string => {
  const earlier = classes.get(id) ?? 0
  classes.set(id, earlier + 1)
  return earlier === 0 ? id : `${id}#${earlier + 1}`
}

const statics = (tag: Context.Service<any, Runtime>, manifest: ValidManifest): Statics => {
  const graph = DependencyGraph.make(manifest)
  const families = [...manifest.families.values()]
  const accesses = new Map(families.map((family) => [
    family.name,
    new FamilyAccess(manifest, family, keys.make(manifest, family))
  ]))
  const accessors = new Map([...accesses].map(([name, access]) => [name, accessor.make(access)]))
  const engine = engineLayer(tag, manifest, graph, accesses)
  // The composition root may appoint anybody.
  const layer = Layer.effect(wordOf(manifest), tag).pipe(Layer.provideMerge(engine))
  const { borrower, delegate, owner, words } = new Owners(tag, manifest, accesses)
  const reader = (name: string) => Layer.provide(borrower(name), readerWord(name))
  const readerWord = (name: string) => Layer.effect(wordOf(manifest, "borrow", name), tag)

  const modules = (given: { readonly [name: string]: AnyLayer | Group }) =>
    Layer.mergeAll(
      ...Object.entries(given).map(([name, module]) => {
        const isGroup = "owns" in module
        const owned = isGroup ? module.owns : manifest.families.has(name) ? [name] : []
        const lines = owned.length > 0
          ? owned.map((each) => manifest.families.get(each)!)
          : [manifest.readers.get(name)!]
        const reads = [...new Set(lines.flatMap(({ moduleReads }) => moduleReads))]
        return Layer.provide(
          isGroup ? module.layer as AnyLayer : module,
          [words(owned), ...reads.map(readerWord), ...reads.map(reader)] as unknown as [AnyLayer]
        )
      }) as [AnyLayer]
    ).pipe(Layer.provideMerge(engine))

  return {
    keys: Object.fromEntries(accessors),
    graph,
    layer,
    owner,
    borrower,
    delegate,
    modules,
    ...rawKeys(manifest, accesses, accessors),
    batch,
    invalidate: byPattern(manifest, accesses),
    events: Stream.unwrap(Effect.map(tag, ({ cache }) => cache.events)),
    stats: Effect.map(tag, ({ cache }) => cache.stats),
    ...declared.make(tag, manifest, graph)
  }
}

/** Invalidates a pattern in every family that it touches, after all grants are found. */
const byPattern =
  (manifest: ValidManifest, accesses: ReadonlyMap<string, FamilyAccess>) =>
  (source: string, { mode = "hide" }: accessor.InvalidateOptions = {}): Effect.Effect<void, CacheError> =>
    Effect.withFiber((fiber) => {
      const parsed = parsePattern(source)
      if (Result.isFailure(parsed)) {
        return Effect.fail(new CacheError({ reason: malformed(manifest, source, parsed.failure) }))
      }
      const touched = manifest.patterns.overlapping(parsed.success).map(({ value }) => accesses.get(value.name)!)
      if (touched.length === 0) return Effect.fail(new CacheError({ reason: unknown(manifest, source) }))
      return Effect.flatMap(Effect.forEach(touched, (access) => access.grantToWrite(fiber.context)), (grants) => {
        const scopes = touched.map((access, i) =>
          [access.familyOf(grants[i]!), access.keys.scopeOfPattern(parsed.success)] as const
        )
        return grants[0]!.engine.cache.dropScopes(scopes, mode)
      })
    })

/** All grants and keys first; then all writes, in one step. */
const batch = (writes: ReadonlyArray<accessor.Write>): Effect.Effect<void, CacheError> =>
  Effect.withFiber((fiber) =>
    Effect.flatMap(
      Effect.forEach(writes, (write) => write.resolve(fiber.context)),
      (all) => all[0] === undefined ? Effect.void : all[0].cache.batch(all.map((each) => each.write))
    )
  )

// --- the engine --------------------------------------------------------------------------------

const engineLayer = (
  tag: Context.Service<any, Runtime>,
  manifest: ValidManifest,
  graph: DependencyGraph.DependencyGraph,
  accesses: ReadonlyMap<string, FamilyAccess>
): Layer.Layer<any, CacheError, Store> => {
  const options = [...manifest.families.values()].map((family): Cache.FamilyOptions => {
    const { hide, parse, render, show } = accesses.get(family.name)!.keys
    const { spec } = family
    return {
      name: family.name,
      pattern: family.pattern.source,
      render,
      show,
      hide,
      isSensitive: spec.sensitive === true,
      parse,
      codec: Schema.isSchema(spec.value) ? Codec.schema(spec.value as Schema.Codec<unknown>) : undefined,
      weigher: spec.weigher,
      policy: spec,
      dependents: dependents.make(family, graph.plans[family.index]!)
    }
  })
  return Layer.effect(
    tag,
    Effect.gen(function*() {
      const cache = yield* Cache.make(manifest.id, options)
      const leases = yield* Lease.make
      return { cache, leases, owners: new Map(), loadable: new Map(), tokens: 0 } satisfies Runtime
    })
  )
}

const unknownKey = (manifest: ValidManifest, key: string): InvalidKey => {
  const problem = keyProblem(key)
  return problem === undefined ? unknown(manifest, key) : malformed(manifest, key, problem)
}

const unknown = (manifest: ValidManifest, text: string): InvalidKey => {
  const shown = shownText(manifest, text)
  return InvalidKey.of(shown, Diagnostic.keyUnknown(manifest.id, shown))
}

const malformed = (manifest: ValidManifest, text: string, problem: Diagnostic.Diagnostic): InvalidKey =>
  isSensitive(manifest)
    ? new InvalidKey({
      code: problem.code,
      pattern: shownText(manifest, text),
      why: "it is malformed; its text is not shown, since the manifest has a sensitive family"
    })
    : InvalidKey.of(text, problem)

const isSensitive = ({ families }: ValidManifest): boolean =>
  [...families.values()].some(({ spec }) => spec.sensitive === true)

/** A text that names no family, and may be a misspelt key of a sensitive one: only what patterns spell out is shown. */
const shownText = (manifest: ValidManifest, text: string): string => {
  if (!isSensitive(manifest)) return text
  const spelt = new Set(
    [...manifest.families.values()].flatMap(({ pattern }) =>
      pattern.segments.flatMap((segment) => segment._tag === "Text" ? [segment.text] : [])
    )
  )
  const show = (segment: string) => segment === "" || spelt.has(segment) ? segment : SensitiveKey.hash(segment)
  return text.split(":").map(show).join(":")
}

// --- raw keys ----------------------------------------------------------------------------------

const rawKeys = (
  manifest: ValidManifest,
  accesses: ReadonlyMap<string, FamilyAccess>,
  accessors: ReadonlyMap<string, accessor.Accessor>
) => {
  const route = <A, E, R>(
    key: string,
    f: (of: accessor.Accessor, params: keys.Params) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | CacheError, R> =>
    Effect.suspend((): Effect.Effect<A, E | CacheError, R> => {
      const family = manifest.patterns.route(key)
      if (family === undefined) return Effect.fail(new CacheError({ reason: unknownKey(manifest, key) }))
      const access = accesses.get(family.name)!
      const params = access.keys.decode(access.keys.parse(key)!)
      return params._tag === "None"
        ? Effect.fail(access.undecodable())
        : f(accessors.get(family.name)!, params.value)
    })
  return {
    get: (key: string) => route(key, (of, params) => of.get(params)),
    getOption: (key: string) => route(key, (of, params) => of.getOption(params)),
    set: (key: string, value: unknown) => route(key, (of, params) => of.set(params, value)),
    delete: (key: string) => route(key, (of, params) => of.delete(params))
  }
}
