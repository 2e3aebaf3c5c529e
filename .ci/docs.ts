/**
 * Makes programs from the ```ts blocks in Markdown files and doc comments.
 *
 * - ` ```ts ` is compiled and run. `expression // => value` and `const name = expression // => value` are assertions,
 *   and every assertion must be reached before the block ends.
 * - ` ```ts no-run ` is compiled only.
 * - ` ```ts error ` has exactly one compile error. Its text contains every line of the comment at the end of the block,
 *   or of the `
 *   ```text ` block that follows.
 * - ` ```ts continued ` starts with the code of the block before it.
 */
import { execFileSync } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import { docText, lineOf, type Node, parseSource, readSources, walk } from "./source.ts"

export interface Block {
  readonly path: string
  /** The line of the opening fence in `path`. */
  readonly line: number
  readonly kind: "run" | "no-run" | "error"
  readonly code: string
  /** The lines that the compiler must print, if `kind` is `error`. */
  readonly message: ReadonlyArray<string>
}

const marks = new Set(["no-run", "error", "continued"])
const otherNames = new Set(["typescript", "js", "javascript", "tsx", "mts"])

const linesOf = (text: string): ReadonlyArray<string> =>
  text.split("\n").map((line) => line.trim()).filter((line) => line !== "")

/** The comment lines that a block ends with. */
const commentAtEnd = (code: string): ReadonlyArray<string> => {
  const lines = code.trimEnd().split("\n")
  const last = lines.findLastIndex((line) => !line.trimStart().startsWith("//"))
  return linesOf(lines.slice(last + 1).map((line) => line.trim().slice(2)).join("\n"))
}

/** Finds every `ts` block of a text. The first line of the text is line `firstLine` of `path`. */
export const extract = (path: string, text: string, firstLine = 1): ReadonlyArray<Block> => {
  const fences = [...text.matchAll(/^```([\w-]*)([^\n]*)\n([\s\S]*?)^```/gm)]
  const blocks: Array<Block> = []
  for (const [index, { 1: language, 2: info, 3: body, index: offset }] of fences.entries()) {
    const line = firstLine + lineOf(text, offset) - 1
    if (otherNames.has(language!)) throw new Error(`${path}:${line}: mark the block \`ts\`, not \`${language}\``)
    if (language !== "ts") continue
    const given = info!.split(/\s+/).filter((mark) => mark !== "")
    const unknown = given.find((mark) => !marks.has(mark))
    if (unknown !== undefined) throw new Error(`${path}:${line}: unknown mark \`${unknown}\``)
    const before = blocks.at(-1)
    if (given.includes("continued") && before === undefined) throw new Error(`${path}:${line}: no block to continue`)
    const code = given.includes("continued") ? `${before!.code}${body}` : body!
    const kind = given.includes("error") ? "error" : given.includes("no-run") ? "no-run" : "run"
    const next = fences[index + 1]
    const message = kind !== "error" ? [] : next?.[1] === "text" ? linesOf(next[3]!) : commentAtEnd(code)
    if (kind === "error" && message.length === 0) throw new Error(`${path}:${line}: the block does not show its error`)
    blocks.push({ path, line, kind, code, message })
  }
  return blocks
}

/** The blocks of Markdown files and of the doc comments under `src/`. */
export const extractAll = (root: string, markdown: ReadonlyArray<string>): ReadonlyArray<Block> => [
  ...markdown.flatMap((path) => extract(path, readFileSync(join(root, path), "utf8"))),
  ...readSources(join(root, "src")).flatMap(({ comments, path, text }) =>
    // A barrel repeats the headers of its modules.
    path.endsWith("index.ts") ? [] : comments
      .filter(({ type, value }) => type === "Block" && value.startsWith("*") && value.includes("```"))
      .flatMap(({ end, start }) => {
        const doc = text.slice(start, end)
        const firstLine = lineOf(text, start) + (/^\/\*\*\s*\n/.test(doc) ? 1 : 0)
        return extract(`src/${path}`, docText(doc), firstLine)
      })
  )
]

/** The part of a statement whose value is checked by a `// =>` behind it. */
const subjectOf = (statement: Node): Node | undefined => {
  switch (statement.type) {
    case "ExpressionStatement":
      return statement["expression"] as Node
    case "ReturnStatement":
      return statement["argument"] as Node
    case "VariableDeclaration":
      return (statement["declarations"] as Array<Node>).at(-1)!["init"] as Node
    case "ExportNamedDeclaration":
      return statement["declaration"] === null ? undefined : subjectOf(statement["declaration"] as Node)
  }
  return undefined
}

