/**
 * `stateless check` reports an operation that a program makes and never runs. It finds operations by reading the text,
 * and reports none whose value goes somewhere.
 */
import { assert, describe, it } from "@effect/vitest"
import { make } from "../../src/manifest/internal/manifest.ts"
import { findingsOf, linesOf } from "../support/neverRun.ts"

describe("operation that nothing runs", () => {
  const lost: ReadonlyArray<readonly [what: string, body: string]> = [
    ["as a statement", "user.set({ id }, ann)"],
    ["with a semicolon", "settings.delete({ id });"],
    ["over several lines", "user\n  .set(\n    { id },\n    ann\n  )"],
    ["through keys", "AppCache.keys.user.refresh({ id })"],
    ["through the manifest", `AppCache.set("user:1", ann)`],
    ["a batch", "AppCache.batch([user.setting({ id }, ann)])"],
    ["after a condition", "if (flag) user.invalidateAll()"],
    ["in another case", "else user.invalidate({ id })"],
    ["piped into something that does not run it", "user.set({ id }, ann).pipe(Effect.orDie)"],
    ["awaited", "await user.get({ id })"],
    ["on a condition in the statement", "flag && user.set({ id }, ann)"],
    ["after one that may be missing", "const x = 1\nids.length > 0 || user.invalidateAll();"],
    ["in the first branch of a choice", "flag === true ? user.set({ id }, ann) : undefined"],
    ["in the other branch of a choice", "flag\n  ? undefined\n  : user.set({ id }, ann)"],
    ["as the answer to forEach of a list", "ids.forEach((id) => user.delete({ id }))"],
    ["as the answer to a timer", "setTimeout(() => user.invalidateAll(), 1_000)"],
    ["of a name that is not null", "user!.set({ id }, ann)"],
    ["of a name that may be missing", "user?.set({ id }, ann)"],
    ["of an operation in brackets", `user["set"]({ id }, ann)`],
    ["of keys that may be missing", "AppCache?.keys?.user?.set?.({ id }, ann)"],
    ["given to pipe", `import { pipe } from "effect"\npipe(user.set({ id }, ann), Effect.orDie)`],
    [
      "given to pipe of a module",
      `import { Function } from "effect"\nimport * as F from "effect/Function"\n` +
      "F.pipe(user.set({ id }, ann), Effect.orDie)\n"
    ],
    ["after a label", "again: user.delete({ id })"],
    ["thrown away by void", "void user.set({ id }, ann)"],
    ["in parentheses, thrown away by void", "void (user.set({ id }, ann))"],
    ["thrown away by void on a condition", "flag && void user.set({ id }, ann)"],
    ["thrown away by void as an answer", "ids.forEach((id) => void user.delete({ id }))"],
    ["thrown away by void as the answer of a function", "const f = (id) => void user.delete({ id })"],
    ["thrown away by void as a value", "const x = void user.delete({ id })"],
    ["kept in a name that void throws away", "const op = user.delete({ id })\nvoid op"],
    ["piped, and thrown away by void", "void user.set({ id }, ann).pipe(Effect.orDie)"],
    ["after the type of a function that answers nothing", "declare function f(): void\nuser.delete({ id })"],
    ["after a type that answers nothing", "let f: () => void\nuser.delete({ id })"],
    ["as the answer of a function whose type has none", "const f: (id: string) => void = (id) => user.delete({ id })"],
    ["as the answer of a field whose type has none", "class A { f: () => void = () => user.delete({ id }); }"],
    ["as the answer to then of a Promise", "fetched.then((id) => user.delete({ id }))"],
    ["as the answer to then that is awaited", "await fetched().then((id) => user.delete({ id }))"],
    ["as the answer to then that void throws away", "void fetched.then((id) => user.delete({ id }))"],
    ["as the second answer to then", "fetched.then(f, () => user.delete({ id }))"],
    ["as the answer to catch of a Promise", "fetched.catch(() => user.delete({ id }))"],
    ["as the answer to finally of a Promise", "return fetched.finally(() => user.delete({ id }))"],
    ["before a comma", "user.delete({ id }), other()"],
    ["after a comma", "other(), user.delete({ id })"],
    ["in a function that answers nothing", "function f(): void {\n  user.delete({ id })\n}"],
    ["in a function that answers a literal", `function f(): "done" {\n  user.delete({ id })\n  return "done"\n}`],
    ["with a cast", "user.delete({ id }) as unknown"],
    ["with a cast in a condition", "if (flag) { user.delete({ id }) satisfies Some<A | B> }"],
    ["that is not null", "user.delete({ id })!"],
    ["after a line that ends with a postfix operator", "n++\nuser.set({ id }, ann)"],
    ["before a line that begins with a prefix operator", "user.set({ id }, ann)\n--n"],
    ["between statements without semicolons", "const x = 1\nuser.set({ id }, ann)\nconst y = 2"]
  ]
  for (const [what, body] of lost) {
    it(`check reports an operation: ${what}`, () => assert.strictEqual(linesOf(body).length, 1))
  }

  // After each of these a slash divides; as the begin of a regular expression it would hide what follows.
  const values = [
    "n",
    "n++",
    "n--",
    "n!",
    "n!++",
    "a[0]",
    "f()",
    "f()!",
    "1",
    "`x`",
    "type",
    "is",
    "async",
    "let",
    "as"
  ]
  for (const value of values) {
    it(`check reports an operation between two divisions of ${value}`, () =>
      assert.deepStrictEqual(linesOf(`const x = ${value} / 2; user.set({ id }, ann); y(x / 2)`), [1]))
  }
  for (const value of ["=", "= !", "= a + !", "++\n;", "= a &&", "= a\n!"]) {
    it(`check reports no operation in a regular expression after ${value}`, () =>
      assert.deepStrictEqual(linesOf(`x ${value} /; user.set({ id }, ann); y/.test(x)`), []))
  }

  // These are not operations: a name, a text, and handles.
  const idle = ["name", "pattern", "key", "parse", "reader", "writer"]
  const { user }: any = make("Operations", { families: { user: { pattern: "user:{id}" } } }).keys
  for (const operation of Object.keys(user).filter((name) => !idle.includes(name))) {
    it(`check reports the operation ${operation}`, () =>
      assert.strictEqual(linesOf(`user.${operation}({ id })`).length, 1))
  }

  const named: ReadonlyArray<readonly [what: string, body: string]> = [
    ["a namespace", `import * as cache from "./cache.ts"\ncache.user.set({ id }, ann)`],
    ["an alias of an import", `import { user as one } from "./cache.ts"\none.set({ id }, ann)`],
    ["a file that exports another's", `import { again } from "./barrel.ts"\nagain.set({ id }, ann)`],
    ["a file that exports all of another's", `import { App } from "./all.ts"\nApp.batch([])`],
    ["a default export", `import App from "./barrel.ts"\nApp.batch([])`],
    ["a namespace that is exported", `import { cache } from "./all.ts"\ncache.user.set({ id }, ann)`],
    ["keys by another name", "const { keys } = AppCache\nkeys.user.set({ id }, ann)"],
    ["a part of a part", "const { keys: { user: one } } = AppCache\none.set({ id }, ann)"],
    ["a name in brackets", `AppCache.keys["user"].set({ id }, ann)`],
    ["an engine that was yielded", "const app = yield* AppCache\napp.keys.user.set({ id }, ann)"],
    ["a transaction", "AppCache.transaction(sql.withTransaction)(body)"],
    ["a handle that a Promise gave", "const w = await runtime.runPromise(user.writer)\nw.set({ id }, ann)"],
    [
      "a handle that a Promise gave, awaited",
      "const w = await runPromise(user.writer, { signal })\nawait w.set({ id }, ann)"
    ],
    ["a handle of a runtime deep within", "const w = await this.app.runtime.runPromise(user.reader)\nw.get({ id })"],
    ["a handle that is ready at once", "const w = runtime.runSync(AppCache.keys.user.writer)\nw.set({ id }, ann)"],
    ["an engine that a Promise gave", "const app = await runtime.runPromise(AppCache)\napp.keys.user.set({ id }, ann)"],
    [
      "a field that a runtime fills",
      "class A {\n  users = runtime.runSync(user.writer)\n  f() { this.users.set(1) }\n}"
    ],
    [
      "an expression that is a class",
      "const A = class {\n  users = AppCache.keys.user\n  f() { this.users.set(1) }\n}"
    ],
    ["a variable within a namespace", "namespace N {\n  const one = AppCache.keys.user\n  one.set({ id }, ann)\n}"],
    ["a name with a type", "const one: typeof AppCache.keys.user = AppCache.keys.user\none.set({ id }, ann)"],
    ["a name with a type of several lines", "const one: Some<\n  A\n> = AppCache.keys.user\none.set({ id }, ann)"],
    ["a manifest that a type names", "const m: Map<string, AppCache> = make()\nAppCache.keys.user.set({ id }, ann)"],
    [
      "a manifest that a nested type names",
      "const p: Effect<void, E, Owns<Id, AppCache>> = make(), q = 1\nAppCache.keys.user.set({ id }, ann)"
    ],
    ["a manifest that a type names, without a value", "let m: Map<Id, AppCache>; AppCache.keys.user.set({ id }, ann)"],
    ["a manifest that is a type argument", "const m = make<Id, AppCache>(x)\nAppCache.keys.user.set({ id }, ann)"],
    ["a name that is cast", "const one = AppCache.keys.user as typeof other.keys.user\none.set({ id }, ann)"],
    ["a name that satisfies", "const one = AppCache.keys.user satisfies Some\none.set({ id }, ann)"],
    ["a class that extends a manifest's", "class Sub extends AppCache {}\nSub.keys.user.set({ id }, ann)"],
    ["a field", "class A {\n  private readonly user = AppCache.keys.user\n  save() { this.user.set({ id }, ann) }\n}"],
    [
      "a field, in a method with a type",
      "class A {\n  user = AppCache.keys.user\n  save(): void { this.user.set({ id }, ann) }\n}"
    ],
    [
      "a field, in a function without a this",
      "class A {\n  user = AppCache.keys.user\n  save() { if (x) ids.map((id) => { this.user.set({ id }, ann) }) }\n}"
    ],
    [
      "a private field",
      "class A extends B<C> {\n  #user = AppCache.keys.user;\n  save() { this.#user.set({ id }, ann) }\n}"
    ],
    [
      "a static field",
      "class A {\n  static user = AppCache.keys.user\n  static save() { this.user.set({ id }, ann) }\n}"
    ],
    [
      "what an Effect gives to its function",
      `import { Effect } from "effect"\nconst x = Effect.map(user.writer, (w) => { w.set({ id }, ann) })`
    ],
    [
      "what an Effect gives to a function of the old kind",
      `import * as Effect from "effect/Effect"\nEffect.flatMap(user.writer, function(w) { w.set({ id }, ann) })`
    ],
    ["a case of a switch", "switch (kind) { case 1: user.delete({ id }); break }"],
    ["a function whose parameters are others", "const f = ({ id }: User): Map<A, B> => {\n  user.delete({ id })\n}"],
    ["a class", "class A {\n  drop(id: string) {\n    user.delete({ id })\n  }\n}"]
  ]
  const barrels = {
    "barrel.ts": `import { AppCache as App } from "./cache.ts"\nexport { user as again } from "./cache.ts"\n` +
      "export { App }\nexport default App",
    "all.ts": `export * from "./barrel.ts"\nexport * from "./all.ts"\nexport * as cache from "./cache.ts"`
  }
  for (const [what, body] of named) {
    it(`check reports an operation by the name of ${what}`, () =>
      assert.strictEqual(linesOf(body, "use.ts", barrels).length, 1))
  }

  it("check reports an operation between the elements of JSX, and not in their text", () => {
    const body =
      `const Page = () => <p a="'">Don't: it's\n  user.set() in {name} text<br/>\n</p>\nuser.set({ id }, ann)`
    assert.deepStrictEqual(linesOf(body, "use.tsx"), [4])
    assert.deepStrictEqual(linesOf("const f = <T,>(x: T) => x\nuser.set({ id }, ann)", "use.tsx"), [2])
  })

  // The time of the processor, which others that use the machine do not change; compiling and tidying up are in it.
  it("check reads a megabyte in two seconds", () => {
    const lines = Array.from(
      { length: 20_000 },
      (_, index) => `const f${index} = ({ user }: A) => [user.get(/'/, \`\`)]`
    )
    const started = process.cpuUsage()
    assert.deepStrictEqual(linesOf(`${lines.join("\n")}\nuser.delete({ id })`), [20_001])
    const { system, user } = process.cpuUsage(started)
    assert.isBelow((user + system) / 1_000, 2_000)
  })

  it("check reports a write for a batch that no batch takes, with its own words", () => {
    for (const body of ["user.setting({ id }, ann)", "void user.deleting({ id })", "await user.setting({ id }, ann)"]) {
      const [finding, ...others] = findingsOf(body)
      assert.include(finding?.sentence, "returns a write for a batch, and no batch takes it")
      assert.deepStrictEqual(others, [])
    }
    const right = [
      "const x = AppCache.batch([user.setting({ id }, ann)])",
      "const writes = ids.map((id) => user.deleting({ id }))",
      "const f = (id) => user.setting({ id }, ann)",
      "writes.push(user.setting({ id }, ann))",
      "const g = () => {\n  return user.deleting({ id })\n}"
    ]
    for (const body of right) assert.deepStrictEqual(linesOf(body), [], body)
  })

  it("check reports arrived of a writer that is awaited and not called", () => {
    const writer = "const writer = yield* user.writer\n"
    for (
      const lost of [
        "await writer.arrived",
        "void writer.arrived",
        "writer.arrived;",
        "await Promise.all([writer.arrived])"
      ]
    ) {
      const [finding, ...others] = findingsOf(writer + lost)
      assert.include(finding?.sentence, "'writer.arrived' is a function that nothing calls")
      assert.deepStrictEqual([finding?.line, others], [3, []])
    }
    const right = [
      "await writer.arrived(below)",
      "const { arrived } = writer",
      "const f = writer.arrived",
      "use(writer.arrived)"
    ]
    for (const body of right) assert.deepStrictEqual(linesOf(writer + body), [], body)
    assert.deepStrictEqual(linesOf("await other.arrived"), [])
  })

  it("check reports an operation of a writer, and of another name of an accessor", () => {
    assert.deepStrictEqual(linesOf("const writer = yield* user.writer\nwriter.set({ id }, ann)"), [2])
    assert.deepStrictEqual(linesOf("const mine = AppCache.keys.user\nmine.set({ id }, ann)"), [2])
  })
})

