/**
 * The rules that the shape of `src/` keeps, each a function from sources to violations.
 *
 * The ranks of the folders are read from the table in `src/README.md`, so that the tour and the rule cannot differ.
 */
import { posix } from "node:path"
import { type Document, refuseUnclear, withoutBlocks } from "./plain.ts"
import { lineOf, type Node, type Source, type Violation, walk } from "./source.ts"

export interface Project {
  readonly sources: ReadonlyArray<Source>
  /** Folder of `src/` to rank: a file imports from a lower rank or its own folder. */
  readonly ranks: ReadonlyMap<string, number>
  /** Part of a folder to rank within the folder: see `parseParts`. */
  readonly parts?: ReadonlyMap<string, number>
  /** Packages that a file of `src/` may import. */
  readonly peers: ReadonlyArray<string>
}

export type Rule = (project: Project) => ReadonlyArray<Violation>

/** At most so many; `.github/CONTRIBUTING.md` says the same. */
export const limits = { codeLines: 600, functionLines: 70, lineColumns: 120 } as const

// The build puts what the command line uses of this package into the command line's own file.
const bundledIntoCli = "@effect/platform-node"

export const folderOf = (path: string): string => path.includes("/") ? path.slice(0, path.indexOf("/")) : ""
const isRelative = (specifier: string): boolean => specifier.startsWith(".")
const isIndex = (path: string): boolean => posix.basename(path) === "index.ts"
/** The folders whose modules are for other folders, and not for programs. The last two are the top of `cache/`. */
const handedOut: ReadonlySet<string> = new Set(["shared", "engine", "transactions"])

/**
 * The folders of modules that a program does not import by choice. `internal/` is for its own folder, and the compiler
 * names the modules of `types/` in the declaration files of programs.
 */
const privateFolders: ReadonlySet<string> = new Set(["internal", "types", ...handedOut])

/** The folder, closed to programs, that contains a file: the first of `internal/` and those that are handed out. */
export const closedFolderOf = (path: string): string | undefined => {
  const folders = path.split("/").slice(0, -1)
  const depth = folders.findIndex((folder) => folder === "internal" || handedOut.has(folder))
  return depth < 0 ? undefined : folders.slice(0, depth + 1).join("/")
}
const isPrivate = (path: string): boolean =>
  path.split("/").slice(0, -1).some((folder) => privateFolders.has(folder)) || folderOf(path) === "cli"

/** The room of a file with its folder, such as `store/memory`: a folder within a folder that has public modules. */
export const roomOf = (path: string): string | undefined => {
  const [folder, room, ...rest] = path.split("/")
  return rest.length === 0 || privateFolders.has(room!) ? undefined : `${folder}/${room}`
}
export const isPublicModule = (path: string): boolean =>
  folderOf(path) !== "" && /^[A-Z]/.test(posix.basename(path)) && !isPrivate(path)

const targetOf = (path: string, specifier: string): string => posix.join(posix.dirname(path), specifier)

const violationsOf = (
  { sources }: Project,
  find: (source: Source, refuse: (offset: number, message: string) => void) => void
): ReadonlyArray<Violation> => {
  const violations: Array<Violation> = []
  for (const source of sources) {
    find(
      source,
      (offset, message) => violations.push({ path: source.path, line: lineOf(source.text, offset), message })
    )
  }
  return violations
}

/** Rows of the form ``| 3 | `capability/` |``; one row may name several folders. */
export const parseRanks = (readme: string): ReadonlyMap<string, number> => {
  const ranks = new Map<string, number>()
  for (const [, rank, folders] of readme.matchAll(/^\| *(\d+) *\|([^|]*)\|/gm)) {
    for (const [, folder] of folders!.matchAll(/`([\w-]+)\/`/g)) ranks.set(folder!, Number(rank))
  }
  return ranks
}

/**
 * Rows of the form ``| 3 | `internal/loads/` |``, in the README of a folder with many modules: its parts, each a folder
 * within it. The public modules, which lie in the folder itself, are below all parts.
 */
export const parseParts = (folder: string, readme: string): ReadonlyMap<string, number> => {
  const parts = new Map<string, number>([[`${folder}/`, 0]])
  for (const [, rank, paths] of readme.matchAll(/^\| *(\d+) *\|([^|]*)\|/gm)) {
    for (const [, path] of paths!.matchAll(/`((?:\w+\/)+)`/g)) parts.set(`${folder}/${path}`, Number(rank))
  }
  return parts
}

