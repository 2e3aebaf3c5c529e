/**
 * Makes the class that `Manifest.Service` returns, without its types: accessors, operations, and the layer of the
 * engine.
 *
 * A manifest with mistakes is a value, too. Its layers fail with `InvalidManifest`, so a program fails where it builds
 * its layers, and not while its modules load. Only a manifest from data, or with a cast, gets so far: the compiler
 * reports the mistakes of all others.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as AST from "effect/SchemaAST"
import * as Stream from "effect/Stream"
import { CacheError, InvalidBatch, InvalidKey } from "../../cache/CacheError.ts"
import type * as Cache from "../../cache/engine/cache.ts"
import { CacheFamily } from "../../cache/engine/cacheFamily.ts"
import * as Opening from "../../cache/engine/opening.ts"
import { compile } from "../../cache/shared/invalidationPlan.ts"
import * as Transaction from "../../cache/transactions/transaction.ts"
import type { SetOptions } from "../../cache/types/setOptions.ts"
import type { Lease } from "../../capability/Lease.ts"
import type * as Diagnostic from "../../diagnostic/Diagnostic.ts"
import * as KeyFindings from "../../diagnostic/types/keyFindings.ts"
import * as ManifestFindings from "../../diagnostic/types/manifestFindings.ts"
import * as Nearest from "../../diagnostic/types/nearest.ts"
import * as Wiring from "../../diagnostic/types/wiring.ts"
import type { DependencyGraph } from "../../ownership/DependencyGraph.ts"
import { ManifestError } from "../../ownership/ManifestError.ts"
import * as Graph from "../../ownership/shared/graph.ts"
import { textOf } from "../../ownership/shared/texts.ts"
import { validate, type ValidFamily, type ValidManifest } from "../../ownership/shared/validation.ts"
import { keyProblem, patternOfKey, patternOfKeys } from "../../pattern/KeyPattern.ts"
import * as SensitiveKey from "../../pattern/SensitiveKey.ts"
import type { Later } from "../../store/Codec.ts"
import { admitsKindOf, admitsOf } from "../../store/shared/admits.ts"
import { misfitOf } from "../../store/shared/misfit.ts"
import { idOf, shapeText } from "../../store/shared/schemaShape.ts"
import { Store } from "../../store/Store.ts"
import type { InvalidateOptions } from "../Family.ts"
import * as accessor from "./accessor.ts"
import { broken } from "./broken.ts"
import * as declared from "./declared.ts"
import { FamilyGate } from "./familyGate.ts"
import {
  Appointment,
  appointmentOf,
  type Engine,
  engineKey,
  engineOf,
  type Face,
  faceOf,
  keyOfClass
} from "./grants.ts"
import { countKeys, inPlace } from "./inPlace.ts"
import * as keys from "./keys.ts"
import * as modules from "./modules.ts"
import { errorOf } from "./names.ts"
import * as options from "./options.ts"
import { directOf, originOf } from "./origin.ts"
import { Owners } from "./owners.ts"
import { speltIn } from "./spelling.ts"
import type { Statics } from "./statics.ts"

export const make = (given: string, definition: unknown) => {
  // A program without types may give another value than a text; `validate` refuses the empty text.
  const id = typeof given === "string" ? given : ""
  const key = keyOfClass(id)
  const tag = Context.Service<any, Face>(key)
  const valid = Result.map(validate(id, definition), (manifest) => ({ ...manifest, key }))
  return Object.assign(
    tag,
    { definition, id },
    Result.isFailure(valid) ? broken(valid.failure, definition) : statics(tag, valid.success)
  )
}

/** The class of a manifest whose first call was forgotten. Like every wrong manifest, it fails where it is built. */
export const makeForgotten = (given: unknown) => {
  const id = typeof given === "string" ? given : ""
  const problem = { ...ManifestFindings.callForgotten(), path: [] }
  const error = new ManifestError({ manifest: id, reason: problem, problems: [problem] })
  return Object.assign(Context.Service<any, Face>(keyOfClass(id)), { definition: {}, id }, broken(error, {}))
}

