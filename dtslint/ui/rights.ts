import { Context, Effect, Layer, ManagedRuntime } from "effect"
import type { Admits, Appoints } from "../../src/capability/Capability.ts"
import * as Manifest from "../../src/manifest/Manifest.ts"
import { AppCache, User, UserId } from "../fixture.ts"

// Rights come from the manifest alone: what a module, a body or a program may not give itself.
const { facts, feed, prefs, profile, user } = AppCache.keys
const id = UserId.make("1")
const ann = new User({ id, name: "Ann" })
class Other extends Manifest.Service<Other>()("Other", { families: { other: { pattern: "other:{id}" } } }) {}
class Svc extends Context.Service<Svc, Effect.Effect<unknown, unknown>>()("Svc") {}

const UserLive = AppCache.owner("user", { lookup: () => Effect.succeed(ann) })
const Prefs = AppCache.owner("prefs", { lookup: () => Effect.succeed({ dark: true }) })
const Profile = AppCache.owner("profile", { lookup: () => Effect.succeed("Ann") })
const ProfileOfUser = AppCache.owner("profile", { lookup: ({ id }) => Effect.map(user.get({ id }), (u) => u.name) })
const ReadsUser = Layer.effect(Svc, Effect.map(user.reader, (reader) => reader.get({ id })))
const WritesPrefs = Layer.effect(Svc, Effect.map(prefs.writer, (writer) => writer.delete({ id: 1 })))
const all: Record<string, Layer.Layer<never>> = { user: Layer.empty }

// A module that reads a family which no module of the call owns is refused.
export const no1 = AppCache.modules({ profile: ProfileOfUser })
export const no2 = AppCache.modules({ analytics: ReadsUser })
export const no3 = AppCache.modules({ analytics: ReadsUser, user: Layer.empty })
export const no4 = AppCache.modules({ analytics: ReadsUser, prefs: Prefs })
export const no5 = AppCache.modules({ analytics: Layer.effectDiscard(AppCache.get("user:1")) })
export const no6 = AppCache.modules({ analytics: Layer.effectDiscard(facts.get({ id: 1 })) })
export const no7 = AppCache.modules({ feed: Layer.effectDiscard(profile.has({ id })) })
export const no8 = AppCache.modules({ analytics: Layer.effectDiscard(user.lease({ id }, { mode: "shared" })) })
export const no9 = AppCache.modules({ reports: { owns: ["profile"], layer: ProfileOfUser } })
export const no10 = AppCache.modules({
  profile: Layer.provide(Layer.effectDiscard(user.get({ id })), Profile),
  feed: Layer.empty
})
export const no11 = AppCache.modules({
  feed: Layer.provide(Layer.effectDiscard(profile.getMany([{ id }])), AppCache.owner("feed"))
})

// A module that makes itself the owner of another family is refused.
export const no12 = AppCache.modules({ analytics: Layer.provide(WritesPrefs, Prefs) })
export const no13 = AppCache.modules({ analytics: WritesPrefs.pipe(Layer.provide(AppCache.owner("prefs"))) })
export const no14 = AppCache.modules({ user: Layer.provideMerge(Layer.provide(WritesPrefs, Prefs), UserLive) })
export const no15 = AppCache.modules({ analytics: Layer.effectDiscard(Effect.provide(prefs.delete({ id: 1 }), Prefs)) })
export const no16 = AppCache.modules({ analytics: Layer.unwrap(Effect.succeed(Layer.provide(WritesPrefs, Prefs))) })
export const no17 = AppCache.modules({ profiles: { owns: ["profile"], layer: Layer.provide(WritesPrefs, Prefs) } })
export const no18 = AppCache.modules({
  profile: Layer.provide(Layer.effectDiscard(feed.delete({ id: 1, page: 1 })), AppCache.owner("feed"))
})

// A module that makes itself a reader of what its line does not list is refused.
export const no19 = AppCache.modules({
  analytics: Layer.effectDiscard(Effect.provide(prefs.get({ id: 1 }), AppCache.borrower("prefs"))),
  prefs: Prefs
})
export const no20 = AppCache.modules({ user: Layer.provide(UserLive, AppCache.borrower("prefs")), prefs: Prefs })
export const no21 = AppCache.modules({
  profile: Layer.provide(ProfileOfUser, AppCache.borrower("feed")),
  user: UserLive
})

// A module that gives away a right which is not its own is refused.
export const no22 = AppCache.modules({ analytics: UserLive })
export const no23 = AppCache.modules({ user: Other.owner("other") })
export const no24 = AppCache.modules({ user: Layer.merge(UserLive, Other.owner("other")) })
export const no25 = AppCache.modules({ users: { owns: ["user"], layer: Other.owner("other") } })
export const no26 = AppCache.modules({ analytics: AppCache.borrower("user"), user: UserLive })
export const no27 = AppCache.modules({ user: UserLive, prefs: Layer.merge(Prefs, Profile) })

// A module that builds an engine of its own is refused.
export const no28 = AppCache.modules({ user: Layer.provide(UserLive, AppCache.layer) })
export const no29 = AppCache.modules({ analytics: AppCache.layer })
export const no30 = AppCache.modules({ analytics: Layer.provide(WritesPrefs, AppCache.modules({ prefs: Prefs })) })
export const no31 = AppCache.modules({ users: { owns: ["user"], layer: Layer.provideMerge(UserLive, AppCache.layer) } })
export const no32 = AppCache.modules({ analytics: Layer.provide(Layer.empty, Manifest.compose(AppCache, Other)) })

