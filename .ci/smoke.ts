/**
 * Uses the package like a user. It packs the package, and installs the tarball in an empty project outside the
 * repository. There it checks the programs of `.ci/smoke/`, the README and the numbered examples with every supported
 * TypeScript, runs them, and bundles the main entry.
 *
 * Expects `dist/` (`npm run build`). The project is removed at the end, unless `--keep` is given.
 */
import { build } from "esbuild"
import { execFileSync, spawnSync } from "node:child_process"
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { closedFolderOf, folderOf, roomOf } from "./architecture.ts"
import { extract, fileOf, toProgram } from "./docs.ts"
import { parseSource, readSources } from "./source.ts"

const root = join(import.meta.dirname, "..")
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
const name: string = manifest.name

/** The supported compilers, by the name under which the project installs them. */
const compilers = {
  "typescript": manifest.devDependencies.typescript,
  "typescript-6": "npm:typescript@~6.0.0",
  "typescript-5": "npm:typescript@~5.9.0"
}

/** The programs that need only the package and effect. */
const programs = readdirSync(join(import.meta.dirname, "smoke")).filter((file) => file.endsWith(".ts"))

const failures: Array<string> = []
const check = (title: string, problem: string | undefined): void => {
  console.log(`${problem === undefined ? "ok    " : "FAILED"} ${title}`)
  if (problem !== undefined) failures.push(`${title}: ${problem}`)
}

const folder = mkdtempSync(join(tmpdir(), "stateless-smoke-"))
interface Result {
  readonly status: number | null
  readonly output: string
}

const run = (command: string, args: ReadonlyArray<string>): Result => {
  const { error, status, stderr, stdout } = spawnSync(command, args, { cwd: folder, encoding: "utf8" })
  if (error !== undefined) throw error
  return { status, output: `${stdout}${stderr}` }
}
const node = (...args: ReadonlyArray<string>) => run(process.execPath, args)
const npmInstall = (...packages: ReadonlyArray<string>) =>
  run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", ...packages])
const problemOf = ({ output, status }: Result): string | undefined =>
  status === 0 ? undefined : `exit ${status}\n${output}`
const expectSuccess = (title: string, result: Result): void => check(title, problemOf(result))

const install = (): void => {
  const packed = execFileSync("npm", ["pack", "--json", "--silent", "--pack-destination", folder], {
    cwd: root,
    encoding: "utf8"
  })
  const [{ entryCount, filename, files, size }] = Object.values(JSON.parse(packed)) as [
    { entryCount: number; filename: string; files: ReadonlyArray<{ path: string }>; size: number }
  ]
  console.log(`${filename}: ${entryCount} files, ${size} bytes`)
  const stray = files.map(({ path }) => path).filter((path) =>
    !/^(src|dist|examples)\/|^(package\.json|README\.md|LICENSE|bench\/README\.md|\.github\/CONTRIBUTING\.md)$/.test(
      path
    )
  )
  check(
    "the tarball holds sources, build, examples and documents only",
    stray.length === 0 ? undefined : stray.join(", ")
  )
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({
      private: true,
      type: "module",
      dependencies: { [name]: `file:${filename}`, effect: manifest.devDependencies.effect },
      devDependencies: compilers
    })
  )
  expectSuccess("npm install of the tarball", npmInstall())
}

/** Checks that the build has added no import: of each package and built-in module, the name is that of the sources. */
const imports = (): void => {
  const dist = join(folder, "node_modules", name, "dist")
  const strange = modules().filter((path) => !path.startsWith("cli/")).flatMap((path) =>
    parseSource(path, readFileSync(join(dist, `${path}.js`), "utf8")).imports
      .filter(({ specifier }) => !/^(\.|node:|effect\/|lmdb$|ioredis$)/.test(specifier))
      .map(({ specifier }) => `${path}: ${specifier}`)
  )
  check("the build imports what the sources import", strange.length === 0 ? undefined : strange.join(", "))
}

