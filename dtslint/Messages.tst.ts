import { Effect, type Layer, type Option, pipe, Schema } from "effect"
import { describe, expect, test } from "tstyche"
import type { CacheError } from "../src/cache/CacheError.ts"
import type { Appoints } from "../src/capability/Capability.ts"
import type { AnyCapability } from "../src/capability/types/rights.ts"
import type { Family } from "../src/manifest/Family.ts"
import type { Borrows, Owns } from "../src/manifest/Manifest.ts"
import * as Manifest from "../src/manifest/Manifest.ts"
import type { FamilySpec } from "../src/ownership/Definition.ts"
import * as Key from "../src/pattern/Key.ts"
import { AppCache, User, UserId } from "./fixture.ts"

const { draft, prefs, user } = AppCache.keys
const id = UserId.make("1")
declare const text: string
declare enum Half {
  Day = "day",
  Night = "night"
}
declare const isRich: boolean

const nothing = {
  layer: undefined,
  partOf: undefined,
  carvedFrom: undefined,
  derives: undefined,
  borrows: undefined,
  fanout: undefined,
  params: undefined,
  value: undefined,
  error: undefined,
  sensitive: undefined,
  version: undefined,
  timeToLive: undefined,
  idleTimeToLive: undefined,
  staleWhileRevalidate: undefined,
  staleIfError: undefined,
  jitter: undefined,
  refreshAhead: undefined,
  negativeTimeToLive: undefined,
  softTimeout: undefined,
  hardTimeout: undefined,
  consistency: undefined,
  loadConcurrency: undefined,
  loadQueueMax: undefined,
  retryAfterFailure: undefined,
  onAbandoned: undefined,
  freeze: undefined,
  weigher: undefined,
  capacity: undefined,
  weightMax: undefined
} satisfies { readonly [Option in Exclude<keyof FamilySpec, "pattern">]: undefined }

