/**
 * The rules of `.ci/architecture.ts` hold in the source and in the tests, and each rule finds a violation that is
 * planted for it.
 */
import { assert, describe, it } from "@effect/vitest"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as Architecture from "../.ci/architecture.ts"
import * as Plain from "../.ci/plain.ts"
import { type Node, parseSource, readSources, type Violation, walk } from "../.ci/source.ts"

const root = join(import.meta.dirname, "..")
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))

const show = (violations: ReadonlyArray<Violation>) =>
  violations.map(({ line, message, path }) => `${path}:${line}: ${message}`)

describe("source", () => {
  const project: Architecture.Project = {
    sources: readSources(join(root, "src")),
    ranks: Architecture.parseRanks(readFileSync(join(root, "src/README.md"), "utf8")),
    parts: Architecture.parseParts("cache", readFileSync(join(root, "src/cache/README.md"), "utf8")),
    peers: Object.keys(manifest.peerDependencies)
  }

  for (const [name, rule] of Object.entries(Architecture.rules)) {
    it(`the source keeps the rule \`${name}\``, () => assert.deepStrictEqual(show(rule(project)), []))
  }

  it("every Markdown file has one first-level heading", () => {
    const files = Plain.filesOf(root).filter(({ path }) => path.endsWith(".md"))
    assert.isAbove(files.length, 0)
    assert.deepStrictEqual(show(Architecture.headings(files)), [])
  })

  it("every file is in plain English, and `npm run lint` looks", () => {
    assert.deepStrictEqual(show(Plain.filesOf(root).flatMap(Plain.findings)), [])
    assert.include(manifest.scripts.lint, "node .ci/plain.ts")
    assert.include(readFileSync(join(root, ".githooks/pre-commit"), "utf8"), "npm run --silent lint ")
  })
})

describe("tests", () => {
  const project = { sources: readSources(join(root, "test")), ranks: new Map<string, number>(), peers: [] }

  for (const [name, rule] of Object.entries(Architecture.testRules)) {
    it(`the tests keep the rule \`${name}\``, () => assert.deepStrictEqual(show(rule(project)), []))
  }
})

describe("comments", () => {
  for (const folder of ["src", "test", "examples", "bench", "dtslint", ".ci"]) {
    it(`the comments of \`${folder}\` have lines that fit a screen`, () => {
      const sources = readSources(join(root, folder)).filter(({ path }) => !path.includes("node_modules/"))
      assert.deepStrictEqual(show(Architecture.wrapped({ sources, ranks: new Map(), peers: [] })), [])
    })
  }
})

