/**
 * The tier on disk cannot commit what takes something away: a removal, a mark, a clear. The process ends before it
 * could, and the next one serves nothing of it. If it could after all, the next one finds the rest again.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { TestClock } from "effect/testing"
import { execFile } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Manifest from "../../../src/manifest/Manifest.ts"
import type { Environment } from "../../../src/store/lmdb/internal/lmdbEnvironment.ts"
import * as LmdbStore from "../../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../../src/store/memory/MemoryStore.ts"
import * as TieredStore from "../../../src/store/TieredStore.ts"
import { fork } from "../../support/effects.ts"
import { temporaryFolder } from "../../support/folder.ts"
import { entryOf, textFamily } from "../../support/partition.ts"

const key = Symbol.for("effect-stateless/store/LmdbStore/2")
const registry = () => (process as unknown as Record<symbol, { environments: Map<string, Environment> }>)[key]!

/** Has each commit of a folder fail, or never end, until it is repaired. */
const broken = (path: string, commit: () => Promise<boolean>) => {
  const folder = Fs.realpathSync(path)
  const { root } = Array.from(registry().environments.values()).find((one) => one.path === folder)!
  const { batch } = root
  root.batch = commit
  return { mend: () => void (root.batch = batch) }
}

const full = () => Promise.reject(new Error("ENOSPC: no space left on device"))

class App extends Manifest.Service<App>()("Trust", {
  families: {
    user: { pattern: "user:{id}", value: Schema.String },
    made: { pattern: "made:{id}", value: Schema.String, derives: ["user:{id}"] },
    other: { pattern: "other:{id}", value: Schema.String }
  }
}) {}

const { made, other, user } = App.keys
const one = { id: "1" }

const stores = {
  "LMDB alone": (path: string) => LmdbStore.layer({ path, durability: "process" }),
  "memory over LMDB": (path: string) =>
    TieredStore.layer([MemoryStore.layer({ capacity: 100 }), LmdbStore.layer({ path, durability: "process" })])
}

/** Runs a program in one life of an engine. */
const life = <A, E>(store: Layer.Layer<any, any>, program: Effect.Effect<A, E, any>): Effect.Effect<A> =>
  Effect.provide(
    program,
    Layer.fresh(Layer.provide(
      App.modules({
        user: App.owner("user", { lookup: () => Effect.succeed("fresh") }),
        made: App.owner("made", { lookup: ({ id }) => Effect.map(user.get({ id }), (value) => `of ${value}`) }),
        other: App.owner("other", { lookup: () => Effect.succeed("fresh other") })
      }),
      store
    ))
  ) as Effect.Effect<A>

const fill = Effect.all([user.set(one, "old"), made.get(one), other.set(one, "kept")])
const read = Effect.all([user.get(one), made.get(one), other.get(one)])
const emptied = ["fresh", "of fresh", "fresh other"]

/** Each way to take the value of `user:1` away, or to replace it. */
const ways: Record<string, Effect.Effect<unknown, unknown, any>> = {
  set: user.set(one, "new"),
  delete: user.delete(one),
  invalidate: user.invalidate(one),
  markStale: user.invalidate(one, { mode: "markStale" }),
  invalidateAll: user.invalidateAll()
}

describe("process that ends on a full disk", () => {
  for (const [name, layerOf] of Object.entries(stores)) {
    for (const [way, change] of Object.entries(ways)) {
      it.live(`the next process finds nothing of what ${way} was to take away when the disk was full: ${name}`, () =>
        Effect.gen(function*() {
          const path = yield* temporaryFolder
          yield* life(
            layerOf(path),
            Effect.gen(function*() {
              yield* fill
              broken(path, full)
              assert.isTrue(Exit.isFailure(yield* Effect.exit(change)))
            })
          )
          assert.deepStrictEqual(yield* life(layerOf(path), read), emptied)
          // Only once.
          assert.deepStrictEqual(yield* life(layerOf(path), read), emptied)
        }))

      it.live(`the next process loses no other entry when ${way} could be written at last: ${name}`, () =>
        Effect.gen(function*() {
          const path = yield* temporaryFolder
          yield* life(
            layerOf(path),
            Effect.gen(function*() {
              yield* fill
              const { mend } = broken(path, full)
              assert.isTrue(Exit.isFailure(yield* Effect.exit(change)))
              mend()
            })
          )
          assert.deepStrictEqual(yield* life(layerOf(path), read), ["fresh", "of fresh", "kept"])
        }))
    }
  }
})