describe("a manifest", () => {
  test("a layer that does not exist is refused once, and not at a part or a reference", () => {
    Manifest.Service<any>()("Layered", {
      layers: { server: { reads: ["edge"] }, edge: {} },
      families: {
        // @ts-expect-error E0404: no deployment layer is called 'servr'; help: did you mean 'server'?
        doc: { pattern: "doc:{id}:*", layer: "servr" },
        // @ts-expect-error E0404: no deployment layer is called 'servr'; help: did you mean 'server'?
        same: { pattern: "doc:{id}:same", layer: "servr", partOf: "doc" },
        other: { pattern: "doc:{id}:other", layer: "edge", partOf: "doc" },
        none: { pattern: "doc:{id}:none", partOf: "doc" },
        apart: {
          pattern: "doc:{id}:apart",
          // @ts-expect-error E0404: no deployment layer is called 'egde'; help: did you mean 'edge'?
          layer: "egde",
          carvedFrom: "doc",
          derives: ["doc:{id}:other", "doc:{id}:same"]
        },
        above: { pattern: "above:{id}", layer: "edge", derives: ["doc:{id}:none"] }
      }
    })
  })

  test("messages about a manifest name both patterns, the encloser, the layer, the parameters", () => {
    Manifest.Service<any>()("C", {
      layers: { server: {} },
      families: {
        user: { pattern: "user:*", layer: "server" },
        // @ts-expect-error E0102: 'user:profile' is already owned through 'user:*' of family 'user'; help: add partOf
        profile: { pattern: "user:profile" },
        // @ts-expect-error E0204: 'user:{id}:x' does not lie directly inside family 'fan', but in 'user:*' of family
        wrong: { pattern: "user:{id}:x", partOf: "fan" },
        // @ts-expect-error E0404: no deployment layer is called 'srver'; help: did you mean 'server'?
        typo: { pattern: "typo", layer: "srver" },
        // @ts-expect-error E0411: 'fan' derives 'user:*' without its '*': one change there drops 'fan' for every 'page'
        fan: { pattern: "fan:{page}", derives: ["user:*"] },
        // @ts-expect-error E0401: invalidation never ends: 'self' -> 'self'; help: remove one of these from derives
        self: { pattern: "self:{id}", derives: ["self:{id}"] },
        // @ts-expect-error E0406: unknown option 'ttll' in family 'option'; help: remove it, or check its spelling
        option: { pattern: "option", ttll: 5 }
      }
    })
  })

  test("a manifest keeps its literals beside a weigher whose parameters have no types", () => {
    class Weighed extends Manifest.Service<Weighed>()("Weighed", {
      families: {
        user: {
          pattern: "user:{id}",
          value: Manifest.type<string>(),
          weigher: (key, value) => key.length + value.length
        },
        profile: { pattern: "profile:{id}", derives: ["user:{id}"] }
      }
    }) {}
    expect(Weighed.keys.user.get({ id: 1 })).type.toBe<
      Effect.Effect<string, CacheError, Borrows<"user:{id}", Weighed>>
    >()
  })

  test("a manifest has families that are known by name, each with one pattern", () => {
    const families: { readonly [name: string]: { readonly pattern: string } } = {}
    // @ts-expect-error E0414: the names of these families are not known, so nothing can be checked about them; help: wri
    Manifest.Service<any>()("C", { families })
    // @ts-expect-error E0103: this is a union of patterns, but a family has one pattern; help: declare a family for each of them
    Manifest.Service<any>()("C", { families: { user: { pattern: text === "" ? "user:{id}" : "person:{id}" } } })
  })

  test("a manifest says of everything that a type depends on whether it is given", () => {
    const one = { pattern: "one:{x}" } as const
    const codec = Manifest.type<5>()
    const maybe: { x?: typeof codec } = {}
    Manifest.Service<any>()("C", {
      layers: { server: { reads: ["client"] }, client: {} },
      families: {
        client: { pattern: "client", layer: "client" },
        layer: { pattern: "layer:{x}", layer: "server" },
        user: { pattern: "user:*", layer: "server" },
        // @ts-expect-error E0417: it is not known whether 'layer' is given, so nothing can be checked about it; help: give
        a: { pattern: "a:{x}", ...(isRich ? { layer: "server" as const } : {}) },
        // @ts-expect-error E0417: it is not known whether 'partOf' is given, so nothing can be checked about it; help: give
        b: { pattern: "user:b", ...(isRich ? { partOf: "user" as const } : {}) },
        // @ts-expect-error E0417: it is not known whether 'carvedFrom' is given, so nothing can be checked about it; help:
        c: { pattern: "user:c", carvedFrom: isRich ? "user" : undefined },
        // @ts-expect-error E0417: it is not known whether 'derives' is given, so nothing can be checked about it; help: give
        d: { pattern: "d:{x}", ...(isRich ? { derives: ["d:{x}"] as const } : {}) },
        // @ts-expect-error E0417: it is not known whether 'borrows' is given, so nothing can be checked about it; help: give
        e: { pattern: "e:{x}", borrows: isRich ? ["layer:{x}"] : undefined },
        // @ts-expect-error E0417: it is not known whether 'params' is given, so nothing can be checked about it; help: give
        f: { pattern: "f:{x}", ...(isRich ? { params: { x: codec } } : {}) },
        // @ts-expect-error E0417: it is not known whether 'params' is given, so nothing can be checked about it; help: give
        g: { pattern: "g:{x}", params: isRich ? { x: codec } : {} },
        // @ts-expect-error E0417: it is not known whether 'x' is given, so nothing can be checked about it; help: give it in
        k: { pattern: "k:{x}", params: maybe },
        // @ts-expect-error E0417: it is not known whether 'value' is given, so nothing can be checked about it; help: give
        h: { pattern: "h:{x}", ...(isRich ? { value: codec } : {}) },
        // @ts-expect-error E0417: it is not known whether 'error' is given, so nothing can be checked about it; help: give
        i: { pattern: "i:{x}", error: isRich ? codec : undefined },
        j: { pattern: "j:{x}", ...(isRich ? { timeToLive: "1 minute", sensitive: true, version: 2 } as const : {}) }
      }
    })
    const two = { pattern: "two", derives: ["one:{x}"] } as const
    // @ts-expect-error E0417: it is not known whether 'one' is given, so nothing can be checked about it; help: give it in
    Manifest.Service<any>()("C", { families: { ...(isRich ? { one } : {}), two } })
    const borrows = ["one:{x}"] as const
    // @ts-expect-error E0417: it is not known whether 'r' is given, so nothing can be checked about it; help: give it in
    Manifest.Service<any>()("C", { families: { one }, readers: isRich ? { r: { borrows } } : {} })
    // @ts-expect-error E0417: it is not known whether 'readers' is given, so nothing can be checked about it; help: give it
    Manifest.Service<any>()("C", { families: { one }, ...(isRich ? { readers: { r: { borrows } } } : {}) })
    // @ts-expect-error E0417: it is not known whether 'layers' is given, so nothing can be checked about it; help: give it
    Manifest.Service<any>()("C", { families: { one }, ...(isRich ? { layers: { l: { reads: ["m"] } } } as const : {}) })
    // @ts-expect-error E0417: it is not known whether 'm' is given, so nothing can be checked about it; help: give it in
    Manifest.Service<any>()("C", { families: { one }, layers: isRich ? { m: {} } : {} })
    const layered = { one: { ...one, layer: "l" } } as const
    // @ts-expect-error E0417: it is not known whether 'reads' is given, so nothing can be checked about it; help: give it
    Manifest.Service<any>()("C", { families: layered, layers: { l: { reads: isRich ? ["l"] : undefined } } })
    const reader = { r: { borrows, ...(isRich ? { layer: "l" as const } : {}) } }
    // @ts-expect-error E0417: it is not known whether 'layer' is given, so nothing can be checked about it; help: give it
    Manifest.Service<any>()("C", { families: layered, layers: { l: {} }, readers: reader })
  })

  test("a manifest takes an option that is undefined for one that was not given", () => {
    class Bare extends Manifest.Service<Bare>()("Bare", {
      version: undefined,
      layers: undefined,
      families: {
        bare: { pattern: "bare:{id}", ...nothing },
        whole: { pattern: "whole:*" },
        part: { pattern: "whole:part", partOf: "whole", carvedFrom: undefined },
        carved: { pattern: "whole:carved", partOf: undefined, carvedFrom: "whole" }
      },
      readers: undefined
    }) {}
    expect(Bare.keys.bare.get({ id: 1 })).type.toBe<Effect.Effect<unknown, CacheError, Borrows<"bare:{id}", Bare>>>()
    expect(Bare.owner("bare")).type.toBe<
      Layer.Layer<Owns<"bare:{id}", Bare>, CacheError, Appoints<"bare:{id}", Bare>>
    >()
    Manifest.Service<any>()("C", {
      layers: { l: { reads: undefined } },
      families: { bare: { pattern: "bare:{id}", ...nothing, layer: "l" } },
      readers: { r: { layer: undefined, borrows: ["bare:{id}"] } }
    })
    // @ts-expect-error E0102: 'a:{x}' is already owned through 'a:*' of family 'b'; help: add partOf
    Manifest.Service<any>()("C", { families: { a: { pattern: "a:{x}", partOf: undefined }, b: { pattern: "a:*" } } })
  })

  test("a manifest has no message that follows from another one", () => {
    Manifest.Service<any>()("C", {
      families: {
        // @ts-expect-error E0103: the text of this pattern is not known, so nothing can be checked about it; help: write it
        a: { pattern: text },
        b: { pattern: "b:{x}", derives: ["a:{x}"] }
      }
    })
    Manifest.Service<any>()("C", {
      families: {
        a: { pattern: "a:{x}" },
        // @ts-expect-error E0402: 'b' derives 'a:*', but no family declares it; help: did you mean 'a:{x}'?
        b: { pattern: "b:{x}", derives: ["a:*"] }
      }
    })
  })

  test("a manifest is composed with one that shares no key", () => {
    class Other extends Manifest.Service<Other>()("Other", { families: { all: { pattern: "user:*" } } }) {}
    // @ts-expect-error E0412: 'Other' and 'AppCache' both own 'user:_': by 'user:*' and by 'user:{id}'; help: declare it
    Manifest.compose(AppCache, Other)
  })
})