const statics = (tag: Context.Service<any, Face>, manifest: ValidManifest): Statics => {
  const graph = Graph.make(manifest)
  const families = [...manifest.families.values()]
  const gates = new Map(families.map((family) => [
    family.name,
    new FamilyGate(manifest, family, keys.make(manifest, family))
  ]))
  const accessors = new Map([...gates].map(([name, gate]) => [name, accessor.make(gate)]))
  // The layer may be missing after a cast.
  const engine = Effect.flatMap(Effect.serviceOption(tag), (face) =>
    Option.isSome(face)
      ? Effect.succeed(engineOf(manifest, face.value))
      : Effect.fail(errorOf(manifest.id, [{ ...Wiring.engineMissing(manifest.id), path: [] }])))
  // The members that `yield* AppCache` returns, too.
  const members = {
    keys: Object.fromEntries(accessors),
    ...rawKeys(manifest, gates, accessors),
    batch: batchOf(manifest),
    transaction: transactionOf(manifest),
    invalidate: byPattern(manifest, gates),
    events: Stream.unwrap(Effect.map(engine, ({ cache }) => cache.events)),
    stats: Effect.map(engine, ({ cache }) => cache.stats),
    watermark: Effect.flatMap(engine, ({ cache }) => cache.watermark),
    // A program without types may give another value than a text.
    reach: (watermark: string) => Effect.flatMap(engine, ({ cache }) => cache.reach(textOf(watermark)))
  }
  const engineLive = engineLayer(tag, manifest, graph, gates, members)
  // The composition root may appoint every owner.
  const layer = Layer.effect(
    appointmentOf(manifest),
    Effect.map(engineKey(manifest.key), (engine) => new Appointment(engine))
  )
  const owners = new Owners(manifest, gates)
  return {
    ...members,
    ...declared.make(manifest),
    graph,
    layer: modules.root(manifest, Layer.provideMerge(layer, engineLive)),
    owner: owners.owner,
    borrower: owners.borrower,
    delegate: owners.delegate,
    modules: modules.make(manifest, engineLive)
  }
}

/** Invalidates a pattern in every family that shares a key with it, once all grants are found. */
const byPattern =
  (manifest: ValidManifest, gates: ReadonlyMap<string, FamilyGate>) =>
  (source: string, given?: InvalidateOptions): Effect.Effect<void, CacheError> =>
    Effect.withFiber((fiber) =>
      options.withMode(undefined, given, (mode) => {
        // A program without types may give another value than a text.
        const text = textOf(source)
        const parsed = patternOfKeys(text)
        if (Result.isFailure(parsed)) {
          return Effect.fail(new CacheError({ reason: malformed(manifest, text, parsed.failure) }))
        }
        const spelt = speltIn(manifest, ({ name }) => gates.get(name)!.keys, parsed.success)
        if (Result.isFailure(spelt)) {
          const { family, problem } = spelt.failure
          return Effect.fail(gates.get(family.name)!.invalid(problem))
        }
        const touched = spelt.success.map(({ family, pattern }) => [gates.get(family.name)!, pattern] as const)
        if (touched.length === 0) {
          return Effect.fail(new CacheError({ reason: unknown(manifest, text, false) }))
        }
        return Effect.flatMap(Effect.forEach(touched, ([gate]) => gate.requireWriteGrant(fiber.context)), (grants) => {
          const slices = touched.map(([gate, pattern], i) =>
            [gate.familyOf(grants[i]!), gate.keys.sliceOfPattern(pattern)] as const
          )
          return Transaction.dropSlices(grants[0]!.engine.cache, fiber.context, slices, mode)
        })
      })
    )

