/**
 * The phases of the program, one after the other. A phase fails with `Unproved` if its claim is not true.
 */
import { Duration, Effect, Equal, FileSystem, Schema, Stream } from "effect"
import { sync, type Synced } from "./disk.ts"
import { memoryOnly, memoryOverDisk } from "./engine.ts"
import { Index, type Report, rootFolder } from "./Index.ts"
import { count, print, printReport, withProgress } from "./output.ts"

const { facts, file, folder, listing, project } = Index.keys

/** A claim of the program is not true. */
export class Unproved extends Schema.TaggedError<Unproved>()("Unproved", { claim: Schema.String }) {
  override get message() {
    return `not so: ${this.claim}`
  }
}

const prove = (claim: string, holds: boolean) => holds ? Effect.void : Effect.fail(new Unproved({ claim }))

const inMillis = (duration: Duration.Duration) => `${Math.round(Duration.toMillis(duration)).toLocaleString("en")} ms`

const nothingYet = (): Synced => ({ folders: 0, files: 0, changed: 0 })

/** Compares the index with the disk, and asks for the report. */
const bringUpToDate = Effect.gen(function*() {
  const synced = nothingYet()
  const line = Effect.map(
    Index.stats,
    ({ facts, folder }) =>
      `${count(synced.files, "file")} found, ${count(facts.loads, "file")} read, ${count(folder.loads, "folder")} done`
  )
  const [took, answer] = yield* Effect.timed(
    withProgress(Effect.andThen(sync(synced), project.getAnswer({})), line)
  )
  return { synced, took, answer }
})

/** The first start: it reads every file that is not in the index yet. */
export const firstStart = Effect.gen(function*() {
  const { answer, synced, took } = yield* bringUpToDate
  const { facts } = yield* Index.stats
  yield* print(`first start: ${inMillis(took)}, ${count(facts.loads, "file")} read of ${synced.files}`)
  yield* printReport(answer.value)
  return answer.value
})

/** A second start: the same folder, an empty memory, and the entries that the first start left on disk. */
export const secondStart = Effect.fn("secondStart")(function*(before: Report) {
  const { answer, synced, took } = yield* bringUpToDate
  const stats = yield* Index.stats
  const loads = stats.facts.loads + stats.folder.loads + stats.project.loads
  yield* print(`second start: ${inMillis(took)}, ${count(synced.changed, "file")} to read, ${count(loads, "load")}`)
  if (synced.changed === 0) {
    yield* prove("a second start of an unchanged folder reports the same", Equal.equals(before, answer.value))
    yield* prove("a second start of an unchanged folder loads nothing", loads === 0 || before.skipped.length > 0)
  }
  yield* print(`  hits per tier, reading the facts of every file twice: ${yield* hitsPerTier}`)
})

const readsAtATime = 64

/** Folders of the index, from the root down. */
const allFolders = Effect.gen(function*() {
  const all: Array<string> = []
  let level: ReadonlyArray<string> = [rootFolder]
  while (level.length > 0) {
    for (const each of level) all.push(each)
    const summaries = yield* Effect.forEach(level, (each) => Effect.option(folder.get({ folder: each })))
    level = summaries.flatMap((summary) => summary._tag === "Some" ? summary.value.folders : [])
  }
  return all
})

/** The keys of every file of the index. */
const allFiles = Effect.gen(function*() {
  const listings = yield* Effect.forEach(
    yield* allFolders,
    (within) =>
      Effect.map(
        Effect.option(listing.get({ folder: within })),
        (found) => found._tag === "None" ? [] : found.value.files.map(({ name }) => ({ folder: within, name }))
      )
  )
  return listings.flat()
})

const hitsPerTier = Effect.gen(function*() {
  const hits: Record<string, number> = {}
  const files = yield* allFiles
  const readAll = Effect.forEach(files, (key) =>
    Effect.map(Effect.option(facts.getAnswer(key)), (answer) => {
      const tier = answer._tag === "Some" ? answer.value.tier : "unavailable"
      hits[tier] = (hits[tier] ?? 0) + 1
    }), { concurrency: readsAtATime, discard: true })
  yield* readAll
  yield* readAll
  return Object.entries(hits).map(([tier, n]) => `${tier} ${n.toLocaleString("en")}`).join(", ") || "no files"
})

const callers = 1_000

