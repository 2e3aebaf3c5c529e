/**
 * Finds operations that nothing runs in a small program, which imports the accessors of a manifest.
 */
import { assert } from "@effect/vitest"
import { Meanings } from "../../src/cli/meaning.ts"
import { neverRunIn } from "../../src/cli/neverRun.ts"

const manifest = `export class AppCache extends Manifest.Service<AppCache>()("AppCache", { families: {} }) {}
export const { user, prefs: settings } = AppCache.keys
`

export const findingsOf = (body: string, file = "use.ts", others: { readonly [file: string]: string } = {}) => {
  const files: { readonly [file: string]: string } = {
    "cache.ts": manifest,
    ...others,
    [file]: `import { AppCache, settings, user } from "./cache.ts"\n${body}`
  }
  const meanings = new Meanings({
    read: (file) => files[file],
    resolve: (_, specifier) => specifier.startsWith("./") ? specifier.slice(2) : undefined
  })
  return neverRunIn(meanings, file)
}

/** The lines of the program, after the import, on which nothing runs an operation. */
export const linesOf = (...program: Parameters<typeof findingsOf>) =>
  findingsOf(...program).map(({ code, line }) => {
    assert.strictEqual(code, "E0238")
    return line - 1
  })
