/**
 * The claims of `.github/CONTRIBUTING.md`, `.ci/README.md` and the tables of the README about the project are true.
 */
import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { limits } from "../../.ci/architecture.ts"
import { readSources } from "../../.ci/source.ts"
import manifest from "../../package.json" with { type: "json" }
import { CacheError } from "../../src/cache/CacheError.ts"
import { Counts, statsOf } from "../../src/cache/internal/entries/counts.ts"
import { defaults } from "../../src/cache/internal/family/expiry.ts"
import { hangTimeoutMillis } from "../../src/cache/internal/loads/waits.ts"
import { defaults as leaseDefaults } from "../../src/capability/shared/leaseTable.ts"
import { make } from "../../src/manifest/internal/manifest.ts"
import { policyOptions } from "../../src/ownership/FamilyPolicy.ts"

const root = join(import.meta.dirname, "../..")
const read = (path: string): string => readFileSync(join(root, path), "utf8")
const contributing = read(".github/CONTRIBUTING.md")
const readme = read("README.md")

/** The text below a heading, up to the next one of its level. */
const section = (text: string, heading: string): string => {
  const begin = text.indexOf(`\n${heading}\n`)
  assert.notStrictEqual(begin, -1, `no heading \`${heading}\``)
  const rest = text.slice(begin + heading.length + 2)
  const next = rest.search(new RegExp(`^#{2,${heading.indexOf(" ")}} `, "m"))
  return next === -1 ? rest : rest.slice(0, next)
}
const codes = (text: string): ReadonlyArray<string> => Array.from(text.matchAll(/`([^`\n]+)`/g), ([, code]) => code!)
const isPath = (code: string): boolean => /^(?:[\w.-]+\/)+[\w.-]*$|^(?:README\.md|package\.json)$/.test(code)
/** The file itself, or the files of a folder; none where a recipe makes up the name. */
const filesBelow = (path: string): ReadonlyArray<string> => {
  if (path === "." || !existsSync(join(root, path))) return []
  if (!statSync(join(root, path)).isDirectory()) return [path]
  return readdirSync(join(root, path), { encoding: "utf8", recursive: true })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${path.replace(/\/$/, "")}/${name}`)
}
const firstCells = (text: string): ReadonlyArray<string> =>
  Array.from(text.matchAll(/^\| (.*?) \|/gm), ([, cell]) => cell!)

