/**
 * The owners of the computed families. Each lookup reads only families that its own family derives from. If you remove
 * a line of `derives` in `Index.ts`, the lookup that reads that family does not compile.
 */
import { Effect } from "effect"
import { factsOf, packageOf } from "./facts.ts"
import { Index, type Report, rootFolder, type Skipped, type Summary } from "./Index.ts"

const { facts, file, folder, listing } = Index.keys

// The most entries that one lookup reads at the same time.
const filesAtATime = 32
const foldersAtATime = 8

export const FactsLive = Index.owner("facts", {
  lookup: ({ folder, name }) => Effect.map(file.get({ folder, name }), (read) => factsOf(name, read))
})

type Counts = Omit<Report, "folders">

const none: Counts = { files: 0, binaries: 0, lines: 0, bytes: 0, exports: 0, packages: {}, skipped: [] }

const total = (parts: Iterable<Counts>): Counts => {
  const sum = { files: 0, binaries: 0, lines: 0, bytes: 0, exports: 0 }
  // A Map, because the names come from files, and a file may be called `__proto__`.
  const packages = new Map<string, number>()
  const skipped: Array<Skipped> = []
  for (const part of parts) {
    for (const key of ["files", "binaries", "lines", "bytes", "exports"] as const) sum[key] += part[key]
    for (const [name, n] of Object.entries(part.packages)) packages.set(name, (packages.get(name) ?? 0) + n)
    for (const each of part.skipped) skipped.push(each)
  }
  return { ...sum, packages: Object.fromEntries(packages), skipped }
}

const ofFile = (folder: string, name: string) =>
  facts.get({ folder, name }).pipe(
    Effect.map(({ binary, bytes, exports, imports, lines }): Counts => {
      const named = imports.map(packageOf).filter((each) => each !== undefined)
      const packages = Object.fromEntries(named.map((each) => [each, 1]))
      return { files: 1, binaries: binary ? 1 : 0, lines, bytes, exports: exports.length, packages, skipped: [] }
    }),
    Effect.catchTag("Unavailable", ({ path, why }) => Effect.succeed({ ...none, skipped: [{ path, why }] }))
  )

export const FolderLive = Index.owner("folder", {
  lookup: Effect.fnUntraced(function*({ folder }) {
    const { files, folders, skipped } = yield* listing.get({ folder })
    const counts = yield* Effect.forEach(files, ({ name }) => ofFile(folder, name), { concurrency: filesAtATime })
    return { ...total([{ ...none, skipped }, ...counts]), folders } satisfies Summary
  })
})

const ofFolder = (each: string) =>
  Effect.catchTag(
    folder.get({ folder: each }),
    "Unavailable",
    ({ path, why }) => Effect.succeed({ ...none, skipped: [{ path, why }], folders: [] } satisfies Summary)
  )

export const ProjectLive = Index.owner("project", {
  lookup: Effect.fnUntraced(function*() {
    const summaries: Array<Summary> = []
    let level: ReadonlyArray<string> = [rootFolder]
    while (level.length > 0) {
      const found = yield* Effect.forEach(level, ofFolder, { concurrency: foldersAtATime })
      for (const each of found) summaries.push(each)
      level = found.flatMap(({ folders }) => folders)
    }
    return { ...total(summaries), folders: summaries.length } satisfies Report
  })
})
