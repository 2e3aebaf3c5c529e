/**
 * Which file an import names, as the project's own compiler resolves it: by `paths`, by the `exports` and `imports` of
 * packages, through the links of a workspace. What a referenced project has built stands for its source.
 */
import type * as Path from "effect/Path"

/** What the compiler lists of a project: its files, and where their imports lead, by file and by name. */
export interface Listing {
  readonly files: ReadonlyArray<string>
  readonly targets: ReadonlyMap<string, ReadonlyMap<string, string>>
  /** What it says of the configuration, and of sources that are no TypeScript. */
  readonly errors: ReadonlyArray<string>
}

const begins = /^=+ Resolving module '(.*)' from '(.*)'\. =+$/
const ends = /^=+ Module name '(.*)' was successfully resolved to '(.*?)'(?: with Package ID '.*')?\. =+$/

const isError = /^(?:[^']+\(\d+,\d+\): )?error TS\d+: /

/** Whether a file belongs to an installed package: a folder of this very name lies around it. */
export const isInstalled = (file: string): boolean => file.split(/[\\/]/).includes("node_modules")

/** Whether a line of `--listFilesOnly --traceResolution` says something that is read here. */
export const isListed = (line: string, path: Path.Path): boolean =>
  line.startsWith("====") || isError.test(line) || path.isAbsolute(line)

/** Takes such lines apart; files are named from a folder. */
export const listingOf = (lines: Iterable<string>, folder: string, path: Path.Path): Listing => {
  const files: Array<string> = []
  const targets = new Map<string, Map<string, string>>()
  const errors: Array<string> = []
  let from: string | undefined
  for (const line of lines) {
    const [, , file] = begins.exec(line) ?? []
    const [, specifier, target] = ends.exec(line) ?? []
    if (isError.test(line)) errors.push(line)
    else if (file !== undefined) from = isInstalled(file) ? undefined : path.relative(folder, file)
    else if (target === undefined) {
      const isSource = path.isAbsolute(line) && !isInstalled(line) && !isDeclaration(line)
      if (isSource) files.push(path.relative(folder, line))
    } else if (from !== undefined) {
      const known = targets.get(from) ?? new Map<string, string>()
      targets.set(from, known.set(specifier!, path.relative(folder, target)))
    }
  }
  return { files, targets, errors }
}

const isDeclaration = (file: string): boolean => /\.d\.[cm]?ts$/.test(file)

/** The declarations that a project builds, each with its source. `configuration` is what `--showConfig` prints. */
export const builtBy = (
  configuration: string,
  folder: string,
  files: ReadonlyArray<string>,
  path: Path.Path
): ReadonlyMap<string, string> => {
  const built = new Map<string, string>()
  const { declaration, declarationDir, outDir, rootDir } = optionsIn(configuration)
  if (declaration !== true) return built
  const into = declarationDir ?? outDir
  // Without a root, versions of the compiler differ: it is the folder, or the one that all files share.
  const roots = rootDir === undefined ? [sharedBy(files, path), folder] : [path.join(folder, rootDir)]
  for (const root of roots) {
    for (const file of files) {
      const output = into === undefined ? file : path.join(folder, into, path.relative(root, file))
      built.set(output.replace(/\.([cm]?)[jt]sx?$/, ".d.$1ts"), file)
    }
  }
  return built
}

// What `--showConfig` prints of a configuration.
interface BuildOptions {
  readonly declaration?: boolean
  readonly declarationDir?: string
  readonly outDir?: string
  readonly rootDir?: string
}

const optionsIn = (configuration: string): BuildOptions => {
  try {
    const { compilerOptions = {} } = JSON.parse(configuration)
    return { ...compilerOptions, declaration: compilerOptions.declaration ?? compilerOptions.composite }
  } catch {
    return {}
  }
}

const sharedBy = (files: ReadonlyArray<string>, path: Path.Path): string => {
  const folders = files.map((file) => path.dirname(file).split(path.sep))
  const first = folders[0] ?? []
  const length = first.findIndex((part, index) => folders.some((folder) => folder[index] !== part))
  return (length < 0 ? first : first.slice(0, length)).join(path.sep) || "."
}
