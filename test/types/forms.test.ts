/**
 * An object of options is checked in every form in which a program can write it: inline, as a constant, spread,
 * computed, or with a cast.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Compiler from "../support/compiler.ts"

// Each door that takes an object, given one that is right and one that is wrong, in each form that an object's type may
// have. An interface or a class has no index signature, and is what it has; a computed name has nothing else.
type Members = { readonly [name: string]: string }

interface Door {
  readonly right: Members
  readonly wrong: Members
  readonly code: string
  /** What a program says that has the object in its place. */
  readonly place: (object: string) => string
  /** What the program says of it where it is accepted. */
  readonly shows?: string
  /** The code where it is not known which members are given; none, where that does not matter. */
  readonly partial?: string
  /** The code where the names are computed. */
  readonly computed?: string
}

const prelude = `import { Context, Effect, Layer, Schema } from "effect"
import * as Manifest from "../../src/manifest/Manifest.ts"
declare const text: string
class Db extends Context.Service<Db, { readonly name: string }>()("Db") {}
class App extends Manifest.Service<App>()("App", {
  families: {
    user: { pattern: "user:{id}", value: Schema.String },
    files: { pattern: "files:*" },
    facts: { pattern: "files:{id}", partOf: "files", value: Schema.String }
  },
  readers: { report: { borrows: ["user:{id}"] } }
}) {}
const { user } = App.keys
const load = () => Db.useSync(({ name }) => name)
const writes = () => Effect.as(user.set({ id: 1 }, "x"), "x")
const owner = App.owner("user", { lookup: load })
const thief = Layer.effectDiscard(App.keys.files.invalidateAll())
type Needs<L> = L extends Layer.Layer<any, any, infer R> ? [Extract<R, Db>] extends [never] ? false : true : never
type Value<F> = F extends (_: any) => Effect.Effect<infer A, any, any> ? A : never
`
const needsDb = "export const shown: Needs<typeof made> = true"
const familiesOf = (name: string) => (object: string) =>
  `class Made extends Manifest.Service<Made>()("Made", { ${name}: ${object} }) {}`
const isText = `export const shown: Value<typeof Made.keys.page.get> extends string ? true : false = true`
const one = `page: { pattern: "page:{id}", value: Schema.String } as const`

const doors: { readonly [door: string]: Door } = {
  "options of an owner": {
    right: { lookup: "load" },
    wrong: { lookup: "writes" },
    code: "E0212",
    place: (object) => `const made = App.owner("user", ${object})`,
    shows: needsDb
  },
  "options of a delegate": {
    right: { lookup: "load" },
    wrong: { lookup: "load", lookUp: "load" },
    code: "E0406",
    place: (object) => `const made = App.delegate("facts", ${object})`,
    shows: needsDb
  },
  "parts of an owner": {
    right: { facts: "{ lookup: load }" },
    wrong: { fact: "{ lookup: load }" },
    code: "E0229",
    place: (object) => `const made = App.owner("files", { parts: ${object} })`,
    shows: needsDb
  },
  "options of a part": {
    right: { lookup: "load" },
    wrong: { lookup: "writes" },
    code: "E0212",
    place: (object) => `const made = App.owner("files", { parts: { facts: ${object} } })`,
    shows: needsDb
  },
  "what an owner warms": {
    right: { keys: `Db.useSync(() => [{ id: "1" }])`, await: "true as const" },
    wrong: { keys: `Db.useSync(() => [{ id: "1" }])`, every: "5" },
    code: "E0406",
    place: (object) => `const made = App.owner("user", { warm: ${object} })`,
    shows: needsDb,
    partial: "",
    computed: ""
  },
  "what an owner predicts": {
    right: { keysMax: "5" },
    wrong: { keysMax: "5", every: "5" },
    code: "E0406",
    place: (object) => `const made = App.owner("user", { predict: ${object} })`,
    partial: "",
    computed: ""
  },
  "modules": {
    right: { user: "owner" },
    wrong: { user: "owner", report: "thief" },
    code: "E0214",
    place: (object) => `const made = App.modules(${object})`,
    shows: needsDb,
    partial: "E0417"
  },
  "a module of several families": {
    right: { owns: `["user"] as const`, layer: "owner" },
    wrong: { owns: `["usr"] as const`, layer: "owner" },
    code: "E0210",
    place: (object) => `const made = App.modules({ both: ${object} })`,
    shows: needsDb,
    partial: "E0228",
    computed: "E0228"
  },
  "what a function declares": {
    right: { borrows: `["user:{id}"] as const` },
    wrong: { borrows: `["usr:{id}"] as const` },
    code: "E0223",
    place: (object) => `const made = App.fn("made", ${object})(function*() { return yield* user.get({ id: 1 }) })`,
    partial: "E0417"
  },
  "what a method declares": {
    right: { borrows: `["user:{id}"] as const` },
    wrong: { borrow: `["user:{id}"] as const` },
    code: "E0406",
    place: (object) =>
      `class Made {
  @App.method(${object})
  read() {
    return user.get({ id: 1 })
  }
}
export { Made }`,
    partial: "E0417"
  },
  "a manifest": {
    right: { families: `{ ${one} }` },
    wrong: { families: `{ ${one} }`, family: "{}" },
    code: "E0406",
    place: (object) => `class Made extends Manifest.Service<Made>()("Made", ${object}) {}`,
    shows: isText,
    partial: "",
    computed: ""
  },
  "families": {
    right: { page: `{ pattern: "page:{id}", value: Schema.String } as const` },
    wrong: { page: `{ pattern: "page:{id}" } as const`, twin: `{ pattern: "page:{name}" } as const` },
    code: "E0104",
    place: familiesOf("families"),
    shows: isText,
    partial: "E0417"
  },
  "a family": {
    right: { pattern: `"page:{id}" as const`, value: "Schema.String" },
    wrong: { pattern: `"page:{id}" as const`, derives: `["usr:{id}"] as const` },
    code: "E0402",
    place: (object) => familiesOf("families")(`{ page: ${object} }`),
    shows: isText,
    partial: "E0408",
    computed: "E0408"
  },
  "codecs of parameters": {
    right: { id: "Schema.NumberFromString" },
    wrong: { di: "Schema.NumberFromString" },
    code: "E0409",
    place: (object) =>
      familiesOf("families")(`{ page: { pattern: "page:{id}", value: Schema.String, params: ${object} } }`),
    shows: "export const shown: Parameters<typeof Made.keys.page.get>[0] = { id: 5 }",
    partial: "E0417"
  },
  "readers": {
    right: { report: `{ borrows: ["page:{id}"] } as const` },
    wrong: { report: `{ borrows: ["pages:{id}"] } as const` },
    code: "E0402",
    place: (object) => familiesOf(`families: { ${one} }, readers`)(object),
    shows: `export const shown = Made.modules({ report: Layer.effectDiscard(Made.keys.page.get({ id: 1 })), ` +
      `page: Made.owner("page") })`,
    partial: "E0417"
  },
  "layers": {
    right: { server: "{}" },
    wrong: { server: "{}", client: "{}" },
    code: "E0405",
    place: (object) => familiesOf(`families: { page: { pattern: "page:{id}", layer: "server" } }, layers`)(object),
    partial: "E0417"
  }
}

