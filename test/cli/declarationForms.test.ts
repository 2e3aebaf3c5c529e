/**
 * `stateless check` finds an operation that nothing runs behind every form of declaration, and none that is used. A
 * type between angles may name what the program names, and its commas end no declaration.
 */
import { assert, describe, it } from "@effect/vitest"
import { Meanings } from "../../src/cli/meaning.ts"
import { neverRunIn } from "../../src/cli/neverRun.ts"

const manifest = `export class AppCache extends Manifest.Service<AppCache>()("AppCache", { families: {} }) {}
export const { user, prefs: settings } = AppCache.keys
`
const countIn = (body: string) => {
  const files: Readonly<Record<string, string>> = {
    "cache.ts": manifest,
    "use.ts": `import { AppCache, settings, user } from "./cache.ts"\n${body}`
  }
  const resolve = (_: string, specifier: string) => specifier.slice(2)
  return neverRunIn(new Meanings({ read: (file) => files[file], resolve }), "use.ts").length
}

const forms = (x: string): Readonly<Record<string, string>> => ({
  "fn": `function f() { ${x} }`,
  "fn generic param commas": `function f(m: Map<AppCache, user>, n: Pair<user, settings>) { ${x} }`,
  "fn ret commas": `function f(): Map<A, user> { ${x} }`,
  "fn generics": `function f<A extends Map<B, user>, user2 = C>(a: A) { ${x} }`,
  "fn default generic": `function f(a = make<A, user>(1), b = 2) { ${x} }`,
  "arrow generic param": `const f = (m: Map<A, user>) => { ${x} }`,
  "arrow ret": `const f = (m: A): Map<A, user> => { ${x} }`,
  "arrow typed const": `const f: Fn<A, user> = (m) => { ${x} }`,
  "let typed": `let f: Fn<A, user> = (m) => { ${x} }`,
  "let generic call": `let a = make<A, user>(1); ${x}`,
  "let new generic": `let a = new Map<A, user>()\n${x}`,
  "const new generic no call": `const a = new Map<A, user>\n${x}`,
  "const inst expr": `const a = make<A, user>\n${x}`,
  "const typed objects": `const a: { b: Map<A, user>, user: C } = d\n${x}`,
  "const typed fn": `const a: (b: Map<A, user>) => Map<A, user> = d\n${x}`,
  "const typed fn2": `const a: <T, user>(b: T) => T = d\n${x}`,
  "const satisfies": `const a = d satisfies Map<A, user>\n${x}`,
  "const as": `const a = d as Map<A, user>\n${x}`,
  "let as": `let a = d as Map<A, user>, b = 1\n${x}`,
  "const obj satisfies": `const a = { b: 1 } satisfies Record<string, user>\n${x}`,
  "const typeof": `const a: typeof b = c, e: Map<A, user> = f\n${x}`,
  "const cond type": `const a: A extends B ? Map<C, user> : D = f\n${x}`,
  "const keyof": `const a: keyof Map<A, user> = f\n${x}`,
  "const tuple": `const a: [A, user] = f\n${x}`,
  "const arr": `const a: Map<A, user>[] = f\n${x}`,
  "const union": `const a: | Map<A, user> | B = f\n${x}`,
  "const arrow type in generic": `const a: Map<A, () => user> = f\n${x}`,
  "const arrow type in generic2": `const a: Map<A, (u: user) => Map<user, settings>, user> = f\n${x}`,
  "const tmpl": "const a: Map<`a${string}`, user> = f\n" + x,
  "let no value": `let a: Map<A, user>\n${x}`,
  "let arrow type": `let a: Map<A, () => user>\n${x}`,
  "var typed": `var a: Map<A, user> = f\n${x}`,
  "declare": `declare const a: Map<A, user>\n${x}`,
  "declare fn": `declare function g(a: Map<A, user>): Map<A, user>\n${x}`,
  "method": `class C { m(a: Map<A, user>, b: B): Map<A, user> { ${x} } }`,
  "method generic": `class C { m<T, user2 extends Map<A, user>>(a: T): T { ${x} } }`,
  "ctor": `class C { constructor(private readonly a: Map<A, user>) { ${x} } }`,
  "field": `class C { a: Map<A, user> = new Map(); m() { ${x} } }`,
  "field arrow": `class C { a = (b: Map<A, user>): Map<A, user> => { ${x} } }`,
  "static block": `class C { static { ${x} } }`,
  "getter": `class C { get a(): Map<A, user> { ${x} } }`,
  "setter": `class C { set a(b: Map<A, user>) { ${x} } }`,
  "private method": `class C { #a(b: Map<A, user>) { ${x} } }`,
  "obj method": `const o = { a(b: Map<A, user>): Map<A, user> { ${x} } }`,
  "async arrow": `const f = async (b: Map<A, user>): Promise<Map<A, user>> => { ${x} }`,
  "generator": `const f = Effect.gen(function*(a: Map<A, user>): Gen<A, user> { ${x} })`,
  "effect fn": `const f = Effect.fn("a")(function*(a: Map<A, user>) { ${x} })`,
  "default arrow param": `const f = (a: Map<A, user> = new Map<A, user>()) => { ${x} }`,
  "destr param": `const f = ({ a }: { a: Map<A, user> }) => { ${x} }`,
  "destr default": `const f = ({ a = make<A, user>() }: B) => { ${x} }`,
  "destr const default": `const { a = make<A, user>(), b } = c\n${x}`,
  "fn type param": `const f = (g: (u: A, user: B) => C) => { ${x} }`,
  "fn type param2": `const f = (g: <T, user>(u: T) => C, h: D) => { ${x} }`,
  "type alias": `type T<A, user> = Map<A, user>\n${x}`,
  "interface": `interface I { a(user: A): Map<A, user> }\n${x}`,
  "overloads": `function f(user: Map<A, B>): Map<A, user>\nfunction f(a: A) { ${x} }`,
  "compare arg": `const f = (a = b < c, d = e > g) => { ${x} }`,
  "let yield typed": `let a: Effect<A, user> = yield* b\n${x}`,
  "predicate": `function f(a: unknown): a is Map<A, user> { ${x} }`,
  "asserts": `function f(a: unknown): asserts a is Map<A, user> { ${x} }`,
  "this param": `function f(this: Map<A, user>, a: B) { ${x} }`,
  "catch": `try { a } catch (e: unknown) { ${x} }`,
  "for of": `for (const a of make<A, user>()) { ${x} }`,
  "for let": `for (let a: Map<A, user> = b, i = 0; i < 1; i++) { ${x} }`,
  "enum": `enum E { user, settings }\n${x}`,
  "abstract": `abstract class C { abstract m(user: Map<A, B>): Map<A, user>; n() { ${x} } }`,
  "using": `using a: Map<A, user> = b\n${x}`,
  "arrow obj type": `const f = (): { a: Map<A, user> } => { ${x} }`,
  "method obj type": `class C { m(): { a: Map<A, user> } { ${x} } }`,
  "arrow fn ret": `const f = (): ((user: A) => Map<A, user>) => { ${x} }`
})
const lost = [
  "user.set({ id }, ann)",
  "user.set({ id }, ann);",
  "await user.set({ id }, ann)",
  "flag && user.set({ id }, ann)",
  "if (flag) user.set({ id }, ann)",
  "user.set({ id }, ann).pipe(Effect.orDie)",
  "void user.set({ id }, ann)",
  "user.set({ id }, ann) satisfies Effect<A, B>",
  "user.set({ id }, ann) as Effect<A, B>",
  "AppCache.set(`user:1`, ann)"
]
const used = [
  "yield* user.set({ id }, ann)",
  "return user.set({ id }, ann)",
  "const k = user.set({ id }, ann)",
  "let k = user.set({ id }, ann) satisfies Effect<A, B>",
  "const k: Effect<A, B> = user.set({ id }, ann)",
  "g(user.set({ id }, ann))",
  "void run(user.set({ id }, ann))",
  "return user.set({ id }, ann) as Effect<A, B>",
  "yield* user.set({ id }, ann) as Effect<A, B>",
  "await run(user.set({ id }, ann))"
]
// In each of these a parameter or a variable hides the accessor.
const hidden = [
  "function f(m: Map<A, B>, user: C) { user.set(1) }",
  "const f = (m: Map<A, B> = new Map<A, B>(), user: C) => { user.set(1) }",
  "const f = (a = b < c, user = d) => { user.set(1) }",
  "const f = (a = b < c, user = d > e) => { user.set(1) }",
  "const f = (a = b ? c : d < e, user = 1) => { user.set(1) }",
  "const f = ({ a = make<A, B>(), user }: C) => { user.set(1) }",
  "const f = ({ a: b = c < d, user }: C) => { user.set(1) }",
  "class C { m(a: Map<A, () => B>, user: D): Map<A, B> { user.set(1) } }",
  "function f() { const a = b as Map<A, B>, user = 1\nuser.set(1) }",
  "function f() { const a = make<A, B>, user = 1\nuser.set(1) }",
  "function f() { let a = b satisfies Map<A, B>, user = 1\nuser.set(1) }"
]
// A comparison goes on in the next line.
const compared = ["const a = b >\n  user.get({ id })", "const a = b < c && d >\n  user.get({ id })"]

describe("operations behind declarations", () => {
  for (const form of Object.keys(forms(""))) {
    it(`check reports an operation that nothing runs, and none that is used: ${form}`, () => {
      const countOf = (operation: string) => [operation, countIn(forms(operation)[form]!)]
      assert.deepStrictEqual(lost.map(countOf), lost.map((operation) => [operation, 1]))
      assert.deepStrictEqual(used.map(countOf), used.map((operation) => [operation, 0]))
    })
  }

  it("check reports no operation of a name that is hidden, and none that is compared", () => {
    for (const body of [...hidden, ...compared]) assert.deepStrictEqual([body, countIn(body)], [body, 0])
  })
})
