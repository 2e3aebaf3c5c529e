/**
 * The plan of invalidation drops every entry that depends on a changed key, and as few others as possible. The graph
 * shows the same relations.
 */
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import type { DependencyGraph } from "../../src/ownership/DependencyGraph.ts"
import * as Graph from "../../src/ownership/shared/graph.ts"
import { type ValidFamily, type ValidManifest } from "../../src/ownership/shared/validation.ts"
import { matches } from "../../src/pattern/KeyPattern.ts"
import { layered, valid } from "../support/graphs.ts"
import { parseKey, universe } from "../support/patternTruth.ts"
import { applies, dropped } from "../support/planSteps.ts"
import { manifest } from "../support/randomManifests.ts"

const nodeOf = (family: string, key: string) => `${family} ${key}`

// Which entries of each family there are; with `routed`, keys of inner families are not the outer one's.
const entriesOf = (given: ValidManifest, routed: boolean) =>
  new Map([...given.families.values()].map((family) => [
    family,
    universe
      .filter((key) => routed ? given.patterns.route(key) === family : matches(key, family.pattern))
      .map((key) => ({ key, params: parseKey(family.pattern, key) }))
  ]))

type Entries = ReturnType<typeof entriesOf>

// The definition: an entry depends on a key if its reference matches the key with the same parameter values.
const dependsDirectly = (family: ValidFamily, params: Readonly<Record<string, string>>, key: string): boolean =>
  family.derives.some((reference) => {
    const found = parseKey(reference, key)
    return found._tag === "Some" &&
      Object.entries(found.value).every(([name, value]) =>
        name === "*" || params[name] === undefined || params[name] === value
      )
  })

const direct = (entries: Entries, key: string): ReadonlyArray<readonly [ValidFamily, string]> =>
  [...entries].flatMap(([family, all]) =>
    all.flatMap(({ key: entry, params }) =>
      params._tag === "Some" && dependsDirectly(family, params.value, key) ? [[family, entry] as const] : []
    )
  )

const closure = (entries: Entries, start: string, memo: Map<string, ReadonlyArray<readonly [ValidFamily, string]>>) => {
  const found = new Set<string>()
  const keys = new Set([start])
  for (const key of keys) {
    const next = memo.get(key) ?? direct(entries, key)
    memo.set(key, next)
    for (const [family, entry] of next) {
      found.add(nodeOf(family.name, entry))
      keys.add(entry)
    }
  }
  return found
}

const planned = (graph: DependencyGraph, given: ValidManifest, entries: Entries, key: string) => {
  const segments = key.split(":")
  const found = new Set<string>()
  for (const step of graph.plans[given.patterns.route(key)!.index]!) {
    if (!applies(step, segments)) continue
    const family = given.families.get(step.family)!
    const values = dropped(step, segments)
    for (const { key: entry, params } of entries.get(family)!) {
      if (params._tag !== "Some") continue
      const bag = params.value
      const agrees = family.pattern.holes.every((hole, index) =>
        values[index] === undefined || bag[hole] === values[index]
      )
      if (agrees) found.add(nodeOf(family.name, entry))
    }
  }
  return found
}

const sample = fc.uniqueArray(fc.constantFrom(...universe), { minLength: 12, maxLength: 12 })
const runs = { numRuns: 400 }

