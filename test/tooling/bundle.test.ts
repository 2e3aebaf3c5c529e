/**
 * What a bundle of the package holds: the encoder only where a tier keeps bytes, and nothing that a browser lacks.
 */
import { assert, describe, it } from "@effect/vitest"
import { build } from "esbuild"
import { readFileSync } from "node:fs"
import { toPublished } from "../../.ci/publish.ts"

/** The modules of a bundle that is made as the build makes it, without those of which nothing is used. */
const modulesOf = async (contents: string): Promise<ReadonlyArray<string>> => {
  const { metafile } = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    conditions: ["@effect-stateless/source"],
    bundle: true,
    format: "esm",
    platform: "browser",
    external: ["node:*", "lmdb"],
    write: false,
    metafile: true,
    logLevel: "silent",
    plugins: [{
      name: "publish",
      setup(build) {
        build.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => ({
          loader: "ts",
          contents: toPublished(path, readFileSync(path, "utf8"))
        }))
      }
    }]
  })
  const [output] = Object.values(metafile.outputs)
  return Object.entries(output!.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path)
}

const encoder = [/\/SchemaBinary\./, /\/Codec\.ts$/, /\/fidelity\.ts$/, /\/sameValue\.ts$/]

describe("a bundle of the package", () => {
  it("a program with memory alone links neither the encoder nor what it compares values with", async () => {
    const modules = await modulesOf(`export { Manifest, MemoryStore } from "effect-stateless"`)
    for (const part of encoder) assert.deepStrictEqual(modules.filter((path) => part.test(path)), [])
  })

  it("a program with a tier that keeps bytes links the encoder", async () => {
    const modules = await modulesOf(`
      export { Manifest } from "effect-stateless"
      export * as LmdbStore from "effect-stateless/store/LmdbStore"`)
    for (const part of encoder) assert.lengthOf(modules.filter((path) => part.test(path)), 1)
  })
})
