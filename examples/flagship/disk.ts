/**
 * The owners of the families with data from the disk: listings of folders and contents of files.
 *
 * `sync` compares every folder with the listing in the index, and invalidates the entries that changed. It is the only
 * function that writes, and its type says so: `Owns<"listing:{folder}"> | Owns<"file:{folder}:{name}">`.
 *
 * - A link to a file is read as a file. A link to a folder is not followed, because links may form a loop.
 * - A file or a folder that cannot be read is skipped and listed. It never ends the run.
 */
import { ByteSize, Context, Effect, Equal, FileSystem, Option, type PlatformError } from "effect"
import { Index, type Listing, rootFolder, type Skipped, Unavailable } from "./Index.ts"

const { file, folder, listing } = Index.keys

/** The root of the index, as an absolute path without links. */
export class Root extends Context.Service<Root, { readonly path: string }>()("flagship/Root") {}

/** Names of folders with files from other programs. They are left out, and not counted as skipped. */
const ignored = new Set([".git", "node_modules", "dist"])

// A larger file is a dump or an archive, and would push all other entries out of memory.
const fileBytesMax = 8 * 1024 * 1024

// The most requests to the file system at the same time, within a folder and across folders.
const statsAtATime = 16
const foldersAtATime = 8

/** Joins a path within the root: `.` and `a/b` give `a/b`. */
const join = (path: string, name: string) => path === "." ? name : `${path}/${name}`

const whyOf = ({ reason }: PlatformError.PlatformError): string => {
  if (reason._tag === "NotFound") return "is not there any more"
  if (reason._tag === "PermissionDenied") return "may not be read"
  const code = (reason.cause as { readonly code?: string } | undefined)?.code
  return code === undefined ? reason.message : `cannot be read (${code})`
}

const orUnavailable = <A, R>(path: string, effect: Effect.Effect<A, PlatformError.PlatformError, R>) =>
  Effect.mapError(effect, (error) => new Unavailable({ path, why: whyOf(error) }))

type Seen =
  | { readonly _tag: "File"; readonly name: string; readonly stamp: string }
  | { readonly _tag: "Folder"; readonly name: string }
  | { readonly _tag: "Skipped"; readonly skipped: Skipped }

const look = Effect.fnUntraced(function*(within: string, entry: FileSystem.DirectoryEntry) {
  const path = join(within, entry.name)
  const skip = (why: string): Seen => ({ _tag: "Skipped", skipped: { path, why } })
  // Node writes U+FFFD for bytes that are not UTF-8, and that name does not open the file.
  if (entry.name.includes("\uFFFD")) return skip("has a name that is not UTF-8")
  if (entry.type === "Directory") return { _tag: "Folder", name: path } satisfies Seen
  if (entry.type !== "File" && entry.type !== "SymbolicLink") return skip("is not a file")
  const fs = yield* FileSystem.FileSystem
  const root = yield* Root
  const info = yield* Effect.result(fs.stat(`${root.path}/${path}`))
  if (info._tag === "Failure") {
    return skip(entry.type === "SymbolicLink" ? "is a link that leads nowhere" : whyOf(info.failure))
  }
  const { ino, mtime, size, type } = info.success
  if (type === "Directory") return skip("is a link to a folder")
  if (type !== "File") return skip("is not a file")
  if (ByteSize.toNumberUnsafe(size) > fileBytesMax) return skip(`has more than ${fileBytesMax} bytes`)
  const millis = Option.match(mtime, { onNone: () => "", onSome: (date) => date.getTime() })
  const stamp = `${millis}-${size}-${Option.getOrElse(ino, () => "")}`
  return { _tag: "File", name: entry.name, stamp } satisfies Seen
})

/** The current entries of a folder, in the order of their names. */
const readListing = Effect.fnUntraced(function*(path: string) {
  const fs = yield* FileSystem.FileSystem
  const root = yield* Root
  const entries = yield* orUnavailable(path, fs.readDirectoryEntries(`${root.path}/${path}`))
  const kept = entries.filter(({ name }) => !ignored.has(name)).toSorted((a, b) => a.name < b.name ? -1 : 1)
  const seen = yield* Effect.forEach(kept, (entry) => look(path, entry), { concurrency: statsAtATime })
  const found: Listing = {
    files: seen.flatMap((each) => each._tag === "File" ? [{ name: each.name, stamp: each.stamp }] : []),
    folders: seen.flatMap((each) => each._tag === "Folder" ? [each.name] : []),
    skipped: seen.flatMap((each) => each._tag === "Skipped" ? [each.skipped] : [])
  }
  return found
})

export const ListingLive = Index.owner("listing", { lookup: ({ folder }) => readListing(folder) })

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** The text of a file; none for a binary file. A file with a zero byte, or with bytes that are not UTF-8, is binary. */
const textOf = (bytes: Uint8Array): string | null => {
  if (bytes.includes(0)) return null
  try {
    return utf8.decode(bytes)
  } catch {
    return null
  }
}

export const FileLive = Index.owner("file", {
  lookup: Effect.fnUntraced(function*({ folder, name }) {
    const fs = yield* FileSystem.FileSystem
    const root = yield* Root
    const path = join(folder, name)
    const bytes = yield* orUnavailable(path, fs.readFile(`${root.path}/${path}`))
    return { bytes: bytes.length, text: textOf(bytes) }
  })
})

/** The counts of a walk over the disk: the files that it found, and the entries that it invalidated. */
export interface Synced {
  folders: number
  files: number
  changed: number
}

/** Brings the index up to date with the disk, and counts its progress in `synced`. */
export const sync = Effect.fn("sync")(function*(synced: Synced) {
  // An index without the root is empty, or has lost the listings to compare with.
  const isLost = Option.isNone(yield* listing.getOption({ folder: rootFolder }))
  if (isLost) yield* file.invalidateAll()
  let level: ReadonlyArray<string> = [rootFolder]
  while (level.length > 0) {
    const below = yield* Effect.forEach(level, (each) => syncFolder(each, synced, isLost), {
      concurrency: foldersAtATime
    })
    level = below.flat()
  }
  return synced
})

const syncFolder = Effect.fnUntraced(function*(within: string, synced: Synced, isLost: boolean) {
  const was = yield* listing.getOption({ folder: within })
  const read = yield* Effect.result(readListing(within))
  // A folder that is gone, or may not be read: the lookup of its listing tells the reason to the readers of its
  // summary.
  if (read._tag === "Failure") {
    yield* listing.delete({ folder: within })
    return []
  }
  const now = read.success
  const stamps = new Map(Option.isSome(was) ? was.value.files.map(({ name, stamp }) => [name, stamp]) : [])
  // Reading may succeed now, even if the file is the same and reading failed before: its permissions may have changed.
  const summary = yield* folder.getOption({ folder: within })
  const failed = new Set(Option.isSome(summary) ? summary.value.skipped.map(({ path }) => path) : [])
  const changed = now.files.filter(({ name, stamp }) => stamps.get(name) !== stamp || failed.has(join(within, name)))
  for (const { name } of now.files) stamps.delete(name)
  const forgotten = [...changed.map(({ name }) => name), ...stamps.keys()]
  if (!isLost) yield* file.deleteMany(forgotten.map((name) => ({ folder: within, name })))
  if (Option.isNone(was) || !Equal.equals(was.value, now)) yield* listing.set({ folder: within }, now)
  synced.folders++
  synced.files += now.files.length
  synced.changed += forgotten.length
  return now.folders
})
