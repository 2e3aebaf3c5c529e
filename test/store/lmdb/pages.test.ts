/**
 * Data files whose pages are missing or damaged. A whole file, whose freed pages were never written, is opened. A cut
 * file is refused before the driver reads a missing page, which would end the process. A damaged page may end one
 * process, and the next one refuses the file.
 */
import { assert, describe, it } from "@effect/vitest"
import * as LmdbStore from "effect-stateless/store/LmdbStore"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { dataFault, pageFault } from "../../../src/store/lmdb/internal/lmdbDataFile.ts"
import { tableOf } from "../../../src/store/lmdb/internal/lmdbHolder.ts"
import { started } from "../../support/container.ts"
import { temporaryFolder } from "../../support/folder.ts"
import { openRaw } from "../../support/lmdbRaw.ts"
import { entryOf, textFamily } from "../../support/partition.ts"

const pageSize = 4_096
const family = textFamily("user")

const open = (path: string) =>
  Effect.flatMap(LmdbStore.make({ path, durability: "process" }), (store) => store.open(family))

/** Short and long values in several trees; and pages at the end that their own transaction has freed. */
const makeShort = Effect.gen(function*() {
  const path = yield* temporaryFolder
  yield* Effect.scoped(Effect.gen(function*() {
    const users = yield* open(path)
    yield* users.setMany(
      Array.from({ length: 300 }, (_, i) => [`${i}`, entryOf(`${i}`.repeat(i % 20 === 0 ? 5_000 : 20))])
    )
  }))
  yield* Effect.scoped(Effect.gen(function*() {
    const { root } = yield* openRaw(path)
    const other = root.openDB<Buffer, string>("other", { encoding: "binary" })
    for (let i = 0; i < 12; i++) {
      yield* Effect.promise(() =>
        root.transaction(() => {
          for (let k = 0; k < 20; k++) void other.put(`${(i * 7 + k) % 50}`, Buffer.alloc(3_000, k))
          if (i % 3 !== 0) return
          void other.put("large", Buffer.alloc(200_000, 7))
          void other.remove("large")
        })
      )
    }
  }))
  return { path, data: Path.join(path, "data.mdb") }
})

const lastPage = (data: string): number => {
  const bytes = Fs.readFileSync(data)
  const of = (at: number) => [bytes.readBigUInt64LE(at + 152), bytes.readBigUInt64LE(at + 144)] as const
  const [first, second] = [of(0), of(pageSize)]
  return Number(first[0] > second[0] ? first[1] : second[1])
}

const readAll = (path: string) => Effect.scoped(Effect.flatMap(open(path), (users) => Stream.runCollect(users.entries)))

describe("data file that is shorter than its last page number says", () => {
  it.effect("the file is opened when all pages in use are there", () =>
    Effect.gen(function*() {
      const { data, path } = yield* makeShort
      assert.isBelow(Fs.statSync(data).size, (lastPage(data) + 1) * pageSize)
      assert.isUndefined(dataFault(data))
      assert.strictEqual((yield* readAll(path)).length, 300)
    }))

  it.effect("the file is refused or can be read to its end, wherever it was cut", () =>
    Effect.gen(function*() {
      const { data, path } = yield* makeShort
      const whole = Fs.readFileSync(data)
      const pages = whole.length / pageSize
      let refused = 0
      for (let count = 2; count < pages; count++) {
        Fs.writeFileSync(data, whole.subarray(0, count * pageSize))
        if (dataFault(data) === undefined) assert.strictEqual((yield* readAll(path)).length, 300)
        else refused++
        Fs.writeFileSync(data, whole)
      }
      assert.isAbove(refused, pages / 2)
    }), 60_000)

  it.effect("the file is refused when the end of a large value is missing", () =>
    Effect.gen(function*() {
      const path = yield* temporaryFolder
      const data = Path.join(path, "data.mdb")
      yield* Effect.scoped(Effect.flatMap(open(path), (users) => users.set("1", entryOf("one"))))
      yield* Effect.scoped(Effect.gen(function*() {
        const { root } = yield* openRaw(path)
        yield* Effect.promise(() => root.put("large", Buffer.alloc(200_000, 7)))
      }))
      assert.isUndefined(dataFault(data))
      const pages = Fs.statSync(data).size / pageSize
      for (let count = pages - 1; count > pages - 40; count--) {
        Fs.truncateSync(data, count * pageSize)
        assert.match(dataFault(data) ?? "", /was cut/)
      }
    }))

  it.effect("the file is refused when its pages form no tree, or a circle", () =>
    Effect.gen(function*() {
      const { data } = yield* makeShort
      const whole = Fs.readFileSync(data)
      const pages = whole.length / pageSize
      const kindOf = (page: number) => whole.readUInt16LE(page * pageSize + 18)
      const branches = Array.from({ length: pages }, (_, page) => page).filter((page) => kindOf(page) === 1)
      assert.isAbove(branches.length, 0)
      let refused = 0
      for (const page of branches) {
        const node = page * pageSize + 24 + whole.readUInt16LE(page * pageSize + 24)
        const circle = Buffer.from(whole)
        circle.writeUInt32LE(page, node)
        Fs.writeFileSync(data, circle)
        if (dataFault(data) !== undefined) refused++
      }
      // Some branches are no longer in use.
      assert.isAbove(refused, 0)
      for (let page = 2; page < pages; page++) whole.writeUInt16LE(0, page * pageSize + 18)
      Fs.writeFileSync(data, whole)
      assert.match(dataFault(data) ?? "", /is damaged in a page that is in use/)
    }))
})

