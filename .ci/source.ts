/**
 * Reads a TypeScript file for the tools of this folder: its imports, exports, comments, functions and lines.
 *
 * One parse serves the architecture rules, the generated barrels, the documentation runner and the build.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { parseSync } from "rolldown/utils"

/** The part of a syntax node that the tools use. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

export interface Comment {
  readonly type: "Line" | "Block"
  /** The text between the delimiters, so that a doc comment starts with `*`. */
  readonly value: string
  readonly start: number
  readonly end: number
}

export interface Import {
  readonly specifier: string
  readonly start: number
  readonly end: number
}

/** What a rule finds in a file. */
export interface Violation {
  readonly path: string
  readonly line: number
  readonly message: string
}

export interface Export {
  readonly name: string
  readonly start: number
  /** The doc comment in front of the declaration, delimiters included. */
  readonly doc: string | undefined
}

export interface Source {
  /** Relative to the folder that was read, with `/`. */
  readonly path: string
  readonly text: string
  readonly program: Node
  readonly comments: ReadonlyArray<Comment>
  readonly imports: ReadonlyArray<Import>
  readonly exports: ReadonlyArray<Export>
  /** The doc comment of the file itself, delimiters included. */
  readonly header: string | undefined
  /** The text with spaces in place of comments, so that offsets and line numbers are the same as in `text`. */
  readonly code: string
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Node).type === "string"

/** Calls `visit` for a node and every node below it. If `visit` returns `false`, the nodes below are left out. */
export const walk = (
  node: Node,
  visit: (node: Node, parent: Node | undefined) => boolean | void,
  parent?: Node
): void => {
  if (visit(node, parent) === false) return
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) walk(item, visit, node)
    } else if (isNode(value)) walk(value, visit, node)
  }
}

export const lineOf = (text: string, offset: number): number => text.slice(0, offset).split("\n").length

const blank = (text: string, comments: ReadonlyArray<Comment>): string => {
  let out = ""
  let at = 0
  for (const comment of comments) {
    out += text.slice(at, comment.start) + text.slice(comment.start, comment.end).replace(/[^\n]/g, " ")
    at = comment.end
  }
  return out + text.slice(at)
}

const importsOf = (program: Node): Array<Import> => {
  const imports: Array<Import> = []
  walk(program, (node) => {
    const source = node["source"]
    const isImport = node.type === "ImportDeclaration" || node.type === "ExportNamedDeclaration" ||
      node.type === "ExportAllDeclaration" || node.type === "ImportExpression" || node.type === "TSImportType"
    if (isImport && isNode(source) && typeof source["value"] === "string") {
      imports.push({ specifier: source["value"], start: source.start, end: source.end })
    }
  })
  return imports
}

const namesOf = (declaration: Node): Array<string> => {
  if (declaration.type === "VariableDeclaration") {
    return (declaration["declarations"] as Array<Node>).map(({ id }) => (id as Node)["name"] as string)
  }
  const id = declaration["id"]
  return isNode(id) && typeof id["name"] === "string" ? [id["name"]] : []
}

const exportsOf = (
  program: Node,
  text: string,
  comments: ReadonlyArray<Comment>,
  header: string | undefined
): Array<Export> => {
  const docBefore = (start: number): string | undefined => {
    const comment = comments.findLast(({ end }) => end <= start)
    if (comment === undefined || !comment.value.startsWith("*") || comment.type === "Line") return undefined
    if (header !== undefined && comment === comments[0]) return undefined
    return text.slice(comment.end, start).trim() === "" ? text.slice(comment.start, comment.end) : undefined
  }
  const body = program["body"] as Array<Node>
  const locals = new Map<string, Node>()
  for (const statement of body) {
    for (const name of namesOf(statement)) if (!locals.has(name)) locals.set(name, statement)
  }
  const exports: Array<Export> = []
  for (const statement of body) {
    if (statement.type !== "ExportNamedDeclaration") continue
    const declaration = statement["declaration"]
    if (isNode(declaration)) {
      for (const name of namesOf(declaration)) {
        exports.push({ name, start: statement.start, doc: docBefore(statement.start) })
      }
      continue
    }
    for (const specifier of statement["specifiers"] as Array<Node>) {
      const name = (specifier["exported"] as Node)["name"] as string
      // `export { local as name }` may be documented where it is declared or where it is exported.
      const local = isNode(statement["source"]) ? undefined : locals.get((specifier["local"] as Node)["name"] as string)
      const doc = docBefore(specifier.start) ?? (local === undefined ? undefined : docBefore(local.start))
      exports.push({ name, start: specifier.start, doc })
    }
  }
  return exports
}

/**
 * The first comment is the header when it documents the file: an import, another comment or a blank line follows it.
 */
const headerOf = (text: string, comments: ReadonlyArray<Comment>): string | undefined => {
  const first = comments[0]
  if (first === undefined || !first.value.startsWith("*") || text.slice(0, first.start).trim() !== "") return undefined
  const after = text.slice(first.end)
  const isHeader = /^\s*(import\b|\/[*/])/.test(after) || /^[^\S\n]*\n[^\S\n]*\n/.test(after)
  return isHeader ? text.slice(first.start, first.end) : undefined
}

export const parseSource = (path: string, text: string): Source => {
  const { comments, errors, program: parsed } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`)
  const program = parsed as unknown as Node
  const header = headerOf(text, comments)
  return {
    path,
    text,
    program,
    comments,
    imports: importsOf(program),
    exports: exportsOf(program, text, comments, header),
    header,
    code: blank(text, comments)
  }
}

/** Every TypeScript file under a folder, in path order. */
export const readSources = (folder: string): ReadonlyArray<Source> =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    // The benchmarks install their rivals below their folder.
    .filter((path) => path.endsWith(".ts") && !path.includes("node_modules/"))
    .toSorted()
    .map((path) => parseSource(path, readFileSync(join(folder, path), "utf8")))

/** The text of a doc comment without delimiters and leading asterisks. */
export const docText = (doc: string): string =>
  doc.replace(/^\/\*\*/, "").replace(/\*\/$/, "").split("\n").map((line) => line.replace(/^\s*\* ?/, "")).join("\n")
    .trim()