describe("raw keys", () => {
  test("raw keys take numbers and segments in templates, and no other text", () => {
    expect(AppCache.delete(`draft:${Key.segmentUnsafe(text)}`)).type.toBe<
      Effect.Effect<void, CacheError, Owns<"draft:{id}", AppCache>>
    >()
    expect(AppCache.delete(`draft:x${text.length}`)).type.toBe<
      Effect.Effect<void, CacheError, Owns<"draft:{id}", AppCache>>
    >()
    // @ts-expect-error E0111: a text in the template 'draft:${}' may hold ':' and name a key of another family; help: use
    AppCache.delete(`draft:${text}`)
    // @ts-expect-error E0111: a text in the template 'draft:${}' may hold ':' and name a key of another family; help: use
    AppCache.delete(`draft:x${id}`)
    // @ts-expect-error E0107: the text of this key is not known, so its owner is not known; help: use the accessors of 'keys'
    AppCache.get(text)
    // @ts-expect-error E0107: the compiler does not know the text of this pattern, so it cannot tell which families it concerns; help: write it
    AppCache.invalidate(text)
    // @ts-expect-error E0210: the compiler cannot tell which family this names; help: write its name as a literal
    AppCache.owner(text)
    // @ts-expect-error E0408: this is not a list of families; help: put their names in brackets, ['user']
    AppCache.modules({ users: { owns: "user", layer: AppCache.owner("user") } })
    // @ts-expect-error E0107: the text of this key is not known, so its owner is not known; help: use the accessors of 'keys'
    pipe(text, AppCache.get)
    // @ts-expect-error E0101: no family of 'AppCache' matches the key 'usr:1'; help: did you mean 'user:1'?
    pipe("usr:1" as const, AppCache.get)
    expect(pipe("prefs:1" as const, AppCache.get)).type.toBe<
      Effect.Effect<{ readonly dark: boolean }, CacheError, Borrows<"prefs:{id}", AppCache>>
    >()
    // A number or a segment may be the text of an inner family.
    class Docs extends Manifest.Service<Docs>()("Docs", {
      families: {
        doc: { pattern: "doc:{id}", value: Manifest.type<string>() },
        first: { pattern: "doc:1", value: Manifest.type<number>(), carvedFrom: "doc" }
      }
    }) {}
    // @ts-expect-error E0108: this key may belong to several families; help: handle them one by one, so that each has its
    Docs.get(`doc:${text.length}`)
    // @ts-expect-error E0108: this key may belong to several families; help: handle them one by one, so that each has its
    Docs.get(`doc:${Key.segmentUnsafe(text)}`)
    // A number never spells a word, so it never names an inner family of one.
    class Users extends Manifest.Service<Users>()("Users", {
      families: {
        user: { pattern: "user:{id}", value: Manifest.type<string>() },
        me: { pattern: "user:me", value: Manifest.type<number>(), carvedFrom: "user" },
        first: { pattern: "user:v1", carvedFrom: "user" },
        none: { pattern: "none:{id}" },
        nan: { pattern: "none:NaN", carvedFrom: "none" }
      }
    }) {}
    const big = BigInt(text.length)
    expect(Users.get(`user:${text.length}`)).type.toBe<
      Effect.Effect<string, CacheError, Borrows<"user:{id}", Users>>
    >()
    expect(Users.getOption(`user:${big}`)).type.toBe<
      Effect.Effect<Option.Option<string>, CacheError, Borrows<"user:{id}", Users>>
    >()
    expect(Users.set(`user:${text.length}`, text)).type.toBe<
      Effect.Effect<void, CacheError, Owns<"user:{id}", Users>>
    >()
    expect(Users.delete(`user:${text === "a"}`)).type.toBe<
      Effect.Effect<void, CacheError, Owns<"user:{id}", Users>>
    >()
    expect(Users.get(`user:w${text.length}`)).type.toBe<
      Effect.Effect<string, CacheError, Borrows<"user:{id}", Users>>
    >()
    // @ts-expect-error E0108: this key may belong to several families; help: handle them one by one, so that each has its
    Users.get(`user:${text.length as number | "me"}`)
    // @ts-expect-error E0108: this key may belong to several families; help: handle them one by one, so that each has its
    Users.get(`user:v${text.length}`)
    // @ts-expect-error E0108: this key may belong to several families; help: handle them one by one, so that each has its
    Users.get(`user:m${Key.segmentUnsafe(text)}`)
    // @ts-expect-error E0108: this key may belong to several families; help: handle them one by one, so that each has its
    Users.get(`none:${text.length}`)
    expect(Docs.get(`doc:x${text.length}:1`.length === 1 ? "doc:2" : "doc:2")).type.toBe<
      Effect.Effect<string, CacheError, Borrows<"doc:{id}", Docs>>
    >()
  })

  test("hold no literal that the codec of a parameter does not take", () => {
    class Days extends Manifest.Service<Days>()("Days", {
      families: {
        f: {
          pattern: "f:{half}:{n}",
          value: Manifest.type<string>(),
          params: { half: Manifest.type<"day" | "night">() }
        },
        g: { pattern: "g:{half}", params: { half: Schema.Literals(["day", "night"]) } },
        h: { pattern: "h:{id}", params: { id: UserId } },
        i: { pattern: "i:{n}", params: { n: Schema.NumberFromString } }
      }
    }) {}
    // @ts-expect-error E0109: the parameter 'half' of 'f:{half}:{n}' does not fit its codec; help: give a value that its
    Days.get("f:noon:1")
    // @ts-expect-error E0109: the parameter 'half' of 'g:{half}' does not fit its codec; help: give a value that its codec
    Days.delete("g:noon")
    expect(Days.get("f:day:noon")).type.toBe<Effect.Effect<string, CacheError, Borrows<"f:{half}:{n}", Days>>>()
    Days.delete("g:night")
    Days.get("h:noon")
    Days.get("i:12")
    Days.get(`i:${text.length}`)
  })

  test("hold the text of an enum's member", () => {
    class Days extends Manifest.Service<Days>()("Days", {
      families: {
        a: { pattern: "a:{half}", value: Manifest.type<string>(), params: { half: Schema.Enum(Half) } },
        b: { pattern: "b:{half}", params: { half: Manifest.type<Half>() } }
      }
    }) {}
    expect(Days.get("a:day")).type.toBe<Effect.Effect<string, CacheError, Borrows<"a:{half}", Days>>>()
    Days.get(`a:${Half.Night}`)
    Days.delete("b:day")
    // @ts-expect-error E0109: the parameter 'half' of 'a:{half}' does not fit its codec; help: give a value that its codec
    Days.get("a:noon")
    // @ts-expect-error E0109: the parameter 'half' of 'b:{half}' does not fit its codec; help: give a value that its codec
    Days.delete("b:noon")
  })

  test("invalidate no more than the type of their text shows", () => {
    class Docs extends Manifest.Service<Docs>()("Docs", {
      layers: { server: {}, client: { reads: ["server"] } },
      families: {
        doc: { pattern: "doc:{id}", layer: "client" },
        root: { pattern: "doc:root", layer: "client", carvedFrom: "doc" },
        secret: { pattern: "doc:{id}:secret", layer: "server" }
      }
    }) {}
    // @ts-expect-error E0111: a text in the template 'doc:${}' may hold ':' and name a key of another family; help: use
    Docs.invalidate(`doc:${text}`)
    // @ts-expect-error E0111: a text in the template 'doc:${}' may hold ':' and name a key of another family; help: use
    Docs.invalidate(`doc:x${id}`)
    // @ts-expect-error E0111: a text in the template '${}:secret' may hold ':' and name a key of another family; help: use
    Docs.invalidate(`${text}:secret`)
    // @ts-expect-error E0111: a text in the template 'doc:${}' may hold ':' and name a key of another family; help: use
    Docs.inLayer("client")(Docs.invalidate(`doc:${text as Uppercase<string>}`))
    Docs.fn("drop", { owns: ["doc:{id}", "doc:root"] })(function*(id: string) {
      // @ts-expect-error E0111: a text in the template 'doc:${}' may hold ':' and name a key of another family; help: use
      yield* Docs.invalidate(`doc:${id}`)
    })
    expect(Docs.invalidate("doc:root")).type.toBe<Effect.Effect<void, CacheError, Owns<"doc:root", Docs>>>()
    expect(Docs.invalidate("doc:1")).type.toBe<Effect.Effect<void, CacheError, Owns<"doc:{id}", Docs>>>()
    expect(Docs.invalidate(`doc:${text.length}:secret`)).type.toBe<
      Effect.Effect<void, CacheError, Owns<"doc:{id}:secret", Docs>>
    >()
    // The text of the segment may be 'root'.
    expect(Docs.invalidate(`doc:${Key.segmentUnsafe(text)}`)).type.toBe<
      Effect.Effect<void, CacheError, Owns<"doc:{id}", Docs> | Owns<"doc:root", Docs>>
    >()
  })
})