/** The copies of a file in which one page has another content, and which the check of pages calls whole. */
const passed = Effect.fnUntraced(function*(
  { data, path }: { readonly data: string; readonly path: string },
  damage: (page: Buffer, number: number, file: Buffer) => void
) {
  const whole = Fs.readFileSync(data)
  let refused = 0
  for (let number = 2; number < whole.length / pageSize; number++) {
    const copy = Buffer.from(whole)
    damage(copy.subarray(number * pageSize, (number + 1) * pageSize), number, copy)
    Fs.writeFileSync(data, copy)
    // The driver ends this process if the check has called a damaged page whole.
    if (pageFault(data) === undefined) assert.isAtLeast((yield* readAll(path)).length, 280)
    else refused++
  }
  Fs.writeFileSync(data, whole)
  return refused
})

describe("data file with a damaged page", () => {
  it.effect("the check of pages calls a whole file whole", () =>
    Effect.gen(function*() {
      const { data, path } = yield* makeShort
      assert.isUndefined(pageFault(data))
      yield* readAll(path)
      assert.isUndefined(pageFault(data))
    }))

  it.effect("the check of pages finds each page in use that is of zeros", () =>
    Effect.gen(function*() {
      assert.isAbove(yield* passed(yield* makeShort, (page) => page.fill(0)), 10)
    }), 60_000)

  it.effect("the check of pages finds each page in use that is a copy of another one", () =>
    Effect.gen(function*() {
      const copied = (page: Buffer, number: number, file: Buffer) =>
        void file.copy(page, 0, (number === 2 ? 3 : number - 1) * pageSize, (number === 2 ? 4 : number) * pageSize)
      assert.isAbove(yield* passed(yield* makeShort, copied), 10)
    }), 60_000)

  it.live(
    "a file whose holder did not end by itself is examined at the next starts until it is whole",
    () =>
      Effect.gen(function*() {
        const { data, path } = yield* makeShort
        const killed = Effect.gen(function*() {
          const holder = yield* started([], "holder.ts", path)
          assert.strictEqual(yield* holder.line, "held")
          holder.kill("SIGKILL")
          while (!holder.hasEnded) yield* Effect.sleep(10)
        })
        const mark = Path.join(tableOf(path), "unexamined")
        yield* killed
        assert.strictEqual((yield* readAll(path)).length, 300)
        assert.isFalse(Fs.existsSync(mark), "a whole file is examined once")
        yield* killed
        const whole = Fs.readFileSync(data)
        const roots = [0, pageSize].map((at) => Number(whole.readBigUInt64LE(at + 136)))
        for (const root of roots) whole.fill(0, root * pageSize, (root + 1) * pageSize)
        Fs.writeFileSync(data, whole)
        for (let start = 0; start < 2; start++) {
          const error = yield* Effect.flip(readAll(path))
          assert.match(String(error), /damaged in a page that is in use; help: delete/)
        }
      }),
    30_000
  )
})
