/**
 * The flagship example as a program, and its index: it survives every kind of folder, edit and end, and its index
 * always equals one that is built from nothing.
 */
import { NodeServices } from "@effect/platform-node"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as PlatformError from "effect/PlatformError"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { sync } from "../../examples/flagship/disk.ts"
import { memoryOnly } from "../../examples/flagship/engine.ts"
import { factsOf } from "../../examples/flagship/facts.ts"
import { Index, Path } from "../../examples/flagship/Index.ts"

const repository = join(import.meta.dirname, "../..")
let temporary = ""
beforeAll(() => {
  temporary = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "stateless-test-flagship-")))
})
afterAll(() => fs.rmSync(temporary, { recursive: true, force: true }))

let folders = 0
const newFolder = (files: { readonly [path: string]: string | Uint8Array } = {}) => {
  const folder = join(temporary, `folder-${folders++}`)
  fs.mkdirSync(folder)
  for (const [path, contents] of Object.entries(files)) {
    fs.mkdirSync(join(folder, path, ".."), { recursive: true })
    fs.writeFileSync(join(folder, path), contents)
  }
  return folder
}

interface Run {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

/** Runs the program as `npm start` does; `onOutput` may act on its process. */
const start = (
  args: ReadonlyArray<string>,
  onOutput?: (child: ChildProcessWithoutNullStreams) => void,
  env: object = {}
) =>
  new Promise<Run>((resolve) => {
    const program = join(repository, "examples/flagship/main.ts")
    const child = spawn(process.execPath, ["--conditions=@effect-stateless/source", program, ...args], {
      cwd: repository,
      env: { ...process.env, ...env }
    })
    let out = ""
    let err = ""
    child.stdout.on("data", (chunk) => {
      out += chunk
      onOutput?.(child)
    })
    child.stderr.on("data", (chunk) => err += chunk)
    child.on("close", (status) => resolve({ status, out, err }))
  })

describe("flagship as a program", () => {
  const refused: ReadonlyArray<readonly [string, () => ReadonlyArray<string>, RegExp]> = [
    ["a folder that is not there", () => [join(temporary, "nowhere")], /^no such folder: .*nowhere\n/],
    ["a file in place of a folder", () => [join(newFolder({ "a.txt": "a" }), "a.txt")], /^not a folder: .*a\.txt\n/],
    ["a cache inside the folder", () => {
      const folder = newFolder()
      return [folder, "--cache", join(folder, "cache")]
    }, /^the cache must be outside /]
  ]
  for (const [what, args, message] of refused) {
    it(`the program refuses ${what}, says why, and exits with 2`, async () => {
      const { err, out, status } = await start(args())
      assert.match(err, message)
      assert.deepStrictEqual([status, out], [2, ""])
    })
  }

  it("the program indexes an empty folder, and has nothing to edit", async () => {
    const { err, out, status } = await start([newFolder()])
    assert.strictEqual(err, "")
    assert.include(out, "0 files (0 binary) in 1 folder, 0 lines")
    assert.include(out, "nothing to edit")
    assert.strictEqual(status, 0)
  })

  it("the program indexes a folder of unusual files, and names those that it cannot read", async () => {
    const folder = newFolder({
      "a:b*{c}%3A.ts": "import x from \"__proto__\"\nimport \"constructor\"\nexport const a = 1\n",
      "deep/er/b.ts": "import type { A } from \"effect/Effect\"\nexport interface __proto__ {}\nexport const b = 2",
      "bin": new Uint8Array([1, 0, 2]),
      "latin": new Uint8Array([0x63, 0xe9]),
      "node_modules/x/index.js": "export const no = 1"
    })
    fs.symlinkSync("..", join(folder, "deep/loop"))
    fs.symlinkSync("self", join(folder, "self"))
    fs.symlinkSync("nowhere", join(folder, "broken"))
    fs.symlinkSync("latin", join(folder, "link"))
    fs.writeFileSync(Buffer.concat([Buffer.from(`${folder}/bad`), Buffer.from([0xff])]), "x")
    execFileSync("mkfifo", [join(folder, "pipe")])

    const { err, out, status } = await start([folder])
    assert.strictEqual(err, "")
    assert.include(out, "5 files (3 binary) in 3 folders, 6 lines")
    assert.include(out, "imported most: __proto__ (1), constructor (1), effect (1)\n")
    const skipped = [
      "bad\uFFFD has a name that is not UTF-8",
      "broken is a link that leads nowhere",
      "pipe is not a file",
      "self is a link that leads nowhere",
      "deep/loop is a link to a folder"
    ]
    assert.include(out, `  skipped 5 entries:\n${skipped.map((line) => `    ${line}\n`).join("")}`)
    assert.match(out, /second start: \d+ ms, 0 files to read, 0 loads\n/)
    assert.include(out, "lmdb 5, memory 5")
    assert.include(out, "1,000 fibers asked for one report at once: 1 load")
    assert.include(out, "0 differences")
    assert.strictEqual(status, 0)
  })

  it("the program finds the entries of an earlier process in a cache folder", async () => {
    const folder = newFolder({ "a.ts": "export const a = 1", "b/c.ts": "export const c = 1" })
    const cache = newFolder()
    const first = await start([folder, "--cache", cache])
    assert.include(first.out, "2 files read of 2")
    fs.appendFileSync(join(folder, "a.ts"), "\nexport const b = 2")
    const second = await start([folder, "--cache", cache])
    assert.include(second.out, "1 file read of 2")
    assert.include(second.out, "3 exported names")
    assert.deepStrictEqual([first.status, second.status], [0, 0])
  })

  it("the program ends at Ctrl-C with 130, and leaves nothing behind", async () => {
    const folder = newFolder(
      Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`f${i}.ts`, `export const f = ${i}`]))
    )
    const place = newFolder()
    const { err, out, status } = await start([folder], (child) => child.kill("SIGINT"), { TMPDIR: place })
    assert.strictEqual(out, `indexing ${folder}\n`)
    assert.deepStrictEqual([status, err, fs.readdirSync(place)], [130, "", []])
  })

  it("the program ends when its output is closed, and leaves nothing behind", async () => {
    const place = newFolder()
    const { err, status } = await start([newFolder({ "a.ts": "" })], (child) => child.stdout.destroy(), {
      TMPDIR: place
    })
    assert.deepStrictEqual([status, err, fs.readdirSync(place)], [0, "", []])
  })
})

