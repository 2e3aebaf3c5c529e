/**
 * What each code means, at length: the mistake, the smallest program that makes it, why it is one, and the repair.
 *
 * - Both programs of an explanation are complete modules; the failing one has exactly this finding.
 * - Codes that the outside world causes (stores, time, load) have no program: none fails by itself.
 *
 * @since 0.1.0
 */

/**
 * One code, explained.
 *
 * @category models
 * @since 0.1.0
 */
export interface Explanation {
  readonly code: string
  /** What was refused. */
  readonly what: string
  readonly why: string
  readonly repair: string
  /** Whether the compiler finds it, or the run time alone. */
  readonly foundBy: "the compiler" | "the run time"
  readonly failing: string | undefined
  readonly repaired: string | undefined
}

/**
 * The explanation of a code; `undefined` for a text that is none.
 *
 * @category getters
 * @since 0.1.0
 */
export const find = (code: string): Explanation | undefined => all.find((explanation) => explanation.code === code)

// A module with one manifest. Each line of `families` is one family; `rest` follows the class.
const module = (families: ReadonlyArray<string>, rest: ReadonlyArray<string> = [], sections = "") =>
  [
    `import * as Manifest from "effect-stateless/manifest/Manifest"`,
    ...(rest.some((line) => line.includes("Effect.")) ? [`import * as Effect from "effect/Effect"`] : []),
    ...(rest.some((line) => line.includes("Layer.")) ? [`import * as Layer from "effect/Layer"`] : []),
    "",
    `export class AppCache extends Manifest.Service<AppCache>()("AppCache", {`,
    ...(sections === "" ? [] : [`  ${sections},`]),
    "  families: {",
    ...families.map((line, index) => `    ${line}${index === families.length - 1 ? "" : ","}`),
    "  }",
    "}) {}",
    ...(rest.length === 0 ? [] : ["", ...rest]),
    ""
  ].join("\n")

const user = `user: { pattern: "user:{id}", value: Manifest.type<string>() }`
const profile = `profile: { pattern: "profile:{id}", value: Manifest.type<string>(), derives: ["user:{id}"] }`
const serverUser = `user: { pattern: "user:{id}", layer: "server" }`
const files = `files: { pattern: "files:*" }`
const facts = `facts: { pattern: "files:{id}", partOf: "files" }`

const explain = (
  code: string,
  what: string,
  why: string,
  repair: string,
  failing: string,
  repaired: string,
  foundBy: Explanation["foundBy"] = "the compiler"
): Explanation => ({ code, what, why, repair, foundBy, failing, repaired })

const atRunTime = (code: string, what: string, why: string, repair: string): Explanation => ({
  code,
  what,
  why,
  repair,
  foundBy: "the run time",
  failing: undefined,
  repaired: undefined
})

