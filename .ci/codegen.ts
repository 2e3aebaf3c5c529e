/**
 * Writes what follows from the files of `src/`: the barrels, and `exports` in package.json.
 *
 * A public module that imports a driver or a `node:` module itself is in no barrel; it is imported by its own path. With
 * `--check` nothing is written and a difference is an error.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { folderOf, isPublicModule, parseRanks } from "./architecture.ts"
import { readSources, type Source } from "./source.ts"

const root = join(import.meta.dirname, "..")
const isCheck = process.argv.includes("--check")

/** Runs the repository's own sources instead of the build; the name is the package's, so that no user enables it. */
const sourceCondition = "@effect-stateless/source"

// Test doubles and tools are imported by their own folder, never through the main entry.
const mainRankMax = 6

const mainHeader = `/**
 * Stateless: a cache in which every key has one owner, and every write invalidates what depends on it.
 *
 * @since 0.1.0
 */`

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1, -".ts".length)

const needsDriver = ({ imports }: Source): boolean =>
  imports.some(({ specifier }) => !specifier.startsWith(".") && !/^effect(\/|$)/.test(specifier))

const barrel = (modules: ReadonlyArray<Source>, from: (path: string) => string, header: string | undefined): string => {
  const names = modules.map(({ path }) => nameOf(path))
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new Error(`two modules of one barrel are called \`${twice}\``)
  const lines = modules.map(({ header, path }) =>
    `${header === undefined ? "" : `${header}\n`}export * as ${nameOf(path)} from "${from(path)}"\n`
  )
  return [...(header === undefined ? [] : [`${header}\n`]), ...(lines.length === 0 ? ["export {}\n"] : lines)].join(
    "\n"
  )
}

const entry = (path: string) => ({
  [sourceCondition]: `./src/${path}.ts`,
  types: `./dist/${path}.d.ts`,
  default: `./dist/${path}.js`
})

const sources = readSources(join(root, "src"))
const ranks = parseRanks(readFileSync(join(root, "src/README.md"), "utf8"))
const rankOf = (path: string): number => ranks.get(folderOf(path)) ?? Infinity
const shared = sources
  .filter((source) => isPublicModule(source.path) && !needsDriver(source))
  .toSorted((a, b) => rankOf(a.path) - rankOf(b.path) || (a.path < b.path ? -1 : 1))
const folders = [...new Set(sources.map(({ path }) => folderOf(path)))].filter((folder) => folder !== "").toSorted()

const files = new Map<string, string | undefined>()
files.set(
  "src/index.ts",
  barrel(shared.filter(({ path }) => rankOf(path) <= mainRankMax), (path) => `./${path}`, mainHeader)
)
for (const folder of folders) {
  const modules = shared.filter(({ path }) => folderOf(path) === folder)
  const text = modules.length === 0 ? undefined : barrel(modules, (path) => `./${nameOf(path)}.ts`, undefined)
  files.set(`src/${folder}/index.ts`, text)
}

// `*` stands for one part or several, but may occur once only in a key, so every `internal/` is closed by its own line.
const exports = {
  "./package.json": "./package.json",
  ".": entry("index"),
  ...Object.fromEntries(
    folders.filter((folder) => files.get(`src/${folder}/index.ts`) !== undefined)
      .map((folder) => [`./${folder}`, entry(`${folder}/index`)])
  ),
  "./*": entry("*"),
  "./index": null,
  "./*/index": null,
  ...Object.fromEntries(
    folders.filter((folder) => sources.some(({ path }) => path.startsWith(`${folder}/internal/`)))
      .map((folder) => [`./${folder}/internal/*`, null])
  ),
  ...(folders.includes("cli") ? { "./cli/*": null } : {})
}
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
files.set("package.json", `${JSON.stringify({ ...manifest, exports }, undefined, 2)}\n`)

let different = 0
for (const [path, text] of files) {
  const file = join(root, path)
  const present = existsSync(file) ? readFileSync(file, "utf8") : undefined
  if (present === text) continue
  different++
  console.log(`${isCheck ? "differs" : text === undefined ? "removed" : "written"}: ${path}`)
  if (isCheck) continue
  if (text === undefined) rmSync(file)
  else writeFileSync(file, text)
}
if (isCheck && different > 0) {
  console.error(`${different} generated files differ: run \`npm run codegen\``)
  process.exitCode = 1
}