/** A module of a folder with parts imports from its own part, and from parts of a lower rank. */
export const parts: Rule = ({ parts: ranked = new Map(), ...project }) => {
  const partOf = (path: string) => path.slice(0, path.lastIndexOf("/") + 1)
  return violationsOf(project, (source, refuse) => {
    const part = partOf(source.path)
    if (!ranked.has(`${folderOf(source.path)}/`) || isIndex(source.path)) return
    const rank = ranked.get(part)
    if (rank === undefined) return refuse(0, `is in no part that \`${folderOf(source.path)}/README.md\` ranks`)
    for (const { specifier, start } of source.imports) {
      const other = isRelative(specifier) ? partOf(targetOf(source.path, specifier)) : part
      if (other !== part && (ranked.get(other) ?? 0) >= rank && folderOf(other) === folderOf(part)) {
        refuse(start, `\`${part}\` may not import \`${other}\`: its rank is not lower`)
      }
    }
  })
}

/** A file imports from a lower rank or from its own folder, type imports included. */
export const ranks: Rule = (project) =>
  violationsOf(project, (source, refuse) => {
    const folder = folderOf(source.path)
    if (folder === "") {
      if (!isIndex(source.path)) refuse(0, "the top of src/ holds index.ts and folders only")
      return
    }
    const rank = project.ranks.get(folder)
    if (rank === undefined) return refuse(0, `folder \`${folder}/\` has no rank in src/README.md`)
    for (const { specifier, start } of source.imports) {
      if (!isRelative(specifier)) continue
      const other = folderOf(targetOf(source.path, specifier))
      const otherRank = project.ranks.get(other) ?? Infinity
      if (other !== folder && otherRank >= rank) {
        refuse(start, `\`${folder}/\` may not import \`${other}/\`: its rank is not lower`)
      }
    }
  })

/** A relative import names a file that is there; any other import is a peer or a `node:` module, never a barrel. */
export const imports: Rule = (project) => {
  const paths = new Set(project.sources.map(({ path }) => path))
  return violationsOf(project, (source, refuse) => {
    if (isIndex(source.path)) return
    for (const { specifier, start } of source.imports) {
      if (isRelative(specifier)) {
        const target = targetOf(source.path, specifier)
        if (!paths.has(target)) refuse(start, `no file \`${target}\``)
        if (isIndex(target)) refuse(start, "a barrel may not be imported inside src/: import the file")
        continue
      }
      if (specifier === "effect") refuse(start, "import the module (`effect/Effect`), not the barrel `effect`")
      const packages = folderOf(source.path) === "cli" ? [...project.peers, bundledIntoCli] : project.peers
      const known = specifier.startsWith("node:") ||
        packages.some((peer) => specifier === peer || specifier.startsWith(`${peer}/`))
      if (!known) refuse(start, `\`${specifier}\` is neither a peer dependency nor a \`node:\` module`)
    }
  })
}

/** What lies in `internal/` is imported only from the folder, or the room, that `internal/` lies in. */
export const internals: Rule = (project) =>
  violationsOf(project, (source, refuse) => {
    for (const { specifier, start } of source.imports) {
      if (!isRelative(specifier)) continue
      const target = targetOf(source.path, specifier)
      const owner = /^(.+?\/)internal\//.exec(target)?.[1]
      if (owner !== undefined && !source.path.startsWith(owner)) {
        refuse(start, `\`${target}\` is internal to \`${owner}\``)
      }
    }
  })

/**
 * Only other folders import a room: the files around it and the other rooms work without it. The path by which a user
 * imports a public module leaves out its room, so no other public module of the folder has its name.
 */
export const rooms: Rule = (project) => {
  const names = new Map<string, string>()
  for (const { path } of project.sources) {
    if (isPublicModule(path) && roomOf(path) === undefined) names.set(path, path)
  }
  return violationsOf(project, (source, refuse) => {
    if (isIndex(source.path)) return
    if (isPublicModule(source.path)) {
      const name = `${folderOf(source.path)}/${posix.basename(source.path)}`
      const other = names.get(name) ?? source.path
      if (other !== source.path) refuse(0, `\`${other}\` has the same name`)
      names.set(name, other)
    }
    for (const { specifier, start } of source.imports) {
      if (!isRelative(specifier)) continue
      const room = roomOf(targetOf(source.path, specifier))
      if (room === undefined || room === roomOf(source.path) || folderOf(room) !== folderOf(source.path)) continue
      refuse(start, `\`${room}/\` is a room, and only other folders may import it`)
    }
  })
}