describe("the table of `cacheFamily.ts`", () => {
  // What neither reads nor writes a value for a caller.
  const others = new Set(
    ("readsOf lentTo answerOf shownSince nothingUntil wasRead wasMissed stats closed pending watch unwatch isLoaded " +
      "isOwned own disown lookupFamily isLookup left pushedDown tierFailed placeLost restoreMark hear hearChanged " +
      "hearMark hearGone noteListeners checkInvariants").split(" ")
  )
  const membersOf = (path: string): ReadonlyArray<string> => {
    const names: Array<string> = []
    walk(parseSource(path, readFileSync(join(root, "src", path), "utf8")).program, (node) => {
      const isOpen = node["accessibility"] !== "private" && (node["key"] as Node | undefined)?.type === "Identifier"
      if (isOpen && node.type === "MethodDefinition" && node["kind"] !== "constructor") {
        names.push((node["key"] as Node)["name"] as string)
      }
    })
    return names
  }
  const path = "cache/engine/cacheFamily.ts"
  const { header } = parseSource(path, readFileSync(join(root, "src", path), "utf8"))
  const rows = [...header!.matchAll(/^ \* \| (`.*?) \|/gm)].flatMap(([, cell]) => cell!.replaceAll("`", "").split(", "))
  const members = new Set([...membersOf("cache/internal/reads/familyReads.ts"), ...membersOf(path)])

  it("each operation that reads or writes has one row, and each row is of an operation", () => {
    assert.sameMembers(rows.filter((row) => !row.startsWith("hot.")), [...members].filter((name) => !others.has(name)))
    assert.deepStrictEqual([...others].filter((name) => !members.has(name)), [])
  })

  it("each row of `hot` is a member of a hot partition", () => {
    const { text } = parseSource("Store.ts", readFileSync(join(root, "src/store/Store.ts"), "utf8"))
    const hot = rows.filter((row) => row.startsWith("hot.")).map((row) => row.slice("hot.".length))
    assert.deepStrictEqual(hot.filter((name) => !text.includes(`  readonly ${name}: (`)), [])
    assert.isAbove(hot.length, 2)
  })
})

describe("helpers of tests", () => {
  const support = join(root, "test/support")

  it("the index of test/support names each helper", () => {
    const index = readFileSync(join(support, "README.md"), "utf8")
    const missing = readdirSync(support, { withFileTypes: true })
      .map((entry) => entry.isDirectory() ? `${entry.name}/` : entry.name)
      .filter((name) => name !== "README.md" && !index.includes(`\`${name}\``))
    assert.deepStrictEqual(missing, [])
  })

  it("helpers lie in test/support and nowhere else", () => {
    const outside = readSources(join(root, "test"))
      .map(({ path }) => path)
      .filter((path) => !path.startsWith("support/") && !path.endsWith(".test.ts") && path !== "canaries.ts")
    assert.deepStrictEqual(outside, [])
  })
})

describe("violation of a rule", () => {
  const ranks = new Map([["pattern", 1], ["eviction", 4], ["store", 5], ["cache", 6], ["testing", 8], ["cli", 8]])
  const find = (rule: Architecture.Rule, files: Readonly<Record<string, string>>) =>
    show(rule({
      sources: Object.entries(files).map(([path, text]) => parseSource(path, text)),
      ranks,
      peers: ["effect", "lmdb"]
    }))
  const words = (file: Plain.Document) => show(Plain.findings(file))
  const header = "/** A store. */\n\n"
  const doc = "/**\n * Makes one.\n *\n * @category constructors\n * @since 0.1.0\n */\n"

  it("ranks: an import from a higher rank is found, by value, type, re-export, type query and `import()`", () => {
    const refused = "`store/` may not import `cache/`: its rank is not lower"
    for (
      const line of [
        `import * as Cache from "../cache/Cache.ts"`,
        `import type { Cache } from "../cache/Cache.ts"`,
        `export * from "../cache/Cache.ts"`,
        `export { make } from "../cache/Cache.ts"`,
        `export type Cache = import("../cache/Cache.ts").Cache`,
        `export const load = () => import("../cache/Cache.ts")`
      ]
    ) assert.deepStrictEqual(find(Architecture.ranks, { "store/Store.ts": line }), [`store/Store.ts:1: ${refused}`])
  })

  it("ranks: an import between folders of one rank, a folder without a rank, and a file on top of src/ are found", () => {
    assert.lengthOf(find(Architecture.ranks, { "cli/main.ts": `import "../testing/Suite.ts"` }), 1)
    assert.lengthOf(find(Architecture.ranks, { "misc/Thing.ts": "export {}" }), 1)
    assert.lengthOf(find(Architecture.ranks, { "Thing.ts": "export {}" }), 1)
  })

  it("ranks: an import from a lower rank or the same folder is allowed", () => {
    const files = { "store/Store.ts": `import "../pattern/Key.ts"\nimport "./Entry.ts"\nimport "effect/Effect"` }
    assert.deepStrictEqual(find(Architecture.ranks, files), [])
  })

  it("imports: a missing file, a barrel, the effect barrel, and a package that is not a peer are found", () => {
    const text =
      `import "./Gone.ts"\nimport "./index.ts"\nimport { Effect } from "effect"\nimport "lodash"\nimport "lmdb"`
    assert.deepStrictEqual(find(Architecture.imports, { "store/Store.ts": text, "store/index.ts": "" }), [
      "store/Store.ts:1: no file `store/Gone.ts`",
      "store/Store.ts:2: a barrel may not be imported inside src/: import the file",
      "store/Store.ts:3: import the module (`effect/Effect`), not the barrel `effect`",
      "store/Store.ts:4: `lodash` is neither a peer dependency nor a `node:` module"
    ])
  })

  it("imports: a package that is bundled into the command line is allowed there, and nowhere else", () => {
    const text = `import "@effect/platform-node/NodeServices"`
    assert.deepStrictEqual(find(Architecture.imports, { "cli/main.ts": text }), [])
    assert.lengthOf(find(Architecture.imports, { "store/Store.ts": text }), 1)
  })

  it("internals: an import of another folder's `internal/` is found", () => {
    const files = {
      "cache/Cache.ts": `import "../store/internal/shard.ts"`,
      "store/Store.ts": `import "./internal/shard.ts"`
    }
    assert.deepStrictEqual(find(Architecture.internals, files), [
      "cache/Cache.ts:1: `store/internal/shard.ts` is internal to `store/`"
    ])
  })

  it("internals: an import of a room's `internal/` from around it, or from another room, is found", () => {
    const files = {
      "store/Store.ts": `import "./memory/internal/shard.ts"`,
      "store/internal/given.ts": `import "../memory/internal/shard.ts"`,
      "store/lmdb/LmdbStore.ts": `import "../memory/internal/shard.ts"\nimport "../internal/given.ts"`,
      "store/memory/MemoryStore.ts": `import "./internal/shard.ts"\nimport "../internal/given.ts"`
    }
    const refused = "`store/memory/internal/shard.ts` is internal to `store/memory/`"
    assert.deepStrictEqual(find(Architecture.internals, files), [
      `store/Store.ts:1: ${refused}`,
      `store/internal/given.ts:1: ${refused}`,
      `store/lmdb/LmdbStore.ts:1: ${refused}`
    ])
  })

  it("ranks and internals: a folder of a higher rank may import `shared/`, and one of a lower rank may not", () => {
    const files = {
      "eviction/internal/lru.ts": `import "../shared/keyHash.ts"`,
      "store/Store.ts": `import "../eviction/shared/keyHash.ts"`,
      "store/memory/internal/table.ts": `import "../../../eviction/shared/keyHash.ts"`,
      "pattern/Key.ts": `import "../eviction/shared/keyHash.ts"`
    }
    assert.deepStrictEqual(find(Architecture.internals, files), [])
    assert.deepStrictEqual(find(Architecture.ranks, files), [
      "pattern/Key.ts:1: `pattern/` may not import `eviction/`: its rank is not lower"
    ])
  })

  it("parts: an import from a part that is not lower, and a module in no part, are found", () => {
    const parts = Architecture.parseParts(
      "cache",
      "| 1 | `types/` `shared/` |\n| 2 | `internal/marks/` |\n| 3 | `engine/internal/` |\n| 4 | `engine/` |"
    )
    const sources = Object.entries({
      "cache/internal/marks/marks.ts":
        `import "../../engine/cache.ts"\nimport "../../shared/spec.ts"\nimport "./mark.ts"`,
      "cache/engine/internal/lives.ts": `import "../cache.ts"\nimport "../../Lookup.ts"`,
      "cache/engine/cache.ts": `import "./internal/lives.ts"\nimport "../internal/marks/marks.ts"`,
      "cache/shared/spec.ts": `import "../types/options.ts"`,
      "cache/internal/alone.ts": "",
      "cache/internal/entries/entry.ts": "",
      "cache/Lookup.ts": `import "./shared/spec.ts"\nimport "../store/shared/times.ts"\nimport "./Answer.ts"`,
      "cache/index.ts": `export * as Lookup from "./shared/spec.ts"`,
      "store/internal/given.ts": `import "../Store.ts"`
    }).map(([path, text]) => parseSource(path, text))
    assert.deepStrictEqual(show(Architecture.parts({ sources, ranks, parts, peers: [] })), [
      "cache/internal/marks/marks.ts:1: `cache/internal/marks/` may not import `cache/engine/`: its rank is not lower",
      "cache/engine/internal/lives.ts:1: `cache/engine/internal/` may not import `cache/engine/`: its rank is not lower",
      "cache/shared/spec.ts:1: `cache/shared/` may not import `cache/types/`: its rank is not lower",
      "cache/internal/alone.ts:1: is in no part that `cache/README.md` ranks",
      "cache/internal/entries/entry.ts:1: is in no part that `cache/README.md` ranks",
      "cache/Lookup.ts:1: `cache/` may not import `cache/shared/`: its rank is not lower"
    ])
  })

  it("rooms: an import of a room from the folder around it, or from another room, is found", () => {
    const line = `import "../memory/MemoryStore.ts"`
    const files = {
      "cache/Cache.ts": `import "../store/memory/MemoryStore.ts"`,
      "store/Store.ts": `import "./memory/MemoryStore.ts"`,
      "store/index.ts": `export * as MemoryStore from "./memory/MemoryStore.ts"`,
      "store/internal/given.ts": line,
      "store/lmdb/LmdbStore.ts": `${line}\nimport "../Store.ts"`,
      "store/memory/Shards.ts": `import "./MemoryStore.ts"`
    }
    const refused = "`store/memory/` is a room, and only other folders may import it"
    assert.deepStrictEqual(find(Architecture.rooms, files), [
      `store/Store.ts:1: ${refused}`,
      `store/internal/given.ts:1: ${refused}`,
      `store/lmdb/LmdbStore.ts:1: ${refused}`
    ])
  })

  it("rooms: two public modules with one name are found", () => {
    const files = { "cache/Store.ts": "", "store/Store.ts": "", "store/lmdb/Tier.ts": "", "store/memory/Tier.ts": "" }
    assert.deepStrictEqual(find(Architecture.rooms, files), [
      "store/memory/Tier.ts:1: `store/lmdb/Tier.ts` has the same name"
    ])
    assert.deepStrictEqual(find(Architecture.rooms, { "store/a/Store.ts": "", "store/Store.ts": "" }), [
      "store/a/Store.ts:1: `store/Store.ts` has the same name"
    ])
  })

  it("drivers: an import outside of a room, or in a second room, is found", () => {
    const files = {
      "cache/Cache.ts": `import "lmdb"`,
      "store/Store.ts": `import "effect/Effect"\nimport type { Key } from "lmdb/index"`,
      "store/lmdb/LmdbStore.ts": `import "lmdb"\nimport "effect/Effect"`,
      "store/lmdb/internal/file.ts": `import "lmdb"`,
      "store/memory/MemoryStore.ts": `import "lmdb"`
    }
    assert.deepStrictEqual(find(Architecture.drivers, files), [
      "cache/Cache.ts:1: the driver `lmdb` may be imported in a room only",
      "store/Store.ts:2: the driver `lmdb` may be imported in a room only",
      "store/memory/MemoryStore.ts:1: the driver `lmdb` belongs to `store/lmdb/`"
    ])
  })

  it("cycles: a file that exports itself by its own name is allowed", () => {
    assert.deepStrictEqual(find(Architecture.cycles, { "store/A.ts": `export * as A from "./A.ts"` }), [])
  })

  it("cycles: two files that import each other are found, even when they import types only", () => {
    const files = {
      "store/A.ts": `import { b } from "./B.ts"`,
      "store/B.ts": `import type { C } from "./C.ts"`,
      "store/C.ts": `import type { A } from "./A.ts"`
    }
    assert.deepStrictEqual(find(Architecture.cycles, files), [
      "store/C.ts:1: import cycle: store/A.ts -> store/B.ts -> store/C.ts -> store/A.ts"
    ])
  })

  it("portable: a `node:` module, a driver and a global of Node behind index.ts are found, and nowhere else", () => {
    const files = {
      "index.ts": `export * as A from "./store/A.ts"`,
      "store/A.ts": `import { b } from "./B.ts"`,
      "store/B.ts": `import type * as Fs from "node:fs"\nimport "lmdb"\nexport const b = process.env`,
      "store/Lmdb.ts": `import "node:fs"\nexport const l = process.env`
    }
    assert.deepStrictEqual(find(Architecture.portable, files), [
      "store/B.ts:1: index.ts reaches `node:fs`",
      "store/B.ts:2: index.ts reaches `lmdb`",
      "store/B.ts:3: index.ts reaches the Node global `process`"
    ])
  })

  it("portable: a property or a parameter with the name of a global is allowed", () => {
    const text =
      "export const f = (x: { process: number }, process: number) => x.process\nexport const o = { global: 1 }"
    assert.deepStrictEqual(find(Architecture.portable, { "index.ts": text }), [])
  })

  it("used: a private file that nothing imports, or that lies beside public ones, is found", () => {
    const files = { "store/Store.ts": "", "store/internal/ring.ts": "", "store/shard.ts": "", "cli/main.ts": "" }
    assert.deepStrictEqual(find(Architecture.used, files), [
      "store/internal/ring.ts:1: no file imports this one",
      "store/shard.ts:1: a private (camelCase) file lies in `internal/`, `shared/` or `types/`",
      "store/shard.ts:1: no file imports this one"
    ])
  })

  it("used: a shared file that only its own folder imports, and a private file with a public name, are found", () => {
    const files = {
      "eviction/Policy.ts": `import "./shared/Lists.ts"\nimport "./shared/hash.ts"\nimport "./shared/ring.ts"`,
      "eviction/shared/Lists.ts": "",
      "eviction/shared/hash.ts": "",
      "eviction/shared/ring.ts": "",
      "store/memory/MemoryStore.ts": `import "../../eviction/shared/hash.ts"\nimport "../../eviction/shared/Lists.ts"`
    }
    assert.deepStrictEqual(find(Architecture.used, files), [
      "eviction/shared/Lists.ts:1: a private file has a camelCase name",
      "eviction/shared/ring.ts:1: no other folder imports this one: it belongs in `internal/`"
    ])
  })

  it("sizes: a long file, a long function and a long line are found; comments and blank lines do not count", () => {
    const lines = (count: number, line: string) => `${line}\n`.repeat(count)
    const body = (count: number) => `export const f = () => {\n${lines(count, "  g()")}}\n`
    assert.deepStrictEqual(find(Architecture.sizes, { "store/A.ts": lines(601, "g()") }), [
      "store/A.ts:1: 601 code lines, at most 600"
    ])
    assert.deepStrictEqual(find(Architecture.sizes, { "store/A.ts": body(69) }), [
      "store/A.ts:1: a function of 71 lines, at most 70"
    ])
    assert.deepStrictEqual(find(Architecture.sizes, { "store/A.ts": `\n//${"x".repeat(119)}` }), [
      "store/A.ts:2: a line of 121 columns, at most 120"
    ])
    const commented = lines(600, "g()") + lines(50, "// why") + lines(50, "") +
      body(0).replace("{\n", `{\n${lines(80, "// y")}`)
    assert.lengthOf(find(Architecture.sizes, { "store/A.ts": commented.replace("g()\ng()\n", "") }), 0)
  })

  it("banned: clocks, randomness, timers, console and unfinished work are found", () => {
    const planted = [
      "Date.now()",
      "Date[\"now\"]()",
      "new Date()",
      "performance.now()",
      "Math.random()",
      "setTimeout(f, 1)",
      "setInterval(f, 1)",
      "console.log(1)",
      "const out = { console }",
      "queueMicrotask(f)",
      "globalThis.setTimeout(f, 1)",
      "globalThis.Date.now()",
      "const { now } = Date",
      "const draw = globalThis.Math",
      "// TODO later",
      "// todo: later",
      "/* FIXME */",
      "// a HACK"
    ]
    for (const text of planted) assert.lengthOf(find(Architecture.banned, { "store/A.ts": text }), 1, text)
  })

  it("banned: a date from a number, and a method or a text with a banned name, are allowed", () => {
    const text = "new Date(0)\nself.setTimeout(1)\nconst s = \"console TODO\"\ninterface C { readonly console: 1 }"
    assert.deepStrictEqual(find(Architecture.banned, { "store/A.ts": text }), [])
  })

  it("typeNames: a capital for a function on types, lower case for a type, and an unknown letter are found", () => {
    const planted: ReadonlyArray<readonly [text: string, reason: string]> = [
      [`type name = "a"`, "`name` takes no parameters, so it is a type: write it with a capital"],
      [
        `export type FindName<P> = P`,
        "`FindName` begins with a verb, so it is a function on types: write it in lower case"
      ],
      [`type Name<N> = N`, "the type parameter `N` has no name: a reader does not know what it stands for"],
      [
        `type Name<P> = P extends [infer H] ? H : P`,
        "the type parameter `H` has no name: a reader does not know what it stands for"
      ],
      [
        `type Name<P> = { [S in keyof P]: 1 }`,
        "the type parameter `S` has no name: a reader does not know what it stands for"
      ]
    ]
    for (const [text, reason] of planted) {
      assert.deepStrictEqual(find(Architecture.typeNames, { "pattern/A.ts": text }), [`pattern/A.ts:1: ${reason}`])
    }
  })

  it("typeNames: nouns with parameters, verbs, findings and known letters are allowed", () => {
    const allowed = [
      "type NameOf<P, Name extends string> = { readonly [K in keyof P]: Name }",
      "type findName<D, F> = D extends [infer A, infer _] ? A : F",
      "type Issue<T> = T",
      "interface Kept<V> { readonly value: V }",
      "export interface Node<A> {}"
    ].join("\n")
    assert.deepStrictEqual(
      find(Architecture.typeNames, {
        "pattern/A.ts": allowed,
        "diagnostic/A.ts": `export type key = "E0107"`
      }),
      []
    )
  })

  it("plain: a phrase that hides who acts is found, in a comment or a message", () => {
    const planted: ReadonlyArray<readonly [text: string, phrase: string]> = [
      ["// Nobody waits.", "Nobody"],
      ["/** For whoever comes. */", "whoever"],
      ["/* A message to somebody, or anybody. */", "somebody"],
      ["const a = `${1} is no value of ${2}`", "is no"],
      ["type A = { readonly \"these are no keys\": 1 }", "are no"],
      ["const a = \"each key, be it granted\"", "be it"],
      ["/** The same, with a limit. */", "The same, with"],
      ["/** The same of a part. */", "The same of"],
      ["/**\n * A listener is told\n * of each write.\n */", "told of"],
      ["// A listener hears\n// of each write.", "hears of"],
      ["// They hear of each write.", "hear of"],
      ["// What is no\n// longest one.", "is no"],
      ["// A listener is told\n// about it.", "is told"],
      ["/** Drops all that derives from it. */", "all that"],
      ["// It fails all the same.", "all the same"],
      ["// It is read anew.", "anew"],
      ["// It is checked as far\n// as types are known.", "as far as"],
      ["const a = \"give something else than a text\"", "something else than"],
      ["// A group may be called like a family.", "called like"],
      ["const a = `help: mend it`", "mend"],
      ["// Removed for want of room.", "for want of"],
      ["// A reader gets what he asked for.", "he"],
      ["// An entry that left, for whatever\n// reason.", "for whatever"],
      ["// A key is refused. So is its parent.", "So is"],
      ["// The owner's\n// scope is over.", "owner's scope"],
      ["// It lasts until its scope closes.", "scope closes"],
      ["const a = \"doubtful\"", "doubtful"],
      ["// The life of a stale\n// value is over.", "life of a stale value"],
      ["const a = \"an idle life\"", "idle life"],
      ["// The lookup has\n// answered.", "lookup has answered"],
      ["const a = `the combinator answers an Effect`", "combinator answers"]
    ]
    for (const [text, phrase] of planted) {
      const [first = ""] = words({ path: "store/A.ts", text })
      assert.match(first, /^store\/A\.ts:[12]: `/, text)
      assert.include(first, `\`${phrase}\` is hard to read: `, text)
    }
    assert.deepStrictEqual(words({ path: "test/a.test.ts", text: "const a = 1\n\n// It is no key.\n" }), [
      "test/a.test.ts:3: `is no` is hard to read: write `is not a` or `are not`"
    ])
  })

  it("plain: code, a comparison and an existence are allowed", () => {
    const allowed = [
      "// There is no entry, and there are no keys. It is no longer here.",
      "// A tier answers, and a lookup returns. The lookup's answer is late.",
      "// Tiers of one name are told apart by a number. At all, that is the mendacious sheath of this.",
      "const nobody = { whoever: 1 }",
      "const a = \"the sum is\"\nno(1)",
      "// It is\nconst no = 1\n// of"
    ]
    for (const text of allowed) assert.deepStrictEqual(words({ path: "store/A.ts", text }), [], text)
  })

  const { headed, named } = Architecture.testRules as { headed: Architecture.Rule; named: Architecture.Rule }

  it("headed: a test file without a header, and a header that hides who acts, are found", () => {
    assert.deepStrictEqual(find(headed, { "cache/a.test.ts": `it("a holds", f)` }), [
      "cache/a.test.ts:1: a test file starts with a header comment that says what it shows"
    ])
    const unclear = "/**\n * A write, of which a listener is told\n * of.\n */\nimport \"./b.ts\"\n"
    assert.lengthOf(find(headed, { "cache/a.test.ts": unclear }), 1)
    assert.deepStrictEqual(find(headed, { "cache/a.test.ts": "/** Writes hold. */\n\nf()" }), [])
  })

  it("named: a name that hides who acts, or has no subject of its own, is found", () => {
    const planted = [
      `it("nobody waits", f)`,
      "it.effect(`a ${key} is no key`, f)",
      `describe("whoever reads", f)`,
      `it.effect("of an absent key is refused", f)`,
      `it.each([1])("is refused with %i", f)`,
      `test("does not wait", f)`,
      `story("over a slow tier", f)`,
      `it("returns nothing", f)`,
      `it("it hides nothing", f)`,
      `it("they count down", f)`,
      `it("its class is refused", f)`,
      `it("none is lost", f)`,
      `it("lives no longer than its source", f)`,
      "it(`${door}, ${arrangement}`, f)",
      "it(`${what} holds`, f)",
      "simulate(`that fails ${n} times`, f)"
    ]
    for (const text of planted) assert.lengthOf(find(named, { "cache/a.test.ts": text }), 1, text)
    assert.deepStrictEqual(find(named, { "cache/a.test.ts": planted[3]! }), [
      "cache/a.test.ts:1: the name of a test begins with its subject, not with `of`"
    ])
  })

  it("named: a subject in `describe`, a name that is not a text, and other calls are allowed", () => {
    const text =
      "describe(\"after a restart\", f)\nit(name, f)\nit(`${door} of a key waits`, f)\nit(`${a}: ${b} holds what it has`, f)\nload(\"nobody\")\nit(\"a key is read\", f)"
    assert.deepStrictEqual(find(named, { "cache/a.test.ts": text }), [])
  })

  it("wrapped: a long line of a comment is found, and a directive of the compiler and a line of code are not", () => {
    const long = "x".repeat(121)
    const text = `/**\n * ${long}\n */\nf() // ${long}\n// @ts-expect-error ${long}\nf("${long}")\n`
    assert.deepStrictEqual(find(Architecture.wrapped, { "cache/a.test.ts": text }), [
      "cache/a.test.ts:2: a comment of 124 columns, at most 120",
      "cache/a.test.ts:4: a comment of 128 columns, at most 120"
    ])
  })

  it("scopes: a scope around a whole test, and one around what closes itself, are found, and others are not", () => {
    const { scopes } = Architecture.testRules as { scopes: Architecture.Rule }
    const planted = [
      "const run = Effect.scoped(Effect.provide(body, layer))",
      "it.effect(\"a\", () => Effect.scoped(body) as Effect.Effect<void>)",
      "it.live(\"a\", () => body.pipe(Random.withSeed(1), Effect.scoped))",
      "it.effect(\"a\", () => body.pipe(Random.withSeed(1), Effect.scoped) as Effect.Effect<void> as any)"
    ]
    for (const text of planted) assert.lengthOf(find(scopes, { "cache/a.test.ts": text }), 1, text)
    const text =
      "const life = Effect.scoped(body)\nit.effect(\"a\", () => body.pipe(Effect.scoped, Effect.provide(layer)))"
    assert.deepStrictEqual(find(scopes, { "cache/a.test.ts": text }), [])
  })

  it("shown: an operation and an exported value without an example are found, and an error and a type are not", () => {
    const example = "\n * ```ts\n * make()\n * ```\n"
    const text =
      `/** Makes one.${example} */\nexport const make = () => 1\n/** Makes none. */\nexport const none = () => 0\n` +
      `/**\n * Fails.\n *\n * @category errors\n */\nexport class Failed {}\n/** A type. */\nexport interface Shape { of: 1 }`
    const member = `export interface Reading {\n/** Reads.${example} */\nget: 1\n/** Looks. */\nhas: 1\n` +
      `/** Asks.\n * @see \`get\` for an example */\nask: 1 }`
    assert.deepStrictEqual(find(Architecture.shown, { "store/Store.ts": text, "manifest/Family.ts": member }), [
      "store/Store.ts:8: `none` has no example",
      "manifest/Family.ts:9: `has` has no example"
    ])
  })

  it("callable: a parameter of an export whose type is closed is found, and one of a private function is not", () => {
    const text =
      `import type { Round } from "./internal/round.ts"\nimport type * as Plans from "../cache/shared/plan.ts"\n` +
      `export const make = (round: ReadonlyArray<Round>) => round\nexport function of(plan: Plans.Plan) {}\n` +
      `const own = (round: Round) => round\nexport const names = [(round: Round) => round].map(own)`
    assert.deepStrictEqual(find(Architecture.callable, { "store/Store.ts": text, "store/internal/given.ts": text }), [
      "store/Store.ts:3: a parameter has the type `Round`, which a user cannot name",
      "store/Store.ts:4: a parameter has the type `Plans`, which a user cannot name"
    ])
  })

  it("openings: a header that opens with a clause or a pronoun is found", () => {
    const of = (text: string) => find(Architecture.openings, { "store/internal/a.ts": text })
    for (
      const good of ["Finds slots by key.", "The errors of a tier.", "Whole pages of a file.", "S3-FIFO: two queues."]
    ) {
      assert.deepStrictEqual(of(`/**\n * ${good}\n */\nimport "./b.ts"`), [])
    }
    assert.deepStrictEqual(of(`/**\n * Which pages are in use.\n */\nimport "./b.ts"`), [
      "store/internal/a.ts:1: a header opens with a verb or says what the module is, so not with `Which`"
    ])
    assert.lengthOf(of(`/** How a value is written. */\nimport "./b.ts"`), 1)
    assert.lengthOf(of(`/**\n * This module\n * adds one.\n */\nimport "./b.ts"`), 1)
    assert.lengthOf(of(`import "./b.ts"\n\n/** Whether it is one. */\nexport const a = 1`), 0)
  })

  it("documented: a public module without header, and an export without doc, summary, @since or @category, are found", () => {
    const of = (text: string) => find(Architecture.documented, { "store/A.ts": text })
    assert.deepStrictEqual(of(`${doc}export const a = 1`), [
      "store/A.ts:1: a public module starts with a header comment"
    ])
    assert.deepStrictEqual(of(`${header}export const a = 1`), ["store/A.ts:3: `a` has no doc comment"])
    assert.lengthOf(of(header + doc.replace(" * Makes one.\n *\n", "") + "export const a = 1"), 1)
    assert.lengthOf(of(header + doc.replace("@since 0.1.0", "") + "export const a = 1"), 1)
    assert.lengthOf(of(header + doc.replace("@category constructors", "") + "export const a = 1"), 1)
    const late = doc.replace(" * @category", " * @see B\n *\n * **Details**\n *\n * It is slow.\n *\n * @category")
    assert.deepStrictEqual(of(`${header}${late}export const a = 1`), [
      "store/A.ts:15: a section after a tag of `a` belongs to that tag in a hover"
    ])
    assert.deepStrictEqual(of(`${header}${doc.replace(" * @", " * **Details**\n *\n * @")}export const a = 1`), [])
    assert.lengthOf(of(`${header}class A {}\nexport { A }`), 1)
    assert.lengthOf(of(`${header}export { A } from "./B.ts"`), 1)
  })

  it("oneName: a second public type of one name is found, and overloads, values and private types are not", () => {
    const files = {
      "cache/A.ts": "export interface Guard {}\nexport interface Options {}\nexport const key = 1",
      "store/B.ts": "export type Guard = 1\nexport class Options {}\nexport const key = 2\ninterface Own {}",
      "store/C.ts": "export interface Own {}\nexport type Own = 1",
      "store/internal/d.ts": "export interface Guard {}"
    }
    assert.deepStrictEqual(find(Architecture.oneName, files), [
      "store/B.ts:1: `cache/A.ts` exports a type `Guard`, too"
    ])
  })

  it("stability: an export that does not say how stable it is, says it twice, or says another word, is found", () => {
    const of = (tags: string, path = "store/A.ts") =>
      find(Architecture.stability, {
        [path]: `${header}${doc.replace(" * @since", `${tags} * @since`)}export const a = 1`
      })
    assert.deepStrictEqual(of(""), ["store/A.ts:9: `a` needs exactly one @stability"])
    assert.lengthOf(of(" * @stability stable\n * @stability experimental\n"), 1)
    assert.deepStrictEqual(of(" * @stability solid\n"), [
      "store/A.ts:10: the @stability of `a` is not `stable` or `experimental`"
    ])
    assert.lengthOf(of(" * @stability\n"), 1)
    assert.deepStrictEqual(of(" * @stability stable\n"), [])
    assert.deepStrictEqual(of(" * @stability experimental\n"), [])
    assert.lengthOf(of("", "cache/Lookup.ts"), 1)
    for (const path of ["store/internal/a.ts", "store/shared/a.ts"]) {
      assert.deepStrictEqual(of("", path), [])
    }
  })

  it("alone: a doc comment that refers to the one before it, and a heading without a star, are found", () => {
    const of = (comment: string) =>
      find(Architecture.alone, { "store/internal/a.ts": `/** ${comment} */\nconst a = 1\n` })
    const leaning = ["The same, for b.", "Does so in every tier.", "It has read.", "Its place.", "As in {@link Codec}."]
    for (const comment of leaning) assert.lengthOf(of(comment), 1, comment)
    assert.lengthOf(of("A.\n *\n * *Details**\n *\n * B."), 1)
    assert.deepStrictEqual(of("Itself, a theme: *emphasis*.\n *\n * **Details**\n *\n * It is *one* **two**."), [])
  })

  it("documented: overloads share one comment, and internal exports and private files need none", () => {
    const overloads =
      `${doc}export function f(a: 1): 1\nexport function f(a: 2): 2\nexport function f(a: any) { return a }`
    const merged = `${doc}export interface A {}\nexport const A = 1`
    const text = `${header}${overloads}\n${merged}\n/** @internal */\nexport const i = 1`
    assert.deepStrictEqual(find(Architecture.documented, { "store/A.ts": text }), [])
    assert.deepStrictEqual(find(Architecture.documented, { "store/internal/a.ts": "export const a = 1" }), [])
  })

  it("plain: a phrase of the ban list in a document is found, and one in its code is not", () => {
    const text = "# Why\n\n`nobody` is a name.\n\n```ts\n// nobody\n```\n\nNobody\nknows."
    assert.deepStrictEqual(words({ path: "README.md", text }), [
      "README.md:9: `Nobody` is hard to read: name the actor: caller, reader, owner, listener, tier, engine or process"
    ])
  })

  it("plain: a phrase of the ban list in a script or in the settings of a workflow is found", () => {
    const text = "set -u\n# Runs what\n# nobody runs.\n"
    for (const path of [".ci/run", ".githooks/pre-commit", ".github/workflows/verify.yml"]) {
      assert.lengthOf(words({ path, text }), 1, path)
    }
  })

  it("headings: a missing first-level heading and a second one are found, and those inside code do not count", () => {
    const of = (text: string) => Architecture.headings([{ path: "README.md", text }]).length
    assert.strictEqual(of("## A"), 1)
    assert.strictEqual(of("# A\n# B"), 1)
    assert.strictEqual(of("# A\n```sh\n# B\n```\n## C"), 0)
  })
})
