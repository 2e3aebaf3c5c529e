import { Context, Effect, Layer, Option, pipe, Schema, Stream } from "effect"
import * as Manifest from "../../src/manifest/Manifest.ts"
import { AppCache, Db, User, UserId } from "../fixture.ts"

const { audit, feed, files, prefs, user } = AppCache.keys
const id = UserId.make("1")
declare const ann: User
declare const maybe: { readonly id?: typeof UserId.Type } | undefined
declare const flag: boolean

class Page extends Schema.Class<Page>("Page")({ title: Schema.String, tags: Schema.Array(Schema.String) }) {}
const PageNumber = Schema.Number.pipe(Schema.brand("PageNumber"))
export class Pages extends Manifest.Service<Pages>()("Pages", {
  families: { page: { pattern: "page:{number}", value: Page, params: { number: PageNumber } } }
}) {}

export const calls = [
  user.get({ id: maybe?.id }),
  feed.get({ ...maybe, page: 1 }),
  feed.getMany({ id, page: 1 }),
  prefs.warm([id]),
  Stream.make("1").pipe(Stream.mapEffect((id) => user.get({ id }))),
  Pages.keys.page.get({ number: 1 }),
  Pages.keys.page.set({ number: PageNumber.make(1) }, { title: "One", tags: ["a", 2] }),
  Pages.keys.page.update({ number: PageNumber.make(1) }, (was) => ({ ...was, tags: "a" })),
  user.set({ id }, Db.use((db) => db.userById(id))),
  prefs.set({ id }, null),
  prefs.set({ id }),
  AppCache.keys.usr.get({ id })
]

export const keys = [
  <K extends string>(key: K) => AppCache.get(key),
  AppCache.get(flag ? "user:1" : "usr:1"),
  AppCache.get(`${flag ? "user" : "prefs"}:1`),
  AppCache.invalidate("user:*:posts"),
  pipe("files:*", AppCache.invalidate),
  AppCache.batch([user.set({ id }, ann)])
]

export const borrowed = Effect.gen(function*() {
  const reader = yield* user.reader
  yield* reader.update({ id }, (was) => was)
  yield* reader.invalidateAll()
})

export const lookups = [
  AppCache.owner("files", { lookup: ({ "*": rest }) => audit.get({ id: rest }) }),
  AppCache.owner("prefs", { lookup: ({ di }) => Effect.succeed({ dark: di === 1 }) }),
  AppCache.owner("prefs", { lookup: () => Effect.succeed(Option.some({ dark: true })) }),
  AppCache.owner("prefs", { lookup: Effect.succeed({ dark: true }) }),
  AppCache.owner("prefs", { lookup: () => Effect.tryPromise(() => Promise.resolve({ dark: true })) }),
  AppCache.delegate("facts", { lookup: () => Effect.succeed("one") }),
  AppCache.owner("feed", { warm: { keys: [{ id: 1, page: true }, { id: 1 }] } }),
  AppCache.owner("user", { warm: { keys: Effect.succeed([{ id: "1" }]) } })
]

class Reports extends Context.Service<Reports, { readonly run: Effect.Effect<void> }>()("Reports") {}
export const modules = [
  AppCache.modules({ analytics: Layer.effect(Reports, Effect.as(prefs.writer, { run: Effect.void })) }),
  AppCache.modules({ user: Effect.void }),
  AppCache.inLayer("sever")(files.invalidateAll())
]

export class Users {
  readonly rename = AppCache.fn("Users.rename", { borrows: ["user:{id}"] })(function*(name: string) {
    yield* user.update({ id }, (was) => new User({ ...was, name }))
  })

  readonly save = AppCache.fn("Users.save", { owns: ["user:{id}"] })(async () => {})
}

export class Copied extends Manifest.Service<AppCache>()("Copied", { families: { all: { pattern: "all:*" } } }) {}
export const copied = Copied.owner("all")
export class Nameless extends Manifest.Service()("Nameless", { families: { all: { pattern: "all:*" } } }) {}
export const nameless = Nameless.borrower("all")