describe("index", () => {
  const { project } = Index.keys
  const report = Effect.andThen(sync({ folders: 0, files: 0, changed: 0 }), project.get({}))

  /** The file system, with what `onRead` says done or failed before a file is read. */
  const withReads = (onRead: (path: string) => Effect.Effect<void, PlatformError.PlatformError>) =>
    Effect.updateService(FileSystem.FileSystem, (real: FileSystem.FileSystem): FileSystem.FileSystem => ({
      ...real,
      readFile: (path) => Effect.andThen(onRead(path), real.readFile(path))
    }))
  const denied = (path: string) =>
    Effect.fail(
      PlatformError.systemError({
        _tag: "PermissionDenied",
        module: "FileSystem",
        method: "readFile",
        pathOrDescriptor: path
      })
    )

  it.live("a file without permission is skipped, and read once it has the permission, without a change of the file", () => {
    const folder = newFolder({ "a.ts": "export const a = 1", "secret.ts": "export const b = 1" })
    let closed = true
    return Effect.gen(function*() {
      const before = yield* report
      assert.deepStrictEqual([before.files, before.exports], [1, 1])
      assert.deepStrictEqual(before.skipped, [{ path: "secret.ts", why: "may not be read" }])
      closed = false
      const after = yield* report
      assert.deepStrictEqual([after.files, after.exports, after.skipped], [2, 2, []])
    }).pipe(
      Effect.provide(memoryOnly(folder)),
      withReads((path) => closed && path.endsWith("secret.ts") ? denied(path) : Effect.void),
      Effect.provide(NodeServices.layer)
    )
  })

  it.live("a file that goes away between its listing and its reading is skipped, and dropped at the next look", () => {
    const folder = newFolder({ "a.ts": "export const a = 1", "gone.ts": "export const b = 1" })
    return Effect.gen(function*() {
      const before = yield* report
      assert.deepStrictEqual(before.skipped, [{ path: "gone.ts", why: "is not there any more" }])
      const after = yield* report
      assert.deepStrictEqual([after.files, after.skipped], [1, []])
    }).pipe(
      Effect.provide(memoryOnly(folder)),
      withReads((path) => Effect.sync(() => path.endsWith("gone.ts") && fs.rmSync(path, { force: true }))),
      Effect.provide(NodeServices.layer)
    )
  })

  it.live("a folder that goes away is followed, and so is one that comes back with other files", () => {
    const folder = newFolder({ "a.ts": "", "b/c.ts": "export const c = 1", "b/d/e.ts": "" })
    return Effect.gen(function*() {
      assert.strictEqual((yield* report).files, 3)
      fs.rmSync(join(folder, "b"), { recursive: true })
      const without = yield* report
      assert.deepStrictEqual([without.files, without.folders, without.skipped], [1, 1, []])
      fs.mkdirSync(join(folder, "b"))
      fs.writeFileSync(join(folder, "b/c.ts"), "export const c = 1\nexport const d = 1")
      const again = yield* report
      assert.deepStrictEqual([again.files, again.exports], [2, 2])
    }).pipe(Effect.provide(memoryOnly(folder)), Effect.provide(NodeServices.layer))
  })

  const name = fc.constantFrom("a.ts", "b.ts", "c/a.ts", "c/d/b.md", "e/a.ts")
  const edit = fc.record({ name, lines: fc.integer({ min: 0, max: 5 }) })

  it("the index equals one that is built from nothing after any edits", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(edit, { minLength: 1, maxLength: 4 }), { maxLength: 4 }), async (rounds) => {
        const folder = newFolder()
        // Sizes differ from one edit to the next: a clock of milliseconds need not tell two writes apart.
        let written = 0
        const apply = ({ lines, name }: typeof edit extends fc.Arbitrary<infer A> ? A : never) => {
          const path = join(folder, name)
          if (lines === 0) return fs.rmSync(path, { force: true })
          fs.mkdirSync(join(path, ".."), { recursive: true })
          fs.writeFileSync(path, `export const a${"b".repeat(++written)} = 1\n`.repeat(lines))
        }
        const follow = Effect.gen(function*() {
          for (const round of rounds) {
            for (const each of round) apply(each)
            const found = yield* report
            const fresh = yield* Effect.provide(report, memoryOnly(folder))
            assert.deepStrictEqual(found, fresh)
          }
        })
        await Effect.runPromise(follow.pipe(Effect.provide(memoryOnly(folder)), Effect.provide(NodeServices.layer)))
      }),
      { numRuns: 25 }
    )
  })

  it("any path can be a segment of a key, and is found again", () => {
    fc.assert(fc.property(fc.string({ minLength: 1, unit: "binary" }), (path) => {
      const segment = Schema.encodeSync(Path)(path)
      assert.notMatch(segment, /[:*{}]/)
      assert.strictEqual(Schema.decodeSync(Path)(segment), path)
    }))
  })

  it("lines are counted as in an editor, and imports and exports are found", () => {
    const facts = (text: string) => factsOf("a.ts", { bytes: text.length, text })
    assert.deepStrictEqual(["", "a", "a\n", "a\nb", "\n\n"].map((text) => facts(text).lines), [0, 1, 1, 2, 2])
    const { exports, imports } = facts(
      "import a from \"a\"\nimport {\n  b\n} from 'b'\nimport \"c\"\nexport * from \"d\"\n" +
        "export const e = 1\nexport default class F {}\nexport async function g() {}\nconst h = 'import x from \"y\"'\n"
    )
    assert.deepStrictEqual(imports, ["a", "b", "c", "d"])
    assert.deepStrictEqual(exports, ["F", "e", "g"])
  })
})
