/**
 * `stateless check` finds the manifest of a finding through every kind of import, and says when it could not check
 * everything.
 */
import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as Compiler from "../support/compiler.ts"

const node = (cwd: string, ...args: ReadonlyArray<string>) =>
  spawnSync(process.execPath, args, { cwd, encoding: "utf8" })

const library = {
  "node_modules/effect-stateless/package.json": `{ "name": "effect-stateless", "types": "index.d.ts" }`,
  "node_modules/effect-stateless/index.d.ts":
    "export declare namespace Manifest {\n  const Service: <X>() => (id: string, given: unknown) => " +
    "{ new(): {}; readonly keys: { readonly user: { set(): number } } }\n}\n"
}
const manifest = (name: string) =>
  `import { Manifest } from "effect-stateless"
export class ${name} extends Manifest.Service<${name}>()("${name}", {
  families: { user: { pattern: "user:{id}" } }
}) {}
`
const options = { strict: true, target: "es2023", module: "nodenext", types: [] }
const configuration = (compilerOptions: object = {}, more: object = {}) =>
  JSON.stringify({ compilerOptions: { ...options, ...compilerOptions }, ...more })
const bundler = { module: "esnext", moduleResolution: "bundler", noEmit: true }
const referenced = { composite: true, rootDir: "src", outDir: "out" }

// A project in a folder of its own, with the compiler of this one, and with links as a workspace has them.
const inFolder = <A>(
  files: { readonly [file: string]: string },
  use: (folder: string) => A,
  name = "project"
): A => {
  const parent = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), "stateless-"))
  const folder = path.join(parent, name)
  try {
    for (const [file, text] of Object.entries({ ...library, ...files })) {
      fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
      fs.writeFileSync(path.join(folder, file), text)
    }
    fs.symlinkSync(path.join(Compiler.root, "node_modules/typescript"), path.join(folder, "node_modules/typescript"))
    if ("packages/cache/package.json" in files) {
      fs.mkdirSync(path.join(folder, "node_modules/@m"))
      fs.symlinkSync("../../packages/cache", path.join(folder, "node_modules/@m/cache"))
    }
    return use(folder)
  } finally {
    fs.rmSync(parent, { recursive: true, force: true })
  }
}
const build = (folder: string, project: string) =>
  assert.strictEqual(node(folder, "node_modules/typescript/bin/tsc", "--build", project).stdout, "")
const check = (folder: string, project: string) => {
  const { status, stderr, stdout } = node(
    folder,
    path.join(Compiler.root, "src/cli/main.ts"),
    "check",
    project,
    "--json"
  )
  const { findings, others } = JSON.parse(stdout === "" ? "{}" : stdout)
  return { status, stderr, findings, others }
}

// What is lost, and an error of ours whose other party is the manifest that is imported, not the one beside it.
const use = (specifier: string) =>
  `import { One } from "${specifier}"
${manifest("Two")}
One.keys.user.set()
export const wrong: "E0114: this is not a valid value for 'user'; help: give another" = One.keys.user.set()
`
const app = "packages/app/src/main.ts"
const source = "packages/cache/src/cache.ts"
const packages = (exported: object) => ({
  [source]: manifest("One"),
  "packages/cache/package.json": JSON.stringify({ name: "@m/cache", type: "module", exports: exported }),
  "packages/cache/tsconfig.json": configuration(referenced, { include: ["src"] }),
  "packages/app/package.json": `{ "name": "@m/app", "type": "module" }`,
  "packages/app/tsconfig.json": configuration(referenced, { include: ["src"], references: [{ path: "../cache" }] })
})
const built = { ".": { types: "./out/cache.d.ts", default: "./out/cache.js" } }

