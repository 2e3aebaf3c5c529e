/**
 * The codes of ownership and capabilities, explained.
 */
import { atRunTime, explain, type Explained, facts, files, module, profile, user } from "./explained.ts"

export const ownership: ReadonlyArray<Explained> = [
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
    "There is nothing that it could be a part of. A whole has a pattern that covers its parts: `user:*` covers " +
      "`user:{id}:mail`, and `user:{id}` does not.",
    "Remove the option, or give the whole a pattern that ends with `*`.",
    module([user, `other: { pattern: "other:{id}", partOf: "user" }`]),
    module([user, `other: { pattern: "other:{id}" }`])
  ),
  explain(
    "E0203",
    "A write goes through a reader, or to a signature that says that the program only reads.",
    "Whoever borrows may read. One owner writes, so that there is one place to look for who changed what.",
    "Write where the family is owned, through its `writer` or its accessor; a signature then says `Owns`.",
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
    "An owner is made for a choice of families, or a write goes to one.",
    "The type of such an owner would promise the rights of all, and the program gets one of them. A value that is " +
      "written to one of several families would have to be a value of each, so the compiler asks for what they have " +
      "in common, `Value<...> & Value<...>`; stateless check says so with this code.",
    "Name one family. Choose it before you write: `isUser ? keys.user.set(...) : keys.profile.set(...)`.",
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
    "A name is no family of the manifest, or the compiler does not know it.",
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
      `export const one = AppCache.owner("user", {`,
      `  lookup: ({ id }) => Effect.as(AppCache.keys.user.delete({ id }), "Ann")`,
      "})"
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
      [
        "export const one = AppCache.modules({",
        `  profile: AppCache.owner("profile", { lookup: () => Effect.succeed("Ann") }),`,
        "  report: Layer.effectDiscard(AppCache.keys.profile.get({ id: 1 }))",
        "})"
      ],
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
    "A lease was refused; or a write under a lease that does not cover it: it has ended, is shared, or is of another " +
      "key or of another engine. Or a write without a lease, while another caller has a lease of the key. Or a " +
      "write under a lease whose key was removed, invalidated or loaded with another value since the grant.",
    "Many may share a key, or one may have it alone, and waiting is bounded. A holder may have read the key before " +
      "it changed.",
    "Wait longer, hold leases for less time, or take them in one call. Write under an exclusive lease of the key. " +
      "Where the key has changed, take the lease and read again, or give the write the `ifVersion` that was read."
  ),
  explain(
    "E0220",
    "A function or method does more than it declares, or it is unknown what it, or a lookup, does.",
    "Its declaration is what readers of the code rely on.",
    "Declare it, or leave it to a function that does. Write `satisfies` in the place of an annotation that forgets " +
      "what a lookup does. Where an argument brings requirements, name them in its type: a type parameter may stand " +
      "for any right. Or let the caller run what it brings.",
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
    module([user, profile], [
      `export const one = AppCache.fn("one", { owns: ["user:{id}"], invalidates: ["profile:{id}", "prfs:*"] })`
    ]),
    module([user, profile], [
      `export const one = AppCache.fn("one", { owns: ["user:{id}"], invalidates: ["profile:{id}"] })`
    ])
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
    "E0232",
    "A lookup reads another key than those that its family derives from.",
    "Types know patterns and not keys, so the engine compares: a change of what was read would not reach the entry.",
    "Read the key that the parameters bind, or derive from every key of the family with a parameter of another name.",
    module([user, profile], [
      `export const one = AppCache.owner("profile", { lookup: () => AppCache.keys.user.get({ id: "1" }) })`
    ]),
    module([user, profile], [
      `export const one = AppCache.owner("profile", { lookup: ({ id }) => AppCache.keys.user.get({ id }) })`
    ]),
    "the run time"
  ),
  explain(
    "E0233",
    "A program is run, and nothing provides a right that it requires.",
    "Rights come from owners, borrowers and modules alone: without one there is no engine, and nobody who may load " +
      "or change the entry. Effect's runners show the right; `Manifest.provided` before them, and `stateless check`, " +
      "show this.",
    "Provide the modules, or the owner of the family; in a function that others run, let the requirement stand.",
    module([user], [`export const one = Effect.runPromise(AppCache.keys.user.set({ id: 1 }, "Ann"))`]),
    module([user], [
      `import * as MemoryStore from "effect-stateless/store/MemoryStore"`,
      "",
      `const Live = AppCache.modules({ user: AppCache.owner("user") }).pipe(`,
      "  Layer.provide(MemoryStore.layer({ capacity: 100 }))",
      ")",
      `export const one = Effect.runPromise(Effect.provide(AppCache.keys.user.set({ id: 1 }, "Ann"), Live))`
    ])
  ),
  explain(
    "E0234",
    "A module reads a family, and no module of the same call has its owner.",
    "`modules` keeps its engine and its rights to itself, so nothing outside could own the family: each read would " +
      "fail.",
    "Add the module that owns the family. Modules that read each other belong into one call.",
    module(
      [user],
      [`export const one = AppCache.modules({ report: Layer.effectDiscard(AppCache.keys.user.get({ id: 1 })) })`],
      `readers: { report: { borrows: ["user:{id}"] } }`
    ),
    module(
      [user],
      [
        "export const one = AppCache.modules({",
        `  user: AppCache.owner("user", { lookup: () => Effect.succeed("Ann") }),`,
        "  report: Layer.effectDiscard(AppCache.keys.user.get({ id: 1 }))",
        "})"
      ],
      `readers: { report: { borrows: ["user:{id}"] } }`
    )
  ),
  explain(
    "E0235",
    "Two modules of one call own one family, or one names it twice.",
    "A family has one owner, so the second module would fail when it is built.",
    "Name the family in one of them.",
    module([user, profile], [
      "export const one = AppCache.modules({",
      `  users: { owns: ["user"], layer: AppCache.owner("user") },`,
      `  people: { owns: ["user", "profile"], layer: AppCache.owner("profile") }`,
      "})"
    ]),
    module([user, profile], [
      "export const one = AppCache.modules({",
      `  users: { owns: ["user"], layer: AppCache.owner("user") },`,
      `  people: { owns: ["profile"], layer: AppCache.owner("profile") }`,
      "})"
    ])
  ),
  explain(
    "E0236",
    "A module requires a store, so it builds an engine of its own.",
    "The rights of another engine are not what the manifest gives the module, and its entries hear of no change here.",
    "Leave the engine to `modules`. The layer of another manifest stands beside them.",
    module([user], [
      "export const one = AppCache.modules({",
      `  user: Layer.provide(AppCache.owner("user"), AppCache.layer)`,
      "})"
    ]),
    module([user], [`export const one = AppCache.modules({ user: AppCache.owner("user") })`])
  ),
  explain(
    "E0237",
    "Something else is provided in the place of a manifest's engine.",
    "Rights and entries belong to an engine, and only `layer` and `modules` make one. A test needs no other: it " +
      "builds the layers over a memory store.",
    "Provide `layer` or `modules`.",
    module([user], ["export const one = Effect.provideService(AppCache.stats, AppCache, {})"]),
    module([user], ["export const one = Effect.provide(AppCache.stats, AppCache.layer)"])
  ),
  explain(
    "E0238",
    "An operation stands alone as a statement, or after `await`. It makes an Effect, which only describes work.",
    "The write is lost, and nothing says so: TypeScript accepts an expression whose value is not used.",
    "Write `yield*` before it, return it, or run it. In an editor, `@effect/language-service` finds such Effects, too.",
    module([user], [
      "export const rename = Effect.gen(function*() {",
      `  AppCache.keys.user.set({ id: 1 }, "Ann")`,
      "  return yield* AppCache.keys.user.get({ id: 1 })",
      "})"
    ]),
    module([user], [
      "export const rename = Effect.gen(function*() {",
      `  yield* AppCache.keys.user.set({ id: 1 }, "Ann")`,
      "  return yield* AppCache.keys.user.get({ id: 1 })",
      "})"
    ]),
    "stateless check"
  ),
  explain(
    "E0239",
    "`invalidates` lists something that does not derive from what the function owns.",
    "Nothing changes an entry but through a right to its key, so the function could not drop it. What derives from " +
      "what it owns is dropped by its writes.",
    "List the pattern in `owns` and drop its keys in the body, or leave it to the owner: `invalidateAll` does it.",
    module([user], [`export const one = AppCache.fn("one", { invalidates: ["user:{id}"] })`]),
    module([user], [
      `export const one = AppCache.fn("one", { owns: ["user:{id}"] })(function*() {`,
      "  yield* AppCache.keys.user.invalidateAll()",
      "})"
    ])
  )
]
