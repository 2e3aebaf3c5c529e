/**
 * A running cache of any definition, with one lookup for all families, the rights of all owners, and its internals.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { LookupContext } from "../../src/cache/Lookup.ts"
import type { Cache } from "../../src/cache/shared/cache.ts"
import type { LeaseTable } from "../../src/capability/shared/leaseTable.ts"
import { type Engine, engineKey } from "../../src/manifest/internal/grants.ts"
import { make } from "../../src/manifest/internal/manifest.ts"
import type { Definition } from "../../src/ownership/Definition.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import type { Store } from "../../src/store/Store.ts"
import type { StoreError } from "../../src/store/StoreError.ts"

/** Answers by the full key; it runs in the context of the owner, with the rights that the manifest gives it. */
export type LookupAll = (about: LookupContext<unknown>, app: any) => Effect.Effect<unknown, unknown, any>

export interface Running {
  /** What `Manifest.Service` returns, untyped. */
  readonly app: any
  readonly cache: Cache
  readonly leases: LeaseTable
  readonly context: Context.Context<any>
  /** Runs an Effect with the rights of every owner. */
  readonly as: <A, E>(effect: Effect.Effect<A, E, any>) => Effect.Effect<A, E>
}

export interface EngineOptions {
  readonly capacity?: number | undefined
  readonly shards?: number | undefined
  /** In place of a memory store. */
  readonly store?: Layer.Layer<Store, StoreError> | undefined
  /** Loads many keys at once, by their full keys. */
  readonly lookupMany?: ((keys: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<unknown>, unknown>) | undefined
}

export const ownerOptions = (app: any, lookup: LookupAll, lookupMany?: EngineOptions["lookupMany"]) => ({
  lookup: (_params: unknown, about: LookupContext<unknown>) => lookup(about, app),
  ...(lookupMany === undefined ? {} : {
    lookupMany: (_params: unknown, abouts: ReadonlyArray<LookupContext<unknown>>) =>
      lookupMany(abouts.map(({ key }) => key))
  })
})

export const engine = Effect.fnUntraced(function*(
  definition: Definition,
  lookup: LookupAll,
  { capacity = 10_000, lookupMany, shards, store = MemoryStore.layer({ capacity, shards }) }: EngineOptions = {}
) {
  const app: any = make("Test", definition)
  const one = ownerOptions(app, lookup, lookupMany)
  const modules: { [name: string]: Layer.Layer<any, any, any> } = {}
  for (const [name, { partOf }] of Object.entries(definition.families)) {
    if (partOf !== undefined) continue
    const parts = Object.keys(definition.families).filter((part) => wholeOf(definition, part) === name && part !== name)
    modules[name] = app.owner(name, { ...one, parts: Object.fromEntries(parts.map((part) => [part, one])) })
  }
  // With the composition root beside the modules, over the same engine, so that tests may appoint further owners.
  return yield* start(app, Layer.provide(Layer.merge(app.modules(modules), app.layer), store))
})

/** Builds the layer of an application, such as a typed manifest with its owners and a store, in the current scope. */
export const start = Effect.fnUntraced(function*(app: any, live: unknown) {
  const context: Context.Context<any> = yield* Layer.build(Layer.fresh(live as Layer.Layer<any, unknown>))
  const { cache } = Context.get(context, engineKey(app.key) as never) as Engine
  const running: Running = {
    app,
    cache,
    leases: cache.leases,
    context,
    as: (effect) => Effect.provideContext(effect, context)
  }
  return running
})

const wholeOf = (definition: Definition, name: string): string => {
  const { partOf } = definition.families[name]!
  return partOf === undefined ? name : wholeOf(definition, partOf)
}

/** The accessor and the parameters of a full key. */
export const at = (app: any, name: string, key: string): { readonly of: any; readonly params: any } => {
  const of = app.keys[name]
  const params = of.parse(key)
  if (params._tag === "None") throw new Error(`\`${key}\` is no key of \`${name}\``)
  return { of, params: params.value }
}

export const checkInvariants = (running: Running, idle = true): void => {
  checkFamilies(running, idle)
  running.cache.outbox.checkInvariants({ idle })
}

/** The invariants without those of the outbox, which may have changes on their way. */
export const checkFamilies = ({ cache }: Running, idle: boolean): void => {
  for (const family of cache.families.values()) family.checkInvariants({ idle })
}