const patterns: ReadonlyArray<Explanation> = [
  explain(
    "E0101",
    "A raw key belongs to no family of the manifest.",
    "Nobody owns such a key, so nobody could load or invalidate it.",
    "Declare a family whose pattern has the key, or correct the key.",
    module([user], [`export const one = AppCache.get("usr:42")`]),
    module([user], [`export const one = AppCache.get("user:42")`])
  ),
  explain(
    "E0102",
    "A pattern lies inside another one, and the manifest does not say who owns it.",
    "Whoever owns `user:*` owns every key below it. A silent exception would take keys away from an owner who does not know.",
    "`partOf` keeps the owner and gives the part its own type and policy; `carvedFrom` gives it an owner of its own.",
    module([`user: { pattern: "user:*" }`, `photo: { pattern: "user:{id}:photo" }`]),
    module([`user: { pattern: "user:*" }`, `photo: { pattern: "user:{id}:photo", partOf: "user" }`])
  ),
  explain(
    "E0103",
    "A pattern is malformed.",
    "A segment is text, `{name}`, or a last `*`; segments are separated by one `:`. Then every question about patterns has an exact answer.",
    "Write whole segments.",
    module([`user: { pattern: "user{id}" }`]),
    module([`user: { pattern: "user:{id}" }`])
  ),
  explain(
    "E0104",
    "Two families have the same keys, with parameters of other names.",
    "Each key has one family, which says its type, policy and owner.",
    "Keep one of them.",
    module([`user: { pattern: "user:{id}" }`, `person: { pattern: "user:{name}" }`]),
    module([`user: { pattern: "user:{id}" }`, `person: { pattern: "person:{name}" }`])
  ),
  explain(
    "E0105",
    "Two patterns share keys, and neither lies inside the other.",
    "The shared keys would have two families, and no rule that is not arbitrary chooses one.",
    "Change a segment, so that they share no key or one lies inside the other.",
    module([`byShop: { pattern: "price:{shop}:now" }`, `berlin: { pattern: "price:berlin:*" }`]),
    module([`byShop: { pattern: "price:{shop}:now" }`, `berlin: { pattern: "history:berlin:*" }`])
  ),
  explain(
    "E0106",
    "A text is not one key.",
    "A key is a list of segments, none empty, and holds no `{`, `}` or `*`: a value can never turn into a pattern.",
    "Name one key; many keys of a family go by `invalidateWhere`.",
    module([user], [`export const one = AppCache.delete("user:{id}")`]),
    module([user], [`export const one = AppCache.keys.user.invalidateWhere({})`])
  ),
  explain(
    "E0107",
    "A raw key is a plain `string`.",
    "The compiler cannot see which family decides about it, so it knows neither its type nor the right that it needs.",
    "Use the family's accessor.",
    module([user], ["export const one = (key: string) => AppCache.get(key)"]),
    module([user], ["export const one = (id: string) => AppCache.keys.user.get({ id })"])
  ),
  explain(
    "E0108",
    "A raw key is a choice of keys of several families.",
    "Each has its own value type and owner; a choice would mix them.",
    "Handle the keys one by one.",
    module([user, profile], [`export const one = (key: "user:1" | "profile:1") => AppCache.get(key)`]),
    module([user, profile], [`export const one = [AppCache.get("user:1"), AppCache.get("profile:1")]`])
  ),
  explain(
    "E0109",
    "A parameter's value is not one segment of a key.",
    "An empty text, or one with `:`, `{`, `}` or `*`, would spell another key than the one that is meant.",
    "Encode the value before it becomes a parameter.",
    module([user], [`export const one = AppCache.keys.user.get({ id: "a:b" })`]),
    module([user], [`export const one = AppCache.keys.user.get({ id: encodeURIComponent("a:b") })`]),
    "the run time"
  ),
  explain(
    "E0110",
    "The parameters of a family spell a key of a more specific one.",
    "The more specific family decides about that key, with a type and a policy of its own.",
    "Use the accessor of the more specific family.",
    module([files, facts], [`export const one = AppCache.keys.files.get({ "*": "7" })`]),
    module([files, facts], ["export const one = AppCache.keys.facts.get({ id: 7 })"]),
    "the run time"
  ),
  explain(
    "E0111",
    "A template of a raw key has a plain text in it.",
    "The text may hold a colon, and so name a key of another family, of another type.",
    "Use the family's accessor, or make the text a segment with `Key.segment`.",
    module([user], ["export const one = (id: string) => AppCache.get(`user:${id}`)"]),
    module([user], ["export const one = (id: number) => AppCache.get(`user:${id}`)"])
  )
]