describe("two engines over a folder, of which one closes on a full disk", () => {
  for (const isMended of [false, true]) {
    const what = isMended ? "what the other one could write costs nothing else" : "nothing comes back"
    it.live(`${what} in the next process`, () =>
      Effect.gen(function*() {
        const layerOf = stores["memory over LMDB"]
        const path = yield* temporaryFolder
        yield* life(
          layerOf(path),
          Effect.gen(function*() {
            yield* fill
            const { mend } = broken(path, full)
            const failed = yield* life(layerOf(path), Effect.exit(user.invalidate(one)))
            assert.isTrue(Exit.isFailure(failed))
            if (isMended) mend()
          })
        )
        assert.deepStrictEqual(
          yield* life(layerOf(path), read),
          isMended ? ["fresh", "of fresh", "kept"] : emptied
        )
      }))
  }
})

const namespaceOf = (path: string, namespace = "default") => LmdbStore.make({ path, namespace, durability: "process" })

/** What a process finds of `user:1`, and the warnings of its start. */
const found = (path: string, namespace = "default") =>
  Effect.suspend(() => {
    const warnings: Array<unknown> = []
    const logger = Logger.make(({ message }) => void warnings.push(...[message].flat()))
    return Effect.gen(function*() {
      const store = yield* namespaceOf(path, namespace)
      const users = yield* store.open(textFamily("user"))
      return [(yield* users.get("1"))?.entry.value, ...warnings]
    }).pipe(Effect.scoped, Effect.provide(Logger.layer([logger])))
  })

const warning = (path: string) =>
  `the lmdb tier in ${path} still had what an earlier process could not remove from it, such as on a full disk, and ` +
  "was emptied"

const opened = (path: string, namespace = "default") =>
  Effect.gen(function*() {
    const store = yield* namespaceOf(path, namespace)
    const users = yield* store.open(textFamily("user"))
    yield* users.set("1", entryOf("old"))
    // It returns once the value is in the file, too.
    yield* store.recordMarks([{ scope: "first", stamp: 1 }])
    return { store, users }
  })

const mark = (stamp: number) => [{ scope: "scope", stamp }]

describe("namespace with changes that could not be committed", () => {
  it.live("the next process logs why it begins without entries", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      yield* Effect.scoped(Effect.gen(function*() {
        const { users } = yield* opened(path)
        broken(path, full)
        yield* Effect.ignore(users.clear)
      }))
      assert.deepStrictEqual(yield* found(path), [undefined, warning(path)])
      assert.deepStrictEqual(yield* found(path), [undefined])
    }))

  it.live("marks that could not be committed are owed until a write has them", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const lifeWith = (again: number) =>
        Effect.scoped(Effect.gen(function*() {
          const { store, users } = yield* opened(path)
          const { mend } = broken(path, full)
          yield* Effect.ignore(store.recordMarks(mark(5)))
          mend()
          yield* users.set("2", entryOf("another"))
          yield* store.recordMarks(mark(again))
        }))
      yield* lifeWith(4)
      assert.deepStrictEqual(yield* found(path), [undefined, warning(path)])
      yield* lifeWith(5)
      assert.deepStrictEqual(yield* found(path), ["old"])
    }))

  it.live("another namespace of the folder keeps its entries", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      yield* Effect.scoped(Effect.gen(function*() {
        yield* opened(path, "A")
        const { users } = yield* opened(path, "a")
        broken(path, full)
        yield* Effect.ignore(users.remove(["1"]))
      }))
      assert.deepStrictEqual(yield* found(path, "A"), ["old"])
      assert.deepStrictEqual(yield* found(path, "a"), [undefined, warning(path)])
    }))

  it.live("a second store of a namespace with changes that could not be committed closes without a word of trust", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      yield* Effect.scoped(Effect.gen(function*() {
        const { store } = yield* opened(path)
        const { mend } = broken(path, full)
        yield* Effect.ignore(store.recordMarks(mark(5)))
        mend()
        yield* Effect.scoped(namespaceOf(path))
      }))
      assert.deepStrictEqual(yield* found(path), [undefined, warning(path)])
    }))

  it.live("a copy of a folder with changes that could not be committed is not trusted, either", () =>
    Effect.gen(function*() {
      const [path, folder] = [yield* temporaryFolder, yield* temporaryFolder]
      const copy = Path.join(folder, "copy")
      yield* Effect.scoped(Effect.gen(function*() {
        const { store, users } = yield* opened(path)
        const { mend } = broken(path, full)
        yield* Effect.ignore(store.recordMarks(mark(5)))
        Fs.cpSync(path, copy, { recursive: true })
        mend()
        yield* store.recordMarks(mark(5))
        assert.strictEqual((yield* users.get("1"))?.entry.value, "old")
      }))
      assert.deepStrictEqual(yield* found(copy), [undefined, warning(copy)])
      assert.deepStrictEqual(yield* found(path), ["old"])
    }))

  it.live("a folder of an earlier release, and a copy of the data file alone, are trusted", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      yield* Effect.scoped(opened(path))
      for (const name of Fs.readdirSync(path)) {
        if (name !== "data.mdb") Fs.rmSync(Path.join(path, name), { recursive: true })
      }
      assert.deepStrictEqual(yield* found(path), ["old"])
    }))

  it.live("a failure that has taken nothing away costs nothing", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      yield* Effect.scoped(Effect.gen(function*() {
        const { store } = yield* opened(path)
        yield* store.recordMarks(mark(5))
        broken(path, full)
        assert.isTrue(Exit.isFailure(yield* Effect.exit(store.removeMarks(mark(5)))))
      }))
      assert.deepStrictEqual(yield* found(path), ["old"])
    }))
})

