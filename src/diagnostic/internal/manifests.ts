/**
 * The codes of manifests, explained.
 */
import type { Explained } from "../types/explained.ts"
import { otherNames } from "../types/otherCaches.ts"
import { atRunTime, explain, module, serverUser, user } from "./explained.ts"

// `ttl`, `maxAge` for `timeToLive`; `load` for `lookup`
const otherNamesText = Array.from(
  Map.groupBy(Object.entries(otherNames), ([, ours]) => ours),
  ([ours, others]) => `${others.map(([other]) => `\`${other}\``).join(", ")} for \`${ours}\``
).join("; ")

export const manifests: ReadonlyArray<Explained> = [
  explain(
    "E0401",
    "Families derive from each other in a circle.",
    "A write to one family would invalidate the next one, and so on without end.",
    "Remove one of the references, or split a family.",
    module([`a: { pattern: "a:{id}", derives: ["b:{id}"] }`, `b: { pattern: "b:{id}", derives: ["a:{id}"] }`]),
    module([`a: { pattern: "a:{id}", derives: ["b:{id}"] }`, `b: { pattern: "b:{id}" }`])
  ),
  explain(
    "E0402",
    "`derives` or `borrows` names something that no family declares.",
    "A family that does not exist cannot change, and cannot be read.",
    "Correct the pattern, or declare it.",
    module([user, `profile: { pattern: "profile:{id}", derives: ["usr:{id}"] }`]),
    module([user, `profile: { pattern: "profile:{id}", derives: ["user:{id}"] }`])
  ),
  explain(
    "E0403",
    "A family derives from or borrows a family of a deployment layer that its own deployment layer does not read.",
    "A lookup of its deployment layer could not read the entry.",
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
    "A deployment layer has a name that the manifest does not declare, or the compiler does not know the name.",
    "The rules about deployment layers would not apply, and no error would say so.",
    "Declare the deployment layer under `layers`, or correct the name. Write one name as a literal, and lists of " +
      "names in place.",
    module([serverUser, `other: { pattern: "other:{id}", layer: "srver" }`], [], "layers: { server: {} }"),
    module([serverUser], [], "layers: { server: {} }")
  ),
  explain(
    "E0405",
    "A deployment layer has no use.",
    "It has no family and no reader, reads no other one, and no other one reads it. So its programs may do nothing.",
    "Say in its `reads` which layers its programs may read, place a family in it, or remove it.",
    module([serverUser], [], "layers: { server: {}, edge: {} }"),
    module([serverUser], [], `layers: { server: {}, edge: { reads: ["server"] } }`)
  ),
  explain(
    "E0406",
    "An option does not exist, another value stands in the place of the options, or a family stands beside the " +
      "sections of the manifest.",
    "The cache would ignore the option without a word.",
    `Correct its name. Names of other caches and ours: ${otherNamesText}.`,
    module([`user: { pattern: "user:{id}", timetoLive: "1 minute" }`]),
    module([`user: { pattern: "user:{id}", timeToLive: "1 minute" }`])
  ),
  explain(
    "E0407",
    "A family and a reader have the same name.",
    "A module of that name could mean the family or the reader.",
    "Rename the reader, or list what it reads in `borrows` of the family.",
    module([user], [], "readers: { user: { borrows: [] } }"),
    module([user], [], "readers: { users: { borrows: [] } }")
  ),
  explain(
    "E0408",
    "A part of a manifest, an option of a write, or an argument of `transaction` has another shape than its type " +
      "says: a class in the place of a Schema, one pattern in the place of a list, a time with an unknown unit, a " +
      "parameter that is not a text and has no Schema, a Schema of a parameter that does not encode to a text, or a " +
      "Schema that requires services.",
    "It cannot be checked. If the manifest is built from data, the run time finds the mistake.",
    "Give it the shape that the message names. Use `Manifest.type<A>()` for a type without a codec.",
    module([`user: { pattern: "user:{id}", value: String }`]),
    module([`user: { pattern: "user:{id}", value: Schema.String }`], [], "", `import { Schema } from "effect"`)
  ),
  explain(
    "E0409",
    "`params` has a name that is not a parameter of the pattern.",
    "Its codec would never be used.",
    "Correct the name.",
    module([`user: { pattern: "user:{id}", params: { di: Manifest.type<string>() } }`]),
    module([`user: { pattern: "user:{id}", params: { id: Manifest.type<string>() } }`])
  ),
  atRunTime(
    "E0410",
    "A manifest declares more families than are supported.",
    "The checks and the plans of invalidation are bounded.",
    "Split it into several manifests, and compose them."
  ),
  explain(
    "E0411",
    "A family derives from another family without one of its parameters, and has a parameter that the reference does " +
      "not bind.",
    "One change of the source then drops the entries for every value of that parameter. This can be the " +
      "intention, or a misspelt name.",
    "Give the parameters the same name, or write `fanout: true`.",
    module([user, `profile: { pattern: "profile:{user}", derives: ["user:{id}"] }`]),
    module([user, `profile: { pattern: "profile:{id}", derives: ["user:{id}"] }`])
  ),
  explain(
    "E0412",
    "Two manifests over one store share a key.",
    "Each manifest would act as the owner of the key.",
    "Declare the key in one of the manifests, or give each manifest its own store.",
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
    "The store finds entries by that name, so it would mix the entries of both.",
    "Give each manifest its own name, and build the layers of each manifest once. In watch mode a module that is " +
      "loaded again is another manifest of the same name. It may share a folder with the old one while the families " +
      "of both are the same; otherwise dispose the old runtime first.",
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
    "The names of families, of modules, or of options of an owner are computed, so the compiler does not know them.",
    "The compiler could not check them, and could not offer an accessor.",
    "Write the names as literals. The compiler also knows the members of an interface or a class. Cast a manifest " +
      "that is built from data: it is checked when its layers are built, with the same findings.",
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
    "The type argument of a manifest is another class than the manifest itself, or `any`, or it is missing, or the " +
      "first of the two calls is.",
    "Rights name the class. The compiler would accept rights to this manifest as rights to the other class, and the " +
      "run time would refuse them.",
    "Name the class itself, and give the manifest its name. In JavaScript a cast in a comment gives the type " +
      "argument: class AppCache extends /** @type {typeof Manifest.Service<AppCache>} */ " +
      "(Manifest.Service)()(\"AppCache\", ...).",
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
    "A family derives from another family, and they turn a parameter into text in different ways.",
    "A change finds its dependents by the texts of the parameters. With two texts for one value, a change would not " +
      "find them, and they would stay stale.",
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
      "missing: its type has a `?`, or is a union with `undefined`. Or it is one of several. Or the options of an " +
      "owner are one of several objects, and only some of them have the option.",
    "The compiler cannot know which of the two a program gets, and a check of one does not hold for the other. " +
      "Without `strict` in the tsconfig every option may be missing.",
    "Give it always, or never. An option that is `undefined` counts as not given. For two different programs, " +
      "declare " +
      "two manifests. An option that no type depends on, such as `timeToLive`, may be missing. Of an owner, choose " +
      "the option and not the object: `{ lookup: flag ? load : undefined }`.",
    module(
      [user, `profile: { pattern: "profile:{id}", ...(isRich ? { derives: ["user:{id}"] as const } : {}) }`],
      [],
      "",
      "declare const isRich: boolean"
    ),
    module([user, `profile: { pattern: "profile:{id}", derives: ["user:{id}"] }`])
  )
]
