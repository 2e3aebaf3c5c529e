/**
 * The benchmark of checks cuts parts out of the sources. Each text that it cuts out occurs exactly once in its module,
 * so a change of the sources cannot break the benchmark unseen.
 */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { parts } from "../../bench/throughput/cuts.ts"

describe("the cuts of the benchmark of checks", () => {
  for (const [part, cuts] of Object.entries(parts)) {
    for (const [file, text] of cuts) {
      it(`the text of the part "${part}" occurs once in ${file}`, () => {
        const source = readFileSync(new URL(`../../src/${file}`, import.meta.url), "utf8")
        assert.lengthOf(source.split(text), 2, text)
      })
    }
  }
})
