/**
 * The types and the run time give the same findings for the same input: random pairs of patterns, keys, names,
 * manifests, cycles and programs.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Diagnostic from "../../src/diagnostic/Diagnostic.ts"
import * as Nearest from "../../src/diagnostic/types/nearest.ts"
import { inClient, insteadOf, otherNames, placeOf } from "../../src/diagnostic/types/otherCaches.ts"
import { validate, type ValidManifest } from "../../src/ownership/shared/validation.ts"
import * as KeyPattern from "../../src/pattern/KeyPattern.ts"
import * as Compiler from "../support/compiler.ts"
import { Random } from "../support/randomPrograms.ts"

// `STATELESS_TYPES_SIZE=10` runs ten times as many cases; `STATELESS_SEED` repeats a run.
const size = Number(process.env["STATELESS_TYPES_SIZE"] ?? 1)
const seed = Number(process.env["STATELESS_SEED"] ?? Date.now() % 1_000_000)
const prelude = [
  `import { Effect } from "effect"`,
  `import * as Manifest from "../../src/manifest/Manifest.ts"`,
  `import type { Borrows, Owns } from "../../src/capability/Capability.ts"`,
  `import type * as P from "../../src/pattern/KeyPattern.ts"`,
  `import type * as Nearest from "../../src/diagnostic/types/nearest.ts"`,
  `type M = { readonly key: "M" }`,
  `type Eq<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false`,
  `type Assert<T extends true> = T`
]
const casesPerFile = 500

// One compile of many files of lines. Gives the errors by file and line.
const compile = (name: string, lines: ReadonlyArray<string>) => {
  const files: Record<string, string> = {}
  for (let at = 0; at < lines.length; at += casesPerFile) {
    files[`part${at}.ts`] = [...prelude, ...lines.slice(at, at + casesPerFile), "export {}"].join("\n")
  }
  const errors = new Map<number, Array<string>>()
  for (const error of Compiler.runOn(name, files, ["--noUnusedLocals", "false"]).split(/\n(?=\S)/)) {
    const place = /^part(\d+)\.ts\((\d+),/.exec(error)
    if (place === null) {
      assert.strictEqual(error, "")
      continue
    }
    const line = Number(place[1]) + Number(place[2]) - prelude.length - 1
    errors.set(line, [...errors.get(line) ?? [], error])
  }
  return errors
}

const is = (actual: string, expected: string) => `Assert<Eq<${actual}, ${expected}>>`
const quoted = (text: string) => JSON.stringify(text)

describe(`types and run time, seed ${seed}`, () => {
  it("types and run time agree about pairs of patterns and about keys", () => {
    const random = new Random(seed)
    const lines: Array<string> = []
    for (let pair = 0; pair < 1_000 * size; pair++) {
      const [p, q, key, text] = [random.pattern(), random.pattern(), random.key(), random.text()]
      const [parsedP, parsedQ] = [KeyPattern.parsePatternUnsafe(p), KeyPattern.parsePatternUnsafe(q)]
      const [P, Q] = [quoted(p), quoted(q)]
      const covers = KeyPattern.covers(parsedP, parsedQ)
      const overlaps = KeyPattern.overlaps(parsedP, parsedQ)
      const problem = Result.match(KeyPattern.parsePattern(text), {
        onFailure: (found) => quoted(Diagnostic.formatAsType(found)),
        onSuccess: () => "never"
      })
      const all = [
        is(`P.covers<${P}, ${Q}>`, `${covers}`),
        is(`P.overlaps<${P}, ${Q}>`, `${overlaps}`),
        is(`P.matches<${quoted(key)}, ${P}>`, `${KeyPattern.matches(key, parsedP)}`),
        is(`P.patternProblem<${quoted(text)}>`, problem),
        // What Effect itself asks when a layer is provided.
        is(`Exclude<Owns<${Q}, M>, Owns<${P}, M>>`, covers ? "never" : `Owns<${Q}, M>`),
        is(`Exclude<Borrows<${Q}, M>, Owns<${P}, M>>`, covers ? "never" : `Borrows<${Q}, M>`),
        is(`Exclude<Owns<${Q}, M>, Borrows<${P}, M>>`, `Owns<${Q}, M>`),
        ...(overlaps
          ? [
            is(`P.findWitness<${P}, ${Q}>`, quoted(KeyPattern.findWitness(parsedP, parsedQ))),
            is(`P.isMoreSpecific<${P}, ${Q}>`, `${KeyPattern.isMoreSpecific(parsedP, parsedQ)}`)
          ]
          : [])
      ]
      lines.push(`export type T${pair} = [${all.join(", ")}]`)
    }
    // The same with one assertion made false, to see that the compiler looks.
    lines.push(`export type False = [${is(`P.covers<"a", "a">`, "false")}]`)
    const errors = compile("patterns", lines)
    assert.deepStrictEqual([...errors].map(([line]) => lines[line]), [lines.at(-1)])
  }, 120_000)

  it("types and run time suggest the same name for a misspelt one", () => {
    const random = new Random(seed)
    const lines: Array<string> = []
    let suggestions = 0
    const planted = 100 * size
    // A seed has found it: the first segment is declared, and another one is near.
    const found: readonly [string, ReadonlyArray<string>] = ["bA:", ["bA", "bb"]]
    for (let pair = 0; pair < 500 * size; pair++) {
      // Of random names few are near, so some are planted: one letter is missing, and no other name is known.
      const base = random.name()
      const [name, known] = pair === planted
        ? found
        : pair < planted
        ? [`${base}a`, [`${base}aa`]]
        : [base, random.list(3, () => random.name())]
      const all = known.length === 0 ? "never" : known.map(quoted).join(" | ")
      const help = Nearest.help(name, known, "none").replaceAll("`", "'")
      const respelt = Nearest.respelt(name, known)
      if (help !== "none") suggestions++
      lines.push(
        `export type N${pair} = [${is(`Nearest.help<${quoted(name)}, ${all}, "none">`, quoted(help))}, ${
          is(`Nearest.respelt<${quoted(name)}, ${all}>`, respelt === undefined ? "never" : quoted(respelt))
        }]`
      )
    }
    lines.push(`export type False = [${is(`Nearest.help<"ab", "ac", "none">`, quoted("none"))}]`)
    const errors = compile("names", lines)
    assert.deepStrictEqual([...errors].map(([line]) => lines[line]), [lines.at(-1)])
    assert.isAtLeast(suggestions, planted)
  }, 120_000)

  it("types and run time give the same help for each name that we know, in each place for options", () => {
    const places = {
      family: ["pattern", "value", "timeToLive", "idleTimeToLive", "capacity", "weightMax", "weigher", "derives"],
      owner: ["lookup", "lookupMany", "warm", "predict", "parts"],
      store: ["capacity", "weightMax", "eviction", "shards"],
      warm: ["keys", "schedule", "await"],
      disk: ["path", "entriesMax", "bytesMax"],
      redis: ["url", "client", "namespace"]
    }
    const tables = [otherNames, placeOf, insteadOf, inClient]
    const helps = tables.flatMap((table) => Object.keys(table)).map((name) =>
      Object.values(places).map((known) => [name, known, Nearest.optionHelp(name, known, "none")] as const)
    )
    const lines = helps.map((row, at) =>
      `export type O${at} = [${
        row.map(([name, known, help]) =>
          is(
            `Nearest.optionHelp<${quoted(name)}, ${known.map(quoted).join(" | ")}, "none">`,
            quoted(help.replaceAll("`", "'"))
          )
        ).join(", ")
      }]`
    )
    lines.push(`export type False = [${is(`Nearest.optionHelp<"ttl", "timeToLive", "none">`, quoted("none"))}]`)
    const errors = compile("other caches", lines)
    assert.deepStrictEqual([...errors].map(([line]) => lines[line]), [lines.at(-1)])
    const texts = Object.fromEntries(helps.map((row) => [row[0]![0], row.map(([, , help]) => help)]))
    assert.deepStrictEqual(texts["max"]?.slice(0, 3), [
      "did you mean `capacity`?",
      "`capacity` is an option of a store, or of a family",
      "did you mean `capacity`?"
    ])
    assert.deepStrictEqual(texts["key"]?.slice(1), [
      "`pattern` is an option of a family",
      "`pattern` is an option of a family",
      "did you mean `keys`?",
      "`pattern` is an option of a family",
      "`pattern` is an option of a family"
    ])
    assert.deepStrictEqual(texts["capacity"]?.[4], "did you mean `entriesMax`?")
    assert.deepStrictEqual(texts["lookup"]?.[0], "`lookup` is an option of owner")
    assert.deepStrictEqual(texts["timeToLive"]?.[1], "`timeToLive` is an option of a family")
    assert.deepStrictEqual(texts["store"]?.[0], insteadOf.store)
    assert.deepStrictEqual(texts["port"]?.slice(4), ["none", "give url, or client: { port: ... }"])
    const unhelped = helps.flat().filter(([name, , help]) => help === "none" && !Object.hasOwn(inClient, name))
    assert.deepStrictEqual(unhelped, [])
  }, 120_000)

  it("types and run time find the same mistakes of manifests, at the same properties", () => {
    const random = new Random(seed)
    // One in two is as random as can be; of the others one in two is valid, and one has one planted fault.
    const definitions = Array.from(
      { length: 100 * size },
      (_, index) => index % 2 === 0 ? random.manifest() : derivedManifest(random, index % 4 === 1)
    )
    const { disagreements, mistaken, suggestions } = compareFindings("manifests", definitions)
    assert.deepStrictEqual(disagreements, [])
    assert.isAbove(suggestions, 5 * size)
    assert.isAbove(mistaken, 10 * size)
    assert.isBelow(mistaken, 100 * size)
  }, 120_000)

  it("types and run time agree about cycles that are too long for a message, alone and beside others", () => {
    const ring = (name: string, length: number) =>
      Array.from({ length }, (_, i) => [`${name}${i}`, [`${name}${(i + 1) % length}`]] as const)
    const { disagreements, mistaken } = compareFindings("cycles", [
      dependencies(ring("a", 11)),
      dependencies(ring("a", 12)),
      dependencies([...ring("a", 30), ["above", ["a3"]], ["higher", ["above"]]]),
      dependencies([...ring("a", 14), ...ring("b", 14), ["between", ["a0"]], ["b14", ["between"]], ["b0", [
        "b1",
        "b14"
      ]]]),
      dependencies([...ring("a", 20), ["short", ["a0", "a15"]], ["a5", ["a6", "short"]]])
    ])
    assert.deepStrictEqual(disagreements, [])
    assert.strictEqual(mistaken, 5)
  }, 120_000)

  it("a declared function compiles exactly when the run time accepts it", () => {
    const random = new Random(seed)
    const lines: Array<string> = []
    const refused = new Set<number>()
    let programs = 0
    while (programs < 100 * size) {
      const manifest = validManifest(random, `M${programs}`)
      const families = [...manifest.families.values()]
      while (casesPerFile - lines.length % casesPerFile < 150) lines.push("")
      writeManifest(manifest.id, manifest.definition, lines)
      for (let program = 0; program < 10; program++, programs++) {
        const used = random.list(3, () => [random.pick(["read", "write"] as const), random.pick(families)] as const)
        const given = random.list(3, () => [random.pick(["owns", "borrows"] as const), random.pick(families)] as const)
        const allowed = used.every(([verb, family]) =>
          given.some(([right, of]) => family.covering.includes(of.name) && (verb === "read" || right === "owns"))
        )
        const rights = (kind: "owns" | "borrows") =>
          `${kind}: [${
            given.filter(([right]) => right === kind).map(([, of]) => quoted(of.pattern.source)).join(", ")
          }]`
        const body = used.map(([verb, family]) =>
          `yield* ${manifest.id}.keys.${family.name}.${verb === "read" ? "reader" : "writer"}`
        ).join("; ")
        if (!allowed) refused.add(lines.length)
        lines.push(
          `export const p${programs} = ${manifest.id}.fn("p", { ${rights("owns")}, ${
            rights("borrows")
          } })(function*() { ${body} })`
        )
      }
    }
    const errors = compile("programs", lines)
    for (const [, found] of errors) assert.include(found.join(), "E0220: the body ")
    assert.deepStrictEqual([...errors.keys()].toSorted((a, b) => a - b), [...refused].toSorted((a, b) => a - b))
    assert.isAbove(refused.size, 10 * size)
    assert.isBelow(refused.size, programs - 10 * size)
  }, 120_000)
})

// What the types and the run time say of manifests, where they do not say the same.
const compareFindings = (name: string, definitions: ReadonlyArray<object>) => {
  const lines: Array<string> = []
  const expected = new Map<number, string>()
  let mistaken = 0
  let suggestions = 0
  definitions.forEach((definition, index) => {
    // A manifest stays in one file.
    while (casesPerFile - lines.length % casesPerFile < 250) lines.push("")
    const paths = writeManifest(`M${index}`, definition, lines)
    const valid = validate(`M${index}`, definition)
    if (Result.isSuccess(valid)) return
    mistaken++
    for (const problem of valid.failure.problems) {
      if (problem.help.startsWith("did you mean")) suggestions++
      expected.set(paths.get(problem.path.join("."))!, Diagnostic.formatAsType(problem))
    }
  })
  const errors = compile(name, lines)
  const disagreements: Array<unknown> = []
  for (const [line, message] of expected) {
    const found = errors.get(line)?.join("\n") ?? ""
    // Where several are at fault the compiler prints several messages, and cuts the list.
    if (!found.includes(message) && !(found.includes(message.slice(0, 5)) && /" \| "|\.\.\./.test(found))) {
      disagreements.push({ line: lines[line], expected: message, found })
    }
  }
  for (const [line, found] of errors) if (!expected.has(line)) disagreements.push({ line: lines[line], found })
  return { disagreements, mistaken, suggestions }
}

// A manifest with a family for each name, which derives from those that are listed.
const dependencies = (families: ReadonlyArray<readonly [name: string, sources: ReadonlyArray<string>]>) => ({
  families: Object.fromEntries(
    families.map(([name, sources]) => [name, { pattern: `${name}:{id}`, derives: sources.map((of) => `${of}:{id}`) }])
  )
})

// One property per line, so that a line is a path.
const writeManifest = (id: string, definition: object, lines: Array<string>): ReadonlyMap<string, number> => {
  const paths = new Map<string, number>()
  const write = (value: unknown, path: ReadonlyArray<string>, prefix: string, end: string): void => {
    paths.set(path.join("."), lines.length)
    if (typeof value !== "object" || value === null) return void lines.push(`${prefix}${JSON.stringify(value)}${end}`)
    const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"]
    lines.push(`${prefix}${open}`)
    for (const [name, member] of Object.entries(value)) {
      write(member, [...path, name], Array.isArray(value) ? "" : `${name}: `, ",")
    }
    lines.push(`${close}${end}`)
  }
  write(definition, [], `export class ${id} extends Manifest.Service<${id}>()("${id}", `, ") {}")
  return paths
}

// A valid manifest with as many references as stay valid; with one option replaced by any other if asked.
const derivedManifest = (random: Random, isFaulty: boolean): object => {
  let families: { readonly [name: string]: object } = validManifest(random, "M").definition.families
  const names = Object.keys(families)
  for (const name of [...names, ...names]) {
    const family = families[name] as { readonly derives?: ReadonlyArray<string> }
    const more = { ...family, fanout: true, derives: [...family.derives ?? [], random.pattern(3)] }
    const tried = { ...families, [name]: more }
    if (Result.isSuccess(validate("M", { families: tried }))) families = tried
  }
  if (!isFaulty) return { families }
  const name = random.pick(names)
  const [option, value] = random.pick(Object.entries(random.family(names)))
  return { families: { ...families, [name]: { ...families[name], [option]: value } } }
}

// Families that fit, each inside its nearest encloser.
const validManifest = (random: Random, id: string): ValidManifest => {
  const patterns: Array<KeyPattern.KeyPattern> = []
  for (let tries = 0; tries < 12; tries++) {
    const p = KeyPattern.parsePatternUnsafe(random.pattern(3))
    const fits = patterns.every((q) =>
      !KeyPattern.overlaps(p, q) || KeyPattern.covers(p, q) !== KeyPattern.covers(q, p)
    )
    if (fits) patterns.push(p)
  }
  const families = Object.fromEntries(patterns.map((pattern, index) => {
    const around = patterns
      .flatMap((other, at) => other !== pattern && KeyPattern.covers(other, pattern) ? [{ name: `f${at}`, other }] : [])
      .toSorted((a, b) => KeyPattern.covers(a.other, b.other) ? 1 : -1)
    const inside = around[0] && { [random.pick(["partOf", "partOf", "carvedFrom"])]: around[0].name }
    return [`f${index}`, { pattern: pattern.source, ...inside }]
  }))
  return Result.getOrThrow(validate(id, { families }))
}
