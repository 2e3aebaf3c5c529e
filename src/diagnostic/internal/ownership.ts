/**
 * The codes of ownership and capabilities, explained.
 */
import type { Explained } from "../types/explained.ts"
import { atRunTime, explain, facts, files, module, profile, serverFiles, user } from "./explained.ts"

export const ownership: ReadonlyArray<Explained> = [
  explain(
    "E0201",
    "A family has both `partOf` and `carvedFrom`.",
    "Both options say who owns the family, and they contradict each other.",
    "Keep one.",
    module([files, `facts: { pattern: "files:{id}", partOf: "files", carvedFrom: "files" }`]),
    module([files, facts])
  ),
  explain(
    "E0202",
    "A family has `partOf` or `carvedFrom`, and its pattern does not lie inside another pattern.",
    "There is no family around it. The pattern of a whole covers its parts: `user:*` covers " +
      "`user:{id}:mail`, and `user:{id}` does not.",
    "Remove the option, or give the whole a pattern that ends with `*`.",
    module([user, `other: { pattern: "other:{id}", partOf: "user" }`]),
    module([user, `other: { pattern: "other:{id}" }`])
  ),
  explain(
    "E0203",
    "A program writes through a reader, or in a function whose type says that it only reads.",
    "A borrower may only read. One owner writes, so all changes of a family are made in one place.",
    "Write in the owner of the family, through `writer` or the accessor. The type of the program then has `Owns`.",
    module([user], [
      `export const one = Effect.flatMap(AppCache.keys.user.reader, (reader) => reader.set({ id: 1 }, "Ann"))`
    ]),
    module([user], [
      `export const one = Effect.flatMap(AppCache.keys.user.writer, (writer) => writer.set({ id: 1 }, "Ann"))`
    ])
  ),
  explain(
    "E0204",
    "`partOf` or `carvedFrom` does not name the nearest family around this one.",
    "Rights end at each carve-out, so the nearest one decides.",
    "Name the family that the message gives.",
    module([files, facts, `size: { pattern: "files:{id}:size", partOf: "facts" }`]),
    module([files, facts, `size: { pattern: "files:{id}:size", partOf: "files" }`])
  ),
  explain(
    "E0205",
    "An operation was run without the right to it.",
    "The types refuse this. It happens with a cast, or if requirements are lost in `any`.",
    "Keep the requirement in the type, and provide it with `owner`, `borrower` or `modules`.",
    module([user], [
      `export const one = Effect.runPromise(AppCache.keys.user.get({ id: 1 }) as Effect.Effect<string, unknown>)`
    ]),
    module([user], ["export const one = AppCache.keys.user.get({ id: 1 })"]),
    "the run time"
  ),
  explain(
    "E0206",
    "A program asks for a right to only a part of a declared pattern.",
    "Rights exist only for declared patterns, so the run time knows every grant that covers a key.",
    "Name the declared pattern, or declare the part.",
    module([files, `report: { pattern: "report", borrows: ["files:{id}"] }`]),
    module([files, `report: { pattern: "report", borrows: ["files:*"] }`])
  ),
  explain(
    "E0207",
    "An owner is made for one of several families, or a write goes to one of several families.",
    "The type of such an owner would promise the rights to all of them, and the program gets the rights to one. A " +
      "value that is written to one of several families must be a value of each of them. So the compiler asks for " +
      "`Value<...> & Value<...>`, and `stateless check` reports this code.",
    "Name one family. Choose it before you write: `isUser ? keys.user.set(...) : keys.profile.set(...)`.",
    module([user, profile], [`export const one = (name: "user" | "profile") => AppCache.owner(name)`]),
    module([user, profile], [`export const one = [AppCache.owner("user"), AppCache.owner("profile")]`])
  ),
  explain(
    "E0208",
    "An owner, or a module, is given for a part of another family.",
    "The owner of the whole also owns the part.",
    "Give the lookup of the part to the owner of the whole, or delegate the part.",
    module([files, facts], [`export const one = AppCache.owner("facts")`]),
    module([files, facts], [
      `export const one = AppCache.owner("files", { parts: { facts: { lookup: () => Effect.succeed(1) } } })`
    ])
  ),
  explain(
    "E0209",
    "A program delegates a family that is not a part of another family.",
    "Only a part of another family can be delegated: its rights are those of the owner of the whole.",
    "Use `owner`.",
    module([user], [`export const one = AppCache.delegate("user")`]),
    module([user], [`export const one = AppCache.owner("user")`])
  ),
  explain(
    "E0210",
    "The manifest does not declare a family of this name, or the compiler does not know the name.",
    "Owners and borrowers exist for declared families.",
    "Correct the name, or declare the family.",
    module([user], [`export const one = AppCache.owner("usr")`]),
    module([user], [`export const one = AppCache.owner("user")`])
  ),
  explain(
    "E0211",
    "A lookup reads a family that its own family does not derive from.",
    "A change of what it reads would not reach the entry that it made, so the cache would serve a stale value.",
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
    "A lookup runs when a reader needs it: once, many times, or never. So the reads would decide what it writes.",
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
    "A lookup, or the load of a `getOr`, fails with an error that its family does not declare, or with `any`.",
    "Every reader of the family can get that error, so the type of the read must have it.",
    "Declare it as `error`, or handle it in the lookup. An `any` may be any error, so give it a type: " +
      "`catch: (cause) => new DbError({ cause })` in the place of `catch: (e: any) => e`.",
    module([user], [`export const one = AppCache.owner("user", { lookup: () => Effect.fail("down") })`]),
    module([
      `user: { pattern: "user:{id}", value: Manifest.type<string>(), error: Manifest.type<string>() }`
    ], [`export const one = AppCache.owner("user", { lookup: () => Effect.fail("down") })`])
  ),
  explain(
    "E0214",
    "A module needs more rights than the manifest gives it.",
    "The manifest shows which module reads which family.",
    "List what the module reads in `borrows`. Move its writes into the module of the owner.",
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
    "Keep one of them, or delegate the part.",
    module([user, profile], [
      `export const one = Manifest.mergeOwners(AppCache.owner("user"), AppCache.owner("user"))`
    ]),
    module([user, profile], [
      `export const one = Manifest.mergeOwners(AppCache.owner("user"), AppCache.owner("profile"))`
    ])
  ),
  explain(
    "E0216",
    "A second owner of a family was acquired while the first one is active.",
    "`Layer.mergeAll` does not compare owners in the types, so the engine finds the second one.",
    "Make the layer of the owner once, and share it. `Manifest.mergeOwners` and `modules` find the mistake when you " +
      "compile.",
    module([user], [`export const one = Layer.mergeAll(AppCache.owner("user"), AppCache.owner("user"))`]),
    module([user], [`export const one = AppCache.modules({ user: AppCache.owner("user") })`]),
    "the run time"
  ),
  atRunTime(
    "E0217",
    "A right was used after the Scope that gave it had closed.",
    "After the end of its owner, no owner keeps the entries of a family correct.",
    "Use a right, a reader and a writer inside the Scope of their layer only.",
    module([user], [
      `const { user } = AppCache.keys`,
      `const UserLive = AppCache.owner("user").pipe(Layer.provide(AppCache.layer))`,
      "",
      "// The layer ends with `provide`, and so does the right of the writer.",
      "export const late = Effect.flatMap(Effect.provide(user.writer, UserLive), (writer) =>",
      `  writer.set({ id: "1" }, "Ann"))`
    ]),
    module([user], [
      `const { user } = AppCache.keys`,
      `const UserLive = AppCache.owner("user").pipe(Layer.provide(AppCache.layer))`,
      "",
      "export const inTime = Effect.provide(",
      `  Effect.flatMap(user.writer, (writer) => writer.set({ id: "1" }, "Ann")),`,
      "  UserLive",
      ")"
    ])
  ),
  atRunTime(
    "E0218",
    "A family was read or written while it has no owner: its owner has left (`hasLeft`), or none has been built.",
    "Only its owner can say whether an entry is true.",
    "Provide the owner's layer for as long as the family is used."
  ),
  atRunTime(
    "E0219",
    "A lease was refused, or a write whose lease does not cover it: the lease has ended, is shared, or is of another " +
      "key or of another engine. A write without a lease is refused, too, while another caller has a lease of the " +
      "key, and so is one whose key was removed, invalidated or loaded with another value since the grant.",
    "Many may share a key, or one may have it alone, and waiting is bounded. A holder may have read the key before " +
      "it changed.",
    "Wait longer, or hold leases for less time. Write inside the Scope of the lease, and under an exclusive lease of " +
      "the key. Where the key has changed, take the lease and read again, or give the write the `ifVersion` that was " +
      "read.",
    module([user], [
      `const { user } = AppCache.keys`,
      "",
      "// The lease has ended with its Scope, so the write is refused.",
      `export const late = Effect.flatMap(Effect.scoped(user.lease({ id: "1" })), (lease) =>`,
      `  user.set({ id: "1" }, "Ann", { lease }))`
    ]),
    module([user], [
      `const { user } = AppCache.keys`,
      "",
      `export const inTime = Effect.scoped(Effect.flatMap(user.lease({ id: "1" }), (lease) =>`,
      `  user.set({ id: "1" }, "Ann", { lease })))`
    ])
  ),
  explain(
    "E0220",
    "A function or a method does more than it declares, or the compiler cannot tell what it or an owner's option does.",
    "People who read the code rely on the declaration.",
    "Declare it, or move it to a function that declares it. Write `satisfies` in the place of an annotation that " +
      "forgets what a lookup or `warm` requires. If an argument brings requirements, name them in its type, because " +
      "a type parameter may stand for any right. A bound does not help: where an argument is `Effect<A, E, R>` with " +
      "`R extends Db`, write `Effect<A, E, Db>`, which takes the same arguments. Or let the caller run the argument.",
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
    "The list does nothing by itself: it says what the writes of the body may drop. A write drops this in any case, " +
      "so the list would be wrong.",
    "List it, or leave `invalidates` out.",
    module([user, profile], [`export const one = AppCache.fn("one", { owns: ["user:{id}"], invalidates: [] })`]),
    module([user, profile], [`export const one = AppCache.fn("one", { owns: ["user:{id}"] })`])
  ),
  explain(
    "E0222",
    "`invalidates` names something that no family declares.",
    "The list says what the writes of the body may drop, and there is no such family.",
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
    "No layer could provide the right.",
    "Correct the pattern, or declare it.",
    module([user], [`export const one = AppCache.fn("one", { owns: ["usr:{id}"] })`]),
    module([user], [`export const one = AppCache.fn("one", { owns: ["user:{id}"] })`])
  ),
  explain(
    "E0224",
    "A program of one deployment layer writes what another one owns.",
    "A family lives in the deployment layer in which its owner runs.",
    "Move the write to the deployment layer of the owner.",
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
    "A program of one deployment layer reads a family of another one, which is not among its `reads`.",
    "For example, a server cannot read the memory of its clients.",
    "Add the deployment layer to `reads`, or move the program.",
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
    "A module provides the ownership of another family, or gives away a right that it was lent: a borrow, or the " +
      "permission to build its owner.",
    "Each family has one module, and this module provides its ownership. All modules could use what is given away.",
    "Provide the ownership in the module of that family, and keep what is lent within the module. A family of " +
      "another manifest belongs in the `modules` of that manifest; merge the two layers.",
    module([user, profile], [`export const one = AppCache.modules({ profile: AppCache.owner("user") })`]),
    module([user, profile], [`export const one = AppCache.modules({ user: AppCache.owner("user") })`])
  ),
  explain(
    "E0227",
    "A module reads or writes a family of its own, or a part of one, without the owner of that family.",
    "A module brings the owners of its families itself: only `owner` gives the right to use them.",
    "Provide the owner to the module's layer. `Layer.merge` with the owner is not enough: it gives the layer nothing.",
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
    "No family and no reader has the name of the module.",
    "The manifest lists under that name what the module may read.",
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
    "An owner gives a lookup for a family that is not a part of its own family.",
    "Another owner owns that family.",
    "Give it to its own owner, or declare it with `partOf`.",
    module([user, profile], [
      `export const one = AppCache.owner("user", { parts: { profile: { lookup: () => Effect.succeed("Ann") } } })`
    ]),
    module([user, profile], [`export const one = AppCache.owner("profile", { lookup: () => Effect.succeed("Ann") })`])
  ),
  explain(
    "E0230",
    "A capability is written by hand for a pattern that the manifest does not declare, or for a union of patterns.",
    "No layer can provide it, so a program that needs it could never run.",
    "Name a declared pattern. For several, write a union of capabilities, each with one pattern.",
    module([user], [`export type One = Manifest.Owns<"usr:*", AppCache>`]),
    module([user], [`export type One = Manifest.Owns<"user:{id}", AppCache>`])
  ),
  explain(
    "E0232",
    "A lookup reads another key than those that its family derives from.",
    "Types know patterns and not keys, so the engine compares the keys. A change of what was read would not reach " +
      "the " +
      "entry.",
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
    "Rights come only from owners, borrowers and modules. Without them there is no engine, and no owner that may " +
      "load " +
      "or change the entry. Effect's runners print the missing right. `Manifest.provided` and `stateless check` " +
      "print " +
      "this message.",
    "Provide the modules, or the owner of the family. A module whose layer uses `Layer.provide` keeps its right for " +
      "itself, and one with `Layer.provideMerge` passes it on. In a function that other code runs, keep the " +
      "requirement. If the store is missing, provide a tier to the layer of the manifest.",
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
    "`modules` does not share its engine and its rights, so no code outside could own the family. Each read would " +
      "fail.",
    "Add the module that owns the family. Give modules that read each other to one call.",
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
    "The manifest gives the module rights to this engine. The entries of another engine would not see changes of " +
      "this " +
      "one.",
    "Let `modules` build the engine. Provide the layer of another manifest beside them.",
    module([user], [
      "export const one = AppCache.modules({",
      `  user: Layer.provide(AppCache.owner("user"), AppCache.layer)`,
      "})"
    ]),
    module([user], [`export const one = AppCache.modules({ user: AppCache.owner("user") })`])
  ),
  explain(
    "E0237",
    "A program provides another value in the place of the engine of a manifest.",
    "Rights and entries belong to an engine, and only `layer` and `modules` make one. A test does not need another " +
      "one: it builds the layers over a memory store.",
    "Provide `layer` or `modules`.",
    module([user], ["export const one = Effect.provideService(AppCache.stats, AppCache, {})"]),
    module([user], ["export const one = Effect.provide(AppCache.stats, AppCache.layer)"])
  ),
  explain(
    "E0238",
    "An operation is a statement of its own, a condition, the value of a plain function, or stands after `await` or " +
      "`void`. It returns an Effect, which only describes work.",
    "The write does not happen, and a condition is always true, because an Effect is truthy. TypeScript does not " +
      "report it, because it accepts an unused value, and any value as a condition.",
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
    "A declaration lists a pattern in `invalidates` that does not derive from what the declaration owns.",
    "The writes of a function drop what derives from the families that it owns. They drop nothing else, because only " +
      "the owner of a key may drop its entry.",
    "Remove the pattern from `invalidates`. To drop its keys, list it in `owns` and drop them in the body, or " +
      "ask its owner.",
    module([user], [`export const one = AppCache.fn("one", { invalidates: ["user:{id}"] })`]),
    module([user], [
      `export const one = AppCache.fn("one", { owns: ["user:{id}"] })(function*() {`,
      "  yield* AppCache.keys.user.invalidateAll()",
      "})"
    ])
  ),
  explain(
    "E0240",
    "A part (`partOf`) names another layer than the family whose part it is.",
    "A right to the whole covers its parts, so a program of the whole's layer would write and read the other layer.",
    "Remove `layer`: a part is in the layer of its whole. Or use `carvedFrom`, which gives it an owner of its own.",
    module(
      [serverFiles, `facts: { pattern: "files:{id}", partOf: "files", layer: "client" }`],
      [],
      "layers: { client: {}, server: {} }"
    ),
    module([serverFiles, facts], [], "layers: { server: {} }")
  )
]
