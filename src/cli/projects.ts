/**
 * Finds the projects of a check: the named project, and those that its `references` name, as `tsc --build` follows
 * them.
 *
 * - Each project is in the list once, after the projects that it references.
 * - References that form a cycle are reported here. The compiler reports a reference to a file that does not exist.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"
import { withoutComments } from "./declarations.ts"

/** The named project does not exist. */
export class ProjectMissing extends Schema.TaggedError<ProjectMissing>()("ProjectMissing", {
  project: Schema.String,
  /** Whether it is a folder, which has no `tsconfig.json`. */
  isFolder: Schema.Boolean
}) {
  override get message() {
    const what = this.isFolder ? `\`tsconfig.json\` in \`${this.project}\`` : `\`${this.project}\``
    return `there is no ${what}; help: name the tsconfig to check, stateless check path/to/tsconfig.json`
  }
}

/** The references lead to more projects than a check reads. */
export class ProjectsTooMany extends Schema.TaggedError<ProjectsTooMany>()("ProjectsTooMany", {
  project: Schema.String,
  projectsMax: Schema.Int
}) {
  override get message() {
    return `the references of \`${this.project}\` lead to more than ${this.projectsMax} projects; ` +
      "help: check them one by one"
  }
}

export interface Project {
  /** The path of its configuration, relative to the folder of the check. */
  readonly file: string
  /** The projects that it references. A project with references may have no files of its own. */
  readonly references: ReadonlyArray<string>
}

export interface Projects {
  readonly all: ReadonlyArray<Project>
  /** One error for each cycle of references. */
  readonly cycles: ReadonlyArray<string>
}

// Bounds the search, and the runs of the compiler: there are two for each project.
const projectsMax = 500

export const projectsOf = Effect.fnUntraced(function*(folder: string, project: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const absolute = (file: string) => path.resolve(folder, file)
  const shown = (file: string) => path.relative(folder, file)
  // The name of a folder means the tsconfig.json in it.
  const fileOf = Effect.fnUntraced(function*(named: string) {
    const info = yield* Effect.option(fs.stat(named))
    if (info._tag === "None") return undefined
    if (info.value.type !== "Directory") return named
    const inside = path.join(named, "tsconfig.json")
    return (yield* fs.exists(inside)) ? inside : undefined
  })
  const root = yield* fileOf(absolute(project))
  if (root === undefined) {
    return yield* new ProjectMissing({ project, isFolder: yield* fs.exists(absolute(project)) })
  }
  const all: Array<Project> = []
  const cycles: Array<string> = []
  const visited = new Set<string>([root])
  const referencesOf = Effect.fnUntraced(function*(file: string) {
    const found: Array<string> = []
    for (const named of referencesIn(yield* fs.readFileString(file))) {
      const target = yield* fileOf(path.resolve(path.dirname(file), named))
      if (target !== undefined) found.push(target)
    }
    return found
  })
  // The path from the root to the current project, with the references of each that are still to be read.
  const step = Effect.fnUntraced(function*(file: string) {
    const rest = yield* referencesOf(file)
    return { file, rest, references: rest.map(shown) }
  })
  const way = [yield* step(root)]
  for (let at = way.at(-1); at !== undefined; at = way.at(-1)) {
    const next = at.rest.shift()
    if (next === undefined) {
      all.push({ file: shown(at.file), references: at.references })
      way.pop()
      continue
    }
    const first = way.findIndex(({ file }) => file === next)
    if (first >= 0) {
      const names = [...way.slice(first).map(({ file }) => file), next].map(shown)
      cycles.push(`${names.at(-2)}: error: references form a cycle: ${names.join(" -> ")}`)
    }
    if (visited.has(next)) continue
    visited.add(next)
    if (visited.size > projectsMax) return yield* new ProjectsTooMany({ project, projectsMax })
    way.push(yield* step(next))
  }
  const projects: Projects = { all, cycles }
  return projects
})

// A configuration may contain comments, and commas before a closing bracket. The compiler reports other mistakes.
const referencesIn = (text: string): ReadonlyArray<string> => {
  const json = withoutComments(text.replace(/^\ufeff/, "")).replace(
    /("(?:[^"\\\n]|\\.)*")|,(?=\s*[}\]])/g,
    (_, literal: string | undefined) => literal ?? ""
  )
  try {
    const { references } = JSON.parse(json)
    if (!Array.isArray(references)) return []
    return references.flatMap((one) => typeof one?.path === "string" ? [one.path] : [])
  } catch {
    return []
  }
}
