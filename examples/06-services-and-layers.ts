/**
 * Services and layers of a small program: a module owns its part of the cache and offers a service, so the right to
 * write stays private to the module.
 *
 *     Db ──> Users (owns `user`) ──────> Greeter (borrows `user`) ──> program
 */
import { Context, Effect, Layer, Schema } from "effect"
import type { CacheError } from "effect-stateless/cache/CacheError"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import assert from "node:assert/strict"

const UserId = Schema.String.pipe(Schema.brand("UserId"))
type UserId = typeof UserId.Type
class User extends Schema.Class<User>("User")({ id: UserId, name: Schema.String }) {}
class UserNotFound extends Schema.TaggedError<UserNotFound>()("UserNotFound", { id: UserId }) {
  override get message() {
    return `there is no user ${this.id}`
  }
}

// --- the source of truth ---------------------------------------------------------------------------------------------

class Db extends Context.Service<Db, {
  readonly find: (id: UserId) => Effect.Effect<User, UserNotFound>
  readonly rename: (user: User, name: string) => Effect.Effect<User>
  readonly queries: () => number
}>()("example/Db") {
  static readonly layer = Layer.sync(this, () => {
    const rows = new Map(
      [["1", "Ann"], ["2", "Bob"]].map(([id, name]) => [id, new User({ id: UserId.make(id!), name: name! })])
    )
    let queries = 0
    return {
      find: (id) =>
        Effect.suspend(() => {
          queries++
          const row = rows.get(id)
          return row === undefined ? Effect.fail(new UserNotFound({ id })) : Effect.succeed(row)
        }),
      rename: (user, name) =>
        Effect.sync(() => {
          const renamed = new User({ ...user, name })
          rows.set(user.id, renamed)
          return renamed
        }),
      queries: () => queries
    }
  })
}

// --- the cache -------------------------------------------------------------------------------------------------------

class AppCache extends Manifest.Service<AppCache>()("example/AppCache", {
  families: {
    user: { pattern: "user:{id}", params: { id: UserId }, value: User, error: UserNotFound, timeToLive: "5 minutes" }
  },
  readers: { greeter: { borrows: ["user:{id}"] } }
}) {}
const { user } = AppCache.keys

// --- modules ---------------------------------------------------------------------------------------------------------

/** The operations that the rest of the program has for users. */
class Users extends Context.Service<Users, {
  readonly rename: (id: UserId, name: string) => Effect.Effect<User, UserNotFound | CacheError>
}>()("example/Users") {}

const UserOwner = AppCache.owner("user", { lookup: ({ id }) => Db.use((db) => db.find(id)) })

/** Built with the right to write. `writer` takes the right once, and the layer does not provide it to other modules. */
const UsersLive = Layer.effect(
  Users,
  Effect.gen(function*() {
    const db = yield* Db
    const users = yield* user.writer
    return { rename: (id, name) => users.update({ id }, (was) => db.rename(was, name)) }
  })
).pipe(Layer.provide(UserOwner))

class Greeter extends Context.Service<Greeter, {
  readonly greet: (id: UserId) => Effect.Effect<string, CacheError>
}>()("example/Greeter") {}

/** Requires `Borrows<"user:{id}">`, as the manifest declares. A module that needs more rights does not compile. */
const GreeterLive = Layer.effect(
  Greeter,
  Effect.gen(function*() {
    const users = yield* user.reader
    return {
      greet: (id) =>
        users.get({ id }).pipe(
          Effect.map(({ name }) => `Hello, ${name}`),
          Effect.catchTag("UserNotFound", ({ message }) => Effect.succeed(`Sorry, ${message}`))
        )
    }
  })
)

// `Greeter` needs a right, and `modules` gives it. If it needed the service `Users`, the two would be one group:
// `people: { owns: ["user", "greeting"], layer: GreeterLive.pipe(Layer.provideMerge(UsersLive)) }`.
const AppLive = AppCache.modules({ user: UsersLive, greeter: GreeterLive }).pipe(
  Layer.provide(MemoryStore.layer({ capacity: 1_000 })),
  Layer.provideMerge(Db.layer)
)

// --- the program -----------------------------------------------------------------------------------------------------

const program = Effect.gen(function*() {
  const [db, users, greeter] = [yield* Db, yield* Users, yield* Greeter]
  const ann = UserId.make("1")

  assert.equal(yield* greeter.greet(ann), "Hello, Ann")
  assert.equal(yield* greeter.greet(ann), "Hello, Ann")
  assert.equal(db.queries(), 1)

  yield* users.rename(ann, "Ann Lee")
  const greeting = yield* greeter.greet(ann)
  assert.equal(greeting, "Hello, Ann Lee")
  assert.equal(db.queries(), 1)
  console.log(`${greeting} (after a rename; queries: ${db.queries()})`)

  console.log(yield* greeter.greet(UserId.make("3")))
  assert.equal(yield* greeter.greet(UserId.make("3")), "Sorry, there is no user 3")
})

await Effect.runPromise(Effect.provide(program, AppLive))

// The application does not provide the rights of the module `user`.
export const forbidden = (id: UserId) =>
  // @ts-expect-error 'OwnsCapability<"user:{id}",
  Effect.runPromise(Effect.provide(user.delete({ id }), AppLive))