describe("a program that is run", () => {
  test("a program that is run has every right provided", () => {
    expect(pipe(Effect.succeed(1), Manifest.provided)).type.toBe<Effect.Effect<number>>()
    // @ts-expect-error Type 'Borrows<"prefs:{id}", AppCache>' is not assignable to type 'never'
    Effect.runPromise(prefs.get({ id }))
    // @ts-expect-error Type 'Borrows<"prefs:{id}", AppCache>' is not assignable to type 'never'
    pipe(prefs.get({ id }), Effect.runPromise)
    // @ts-expect-error E0233: nothing provides the right to write 'prefs:{id}', which this program requires; help: provide
    Manifest.provided(prefs.delete({ id }))
    // @ts-expect-error E0233: nothing provides the right to read 'prefs:{id}', which this program requires; help: provide
    pipe(prefs.get({ id }), Manifest.provided)
    // What is missing is not reported once more by the runner.
    // @ts-expect-error E0233: nothing provides the right to read 'prefs:{id}', which this program requires; help: provide
    Effect.runSync(Manifest.provided(prefs.get({ id })))
    // @ts-expect-error E0233: nothing provides the store in which a manifest of this program keeps its entries; help: give
    Effect.runSync(Manifest.provided(Effect.provide(Effect.void, AppCache.modules({ prefs: AppCache.owner("prefs") }))))
    // @ts-expect-error E0233: nothing provides the engine of 'AppCache', which this program requires; help: provide modules
    Effect.runSync(Manifest.provided(AppCache.stats))
    const start = <A, E, R>(effect: Effect.Effect<A, E, R>) => Manifest.provided(effect)
    expect(start(Effect.succeed(1))).type.toBe<Effect.Effect<number>>()
    // @ts-expect-error E0233: nothing provides the right to
    Manifest.provided(Effect.context<AnyCapability>())
  })
})

