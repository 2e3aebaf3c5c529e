/**
 * Where grants come from: the layers of owners, borrowers and delegates.
 *
 * An owner takes over a family, with its parts, from the moment its layer is built until its scope closes: then its
 * grant ends, what it was loading is interrupted, and nothing of the family is served before somebody owns it again.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { CacheError, NotOwner, OwnershipConflict } from "../../cache/CacheError.ts"
import type { Loader } from "../../cache/FamilySpec.ts"
import type { LookupContext } from "../../cache/Lookup.ts"
import type { ValidManifest } from "../../ownership/Validation.ts"
import type { FamilyAccess } from "./access.ts"
import { type CacheGrant, keyOf, type Runtime, wordOf } from "./grants.ts"
import type { Params } from "./keys.ts"
import * as warm from "./warm.ts"

type AnyLayer = Layer.Layer<any, any, any>

export interface Lookups extends warm.Warming {
  readonly lookup?:
    | ((params: Params, about: LookupContext<unknown>) => Effect.Effect<unknown, unknown, any>)
    | undefined
  readonly lookupMany?:
    | ((
      params: ReadonlyArray<Params>,
      about: ReadonlyArray<LookupContext<unknown>>
    ) => Effect.Effect<ReadonlyArray<unknown>, unknown, any>)
    | undefined
}

export interface OwnerOptions extends Lookups {
  readonly parts?: { readonly [part: string]: Lookups } | undefined
}

export class Owners {
  private readonly tag: Context.Service<any, Runtime>
  private readonly manifest: ValidManifest
  private readonly accesses: ReadonlyMap<string, FamilyAccess>
  // One layer per family, so that a graph which names it twice builds it once.
  private readonly borrowers = new Map<string, AnyLayer>()

  constructor(
    tag: Context.Service<any, Runtime>,
    manifest: ValidManifest,
    accesses: ReadonlyMap<string, FamilyAccess>
  ) {
    this.tag = tag
    this.manifest = manifest
    this.accesses = accesses
  }

  readonly owner = (name: string, options: OwnerOptions = {}): AnyLayer =>
    this.layer("own", name, (runtime, context) =>
      Effect.gen({ self: this }, function*() {
        const grant = yield* this.acquire(runtime, name, "own")
        const owned = [...this.manifest.families.values()].filter(({ owner }) => owner === name).map((family) =>
          [family.name, family.name === name ? options : options.parts?.[family.name] ?? {}] as const
        )
        for (const [family, lookups] of owned) yield* this.load(runtime, family, lookups, context)
        for (const [family, lookups] of owned) yield* this.warm(runtime, family, lookups, context)
        return grant
      }))

  readonly borrower = (name: string): AnyLayer => {
    const made = this.borrowers.get(name) ??
      this.layer("borrow", name, (runtime) => this.acquire(runtime, name, "borrow"))
    this.borrowers.set(name, made)
    return made
  }

  readonly delegate = (name: string, options: Lookups = {}): AnyLayer =>
    this.layer("own", name, (runtime, context) =>
      Effect.gen({ self: this }, function*() {
        const access = this.accesses.get(name)!
        if (access.writable(context) === undefined) return yield* Effect.fail(access.refusal(context, "delegate"))
        const grant = yield* this.acquire(runtime, name, "own")
        const loads = options.lookup !== undefined || options.lookupMany !== undefined
        if (loads) yield* this.load(runtime, name, options, context)
        yield* this.warm(runtime, name, options, context)
        return grant
      }), true)

  /** The manifest's word for one module: what it owns, and what it may read. */
  readonly words = (owned: ReadonlyArray<string>): AnyLayer =>
    Layer.effectContext(Effect.map(this.tag, (runtime) => {
      let context: Context.Context<any> = Context.empty() as Context.Context<any>
      for (const name of owned) context = Context.add(context, wordOf(this.manifest, "own", name), runtime)
      return context
    }))

  private unappointed(name: string): CacheError {
    const { owner, pattern: { source: pattern } } = this.manifest.families.get(name)!
    return new CacheError({ reason: new NotOwner({ verb: "appoint", pattern, family: owner, holds: "nothing" }) })
  }

  private layer(
    mode: "own" | "borrow",
    name: string,
    build: (runtime: Runtime, context: Context.Context<any>) => Effect.Effect<CacheGrant, CacheError, any>,
    isDelegate = false
  ): AnyLayer {
    const words = [wordOf(this.manifest), wordOf(this.manifest, "own", name), wordOf(this.manifest, mode, name)]
    const built = Effect.flatMap(
      this.tag,
      (runtime) =>
        Effect.flatMap(
          Effect.context<any>(),
          (context) =>
            isDelegate || words.some((word) => Context.getOrUndefined(context, word) === runtime)
              ? build(runtime, context)
              : Effect.fail(this.unappointed(name))
        )
    )
    return Layer.effect(keyOf(this.manifest, mode, name), built)
  }

  /** A grant for the family, until the Scope closes. A family has one owner at a time. */
  private acquire(runtime: Runtime, name: string, mode: "own" | "borrow") {
    const acquired = Effect.suspend(() => {
      const current = mode === "own" ? runtime.owners.get(name) : undefined
      if (current !== undefined) {
        const { pattern: { source: pattern } } = this.manifest.families.get(name)!
        const reason = new OwnershipConflict({ pattern, family: name, token: current.token })
        return Effect.fail(new CacheError({ reason }))
      }
      const grant: CacheGrant = { family: name, mode, engine: runtime, token: ++runtime.tokens, active: true }
      if (mode === "own") runtime.owners.set(name, grant)
      return Effect.succeed(grant)
    })
    return Effect.acquireRelease(acquired, (grant) =>
      Effect.sync(() => {
        grant.active = false
        if (runtime.owners.get(name) === grant) runtime.owners.delete(name)
      }))
  }

  /** Has the family served and loaded, in the owner's own context, until the Scope closes. */
  private load(runtime: Runtime, name: string, lookups: Lookups, context: Context.Context<any>) {
    const family = runtime.cache.families.get(name)!
    return Effect.acquireRelease(
      Effect.sync(() => {
        const loader = family.own(this.loader(this.accesses.get(name)!, lookups, context))
        warm.loadable(runtime, name).openUnsafe()
        return loader
      }),
      (loader) =>
        Effect.sync(() => {
          family.disown(loader)
          if (!family.isOwned) warm.loadable(runtime, name).closeUnsafe()
        })
    )
  }

  /** Has the family loaded before anybody asks, as far as its owner says so, until the Scope closes. */
  private warm(runtime: Runtime, name: string, lookups: Lookups, context: Context.Context<any>) {
    const sources = new Set(this.manifest.families.get(name)!.lookupReads)
    // A set is iterated in order of insertion, additions included.
    for (const source of sources) {
      for (const further of this.manifest.families.get(source)!.lookupReads) sources.add(further)
    }
    return warm.start(runtime, this.accesses.get(name)!, [...sources], lookups, context)
  }

  private loader(access: FamilyAccess, lookups: Lookups, context: Context.Context<any>): Loader<unknown> {
    const { lookup, lookupMany } = lookups
    const decode = (key: string): Effect.Effect<Params, CacheError> => {
      const params = access.keys.decode(key)
      return params._tag === "Some"
        ? Effect.succeed(params.value)
        : Effect.fail(access.undecodable())
    }
    const many = lookupMany === undefined ?
      undefined :
      (keys: ReadonlyArray<string>, about: ReadonlyArray<LookupContext<unknown>>) =>
        Effect.flatMap(Effect.forEach(keys, decode), (params) => lookupMany(params, about))
    if (lookup !== undefined) {
      const one: Loader<unknown>["lookup"] = (key, about) =>
        Effect.flatMapEager(decode(key), (params) => lookup(params, about))
      return { context, lookup: one, lookupMany: many }
    }
    const one: Loader<unknown>["lookup"] = many &&
      ((key, about) => Effect.map(many([key], [about]), ([answer]) => answer))
    return { context, lookup: one, lookupMany: many }
  }
}
