/**
 * The installed command line: `stateless check` and `stateless explain`, with their output and exit codes.
 */
import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Compiler from "../support/compiler.ts"

const run = (...args: ReadonlyArray<string>) => {
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    [path.join(Compiler.root, "src/cli/main.ts"), ...args],
    { cwd: Compiler.root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 }
  )
  return { status, stderr, stdout }
}

const pinned = fs.readdirSync(path.join(Compiler.root, "dtslint/ui"))
  .filter((name) => name.endsWith(".stderr"))
  .flatMap((name) => fs.readFileSync(path.join(Compiler.root, "dtslint/ui", name), "utf8").split(/\n(?=\S)/))

describe("stateless check", () => {
  it("check reports every error of a project once, findings of this package with both parties, and exits with 1", () => {
    const { status, stdout } = run("check", "dtslint/ui/tsconfig.json", "--json")
    const { findings, others } = JSON.parse(stdout)
    // Where the compiler's own words have no room for a message of ours, the command line knows them.
    assert.deepStrictEqual(others, [])
    assert.strictEqual(findings.length, pinned.length)
    assert.strictEqual(status, 1)
  })

  it("check shows both parties without colors when its output is not a terminal", () => {
    const { stdout } = run("check", "dtslint/ui/tsconfig.json")
    assert.include(stdout, "error[E0102]: 'user:profile' is already owned through 'user:{id}' of family 'both'\n")
    assert.include(stdout, "^^^^^^^^^^^^^^ refused here")
    assert.include(stdout, "---- 'both' is declared here")
    assert.notInclude(stdout, "\u001b[")
  })

  it("check takes its project as tsc does, and refuses two that differ", () => {
    const missing = run("check", "-p", "nowhere/tsconfig.json")
    assert.strictEqual(missing.status, 2)
    assert.include(missing.stderr, "there is no `nowhere/tsconfig.json`")
    const twice = run("check", "one.json", "--project", "other.json")
    assert.strictEqual(twice.status, 2)
    assert.include(twice.stderr, "stateless: two projects are named, `one.json` and `other.json`; help: name one")
    assert.include(run("check", "--help").stdout, "--project, -p")
  })

  it("check exits with 2 when it cannot run, as its help says", () => {
    const { status, stderr } = run("explain", "E9999")
    assert.strictEqual(status, 2)
    assert.include(stderr, "there is no code `E9999`")
    assert.strictEqual(run("check", "--nope").status, 2)
    assert.strictEqual(run("chek").status, 2)
    const missing = run("check", "nowhere/tsconfig.json")
    assert.strictEqual(missing.status, 2)
    assert.include(missing.stderr, "there is no `nowhere/tsconfig.json`")
    for (const help of [run("--help"), run("check", "--help")]) {
      assert.strictEqual(help.status, 0)
      assert.include(help.stdout, "Exit codes\n  0  ")
      assert.include(help.stdout, "\n  1  the project has errors")
      assert.include(help.stdout, "\n  2  the command could not do its work")
    }
  })
})

describe("stateless explain", () => {
  it("explain prints what, why, the failing program and the repair", () => {
    const { status, stdout } = run("explain", "e0203")
    assert.strictEqual(status, 0)
    assert.include(stdout, "reader.set(")
    assert.include(stdout, "writer.set(")
  })
})
