/**
 * The manifest of the index: five families, each derived from the one before.
 *
 *     listing:{folder} ───────────────────────────────────────────┐
 *     file:{folder}:{name} ──> facts:{folder}:{name} ──> folder:{folder} ──> project
 *
 * `listing` and `file` hold data from the disk. The other families are computed from them, and are invalidated through
 * these edges.
 */
import { Schema, SchemaTransformation } from "effect"
import * as Manifest from "effect-stateless/manifest/Manifest"

const escape = (path: string) => path.replace(/[%:*{}]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
const unescape = (segment: string) =>
  segment.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

/**
 * A path, or a part of one, as one segment of a key. Only this codec escapes the characters that have a meaning in
 * keys.
 */
export const Path = Schema.String.pipe(
  Schema.decodeTo(Schema.String, SchemaTransformation.transform({ decode: unescape, encode: escape }))
)

/** The root of the index, as a path relative to the root. */
export const rootFolder = "."

/** A file or a folder that cannot be read now. */
export class Unavailable extends Schema.TaggedError<Unavailable>()("Unavailable", {
  path: Schema.String,
  why: Schema.String
}) {
  override get message() {
    return `${this.path}: ${this.why}`
  }
}

export const Skipped = Schema.Struct({ path: Schema.String, why: Schema.String })
export type Skipped = typeof Skipped.Type

/** The facts about a file that the disk gives without reading it. With equal stamps, the file has not changed. */
export const Listed = Schema.Struct({ name: Schema.String, stamp: Schema.String })
export const Listing = Schema.Struct({
  files: Schema.Array(Listed),
  folders: Schema.Array(Schema.String),
  skipped: Schema.Array(Skipped)
})
export type Listing = typeof Listing.Type

/** A file without text is binary. */
export const File = Schema.Struct({ bytes: Schema.Int, text: Schema.NullOr(Schema.String) })
export type File = typeof File.Type

export const Facts = Schema.Struct({
  bytes: Schema.Int,
  binary: Schema.Boolean,
  lines: Schema.Int,
  imports: Schema.Array(Schema.String),
  exports: Schema.Array(Schema.String)
})
export type Facts = typeof Facts.Type

const counts = {
  files: Schema.Int,
  binaries: Schema.Int,
  lines: Schema.Int,
  bytes: Schema.Int,
  exports: Schema.Int,
  /** The number of files that import a package, by the name of the package. */
  packages: Schema.Record(Schema.String, Schema.Int),
  skipped: Schema.Array(Skipped)
}
export const Summary = Schema.Struct({ ...counts, folders: Schema.Array(Schema.String) })
export type Summary = typeof Summary.Type
export const Report = Schema.Struct({ ...counts, folders: Schema.Int })
export type Report = typeof Report.Type

const inFolder = { folder: Path }
const ofFile = { folder: Path, name: Path }

export class Index extends Manifest.Service<Index>()("flagship/Index", {
  families: {
    listing: { pattern: "listing:{folder}", params: inFolder, value: Listing, error: Unavailable },
    file: {
      pattern: "file:{folder}:{name}",
      params: ofFile,
      value: File,
      error: Unavailable,
      // The most open files. More files are not faster on one disk, and a process may open about a thousand.
      loadConcurrency: 64,
      weigher: (_key: string, file: File) => 100 + file.bytes
    },
    facts: {
      pattern: "facts:{folder}:{name}",
      params: ofFile,
      value: Facts,
      error: Unavailable,
      derives: ["file:{folder}:{name}"],
      weigher: (_key: string, facts: Facts) => 200 + 20 * (facts.imports.length + facts.exports.length)
    },
    folder: {
      pattern: "folder:{folder}",
      params: inFolder,
      value: Summary,
      error: Unavailable,
      derives: ["listing:{folder}", "facts:{folder}:{name}"],
      weigher: (_key: string, summary: Summary) => 500 + 100 * (summary.folders.length + summary.skipped.length)
    },
    project: { pattern: "project", value: Report, error: Unavailable, derives: ["folder:{folder}"] }
  }
}) {}
