/**
 * Finds the file that an import names, as the project's own compiler resolves it: by `paths`, by the `exports` and
 * `imports` of packages, and through the links of a workspace. The declarations that a referenced project has built
 * stand for its sources.
 */
import type * as Path from "effect/Path"

/** The files of a project, and the file that each of their imports names: by importing file, then by specifier. */
export interface Listing {
  readonly files: ReadonlyArray<string>
  readonly targets: ReadonlyMap<string, ReadonlyMap<string, string>>
  /** The errors about the configuration, and about sources that are not TypeScript. */
  readonly errors: ReadonlyArray<string>
}

const begins = /^=+ Resolving module '(.*)' from '(.*)'\. =+$/
const ends = /^=+ Module name '(.*)' was successfully resolved to '(.*?)'(?: with Package ID '.*')?\. =+$/

const isError = /^(?:[^']+\(\d+,\d+\): )?error TS\d+: /

/** Returns whether a file belongs to an installed package: a folder `node_modules` is in its path. */
export const isInstalled = (file: string): boolean => file.split(/[\\/]/).includes("node_modules")

/** Returns whether `listingOf` reads a line of `--listFilesOnly --traceResolution`. */
export const isListed = (line: string, path: Path.Path): boolean =>
  line.startsWith("====") || isError.test(line) || path.isAbsolute(line)

/** Reads the lines of `--listFilesOnly --traceResolution`. Paths in the answer are relative to `folder`. */
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

/**
 * Returns the declaration files that a project builds, each with its source. `configuration` is the output of
 * `--showConfig`.
 */
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
  // Without `rootDir`, versions of the compiler differ: the root is the folder, or the folder that all files share.
  const roots = rootDir === undefined ? [sharedBy(files, path), folder] : [path.join(folder, rootDir)]
  for (const root of roots) {
    for (const file of files) {
      const output = into === undefined ? file : path.join(folder, into, path.relative(root, file))
      built.set(output.replace(/\.([cm]?)[jt]sx?$/, ".d.$1ts"), file)
    }
  }
  return built
}

// The options in the output of `--showConfig` that say where declarations are built.
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