/** A driver is imported in one room, so that a project without the driver misses this room alone. */
export const drivers: Rule = (project) => {
  const homes = new Map<string, string>()
  return violationsOf(project, (source, refuse) => {
    for (const { specifier, start } of source.imports) {
      const driver = project.peers.find((peer) => specifier === peer || specifier.startsWith(`${peer}/`))
      if (driver === undefined || driver === "effect") continue
      const room = roomOf(source.path)
      if (room === undefined) refuse(start, `the driver \`${driver}\` may be imported in a room only`)
      else if (!homes.has(driver)) homes.set(driver, room)
      else if (homes.get(driver) !== room) {
        refuse(start, `the driver \`${driver}\` belongs to \`${homes.get(driver)}/\``)
      }
    }
  })
}

/** No file imports itself through others, type imports included. */
export const cycles: Rule = (project) => {
  const byPath = new Map(project.sources.map((source) => [source.path, source]))
  const done = new Set<string>()
  const violations: Array<Violation> = []
  const visit = (source: Source, trail: ReadonlyArray<string>): void => {
    if (done.has(source.path)) return
    for (const { specifier, start } of source.imports) {
      const target = isRelative(specifier) ? byPath.get(targetOf(source.path, specifier)) : undefined
      // A module may export itself by its own name.
      if (target === undefined || target === source) continue
      const from = trail.indexOf(target.path)
      if (from === -1) visit(target, [...trail, target.path])
      else {
        const message = `import cycle: ${[...trail.slice(from), target.path].join(" -> ")}`
        violations.push({ path: source.path, line: lineOf(source.text, start), message })
      }
    }
    done.add(source.path)
  }
  for (const source of project.sources) visit(source, [source.path])
  return violations
}

/** The files that loading a file loads, with the file itself. */
export const reachableFrom = (project: Pick<Project, "sources">, entry: string): ReadonlyArray<Source> => {
  const byPath = new Map(project.sources.map((source) => [source.path, source]))
  const reached = new Map<string, Source>()
  const pending = [entry]
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const source = byPath.get(path)
    if (source === undefined || reached.has(path)) continue
    reached.set(path, source)
    for (const { specifier } of source.imports) if (isRelative(specifier)) pending.push(targetOf(path, specifier))
  }
  return [...reached.values()]
}

const nodeGlobals = new Set(["process", "Buffer", "require", "__dirname", "__filename", "setImmediate", "global"])

/** `index.ts` runs in a browser: it reaches no `node:` module, no driver and no global of Node. */
export const portable: Rule = (project) => {
  const reached = new Set(reachableFrom(project, "index.ts"))
  return violationsOf(project, (source, refuse) => {
    if (!reached.has(source)) return
    for (const { specifier, start } of source.imports) {
      if (!isRelative(specifier) && specifier !== "effect" && !specifier.startsWith("effect/")) {
        refuse(start, `index.ts reaches \`${specifier}\``)
      }
    }
    forEachReference(source, (node) => {
      const name = node["name"] as string
      if (nodeGlobals.has(name)) refuse(node.start, `index.ts reaches the Node global \`${name}\``)
    })
  })
}

/**
 * A PascalCase file is public. Any other file lies in a private folder, and some file imports it, from another folder
 * if it is handed out.
 */
export const used: Rule = (project) => {
  const importers = new Map<string, Array<string>>()
  for (const { imports, path } of project.sources) {
    for (const { specifier } of imports) {
      if (!isRelative(specifier)) continue
      const target = targetOf(path, specifier)
      importers.set(target, [...(importers.get(target) ?? []), path])
    }
  }
  return violationsOf(project, ({ path }, refuse) => {
    if (isIndex(path) || isPublicModule(path) || path === "cli/main.ts") return
    if (!isPrivate(path)) refuse(0, "a private (camelCase) file lies in `internal/`, `shared/` or `types/`")
    else if (/^[A-Z]/.test(posix.basename(path))) refuse(0, "a private file has a camelCase name")
    const by = importers.get(path)
    if (by === undefined) refuse(0, "no file imports this one")
    else if (
      handedOut.has(posix.basename(posix.dirname(path))) && by.every((other) => folderOf(other) === folderOf(path))
    ) {
      refuse(0, "no other folder imports this one: it belongs in `internal/`")
    }
  })
}

export const codeLines = (code: string): number => code.split("\n").filter((line) => line.trim() !== "").length

export const isFunction = (node: Node): boolean =>
  node.type === "FunctionDeclaration" || node.type === "FunctionExpression" || node.type === "ArrowFunctionExpression"

