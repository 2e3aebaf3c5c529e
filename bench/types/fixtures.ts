/**
 * Programs with a pinned cost of type checking: manifests by shape and size, programs by form of call, and refused
 * programs.
 */

const header = `import { Effect } from "effect"
import * as Manifest from "../../src/manifest/Manifest.ts"
declare const id: string
declare const n: number
`

const manifest = (families: ReadonlyArray<string>): string =>
  `${header}export class C extends Manifest.Service<C>()("C", {
  layers: { server: {} },
  families: {
${families.map((family, index) => `    e${index}: { layer: "server", ${family} }`).join(",\n")}
  }
}) {}
`

const times = <A>(count: number, f: (index: number) => A): ReadonlyArray<A> =>
  Array.from({ length: count }, (_, i) => f(i))

type Shape = (index: number) => string

const flat: Shape = (i) => `pattern: "ent${i}:{id}"`
// An owner, and four policies inside.
const nested: Shape = (i) => {
  const group = Math.floor(i / 5)
  const first = i - i % 5
  return [
    `pattern: "ent${group}:*"`,
    `pattern: "ent${group}:{id}", partOf: "e${first}"`,
    `pattern: "ent${group}:{id}:posts", partOf: "e${first}"`,
    `pattern: "ent${group}:{id}:posts:{post}", partOf: "e${first}"`,
    `pattern: "ent${group}:index", partOf: "e${first + 1}"`
  ][i % 5]!
}
const tenant: Shape = (i) => `pattern: "tenant:{t}:ent${i}:{id}"`
// Chains of ten. Each link but the first derives from the one or two links before it.
const derived: Shape = (i) => {
  const sources = [...i % 10 > 0 ? [`"ent${i - 1}:{id}"`] : [], ...i % 10 > 1 ? [`"ent${i - 2}:{id}"`] : []]
  return `pattern: "ent${i}:{id}"${sources.length === 0 ? "" : `, derives: [${sources.join(", ")}]`}`
}
const chain: Shape = (i) => `pattern: "ent${i}:{id}"${i === 0 ? "" : `, derives: ["ent${i - 1}:{id}"]`}`

const program = (families: number, calls: number, call: (family: number, index: number) => string): string =>
  `${manifest(times(families, flat))}export const program = Effect.gen(function*() {
${times(calls, (index) => `  yield* ${call(index % families, index)}`).join("\n")}
})
`

// All owners of a manifest, each with a lookup, as the modules of one application.
const owners = (families: number): string =>
  `${manifest(times(families, flat))}export const live = C.modules({
${times(families, (i) => `  e${i}: C.owner("e${i}", { lookup: ({ id }) => Effect.succeed(id) })`).join(",\n")}
})
`

const cycle = (length: number): string =>
  manifest([`pattern: "ent0:{id}", derives: ["ent${length - 1}:{id}"]`, ...times(length - 1, (i) => chain(i + 1))])

const refused = (rest: string): string => `${manifest(times(200, flat))}${rest}\n`

export const baseline: string = manifest([flat(0)])

export const fixtures: { readonly [name: string]: string } = {
  ...Object.fromEntries(
    Object.entries({ flat, nested, tenant, derived, chain }).flatMap(([name, shape]) =>
      [10, 50, 100, 200, 500].map((size) => [`${name}-${size}`, manifest(times(size, shape))])
    )
  ),
  ...Object.fromEntries(
    [100, 1_000].flatMap((calls) => [
      [`accessor-${calls}`, program(50, calls, (family) => `C.keys.e${family}.set({ id }, n)`)],
      [`template-${calls}`, program(50, calls, (family) => `C.set(\`ent${family}:\${n}\`, n)`)],
      [`literal-${calls}`, program(50, calls, (family, index) => `C.set("ent${family}:${index}", n)`)]
    ])
  ),
  ...Object.fromEntries([300, 500].map((size) => [`owners-${size}`, owners(size)])),
  "group-500": `${manifest(times(500, flat))}export const live = C.modules({
  all: { owns: [${times(500, (i) => `"e${i}"`).join(", ")}], layer: C.owner("e0") }
})\n`,
  "flat-2000": manifest(times(2_000, flat)),
  "wide-1000": program(500, 1_000, (family) => `C.keys.e${family}.set({ id }, n)`),
  "wide-reads": program(500, 1_000, (family) => `C.keys.e${family}.get({ id })`),
  "refused-key": refused(`export const one = C.get("ant1:1")`),
  "refused-pattern": manifest([...times(199, flat), `pattern: "ent7:x"`]),
  "refused-derives": manifest([...times(199, flat), `pattern: "x:{id}", derives: ["ant1:{id}"]`]),
  "refused-fanout": manifest([...times(199, flat), `pattern: "x:{other}", derives: ["ent1:{id}"]`]),
  "refused-cycle": cycle(200),
  "refused-cycle-1000": cycle(1_000),
  "refused-lookup": refused(`export const one = C.owner("e1", { lookup: ({ id }) => C.keys.e2.get({ id }) })`),
  "refused-body": refused(`export const one = C.fn("one", {})(function*() { yield* C.keys.e2.get({ id }) })`),
  "refused-right": refused(`export type One = Manifest.Owns<"ant1:{id}", C>`)
}

/**
 * Fixtures with a pinned number of kilobytes, too, for their comparisons in pairs. Such a comparison instantiates
 * nothing, but leaves an entry in a table of the compiler, or a type for each pair.
 */
export const compared: ReadonlySet<string> = new Set(["wide-1000", "wide-reads", "owners-300"])

/**
 * The longest time of a check, as a multiple of the baseline, for fixtures whose cost once grew with the square of the
 * families, which no count showed. It was 60 and 700 times the baseline, and is 5 and 20 now.
 */
export const timesBaselineMax: { readonly [name: string]: number } = { "flat-2000": 25, "refused-cycle-1000": 80 }
