/**
 * The engine without a manifest: families by name, and a lookup for each.
 */
import * as Effect from "effect/Effect"
import type { CacheFamily } from "../../src/cache/engine/cacheFamily.ts"
import * as Opening from "../../src/cache/engine/opening.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import * as MemoryStore from "../../src/store/memory/MemoryStore.ts"

export type Lookup = (key: string, families: (name: string) => CacheFamily<any>) => Effect.Effect<unknown, unknown, any>

/** Families without a manifest, each with one lookup that may read the others; they derive from nothing. */
export const make = Effect.fnUntraced(
  function*(lookups: { readonly [family: string]: Lookup }, policy: FamilyPolicy = {}) {
    const cache = yield* Effect.provide(
      Opening.make(
        "test",
        Object.keys(lookups).map((name): Opening.FamilyOptions => ({
          name,
          pattern: `${name}:{id}`,
          render: (key) => `${name}:${key}`,
          parse: (rendered) => rendered.slice(name.length + 1),
          codec: undefined,
          weigher: undefined,
          policy,
          plan: []
        }))
      ),
      MemoryStore.layer({ capacity: 100_000 })
    )
    const families = (name: string): CacheFamily<any> => cache.families.get(name)!
    const context = yield* Effect.context<any>()
    for (const [name, lookup] of Object.entries(lookups)) {
      families(name).own({ lookup: (key) => lookup(key, families), lookupMany: undefined, context })
    }
    const checkIdle = () => {
      for (const family of cache.families.values()) family.checkInvariants({ idle: true })
    }
    return { families, checkIdle, context }
  }
)