/** Files of at most 600 code lines, functions of at most 70, lines of at most 120 columns. */
export const sizes: Rule = (project) =>
  violationsOf(project, (source, refuse) => {
    const { code, program, text } = source
    const lines = codeLines(code)
    if (lines > limits.codeLines) refuse(0, `${lines} code lines, at most ${limits.codeLines}`)
    walk(program, (node) => {
      if (!isFunction(node)) return
      const length = codeLines(code.slice(node.start, node.end))
      if (length > limits.functionLines) {
        refuse(node.start, `a function of ${length} lines, at most ${limits.functionLines}`)
      }
    })
    let offset = 0
    for (const line of text.split("\n")) {
      if (line.length > limits.lineColumns) {
        refuse(offset, `a line of ${line.length} columns, at most ${limits.lineColumns}`)
      }
      offset += line.length + 1
    }
  })

/** Visits identifiers that are read as variables: not the names of properties, members or keys. */
const forEachReference = (source: Source, visit: (node: Node, parent: Node) => void): void =>
  walk(source.program, (node, parent) => {
    if (node.type !== "Identifier" || parent === undefined) return
    const isName = (parent["property"] === node || parent["key"] === node) && parent["computed"] !== true
    if (isName) return
    if (parent.type.startsWith("TS") && parent.type !== "TSNonNullExpression" && parent.type !== "TSAsExpression") {
      return
    }
    if (parent["id"] === node || (parent["params"] as Array<Node> | undefined)?.includes(node) === true) return
    visit(node, parent)
  })

const bannedReferences = new Map([
  ["setTimeout", "time comes from `Clock`: use `Effect.sleep`, or `sleep` of `store/shared/backgroundTimer.ts`"],
  ["setInterval", "time comes from `Clock`: use `Effect.repeat`"],
  ["setImmediate", "let others run by `Effect.yieldNow`"],
  ["queueMicrotask", "let others run by `Effect.yieldNow`"],
  ["performance", "time comes from `Clock`"],
  ["console", "nothing in src/ prints: use `Effect.log` or `Console`"]
])

/** What has all globals as parts. */
const globals: ReadonlySet<string> = new Set(["globalThis", "global"])

/** What has time or randomness among its parts. */
const sources: ReadonlySet<string> = new Set(["Date", "Math"])

const bannedMembers = new Map([
  ["Date.now", "time comes from `Clock`"],
  ["Math.random", "randomness comes from `Random`"]
])

// The timer of the live clock that lets a process end, which no clock has.
const timerFile = "store/shared/backgroundTimer.ts"

/**
 * The comments of a file have lines of at most 120 columns, which no formatter sees to. A directive of the compiler is
 * one line, however long its message.
 */
export const wrapped: Rule = (project) =>
  violationsOf(project, ({ comments, text }, refuse) => {
    for (const { end, start } of comments) {
      let offset = text.lastIndexOf("\n", start) + 1
      for (const line of text.slice(offset, end).split("\n")) {
        if (line.length > limits.lineColumns && !/^\s*\/\/ @ts-expect-error /.test(line)) {
          refuse(offset, `a comment of ${line.length} columns, at most ${limits.lineColumns}`)
        }
        offset += line.length + 1
      }
    }
  })

/** Time, randomness and output come from services, and no comment announces work that is not done. */
export const banned: Rule = (project) =>
  violationsOf(project, (source, refuse) => {
    forEachReference(source, (node, parent) => {
      const property = parent.type === "MemberExpression" && parent["object"] === node
        ? parent["property"] as Node
        : undefined
      const part = (property?.["name"] ?? property?.["value"]) as string | undefined
      const isOfAll = globals.has(node["name"] as string) && part !== undefined
      const name = isOfAll ? part : node["name"] as string
      const reference = bannedReferences.get(name)
      const isTimer = name === "setTimeout" && source.path === timerFile
      if (reference !== undefined && !isTimer) refuse(node.start, `\`${name}\` is banned: ${reference}`)
      const reason = part === undefined ? undefined : bannedMembers.get(`${name}.${part}`)
      if (reason !== undefined) refuse(node.start, `\`${name}.${part}\` is banned: ${reason}`)
      // Every other way to its parts, such as a pattern of a declaration, or the object of all globals before it.
      const isTaken = sources.has(name) && (isOfAll || parent["init"] === node)
      if (isTaken) refuse(node.start, `parts of \`${name}\` are banned: time and randomness come from services`)
      const isNow = parent.type === "NewExpression" && name === "Date" &&
        (parent["arguments"] as Array<Node>).length === 0
      if (isNow) refuse(node.start, "`new Date()` is banned: time comes from `Clock`")
    })
    for (const { start, value } of source.comments) {
      const word = /\b(TODO|FIXME|HACK|XXX)\b/i.exec(value)?.[0]
      if (word !== undefined) refuse(start, `\`${word}\` in a comment`)
    }
  })