const ownership: ReadonlyArray<Explanation> = [
  explain(
    "E0201",
    "A family has both `partOf` and `carvedFrom`.",
    "They are two answers to one question: who owns it.",
    "Keep one.",
    module([files, `facts: { pattern: "files:{id}", partOf: "files", carvedFrom: "files" }`]),
    module([files, facts])
  ),
  explain(
    "E0202",
    "A family says `partOf` or `carvedFrom`, and lies inside no other pattern.",
    "There is nothing that it could be a part of.",
    "Remove the option.",
    module([user, `other: { pattern: "other:{id}", partOf: "user" }`]),
    module([user, `other: { pattern: "other:{id}" }`])
  ),
  explain(
    "E0203",
    "A write goes through a reader.",
    "Whoever borrows may read. One owner writes, so that there is one place to look for who changed what.",
    "Write where the family is owned, through its `writer` or its accessor.",
    module([user], [
      `export const one = Effect.flatMap(AppCache.keys.user.reader, (reader) => reader.set({ id: 1 }, "Ann"))`
    ]),
    module([user], [
      `export const one = Effect.flatMap(AppCache.keys.user.writer, (writer) => writer.set({ id: 1 }, "Ann"))`
    ])
  ),
  explain(
    "E0204",
    "`partOf` or `carvedFrom` names another family than the nearest one around.",
    "Rights end at each carve-out, so the nearest one decides.",
    "Name the family of the message.",
    module([files, facts, `size: { pattern: "files:{id}:size", partOf: "facts" }`]),
    module([files, facts, `size: { pattern: "files:{id}:size", partOf: "files" }`])
  ),
  explain(
    "E0205",
    "An operation was run without the right to it.",
    "Types refuse this; a cast, or requirements lost in `any`, come here.",
    "Let the requirement stand, and provide it by `owner`, `borrower` or `modules`.",
    module([user], [
      `export const one = Effect.runPromise(AppCache.keys.user.get({ id: 1 }) as Effect.Effect<string, unknown>)`
    ]),
    module([user], ["export const one = AppCache.keys.user.get({ id: 1 })"]),
    "the run time"
  ),
  explain(
    "E0206",
    "A right is asked for to something that is only a part of a declared pattern.",
    "Rights exist for declared patterns only: so the run time knows every grant that covers a key.",
    "Name the declared pattern, or declare the part.",
    module([files, `report: { pattern: "report", borrows: ["files:{id}"] }`]),
    module([files, `report: { pattern: "report", borrows: ["files:*"] }`])
  ),
  explain(
    "E0207",
    "An owner is made for a choice of families.",
    "The type would promise the rights of all, and the program gets one of them.",
    "Name one family.",
    module([user, profile], [`export const one = (name: "user" | "profile") => AppCache.owner(name)`]),
    module([user, profile], [`export const one = [AppCache.owner("user"), AppCache.owner("profile")]`])
  ),
  explain(
    "E0208",
    "An owner, or a module, is given for a part of another family.",
    "The owner of the whole owns it, too.",
    "Give its lookup to the owner of the whole, or delegate it.",
    module([files, facts], [`export const one = AppCache.owner("facts")`]),
    module([files, facts], [
      `export const one = AppCache.owner("files", { parts: { facts: { lookup: () => Effect.succeed(1) } } })`
    ])
  ),
  explain(
    "E0209",
    "A family is delegated that is no part of another.",
    "Nobody has a right to it that could be handed on.",
    "Use `owner`.",
    module([user], [`export const one = AppCache.delegate("user")`]),
    module([user], [`export const one = AppCache.owner("user")`])
  ),
  explain(
    "E0210",
    "A name is no family of the manifest.",
    "Owners and borrowers exist for declared families.",
    "Correct the name, or declare the family.",
    module([user], [`export const one = AppCache.owner("usr")`]),
    module([user], [`export const one = AppCache.owner("user")`])
  ),
  explain(
    "E0211",
    "A lookup reads a family that its own does not derive from.",
    "A change of what it reads would not reach the entry that it made: the cache would serve what is no longer true.",
    "Add the source to `derives`.",
    module([user, `profile: { pattern: "profile:{id}", value: Manifest.type<string>() }`], [
      `export const one = AppCache.owner("profile", { lookup: ({ id }) => AppCache.keys.user.get({ id }) })`
    ]),
    module([user, profile], [
      `export const one = AppCache.owner("profile", { lookup: ({ id }) => AppCache.keys.user.get({ id }) })`
    ])
  ),
  explain(
    "E0212",
    "A lookup writes.",
    "It runs when somebody reads, any number of times, or never: what it writes would depend on who looks.",
    "Write where the change happens, or let the other family derive from this one.",
    module([user], [
      `export const one = AppCache.owner("user", { lookup: ({ id }) => Effect.as(AppCache.keys.user.delete({ id }), "Ann") })`
    ]),
    module([user], [`export const one = AppCache.owner("user", { lookup: () => Effect.succeed("Ann") })`])
  ),
  explain(
    "E0213",
    "A lookup fails with an error that its family does not declare.",
    "Whoever reads the family meets that error, and its type must say so.",
    "Declare it as `error`, or handle it in the lookup.",
    module([user], [`export const one = AppCache.owner("user", { lookup: () => Effect.fail("down") })`]),
    module([
      `user: { pattern: "user:{id}", value: Manifest.type<string>(), error: Manifest.type<string>() }`
    ], [`export const one = AppCache.owner("user", { lookup: () => Effect.fail("down") })`])
  ),
  explain(
    "E0214",
    "A module needs more than its line of the manifest grants.",
    "The manifest is the place to see who reads what.",
    "List what it reads in `borrows`; do what it writes in the module of the owner.",
    module(
      [user, profile],
      [`export const one = AppCache.modules({ report: Layer.effectDiscard(AppCache.keys.profile.get({ id: 1 })) })`],
      `readers: { report: { borrows: ["user:{id}"] } }`
    ),
    module(
      [user, profile],
      [`export const one = AppCache.modules({ report: Layer.effectDiscard(AppCache.keys.profile.get({ id: 1 })) })`],
      `readers: { report: { borrows: ["profile:{id}"] } }`
    )
  ),
  explain(
    "E0215",
    "Two owners of one key are merged.",
    "A key has one owner at a time.",
    "Keep one, or delegate the part.",
    module([user, profile], [
      `export const one = Manifest.mergeOwners(AppCache.owner("user"), AppCache.owner("user"))`
    ]),
    module([user, profile], [
      `export const one = Manifest.mergeOwners(AppCache.owner("user"), AppCache.owner("profile"))`
    ])
  ),
  explain(
    "E0216",
    "A second owner of a family was acquired while the first one lives.",
    "`Layer.mergeAll` cannot see it in the types, so the engine does.",
    "Make the owner's layer once and share it; `Manifest.mergeOwners` and `modules` find it while compiling.",
    module([user], [`export const one = Layer.mergeAll(AppCache.owner("user"), AppCache.owner("user"))`]),
    module([user], [`export const one = AppCache.modules({ user: AppCache.owner("user") })`]),
    "the run time"
  ),
  atRunTime(
    "E0217",
    "A right was used after the scope that gave it had closed.",
    "Nobody looks after the entries of a family whose owner has gone.",
    "Use readers and writers inside the scope of their layer."
  ),
  atRunTime(
    "E0218",
    "A family was read while nobody owns it.",
    "Only its owner can say whether an entry is true.",
    "Provide the owner's layer for as long as the family is read."
  ),
  atRunTime(
    "E0219",
    "A lease was refused.",
    "Many may share a key, or one may have it alone, and waiting is bounded.",
    "Wait longer, hold leases for less time, or take them in one call."
  ),
  explain(
    "E0220",
    "A function or method does more than it declares.",
    "Its declaration is what readers of the code rely on.",
    "Declare it, or leave it to a function that does.",
    module([user], [
      `export const one = AppCache.fn("one", { borrows: ["user:{id}"] })(function*() {`,
      "  yield* AppCache.keys.user.delete({ id: 1 })",
      "})"
    ]),
    module([user], [
      `export const one = AppCache.fn("one", { owns: ["user:{id}"] })(function*() {`,
      "  yield* AppCache.keys.user.delete({ id: 1 })",
      "})"
    ])
  ),
  explain(
    "E0221",
    "`invalidates` leaves out something that derives from what is owned.",
    "It would be invalidated all the same, and the list would mislead.",
    "List it, or leave `invalidates` out.",
    module([user, profile], [`export const one = AppCache.fn("one", { owns: ["user:{id}"], invalidates: [] })`]),
    module([user, profile], [`export const one = AppCache.fn("one", { owns: ["user:{id}"] })`])
  ),
  explain(
    "E0222",
    "`invalidates` names something that no family declares.",
    "There is nothing to invalidate.",
    "Correct the pattern, or declare it.",
    module([user], [`export const one = AppCache.fn("one", { invalidates: ["usr:*"] })`]),
    module([user], [`export const one = AppCache.fn("one", { invalidates: ["user:{id}"] })`])
  ),
  explain(
    "E0223",
    "A function declares a right to something that no family declares.",
    "Nothing could provide it.",
    "Correct the pattern, or declare it.",
    module([user], [`export const one = AppCache.fn("one", { owns: ["usr:{id}"] })`]),
    module([user], [`export const one = AppCache.fn("one", { owns: ["user:{id}"] })`])
  ),
  explain(
    "E0224",
    "A program of one layer writes what another layer owns.",
    "A family lives where its owner runs.",
    "Move the write to the owner's layer.",
    module(
      [`draft: { pattern: "draft:{id}", layer: "client" }`],
      [`export const one = AppCache.inLayer("server")(AppCache.keys.draft.delete({ id: 1 }))`],
      `layers: { client: { reads: ["server"] }, server: {} }`
    ),
    module(
      [`draft: { pattern: "draft:{id}", layer: "client" }`],
      [`export const one = AppCache.inLayer("client")(AppCache.keys.draft.delete({ id: 1 }))`],
      `layers: { client: { reads: ["server"] }, server: {} }`
    )
  ),
  explain(
    "E0225",
    "A program of one layer reads what lives in a layer that it does not read.",
    "A server cannot look into its clients.",
    "Add the layer to `reads`, or move the program.",
    module(
      [`draft: { pattern: "draft:{id}", layer: "client" }`],
      [`export const one = AppCache.inLayer("server")(AppCache.keys.draft.get({ id: 1 }))`],
      `layers: { client: { reads: ["server"] }, server: {} }`
    ),
    module(
      [`draft: { pattern: "draft:{id}", layer: "client" }`],
      [`export const one = AppCache.inLayer("client")(AppCache.keys.draft.get({ id: 1 }))`],
      `layers: { client: { reads: ["server"] }, server: {} }`
    )
  ),
  explain(
    "E0226",
    "A module provides the ownership of another family.",
    "The application has one module for each family.",
    "Provide it in the module of that family.",
    module([user, profile], [`export const one = AppCache.modules({ profile: AppCache.owner("user") })`]),
    module([user, profile], [`export const one = AppCache.modules({ user: AppCache.owner("user") })`])
  ),
  explain(
    "E0227",
    "A module writes its family, and brings no owner.",
    "Rights come from `owner`, and nothing else gives them.",
    "Provide the owner to the module's layer.",
    module([user], [
      `export const one = AppCache.modules({ user: Layer.effectDiscard(AppCache.keys.user.invalidateAll()) })`
    ]),
    module([user], [
      "export const one = AppCache.modules({",
      `  user: Layer.provide(Layer.effectDiscard(AppCache.keys.user.invalidateAll()), AppCache.owner("user"))`,
      "})"
    ])
  ),
  explain(
    "E0228",
    "A module has the name of no family and no reader.",
    "What it may read stands in the manifest, under its name.",
    "Declare it under `readers`, or correct the name.",
    module([user], ["export const one = AppCache.modules({ report: Layer.empty })"]),
    module(
      [user],
      ["export const one = AppCache.modules({ report: Layer.empty })"],
      "readers: { report: { borrows: [] } }"
    )
  ),
  explain(
    "E0229",
    "An owner gives a lookup for something that is no part of its family.",
    "Somebody else owns it.",
    "Give it to its own owner, or declare it with `partOf`.",
    module([user, profile], [
      `export const one = AppCache.owner("user", { parts: { profile: { lookup: () => Effect.succeed("Ann") } } })`
    ]),
    module([user, profile], [`export const one = AppCache.owner("profile", { lookup: () => Effect.succeed("Ann") })`])
  ),
  explain(
    "E0230",
    "A capability is written by hand for a pattern that the manifest does not declare.",
    "No layer can provide it, so a program that needs it could never run.",
    "Name a declared pattern.",
    module([user], [`export type One = Manifest.Owns<"usr:*", AppCache>`]),
    module([user], [`export type One = Manifest.Owns<"user:{id}", AppCache>`])
  ),
  explain(
    "E0231",
    "A method invalidates after success, and its type has no error for an invalidation that fails.",
    "A decorator cannot change the type of a method.",
    "Let the method fail with `CacheError`, or leave `invalidates` out.",
    module([user], [
      "export class One {",
      `  @AppCache.method({ invalidates: ["user:{id}"] })`,
      "  run() {",
      "    return Effect.void",
      "  }",
      "}"
    ]),
    module([user], [
      "export class One {",
      `  @AppCache.method({ owns: ["user:{id}"], invalidates: ["user:{id}"] })`,
      "  run() {",
      "    return AppCache.keys.user.delete({ id: 1 })",
      "  }",
      "}"
    ])
  )
]