/** Finds all grants and keys of a batch first. Then all changes happen in one step of one engine. */
const batchOf = (manifest: ValidManifest) => (writes: ReadonlyArray<accessor.Write>): Effect.Effect<void, CacheError> =>
  inPlace((context) => {
    const own = writesOf(manifest, writes)
    if (typeof own === "string") return Effect.fail(invalidBatch(manifest, own))
    // All writes are of one engine, because a grant counts only for the engine in the Context.
    const all: Array<Cache.BatchWrite> = []
    for (const each of own) {
      const resolved = each.resolve(context)
      if (resolved instanceof CacheError) return Effect.fail(resolved)
      all.push(resolved)
    }
    if (all.length === 0) return Effect.void
    countKeys(all.length)
    return Transaction.batch(Context.getUnsafe(context, engineKey(manifest.key)).cache, context, all)
  })

/** Runs a body in a transaction. Rights are checked where the body writes. */
const transactionOf =
  ({ id, key: manifestKey }: ValidManifest) => (within: Transaction.Within) => (body: Effect.Effect<any, any, any>) => {
    const refused = options.transaction(within, body)
    if (refused !== undefined) return Effect.fail(refused)
    const combinator: Transaction.Within = (attempt) => options.combined(within(attempt))
    return Transaction.run({ id, manifestKey }, combinator, body)
  }

const whyForeign = ({ id }: ValidManifest, pattern: string | undefined, other: { readonly id: string }): string =>
  other.id === id
    ? `\`${pattern}\` is of another class \`${id}\`: its module was evaluated twice, as in watch mode, ` +
      "or two copies of `effect-stateless` are installed"
    : `\`${pattern}\` is a pattern of \`${other.id}\``

const whyNotIn = (manifest: ValidManifest, writes: ReadonlyArray<Partial<accessor.Write> | undefined>) => {
  for (const [i, write] of writes.entries()) {
    if (write?._tag !== "Write" || write.manifest === undefined) {
      return `item ${i} is not a write, as \`setting\` and \`deleting\` make it`
    }
    if (write.manifest !== manifest) return whyForeign(manifest, write.pattern, write.manifest)
  }
  return undefined
}

/** The writes of a batch, or why the batch is none. */
const writesOf = (manifest: ValidManifest, writes: unknown): ReadonlyArray<accessor.Write> | string => {
  try {
    if (!Array.isArray(writes)) return "it takes a list of writes"
    // A copy, because the caller may change the list while the batch waits.
    const own: ReadonlyArray<accessor.Write> = Array.from(writes)
    return whyNotIn(manifest, own) ?? own
  } catch {
    return "its list throws when it is read"
  }
}

const invalidBatch = (manifest: ValidManifest, why: string) =>
  new CacheError({ reason: new InvalidBatch({ manifest: manifest.id, why }) })

// --- the engine --------------------------------------------------------------------------------

/** The codec of a family with a Schema, which a tier that keeps bytes makes: memory alone needs none. */
const codecOf = ({ spec: { value }, version }: ValidFamily): Later<unknown> | undefined =>
  Schema.isSchema(value)
    ? {
      admits: admitsOf(value),
      admitsKind: admitsKindOf(value),
      misfit: misfitOf(value),
      later: (make) => make(value as Schema.Codec<unknown>, { version })
    }
    : undefined