const afterTag = /^ *\* @[^]*^ *\* \*\*/m

// A name in lower case is a function on types, and a finding is one without parameters.
const findings = "diagnostic"
const verb = /^(Find|Is|Has|May|Show|Normalize|Parse|Join|Invert|Describe|Help|Match|Cover|Overlap)(?![a-z])/

/** The type parameters that every reader knows; `src/pattern/KeyPattern.ts` says what each stands for. */
const lettersAllowed: ReadonlySet<string> = new Set("ABDEFKPQRTV")

/**
 * A name of a type in lower case is a function on types, so it takes parameters; one that begins with a verb is in
 * lower case; a type parameter of one letter is one of those that every reader knows.
 */
export const typeNames: Rule = (project) =>
  violationsOf(project, (source, refuse) => {
    const checkParameter = (node: Node, name: string): void => {
      if (name.length > 1 || name === "_" || lettersAllowed.has(name)) return
      refuse(node.start, `the type parameter \`${name}\` has no name: a reader does not know what it stands for`)
    }
    walk(source.program, (node) => {
      if (node.type === "TSTypeParameter") checkParameter(node, nameOf(node["name"]))
      if (node.type === "TSMappedType") checkParameter(node, nameOf(node["key"]))
      if (node.type !== "TSTypeAliasDeclaration") return
      const name = nameOf(node["id"])
      const takesParameters = node["typeParameters"] !== null
      if (/^[a-z]/.test(name) && !takesParameters && folderOf(source.path) !== findings) {
        refuse(node.start, `\`${name}\` takes no parameters, so it is a type: write it with a capital`)
      }
      if (takesParameters && verb.test(name)) {
        refuse(node.start, `\`${name}\` begins with a verb, so it is a function on types: write it in lower case`)
      }
    })
  })
const nameOf = (identifier: unknown): string => (identifier as Node)["name"] as string

const unclearOpening = /^(?:What|How|Which|Whether|When|Where|Why|Who|Both|This|These|That|It|If)\b/

/** The header of a module opens with a verb or with a noun for what the module is, not with a clause or a pronoun. */
export const openings: Rule = (project) =>
  violationsOf(project, ({ header, text }, refuse) => {
    if (header === undefined) return
    const [first] = unclearOpening.exec(header.replace(/^\/\*\*[\s*]*/, "")) ?? []
    if (first === undefined) return
    refuse(text.indexOf(header), `a header opens with a verb or says what the module is, so not with \`${first}\``)
  })

/** Every public module says what it is; every export of it has a summary, `@since` and one `@category`. */
export const documented: Rule = (project) =>
  violationsOf(project, (source, refuse) => {
    if (!isPublicModule(source.path)) return
    if (source.header === undefined) refuse(0, "a public module starts with a header comment")
    const names = new Map<string, { start: number; docs: Array<string> }>()
    for (const { doc, name, start } of source.exports) {
      // Overloads, and a type beside a value of the same name, are one export.
      const entry = names.get(name) ?? { start, docs: [] }
      if (doc !== undefined) entry.docs.push(doc)
      names.set(name, entry)
    }
    for (const [name, { docs, start }] of names) {
      if (docs.some((doc) => /@internal\b/.test(doc))) continue
      if (docs.length === 0) refuse(start, `\`${name}\` has no doc comment`)
      for (const doc of docs) {
        if (/^\/\*\*[\s*]*(@|\/$)/.test(doc)) refuse(start, `the doc comment of \`${name}\` does not say what it is`)
        if (afterTag.test(doc)) refuse(start, `a section after a tag of \`${name}\` belongs to that tag in a hover`)
        if (!/@since \d+\.\d+\.\d+/.test(doc)) refuse(start, `the doc comment of \`${name}\` has no @since`)
        if ([...doc.matchAll(/@category \S/g)].length !== 1) refuse(start, `\`${name}\` needs exactly one @category`)
      }
    }
  })