describe("operation whose value goes somewhere", () => {
  const used: ReadonlyArray<readonly [what: string, body: string]> = [
    ["yielded", "yield* user.set({ id }, ann)"],
    ["yielded on the next line", "yield*\n  user.set({ id }, ann)"],
    ["returned", "return user.get({ id })"],
    ["kept", "const load = user.get({ id })"],
    ["given", "Effect.all([\n  user.get({ id }),\n  settings.get({ id })\n])"],
    ["the answer of a function", "const load = () =>\n  user.get({ id })"],
    ["one of two", "const load = flag ?\n  user.get({ id }) :\n  settings.get({ id })"],
    ["one of two that are kept", "const load = flag ? user.get({ id }) : settings.get({ id })"],
    ["one of two that are yielded", "yield* flag ? user.get({ id }) : settings.get({ id })"],
    ["returned on a condition", "return flag && user.get({ id })"],
    ["yielded on a condition", "if (flag && (yield* user.has({ id }))) x()"],
    ["a property of a choice", "const all = { one: flag ? user.get({ id }) : undefined }"],
    ["given on a condition", "Effect.all([flag ? user.get({ id }) : settings.get({ id })])"],
    ["the answer to forEach of Effect", "yield* Effect.forEach(ids, (id) => user.delete({ id }))"],
    ["a default", "const load = given ??\n  user.get({ id })"],
    ["a case", "switch (kind) {\n  case 1: return user.get({ id })\n}"],
    ["an assignment", "load = flag && user.get({ id })"],
    ["piped into a runner", "user.set({ id }, ann).pipe(Effect.runFork)"],
    ["run after void", "void runtime.runPromise(user.set({ id }, ann))"],
    ["piped into a runner after void", "void user.set({ id }, ann).pipe(Effect.runFork)"],
    ["after the constant Effect.void", "const x = Effect.void, load = user.set({ id }, ann)"],
    ["the answer of a function of some type", "const f: (id: string) => A = (id) => user.delete({ id })"],
    ["the answer to then that is kept", "const p = q.then((id) => user.delete({ id }))"],
    ["the answer to then that is returned", "return q.then((id) => user.delete({ id }))"],
    ["the answer to catch of Effect", "const p = q.pipe(Effect.catch(() => user.get({ id })))"],
    ["a property", "const all = {\n  one: user.get({ id })\n}"],
    ["exported", "export default\n  user.get({ id })"],
    ["a property beside another", "const all = { one, two: flag && user.get({ id }) }"],
    ["given to pipe and run", `import { pipe } from "effect"\npipe(user.set({ id }, ann), Effect.runFork)`],
    [
      "given to pipe, whose value is kept",
      `import { pipe } from "effect"\nload = pipe(user.set({ id }, ann), Effect.orDie)`
    ],
    ["given to another pipe", `import { pipe } from "./pipe.ts"\npipe(user.set({ id }, ann), Effect.orDie)`],
    ["given to pipe of something else", "stream.pipe(user.set({ id }, ann), Effect.orDie)"],
    ["a property of an object that is cast", "const all = <T>{ one: user.get({ id }) }"],
    ["a property after another one", "const all = <T>{ two, one: user.get({ id }) }"],
    ["the second of two variables", "const a = b,\n  load = user.get({ id })"],
    ["the last of a sequence that is kept", "load = (a(), user.get({ id }))"],
    ["the last of a sequence that is returned", "return a(), user.get({ id })"],
    ["the last of a sequence that is an answer", "const load = () => (a(), user.get({ id }))"],
    ["a cast that is kept", "const load = user.get({ id }) as unknown"],
    ["a member of an enumeration", "enum E { a, b = user.get({ id }) }"],
    ["compared", "user.get({ id }) as unknown === load ? a() : b()"],
    ["piped into what may run it", "user.set({ id }, ann).pipe(execute)"],
    ["the answer to forEach, and run", "ids.forEach((id) => user.delete({ id }).pipe(Effect.runFork))"],
    ["within a text", "const t = `a ${all.map((n) => `b ${n}`).join()}\nuser.delete({ id })\n`"],
    ["behind a regular expression", "const re = /[\"'`]/.test(x) ? `\nuser.delete({ id })` : 1"],
    ["in a text", "const text = `\nuser.set({ id }, ann)\n`"],
    ["in a comment", "/*\nuser.set({ id }, ann)\n*/"]
  ]
  for (const [what, body] of used) {
    it(`check does not report an operation: ${what}`, () => assert.deepStrictEqual(linesOf(body), []))
  }

  const hidden: ReadonlyArray<readonly [what: string, body: string]> = [
    ["a parameter", "users.forEach((user) => {\n  user.delete(1)\n})"],
    ["a parameter without parentheses", "users.map(user => {\n  user.delete(1)\n})"],
    ["a parameter with a type", "function drop(user: Map<number, string>) {\n  user.delete(1)\n}"],
    ["a destructured parameter", "const f = ({ user }: Session) => {\n  user.refresh()\n}"],
    ["one with a type of a result", "const f = ({ user }: Session): Map<\n  A,\n  B\n> => {\n  user.refresh()\n}"],
    ["one with an object for a result", "function f({ user }: A): { a: string } {\n  user.refresh()\n  return b\n}"],
    ["one with a function for a result", "const f = ({ user }: A): (() => { a: 1 }) => {\n  user.refresh()\n}"],
    ["one with a decorator", "class A { constructor(@Inject(x) private readonly user: B) {\n  user.refresh()\n} }"],
    ["one of a method", "const a = { drop({ user }: A) {\n  user.refresh()\n} }"],
    ["one deep within", "function f({ a: [{ user }] }: A) {\n  user.delete()\n}"],
    ["the rest", "function f(...user: A) {\n  user.delete()\n}"],
    ["one of an outer arrow", "const f = ({ user }: A) => (id: string) => {\n  user.delete(id)\n}"],
    ["a variable", "function f() {\n  const { user } = useSession()\n  user.refresh()\n}"],
    ["a variable with another key", "function f() {\n  const { a: user } = ctx, b = 1\n  user.refresh()\n}"],
    ["the second variable", "function f() {\n  const a = g(1, 2), user = 1\n  user.refresh()\n}"],
    ["a variable that is declared below", "function f() {\n  user.refresh()\n  const user = 1\n}"],
    ["a variable of a loop", "for (const { user } of all) { user.refresh() }"],
    ["a variable of a loop without a block", "for (const user of all)\n  if (x)\n    user.refresh()"],
    ["a variable that is seen outside of its block", "function f() {\n  { var user = 1 }\n  user.refresh()\n}"],
    ["what is caught", "try { f() } catch (user: any) { user.set(1) }"],
    ["a function", "function f() {\n  function user() {}\n  user.delete(1)\n}"],
    ["a class", "function f() {\n  class user { static delete() {} }\n  user.delete(1)\n}"],
    ["a namespace", "namespace N {\n  export const user = new Map()\n  user.delete(1)\n}"],
    ["a member", "class A { user = new Map(); drop() { this.user.delete(1) } }"],
    ["keys of something else", "keyboard.keys.user.set(1)\nthis.keys.user.set(1)"],
    ["keys of something else, by name", "const { pressed } = keyboard.keys\npressed.set(1)"],
    ["a Promise of a handle", "const w = runtime.runPromise(user.writer)\nw.set(1)"],
    ["what a Promise gave of an operation", "const w = await runtime.runPromise(user.get({ id }))\nw.set(1)"],
    ["what a Promise gave of something else", "const w = await runtime.runPromise(other)\nw.set(1)"],
    ["a name that is declared after a type", "const m: Map<A, B> = x, user = make()\nuser.set(1)"],
    ["a name that is declared after a type without a value", "let m: Map<A, B>, user: C<D>\nuser.set(1)"],
    ["a name that is declared after type arguments", "const m = make<A, B>(x), user = make()\nuser.set(1)"],
    ["a name that is declared after a comparison", "const m = a < b, user = make()\nuser.set(1)"],
    ["what another function makes of a handle", "const w = await runtime.submit(user.writer)\nw.set(1)"],
    ["a part of what a Promise gave", "const w = await runtime.runPromise(user.writer.pipe(f))\nw.set(1)"],
    ["a variable that may change", "let one = AppCache.keys.user\none = other\none.set({ id }, ann)"],
    [
      "a field that is assigned",
      "class A {\n user = AppCache.keys.user\n save() { this.user = x; this.user.set(1) }\n}"
    ],
    [
      "a static field of the same name",
      "class A {\n static user = AppCache.keys.user\n user = x\n save() { this.user.set(1) }\n}"
    ],
    ["a field of the same name", "class A {\n user = AppCache.keys.user\n static save() { this.user.set(1) }\n}"],
    [
      "a field of an outer class",
      "class A {\n user = AppCache.keys.user\n a = class { save() { this.user.set(1) } }\n}"
    ],
    [
      "a this of a function",
      "class A {\n user = AppCache.keys.user\n save() { f(function() { this.user.set(1) }) }\n}"
    ],
    [
      "a this of a generator",
      "class A {\n user = AppCache.keys.user\n save() { f(function*() { this.user.set(1) }) }\n}"
    ],
    [
      "a this of an object",
      "class A {\n user = AppCache.keys.user\n save() { return { f() { this.user.set(1) } } }\n}"
    ],
    [
      "a this of a typed method of an object",
      "class A {\n user = AppCache.keys.user\n a = f({ f(): void { this.user.set(1) } })\n}"
    ],
    [
      "a this of a typed function",
      "class A {\n user = AppCache.keys.user\n save() { function f(): void { this.user.set(1) } }\n}"
    ],
    ["a field of a call's answer", "class A {\n user = f(AppCache.keys.user)\n save() { this.user.set(1) }\n}"],
    ["a member of this elsewhere", "const user = AppCache.keys.user\nfunction f() { this.user.set(1) }"],
    ["what is kept of one or the other", "const one = AppCache.keys.user as any || other\none.set(1)"],
    ["a name whose type has an equals sign", "declare const one: Map\nother = AppCache.keys.user\none.set(1)"],
    ["a member that may be missing", "session?.user.set(1)"],
    ["what another function gives", `import { Effect } from "effect"\nmap(user.writer, (w) => { w.set(1) })`],
    [
      "what an Effect of something else gives",
      `import { Effect } from "effect"\nEffect.map(other, (w) => { w.set(1) })`
    ],
    [
      "what another Effect gives",
      `import { Effect } from "./effect.ts"\nEffect.map(user.writer, (w) => { w.set(1) })`
    ],
    [
      "the second parameter",
      `import { Effect } from "effect"\nEffect.map(user.writer, (v, w) => { w.set(1) })`
    ],
    [
      "a part of the parameter",
      `import { Effect } from "effect"\nEffect.map(user.writer, ({ w }) => { w.set(1) })`
    ],
    [
      "a default of the parameter's name",
      `import { Effect } from "effect"\nEffect.map(user.writer, (x, w = x) => { w.set(1) })`
    ],
    [
      "a class that extends a manifest's and has the member itself",
      "class Sub extends AppCache { static set() {} }\nSub.set(1)"
    ],
    ["a class that extends what a manifest makes", "class Sub extends AppCache.of() {}\nSub.keys.user.set(1)"],
    ["a part of what a family answers", "const one = AppCache.keys.user.get\none.set(1)"],
    ["something else", "other.set({ id }, ann)"],
    ["a type", `import type { again } from "./cache.ts"\nagain.set(1)`]
  ]
  for (const [what, body] of hidden) {
    it(`check does not report an operation of ${what}`, () => assert.deepStrictEqual(linesOf(body), []))
  }

  // The README says which names `check` does not follow.
  const unfollowed: ReadonlyArray<readonly [what: string, body: string]> = [
    ["a let", "let one = AppCache.keys.user\none.set({ id }, ann)"],
    ["a parameter", "const save = (users: Users) => {\n  users.set({ id }, ann)\n}"],
    [
      "a field of a constructor",
      "class A {\n constructor(private users: B) {}\n save() { this.users.set({ id }, ann) }\n}"
    ],
    ["a field without a value", "class A {\n users: B\n save() { this.users.set({ id }, ann) }\n}"],
    ["an object of accessors", "const all = { user: AppCache.keys.user }\nall.user.set({ id }, ann)"],
    ["an array of accessors", "const all = [AppCache.keys.user]\nall[0].set({ id }, ann)"],
    ["a static field by its class", "class A {\n  static user = AppCache.keys.user\n}\nA.user.set({ id }, ann)"],
    ["a member of a namespace", "namespace N { export const one = AppCache.keys.user }\nN.one.set({ id }, ann)"],
    ["a name in parentheses", "(user).set({ id }, ann)"],
    ["a handle without a name", "(await runtime.runPromise(user.writer)).set({ id }, ann)"],
    ["a handle from then", "runtime.runPromise(user.writer).then((w) => {\n  w.set({ id }, ann)\n})"],
    ["a declared function", `const f = AppCache.fn("f", {})(() => user.set({ id }, ann))\nf()`],
    ["what a switch asks", "switch (user.has({ id })) { case true: f() }"],
    ["a plain yield", "yield user.set({ id }, ann)"]
  ]
  for (const [what, body] of unfollowed) {
    it(`check does not follow ${what}`, () => assert.deepStrictEqual(linesOf(body), []))
  }

  it("check does not report a class that is not a manifest, or a static member of the manifest's class", () => {
    const flags = "class Flags extends Context.Service<Flags>()('Flags', { make }) {}\nFlags.set(1)"
    assert.deepStrictEqual(linesOf(flags), [])
    assert.deepStrictEqual(linesOf(flags.replace("Context", "Manifest").replace("Flags.", "Flags.\n ")), [2])
    assert.deepStrictEqual(linesOf(`import { Manifest } from "other"\n${flags.replace("Context", "Manifest")}`), [])
    const own = "class Own extends Manifest.Service<Own>()('Own', {}) {\n  static set() {}\n}\nOwn.set(1)"
    assert.deepStrictEqual(linesOf(own), [])
  })

  it("check does not report a name that leads through more files than it follows", () => {
    const chain = (length: number) =>
      Object.fromEntries(
        Array.from({ length }, (_, index) => [
          `${index}.ts`,
          `export * from "./${index + 1 === length ? "cache" : index + 1}.ts"`
        ])
      )
    const body = `import { user as one } from "./0.ts"\none.set({ id }, ann)`
    assert.deepStrictEqual(linesOf(body, "use.ts", chain(10)), [2])
    assert.deepStrictEqual(linesOf(body, "use.ts", chain(100)), [])
  })
})