/** Many fibers ask for one absent report: one load computes it, and all fibers get it. */
export const manyCallers = Effect.gen(function*() {
  yield* project.invalidate({})
  const before = yield* Index.stats
  const all = Array.from({ length: callers }, () => project.get({}))
  const [took, reports] = yield* Effect.timed(Effect.all(all, { concurrency: "unbounded" }))
  const after = yield* Index.stats
  const loads = after.project.loads - before.project.loads
  yield* print(`${count(callers, "fiber")} asked for one report at once: ${count(loads, "load")}, ${inMillis(took)}`)
  yield* prove("callers at once share one load", loads === 1 && new Set(reports).size === 1)
})

// A sample is enough to show which entries are rebuilt, and copying it takes a moment.
const sampleMax = 40

const within = ({ folder, name }: Sample[number]) => folder === rootFolder ? name : `${folder}/${name}`

type Sample = ReadonlyArray<{ readonly folder: string; readonly name: string }>

/**
 * Edits one of the copied files, and names the entries that were rebuilt. Then it builds a new index from nothing, and
 * compares the two.
 */
export const editOneFile = Effect.fn("editOneFile")(function*(sample: Sample, copy: string, cache: string) {
  const fs = yield* FileSystem.FileSystem
  const [edited] = sample
  if (edited === undefined) return yield* print("nothing to edit: the folder holds no text")
  const path = `${copy}/${within(edited)}`

  const rebuild = Effect.andThen(sync(nothingYet()), project.get({}))
  const incremental = Effect.gen(function*() {
    yield* rebuild
    const text = yield* fs.readFileString(path)
    yield* fs.writeFileString(path, `${text}\nexport const addedByTheFlagship = true\n`)
    const loaded = Index.events.pipe(
      Stream.filter((event) => event._tag === "Load"),
      Stream.map((event) => event.key),
      Stream.takeUntil((key) => key === "project"),
      Stream.runCollect
    )
    // The stream is started first, and `rebuild` reads the disk before it loads, so the stream sees the first load.
    const [rebuilt, took] = yield* Effect.all([loaded, Effect.timed(rebuild)], { concurrency: 2 })
    return { rebuilt, took: took[0], index: yield* snapshot }
  })
  const { index, rebuilt, took } = yield* Effect.provide(incremental, memoryOverDisk(copy, cache))
  const fresh = yield* Effect.provide(Effect.andThen(rebuild, snapshot), memoryOnly(copy))

  const { folder: parent } = edited
  const expected = yield* Effect.all([
    file.key(edited),
    facts.key(edited),
    folder.key({ folder: parent }),
    project.key({})
  ])
  yield* print(
    `edited a copy of ${within(edited)} among ${count(sample.length, "file")}:`
  )
  yield* print(`  rebuilt in ${inMillis(took)}: ${rebuilt.join(", ")}`)
  yield* prove("exactly the entries that depend on the file are rebuilt", Equal.equals(rebuilt, expected))
  const differences = index.filter((entry, i) => !Equal.equals(entry, fresh[i])).length +
    Math.abs(index.length - fresh.length)
  yield* print(`  compared with a rebuild from nothing: ${count(differences, "difference")} in ${index.length} entries`)
  yield* prove("an index after an edit equals one from nothing", differences === 0)
})

/** Copies a few text files of the index to a new project; files with the most exports come first. */
export const copySample = Effect.fnUntraced(function*(to: string) {
  const fs = yield* FileSystem.FileSystem
  const chosen: Array<{ readonly folder: string; readonly name: string; readonly exports: number }> = []
  for (const key of yield* allFiles) {
    if (chosen.length >= sampleMax) break
    const found = yield* Effect.option(facts.get(key))
    const contents = yield* Effect.option(file.get(key))
    if (found._tag === "None" || contents._tag === "None" || contents.value.text === null) continue
    const folder = `${to}/${key.folder}`
    yield* fs.makeDirectory(folder, { recursive: true })
    yield* fs.writeFileString(`${folder}/${key.name}`, contents.value.text)
    chosen.push({ ...key, exports: found.value.exports.length })
  }
  return chosen.toSorted((a, b) => b.exports - a.exports)
})

/** Every derived entry of the index, as text. */
const snapshot = Effect.gen(function*() {
  const folders = yield* Effect.forEach(yield* allFolders, (each) => folder.get({ folder: each }))
  const files = yield* Effect.forEach(yield* allFiles, (key) => facts.get(key))
  return [yield* project.get({}), ...folders, ...files]
})
