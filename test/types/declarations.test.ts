/**
 * What the compiler writes into the declaration files of a user's program can be imported by those who use it.
 *
 * `package.json` closes some folders. If a declaration file names a type from there, the compiler of the next program
 * does not find it, reports nothing with `skipLibCheck`, and takes `any` in its place.
 */
import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import { isPublicModule } from "../../.ci/architecture.ts"
import { type Node, readSources, type Source, walk } from "../../.ci/source.ts"
import * as Compiler from "../support/compiler.ts"

const manifest = JSON.parse(fs.readFileSync(path.join(Compiler.root, "package.json"), "utf8"))

/** Whether `package.json` closes a file of `src/`. The public module of a room has an entry of its own. */
const isClosed = (file: string): boolean => {
  const entries = Object.entries(manifest.exports as Record<string, unknown>)
  const isNamed = entries.some(([, target]) => JSON.stringify(target)?.includes(`"./src/${file}"`))
  return !isNamed &&
    entries.some(([key, target]) =>
      target === null && key.endsWith("/*") && file.startsWith(key.slice("./".length, -"*".length))
    )
}

const emit = [
  "--types",
  "node",
  "--noEmit",
  "false",
  "--declaration",
  "--declarationMap",
  "false",
  "--emitDeclarationOnly",
  "--outDir"
]

const declared = (name: string, sources: { readonly [file: string]: string }): string => {
  const out = path.join(Compiler.root, ".gen", name, "out")
  assert.strictEqual(Compiler.runOn(name, sources, [...emit, out]), "")
  const folder = path.join(out, ".gen", name)
  return fs.readdirSync(folder).map((file) => fs.readFileSync(path.join(folder, file), "utf8")).join("\n")
}

