// dprint-ignore-file: an expected error stands above its line
import { Context, Effect, Layer } from "effect"
import { describe, expect, test } from "tstyche"
import type { CacheError } from "../src/cache/CacheError.ts"
import type { Admits, Appoints } from "../src/capability/Capability.ts"
import * as Manifest from "../src/manifest/Manifest.ts"
import { AppCache, User, UserId } from "./fixture.ts"

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
declare const either: "user" | "prefs"
declare const eitherList: readonly ["user"] | readonly ["prefs"]
declare const someList: ReadonlyArray<"user">
declare const eitherGroup: { readonly owns: readonly ["user"]; readonly layer: typeof UserLive } | { readonly owns: readonly ["prefs"]; readonly layer: typeof Prefs }
declare const flag: boolean
declare const legacy: Effect.Effect<User, never, unknown>
const all: Record<string, Layer.Layer<never>> = { user: Layer.empty }

describe("rights", () => {
  test("a module that reads a family which no module of the call owns is refused", () => {
    // @ts-expect-error E0234: module 'profile' reads 'user:{id}', and no module here has the owner of 'user'
    AppCache.modules({ profile: ProfileOfUser })
    // @ts-expect-error E0234: module 'analytics' reads 'user:{id}', and no module here has the owner of 'user'
    AppCache.modules({ analytics: ReadsUser })
    // @ts-expect-error E0234: module 'analytics' reads 'user:{id}', and no module here has the owner of 'user'
    AppCache.modules({ analytics: ReadsUser, user: Layer.empty })
    // @ts-expect-error E0234: module 'analytics' reads 'user:{id}', and no module here has the owner of 'user'
    AppCache.modules({ analytics: ReadsUser, prefs: Prefs })
    // @ts-expect-error E0234: module 'analytics' reads 'user:{id}', and no module here has the owner of 'user'
    AppCache.modules({ analytics: Layer.effectDiscard(AppCache.get("user:1")) })
    // @ts-expect-error E0234: module 'analytics' reads 'files:{id}:facts', and no module here has the owner of 'files'
    AppCache.modules({ analytics: Layer.effectDiscard(facts.get({ id: 1 })) })
    // @ts-expect-error E0234: module 'feed' reads 'profile:{id}', and no module here has the owner of 'profile'
    AppCache.modules({ feed: Layer.effectDiscard(profile.has({ id })) })
    // @ts-expect-error E0234: module 'analytics' reads 'user:{id}', and no module here has the owner of 'user'
    AppCache.modules({ analytics: Layer.effectDiscard(user.lease({ id }, { mode: "shared" })) })
    // @ts-expect-error E0234: module 'reports' reads 'user:{id}', and no module here has the owner of 'user'
    AppCache.modules({ reports: { owns: ["profile"], layer: ProfileOfUser } })
    // @ts-expect-error E0234: module 'profile' reads 'user:{id}', and no module here has the owner of 'user'
    AppCache.modules({ profile: Layer.provide(Layer.effectDiscard(user.get({ id })), Profile), feed: Layer.empty })
    // @ts-expect-error E0234: module 'feed' reads 'profile:{id}', and no module here has the owner of 'profile'
    AppCache.modules({ feed: Layer.provide(Layer.effectDiscard(profile.getMany([{ id }])), AppCache.owner("feed")) })
  })

  test("a module that makes itself the owner of another family is refused", () => {
    // @ts-expect-error E0214: module 'analytics' makes itself the owner of 'prefs:{id}', but the manifest only lets it
    AppCache.modules({ analytics: Layer.provide(WritesPrefs, Prefs) })
    // @ts-expect-error E0214: module 'analytics' makes itself the owner of 'prefs:{id}', but the manifest only lets it
    AppCache.modules({ analytics: WritesPrefs.pipe(Layer.provide(AppCache.owner("prefs"))) })
    // @ts-expect-error E0214: module 'user' makes itself the owner of 'prefs:{id}', but the manifest only lets it borro
    AppCache.modules({ user: Layer.provideMerge(Layer.provide(WritesPrefs, Prefs), UserLive) })
    // @ts-expect-error E0214: module 'analytics' makes itself the owner of 'prefs:{id}', but the manifest only lets it
    AppCache.modules({ analytics: Layer.effectDiscard(Effect.provide(prefs.delete({ id: 1 }), Prefs)) })
    // @ts-expect-error E0214: module 'analytics' makes itself the owner of 'prefs:{id}', but the manifest only lets it
    AppCache.modules({ analytics: Layer.unwrap(Effect.succeed(Layer.provide(WritesPrefs, Prefs))) })
    // @ts-expect-error E0214: module 'profiles' makes itself the owner of 'prefs:{id}', but the manifest only lets it b
    AppCache.modules({ profiles: { owns: ["profile"], layer: Layer.provide(WritesPrefs, Prefs) } })
    // @ts-expect-error E0214: module 'profile' makes itself the owner of 'feed:{id}:{page}', but the manifest only lets
    AppCache.modules({ profile: Layer.provide(Layer.effectDiscard(feed.delete({ id: 1, page: 1 })), AppCache.owner("feed")) })
  })

  test("a module that makes itself a reader of what its line does not list is refused", () => {
    // @ts-expect-error E0214: module 'analytics' makes itself a reader of 'prefs:{id}', but the manifest only lets it b
    AppCache.modules({ analytics: Layer.effectDiscard(Effect.provide(prefs.get({ id: 1 }), AppCache.borrower("prefs"))), prefs: Prefs })
    // @ts-expect-error E0214: module 'user' makes itself a reader of 'prefs:{id}', but the manifest only lets it borrow
    AppCache.modules({ user: Layer.provide(UserLive, AppCache.borrower("prefs")), prefs: Prefs })
    // @ts-expect-error E0214: module 'profile' makes itself a reader of 'feed:{id}:{page}', but the manifest only lets
    AppCache.modules({ profile: Layer.provide(ProfileOfUser, AppCache.borrower("feed")), user: UserLive })
  })

  test("a module reads no more than rights exist for, through what its family derives from", () => {
    class Parts extends Manifest.Service<Parts>()("Parts", {
      families: {
        user: { pattern: "user:{id}" },
        vip: { pattern: "vip:{id}", derives: ["user:42"] },
        after: { pattern: "after:{id}", derives: ["vip:{id}"] },
        mid: { pattern: "mid:{id}", derives: ["user:{id}"] },
        far: { pattern: "far:{id}", derives: ["mid:42"] },
        files: { pattern: "files:*" },
        facts: { pattern: "files:facts:{id}", partOf: "files", derives: ["mid:{id}"] },
        secret: { pattern: "files:secret:{id}", carvedFrom: "files" },
        whole: { pattern: "whole:{id}", derives: ["files:*"], fanout: true },
        digest: { pattern: "digest:{id}", derives: ["files:facts:{id}"] }
      }
    }) {}
    const { facts, files, mid, secret, user, vip } = Parts.keys
    const owners = { user: Parts.owner("user"), vip: Parts.owner("vip"), mid: Parts.owner("mid"), files: Parts.owner("files"), secret: Parts.owner("secret") }
    const p = { id: 1 }
    Parts.modules({ ...owners, after: Layer.effectDiscard(vip.has(p)), whole: Layer.effectDiscard(Effect.all([files.has({ "*": "a" }), facts.has(p), mid.has(p), user.has(p)])), digest: Layer.effectDiscard(Effect.all([facts.has(p), mid.has(p), user.has(p)])) })
    // @ts-expect-error E0214: module 'vip' reads 'user:{id}', but the manifest only lets it borrow 'user:42'; help: add
    Parts.modules({ ...owners, vip: Layer.effectDiscard(user.has(p)) })
    // @ts-expect-error E0214: module 'after' reads 'user:{id}', but the manifest only lets it borrow 'vip:{id}'; help:
    Parts.modules({ ...owners, after: Layer.effectDiscard(user.has(p)) })
    // @ts-expect-error E0214: module 'far' reads 'mid:{id}', but the manifest only lets it borrow 'mid:42'; help: add w
    Parts.modules({ ...owners, far: Layer.effectDiscard(mid.has(p)) })
    // @ts-expect-error E0214: module 'far' reads 'user:{id}', but the manifest only lets it borrow 'mid:42'; help: add
    Parts.modules({ ...owners, far: Layer.effectDiscard(user.has(p)) })
    Parts.modules({ ...owners, whole: Layer.effectDiscard(secret.has(p)) })
    // @ts-expect-error E0214: module 'digest' reads 'files:secret:{id}', but the manifest only lets it borrow 'files:fa
    Parts.modules({ ...owners, digest: Layer.effectDiscard(secret.has(p)) })
    // @ts-expect-error E0214: module 'digest' reads 'files:*', but the manifest only lets it borrow 'files:facts:{id}';
    Parts.modules({ ...owners, digest: Layer.effectDiscard(files.has({ "*": "a" })) })
    // @ts-expect-error E0211: the lookup of family 'vip' reads 'user:{id}', which 'vip' does not derive from
    Parts.owner("vip", { lookup: () => user.has({ id: 42 }) })
    // @ts-expect-error E0211: the lookup of family 'far' reads 'user:{id}', which 'far' does not derive from
    Parts.owner("far", { lookup: () => user.has({ id: 42 }) })
  })

  test("a lookup reads what is carved out of its sources where each change reaches it, and nowhere else", () => {
    class Carved extends Manifest.Service<Carved>()("Carved", {
      families: {
        files: { pattern: "files:*" },
        secret: { pattern: "files:secret:{id}", carvedFrom: "files" },
        inner: { pattern: "files:secret:{id}:*", carvedFrom: "files" },
        whole: { pattern: "whole:{id}", derives: ["files:*"], fanout: true },
        after: { pattern: "after:{id}", derives: ["whole:{id}"] },
        some: { pattern: "some:{id}", derives: ["files:secret:*"], fanout: true },
        one: { pattern: "one:{id}", derives: ["files:secret:1"], fanout: true },
        around: { pattern: "around:{id}", derives: ["files:secret:{id}"] }
      }
    }) {}
    const { files, inner, secret } = Carved.keys
    const both = Effect.all([secret.has({ id: 1 }), inner.has({ id: 1, "*": "a" })])
    expect(Carved.owner).type.toBeCallableWith("whole", { lookup: () => both })
    expect(Carved.owner).type.toBeCallableWith("after", { lookup: () => both })
    expect(Carved.owner).type.toBeCallableWith("some", { lookup: () => both })
    Carved.modules({
      whole: Carved.owner("whole", { lookup: () => both }),
      secret: Carved.owner("secret"),
      inner: Carved.owner("inner")
    })
    // @ts-expect-error E0211: the lookup of family 'one' reads 'files:secret:{id}', which 'one' does not derive from
    Carved.owner("one", { lookup: () => secret.has({ id: 1 }) })
    // @ts-expect-error E0211: the lookup of family 'around' reads 'files:*', which 'around' does not derive from
    Carved.owner("around", { lookup: () => files.has({ "*": "a" }) })
    // @ts-expect-error E0211: the lookup of family 'around' reads 'files:secret:{id}:*', which 'around' does not derive from
    Carved.owner("around", { lookup: () => inner.has({ id: 1, "*": "a" }) })
    // @ts-expect-error E0211: the lookup of family 'some' reads 'files:*', which 'some' does not derive from
    Carved.owner("some", { lookup: () => files.has({ "*": "a" }) })
  })

  test("a lookup that reads its own family, or what derives from it, is not sent to derives", () => {
    // @ts-expect-error E0211: the lookup of family 'user' reads 'user:{id}', its own family, which cannot derive from itself
    AppCache.owner("user", { lookup: ({ id }) => user.get({ id }) })
    // @ts-expect-error E0211: the lookup of family 'user' reads 'profile:{id}', which derives from 'user' itself; help: read
    AppCache.owner("user", { lookup: ({ id }) => Effect.as(profile.get({ id }), ann) })
    // @ts-expect-error E0211: the lookup of family 'user' reads 'feed:{id}:{page}', which derives from 'user' itself; help:
    AppCache.owner("user", { lookup: () => Effect.as(feed.get({ id: 1, page: 1 }), ann) })
    // @ts-expect-error E0211: the lookup of family 'profile' reads 'feed:{id}:{page}', which derives from 'profile' itself
    AppCache.owner("profile", { lookup: () => Effect.as(feed.get({ id: 1, page: 1 }), "Ann") })
  })

  test("a module that gives away a right which is not its own is refused", () => {
    // @ts-expect-error E0226: module 'analytics' provides the ownership of 'user:{id}', which is not its own
    AppCache.modules({ analytics: UserLive })
    // @ts-expect-error E0226: module 'user' provides the ownership of 'other:{id}', which is a family of 'Other' and not of 'AppCache'
    AppCache.modules({ user: Other.owner("other") })
    // @ts-expect-error E0226: module 'user' provides the ownership of 'other:{id}', which is a family of 'Other' and not of 'AppCache'
    AppCache.modules({ user: Layer.merge(UserLive, Other.owner("other")) })
    // @ts-expect-error E0226: module 'users' provides the ownership of 'other:{id}', which is a family of 'Other' and not of 'AppCache'
    AppCache.modules({ users: { owns: ["user"], layer: Other.owner("other") } })
    // @ts-expect-error E0226: module 'analytics' provides a borrow of 'user:{id}' to all others
    AppCache.modules({ analytics: AppCache.borrower("user"), user: UserLive })
    // @ts-expect-error E0226: module 'prefs' provides the ownership of 'profile:{id}', which is not its own
    AppCache.modules({ user: UserLive, prefs: Layer.merge(Prefs, Profile) })
    const owning = Layer.effectContext(Effect.context<Appoints<"user:{id}", AppCache>>())
    const reading = Layer.effectContext(Effect.context<Admits<"user:{id}", AppCache>>())
    const all = Layer.effectContext(Effect.context<Appoints<string, AppCache>>())
    // @ts-expect-error E0226: module 'user' gives away its permission to make the owner of 'user:{id}'; help: build the
    AppCache.modules({ user: owning })
    // @ts-expect-error E0226: module 'user' gives away its permission to make the owner of 'user:{id}'; help: build the
    AppCache.modules({ user: Layer.merge(UserLive, owning) })
    // @ts-expect-error E0226: module 'users' gives away its permission to make the owner of 'user:{id}'; help: build the
    AppCache.modules({ users: { owns: ["user", "prefs"], layer: Layer.mergeAll(UserLive, Prefs, owning) } })
    // @ts-expect-error E0226: module 'profile' gives away its permission to make a reader of 'user:{id}'; help: build the
    AppCache.modules({ user: UserLive, profile: Layer.merge(Profile, reading) })
    // @ts-expect-error E0226: module 'analytics' gives away its permission to make a reader of 'user:{id}'; help: build the
    AppCache.modules({ user: UserLive, analytics: reading })
    // @ts-expect-error `E0226: module 'user' gives away its permission to make the owner of '${string}'; help: build the
    AppCache.modules({ user: Layer.merge(UserLive, all) })
  })

  test("a module that builds an engine of its own is refused", () => {
    // @ts-expect-error E0236: module 'user' requires a store, so it builds an engine of its own
    AppCache.modules({ user: Layer.provide(UserLive, AppCache.layer) })
    // @ts-expect-error E0236: module 'analytics' requires a store, so it builds an engine of its own
    AppCache.modules({ analytics: AppCache.layer })
    // @ts-expect-error E0236: module 'analytics' requires a store, so it builds an engine of its own
    AppCache.modules({ analytics: Layer.provide(WritesPrefs, AppCache.modules({ prefs: Prefs })) })
    // @ts-expect-error E0236: module 'users' requires a store, so it builds an engine of its own
    AppCache.modules({ users: { owns: ["user"], layer: Layer.provideMerge(UserLive, AppCache.layer) } })
    // @ts-expect-error E0236: module 'analytics' requires a store, so it builds an engine of its own
    AppCache.modules({ analytics: Layer.provide(Layer.empty, Manifest.compose(AppCache, Other)) })
  })

  test("a module whose requirements are a type without members may require any right, so it is refused", () => {
    interface Bare {}
    const Bare = Context.Service<Bare, string>("Bare")
    const hidden: Effect.Effect<void, CacheError, object> = AppCache.keys.prefs.delete({ id: 1 })
    const emptied: Effect.Effect<void, CacheError, {}> = hidden
    // @ts-expect-error E0214: the compiler cannot tell what this module requires; help: give a Layer whose requirements are not any,
    AppCache.modules({ prefs: Prefs, analytics: Layer.effectDiscard(hidden) })
    // @ts-expect-error E0214: the compiler cannot tell what this module requires
    AppCache.modules({ prefs: Prefs, analytics: Layer.effectDiscard(emptied) })
    // @ts-expect-error E0214: the compiler cannot tell what this module requires
    AppCache.modules({ prefs: Prefs, analytics: Layer.effectDiscard(Effect.asVoid(Bare)) })
    // @ts-expect-error E0220: the compiler cannot tell what this program does
    AppCache.inLayer("server")(hidden)
    // @ts-expect-error E0220: this body is not a generator function, or what it requires is not known
    AppCache.fn("f", { owns: ["prefs:{id}"] })(function*() {
      yield* hidden
    })
  })

  test("a record of modules that is one of several is refused where a module may be missing", () => {
    const some = flag ? { prefs: Prefs } : { prefs: Prefs, user: UserLive }
    // @ts-expect-error E0417: it is not known whether the module 'user' is given, so nothing can be checked about it
    AppCache.modules(some)
    // @ts-expect-error E0417: it is not known whether the module 'user' is given, so nothing can be checked about it
    AppCache.modules(flag ? { prefs: Prefs } : { prefs: Prefs, user: UserLive })
  })

  test("groups name families that exist, once, and a layer", () => {
    // @ts-expect-error E0210: 'AppCache' declares no family 'folows'
    AppCache.modules({ users: { owns: ["user", "folows"], layer: UserLive } })
    AppCache.modules({
      // @ts-expect-error E0235: modules
      users: { owns: ["user"], layer: UserLive },
      // @ts-expect-error E0235: modules
      user: UserLive
    })
    AppCache.modules({
      // @ts-expect-error E0235: modules
      users: { owns: ["user"], layer: UserLive },
      // @ts-expect-error E0235: modules
      people: { owns: ["prefs", "user"], layer: Prefs }
    })
    // @ts-expect-error E0207: this names one of several families (a union type), and would promise the rights of each;
    AppCache.modules({ users: { owns: [either], layer: Layer.merge(UserLive, Prefs) } })
    // @ts-expect-error E0207: this names one of several families (a union type), and would promise the rights of each;
    AppCache.modules({ users: { owns: [...eitherList], layer: Layer.empty } })
    // @ts-expect-error E0207: this names one of several families (a union type), and would promise the rights of each;
    AppCache.modules({ users: { owns: eitherList, layer: Layer.empty } })
    // @ts-expect-error E0210: the compiler cannot tell which family this names; help: write its name as a literal
    AppCache.modules({ users: { owns: someList, layer: UserLive } })
    // @ts-expect-error E0207: this names one of several families (a union type), and would promise the rights of each;
    AppCache.modules({ users: eitherGroup })
    // @ts-expect-error E0208: family 'facts' is part of 'files', whose owner owns it, too
    AppCache.modules({ users: { owns: ["facts"], layer: Layer.empty } })
    // @ts-expect-error E0214: module 'users' is not a Layer; help: give a Layer, or { owns: [...], layer }
    AppCache.modules({ users: { owns: ["user"], layer: Effect.void } })
    // @ts-expect-error E0406: unknown option 'parts' in module 'users'
    AppCache.modules({ users: { owns: ["user"], layer: UserLive, parts: {} } })
    // @ts-expect-error E0226: module 'users' provides the ownership of 'prefs:{id}', which is not its own
    AppCache.modules({ users: { owns: ["user"], layer: Layer.merge(UserLive, Prefs) } })
  })

  test("a group has a name that is not another family's and not a reader's, and names each family once", () => {
    // @ts-expect-error E0228: module 'analytics' owns families, and 'analytics' is a reader; help: give it a name that
    AppCache.modules({ analytics: { owns: ["user"], layer: UserLive } })
    // @ts-expect-error E0228: module 'prefs' does not own the family 'prefs'; help: give it a name that
    AppCache.modules({ prefs: { owns: ["user"], layer: UserLive } })
    // @ts-expect-error E0228: module 'prefs' does not own the family 'prefs'; help: give it a name that
    AppCache.modules({ prefs: { owns: ["user", "profile"], layer: Layer.merge(UserLive, Profile) } })
    // @ts-expect-error E0228: module 'facts' does not own the family 'facts'; help: give it a name that
    AppCache.modules({ facts: { owns: ["files"], layer: AppCache.owner("files") } })
    // @ts-expect-error E0228: module 'prefs' does not own the family 'prefs'; help: give it a name that
    AppCache.modules({ prefs: { owns: [], layer: Layer.empty } })
    AppCache.modules({
      users: {
        // @ts-expect-error E0235: module 'users' names 'user' twice in owns; help: name 'user' once
        owns: ["user", "user"],
        layer: UserLive
      }
    })
    AppCache.modules({
      users: {
        // @ts-expect-error E0235: module 'users' names 'prefs' twice in owns; help: name 'prefs' once
        owns: ["prefs", "user", "prefs"],
        layer: Layer.merge(UserLive, Prefs)
      }
    })
    expect(AppCache.modules({ user: { owns: ["user"], layer: UserLive } })).type.not.toBe<never>()
    expect(AppCache.modules({ prefs: { owns: ["user", "prefs"], layer: Layer.merge(UserLive, Prefs) } })).type.not.toBe<never>()
  })

  test("what is not a record of modules is refused by one message", () => {
    // @ts-expect-error E0214: this is not an object with a module for each family or reader
    AppCache.modules([UserLive])
    // @ts-expect-error E0214: this is not an object with a module for each family or reader
    AppCache.modules(UserLive)
    // @ts-expect-error E0214: this is not an object with a module for each family or reader
    AppCache.modules(() => UserLive)
    // @ts-expect-error E0414: the names of these modules are not known, so nothing can be checked about them
    AppCache.modules(all)
    // @ts-expect-error E0214: module 'user' is not a Layer; help: give a Layer, or { owns: [...], layer }
    AppCache.modules({ user: Effect.void })
    // @ts-expect-error E0214: module 'user' is not a Layer
    AppCache.modules({ user: undefined })
    // @ts-expect-error E0214: module 'user' is not a Layer
    AppCache.modules({ user: 1 })
    // @ts-expect-error E0214: the compiler cannot tell what this module requires
    AppCache.modules({ user: AppCache.owner("user", { lookup: () => legacy }) })
    // @ts-expect-error E0214: the compiler cannot tell what this module requires
    AppCache.modules({ users: { owns: ["user"], layer: Layer.effectDiscard(legacy) } })
    // @ts-expect-error E0228: 'AppCache' declares no family and no reader 'usr'
    AppCache.modules({ usr: UserLive })
  })

  test("a body that makes itself an owner or a reader is refused", () => {
    // @ts-expect-error E0220: the body makes itself the owner of 'prefs:{id}', but declares: borrows 'user:{id}'
    AppCache.fn("f", { borrows: ["user:{id}"] })(function*() { yield* Effect.provide(prefs.delete({ id: 1 }), Prefs) })
    // @ts-expect-error E0220: the body makes itself the owner of 'prefs:{id}', but declares: owns 'user:{id}'
    AppCache.fn("f", { owns: ["user:{id}"] })(function*() { yield* Effect.provide(prefs.delete({ id: 1 }), Prefs) })
    // @ts-expect-error E0220: the body makes itself a reader of 'prefs:{id}', but declares: nothing
    AppCache.fn("f", {})(function*() { yield* Effect.provide(prefs.get({ id: 1 }), AppCache.borrower("prefs")) })
    // @ts-expect-error E0220: the body makes itself the owner of 'prefs:{id}', but declares: nothing
    AppCache.fn("f", {})(function*() { yield* Effect.scoped(Layer.build(Prefs)) })
  })

  test("a program of one layer that makes itself an owner or a reader of another layer is refused", () => {
    const Draft = AppCache.owner("draft")
    // @ts-expect-error E0224: cannot write 'prefs:{id}' in deployment layer 'client': layer 'server' owns it
    AppCache.inLayer("client")(Effect.provide(prefs.delete({ id: 1 }), Prefs))
    // @ts-expect-error E0224: cannot write 'prefs:{id}' in deployment layer 'client': layer 'server' owns it
    AppCache.inLayer("client")(Effect.scoped(Effect.andThen(Layer.build(Prefs), Effect.void)))
    // @ts-expect-error E0224: cannot write 'files:*' in deployment layer 'client': layer 'server' owns it
    Effect.provide(facts.delete({ id: 1 }), Layer.merge(Draft, AppCache.owner("files"))).pipe(AppCache.inLayer("client"))
    // @ts-expect-error E0225: cannot read 'draft:{id}' in deployment layer 'server': it is in layer 'client', which 'server' does
    AppCache.inLayer("server")(Effect.provide(AppCache.keys.draft.has({ id: 1 }), AppCache.borrower("draft")))
    // @ts-expect-error E0225: cannot read 'profile:{id}' in deployment layer 'server': it is in layer 'edge', which 'server' does
    AppCache.inLayer("server")(null! as Effect.Effect<void, never, Admits<"profile:{id}" | "user:{id}", AppCache>>)
    // @ts-expect-error E0224: cannot write '
    AppCache.inLayer("client")(null! as Effect.Effect<void, never, Appoints<string, AppCache>>)
    // @ts-expect-error E0225: cannot read '
    AppCache.inLayer("server")(null! as Effect.Effect<void, never, Admits<string, AppCache>>)

    expect(AppCache.inLayer("server")(Effect.provide(prefs.delete({ id: 1 }), Prefs))).type.toBe<Effect.Effect<void, CacheError, Appoints<"prefs:{id}", AppCache>>>()
    expect(AppCache.inLayer("client")(Effect.provide(prefs.get({ id: 1 }), AppCache.borrower("prefs")))).type.toBe<Effect.Effect<{ readonly dark: boolean }, CacheError, Admits<"prefs:{id}", AppCache>>>()
    expect(AppCache.inLayer("client")(Effect.provide(Other.keys.other.delete({ id: 1 }), Other.owner("other")))).type.toBe<Effect.Effect<void, CacheError, Appoints<"other:{id}", Other>>>()
  })

  test("a program of modules has no right to appoint", () => {
    // @ts-expect-error Argument of type 'Effect<void, CacheError, Appoints<"prefs:{id}", AppCache>>' is not assignable to p
    Effect.runSync(Effect.provide(prefs.delete({ id: 1 }), Layer.provide(Prefs, Layer.succeed(Svc, Effect.void))))
    // @ts-expect-error Argument of type 'Effect<void, CacheError, Appoints<"prefs:{id}", AppCache>>' is not assignable to p
    Effect.runSync(Effect.provide(Effect.void, Prefs))
    // @ts-expect-error Argument of type 'Effect<void, CacheError, Admits<"prefs:{id}", AppCache>>' is not assignable to par
    Effect.runSync(Effect.provide(Effect.void, AppCache.borrower("prefs")))
  })

  test("a grant, a word or an engine cannot be made by hand", () => {
    // @ts-expect-error "E0237: this is not an engine of the manifest
    Effect.provideService(user.get({ id }), AppCache, {})
    // @ts-expect-error "E0237: this is not an engine of the manifest
    Effect.provideService(user.get({ id }), AppCache, AppCache)
    // @ts-expect-error "E0237: this is not an engine of the manifest
    Layer.succeed(AppCache, { ...AppCache })
    // @ts-expect-error Argument of type 'undefined' is not assignable to parameter of type 'Engine<AppCache>'.
    Layer.succeed(AppCache, undefined)
    // @ts-expect-error E0203: this makes itself an owner, and its type lets it only read
    Effect.succeed(null! as Appoints<"user:{id}", AppCache>) satisfies Effect.Effect<Admits<"user:{id}", AppCache>>
  })

  test("a word for a pattern that is not declared is refused where it is written", () => {
    // @ts-expect-error E0230: 'AppCache' declares no family with exactly the pattern 'usr:{id}'
    expect<Manifest.Appoints<"usr:{id}", AppCache>>().type.not.toBe<never>()
    // @ts-expect-error E0230: 'AppCache' declares no family with exactly the pattern 'usr:{id}'
    expect<Manifest.Admits<"usr:{id}", AppCache>>().type.not.toBe<never>()
    // @ts-expect-error E0230: a right has one pattern, and this is a union of several
    expect<Manifest.Owns<"user:{id}" | "prefs:{id}", AppCache>>().type.not.toBe<never>()
    // @ts-expect-error E0230: a right has one pattern, and this is any text
    expect<Manifest.Owns<string, AppCache>>().type.not.toBe<never>()
    // @ts-expect-error E0230: a right has one pattern, and this is a union of several
    expect<Manifest.Borrows<"user:{id}" | "prefs:{id}", AppCache>>().type.not.toBe<never>()
    expect<Manifest.Appoints<"user:{id}", AppCache>>().type.toBe<Appoints<"user:{id}", AppCache>>()
    expect<Manifest.Admits<"user:{id}", AppCache>>().type.toBe<Admits<"user:{id}", AppCache>>()
  })

  test("a batch takes no write of another manifest", () => {
    // @ts-expect-error E0115: a batch of 'AppCache' takes writes of its own families as data, and this is something else
    AppCache.batch([Other.keys.other.setting({ id: 1 }, 1)])
    // @ts-expect-error E0115: a batch of 'AppCache' takes writes of its own families as data, and this is something else
    AppCache.batch([user.setting({ id }, ann), Other.keys.other.deleting({ id: 1 })])
  })

  test("rights that are right are accepted", () => {
    expect(AppCache.modules({ user: UserLive, profile: ProfileOfUser })).type.not.toBe<never>()
    expect(AppCache.modules({ users: { owns: ["user", "profile"], layer: Layer.provideMerge(ProfileOfUser, UserLive) } })).type.not.toBe<never>()
    expect(AppCache.modules({ analytics: ReadsUser, people: { owns: ["user"], layer: Layer.provide(Layer.succeed(Svc, Effect.void), UserLive) } })).type.not.toBe<never>()
    expect(AppCache.modules({ user: Layer.provide(Layer.effectDiscard(user.delete({ id })), UserLive) })).type.not.toBe<never>()
    expect(AppCache.modules({ user: UserLive, prefs: Layer.empty })).type.not.toBe<never>()
    expect(Prefs.pipe(Layer.provideMerge(AppCache.layer))).type.not.toBe<never>()
    expect(Layer.mergeAll(UserLive, Other.owner("other")).pipe(Layer.provide(Manifest.compose(AppCache, Other)))).type.not.toBe<never>()
    expect(Effect.flatMap(AppCache, (cache) => cache.keys.user.get({ id }))).type.not.toBe<never>()
  })
})