/** Checks that every relative link of a packed document leads to a packed file or folder. */
const links = (): void => {
  const packed = join(folder, "node_modules", name)
  const broken = readdirSync(packed, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md"))
    .flatMap((path) =>
      [...readFileSync(join(packed, path), "utf8").matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
        .filter(([, target]) => !existsSync(join(packed, path, "..", target!)))
        .map(([, target]) => `${path}: ${target}`)
    )
  check("every link of the documents leads to a packed file", broken.length === 0 ? undefined : broken.join(", "))
}

// A write of a string where the family has numbers: E0114.
const mistake = `import { Manifest } from "${name}"
class C extends Manifest.Service<C>()("C", { families: { n: { pattern: "n:{id}", value: Manifest.type<number>() } } }) {}
export const written = C.keys.n.set({ id: "1" }, "one")
`

/** Checks the command line, in a project with only the package, effect and TypeScript. */
const commandLine = (): void => {
  const command = join("node_modules/.bin/stateless")
  expectSuccess("stateless explain E0203", run(command, ["explain", "E0203"]))
  mkdirSync(join(folder, "mistake"))
  writeFileSync(join(folder, "mistake/mistake.ts"), mistake)
  writeFileSync(
    join(folder, "mistake/tsconfig.json"),
    JSON.stringify({
      compilerOptions: { strict: true, noEmit: true, types: [], lib: ["es2023", "dom"], ...resolutions.nodenext }
    })
  )
  const { output, status } = run(command, ["check", "mistake/tsconfig.json"])
  const isRight = status === 1 && output.includes("E0114") && output.includes("mistake.ts:3")
  check("stateless check finds a mistake", isRight ? undefined : `exit ${status}\n${output}`)
}

/** Checks the oldest versions of the optional packages, beside a driver that the project itself has. */
const oldest = ["ioredis@5", "lmdb@3.0.0"]

const besideOldest = (): void => {
  expectSuccess(`npm install beside ${oldest.join(", ")}`, npmInstall(...oldest))
  copyFileSync(join(root, "examples/04-surviving-a-restart.ts"), join(folder, "oldest.ts"))
  expectSuccess("examples/04-surviving-a-restart.ts runs on the oldest lmdb", node("oldest.ts"))
}

const resolutions = {
  nodenext: { module: "nodenext", moduleResolution: "nodenext" },
  bundler: { module: "esnext", moduleResolution: "bundler" }
}

/** Type checks files of the project with every compiler. `judge` decides about the output. */
const typeCheck = (
  title: string,
  files: ReadonlyArray<string>,
  options: object,
  judge: (result: Result, compiler: string) => string | undefined
): void => {
  for (const [resolution, module] of Object.entries(resolutions)) {
    const config = `tsconfig.${resolution}.json`
    const compilerOptions = {
      strict: true,
      noEmit: true,
      target: "es2023",
      exactOptionalPropertyTypes: true,
      ...module,
      ...options
    }
    writeFileSync(join(folder, config), JSON.stringify({ compilerOptions, files }))
    for (const compiler of Object.keys(compilers)) {
      const { version } = JSON.parse(readFileSync(join(folder, "node_modules", compiler, "package.json"), "utf8"))
      const result = node(join("node_modules", compiler, "bin/tsc"), "-p", config, "--pretty", "false")
      check(`types of ${title}: TypeScript ${version}, ${resolution}`, judge(result, compiler))
    }
  }
}

/** Checks the programs of `.ci/smoke/` without a driver, without the types of Node, and with every declaration. */
const typeCheckPrograms = (): void => {
  for (const file of programs) copyFileSync(join(import.meta.dirname, "smoke", file), join(folder, file))
  typeCheck("the program", programs, { lib: ["es2023", "dom"], types: [], skipLibCheck: false }, problemOf)
}

/** The paths of the modules in the tarball, without extension. */
const modules = (): ReadonlyArray<string> =>
  readdirSync(join(folder, "node_modules", name, "dist"), { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".js"))
    .map((path) => path.replace(/\.js$/, ""))
    .toSorted()
const isPrivate = (path: string): boolean =>
  /^(cli|chunks)\/|(^|\/)index$/.test(path) || (closedFolderOf(path) ?? roomOf(path)) !== undefined
/** The path by which a user imports a module. The path of a public module in a room leaves the room out. */
const publicPath = (path: string): string | undefined => {
  const name = path.slice(path.lastIndexOf("/") + 1)
  if (!isPrivate(path)) return path
  return roomOf(path) === path.slice(0, -name.length - 1) && /^[A-Z]/.test(name)
    ? `${folderOf(path)}/${name}`
    : undefined
}

/** Runs `act` with each specifier in one process of Node, and fails for each specifier that `act` refuses. */
const forEachSpecifier = (title: string, specifiers: ReadonlyArray<string>, act: string): void => {
  const program = `let bad = 0
    for (const specifier of ${JSON.stringify(specifiers)}) {
      const problem = await (async () => { ${act} })().then((said) => said, (error) => String(error))
      if (problem !== undefined) { console.log(specifier + ": " + problem); bad++ }
    }
    process.exitCode = bad === 0 ? 0 : 1`
  expectSuccess(`${title} (${specifiers.length})`, node("--input-type=module", "-e", program))
}

/**
 * Checks without a driver that the programs run, that every entry loads, and that private modules cannot be imported.
 */
const execute = (): void => {
  for (const program of programs) {
    const result = node(program)
    expectSuccess(`${program} runs on Node ${process.version}`, result)
    process.stdout.write(result.output)
  }
  // The public module of a room is named like a type. It may need a driver, and is tried once the drivers are there.
  const entries = Object.entries(manifest.exports as Record<string, unknown>)
    .flatMap(([key, target]) => target !== null && !/\*|\.json$|\/[A-Z]\w*$/.test(key) ? [name + key.slice(1)] : [])
  forEachSpecifier("every entry can be imported", entries, "await import(specifier)")
  forEachSpecifier(
    "no private module can be imported",
    modules().filter(isPrivate).map((path) => `${name}/${path}`),
    `try { import.meta.resolve(specifier) } catch (error) {
       if (error.code === "ERR_PACKAGE_PATH_NOT_EXPORTED") return
       throw error
     }
     return "can be imported"`
  )
}

/** The packages that an example may import here: those that the project has installed. */
const isInstalled = (specifier: string): boolean =>
  /^(node:|effect$|effect\/|effect-stateless$|effect-stateless\/|lmdb$|ioredis$)/.test(specifier)

/** Checks that the README and the numbered examples work with the packed files, and not only with the sources. */
const documentation = (): void => {
  const drivers = Object.keys(manifest.peerDependenciesMeta)
  const versions = [...drivers, "@types/node"].map((driver) => `${driver}@${manifest.devDependencies[driver]}`)
  expectSuccess("npm install of the drivers", npmInstall(...versions))
  const paths = modules().flatMap((path) => publicPath(path) ?? []).map((path) => `${name}/${path}`)
  forEachSpecifier("every public module can be imported by its path", paths, "await import(specifier)")

  const examples = existsSync(join(root, "examples")) ? readSources(join(root, "examples")) : []
  const tried = examples.filter(({ imports, path }) =>
    /^\d\d-[^/]*$/.test(path) && imports.every(({ specifier }) => isInstalled(specifier))
  )
  for (const { path, text } of tried) writeFileSync(join(folder, path), text)
  const blocks = extract("README.md", readFileSync(join(root, "README.md"), "utf8"))
  copyFileSync(join(import.meta.dirname, "docsCheck.ts"), join(folder, "docsCheck.ts"))
  for (const block of blocks) {
    writeFileSync(join(folder, fileOf(block)), `${block.code}\nexport {}\n`)
    writeFileSync(join(folder, `run-${fileOf(block)}`), toProgram(block, "./docsCheck.ts"))
  }

  const options = { lib: ["es2023", "dom", "esnext.disposable"], types: ["node"], skipLibCheck: true }
  const accepted = [...blocks.filter(({ kind }) => kind !== "error").map(fileOf), ...tried.map(({ path }) => path)]
  if (accepted.length > 0) typeCheck(`README and examples (${accepted.length})`, accepted, options, problemOf)
  for (const block of blocks.filter(({ kind }) => kind === "error")) {
    typeCheck(`README.md:${block.line}, refused`, [fileOf(block)], options, ({ output, status }) => {
      if (status === 0) return "compiles, but is marked as an error"
      const said = output.replace(/\s+/g, " ")
      // The number of an error and the words around it differ between compilers. The message of the library does not.
      const missing = block.message.find((line) =>
        /E\d{4}/.test(line) && !said.includes(line.replace(/^.*?(?=E\d{4})/, ""))
      )
      return missing === undefined ? undefined : `the compiler does not say: ${missing}\n${output}`
    })
  }
  for (const block of blocks.filter(({ kind }) => kind === "run")) {
    expectSuccess(`README.md:${block.line} runs`, node(`run-${fileOf(block)}`))
  }
  for (const { path } of tried) expectSuccess(`examples/${path} runs`, node(path))
}

/** The size of a browser program, and what it imports after it was bundled. */
const bundleOf = async (contents: string) => {
  // Without `platform: "node"` esbuild does not know the built-in modules, so each one that it reaches stays an import.
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir: folder },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2023",
    platform: "browser",
    packages: "bundle",
    external: ["node:*"],
    write: false,
    metafile: true,
    logLevel: "silent"
  })
  const outputs = Object.values(metafile.outputs)
  const code = outputFiles[0]!.contents
  return {
    outside: outputs.flatMap(({ imports }) => imports.map(({ path }) => path)),
    bytes: code.length,
    gzipped: gzipSync(code).length
  }
}