describe("parameters and values", () => {
  test("carry a message in the compiler's own words, at the token that is wrong", () => {
    // @ts-expect-error Property 'id' is missing in type '{}' but required in type 'NamedParams<"user:{id}", "E0112: these are not
    user.get({})
    // @ts-expect-error 'page' does not exist in type 'KeyParams<"user:{id}"
    user.get({ id, page: 1 })
    // @ts-expect-error E0113: this is not a valid value for the parameter 'id' of 'user:{id}'; help: give the type that params of
    user.get({ id: "1" })
    // @ts-expect-error E0113: this is not a valid value for the parameter 'id' of 'prefs:{id}'; help: give a string, a number or
    pipe({ id: true }, prefs.get)
    // @ts-expect-error E0114: this is not a valid value for 'user:{id}'; help: give the type that its family declares as value
    user.set({ id }, { name: "Ann" })
    // @ts-expect-error E0114: this is not a valid value for 'prefs:{id}'; help: give the type that its family declares as value
    prefs.set({ id }, { dark: "yes" })
    // @ts-expect-error E0114: this is not a valid value for 'prefs:{id}'; help: give the type that its family declares as value
    AppCache.set("prefs:1", { dark: 1 })
    // @ts-expect-error Type 'number' is not assignable to type 'NewValue<"prefs:{id}", { readonly dark: boolean; }>'
    prefs.update({ id }, () => 5)
    // @ts-expect-error E0114: this function does not return a valid value for 'prefs:{id}'; help:
    prefs.update({ id }, (was) => ({ ...was, dark: "no" }))
    // @ts-expect-error E0114: this function does not return a valid value for 'user:{id}'; help:
    pipe({ id }, (params) => user.patch(params, (was) => ({ ...was, name: 1 })))
    // @ts-expect-error E0114: the lookup of family 'prefs' does not return a value of 'prefs'; help:
    AppCache.owner("prefs", { lookup: () => Effect.succeed(1) })
  })

  test("parameters and values are those of the family in generic code, too", () => {
    const save = <P extends string, V>(
      family: Family<AppCache, P, V, never, {}>,
      params: Parameters<typeof family.get>[0],
      value: V
    ) => Effect.andThen(family.set(params, value), family.update(params, (was) => was))
    expect(save(prefs, { id: 1 }, { dark: true })).type.toBe<
      Effect.Effect<{ readonly dark: boolean }, CacheError, Owns<"prefs:{id}", AppCache>>
    >()
    // @ts-expect-error E0113: this is not a valid value for the parameter 'id' of 'prefs:{id}'; help: give a string, a number or
    save(prefs, { id: true }, { dark: true })
  })

  test("parameters and values keep the literals and callbacks of what is given", () => {
    type Shape = { readonly kind: "circle"; readonly radius: number } | { readonly kind: "point" }
    class Shapes extends Manifest.Service<Shapes>()("Shapes", {
      families: {
        shape: { pattern: "shape:{id}", value: Manifest.type<Shape>() },
        reply: { pattern: "reply:{id}", value: Manifest.type<(x: number) => "yes" | "no">() },
        none: { pattern: "none:{id}", value: Manifest.type<string | undefined>() }
      }
    }) {}
    const { none, reply, shape } = Shapes.keys
    type Written = Effect.Effect<void, CacheError, Owns<"shape:{id}", Shapes>>
    type Changed = Effect.Effect<Shape, CacheError, Owns<"shape:{id}", Shapes>>
    expect(shape.set({ id: 1 }, { kind: "circle", radius: 1 })).type.toBe<Written>()
    expect(shape.setMany([[{ id: 1 }, { kind: "point" }]])).type.toBe<Written>()
    expect(shape.update({ id: 1 }, () => ({ kind: "point" }))).type.toBe<Changed>()
    expect(shape.update({ id: 1 }, () => Effect.succeed({ kind: "point" }))).type.toBe<Changed>()
    expect(reply.set({ id: 1 }, (x) => x > 1 ? "yes" : "no")).type.toBe<
      Effect.Effect<void, CacheError, Owns<"reply:{id}", Shapes>>
    >()
    expect(none.set({ id: 1 }, undefined)).type.toBe<Effect.Effect<void, CacheError, Owns<"none:{id}", Shapes>>>()
    expect(Shapes.owner("shape", { lookup: () => Effect.succeed({ kind: "point" }) })).type.toBe<
      Layer.Layer<Owns<"shape:{id}", Shapes>, CacheError, Appoints<"shape:{id}", Shapes>>
    >()
    expect([{ id: 1 }].map(shape.get)).type.toBe<
      Array<Effect.Effect<Shape, CacheError, Borrows<"shape:{id}", Shapes>>>
    >()
  })
})

