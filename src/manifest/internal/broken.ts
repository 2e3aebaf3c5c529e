/**
 * Stands in for a manifest with mistakes: every operation and every layer fails with `InvalidManifest`, and nothing
 * throws. So a program fails where it builds its layers, and not while its modules load.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { CacheError, InvalidManifest } from "../../cache/CacheError.ts"
import type { ManifestError } from "../../ownership/ManifestError.ts"
import type { Accessor } from "./accessor.ts"
import type { AnyLayer, Statics } from "./statics.ts"

export const broken = (problem: ManifestError, definition: unknown): Statics => {
  const error = new CacheError({ reason: new InvalidManifest({ error: problem }) })
  const layer: AnyLayer = Layer.effectContext(Effect.fail(error) as Effect.Effect<any, CacheError>)
  const fails = Effect.fail(error)
  const failing = () => fails
  return {
    keys: accessors(problem.manifest, definition, error),
    graph: {
      id: problem.manifest,
      nodes: [],
      edges: [],
      declared: [],
      plans: [],
      dependentsOf: () => [],
      compile: () => [],
      concerned: () => []
    },
    layer,
    owner: () => layer,
    borrower: () => layer,
    delegate: () => layer,
    modules: () => layer,
    get: failing,
    getOption: failing,
    set: failing,
    delete: failing,
    batch: failing,
    transaction: () => failing,
    invalidate: failing,
    events: Stream.fail(error),
    stats: fails,
    watermark: fails,
    reach: failing,
    fn: () => () => failing,
    method: () => () => failing,
    // The marked program is an Effect.
    inLayer: () => <A>() => fails as A
  }
}

/** Makes an accessor for every name, because a wrong definition does not say which families it should have. */
const accessors = (id: string, definition: unknown, error: CacheError): Statics["keys"] => {
  const known = new Map<string, Accessor>()
  const families = propertyOf(definition, "families")
  const accessorOf = (name: string): Accessor => {
    const pattern = propertyOf(propertyOf(families, name), "pattern")
    const accessor = known.get(name) ?? failingAccessor(id, name, typeof pattern === "string" ? pattern : name, error)
    known.set(name, accessor)
    return accessor
  }
  const names = namesOf(families)
  return new Proxy(Object.fromEntries(names.map((name) => [name, accessorOf(name)])), {
    get: (target, name) =>
      typeof name !== "string" || notFamilies.has(name) ? Reflect.get(target, name) : accessorOf(name)
  })
}

// `await` and code that prints an object ask every object for these properties.
const notFamilies: ReadonlySet<string> = new Set(["then", "toJSON", "toString", "valueOf", "constructor"])

const propertyOf = (of: unknown, name: string): unknown => {
  try {
    return typeof of === "object" && of !== null ? Reflect.get(of, name) : undefined
  } catch {
    // A getter or a Proxy throws.
    return undefined
  }
}

const namesOf = (of: unknown): ReadonlyArray<string> => {
  try {
    return typeof of === "object" && of !== null ? Object.keys(of) : []
  } catch {
    return []
  }
}

const failingAccessor = (id: string, name: string, pattern: string, error: CacheError): Accessor => {
  const fails = Effect.fail(error)
  const failing = () => fails
  const write = () => ({ _tag: "Write" as const, manifest: { id }, pattern, key: fails, resolve: () => error })
  return {
    name,
    pattern,
    setting: write,
    deleting: write,
    lease: failing,
    key: failing,
    parse: () => Option.none(),
    // Without an engine a read cannot be a hit, so a plain Effect is enough.
    get: failing as unknown as Accessor["get"],
    getOption: failing,
    getMany: failing,
    getManyResults: failing,
    getAnswer: failing,
    getAnswerOption: failing,
    explain: failing,
    has: failing,
    select: failing,
    warm: failing,
    hottest: failing,
    page: failing,
    keys: () => Stream.fail(error),
    entries: () => Stream.fail(error),
    sample: failing,
    count: failing,
    set: failing,
    setMany: failing,
    update: failing,
    patch: failing,
    delete: failing,
    deleteMany: failing,
    invalidate: failing,
    invalidateWhere: failing,
    invalidateAll: failing,
    invalidateTag: failing,
    getOr: failing,
    setIfAbsent: failing,
    getAndDelete: failing,
    reschedule: failing,
    refresh: failing,
    reader: fails,
    writer: fails
  }
}