const manifests: ReadonlyArray<Explanation> = [
  explain(
    "E0401",
    "Families derive from each other in a circle.",
    "A write to one would invalidate the next, and so on without end.",
    "Remove one of the references, or split a family.",
    module([`a: { pattern: "a:{id}", derives: ["b:{id}"] }`, `b: { pattern: "b:{id}", derives: ["a:{id}"] }`]),
    module([`a: { pattern: "a:{id}", derives: ["b:{id}"] }`, `b: { pattern: "b:{id}" }`])
  ),
  explain(
    "E0402",
    "`derives` or `borrows` names something that no family declares.",
    "Nothing there can change, or be read.",
    "Correct the pattern, or declare it.",
    module([user, `profile: { pattern: "profile:{id}", derives: ["usr:{id}"] }`]),
    module([user, `profile: { pattern: "profile:{id}", derives: ["user:{id}"] }`])
  ),
  explain(
    "E0403",
    "A family derives from, or borrows, what lives in a layer that its own does not read.",
    "Its lookup could not read it.",
    "Add the layer to `reads`, or move one of the families.",
    module(
      [
        `draft: { pattern: "draft:{id}", layer: "client" }`,
        `post: { pattern: "post:{id}", layer: "server", derives: ["draft:{id}"] }`
      ],
      [],
      `layers: { client: { reads: ["server"] }, server: {} }`
    ),
    module(
      [
        `draft: { pattern: "draft:{id}", layer: "client", derives: ["post:{id}"] }`,
        `post: { pattern: "post:{id}", layer: "server" }`
      ],
      [],
      `layers: { client: { reads: ["server"] }, server: {} }`
    )
  ),
  explain(
    "E0404",
    "A layer is named that the manifest does not declare.",
    "Rules about layers would silently not apply.",
    "Declare it under `layers`, or correct the name.",
    module([serverUser, `other: { pattern: "other:{id}", layer: "srver" }`], [], "layers: { server: {} }"),
    module([serverUser], [], "layers: { server: {} }")
  ),
  explain(
    "E0405",
    "A layer has no use.",
    "No family or reader lives in it, and no layer in use reads it: it is a mistake, or a leftover.",
    "Place a family in it, or remove it.",
    module([serverUser], [], "layers: { server: {}, edge: {} }"),
    module([serverUser], [], "layers: { server: {} }")
  ),
  explain(
    "E0406",
    "An option does not exist.",
    "It would be ignored, and what it asks for would not happen.",
    "Correct its name.",
    module([`user: { pattern: "user:{id}", timetoLive: "1 minute" }`]),
    module([`user: { pattern: "user:{id}", timeToLive: "1 minute" }`])
  ),
  explain(
    "E0407",
    "A name is a family and a reader.",
    "A module of that name would be either.",
    "Rename the reader, or list what it reads in `borrows` of the family.",
    module([user], [], "readers: { user: { borrows: [] } }"),
    module([user], [], "readers: { users: { borrows: [] } }")
  ),
  explain(
    "E0408",
    "Data has not the shape of a manifest.",
    "A manifest may be built from data, where no compiler looks.",
    "Give it the shape of the type `Definition`.",
    [
      `import * as Validation from "effect-stateless/ownership/Validation"`,
      "",
      `export const one = Validation.validate("AppCache", { families: { user: { pattern: 1 } } })`,
      ""
    ].join("\n"),
    [
      `import * as Validation from "effect-stateless/ownership/Validation"`,
      "",
      `export const one = Validation.validate("AppCache", { families: { user: { pattern: "user:{id}" } } })`,
      ""
    ].join("\n"),
    "the run time"
  ),
  explain(
    "E0409",
    "`params` has a name that is no parameter of the pattern.",
    "Its codec would never be used.",
    "Correct the name.",
    module([`user: { pattern: "user:{id}", params: { di: Manifest.type<number>() } }`]),
    module([`user: { pattern: "user:{id}", params: { id: Manifest.type<number>() } }`])
  ),
  atRunTime(
    "E0410",
    "A manifest declares more families than are supported.",
    "The checks, and the plans of invalidation, are bounded.",
    "Split it into several manifests, and compose them."
  ),
  explain(
    "E0411",
    "A family derives from another one without its parameters, and has a parameter of its own that nothing binds.",
    "One change of the source then drops the entries of every value of that parameter. That may be meant, or a misspelt name.",
    "Name the parameters alike, or say `fanout: true`.",
    module([user, `profile: { pattern: "profile:{user}", derives: ["user:{id}"] }`]),
    module([user, `profile: { pattern: "profile:{id}", derives: ["user:{id}"] }`])
  ),
  explain(
    "E0412",
    "Two manifests over one store share a key.",
    "Each would believe that it owns the key.",
    "Declare it in one of them, or give them stores of their own.",
    module([user], [
      `class Other extends Manifest.Service<Other>()("Other", { families: { all: { pattern: "user:*" } } }) {}`,
      "export const one = Manifest.compose(AppCache, Other)"
    ]),
    module([user], [
      `class Other extends Manifest.Service<Other>()("Other", { families: { all: { pattern: "other:*" } } }) {}`,
      "export const one = Manifest.compose(AppCache, Other)"
    ])
  ),
  explain(
    "E0413",
    "Two manifests have one name.",
    "Rights and entries go by that name, so one would be taken for the other.",
    "Give each a name of its own.",
    module([user], [
      `class Other extends Manifest.Service<Other>()("AppCache", { families: { all: { pattern: "other:*" } } }) {}`,
      "export const one = Manifest.compose(AppCache, Other)"
    ]),
    module([user], [
      `class Other extends Manifest.Service<Other>()("Other", { families: { all: { pattern: "other:*" } } }) {}`,
      "export const one = Manifest.compose(AppCache, Other)"
    ])
  )
]