describe("a declared function", () => {
  test("a declared function keeps the type parameters of its body", () => {
    const f = AppCache.fn("f", { owns: ["user:{id}"] })(function*<A>(a: A) {
      yield* user.set({ id }, new User({ id, name: "Ann" }))
      return a
    })
    expect(f("x" as const)).type.toBe<Effect.Effect<"x", CacheError, Owns<"user:{id}", AppCache>>>()
  })

  test("a declared function requires no more, and fails with no more, for what its writes invalidate", () => {
    const f = AppCache.fn("f", { owns: ["user:{id}"], invalidates: ["profile:{id}", "feed:{id}:{page}"] })(
      function*() {}
    )
    expect(f()).type.toBe<Effect.Effect<void, never, Owns<"user:{id}", AppCache>>>()
  })

  test("a declared function does no more than it declares, directly and through a layer of pipe", () => {
    // @ts-expect-error E0220: the body writes 'prefs:{id}', but declares: borrows 'user:{id}'; help: declare it, or
    AppCache.fn("f", { borrows: ["user:{id}"] })(function*() {
      yield* prefs.set({ id }, { dark: true })
    })
    // @ts-expect-error E0225: cannot read 'draft:{id}' in deployment layer 'edge': it is in layer 'client', which 'edge' does not
    pipe(draft.getOption({ id }), AppCache.inLayer("edge"))
  })
})

// @ts-expect-error E0230: 'AppCache' declares no family with exactly the pattern 'usr:*', so nothing can provide this
export type Undischarged = Owns<"usr:*", AppCache>
