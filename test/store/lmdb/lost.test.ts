/**
 * A process that holds a folder was frozen until another process took the folder. When it goes on, the other one may
 * change everything that was held here. Whatever tiers lie above the folder, they serve nothing of it a second later.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Manifest from "../../../src/manifest/Manifest.ts"
import { tableOf } from "../../../src/store/lmdb/internal/lmdbHolder.ts"
import * as LmdbStore from "../../../src/store/lmdb/LmdbStore.ts"
import * as MemoryStore from "../../../src/store/memory/MemoryStore.ts"
import * as TieredStore from "../../../src/store/TieredStore.ts"
import { canContain, container, started } from "../../support/container.ts"
import { temporaryFolder } from "../../support/folder.ts"
import { holding, lost, names, refused, whole } from "../../support/holding.ts"

/** Lets another process take the folder, as if a user had released it. */
const release = (path: string): void => {
  for (const name of Fs.readdirSync(tableOf(path))) Fs.rmSync(Path.join(tableOf(path), name), { recursive: true })
}

const takenOver = (path: string) =>
  Effect.gen(function*() {
    release(path)
    const other = yield* started([], "holder.ts", path)
    assert.strictEqual(yield* other.line, "held")
    // Once a second, and the rest for a busy machine.
    yield* Effect.sleep(1_500)
  })

/** What each operation gives if it is the first one since the folder is gone, and the tier has not noticed yet. */
const first = {
  getMany: "Absent",
  getOr: "given",
  again: "given",
  refresh: "FolderGone",
  update: "FolderGone",
  patch: "FolderGone",
  setIfAbsent: false,
  setMany: "FolderGone",
  getAndDelete: "FolderGone",
  delete: "FolderGone",
  invalidateAll: "FolderGone",
  reschedule: "FolderGone"
}

describe("engine whose folder was removed", () => {
  for (const name of ["LMDB alone", "memory over LMDB"] as const) {
    it.live(
      `each write to a folder that was removed fails with FolderGone, as the first operation since: ${name}`,
      () =>
        Effect.gen(function*() {
          const answers: Record<string, unknown> = {}
          for (const operation of Object.keys(first) as ReadonlyArray<keyof typeof first>) {
            yield* Effect.scoped(Effect.gen(function*() {
              const [path, own] = [yield* temporaryFolder, yield* temporaryFolder]
              const engine = yield* holding(name, path, own)
              yield* engine.fill
              Fs.rmSync(path, { recursive: true })
              answers[operation] = yield* engine.operations[operation]
            }))
          }
          assert.deepStrictEqual(answers, first)
        }),
      30_000
    )
  }
})

describe("engine whose folder another process has taken over", () => {
  for (const name of names) {
    it.live(
      `an engine serves, derives and stores nothing of a folder that another process has: ${name}`,
      () =>
        Effect.gen(function*() {
          const [path, own] = [yield* temporaryFolder, yield* temporaryFolder]
          const engine = yield* holding(name, path, own)
          yield* engine.fill
          assert.deepStrictEqual(yield* engine.answers, whole)
          yield* takenOver(path)
          assert.deepStrictEqual(yield* engine.answers, lost)
          assert.deepStrictEqual(yield* engine.others, refused)
        }),
      30_000
    )
  }

  it.live("what memory alone keeps is dropped if it was made of what the folder held", () =>
    Effect.gen(function*() {
      class App extends Manifest.Service<App>()("Lost", {
        families: {
          given: { pattern: "given:{key}", value: Schema.String },
          made: { pattern: "made:{key}", value: Manifest.type<string>(), derives: ["given:{key}"] },
          apart: { pattern: "apart:{key}", value: Manifest.type<string>() }
        }
      }) {}
      const { apart, given, made } = App.keys
      const path = yield* temporaryFolder
      const store = TieredStore.layer([
        MemoryStore.layer({ capacity: 100 }),
        LmdbStore.layer({ path, durability: "process" })
      ])
      const modules = App.modules({
        given: App.owner("given"),
        made: App.owner("made", { lookup: (id) => Effect.orDie(given.get(id)) }),
        apart: App.owner("apart")
      })
      const id = { key: "1" }
      yield* Effect.provide(
        Effect.gen(function*() {
          yield* given.set(id, "given")
          yield* apart.set(id, "apart")
          assert.strictEqual(yield* made.get(id), "given")
          yield* takenOver(path)
          assert.deepStrictEqual(yield* made.getOption(id), Option.none())
          assert.isTrue(Exit.isFailure(yield* Effect.exit(made.get(id))))
          assert.strictEqual(yield* apart.get(id), "apart")
          yield* apart.set(id, "another")
          assert.strictEqual(yield* apart.get(id), "another")
        }),
        Layer.provide(modules, store)
      )
    }), 30_000)
})

describe.skipIf(!canContain("a frozen container"))("container that lost its folder while it was frozen", () => {
  it.live(
    "no engine of a container that lost its folder serves what it held, a second after the container goes on",
    () =>
      Effect.gen(function*() {
        const folder = yield* temporaryFolder
        const frozen = yield* started(container, "holding.ts", folder)
        assert.strictEqual(yield* frozen.line, "held")
        frozen.kill("SIGSTOP")
        for (const at of names.keys()) {
          release(`${folder}/${at}`)
          const next = yield* holding("memory over LMDB", `${folder}/${at}`, folder)
          yield* next.fill
        }
        frozen.kill("SIGCONT")
        yield* Effect.sleep(1_500)
        frozen.tell("")
        const answers: unknown = JSON.parse(yield* frozen.line)
        const right = lost.map((answer) => answer === undefined ? null : answer)
        assert.deepStrictEqual(answers, Object.fromEntries(names.map((name) => [name, right])))
      }),
    30_000
  )
})