/** What an import statement brings in, by its local name. */
const importedBy = (program: Node, isWanted: (specifier: string) => boolean): ReadonlyMap<string, string> => {
  const imported = new Map<string, string>()
  for (const statement of program["body"] as ReadonlyArray<Node>) {
    const specifier = (statement["source"] as Node | null | undefined)?.["value"]
    if (statement.type !== "ImportDeclaration" || typeof specifier !== "string" || !isWanted(specifier)) continue
    for (const { local } of statement["specifiers"] as unknown as ReadonlyArray<{ local: Node }>) {
      imported.set(nameOf(local), specifier)
    }
  }
  return imported
}

/** The first name of a type reference: `Layer` of `Layer.Layer<A>`. */
const firstName = (name: Node): string =>
  name.type === "TSQualifiedName" ? firstName(name["left"] as Node) : nameOf(name)

/**
 * A user can call what a public module exports: no parameter of a function has a type of a closed folder, which a user
 * cannot name.
 */
export const callable: Rule = (project) =>
  violationsOf(project, (source, refuse) => {
    if (!isPublicModule(source.path)) return
    const closed = importedBy(source.program, (specifier) => closedFolderOf(specifier) !== undefined)
    const checkParameters = ({ params }: Node): void =>
      (params as ReadonlyArray<Node>).forEach((param) =>
        walk(param, (node) => {
          if (node.type !== "TSTypeReference") return
          const name = firstName(node["typeName"] as Node)
          if (closed.has(name)) refuse(node.start, `a parameter has the type \`${name}\`, which a user cannot name`)
        })
      )
    for (const statement of source.program["body"] as ReadonlyArray<Node>) {
      const declaration = statement.type === "ExportNamedDeclaration" ? statement["declaration"] as Node | null : null
      if (declaration?.type === "FunctionDeclaration") checkParameters(declaration)
      if (declaration?.type !== "VariableDeclaration") continue
      for (const { init } of declaration["declarations"] as unknown as ReadonlyArray<{ init: Node | null }>) {
        if (init !== null && isFunction(init)) checkParameters(init)
      }
    }
  })

/** The interfaces whose members are the operations of the library. */
const operations: ReadonlySet<string> = new Set(["Reading", "Writing", "Readable", "Family", "Service"])

/** What needs no example, by file and name, with the reason. */
const unshown: ReadonlyMap<string, string> = new Map([
  ["manifest/Family.ts pattern", "a text"],
  ["manifest/Family.ts name", "a text"],
  ["manifest/Family.ts hottest", "chance decides what it answers"],
  ["pattern/KeyPattern.ts segmentsMax", "a number"],
  ["pattern/Key.ts keyBytesMax", "a number"],
  ["store/Entry.ts tagsMax", "a number"],
  ["store/lmdb/LmdbStore.ts recordsDropped", "a metric, which only damage counts up"],
  ["cache/CacheEvent.ts CacheEvent", "the engine makes events; `events` of a manifest shows them"]
])

// A comment may name the example of another operation that shows this one, too.
const shows = /```ts|@see [^]*for an example/
const needsNone = /@internal\b|@category (errors|type level)\b/

/**
 * Every operation, and every value that a public module exports, has an example, which the tests of the documentation
 * compile and run. Errors and what the compiler alone uses need none: `CacheError` and `StoreError` show how to catch
 * errors.
 */
export const shown: Rule = (project) => {
  const left = new Set(unshown.keys())
  const violations = violationsOf(project, ({ comments, exports, path, program, text }, refuse) => {
    if (!isPublicModule(path)) return
    const check = (name: string, docs: ReadonlyArray<string>, start: number): void => {
      if (docs.some((doc) => shows.test(doc)) || docs.every((doc) => needsNone.test(doc))) return
      if (unshown.has(`${path} ${name}`)) left.delete(`${path} ${name}`)
      else refuse(start, `\`${name}\` has no example`)
    }
    const docsOf = (wanted: string): ReadonlyArray<string> =>
      exports.filter(({ name }) => name === wanted).map(({ doc }) => doc ?? "")
    const seen = new Set<string>()
    for (const statement of program["body"] as ReadonlyArray<Node>) {
      const declaration = statement.type === "ExportNamedDeclaration" ? statement["declaration"] as Node | null : null
      if (declaration === null) continue
      if (declaration.type === "TSInterfaceDeclaration") {
        if (folderOf(path) !== "manifest" || !operations.has(nameOf(declaration["id"]))) continue
        for (const member of (declaration["body"] as Node)["body"] as ReadonlyArray<Node>) {
          const name = nameOf(member["key"])
          if (seen.has(name)) continue
          seen.add(name)
          const doc = comments.findLast(({ end }) => end <= member.start && text.slice(end, member.start).trim() === "")
          check(name, [doc?.value ?? ""], member.start)
        }
      } else if (!declaration.type.startsWith("TS")) {
        const declared = (declaration["declarations"] ?? [declaration]) as ReadonlyArray<Node>
        for (const { id, start } of declared as ReadonlyArray<Node & { id: Node }>) {
          check(nameOf(id), docsOf(nameOf(id)), start)
        }
      }
    }
  })
  const isWhole = project.sources.some(({ path }) => path === "index.ts")
  const unused = isWhole ? [...left] : []
  return [
    ...violations,
    ...unused.map((name) => ({
      path: "../.ci/architecture.ts",
      line: 1,
      message: `\`${name}\` is in \`unshown\` for nothing`
    }))
  ]
}