describe("CONTRIBUTING.md", () => {
  it("the table of scripts has a row for each npm script, and no other", () => {
    const named = firstCells(section(contributing, "## What to run")).flatMap(codes)
    const scripts = named.map((command) => /^npm (?:run )?([\w:]+)$/.exec(command)?.[1] ?? command)
    assert.sameMembers(scripts, Object.keys(manifest.scripts))
  })

  it("each file and folder that CONTRIBUTING names exists", () => {
    const paths = codes(contributing).filter((code) =>
      /^(?:src|test|dtslint|bench|\.ci|\.github|examples)\//.test(code) &&
      !/[*\s]|name(?:Reference)?\.ts$|store\/tier\//.test(code)
    )
    assert.isAbove(paths.length, 40)
    assert.deepStrictEqual(paths.filter((path) => !existsSync(join(root, path))), [])
  })

  it("each step of a recipe begins with a file or a command", () => {
    const steps = contributing.match(/^\d+\. .*$/gm) ?? []
    assert.isAbove(steps.length, 25)
    assert.deepStrictEqual(
      steps.filter((step) => !/^\d+\. `(?:[\w.]+\/|README\.md|package\.json|npm run )/.test(step)),
      []
    )
  })

  it("each name in a step of a recipe is one of the files that the step names", () => {
    const steps = contributing.match(/^\d+\. .*\n(?: {3}.*\n)*/gm)!
    const wrong: Array<string> = []
    let count = 0
    for (const step of steps) {
      const paths = codes(step).filter(isPath)
      const files = paths.flatMap(filesBelow)
      // Beside a file, and below a folder.
      const beside = [...files, ...paths.flatMap((path) => filesBelow(dirname(path)))]
      const check = (name: string, within: ReadonlyArray<string>) => {
        count++
        const word = new RegExp(`\\b${name.split(".").at(-1)}\\b`)
        if (!within.some((file) => word.test(read(file)))) wrong.push(`${name}: ${step.slice(0, 60)}`)
      }
      for (const [, name, file] of step.replace(/\s+/g, " ").matchAll(/`(\w+)` of `([\w./]+\.(?:ts|json))`/g)) {
        check(name!, beside.filter((path) => path === file || path.endsWith(`/${file}`)))
      }
      for (const code of codes(step)) {
        if (isPath(code) || /^E\d\d$/.test(code)) continue
        if (/^\w+\.ts$/.test(code)) {
          count++
          if (!beside.some((path) => path.endsWith(`/${code}`))) wrong.push(`${code}: ${step.slice(0, 60)}`)
        } else if (/^[a-z_][\w.]*$/i.test(code)) check(code, files)
      }
    }
    assert.isAbove(count, 80)
    assert.deepStrictEqual(wrong, [])
  })

  it("each declaration that a recipe adds to exists", () => {
    const declared: Readonly<Record<string, ReadonlyArray<string>>> = {
      "src/ownership/FamilyPolicy.ts": ["interface FamilyPolicy", "policyOptions"],
      "src/ownership/Definition.ts": ["interface FamilySpec"],
      "src/ownership/types/definitionShape.ts": ["interface Expected"],
      "src/cache/internal/family/expiry.ts": ["interface Expiry", "const make", "const hasPlainLifetime"],
      "src/cache/internal/family/limits.ts": ["const limitedOptions"],
      "src/cli/compilerErrors.ts": ["const withoutParams", "const withParams"],
      "test/cache/messages.test.ts": ["const rows", "has a row here"],
      "test/manifest/transactionDoors.test.ts": ["const expected"],
      "test/model/shortWay.test.ts": ["const policy"],
      "src/manifest/Family.ts": ["interface Reading", "interface Writing", "interface Refused"],
      "src/cache/engine/cacheFamily.ts": ["class CacheFamily"],
      "src/cache/internal/reads/trackedReads.ts": ["interface Reads", "class TrackedReads"],
      "src/cache/transactions/internal/transactionWrites.ts": ["interface Writes"],
      "src/cli/meaning.ts": ["const ofAccessor", "const ofManifest"],
      "src/diagnostic/types/referenceFindings.ts": ["type fanoutUnsaid", "const fanoutUnsaid"],
      "src/eviction/EvictionPolicy.ts": ["const policies"],
      "test/manifest/options.test.ts": ["const wrong", "const plain", "has a row here"],
      "test/manifest/sensitive.test.ts": ["errorsWithKeys", "has a test for every door"],
      "test/cache/arrangements.test.ts": ["const policies"],
      "test/support/world.ts": ["const policies"],
      "src/manifest/internal/statics.ts": ["interface Statics"],
      "src/manifest/internal/options.ts": ["const readKnown", "const claimKnown", "const guards"],
      "src/store/memory/MemoryStore.ts": ["type Options", "const known"],
      "src/store/StoreError.ts": ["class TierFull", "class StoreError"],
      "src/capability/Lease.ts": ["class LeaseError", "const whys"],
      "src/cache/CacheMetrics.ts": ["interface FamilyStats", "const counters"],
      "src/cache/internal/entries/counts.ts": ["class Counts"],
      "test/manifest/garbage.test.ts": ["const calls", "const handleCalls"],
      "test/manifest/broken.test.ts": ["each member fails with InvalidManifest"],
      "dtslint/Messages.tst.ts": ["const nothing"]
    }
    for (const [file, texts] of Object.entries(declared)) {
      for (const text of texts) {
        assert.include(read(file), text, file)
        assert.include(contributing, text.split(" ").at(-1)!)
      }
    }
  })

  it("the limits are those of the architecture test", () => {
    const rule = /at most (\d+) lines of code, a function at most (\d+), and a line at most (\d+) columns/.exec(
      contributing.replace(/\s+/g, " ")
    )
    assert.deepStrictEqual(rule?.slice(1).map(Number), [limits.codeLines, limits.functionLines, limits.lineColumns])
  })

  it("the areas of commits are the folders of src", () => {
    const areas = codes(section(contributing, "## Commits"))
    const folders = readdirSync(join(root, "src")).filter((name) => statSync(join(root, "src", name)).isDirectory())
    assert.includeMembers([...areas], [...folders, "test", "bench", "ci", "docs", "types"])
  })
})

describe(".ci/README.md", () => {
  const text = read(".ci/README.md")

  it("the table of files has a row for each file of .ci, and no other, in forty lines", () => {
    const files = readdirSync(join(root, ".ci")).filter((name) => name !== "README.md" && name !== "smoke")
    const rows = firstCells(text.slice(text.indexOf("| file |"))).flatMap(codes)
    assert.sameMembers(rows, files)
    assert.isAtMost(text.split("\n## Decisions\n")[0]!.split("\n").length, 41)
  })

  it("the table of steps has a row for each step of .ci/run", () => {
    const steps = Array.from(read(".ci/run").matchAll(/^[^#\n]*\bstep "([^"]+)"/gm), ([, name]) => name!)
    const rows = firstCells(text.slice(0, text.indexOf("| file |"))).slice(2)
    assert.isAbove(steps.length, 5)
    assert.deepStrictEqual(rows, steps)
  })
})

describe("README.md", () => {
  it("the table of options has a row for each option of a family", () => {
    const rows = firstCells(section(readme, "### Options of a family")).flatMap(codes)
    assert.includeMembers([...rows], Object.keys(policyOptions))
  })

  it("the defaults in the table are those of the engine", () => {
    const defaultOf = (heading: string, option: string) => {
      const row = section(readme, heading).split("\n").find((line) => firstCells(line).flatMap(codes).includes(option))
      return row?.split(" | ")[1]
    }
    const family = (option: string) => defaultOf("### Options of a family", option)
    assert.strictEqual(family("timeToLive"), `\`"${defaults.timeToLive}"\``)
    assert.strictEqual(family("negativeTimeToLive"), defaults.negativeTimeToLive.replace("millis", "ms"))
    assert.strictEqual(family("retryAfterFailure"), defaults.retryAfterFailure.replace("seconds", "s"))
    assert.strictEqual(family("loadQueueMax"), defaults.loadQueueMax.toLocaleString("en"))
    assert.strictEqual(family("onAbandoned"), "`\"interrupt\"`")
    assert.strictEqual(hangTimeoutMillis, 300_000)
    assert.include(family("hardTimeout"), "five minutes")
    const { deadline, mode, timeToLive } = leaseDefaults
    assert.include(
      section(readme, "### Options of an owner and of operations"),
      `\`"${mode}"\`, ${deadline.replace("seconds", "s")}, ${timeToLive.replace("1", "one")}`
    )
  })

  it("the table of errors has a row for each reason", () => {
    const rows = firstCells(section(readme, "### Errors")).flatMap(codes)
    const reasons = CacheError.fields.reason.members.map((member) => member.fields._tag.schema.literal)
    assert.isAbove(reasons.length, 10)
    assert.includeMembers([...rows], [...reasons])
  })

  it("the table of counts has a row for each count", () => {
    const rows = firstCells(section(readme, "### Counts")).flatMap(codes)
    assert.includeMembers([...rows], Object.keys(statsOf(new Counts(), undefined, new Map())))
  })

  it("the table of operations has a row for each operation of a family", () => {
    const rows = firstCells(section(readme, "## Operations")).join("\n")
    const { user }: any = make("Readme", { families: { user: { pattern: "user:{id}" } } }).keys
    for (const operation of Object.keys(user)) {
      if (operation !== "name" && operation !== "pattern") assert.match(rows, new RegExp(`\\b${operation}\\b`))
    }
  })
})

describe("gates", () => {
  it("the workflow, `npm run verify` and the hook before a commit run the checks", () => {
    assert.match(read(".github/workflows/verify.yml"), /^ +\.ci\/run\b/m)
    assert.strictEqual(manifest.scripts.verify, "bash .ci/run")
    assert.strictEqual(manifest.scripts.hooks, "git config core.hooksPath .githooks")
    const hook = read(".githooks/pre-commit")
    for (const script of ["lint", "check"]) assert.include(hook, `npm run --silent ${script} `)
  })

  it("what tests need is named in .ci/README.md, installed by `run`, and demanded by the workflow", () => {
    const files = ["manifest/transactionPostgres.test.ts", "support/redisServer.ts", "cache/metrics.test.ts"]
    const places = readSources(join(root, "test"))
      .filter(({ path, text }) => /error\("DID NOT RUN/.test(text) && path !== "ci/contributing.test.ts")
    assert.sameMembers(places.map(({ path }) => path), files)
    const [, demanded] = /DID NOT RUN: \.\*\(([\w|-]+)\)/.exec(read(".github/workflows/verify.yml"))!
    const tools = demanded!.split("|")
    for (const { path, text } of places) {
      const said = /DID NOT RUN: [^"]*/.exec(text)![0]
      assert.lengthOf(tools.filter((tool) => said.includes(`${tool} `)), 1, path)
    }
    for (const tool of tools) {
      assert.include(read(".ci/README.md"), tool)
      if (tool !== "PostgreSQL") assert.match(read(".ci/run"), new RegExp(`^install_tool ${tool} `, "m"))
    }
  })

  it("the scripts of the gates are executable", () => {
    const listed = execFileSync("git", ["ls-files", "--stage", ".ci/run", ".githooks"], { cwd: root, encoding: "utf8" })
    assert.lengthOf(listed.match(/^100755 /gm) ?? [], 3)
  })

  it("the workflow has a time limit, few rights, and versions of its actions", () => {
    const workflow = read(".github/workflows/verify.yml")
    for (const line of ["timeout-minutes: ", "contents: read", "cancel-in-progress: true"]) {
      assert.include(workflow, line)
    }
    for (const [, action] of workflow.matchAll(/uses: (\S+)/g)) assert.match(action!, /^actions\/[\w-]+@v\d+$/)
  })
})