const engine: ReadonlyArray<Explanation> = [
  atRunTime(
    "E0301",
    "A tier did not answer in time.",
    "No caller waits for ever.",
    "See to the tier, or raise its timeout."
  ),
  atRunTime("E0302", "A tier failed.", "Its driver says why: see `cause`.", "See to the tier."),
  atRunTime(
    "E0303",
    "A value does not fit its family's schema.",
    "A tier that outlives the process stores what the schema encodes.",
    "Store a value of the family's type."
  ),
  atRunTime(
    "E0304",
    "A key is too long for a tier.",
    "Its storage bounds the length of keys.",
    "Use shorter parameters, such as a digest."
  ),
  atRunTime("E0305", "A tier has no room left.", "It is bounded, and nothing can be evicted.", "Give it more room."),
  atRunTime(
    "E0306",
    "A tier cannot be opened with its options.",
    "Options are checked once, when the layer is built.",
    "Correct the option that the message names."
  ),
  atRunTime(
    "E0501",
    "An entry is absent, and nothing can load it.",
    "The owner gave no lookup, or the lookup gave no value.",
    "Give the owner a lookup, or use `getOption`."
  ),
  atRunTime(
    "E0502",
    "A lookup did not end within its hard timeout.",
    "No caller waits for ever; what comes later is not stored.",
    "Make the lookup faster, or raise `hardTimeout`."
  ),
  atRunTime(
    "E0503",
    "A lookup was refused, since too many wait already.",
    "An unbounded queue would hide an overload until memory ends.",
    "Raise `loadConcurrency` or `loadQueueMax`, or load less."
  ),
  atRunTime(
    "E0504",
    "A key has another version than the write expected.",
    "Somebody else wrote it in the meantime.",
    "Read again, and decide again."
  ),
  atRunTime(
    "E0505",
    "A tier failed in a write or an invalidation.",
    "Neither may be lost in silence. In this process it took effect.",
    "Try again: both may be repeated."
  ),
  atRunTime(
    "E0506",
    "The manifest has mistakes.",
    "It was built from data, or its types were cast.",
    "Repair what `error.problems` lists."
  ),
  atRunTime(
    "E0507",
    "An option of a family cannot be used.",
    "Options are checked when the layer is built.",
    "Correct the option that the message names."
  ),
  atRunTime("E0508", "A lease was refused.", "The lease's own error says why: see E0219.", "See E0219.")
]

/**
 * Every code, in order of groups: patterns and keys, ownership, manifests, stores and engine.
 *
 * @category getters
 * @since 0.1.0
 */
export const all: ReadonlyArray<Explanation> = [...patterns, ...ownership, ...manifests, ...engine]