const engineLayer = (
  tag: Context.Service<any, Face>,
  manifest: ValidManifest,
  graph: DependencyGraph,
  gates: ReadonlyMap<string, FamilyGate>,
  members: object
): Layer.Layer<any, CacheError, Store> => {
  const direct = directOf(graph)
  const families = [...manifest.families.values()].map((family): Opening.FamilyOptions => {
    const { hide, parse, render, show } = gates.get(family.name)!.keys
    const { spec } = family
    return {
      name: family.name,
      pattern: family.pattern.source,
      render,
      show,
      hide,
      isSensitive: family.isSensitive,
      parse,
      codec: codecOf(family),
      takesExits: Schema.isSchema(spec.value) && isOfExits(spec.value.ast),
      weigher: spec.weigher,
      policy: spec,
      plan: compile(manifest, graph, family),
      origin: originOf(manifest, family, graph, direct)
    }
  })
  const form = formOf(manifest, families)
  return Layer.effectContext(
    Effect.gen(function*() {
      // The store may be missing after a cast.
      const given = yield* Effect.serviceOption(Store)
      if (given._tag === "None") {
        return yield* Effect.fail(errorOf(manifest.id, [{ ...Wiring.storeMissing(), path: [] }]))
      }
      const store = given.value
      const living: Living = { manifest, id: manifest.id, key: manifest.key, store, form }
      yield* Effect.acquireRelease(alone(living), () =>
        Effect.sync(() => {
          leave(living)
          for (const gate of gates.values()) gate.forget()
          CacheFamily.forgetContext()
          Transaction.forgetContext()
        }))
      const cache = yield* Opening.make(manifest.id, families, manifest.key)
      const engine: Engine = { cache, owners: new Map(), loadable: new Map(), tokens: 0 }
      return Context.add(Context.make(tag, faceOf(engine, members)), engineKey(manifest.key), engine)
    })
  )
}

const isOfExits = (ast: AST.AST): boolean =>
  ast._tag === "Union"
    ? ast.types.some(isOfExits)
    : ast._tag === "Declaration" && idOf(ast.annotations) === "effect/schema/Exit"

interface Living {
  readonly manifest: ValidManifest
  readonly id: string
  readonly key: string
  readonly store: Store["Service"]
  readonly form: string
}

/** The families of a manifest as a text that a class whose module was loaded again has, too. */
const formOf = ({ families }: ValidManifest, options: ReadonlyArray<Opening.FamilyOptions>): string =>
  JSON.stringify(options.map(({ name, origin, pattern }) => {
    const { owner, carveOut, spec, version } = families.get(name)!
    const value = Schema.isSchema(spec.value) ? shapeText(spec.value) : ""
    return [name, pattern, owner, carveOut, version, origin?.form, value]
  }))

// The running engines of each place, and the number of places over which the engines of a class run. Engines of one
// class over several stores of one place (such as layers of one folder) are one cache: each sees the others' changes.
// The engines of a class and of the same class whose module was loaded again, as in watch mode, are one cache, too. The
// rights of one do not count for the other, since they go by the key.
const enginesOver = new WeakMap<Store["Service"]["commons"], ReadonlyArray<Living>>()
const placesOf = new Map<string, number>()
// At how many places a log spoke of a manifest last. Layers that are built for each request would fill the log: it
// speaks again at twice as many, whatever ends in between.
const warnedAt = new WeakMap<ValidManifest, number>()

/** Refuses an engine that would share entries with another by accident, and warns of a class over several places. */
const alone = (living: Living): Effect.Effect<void, CacheError> =>
  Effect.suspend(() => {
    const { form, id, key, manifest, store } = living
    const over = enginesOver.get(store.commons) ?? []
    const other = over.find((one) => one.id === id && (one.store === store || one.form !== form))
    if (other !== undefined) {
      const found = other.form === form ? ManifestFindings.enginesAlike(id) : ManifestFindings.manifestsDiffer(id)
      return Effect.fail(errorOf(id, [{ ...found, path: [] }]))
    }
    enginesOver.set(store.commons, [...over, living])
    if (over.some((one) => one.key === key)) return Effect.void
    const places = (placesOf.get(key) ?? 0) + 1
    placesOf.set(key, places)
    // Over a tier that processes share, the engines see each other's changes there.
    if (store.news !== undefined || places < 2 * (warnedAt.get(manifest) ?? 1)) return Effect.void
    warnedAt.set(manifest, places)
    return Effect.logWarning(
      `${places} engines of the manifest ${id} run in this process, and none of them sees the changes of another; ` +
        "help: build its layers once, and share the ManagedRuntime"
    )
  })

const leave = (living: Living): void => {
  const { key, store } = living
  const left = (enginesOver.get(store.commons) ?? []).filter((one) => one !== living)
  enginesOver.set(store.commons, left)
  if (left.some((one) => one.key === key)) return
  const places = placesOf.get(key)! - 1
  if (places === 0) placesOf.delete(key)
  else placesOf.set(key, places)
}

