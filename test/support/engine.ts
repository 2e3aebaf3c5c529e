/**
 * A running cache of any definition, with one lookup for all families, the rights of all owners, and its internals.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Answer } from "../../src/cache/Answer.ts"
import type { Cache } from "../../src/cache/engine/cache.ts"
import type { LookupContext } from "../../src/cache/Lookup.ts"
import type { LeaseTable } from "../../src/capability/shared/leaseTable.ts"
import type { Accessor } from "../../src/manifest/internal/accessor.ts"
import { type Engine, engineKey } from "../../src/manifest/internal/grants.ts"
import { make } from "../../src/manifest/internal/manifest.ts"
import type { Definition } from "../../src/ownership/Definition.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"
import type { Store } from "../../src/store/Store.ts"
import type { StoreError } from "../../src/store/StoreError.ts"

/** A type with `any` in the place of a value. */
type AnyOf<A> = unknown extends A ? any
  : A extends Answer<unknown> ? Answer<any>
  : A extends Option.Option<unknown> ? Option.Option<any>
  : A extends ReadonlyArray<unknown> ? ReadonlyArray<any>
  : A

/** A member of an accessor: an operation with the same number of arguments, of any types. */
type AnyMember<M> = M extends (...args: infer Args) => Effect.Effect<infer A, unknown, unknown>
  ? (...args: { readonly [I in keyof Args]: any }) => Effect.Effect<AnyOf<A>, any, any>
  : M extends (...args: infer Args) => infer A ? (...args: { readonly [I in keyof Args]: any }) => AnyOf<A>
  : M extends Effect.Effect<unknown, unknown, unknown> ? Effect.Effect<any, any, any>
  : M

/** The accessor of a family whose parameters and values have no types. Its operations have their names. */
export type AnyFamily = { readonly [Operation in keyof Accessor]: AnyMember<Accessor[Operation]> }

/** What `make` answers for a definition with families of these names. */
export type App<Name extends string = string> = Omit<ReturnType<typeof make>, "keys"> & {
  readonly keys: { readonly [N in Name]: AnyFamily }
}

/** A definition with families of these names. */
export type Named<Name extends string> = { readonly families: { readonly [N in Name]: Definition["families"][string] } }

/** Answers by the full key; it runs in the context of the owner, with the rights that the manifest gives it. */
export type LookupAll<Name extends string = string> = (
  about: LookupContext<unknown>,
  app: App<Name>
) => Effect.Effect<unknown, unknown, any>

/** A running cache of this application. */
export interface RunningOf<A> {
  readonly app: A
  readonly cache: Cache
  readonly leases: LeaseTable
  readonly context: Context.Context<any>
  /** Runs an Effect with the rights of every owner. */
  readonly as: <A, E>(effect: Effect.Effect<A, E, any>) => Effect.Effect<A, E>
}

/** A running cache of families with these names. */
export type Running<Name extends string = string> = RunningOf<App<Name>>

export interface EngineOptions {
  readonly capacity?: number | undefined
  readonly shards?: number | undefined
  /** In place of a memory store. */
  readonly store?: Layer.Layer<Store, StoreError> | undefined
  /** Loads many keys at once, by their full keys. */
  readonly lookupMany?:
    | ((
      keys: ReadonlyArray<string>,
      abouts: ReadonlyArray<LookupContext<unknown>>
    ) => Effect.Effect<ReadonlyArray<unknown>, unknown>)
    | undefined
  /** The families whose owner has no lookup: the cache alone has their values. */
  readonly alone?: ReadonlyArray<string> | undefined
}

export const ownerOptions = <Name extends string>(
  app: App<Name>,
  lookup: LookupAll<Name>,
  lookupMany?: EngineOptions["lookupMany"]
) => ({
  lookup: (_params: unknown, about: LookupContext<unknown>) => lookup(about, app),
  ...(lookupMany === undefined ? {} : {
    lookupMany: (_params: unknown, abouts: ReadonlyArray<LookupContext<unknown>>) =>
      lookupMany(abouts.map(({ key }) => key), abouts)
  })
})

export const engine = <Name extends string>(
  definition: Named<Name> & Omit<Definition, "families">,
  lookup: LookupAll<Name>,
  { alone = [], capacity = 10_000, lookupMany, shards, store = MemoryStore.layer({ capacity, shards }) }:
    EngineOptions = {}
): Effect.Effect<Running<Name>, any, Scope.Scope> =>
  Effect.suspend(() => {
    const app = make("Test", definition) as unknown as App<Name>
    const families: Definition["families"] = definition.families
    const one = ownerOptions(app, lookup, lookupMany)
    const modules: { [name: string]: Layer.Layer<any, any, any> } = {}
    for (const [name, { partOf }] of Object.entries(families)) {
      if (partOf !== undefined) continue
      const parts = Object.keys(families).filter((part) => wholeOf(families, part) === name && part !== name)
      const own = alone.includes(name) ? {} : one
      modules[name] = app.owner(name, { ...own, parts: Object.fromEntries(parts.map((part) => [part, one])) } as never)
    }
    // With the composition root beside the modules, over the same engine, so that tests may appoint further owners.
    return start(app, Layer.provide(Layer.merge(app.modules(modules), app.layer), store))
  })

/** Builds the layer of an application, such as a typed manifest with its owners and a store, in the current Scope. */
export const start = <A extends { readonly key: string }>(
  app: A,
  live: unknown
): Effect.Effect<RunningOf<A>, any, Scope.Scope> =>
  Effect.map(Layer.build(Layer.fresh(live as Layer.Layer<any, unknown>)), (context) => {
    const { cache } = Context.get(context, engineKey(app.key) as never) as Engine
    return { app, cache, leases: cache.leases, context, as: (effect) => Effect.provideContext(effect, context) }
  })

const wholeOf = (families: Definition["families"], name: string): string => {
  const { partOf } = families[name]!
  return partOf === undefined ? name : wholeOf(families, partOf)
}

/** The accessor and the parameters of a full key. */
export const at = <Name extends string>(
  app: App<Name>,
  name: Name,
  key: string
): { readonly of: AnyFamily; readonly params: any } => {
  const of = app.keys[name]
  const params = of.parse(key)
  if (params._tag === "None") throw new Error(`\`${key}\` is not a key of \`${name}\``)
  return { of, params: params.value }
}

export const checkInvariants = (running: RunningOf<unknown>, idle = true): void => {
  checkFamilies(running, idle)
  running.cache.outbox.checkInvariants({ idle })
}

/** The invariants without those of the outbox, which may have changes on their way. */
export const checkFamilies = ({ cache }: RunningOf<unknown>, idle: boolean): void => {
  for (const family of cache.families.values()) family.checkInvariants({ idle })
}
