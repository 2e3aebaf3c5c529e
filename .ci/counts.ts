/**
 * Prints how large the source and the tests are today: `node .ci/counts.ts`. `bench/README.md` has the numbers of some
 * days.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { canaries } from "../test/canaries.ts"
import { closedFolderOf, codeLines, isFunction, isPublicModule } from "./architecture.ts"
import { readSources, type Source, walk } from "./source.ts"

const root = join(import.meta.dirname, "..")
const read = (folder: string): ReadonlyArray<Source> =>
  readSources(join(root, folder)).filter(({ path }) => !path.endsWith("index.ts"))
const src = read("src")
const test = read("test")

const sum = <A>(all: ReadonlyArray<A>, of: (one: A) => number): number => all.reduce((total, one) => total + of(one), 0)
const filled = (text: string): number => text.split("\n").filter((line) => line.trim() !== "").length
const longestFunction = ({ code, program }: Source): number => {
  let longest = 0
  walk(program, (node) => {
    if (isFunction(node)) longest = Math.max(longest, codeLines(code.slice(node.start, node.end)))
  })
  return longest
}
const names = ({ exports }: Source): number =>
  new Set(exports.filter(({ doc }) => doc === undefined || !/@internal\b/.test(doc)).map(({ name }) => name)).size
const linesOf = (path: string): number => readFileSync(join(root, path), "utf8").trimEnd().split("\n").length

const open = src.filter(({ path }) => isPublicModule(path))
const types = src.filter(({ path }) => /(^|\/)types\//.test(path) && closedFolderOf(path) === undefined)
const code = sum(src, (source) => codeLines(source.code))
const longest = Math.max(...src.map((source) => codeLines(source.code)))

console.log(`src/
  public modules                        ${open.length}
  names that they export                ${sum(open, names)}
  names in \`types/\`, for the compiler   ${sum(types, names)} in ${types.length} modules
  files                                 ${src.length}
  lines of code                         ${code}
  lines of code in a file, on average   ${Math.round(code / src.length)}
  lines of comment                      ${sum(src, ({ text }) => filled(text)) - code}
  longest file, in lines of code        ${longest}
  longest function, in lines of code    ${Math.max(...src.map(longestFunction))}
  lines of the tour, and of SOUNDNESS   ${linesOf("src/README.md")}, ${linesOf("src/SOUNDNESS.md")}
test/
  files                                 ${test.length}
  lines of code                         ${sum(test, (source) => codeLines(source.code))}
  uses of \`Effect.scoped\`               ${sum(test, (source) => source.code.split("Effect.scoped").length - 1)}
  planted bugs                          ${canaries.length}`)