/** The most bytes, after gzip and with Effect, of a browser program whose only tier is memory. */
const memoryBundleMax = 182_000

const memoryProgram = `export { Manifest, MemoryStore } from "${name}"`

const bundle = async (): Promise<void> => {
  const main = await bundleOf(`export * from "${name}"`)
  check("the bundle of the main entry imports nothing", main.outside.length === 0 ? undefined : main.outside.join(", "))
  console.log(`bundle of the main entry with effect: ${main.bytes} bytes, ${main.gzipped} gzipped`)
  const { bytes, gzipped, outside } = await bundleOf(memoryProgram)
  check("the bundle of memory alone imports nothing", outside.length === 0 ? undefined : outside.join(", "))
  check(
    `the bundle of memory alone has at most ${memoryBundleMax} bytes after gzip`,
    gzipped <= memoryBundleMax ? undefined : `it has ${gzipped}`
  )
  console.log(`bundle of memory alone with effect: ${bytes} bytes, ${gzipped} gzipped`)
}

try {
  install()
  typeCheckPrograms()
  links()
  imports()
  commandLine()
  execute()
  await bundle()
  besideOldest()
  documentation()
} finally {
  if (process.argv.includes("--keep")) console.log(`kept: ${folder}`)
  else rmSync(folder, { recursive: true, force: true })
}
for (const failure of failures) console.error(`\n${failure}`)
if (failures.length > 0) process.exitCode = 1