/** The lines of a block that have an assertion. */
export const assertionsOf = ({ code, kind, path }: Block): ReadonlyArray<number> =>
  kind !== "run" ? [] : parseSource(`${path}.ts`, code).comments
    .filter(({ type, value }) => type === "Line" && /^ ?=>/.test(value))
    .map(({ start }) => lineOf(code, start))

/** The code of a block with each assertion turned into a call of `docsCheck`; no line moves. */
export const toProgram = (block: Block, checkModule: string): string => {
  if (block.kind !== "run") return `${block.code}\nexport {}\n`
  const { comments, program } = parseSource(`${block.path}.ts`, block.code)
  const edits: Array<{ readonly at: number; readonly text: string }> = []
  for (const { start, type, value } of comments) {
    if (type !== "Line" || !/^ ?=>/.test(value)) continue
    let subject: Node | undefined
    walk(program, (node) => {
      if (node.end > start || !/^[;\s]*$/.test(block.code.slice(node.end, start))) return
      if (!block.code.slice(node.end, start).includes("\n")) subject ??= subjectOf(node)
    })
    const line = lineOf(block.code, start)
    if (subject === undefined) {
      throw new Error(`${block.path}:${block.line + line}: \`// =>\` must stand behind an expression or a declaration`)
    }
    const expected = value.replace(/^ ?=>/, "").trim()
    edits.push({ at: subject.start, text: "docsCheck(import.meta.url, " }, {
      at: subject.end,
      text: `, () => (${expected}), ${line})`
    })
  }
  let out = block.code
  for (const { at, text } of edits.toSorted((a, b) => b.at - a.at)) out = out.slice(0, at) + text + out.slice(at)
  // The import is at the end, so that the lines before it keep their numbers. An import holds for the whole program.
  return `${out}\nimport { docsCheck } from "${checkModule}"\nvoid docsCheck\n`
}

export const fileOf = ({ line, path }: Block): string => `${path.replaceAll("/", "-").replace(/\.\w+$/, "")}-${line}.ts`

/** Writes one program per block into `folder`, and the project that compiles them all. */
export const writePrograms = (root: string, folder: string, blocks: ReadonlyArray<Block>): void => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const up = relative(folder, root).replaceAll("\\", "/")
  for (const block of blocks) writeFileSync(join(folder, fileOf(block)), toProgram(block, `${up}/.ci/docsCheck.ts`))
  const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false, rootDir: up, incremental: false }
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: `${up}/tsconfig.test.json`, compilerOptions, include: ["*.ts"] })
  )
}

/** The messages of the compiler, by the name of the file. Messages that do not belong to a block are under `""`. */
export const compile = (root: string, folder: string): ReadonlyMap<string, ReadonlyArray<string>> => {
  const args = ["-p", join(folder, "tsconfig.json"), "--noEmit", "--pretty", "false"]
  let output = ""
  try {
    execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), ...args], {
      cwd: folder,
      encoding: "utf8"
    })
  } catch (error) {
    output = (error as { readonly stdout: string }).stdout
    if (output === "") throw error
  }
  const diagnostics = new Map<string, Array<string>>()
  let current: Array<string> = []
  for (const line of output.split("\n").filter((line) => line.trim() !== "")) {
    const [, path, place, text] = /^(.*?)\((\d+,\d+)\): (error .*)$/.exec(line) ?? []
    if (path === undefined) {
      if (current.length === 0) diagnostics.set("", current = [line])
      else current[current.length - 1] += `\n${line}`
      continue
    }
    const isBlock = !path.includes("/") && !path.includes("\\")
    const name = isBlock ? path : ""
    current = diagnostics.get(name) ?? []
    diagnostics.set(name, current)
    current.push(`${isBlock ? "" : path}(${place}): ${text}`)
  }
  return diagnostics
}

const collapse = (text: string): string => text.replace(/\s+/g, " ").trim()

/** The problem of a block, from the messages of the compiler about it; `undefined` for a block without a problem. */
export const judge = ({ kind, message }: Block, diagnostics: ReadonlyArray<string>): string | undefined => {
  if (kind !== "error") return diagnostics.length === 0 ? undefined : `does not compile\n${diagnostics.join("\n")}`
  if (diagnostics.length === 0) return "compiles, but is marked as an error"
  if (diagnostics.length > 1) return `has other errors than the one that it shows\n${diagnostics.join("\n")}`
  const said = collapse(diagnostics[0]!)
  const missing = message.find((line) => !said.includes(collapse(line)))
  return missing === undefined ? undefined : `the compiler does not say: ${missing}\nit says: ${diagnostics[0]}`
}