/** `Options` belongs to its module, and `Manifest` names the rights again, for the keys of one manifest. */
const namedAgain: ReadonlySet<string> = new Set(["Options", "Owns", "Borrows", "Appoints", "Admits"])

/** No two public modules export types of one name: such types mean two things, and a message shows the bare name. */
export const oneName: Rule = (project) => {
  const first = new Map<string, string>()
  return violationsOf(project, ({ path, program }, refuse) => {
    if (!isPublicModule(path)) return
    for (const statement of program["body"] as ReadonlyArray<Node>) {
      const declaration = statement.type === "ExportNamedDeclaration" ? statement["declaration"] as Node | null : null
      if (declaration === null || !/^(TSInterface|TSTypeAlias|Class)Declaration$/.test(declaration.type)) continue
      const name = nameOf(declaration["id"])
      const other = first.get(name) ?? path
      first.set(name, other)
      if (other !== path && !namedAgain.has(name)) {
        refuse(declaration.start, `\`${other}\` exports a type \`${name}\`, too`)
      }
    }
  })
}

/** Every doc comment of an export says `@stability stable` or `@stability experimental`. */
export const stability: Rule = (project) =>
  violationsOf(project, (source, refuse) => {
    const { exports, path } = source
    if (!isPublicModule(path)) return
    for (const { doc = "", name, start } of exports) {
      // `documented` reports an export without a comment, and overloads share one.
      if (doc === "" || /@internal\b/.test(doc)) continue
      const stated = [...doc.matchAll(/@stability[^\S\n]*(\S*)/g)].map(([, word]) => word)
      if (stated.length !== 1) refuse(start, `\`${name}\` needs exactly one @stability`)
      else if (stated[0] !== "stable" && stated[0] !== "experimental") {
        refuse(start, `the @stability of \`${name}\` is not \`stable\` or \`experimental\``)
      }
    }
  })

// A comment that begins so refers to the one before it, or to what is around it, which a hover does not show.
const leaning = new RegExp(
  "^/\\*\\*[\\s*]*(The same|As above|As in|As with|Ditto|Likewise|And|Also|Does so|So often|Such as|That of|Those|They|" +
    "Their|Its|It|Then|Else|Otherwise|That [a-z]+)\\b"
)
// The heading of a section whose first star is lost.
const lostStar = /^ *\* \*\w[^*\n]*\*\*/m

