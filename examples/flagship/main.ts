/**
 * Indexes a folder, and shows how the cache helps: `npm start`, or `npm start -- PATH`.
 *
 * Read in this order: `Index.ts` (the manifest), `disk.ts` and `derived.ts` (the owners), `engine.ts` (the tiers),
 * `phases.ts` (the steps that are shown).
 *
 * Exit status: 0 if every check succeeded, 1 if one failed, 2 for a wrong argument, 130 after Ctrl-C.
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Effect, FileSystem, Path, Schema } from "effect"
import { tmpdir } from "node:os"
import { parseArgs } from "node:util"
import { memoryOverDisk } from "./engine.ts"
import { outputClosed, print } from "./output.ts"
import { copySample, editOneFile, firstStart, manyCallers, secondStart } from "./phases.ts"

const usage = `usage: npm start -- [PATH] [--cache FOLDER]

  PATH            the folder to index; this repository unless given
  --cache FOLDER  where the index stays between runs, outside PATH; a temporary folder unless given`

class WrongArgument extends Schema.TaggedError<WrongArgument>()("WrongArgument", { what: Schema.String }) {
  override get message() {
    return this.what
  }
}

const refuse = (what: string) => Effect.fail(new WrongArgument({ what }))

const parse = Effect.try({
  try: () => {
    const options = { cache: { type: "string" }, help: { type: "boolean", short: "h" } } as const
    const { positionals, values } = parseArgs({ options, allowPositionals: true })
    return { paths: positionals, ...values }
  },
  catch: (error) => new WrongArgument({ what: (error as Error).message })
})

/** The folder to index, without links. */
const findRoot = Effect.fnUntraced(function*(path: string) {
  const fs = yield* FileSystem.FileSystem
  const root = yield* Effect.result(fs.realPath(path))
  if (root._tag === "Failure") {
    const isAbsent = root.failure.reason._tag === "NotFound"
    return yield* refuse(isAbsent ? `no such folder: ${path}` : `cannot open ${path}: ${root.failure.message}`)
  }
  const { type } = yield* fs.stat(root.success)
  if (type !== "Directory") return yield* refuse(`not a folder: ${path}`)
  const readable = yield* Effect.result(fs.readDirectoryEntries(root.success))
  if (readable._tag === "Failure") return yield* refuse(`the folder may not be read: ${path}`)
  return root.success
})

/** The folder of the index: a folder that the user names, or a temporary one that is removed at the end. */
const findCache = Effect.fnUntraced(function*(root: string, given: string | undefined, temporary: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  if (given === undefined) return `${temporary}/cache`
  const absolute = path.resolve(given)
  // The folder is made first, because only an existing folder has a path without links to compare.
  if (`${absolute}/`.startsWith(`${root}/`)) return yield* refuse(`the cache must be outside ${root}: ${given}`)
  const made = yield* Effect.result(fs.makeDirectory(absolute, { recursive: true }))
  if (made._tag === "Failure") return yield* refuse(`cannot make the cache folder ${given}: ${made.failure.message}`)
  const real = yield* fs.realPath(absolute)
  if (`${real}/`.startsWith(`${root}/`)) return yield* refuse(`the cache must be outside ${root}: ${given}`)
  return real
})

const program = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const { cache: givenCache, help, paths } = yield* parse
  if (help === true) return yield* Effect.forEach(usage.split("\n"), print, { discard: true })
  if (paths.length > 1) return yield* refuse(`one folder at a time, not ${paths.length}`)
  const root = yield* findRoot(paths[0] ?? `${import.meta.dirname}/../..`)
  const temporary = yield* fs.makeTempDirectoryScoped({ directory: tmpdir(), prefix: "stateless-flagship-" })
  const cache = yield* findCache(root, givenCache, temporary)

  yield* print(`indexing ${root}`)
  const report = yield* Effect.provide(firstStart, memoryOverDisk(root, cache))
  const copy = `${temporary}/copy`
  const again = Effect.gen(function*() {
    yield* secondStart(report)
    yield* manyCallers
    return yield* copySample(copy)
  })
  const sample = yield* Effect.provide(again, memoryOverDisk(root, cache))
  yield* editOneFile(sample, copy, `${temporary}/copy-cache`)
})

const statusOf = (error: { readonly _tag: string }) => error._tag === "WrongArgument" ? 2 : 1

Effect.raceFirst(Effect.scoped(program), outputClosed).pipe(
  Effect.catch((error) =>
    Effect.sync(() => {
      process.stderr.write(`${error.message}\n`)
      if (error._tag === "WrongArgument") process.stderr.write("see: npm start -- --help\n")
      process.exitCode = statusOf(error)
    })
  ),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain
)
