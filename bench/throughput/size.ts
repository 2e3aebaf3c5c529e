/**
 * The cost of each entry point: the time to import it, and its size in a bundle.
 *
 *     npm run build && node bench/throughput/size.ts
 *
 * Prints JSON. Sizes are minified by esbuild and compressed by gzip, with Effect and without it. A program that uses
 * only a part of an entry point may be smaller, since bundlers can drop the rest. Times are medians of fresh processes.
 */
import { buildSync } from "esbuild"
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { median } from "./measure.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const processes = 7

const { exports } = JSON.parse(readFileSync(`${root}/package.json`, "utf8")) as {
  readonly exports: { readonly [path: string]: { readonly default?: string } | string | null }
}
const entryPoints = Object.keys(exports).filter((path) => {
  const target = exports[path]
  return typeof target === "object" && target?.default !== undefined && !path.includes("*")
}).map((path) => `effect-stateless${path.slice(1)}`)

const importMillis = (specifiers: ReadonlyArray<string>): number =>
  median(Array.from({ length: processes }, () => {
    const program = specifiers.map((specifier) => `await import(${JSON.stringify(specifier)})`).join(";")
    const timed = `const start = performance.now(); ${program}; console.log(performance.now() - start)`
    return Number(execFileSync(process.execPath, ["--input-type=module", "-e", timed], { cwd: root }))
  }))

const bundled = (source: string, external: ReadonlyArray<string>): { readonly min: number; readonly gzip: number } => {
  const { outputFiles } = buildSync({
    stdin: { contents: source, resolveDir: root },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    external: [...external, "node:*", "lmdb", "ioredis"],
    write: false,
    logLevel: "error"
  })
  const { contents } = outputFiles[0]!
  return { min: contents.length, gzip: gzipSync(contents).length }
}

const whole = (specifier: string) => `export * from ${JSON.stringify(specifier)}`
const firstCache = `import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
export { Manifest, MemoryStore }`

console.log(JSON.stringify({
  entryPoints: entryPoints.map((specifier) => ({
    specifier,
    importMillis: importMillis([specifier]),
    own: bundled(whole(specifier), ["effect", "effect/*"]),
    withEffect: bundled(whole(specifier), [])
  })),
  firstCache: {
    importMillis: importMillis(["effect-stateless/manifest/Manifest", "effect-stateless/store/MemoryStore"]),
    own: bundled(firstCache, ["effect", "effect/*"]),
    withEffect: bundled(firstCache, [])
  },
  effectAloneMillis: importMillis(["effect/Effect", "effect/Layer", "effect/Schema"])
}))