/** A doc comment stands alone, as a hover shows it, and its headings have all their stars. */
export const alone: Rule = (project) =>
  violationsOf(project, (source, refuse) => {
    for (const { 0: doc, index } of source.text.matchAll(/\/\*\*[\s\S]*?\*\//g)) {
      if (leaning.test(doc)) refuse(index, "a doc comment refers to the one before it, or to what is around it")
      if (lostStar.test(doc)) refuse(index, "a heading has lost a star")
    }
  })

/** Every file of `test/` opens with a comment in plain English that says what it shows, or what it is for. */
const headed: Rule = (project) =>
  violationsOf(project, ({ header, text }, refuse) => {
    if (header === undefined) return refuse(0, "a test file starts with a header comment that says what it shows")
    refuseUnclear(header.replace(/\n \*/g, "\n  "), text.indexOf(header), refuse)
  })

// Functions whose first argument names a test.
const naming: ReadonlySet<string> = new Set(["describe", "it", "test", "simulate", "story"])

// A name that begins so completes the name of its `describe`. Alone, in a list of failures, it has no subject.
const subjectless = new RegExp(
  "^(it|its|they|none|such|is|are|was|were|does|do|has|have|had|may|can|cannot|could|must|should|will|would|gets?|" +
    "gives?|takes?|keeps?|tells?|says?|lives|lets|goes|returns|fails|refuses|throws|accepts|rejects|shows|finds|" +
    "prints|explains|contains|allows|ignores|survives|stays|becomes|remains|waits|of|that|which|who|whose|how|and|" +
    "or|nor|by|with|within|without|in|on|for|from|to|at|over|under|between|among|through|beside|behind|below|above|" +
    "during|against|also|though|where|when|while|after|before|until|since|because|if|once|so|than|not|never|still|" +
    "always|again)\\b"
)

/** The function that a call begins with: `it` of `it.effect.each([])(…)`. */
const calledBy = (node: Node | undefined): unknown => {
  if (node?.type === "MemberExpression") return calledBy(node["object"] as Node)
  return node?.type === "CallExpression" ? calledBy(node["callee"] as Node) : node?.["name"]
}

/** The name of a test is plain English, and a sentence of its own unless it names the subject of others. */
const named: Rule = (project) =>
  violationsOf(project, ({ program, text }, refuse) => {
    walk(program, (node) => {
      if (node.type !== "CallExpression") return
      const called = calledBy(node["callee"] as Node)
      const [name] = node["arguments"] as ReadonlyArray<Node>
      if (!naming.has(called as string) || (name?.type !== "Literal" && name?.type !== "TemplateLiteral")) return
      const prose = text.slice(name.start + 1, name.end - 1)
      refuseUnclear(prose, name.start + 1, refuse)
      if (called === "describe") return
      const [first] = subjectless.exec(prose) ?? []
      if (first !== undefined) refuse(name.start, `the name of a test begins with its subject, not with \`${first}\``)
      // A table may give the subject, and how it is arranged; the name itself says what holds. A choice has texts, too.
      const fixed = prose.replace(/\$\{([^}]*)\}/g, (_, chosen) => chosen.match(/"[^"]*"/g)?.join(" ") ?? "")
      const words = fixed.match(/[a-z]+/gi) ?? []
      if (name.type === "TemplateLiteral" && words.length < 2) refuse(name.start, "the name of a test says what holds")
    })
  })

/** An expression without the types that it is cast to: `a` of `a as B as C`. */
const uncast = (node: Node | undefined): Node | undefined =>
  node?.type === "TSAsExpression" ? uncast(node["expression"] as Node) : node

/** The function that an expression calls, as it is written: `Effect.provide` of `Effect.provide(effect, layer)`. */
const callOf = (expression: Node | undefined, text: string): string | undefined => {
  const node = uncast(expression)
  if (node?.type !== "CallExpression") return undefined
  const { end, start } = node["callee"] as Node
  return text.slice(start, end)
}

/**
 * A test has a scope of its own, and `Effect.provide` closes what it builds: `Effect.scoped` around either adds
 * nothing, and a reader looks for what it closes.
 */
const scopes: Rule = (project) =>
  violationsOf(project, ({ program, text }, refuse) => {
    walk(program, (node) => {
      if (node.type !== "CallExpression") return
      const given = node["arguments"] as ReadonlyArray<Node>
      const called = callOf(node, text)!
      if (called === "Effect.scoped" && callOf(given[0], text) === "Effect.provide") {
        refuse(node.start, "`Effect.provide` closes what it builds, without `Effect.scoped`")
      }
      const inner = given[1]?.type === "ArrowFunctionExpression" ? uncast(given[1]["body"] as Node) : undefined
      if (!/^it\.(effect|live)\b/.test(called) || inner === undefined) return
      const outer = callOf(inner, text)
      const last = outer?.endsWith(".pipe") === true ? (inner["arguments"] as ReadonlyArray<Node>).at(-1) : undefined
      if (outer === "Effect.scoped" || (last !== undefined && text.slice(last.start, last.end) === "Effect.scoped")) {
        refuse(node.start, "a test has a scope of its own: `Effect.scoped` around it adds nothing")
      }
    })
  })

/** The rules of `test/`. */
export const testRules: Readonly<Record<string, Rule>> = { headed, named, scopes }

/** One first-level heading per Markdown file. */
export const headings = (files: ReadonlyArray<Document>): ReadonlyArray<Violation> =>
  files.flatMap(({ path, text }) => {
    const count = [...withoutBlocks(text).matchAll(/^# /gm)].length
    return count === 1 ? [] : [{ path, line: 1, message: `${count} first-level headings, exactly 1 expected` }]
  })

export const rules: Readonly<Record<string, Rule>> = {
  ranks,
  imports,
  internals,
  parts,
  rooms,
  drivers,
  cycles,
  portable,
  used,
  sizes,
  banned,
  typeNames,
  documented,
  openings,
  callable,
  shown,
  oneName,
  stability,
  alone
}