const ways: { readonly [name: string]: readonly [specifier: string, files: { readonly [file: string]: string }] } = {
  "paths of a base in another folder": ["@m/cache", {
    [source]: manifest("One"),
    "tsconfig.base.json": configuration({ ...bundler, paths: { "@m/*": [`./packages/*/src/cache.ts`] } }),
    "packages/app/tsconfig.json": `{ "extends": "../../tsconfig.base.json", "include": ["src"] }`
  }],
  "a pattern of paths with an ending": ["@m/cache", {
    [source]: manifest("One"),
    "packages/app/tsconfig.json": configuration({ ...bundler, paths: { "@m/*": ["../cache/src/*.ts"] } })
  }],
  "the imports of its package": ["#cache", {
    [source]: manifest("One"),
    "packages/app/package.json": `{ "name": "@m/app", "type": "module", "imports": { "#cache": "./src/again.ts" } }`,
    "packages/app/src/again.ts": `export * from "../../cache/src/cache.ts"`,
    "packages/app/tsconfig.json": configuration({ noEmit: true, allowImportingTsExtensions: true })
  }],
  "a package of the workspace that a reference builds": ["@m/cache", packages(built)],
  "a package that exports its source under a condition": ["@m/cache", {
    ...packages({ ".": { source: "./src/cache.ts", ...built["."] } }),
    "packages/app/tsconfig.json": configuration(
      { ...referenced, customConditions: ["source"] },
      { include: ["src"], references: [{ path: "../cache" }] }
    )
  }],
  "a file of a referenced project": ["../../cache/src/cache.js", packages(built)]
}

describe("manifest that is imported", () => {
  for (const [name, [specifier, files]] of Object.entries(ways)) {
    it(`check finds the manifest and the other party: by ${name}`, () =>
      inFolder({ ...files, [app]: use(specifier) }, (folder) => {
        if ("packages/cache/tsconfig.json" in files) build(folder, "packages/cache")
        const { findings, others } = check(folder, "packages/app/tsconfig.json")
        assert.deepStrictEqual(others, [])
        assert.deepStrictEqual(findings.map(({ code, line }: any) => [code, line]), [["E0238", 7], ["E0114", 8]])
        assert.deepInclude(findings[1].other, { file: source, line: 3 })
      }))
  }

  it("check finds the manifest in a folder whose name contains node_modules", () =>
    inFolder(
      { "cache.ts": manifest("One"), "use.ts": use("./cache.js"), "tsconfig.json": configuration() },
      (folder) => {
        const { findings } = check(folder, "tsconfig.json")
        assert.deepStrictEqual(findings.map(({ code }: any) => code), ["E0238", "E0114"])
      },
      "my node_modules_x"
    ))
})

describe("incomplete check", () => {
  it("check says that references are not built", () =>
    inFolder({ ...packages(built), [app]: use("@m/cache") }, (folder) => {
      const { status, stderr } = check(folder, "packages/app/tsconfig.json")
      assert.strictEqual(status, 1)
      assert.include(stderr, "build the references first: npx tsc --build packages/app/tsconfig.json")
    }))

  it("check says nothing about references when they are built and another file is missing", () =>
    inFolder({ ...packages(built), [app]: use("@m/nowhere") }, (folder) => {
      build(folder, "packages/cache")
      const { others, stderr } = check(folder, "packages/app/tsconfig.json")
      assert.include(others[0], "TS2307")
      assert.strictEqual(stderr, "")
    }))

  const wrong: { readonly [what: string]: readonly [project: string, files: { readonly [file: string]: string }] } = {
    "is not JSON": ["tsconfig.json", { "tsconfig.json": `{ "compilerOptions": { "strict": tru` }],
    "extends what does not exist": ["tsconfig.json", { "tsconfig.json": `{ "extends": "./nowhere.json" }` }],
    "extends itself": ["tsconfig.json", { "tsconfig.json": `{ "extends": "./tsconfig.json" }` }],
    "is a source": ["use.ts", {}],
    "is that of a reference, and is not JSON": ["tsconfig.json", {
      "tsconfig.json": `{ "files": [], "references": [{ "path": "./a.json" }] }`,
      "a.json": "{ tru"
    }]
  }
  for (const [what, [project, files]] of Object.entries(wrong)) {
    it(`check exits with 2 when the configuration ${what}`, () =>
      inFolder({ "use.ts": "export const one = 1\n", ...files }, (folder) => {
        const { status, stderr } = check(folder, project)
        assert.strictEqual(status, 2)
        assert.match(
          stderr,
          /^stateless: `\w+\.\w+` is not a configuration that the compiler understands.*\n.*error TS/
        )
      }))
  }

  it("check exits with 2 when there are no files, because there is nothing to check", () =>
    inFolder({ "tsconfig.json": `{ "files": [] }` }, (folder) => {
      const { status, stderr } = check(folder, "tsconfig.json")
      assert.strictEqual(status, 2)
      assert.match(stderr, /has no files/)
    }))
})
