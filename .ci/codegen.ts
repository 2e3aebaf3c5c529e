/**
 * Generates the files that follow from `src/`: the barrels, and `exports` in package.json.
 *
 * A public module that imports a driver or a `node:` module, itself or through others, is not in a barrel; a user
 * imports it by its own path. With `--check` the program writes nothing, and a difference is an error.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { closedFolderOf, folderOf, isPublicModule, parseRanks, reachableFrom, roomOf } from "./architecture.ts"
import { readSources, type Source } from "./source.ts"

const root = join(import.meta.dirname, "..")
const isCheck = process.argv.includes("--check")

/** The condition that runs the sources instead of the build. It has the package's name, so users do not enable it. */
const sourceCondition = "@effect-stateless/source"

// A user imports test doubles and tools from their own folder, and not from the main entry.
const mainRankMax = 7

const mainHeader = `/**
 * Stateless: a cache in which every key has one owner, and every write invalidates what depends on it.
 *
 * @since 0.1.0
 */`

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1, -".ts".length)

const importsDriver = ({ imports }: Source): boolean =>
  imports.some(({ specifier }) => !specifier.startsWith(".") && !/^effect(\/|$)/.test(specifier))
const needsDriver = ({ path }: Source): boolean => reachableFrom({ sources }, path).some(importsDriver)

// The header of a module stays in the module: an editor shows none at the name of a module, wherever it stands.
const barrel = (modules: ReadonlyArray<Source>, from: (path: string) => string, header: string | undefined): string => {
  const names = modules.map(({ path }) => nameOf(path))
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new Error(`two modules of one barrel are called \`${twice}\``)
  // In the order of the formatter.
  const sorted = modules.toSorted((a, b) => a.path.toLowerCase() < b.path.toLowerCase() ? -1 : 1)
  const lines = sorted.map(({ path }) => `export * as ${nameOf(path)} from "${from(path)}"\n`)
  return [...(header === undefined ? [] : [`${header}\n\n`]), ...(lines.length === 0 ? ["export {}\n"] : lines)].join(
    ""
  )
}

/** The closed folder, or the room, that contains a file. */
const closedFolder = (path: string): string | undefined => roomOf(path) ?? closedFolderOf(path)

const entry = (path: string) => ({
  [sourceCondition]: `./src/${path}.ts`,
  types: `./dist/${path}.d.ts`,
  default: `./dist/${path}.js`
})

const sources = readSources(join(root, "src"))
const ranks = parseRanks(readFileSync(join(root, "src/README.md"), "utf8"))
const rankOf = (path: string): number => ranks.get(folderOf(path)) ?? Infinity
const publicModules = sources.filter(({ path }) => isPublicModule(path))
const inBarrels = publicModules.filter((source) => !needsDriver(source))
const folders = [...new Set(sources.map(({ path }) => folderOf(path)))].filter((folder) => folder !== "").toSorted()

const files = new Map<string, string | undefined>()
files.set(
  "src/index.ts",
  barrel(inBarrels.filter(({ path }) => rankOf(path) <= mainRankMax), (path) => `./${path}`, mainHeader)
)
for (const folder of folders) {
  const modules = inBarrels.filter(({ path }) => folderOf(path) === folder)
  const text = modules.length === 0 ? undefined : barrel(modules, (path) => `.${path.slice(folder.length)}`, undefined)
  files.set(`src/${folder}/index.ts`, text)
}

// A room is an internal matter of its folder. The path of its public modules leaves the room out.
const inRooms = publicModules.filter(({ path }) => roomOf(path) !== undefined)

// `*` stands for one or more parts of a path, and a key may contain it only once. So each closed folder has its own
// line.
const exports = {
  "./package.json": "./package.json",
  ".": entry("index"),
  ...Object.fromEntries(
    folders.filter((folder) => files.get(`src/${folder}/index.ts`) !== undefined)
      .map((folder) => [`./${folder}`, entry(`${folder}/index`)])
  ),
  ...Object.fromEntries(
    inRooms.map(({ path }) => [`./${folderOf(path)}/${nameOf(path)}`, entry(path.slice(0, -".ts".length))])
  ),
  "./*": entry("*"),
  "./index": null,
  "./*/index": null,
  ...Object.fromEntries(
    [...new Set(sources.flatMap(({ path }) => closedFolder(path) ?? []))].toSorted()
      .map((folder) => [`./${folder}/*`, null])
  ),
  ...(folders.includes("cli") ? { "./cli/*": null } : {}),
  // What the public modules share in `dist/`.
  "./chunks/*": null
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
