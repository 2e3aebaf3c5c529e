/**
 * The cost of each entry point: the time to import it, and its size in a bundle.
 *
 *     npm run build && node bench/throughput/size.ts
 *
 * Prints JSON. Sizes are minified by esbuild and compressed by gzip, with Effect and without it. A program that uses
 * only a part of an entry point may be smaller, since bundlers can drop the rest. Times are the least of fresh
 * processes, by turns: what else the machine does only adds to them.
 */
import { buildSync } from "esbuild"
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"

const root = fileURLToPath(new URL("../..", import.meta.url))
const processes = 15

const { exports } = JSON.parse(readFileSync(`${root}/package.json`, "utf8")) as {
  readonly exports: { readonly [path: string]: { readonly default?: string } | string | null }
}
const entryPoints = Object.keys(exports).filter((path) => {
  const target = exports[path]
  return typeof target === "object" && target?.default !== undefined && !path.includes("*")
}).map((path) => `effect-stateless${path.slice(1)}`)

const importOnce = (specifiers: ReadonlyArray<string>): number => {
  const program = specifiers.map((specifier) => `await import(${JSON.stringify(specifier)})`).join(";")
  const timed = `const start = performance.now(); ${program}; console.log(performance.now() - start)`
  return Number(execFileSync(process.execPath, ["--input-type=module", "-e", timed], { cwd: root }))
}

const importMillis = (programs: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<number> => {
  const least = programs.map(() => Infinity)
  for (let turn = 0; turn < processes; turn++) {
    programs.forEach((specifiers, at) => least[at] = Math.min(least[at]!, importOnce(specifiers)))
  }
  return least
}

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

const [barrelMillis, effectMillis, firstCacheMillis, ...entryMillis] = importMillis([
  ["effect"],
  ["effect/Effect", "effect/Layer", "effect/Schema"],
  ["effect-stateless/manifest/Manifest", "effect-stateless/store/MemoryStore"],
  ...entryPoints.map((specifier) => [specifier])
])

console.log(JSON.stringify({
  entryPoints: entryPoints.map((specifier, at) => ({
    specifier,
    importMillis: entryMillis[at],
    own: bundled(whole(specifier), ["effect", "effect/*"]),
    withEffect: bundled(whole(specifier), [])
  })),
  firstCache: {
    importMillis: firstCacheMillis,
    own: bundled(firstCache, ["effect", "effect/*"]),
    withEffect: bundled(firstCache, [])
  },
  effectBarrelMillis: barrelMillis,
  effectAloneMillis: effectMillis
}))
