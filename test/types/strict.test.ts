/**
 * A project without `strict` gets one error that says so.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Compiler from "../support/compiler.ts"

const source = `import { Layer } from "effect"
import * as Manifest from "effect-stateless/manifest/Manifest"
export class AppCache extends Manifest.Service<AppCache>()("AppCache", {
  families: { user: { pattern: "user:{id}", value: Manifest.type<string>() } }
}) {}
export const one = AppCache.modules({ user: Layer.empty })
`
const ours = (output: string) => [...output.matchAll(/"(E\d{4}): ([^"]*)"/g)].map(([, code, text]) => `${code} ${text}`)

describe("project without strict", () => {
  it("the project is refused without strict, and accepted with it", () => {
    assert.strictEqual(Compiler.runOn("strict", { "cache.ts": source }), "")
    const messages = ours(
      Compiler.runOn("strict", { "cache.ts": source }, ["--strict", "false", "--exactOptionalPropertyTypes", "false"])
    )
    assert.isNotEmpty(messages)
    for (const message of messages) {
      assert.match(message, /^E0417 the compiler runs without strict/)
      assert.match(message, /help: set compilerOptions\.strict to true in the tsconfig$/)
    }
  })
})