/** Each kind of change that comes while a commit does not end. */
type Opened = Effect.Success<ReturnType<typeof opened>>
const late: Record<string, (all: Opened) => Effect.Effect<void, unknown, Scope.Scope>> = {
  "a round": ({ store, users }) =>
    store.write({ changes: [{ partition: users, cleared: false, removed: ["1"], set: [] }], marks: mark(7) }),
  "marks": ({ store }) => store.recordMarks(mark(7)),
  "a removal": ({ users }) => users.remove(["1"]),
  "a clear": ({ users }) => users.clear
}

describe("namespace whose commit does not end", () => {
  for (const [name, change] of Object.entries(late)) {
    it.effect(`the next process does not serve what ${name} took away while a commit did not end`, () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        yield* Effect.scoped(Effect.gen(function*() {
          const all = yield* opened(path)
          let end = () => {}
          const { mend } = broken(path, () => new Promise((resolve) => end = () => resolve(true)))
          const first = yield* fork(Effect.ignore(all.store.recordMarks(mark(6))))
          yield* Effect.yieldNow
          yield* TestClock.adjust("30 seconds")
          yield* Fiber.join(first)
          assert.isTrue(Exit.isFailure(yield* Effect.exit(change(all))))
          const folder = Path.join(path, "..", `${Path.basename(path)}-then`)
          yield* Effect.acquireRelease(
            Effect.sync(() => Fs.cpSync(path, folder, { recursive: true })),
            () => Effect.sync(() => Fs.rmSync(folder, { recursive: true }))
          )
          assert.deepStrictEqual(yield* found(folder), [undefined, warning(folder)])
          mend()
          end()
          yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
          yield* all.store.recordMarks(mark(8))
        }))
        // What was handed over has been written; of the rest nothing is known.
        const isHandedOver = name === "a round" || name === "marks"
        const rest = name === "marks" ? "old" : undefined
        assert.deepStrictEqual(yield* found(path), isHandedOver ? [rest] : [undefined, warning(path)])
      }))
  }
})

const child = Path.join(import.meta.dirname, "../../support/children/lmdb/unmarked.ts")

describe("process that is killed on a full disk", () => {
  it.live(
    "marks that the disk had no room for are not forgotten",
    () =>
      Effect.gen(function*() {
        const path = yield* temporaryFolder
        // As in `crash.test.ts`: the child sees an error instead of a signal.
        const command = `trap '' XFSZ; ulimit -f 512; exec "$0" "$@"`
        const signal = yield* Effect.promise(() =>
          new Promise((resolve) => {
            execFile("/bin/sh", ["-c", command, process.execPath, child, path], (error, stdout) => {
              resolve([error?.signal, stdout.trim()])
            })
          })
        )
        assert.deepStrictEqual(signal, ["SIGKILL", "refused"])
        assert.deepStrictEqual(yield* found(path), [undefined, warning(path)])
      }),
    60_000
  )
})
