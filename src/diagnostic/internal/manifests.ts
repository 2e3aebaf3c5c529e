/**
 * The codes of manifests, explained.
 */
import { atRunTime, explain, type Explained, module, serverUser, user } from "./explained.ts"

export const manifests: ReadonlyArray<Explained> = [
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
    "A layer is named that the manifest does not declare, or it is not known which one is named.",
    "Rules about layers would silently not apply.",
    "Declare it under `layers`, or correct the name. Write one name, and lists of names in place.",
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
    "An option does not exist, or something else stands where options belong.",
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
    "A part of a manifest, or an option of a write, has another shape than its type says: a class in the place of a " +
      "Schema, one pattern in the place of a list, a time with a unit that there is not, a parameter that is no text " +
      "and has no Schema.",
    "Nothing can be checked about it. Where a manifest is built from data, the run time finds it.",
    "Give it the shape of the message. A type without a codec is named by `Manifest.type<A>()`.",
    module([`user: { pattern: "user:{id}", value: String }`]),
    module([`user: { pattern: "user:{id}", value: Schema.String }`], [], "", `import { Schema } from "effect"`)
  ),
  explain(
    "E0409",
    "`params` has a name that is no parameter of the pattern.",
    "Its codec would never be used.",
    "Correct the name.",
    module([`user: { pattern: "user:{id}", params: { di: Manifest.type<string>() } }`]),
    module([`user: { pattern: "user:{id}", params: { id: Manifest.type<string>() } }`])
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
    "One change of the source then drops the entries of every value of that parameter. That may be " +
      "meant, or a misspelt name.",
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
    "Two manifests have one name, or two engines of one manifest are over one store.",
    "Entries go by that name, so those of the one would be taken for those of the other.",
    "Give each manifest a name of its own, and build the layers of each once.",
    module([user], [
      `class Other extends Manifest.Service<Other>()("AppCache", { families: { all: { pattern: "other:*" } } }) {}`,
      "export const one = Manifest.compose(AppCache, Other)"
    ]),
    module([user], [
      `class Other extends Manifest.Service<Other>()("Other", { families: { all: { pattern: "other:*" } } }) {}`,
      "export const one = Manifest.compose(AppCache, Other)"
    ])
  ),
  explain(
    "E0414",
    "The families of a manifest, modules, or options of an owner are computed, so the compiler does not know them by " +
      "name.",
    "It could check nothing about them, and would offer no accessor.",
    "Write them as literals. An interface or a class is what it has. A manifest from data is cast, and is checked " +
      "when its layers are built, with the same findings.",
    [
      `import * as Manifest from "effect-stateless/manifest/Manifest"`,
      "",
      "declare const data: { readonly [name: string]: { readonly pattern: string } }",
      `export class AppCache extends Manifest.Service<AppCache>()("AppCache", { families: data }) {}`,
      ""
    ].join("\n"),
    [
      `import * as Manifest from "effect-stateless/manifest/Manifest"`,
      "",
      "declare const data: { readonly [name: string]: { readonly pattern: string } }",
      `export const AppCache = Manifest.Service<never>()("AppCache", { families: data } as never)`,
      ""
    ].join("\n")
  ),
  explain(
    "E0415",
    "A manifest is given another class than its own, or none.",
    "Rights name the class. Those of this manifest would pass for those of the other, and at run time they do not.",
    "Name the class itself, and give the manifest its name.",
    module([user], [
      `class Other extends Manifest.Service<AppCache>()("Other", { families: { all: { pattern: "all:*" } } }) {}`,
      `export const one = Other.owner("all")`
    ]),
    module([user], [
      `class Other extends Manifest.Service<Other>()("Other", { families: { all: { pattern: "all:*" } } }) {}`,
      `export const one = Other.owner("all")`
    ])
  ),
  explain(
    "E0416",
    "A family derives from another, and both spell a parameter in different ways.",
    "A change reaches what derives from it by the texts of its parameters. Spelt in two ways, the keys would not " +
      "meet, and what was derived would stay as it was.",
    "Give both the same codec in `params`: the same constant, or one that differs by brands and checks alone.",
    module(
      [
        `src: { pattern: "src:{at}", params: { at: Schema.NumberFromString } }`,
        `view: { pattern: "view:{at}", derives: ["src:{at}"] }`
      ],
      [],
      "",
      `import * as Schema from "effect/Schema"`
    ),
    module(
      [
        `src: { pattern: "src:{at}", params: { at: Schema.NumberFromString } }`,
        `view: { pattern: "view:{at}", params: { at: Schema.NumberFromString }, derives: ["src:{at}"] }`
      ],
      [],
      "",
      `import * as Schema from "effect/Schema"`
    )
  ),
  explain(
    "E0417",
    "An option of a manifest, a family, a reader, a layer or a declaration, or a module, may be given, or may be " +
      "missing: its type has a `?`, or is a choice with `undefined`. Or it is one of several.",
    "The compiler cannot know which of the two a program gets. What it checked of one would not hold for the other. " +
      "Without `strict` in the tsconfig every option may be missing.",
    "Give it always, or never. An option that is `undefined` was not given. For two programs that differ, declare " +
      "two manifests. Options that no type depends on, such as `timeToLive`, may be missing.",
    module(
      [user, `profile: { pattern: "profile:{id}", ...(isRich ? { derives: ["user:{id}"] as const } : {}) }`],
      [],
      "",
      "declare const isRich: boolean"
    ),
    module([user, `profile: { pattern: "profile:{id}", derives: ["user:{id}"] }`])
  )
]