// Groups name families that exist, once, and a layer.
export const no33 = AppCache.modules({ users: { owns: ["user", "folows"], layer: UserLive } })
export const no34 = AppCache.modules({ users: { owns: ["user"], layer: UserLive }, user: UserLive })
export const no35 = AppCache.modules({
  users: { owns: ["user"], layer: UserLive },
  people: { owns: ["prefs", "user"], layer: Prefs }
})
export const no36 = AppCache.modules({ users: { owns: ["facts"], layer: Layer.empty } })
export const no37 = AppCache.modules({ users: { owns: ["user"], layer: Effect.void } })
export const no38 = AppCache.modules({ users: { owns: ["user"], layer: UserLive, parts: {} } })
export const no39 = AppCache.modules({ users: { owns: ["user"], layer: Layer.merge(UserLive, Prefs) } })

// What is not a record of modules is refused by one message.
export const no40 = AppCache.modules([UserLive])
export const no41 = AppCache.modules(UserLive)
export const no42 = AppCache.modules(() => UserLive)
export const no43 = AppCache.modules(all)
export const no44 = AppCache.modules({ user: Effect.void })
export const no45 = AppCache.modules({ user: undefined })
export const no46 = AppCache.modules({ user: 1 })
export const no47 = AppCache.modules({ usr: UserLive })

// A body that makes itself an owner or a reader is refused.
export const no48 = AppCache.fn("f", { borrows: ["user:{id}"] })(function*() {
  yield* Effect.provide(prefs.delete({ id: 1 }), Prefs)
})
export const no49 = AppCache.fn("f", { owns: ["user:{id}"] })(function*() {
  yield* Effect.provide(prefs.delete({ id: 1 }), Prefs)
})
export const no50 = AppCache.fn("f", {})(function*() {
  yield* Effect.provide(prefs.get({ id: 1 }), AppCache.borrower("prefs"))
})
export const no51 = AppCache.fn("f", {})(function*() {
  yield* Effect.scoped(Layer.build(Prefs))
})

// A program of modules has no right to appoint.
export const no52 = Effect.runSync(
  Effect.provide(prefs.delete({ id: 1 }), Layer.provide(Prefs, Layer.succeed(Svc, Effect.void)))
)
export const no53 = Effect.runSync(Effect.provide(Effect.void, Prefs))
export const no54 = Effect.runSync(Effect.provide(Effect.void, AppCache.borrower("prefs")))

// A grant, a word or an engine cannot be made by hand.
export const no55 = Effect.provideService(user.get({ id }), AppCache, {})
export const no56 = Effect.provideService(user.get({ id }), AppCache, AppCache)
export const no57 = Layer.succeed(AppCache, { ...AppCache })
export const no58 = Layer.succeed(AppCache, undefined)
export const no59 = Effect.succeed(null! as Appoints<"user:{id}", AppCache>) satisfies Effect.Effect<
  Admits<"user:{id}", AppCache>
>

// A batch takes no write of another manifest.
export const no60 = AppCache.batch([Other.keys.other.setting({ id: 1 }, 1)])
export const no61 = AppCache.batch([user.setting({ id }, ann), Other.keys.other.deleting({ id: 1 })])

// These are right.
export const yes1 = AppCache.modules({ user: UserLive, profile: ProfileOfUser })
export const yes2 = AppCache.modules({
  users: { owns: ["user", "profile"], layer: Layer.provideMerge(ProfileOfUser, UserLive) }
})
export const yes3 = AppCache.modules({
  analytics: ReadsUser,
  people: { owns: ["user"], layer: Layer.provide(Layer.succeed(Svc, Effect.void), UserLive) }
})
export const yes4 = AppCache.modules({ user: Layer.provide(Layer.effectDiscard(user.delete({ id })), UserLive) })
export const yes5 = AppCache.modules({ user: UserLive, prefs: Layer.empty })
export const yes6 = Prefs.pipe(Layer.provideMerge(AppCache.layer))
export const yes7 = Layer.mergeAll(UserLive, Other.owner("other")).pipe(
  Layer.provide(Manifest.compose(AppCache, Other))
)
export const yes8 = Effect.flatMap(AppCache, (cache) => cache.keys.user.get({ id }))

// A module whose requirements are unknown is not taken for one that builds an engine.
declare const legacy: Effect.Effect<User, never, unknown>
export const no62 = AppCache.modules({ user: AppCache.owner("user", { lookup: () => legacy }) })

// A runtime provides what its layer gives, and a program may require more.
declare const live: Layer.Layer<AppCache | Appoints<string, AppCache>>
const runtime = ManagedRuntime.make(Layer.provideMerge(Layer.orDie(Prefs), live))
export const no63 = runtime.runPromise(user.get({ id }))
export const no64 = runtime.runFork(Effect.all([prefs.get({ id: 1 }), user.delete({ id }), profile.get({ id })]))
export const no65 = runtime.runSync(Other.stats)
export const no66 = user.get({ id }).pipe(runtime.runPromise)
export const no67 = Effect.runPromiseWith(Effect.runSync(runtime.contextEffect))(user.get({ id }))
