/**
 * The codes of patterns and keys, explained.
 */
import type { Explained } from "../types/explained.ts"
import { explain, facts, files, module, profile, user } from "./explained.ts"

export const patterns: ReadonlyArray<Explained> = [
  explain(
    "E0101",
    "A raw key belongs to no family of the manifest.",
    "No family owns such a key, so no owner can load or invalidate it.",
    "Declare a family whose pattern matches the key, or correct the key.",
    module([user], [`export const one = AppCache.get("usr:42")`]),
    module([user], [`export const one = AppCache.get("user:42")`])
  ),
  explain(
    "E0102",
    "A pattern lies inside another one, and the manifest does not say who owns it.",
    "The owner of `user:*` owns every key below it. A silent exception would take keys away from this owner " +
      "without its knowledge.",
    "`partOf` keeps the owner and gives the part its own type and policy; `carvedFrom` gives it an owner of its own.",
    module([`user: { pattern: "user:*" }`, `photo: { pattern: "user:{id}:photo" }`]),
    module([`user: { pattern: "user:*" }`, `photo: { pattern: "user:{id}:photo", partOf: "user" }`])
  ),
  explain(
    "E0103",
    "A pattern is malformed, or it is not known which pattern it is.",
    "A segment is text, `{name}`, or a last `*`, and one `:` separates two segments. With these rules every " +
      "question about patterns has an exact answer. Parameters as other libraries write them (`user/:id`, " +
      "`user.:id`, `user:$id`, `user:<id>`, `user:[id]`) would be texts, and the pattern would have one key.",
    "Write whole segments, each pattern as a literal, and lists of patterns in place.",
    module([`user: { pattern: "user{id}" }`]),
    module([`user: { pattern: "user:{id}" }`])
  ),
  explain(
    "E0104",
    "Two families have the same keys, with parameters of other names.",
    "Each key has one family. The family gives the key its type, policy and owner.",
    "Keep one of them.",
    module([`user: { pattern: "user:{id}" }`, `person: { pattern: "user:{name}" }`]),
    module([`user: { pattern: "user:{id}" }`, `person: { pattern: "person:{name}" }`])
  ),
  explain(
    "E0105",
    "Two patterns share keys, and neither lies inside the other.",
    "The shared keys would have two families, and any rule that chooses one of them would be arbitrary.",
    "Change a segment, so that they share no key or one lies inside the other.",
    module([`byShop: { pattern: "price:{shop}:now" }`, `berlin: { pattern: "price:berlin:*" }`]),
    module([`byShop: { pattern: "price:{shop}:now" }`, `berlin: { pattern: "history:berlin:*" }`])
  ),
  explain(
    "E0106",
    "A text is not one key.",
    "A key is a list of segments that are not empty. It does not contain `{`, `}` or `*`, so a value never becomes a " +
      "pattern.",
    "Name one key, or invalidate many keys of a family with `invalidateWhere`.",
    module([user], [`export const one = AppCache.delete("user:{id}")`]),
    module([user], [`export const one = AppCache.keys.user.invalidateWhere({})`])
  ),
  explain(
    "E0107",
    "A raw key is a plain `string`.",
    "The compiler cannot see the family of the key, so it knows neither the type nor the right that the key needs.",
    "Use the family's accessor. Or write the key as a template, and make each text in it a segment with " +
      "`Key.segmentUnsafe`, which throws if the text has a colon.",
    module([user], ["export const one = (key: string) => AppCache.get(key)"]),
    module([user], ["export const one = (id: string) => AppCache.keys.user.get({ id })"])
  ),
  explain(
    "E0108",
    "A raw key is a union of keys of several families.",
    "Each family has its own value type and owner, and a union would mix them.",
    "Handle the keys one by one.",
    module([user, profile], [`export const one = (key: "user:1" | "profile:1") => AppCache.get(key)`]),
    module([user, profile], [`export const one = [AppCache.get("user:1"), AppCache.get("profile:1")]`])
  ),
  explain(
    "E0109",
    "A parameter's value is missing, is refused by its codec, or is not one segment of a key.",
    "An empty text, or one with `:`, `{`, `}` or `*`, would spell another key than the one that is meant.",
    "Encode the value before you use it as a parameter.",
    module([user], [`export const one = AppCache.keys.user.get({ id: "a:b" })`]),
    module([user], [`export const one = AppCache.keys.user.get({ id: encodeURIComponent("a:b") })`]),
    "the run time"
  ),
  explain(
    "E0110",
    "The parameters of a family spell a key of a more specific one.",
    "That key belongs to the more specific family, which has its own type and policy.",
    "Use the accessor of the more specific family.",
    module([files, facts], [`export const one = AppCache.keys.files.get({ "*": "7" })`]),
    module([files, facts], ["export const one = AppCache.keys.facts.get({ id: 7 })"]),
    "the run time"
  ),
  explain(
    "E0111",
    "A template of a raw key, or of a pattern to invalidate, has a plain text in it.",
    "The text may contain a colon. Then it names a key of another family, with another type.",
    "Use the family's accessor, or make the text a segment with `Key.segmentUnsafe`, which throws if the text has a " +
      "colon.",
    module([user], ["export const one = (id: string) => AppCache.get(`user:${id}`)"]),
    module(
      [user],
      ["export const one = (id: string) => AppCache.get(`user:${Key.segmentUnsafe(id)}`)"],
      "",
      `import * as Key from "effect-stateless/pattern/Key"`
    )
  ),
  explain(
    "E0112",
    "The parameters of a key lack a name of the pattern, have a name that the pattern does not have, or are not an " +
      "object.",
    "A key has one text for each name, in the order of the pattern. With a missing text it would be another key. A " +
      "name too many shows that the caller thought of another family.",
    "Give an object with a value for each name in braces, and nothing else. A whole key, such as `user:1`, is for " +
      "the `get` of the manifest: `AppCache.get(\"user:1\")`.",
    module([user], ["export const one = AppCache.keys.user.get({ name: 1 })"]),
    module([user], ["export const one = AppCache.keys.user.get({ id: 1 })"])
  ),
  explain(
    "E0113",
    "A parameter has another type than the manifest declares for it.",
    "Ids of two families may look alike. With a type for each of them, the compiler refuses the id of one family " +
      "in a " +
      "key of the other.",
    "Give a value of the type that `params` declares. If it declares none, give a string, a number or a bigint.",
    module(
      [`user: { pattern: "user:{id}", params: { id: Schema.NumberFromString } }`],
      [`export const one = AppCache.keys.user.get({ id: "1" })`],
      "",
      `import * as Schema from "effect/Schema"`
    ),
    module(
      [`user: { pattern: "user:{id}", params: { id: Schema.NumberFromString } }`],
      ["export const one = AppCache.keys.user.get({ id: 1 })"],
      "",
      `import * as Schema from "effect/Schema"`
    )
  ),
  explain(
    "E0114",
    "A value has another type than its family declares.",
    "Every reader of the key gets the declared type, so every writer must give it.",
    "Give a value of the type that the family declares as `value`, or change what it declares. A lookup that finds " +
      "no value answers `Lookup.absent`, and not `undefined`, `null` or `Option.none()`.",
    module([user], ["export const one = AppCache.keys.user.set({ id: 1 }, 5)"]),
    module([user], [`export const one = AppCache.keys.user.set({ id: 1 }, "Ann")`])
  ),
  explain(
    "E0115",
    "A batch contains something that is not a write.",
    "An Effect that writes does so when it runs. A batch does all of its writes in one step, so it must know all of " +
      "them before the first one.",
    "Use `setting` and `deleting` of accessors. They say what to write, and do not run.",
    module([user], [`export const one = AppCache.batch([AppCache.keys.user.set({ id: 1 }, "Ann")])`]),
    module([user], [`export const one = AppCache.batch([AppCache.keys.user.setting({ id: 1 }, "Ann")])`])
  )
]