const listed = (members: Members) => Object.entries(members)
const written = (members: Members) => `{ ${listed(members).map(([name, value]) => `${name}: ${value}`).join(", ")} }`

// A form declares what it must, and gives the object as it stands in its place.
type Form = (members: Members) => readonly [declared: string, object: string]
const typed = (type: string): Form => (members) => [
  `const found = ${written(members)}\ntype Found = typeof found\n${type}\ndeclare const object: Given`,
  "object"
]
const closed: { readonly [form: string]: Form } = {
  "in place": (members) => ["", written(members)],
  "a constant": (members) => [`const object = ${written(members)}`, "object"],
  // With members of its own: an interface that only extends a type is taken for that type.
  "an interface": (members) =>
    typed(`interface Given { ${Object.keys(members).map((name) => `readonly ${name}: Found["${name}"]`).join("; ")} }`)(
      members
    ),
  "a class": (members) => [
    `class Given { ${listed(members).map(([name, value]) => `readonly ${name} = ${value}`).join("; ")} }`,
    "new Given()"
  ],
  "Readonly": typed("type Given = Readonly<Found>"),
  "an intersection": (members) => {
    const [[first]] = listed(members) as [[string, string]]
    return typed(`type Given = Pick<Found, "${first}"> & Omit<Found, "${first}">`)(members)
  }
}
const computed: { readonly [form: string]: Form } = {
  "a Record": typed("type Given = Record<string, Found[keyof Found]>"),
  "a computed name": (members) => {
    const [[, value]] = listed(members) as [[string, string]]
    return ["", `{ [text]: ${value} }`]
  }
}

interface Case {
  readonly name: string
  readonly file: string
  readonly source: string
  /** The code of the error, or two; no error, if it is undefined. An error of the compiler alone, if it is empty. */
  readonly code: string | undefined
}

const casesOf = (
  [door, { code, computed: open = "E0414", partial, place, right, shows = "", wrong }]: [string, Door]
) => {
  const cases: Array<Case> = []
  const add = (form: string, [declared, object]: readonly [string, string], code: string | undefined, rest = "") =>
    cases.push({
      name: `${door}, ${form}, ${code === undefined ? "accepted" : `refused ${code}`}`,
      file: `${door.replaceAll(" ", "-")}${cases.length}.ts`,
      source: `${prelude}${declared}\n${place(object)}\n${rest}\nexport {}\n`,
      code
    })
  for (const [form, make] of Object.entries(closed)) {
    add(form, make(right), undefined, shows)
    add(form, make(wrong), code)
  }
  const made = typed("type Given = Partial<Found>")
  add("Partial", made(right), partial, partial === undefined ? shows : "")
  add("Partial", made(wrong), partial === undefined ? code : `${code} or ${partial}`)
  for (const [form, make] of Object.entries(computed)) add(form, make(right), open)
  return cases
}

const cases = Object.entries(doors).flatMap(casesOf)
const output = Compiler.runOn(
  "forms",
  Object.fromEntries(cases.map(({ file, source }) => [file, source])),
  ["--noUnusedLocals", "false"]
)

describe("object of options in every form", () => {
  for (const { code, file, name } of cases) {
    it(`an object of options is checked: ${name}`, () => {
      const errors = output.split(/\n(?=\S)/).filter((error) => error.startsWith(`${file}(`))
      if (code === undefined) return assert.deepStrictEqual(errors, [])
      assert.isNotEmpty(errors)
      assert.match(errors.join("\n"), new RegExp(code.replace(" or ", "|")))
    })
  }
})

describe("decorator of a method", () => {
  it("the decorator is not taken for one of a field under experimentalDecorators: the message names the option", () => {
    const program = `${prelude}
export class Service {
  @App.method({ borrows: ["user:{id}"] })
  load() {
    return user.get({ id: 1 })
  }
}`
    const loose = ["--noUnusedLocals", "false"]
    const printed = Compiler.runOn("legacy", { "use.ts": program }, [...loose, "--experimentalDecorators"])
    assert.include(
      printed,
      "E0220: a decorator of experimentalDecorators cannot check a method; help: turn the option off"
    )
    assert.strictEqual(Compiler.runOn("standard", { "use.ts": program }, loose), "")
  })
})