describe("invalidation plan", () => {
  it("the plan drops every entry that depends on a key through any chain of references", () => {
    fc.assert(
      fc.property(manifest, sample, (given, keys) => {
        const graph = Graph.make(given)
        const entries = entriesOf(given, true)
        const memo = new Map()
        for (const key of keys) {
          if (given.patterns.route(key) === undefined) continue
          const gone = planned(graph, given, entries, key)
          for (const entry of closure(entries, key, memo)) assert.isTrue(gone.has(entry), `${key} misses ${entry}`)
        }
      }),
      runs
    )
  })

  it("the plan drops no other entry when no family lies inside another", () => {
    let compared = 0
    fc.assert(
      fc.property(manifest, sample, (given, keys) => {
        if ([...given.families.values()].some((family) => family.encloser !== undefined)) return
        const graph = Graph.make(given)
        const entries = entriesOf(given, true)
        const memo = new Map()
        for (const key of keys) {
          if (given.patterns.route(key) === undefined) continue
          const [gone, needed] = [planned(graph, given, entries, key), closure(entries, key, memo)]
          assert.deepStrictEqual([...gone].toSorted(), [...needed].toSorted(), key)
          compared += needed.size
        }
      }),
      runs
    )
    assert.isAbove(compared, 0)
  })

  it("the plan drops no other entry when each key of an intermediate family may exist", () => {
    let compared = 0
    fc.assert(
      fc.property(manifest, sample, (given, keys) => {
        const graph = Graph.make(given)
        const entries = entriesOf(given, false)
        const memo = new Map()
        for (const key of keys) {
          const source = given.patterns.route(key)
          if (source === undefined) continue
          const gone = planned(graph, given, entries, key)
          const needed = closure(entries, key, memo)
          for (const entry of gone) assert.isTrue(needed.has(entry), `${key} drops ${entry} for nothing`)
          compared += gone.size
        }
      }),
      runs
    )
    assert.isAbove(compared, 0)
  })

  const planOf = (definition: { readonly families: object }, family: string) => {
    const given = valid(definition)
    return Graph.make(given).plans[given.families.get(family)!.index]!.map((step) => ({
      family: step.family,
      bound: step.bound,
      constants: step.constants,
      conditions: step.conditions,
      free: step.free
    }))
  }

  it("the plan carries parameters along a chain, and leaves the others free", () => {
    const families = {
      user: { pattern: "user:{id}" },
      profile: { pattern: "profile:{id}", derives: ["user:{id}"] },
      feed: { pattern: "feed:{id}:{page}", derives: ["profile:{id}"] },
      report: { pattern: "report", derives: ["feed:{id}:{page}"] }
    }
    assert.deepStrictEqual(planOf({ families }, "user"), [
      { family: "profile", bound: [[0, 1]], constants: [], conditions: [], free: 0 },
      { family: "feed", bound: [[0, 1]], constants: [], conditions: [], free: 1 },
      { family: "report", bound: [], constants: [], conditions: [], free: 0 }
    ])
    assert.deepStrictEqual(planOf({ families }, "report"), [])
  })

  it("the plan goes on behind a family that has other sources", () => {
    const families = {
      user: { pattern: "user:{id}" },
      other: { pattern: "other:{id}" },
      both: { pattern: "both:{id}", derives: ["user:{id}", "other:{id}"] },
      near: { pattern: "near:{id}", derives: ["user:{id}"] },
      behind: { pattern: "behind:{id}", derives: ["both:{id}"] }
    }
    assert.deepStrictEqual(planOf({ families }, "user").map((step) => step.family), ["both", "near", "behind"])
  })

  it("the plan has a condition for what a reference says about a wider source", () => {
    const families = {
      user: { pattern: "user:*" },
      profile: { pattern: "profile:{id}", derives: ["user:{id}"] },
      special: { pattern: "special", derives: ["user:{id}:posts"] }
    }
    assert.deepStrictEqual(planOf({ families }, "user"), [
      { family: "profile", bound: [[0, 1]], constants: [], conditions: [{ _tag: "Length", segments: 2 }], free: 0 },
      {
        family: "special",
        bound: [],
        constants: [],
        conditions: [
          { _tag: "Length", segments: 3 },
          { _tag: "Equals", segment: 2, text: "posts" }
        ],
        free: 0
      }
    ])
  })

  it("the plan drops a constant entry behind an intermediate family with one key", () => {
    const families = {
      user: { pattern: "user:{id}" },
      admin: { pattern: "team:admin", derives: ["user:{id}"] },
      page: { pattern: "page:{team}", derives: ["team:{team}"] },
      team: { pattern: "team:{team}" }
    }
    const nested = { ...families, admin: { ...families.admin, partOf: "team" } }
    assert.deepStrictEqual(planOf({ families: nested }, "user"), [
      { family: "admin", bound: [], constants: [], conditions: [], free: 0 },
      { family: "page", bound: [], constants: [[0, "admin"]], conditions: [], free: 0 }
    ])
  })

  it("the plan follows a reference only when an intermediate entry can have its text", () => {
    const families = {
      user: { pattern: "user:{id}" },
      team: { pattern: "team:{team}" },
      admin: { pattern: "team:admin", partOf: "team", derives: ["user:{id}"] },
      page: { pattern: "page:{team}", derives: ["team:{team}"] },
      adminIndex: { pattern: "index:admin", derives: ["page:admin"] },
      guestIndex: { pattern: "index:guest", derives: ["page:guest"] }
    }
    assert.deepStrictEqual(planOf({ families }, "user").map((step) => step.family), ["admin", "page", "adminIndex"])
  })

  it("the plan ends when every way to a family contradicts itself", () => {
    const families = {
      user: { pattern: "user:{id}" },
      ann: { pattern: "ann:{id}:{as}", derives: ["user:{id}"] },
      bob: { pattern: "bob:{id}", derives: ["ann:ann:{id}"] },
      both: { pattern: "both", derives: ["bob:{id}"] }
    }
    const nowhere = {
      ...families,
      bob: { pattern: "bob:{id}", derives: ["user:ann"] },
      both: { pattern: "both", derives: ["bob:x"] }
    }
    assert.lengthOf(planOf({ families }, "user"), 3)
    assert.lengthOf(planOf({ families: nowhere }, "user"), 3)
  })

  it("the plan keeps the wider of two ways to one family", () => {
    const families = {
      user: { pattern: "user:{id}" },
      all: { pattern: "all", derives: ["user:{id}"] },
      page: { pattern: "page:{id}", derives: ["user:{id}", "all"] }
    }
    assert.deepStrictEqual(planOf({ families }, "user").filter((step) => step.family === "page"), [
      { family: "page", bound: [], constants: [], conditions: [], free: 1 }
    ])
  })

  it("the plan drops a whole family when there are more ways to it than it keeps", () => {
    const count = Graph.stepsPerFamilyMax + 1
    const derives = Array.from({ length: count }, (_, index) => `user:{id}:${index}`)
    const families = { user: { pattern: "user:*" }, profile: { pattern: "profile:{id}", derives } }
    assert.deepStrictEqual(planOf({ families }, "user"), [
      { family: "profile", bound: [], constants: [], conditions: [], free: 1 }
    ])
  })

  it("the plan of one family has the same steps with and without the plans of the others", () => {
    let [steps, known] = [0, 0]
    fc.assert(
      fc.property(manifest, (given) => {
        const graph = Graph.make(given)
        for (const source of given.families.values()) {
          const plan = graph.plans[source.index]!
          steps += plan.length
          for (const target of given.families.values()) {
            const own = plan.filter((step) => step.index === target.index)
            assert.deepStrictEqual(graph.compile(source.index, target.index), own)
            if (own.length > 0) assert.isTrue(target.upstream.has(source.index))
          }
          const concerned = graph.concerned(source.index)
          if (concerned !== undefined) {
            assert.deepStrictEqual(
              concerned.toSorted((a, b) => a - b),
              [...new Set(plan.map(({ index }) => index))].toSorted((a, b) => a - b)
            )
            for (const step of plan) assert.deepStrictEqual([step.constants, step.conditions], [[], []])
            known += concerned.length
          }
          assert.strictEqual(
            plan.length === 0,
            graph.dependentsOf(source.index).every((target) => graph.compile(source.index, target).length === 0)
          )
        }
      }),
      runs
    )
    assert.isAbove(steps, 0)
    assert.isAbove(known, 0)
  })

  it("the plan looks only at families that lead to the asked one", () => {
    const count = 3_000
    const families = Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, {
      pattern: `f${index}:{id}`,
      derives: index === 0 ? [] : [`f${index - 1}:{id}`]
    }]))
    const graph = Graph.make(valid({ families }))
    const since = process.cpuUsage()
    for (let index = 1; index < count; index++) assert.lengthOf(graph.compile(index - 1, index), 1)
    const { system, user } = process.cpuUsage(since)
    // It takes 20 ms. With all plans it would be 4,500,000 steps.
    assert.isBelow((system + user) / 1e6, 1)
    assert.lengthOf(graph.plans[0]!, count - 1)
    assert.strictEqual(graph.plans[0], graph.plans[0])
  })

  it("the plan stays small along many diamonds", () => {
    const families: { [name: string]: object } = { s0: { pattern: "s0:{id}" } }
    for (let level = 1; level <= 40; level++) {
      const derives = [`s${level - 1}:{id}`]
      families[`l${level}`] = { pattern: `l${level}:{id}`, derives }
      families[`r${level}`] = { pattern: `r${level}:{id}`, derives }
      families[`s${level}`] = { pattern: `s${level}:{id}`, derives: [`l${level}:{id}`, `r${level}:{id}`] }
    }
    assert.lengthOf(planOf({ families }, "s0"), 120)
  })
})

describe("graph", () => {
  const graph = layered

  it("the graph has an edge for each relation of the manifest, and for each one that follows", () => {
    assert.deepStrictEqual(
      graph.edges.map((edge) => `${edge.from} ${edge.kind} ${edge.to} ${edge.label}`).toSorted(),
      [
        "account Invalidates profile profile:{id}",
        "audit Borrows user user:*",
        "profile Derives account user:{id}",
        "profile Derives user user:{id}:name",
        "user Invalidates profile profile:{#1}",
        "user Owns account user:{id}"
      ]
    )
  })

  it("the graph separates the edges of the manifest from those that follow", () => {
    assert.deepStrictEqual(graph.declared, graph.edges.filter(({ kind }) => kind !== "Invalidates"))
    assert.lengthOf(graph.declared, 4)
  })
})