const unknownKey = (manifest: ValidManifest, key: string): InvalidKey => {
  const problem = keyProblem(key)
  return problem === undefined ? unknown(manifest, key, true) : malformed(manifest, key, problem)
}

// The error for a key, or for a pattern to invalidate, that no family has.
const unknown = (manifest: ValidManifest, text: string, isOne: boolean): InvalidKey => {
  const shown = shownText(manifest, text)
  const named = isOne ? manifest.families.get(text) : undefined
  const declared = [...manifest.families.values()].map(({ name, pattern }) => [name, pattern.source] as const)
  const isMatched = (near: string) =>
    isOne
      ? manifest.patterns.route(near) !== undefined
      : manifest.patterns.overlapping(Result.getOrElse(patternOfKeys(near), () => patternOfKey(near))).length > 0
  const otherwise = "declare a pattern for it, or check its spelling"
  const help = named !== undefined
    ? `use keys.${named.name}, or give a key of its pattern \`${named.pattern.source}\``
    // A suggestion would spell out the key, so a sensitive one gets none.
    : shown === text
    ? Nearest.helpWith(text, declared, isMatched, otherwise)
    : otherwise
  return InvalidKey.of(shown, KeyFindings.keyUnknown(manifest.id, shown, help))
}

const malformed = (manifest: ValidManifest, text: string, problem: Diagnostic.Diagnostic): InvalidKey =>
  mayBeSensitive(manifest, text)
    ? new InvalidKey({
      code: problem.code,
      pattern: shownText(manifest, text),
      why: "it is malformed; its text is not shown, since it may be meant for a sensitive family"
    })
    : InvalidKey.of(text, problem)

/**
 * Returns whether a text that is not a key may be meant for a sensitive family. It is not if its first segment begins a
 * pattern that is not sensitive, and no sensitive pattern can begin with this segment.
 */
const mayBeSensitive = ({ families }: ValidManifest, text: string): boolean => {
  const [head] = text.split(":")
  const begins = ({ pattern: { segments: [first] } }: ValidFamily) => first?._tag === "Text" && first.text === head
  const sensitive = [...families.values()].filter(({ isSensitive }) => isSensitive)
  if (sensitive.length === 0) return false
  const others = [...families.values()].filter(({ isSensitive }) => !isSensitive)
  return !others.some(begins) ||
    sensitive.some((family) => begins(family) || family.pattern.segments[0]?._tag !== "Text")
}

/** Hides a text that may be a misspelt key of a sensitive family: shows only the segments that patterns contain. */
const shownText = (manifest: ValidManifest, text: string): string => {
  if (!mayBeSensitive(manifest, text)) return text
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
  gates: ReadonlyMap<string, FamilyGate>,
  accessors: ReadonlyMap<string, accessor.Accessor>
) => {
  const route = <A, E, R>(
    given: string,
    f: (of: accessor.Accessor, params: keys.Params) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | CacheError, R> =>
    Effect.suspend((): Effect.Effect<A, E | CacheError, R> => {
      // A program without types may give another value than a text.
      const key = textOf(given)
      const family = manifest.patterns.route(key)
      if (family === undefined) return Effect.fail(new CacheError({ reason: unknownKey(manifest, key) }))
      const gate = gates.get(family.name)!
      const own = gate.keys.within(key)
      const params = gate.keys.decode(own)
      return params._tag === "None"
        ? Effect.fail(gate.undecodable(own))
        : f(accessors.get(family.name)!, params.value)
    })
  return {
    get: (key: string) => route(key, (of, params) => of.get(params)),
    getOption: (key: string) => route(key, (of, params) => of.getOption(params)),
    set: (key: string, value: unknown, options?: SetOptions<Lease>) =>
      route(key, (of, params) => of.set(params, value, options)),
    delete: (key: string) => route(key, (of, params) => of.delete(params))
  }
}
