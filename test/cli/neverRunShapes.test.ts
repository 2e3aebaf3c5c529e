/**
 * `stateless check` reports an operation that is tested, awaited, dropped as a value, wrapped, or called by a name of
 * its own. Each wrong program stands beside right ones that look like it.
 */
import { assert, describe, it } from "@effect/vitest"
import { findingsOf, linesOf } from "../support/neverRun.ts"

const effect = `import { Effect, pipe } from "effect"; `
const has = "user.has({ id })"
const set = "user.set({ id }, ann)"

interface Shapes {
  readonly wrong: ReadonlyArray<string>
  readonly right: ReadonlyArray<string>
}

const shapes: { readonly [what: string]: Shapes } = {
  "a condition": {
    wrong: [
      `if (${has}) f()`,
      `if (!${has}) f()`,
      `if (flag && ${has}) f()`,
      `if (${has} && flag) f()`,
      `if (!!${has}) f()`,
      `if ((${has})) f()`,
      `while (${has}) f()`,
      `do f()\nwhile (${has})`,
      `for (let i = 0; ${has}; i++) f()`,
      `const x = ${has} ? 1 : 2`,
      `const x = flag && ${has} ? 1 : 2`,
      `return ${has} ? 1 : 2`,
      `yield* ${has} ? f() : g()`,
      `const x = f(!(${has}))`,
      `const x = ${has} && other`,
      `const x = ${has} || other`,
      `const x = ${has} ?? other`,
      `const f = () => ${has} && other`,
      `const x = { held: ${has} ? 1 : 2 }`,
      `const x = { held: flag && ${has} ? 1 : 2, f: g }`,
      `const x = { held: () => ${has} ? 1 : 2 }`,
      `const x = \`\${${has} ? 1 : 2}\``,
      `if (${has}.pipe(Effect.orDie)) f()`,
      `const held = ${has}\nif (held) f()`,
      `const held = ${has}; return held ? 1 : 2`,
      `const held = ${has}\nconst x = !held`,
      `const held = ${has}.pipe(Effect.orDie)\nif (flag && held) f()`,
      `${effect}if (Effect.orDie(${has})) f()`
    ],
    right: [
      `if (yield* ${has}) f()`,
      `if (!(yield* ${has})) f()`,
      `if (flag && (yield* ${has})) f()`,
      `while (yield* ${has}) f()`,
      `const x = (yield* ${has}) ? 1 : 2`,
      `const x = flag ? ${has} : other`,
      `const x = flag && ${has}`,
      `const x = flag && ${has} || other`,
      `const x = given ?? ${has}`,
      `const x = f(${has}) ? 1 : 2`,
      `if (f(${has})) f()`,
      `if (x = ${has}) f()`,
      `if (x === ${has}) f()`,
      `const x = y === ${has} ? 1 : 2`,
      `if (runtime.runSync(${has})) f()`,
      `if (${has}.pipe(Effect.runSync)) f()`,
      `if (${has}.pipe(App.runs)) f()`,
      `if (user?.has({ id })) f()`,
      `const x = user?.has({ id }) ?? other`,
      `for (const x of [${has}]) f()`,
      `for (let x = ${has}; flag; i++) f()`,
      `switch (kind) { case 1: return ${has} }`,
      `const held = yield* ${has}\nif (held) f()`,
      `const held = flag ? ${has} : undefined\nif (held) f()`,
      `const held = user?.has({ id })\nif (held) f()`,
      `let held = ${has}\nif (held) f()`,
      `const held = ${has}\nif (yield* held) f()`,
      `const held = ${has}\nif (held.x) f()`,
      `const held = ${has}\nconst f = (held) => held ? 1 : 2`,
      `const x = { held: ${has} }\nif (x.held) f()`,
      `${effect}if (Effect.isEffect(${has})) f()`,
      `const f = (x?: A) => ${has}`,
      ...["interface A { held?: B }", "type A = { a: B; held?: B }", "class A { held?: B }", "class A { held!: B }"]
        .map(
          (type) => `const held = ${has}\n${type}`
        ),
      `const held = ${has}\ninterface A { held?(x: B): C }`,
      `const held = ${has}\ntype A = { a: B; held?(x: B): C }`,
      `const held = ${has}\ninterface A { f(held?: B): C; g(held?): C }`,
      `const held = ${has}\ntype A = [held?: B]`,
      `const held = ${has}\ntype A = typeof held extends B ? C : D`
    ]
  },
  "the value of a plain function": {
    wrong: [
      `${effect}yield* Effect.sync(() => ${set})`,
      `${effect}yield* Effect.succeed(${set})`,
      `${effect}const y = Effect.ensuring(x, Effect.succeed(${set}))`,
      `${effect}const y = x.pipe(Effect.tap(() => Effect.succeed(${set})))`,
      ...["forkChild", "forkDetach", "forkScoped", "orDie", "ignore", "asVoid", "uninterruptible"].flatMap((name) => [
        `${effect}yield* Effect.${name}(Effect.sync(() => ${set}))`,
        `${effect}yield* Effect.${name}(Effect.succeed(${set}))`
      ]),
      `${effect}yield* Effect.forkIn(Effect.sync(() => ${set}), scope)`,
      `${effect}yield* Effect.forkChild(Effect.orDie(Effect.sync(() => ${set})))`,
      `${effect}yield* Effect.map(x, () => ${set})`,
      `${effect}yield* Effect.as(x, ${set})`,
      `${effect}yield* x.pipe(Effect.map((n) => ${set}))`,
      `${effect}yield* x.pipe(Effect.as(${set}))`,
      `${effect}const y = x.pipe(Effect.map(() => ${set}), Effect.asVoid)`,
      `${effect}const y = Effect.ensuring(x, Effect.sync(() => ${set}))`,
      `${effect}const y = x.pipe(Effect.ensuring(Effect.sync(() => ${set})))`,
      `${effect}yield* Effect.addFinalizer(() => Effect.sync(() => ${set}))`,
      `${effect}const y = x.pipe(Effect.tap(() => Effect.sync(() => ${set})))`,
      `${effect}const y = x.pipe(Effect.tap(() => Effect.map(x, () => ${set})))`,
      `${effect}const y = Effect.acquireRelease(x, () => Effect.sync(() => ${set}))`
    ],
    right: [
      `${effect}yield* Effect.suspend(() => ${set})`,
      `${effect}yield* Effect.tap(x, () => ${set})`,
      `${effect}yield* Effect.flatMap(x, () => ${set})`,
      `${effect}yield* Effect.andThen(x, ${set})`,
      `${effect}yield* x.pipe(Effect.tap(() => ${set}))`,
      `${effect}yield* x.pipe(Effect.map(() => ${set}), Effect.flatten)`,
      `${effect}yield* x.pipe(Effect.as(${set}), Effect.flatten)`,
      `${effect}yield* Effect.sync(() => ${set}).pipe(Effect.flatten)`,
      `${effect}yield* Effect.sync(() => ${set})\n  .pipe(Effect.flatten)`,
      `${effect}yield* Effect.flatten(Effect.sync(() => ${set}))`,
      `${effect}yield* Effect.flatten(Effect.succeed(${set}))`,
      `${effect}yield* Effect.succeed(${set}).pipe(Effect.flatten)`,
      `${effect}yield* yield* Effect.succeed(${set})`,
      `${effect}const op = yield* Effect.succeed(${set})\nyield* op`,
      `${effect}const y = Effect.succeed(${set})`,
      `${effect}return Effect.succeed(${set})`,
      `${effect}yield* Effect.forkChild(${set})`,
      `${effect}const fiber = yield* Effect.forkChild(Effect.sync(() => ${set}))`,
      `${effect}const forked = Effect.forkChild(Effect.sync(() => ${set}))`,
      `${effect}yield* Effect.flatMap(Effect.forkChild(Effect.sync(() => ${set})), (fiber) => f(fiber))`,
      `${effect}yield* Effect.forkChild(Effect.sync(() => ${set})).pipe(Effect.flatMap(join))`,
      `${effect}yield* Effect.forkChild(Effect.flatten(Effect.sync(() => ${set})))`,
      `${effect}yield* f(Effect.sync(() => ${set}))`,
      `${effect}yield* yield* Effect.sync(() => ${set})`,
      `${effect}const op = yield* Effect.sync(() => ${set})\nyield* op`,
      `${effect}return yield* Effect.sync(() => ${set})`,
      `${effect}const op = Effect.map(x, () => ${set})`,
      `${effect}yield* Effect.as(${set}, 1)`,
      `${effect}yield* Effect.map(${set}, () => 1)`,
      `${effect}const y = Effect.ensuring(x, ${set})`,
      `${effect}const y = Effect.ensuring(Effect.map(x, () => ${set}), z)`,
      `${effect}yield* Effect.addFinalizer(() => ${set})`,
      `${effect}yield* Effect.forEach(ids, (id) => ${set})`,
      `import { Effect } from "./effect.ts"; yield* Effect.sync(() => ${set})`,
      `yield* Effect.sync(() => ${set})`
    ]
  },
  "a part of a statement": {
    wrong: [
      `${effect}Effect.ignore(${set})`,
      `${effect}Effect.ignore(Effect.orDie(${set}))`,
      `${effect}Effect.retry(${set}, { times: 3 })`,
      `${effect}Effect.all([${set}, other])`,
      `${effect}Effect.forEach(ids, (id) => ${set})`,
      `${effect}Effect.suspend(() => ${set}).pipe(Effect.orDie)`,
      `${effect}if (flag) Effect.ignore(${set})`,
      `;["1"].map((id) => ${set})`,
      `ids.filter(f).map((id) => ${set})`,
      `process.on("SIGHUP", () => user.invalidateAll())`,
      `window.addEventListener("focus", () => user.invalidateAll(), { once: true })`,
      `const events = new EventEmitter()\nevents.on("change", (id) => user.invalidate({ id }))`
    ],
    right: [
      `${effect}yield* Effect.ignore(${set})`,
      `${effect}const load = Effect.ignore(${set})`,
      `${effect}Effect.runFork(${set})`,
      `${effect}Effect.runFork(Effect.ignore(${set}))`,
      `${effect}Effect.ignore(${set}).pipe(Effect.runFork)`,
      `${effect}Effect.ignore(${set}).pipe(execute)`,
      `Effect.ignore(${set})`,
      `runtime.runFork(${set})`,
      `submit(${set})`,
      `const all = ["1"].map((id) => ${set})`,
      `yield* Effect.all(ids.map((id) => ${set}))`,
      `return ids.map((id) => ${set})`,
      `ids.map((id) => ${set}).forEach(run)`,
      `ids.map((id) => ${set}.pipe(Effect.runFork))`,
      `Stream.map((id) => ${set})`,
      `process.on("SIGHUP", () => Effect.runFork(user.invalidateAll()))`,
      `process.on("SIGHUP", () => runtime.runPromise(user.invalidateAll()))`,
      `bus.on("change", (id) => user.invalidate({ id }))`,
      `const events = makeBus()\nevents.on("change", (id) => user.invalidate({ id }))`,
      `const f = (process) => process.on("SIGHUP", () => user.invalidateAll())`
    ]
  },
  "a name of its own": {
    wrong: [
      "const set = user.set\nset({ id }, ann)",
      "const { set } = user\nset({ id }, ann)",
      "const { set: put } = user; put({ id }, ann)",
      "const { user: { set } } = AppCache.keys\nset({ id }, ann)",
      "const { invalidate } = AppCache\ninvalidate('user:*')",
      "const { transaction } = AppCache\ntransaction(sql)(body)",
      "const { has } = user\nif (has({ id })) f()",
      `import { put } from "./names.ts"\nput({ id }, ann)`,
      "const onChange = (id) => user.invalidate({ id })\nonChange(id)",
      "const onChange = id => user.invalidate({ id })\nids.forEach((id) => onChange(id))",
      `const isHeld = (id: string) => ${has}.pipe(Effect.orDie)\nif (isHeld(id)) f()`
    ],
    right: [
      "const set = user.set\nyield* set({ id }, ann)",
      "const { set } = user\nconst load = set({ id }, ann)",
      "const set = flag ? user.set : other\nset({ id }, ann)",
      "let set = user.set\nset({ id }, ann)",
      "const set = wrap(user.set)\nset({ id }, ann)",
      "const { set } = other\nset({ id }, ann)",
      "const { set = other } = user\nset({ id }, ann)",
      "const { set } = user\nconst f = (set) => { set({ id }, ann) }",
      "const { get } = AppCache.keys\nget({ id })",
      "const key = user.key\nkey({ id })",
      "const { set } = user\nclass A {\n  set(id)\n  {\n    f()\n  }\n}",
      "const { set } = user\nclass A extends B<C> implements D {\n  set(id);\n  set(id) { f() }\n}",
      "const { set } = user\ninterface A { set(id) }",
      "const { set } = user\ninterface A extends B {\n  set(id): void\n  set(id)\n}",
      "const { set } = user\nconst a = { set(id) { f() } }",
      "const { set } = user\nconst a = {\n  set(id)\n  {\n    f()\n  }\n}",
      "const onChange = (id) => user.invalidate({ id })\nclass A { onChange(id)\n  {\n  } }",
      "const onChange = (id) => user.invalidate({ id })\nyield* onChange(id)",
      "const onChange = (id) => Effect.runFork(user.invalidate({ id }))\nonChange(id)",
      "const onChange = (id) => user.invalidate({ id }).pipe(Effect.runFork)\nonChange(id)",
      "const onChange = (id) => { Effect.runFork(user.invalidate({ id })) }\nonChange(id)",
      "const onChange = (id) => flag ? user.invalidate({ id }) : run()\nonChange(id)",
      "const onChange = run((id) => user.invalidate({ id }))\nonChange(id)",
      "let onChange = (id) => user.invalidate({ id })\nonChange(id)",
      "const onChange = (id) => user.invalidate({ id })\nconst f = (onChange) => { onChange(id) }",
      "const onChange = (user) => user.invalidate({ id })\nonChange(id)"
    ]
  },
  "code of Promises": {
    wrong: [
      `const done = await ${set}`,
      `return { done: await ${set} }`,
      `return (await ${has}) ? 1 : 2`,
      `if (await ${has}) f()`,
      `const done = await (${set})`,
      `const done = await ${set}.pipe(Effect.orDie)`,
      `const op = ${set}\nconst done = await op`,
      `await Promise.all([${set}])`,
      `await Promise.all([x, ${set}, y])`,
      `return Promise.allSettled([${set}])`,
      `await Promise.all(ids.map((id) => ${set}))`,
      `await Promise.all(ids.map(async (id) => ${set}))`,
      `${effect}const done = await Effect.orDie(${set})`
    ],
    right: [
      `const done = await runtime.runPromise(${set})`,
      `const done = await ${set}.pipe(Effect.runPromise)`,
      `const done = await ${set}.pipe(App.toPromise)`,
      "const done = await user.getPromise({ id })",
      `const op = ${set}\nconst done = await run(op)`,
      `const op = ${set}\nconst done = await op.pipe(Effect.runPromise)`,
      `for await (const x of run(${set})) f()`,
      `await Promise.all([run(${set})])`,
      `await Promise.all([run([${set}])])`,
      `await Promise.all(ids.map((id) => run(${set})))`,
      `await Promise.all(ids.map((id) => ${set}).map(run))`,
      `const f = (Promise) => Promise.all([${set}])`,
      `await Effect.runPromise(Effect.all([${set}]))`,
      `const plan = async () => ${set}`,
      `async function plan() { return ${set} }`
    ]
  }
}

const names = { "names.ts": `import { user } from "./cache.ts"\nexport const put = user.set` }

for (const [what, { right, wrong }] of Object.entries(shapes)) {
  describe(`operation as ${what}`, () => {
    for (const body of wrong) {
      it(`check reports: ${body}`, () => assert.strictEqual(linesOf(body, "use.ts", names).length, 1))
    }
    for (const body of right) {
      it(`check does not report: ${body}`, () => assert.deepStrictEqual(linesOf(body, "use.ts", names), []))
    }
  })
}

describe("words for an operation that is never run", () => {
  it("the finding of a condition says that an Effect is always truthy, and to yield it", () => {
    assert.include(findingsOf(`if (!${has}) f()`)[0], {
      sentence: "'user.has' is an Effect, which is always truthy, and it is never run",
      help: "write yield* before it, in parentheses, to test its answer"
    })
  })

  it("the finding of a function names its call", () => {
    const [found] = findingsOf("const onChange = (id) => user.invalidate({ id })\nonChange(id)")
    assert.strictEqual(found!.sentence, "'onChange(...)' is never run, so it does nothing")
  })
})
