/**
 * The list of planted bugs fits the project: each text occurs once where it is planted, and each suite exists. Vitest
 * fails when it finds no test, so a suite that is gone would notice every bug.
 */
import { assert, describe, it } from "@effect/vitest"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import config from "../../vitest.config.ts"
import { canaries } from "../canaries.ts"

const root = join(import.meta.dirname, "../..")
const projects = (config.test?.projects ?? []).flatMap((project) =>
  typeof project === "object" && "test" in project ? [String(project.test?.name)] : []
)

describe("planted bugs", () => {
  it("each text occurs once in its file, and each bug changes it", () => {
    const wrong = canaries.filter(({ file, planted, text }) =>
      planted === text || readFileSync(join(root, file), "utf8").split(text).length !== 2
    )
    assert.deepStrictEqual(wrong.map(({ bug }) => bug), [])
  })

  it("each suite is a test file or a project of Vitest, and each bug has one", () => {
    const suites = new Set(canaries.flatMap((canary) => canary.suites))
    const isThere = (suite: string) =>
      suite.endsWith(".test.ts") ? existsSync(join(root, suite)) : projects.includes(suite)
    assert.deepStrictEqual([...suites].filter((suite) => !isThere(suite)), [])
    assert.deepStrictEqual(canaries.filter(({ suites }) => suites.length === 0), [])
  })
})