/** The modules of `src/` that declarations name. */
const modulesIn = (declarations: string): ReadonlyArray<string> => [
  ...new Set(Array.from(declarations.matchAll(/"[^"\n]*\/src\/([^"\n]*)"/g), ([, module]) => module!))
]

const app = `
import * as Effect from "effect/Effect"
import * as Manifest from "effect-stateless/manifest/Manifest"

export class App extends Manifest.Service<App>()("App", {
  layers: { server: {} },
  families: {
    user: { pattern: "user:{id}", value: Manifest.type<string>(), error: Manifest.type<"down">(), layer: "server" },
    file: { pattern: "file:*", value: Manifest.type<number>(), layer: "server" },
    size: { pattern: "file:{id}", partOf: "file", derives: ["user:{id}"], layer: "server" }
  },
  readers: { report: { borrows: ["user:{id}"] } }
}) {}
`

const program = `${app}
export const { batch, compose, fn, get, inLayer, invalidate, keys, layer, method, modules, owner, delegate, borrower } =
  { ...App, ...Manifest } as typeof App & typeof Manifest
export const { user } = App.keys
export const { deleteMany, getAnswer, set, update, writer } = App.keys.user
export const rename = App.fn("rename", { owns: ["user:{id}"] })
export const accessors = <S extends typeof App>(self: S) => self.keys
export const write = Effect.flatMap(App.keys.user.writer, (user) => user.set({ id: 1 }, "Ann"))
`

const sources = readSources(path.join(Compiler.root, "src"))
const bodyOf = ({ program }: Source) => program["body"] as ReadonlyArray<Node>

/** The members of the interfaces of one file. */
const membersOf = (file: string, names: ReadonlyArray<string>): ReadonlyArray<string> => {
  const found = new Set<string>()
  walk(sources.find(({ path }) => path === file)!.program, (node) => {
    if (node.type !== "TSInterfaceDeclaration" || !names.includes((node["id"] as Node)["name"] as string)) return
    for (const { key } of (node["body"] as Node)["body"] as ReadonlyArray<Node>) {
      const name = (key as Node | undefined)?.["name"]
      if (typeof name === "string") found.add(name)
    }
  })
  return [...found]
}

/**
 * Constants for one value: itself, what it takes, what it answers, the members of that, and of what an Effect brings.
 * The options of an owner and of a function have no type but that of the argument.
 */
const uses = (name: string, value: string): string =>
  `export const ${name} = ${value}
${/\.(owner|delegate|fn|method)$/.test(value) ? "" : `export const ${name}_taken = taken(${name})`}
export const ${name}_answer = answer(${name})
export const ${name}_parts = { ...parts(${name}_answer) }
export const ${name}_brought = { ...parts(brought(${name}_answer)) }
export const ${name}_failure = failure(${name}_answer)
`

const helpers = `
import type * as Stream from "effect/Stream"
type Brought<F> = F extends Effect.Effect<infer A, any, any> ? A : F extends Stream.Stream<infer A, any, any> ? A : F
declare const taken: <F>(value: F) => F extends (...args: infer A) => any ? A : F
declare const answer: <F>(value: F) => F extends (...args: any) => infer A ? A : F
// The compiler cannot name a symbol that marks a type, such as those of Effect.
type Parts<F> = F extends { readonly pipe: any } ? {} : F extends object ? { [K in keyof F as K & string]: F[K] } : {}
declare const brought: <F>(value: F) => Brought<F>
declare const parts: <F>(value: F) => [F] extends [never] ? {} : [F] extends [object] ? Parts<F> : {}
declare const failure: <F>(value: F) => F extends Effect.Effect<any, infer E, any> ? E : F
`

/** A program that exports constants for every operation of a manifest, an accessor, a reader and a writer. */
const operations = (): string => {
  const family = (...names: ReadonlyArray<string>) => membersOf("manifest/Family.ts", names)
  const of = {
    "App": membersOf("manifest/Manifest.ts", ["Service"]),
    "App.keys.user": family("Reading", "Writing", "Family"),
    "reader": family("Reading", "Readable"),
    "writer": family("Reading", "Readable", "Writing", "Writer")
  }
  const all = Object.entries(of).flatMap(([value, members]) => members.map((member) => [value, member] as const))
  assert.isAbove(all.length, 100)
  return `${app}${helpers}
declare const reader: Effect.Success<typeof App.keys.user.reader>
declare const writer: Effect.Success<typeof App.keys.user.writer>
${all.map(([value, member]) => uses(`${value.replaceAll(".", "_")}_${member}`, `${value}.${member}`)).join("")}`
}

/** A program that exports constants for every value that a public module exports. */
const exported = (): string => {
  const lines = sources.filter(({ path }) => isPublicModule(path)).map((source, index) => {
    const names = [...new Set(source.exports.map(({ name }) => name))].filter((name) => isValue(source, name))
    if (names.length === 0) return ""
    return `import * as M${index} from "../../src/${source.path}"
${names.map((name) => uses(`m${index}_${name}`, `M${index}.${name}`)).join("")}`
  })
  assert.isAbove(lines.filter((line) => line !== "").length, 20)
  return `import type * as Effect from "effect/Effect"${helpers}${lines.join("")}`
}

const isValue = (source: Source, name: string): boolean =>
  bodyOf(source).some((statement) => {
    const declaration = statement.type === "ExportNamedDeclaration" ? statement["declaration"] as Node | null : null
    if (declaration === null || declaration.type.startsWith("TS")) return false
    return ((declaration["declarations"] ?? [declaration]) as ReadonlyArray<Node>)
      .some(({ id }) => (id as Node)["name"] === name)
  })

describe("declaration files", () => {
  for (
    const [title, file] of [
      ["of a program", () => program],
      ["of a program that exports every operation", operations],
      ["of a program that exports what every public module exports", exported]
    ] as const
  ) {
    it(`the declaration file ${title} names only modules that a program can import`, () => {
      const named = modulesIn(declared("declarations", { "app.ts": file() }))
      assert.isAbove(named.length, 5)
      assert.deepStrictEqual(named.filter(isClosed), [])
    })
  }

  // A program may come to any type that an open module declares, so no other type may stand in it.
  it("the declarations of an open module name only open modules", () => {
    const out = path.join(Compiler.root, ".gen/declared")
    fs.rmSync(out, { recursive: true, force: true })
    assert.strictEqual(Compiler.run(path.join(Compiler.root, "tsconfig.json"), [...emit, out]), "")
    const open = sources.map(({ path }) => path).filter((file) => !isClosed(file) && !file.endsWith("index.ts"))
    assert.isAbove(open.length, 60)
    const found = open.flatMap((file) => {
      const text = fs.readFileSync(path.join(out, file.replace(/\.ts$/, ".d.ts")), "utf8")
      return Array.from(text.matchAll(/(?:from |import\()"(\.[^"]*)"/g), ([, module]) => module!)
        .map((module) => path.posix.join(path.posix.dirname(file), module))
        .filter(isClosed)
        .map((module) => `${file}: ${module}`)
    })
    assert.deepStrictEqual(found, [])
  })
})
