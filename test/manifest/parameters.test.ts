/**
 * Parameters that are not a key of the family are refused by every operation: a value that the codec refuses, a name
 * outside of the pattern, and an argument that is not a list.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import type { CacheError } from "../../src/cache/CacheError.ts"
import type { Reading, Writing } from "../../src/manifest/Family.ts"
import { engine } from "../support/engine.ts"

const { NumberFromString } = Schema

interface Kind {
  readonly codec: Schema.Top
  readonly good: unknown
  /** Of the declared type, for the compiler knows no checks. */
  readonly bad: unknown
}

const Day = Schema.String.check(Schema.isPattern(/^\d{4}-\d\d-\d\d$/))
const kinds: { readonly [name: string]: Kind } = {
  "a text with a pattern": { codec: Day, good: "2026-01-01", bad: "yesterday" },
  "a brand with a check": { codec: Day.pipe(Schema.brand("Day")), good: "2026-01-01", bad: "2026-1-1" },
  "a text with two checks": {
    codec: Schema.String.check(Schema.isMinLength(2), Schema.isMaxLength(3)),
    good: "abc",
    bad: "abcd"
  },
  "a text without white space at its ends": { codec: Schema.Trimmed, good: "a", bad: " a" },
  "a text whose check throws": {
    codec: Schema.String.check(Schema.makeFilter((text) => {
      if (text === "boom") throw new Error("of the check")
      return undefined
    })),
    good: "a",
    bad: "boom"
  },
  "a template": { codec: Schema.TemplateLiteral(["day-", Schema.Int]), good: "day-1", bad: "day-x" },
  "one of two texts": { codec: Schema.Literals(["mon", "tue"]), good: "mon", bad: "sun" },
  "a number with a check": { codec: Schema.Int.check(Schema.isGreaterThan(0)), good: 5, bad: -5 },
  "a number as a text": { codec: Schema.FiniteFromString.check(Schema.isGreaterThan(0)), good: 5, bad: -5 },
  "NaN of a codec of numbers": { codec: Schema.Number, good: -5, bad: Number.NaN },
  "Infinity of a codec of numbers": { codec: Schema.Number, good: 1.5, bad: Infinity },
  "NaN of a codec of texts": { codec: Schema.NumberFromString, good: 1e300, bad: Number.NaN },
  "Infinity of a codec of texts": { codec: Schema.NumberFromString, good: 0, bad: -Infinity },
  "NaN of one of two kinds": { codec: Schema.Union([Schema.Boolean, Schema.Number]), good: true, bad: Number.NaN }
}

interface Shape {
  readonly pattern: string
  readonly params: (day: unknown) => { readonly [name: string]: unknown }
  readonly key: (day: unknown) => string
}
const shapes: ReadonlyArray<Shape> = [
  { pattern: "user:{day}", params: (day) => ({ day }), key: (day) => `user:${day}` },
  { pattern: "user:{room}:{day}", params: (day) => ({ room: "a", day }), key: (day) => `user:a:${day}` },
  { pattern: "user:{day}:*", params: (day) => ({ day, "*": "b:c" }), key: (day) => `user:${day}:b:c` }
]

type Params = { readonly [name: string]: unknown }
type Door = (of: any, params: Params, app: any, key: string) => unknown

// What every operation on a key, or on several keys, does with them. The compiler asks for one that is missing here.
type OfKeys = Exclude<
  keyof Reading<any, any, any, any> | keyof Writing<any, any, any, any>,
  "pattern" | "hottest" | "keys" | "entries" | "page" | "sample" | "count" | "invalidateAll" | "invalidateTag"
>
const both: { readonly [Operation in OfKeys]: Door } = {
  get: (of, params) => of.get(params),
  getOption: (of, params) => of.getOption(params),
  getMany: (of, params) => of.getMany([params]),
  getManyResults: (of, params) => Effect.flatMap(of.getManyResults([params]), ([result]: any) => result),
  getAnswer: (of, params) => of.getAnswer(params),
  getAnswerOption: (of, params) => of.getAnswerOption(params),
  explain: (of, params) => of.explain(params),
  has: (of, params) => of.has(params),
  select: (of, params) => of.select(params, (value: unknown) => value),
  warm: (of, params) => of.warm([params]),
  set: (of, params) => of.set(params, "new"),
  setMany: (of, params) => of.setMany([[params, "new"]]),
  update: (of, params) => of.update(params, () => "new"),
  patch: (of, params) => of.patch(params, () => "new"),
  delete: (of, params) => of.delete(params),
  deleteMany: (of, params) => of.deleteMany([params]),
  invalidate: (of, params) => of.invalidate(params),
  invalidateWhere: (of, params) => of.invalidateWhere(params),
  refresh: (of, params) => of.refresh(params),
  getOr: (of, params) => of.getOr(params, Effect.succeed("new")),
  setIfAbsent: (of, params) => of.setIfAbsent(params, "new"),
  getAndDelete: (of, params) => of.getAndDelete(params),
  reschedule: (of, params) => of.reschedule(params, "1 hour")
}
const accessor: { readonly [operation: string]: Door } = {
  ...both,
  setting: (of, params, app) => app.batch([of.setting(params, "new")]),
  deleting: (of, params, app) => app.batch([of.deleting(params)]),
  "the key of a write": (of, params) => of.setting(params, "new").key,
  lease: (of, params) => Effect.scoped(of.lease(params)),
  key: (of, params) => of.key(params)
}
const raw: { readonly [operation: string]: Door } = {
  "a raw get": (_, __, app, key) => app.get(key),
  "a raw getOption": (_, __, app, key) => app.getOption(key),
  "a raw set": (_, __, app, key) => app.set(key, "new"),
  "a raw delete": (_, __, app, key) => app.delete(key)
}
const handle: { readonly [operation: string]: Door } = {
  ...both,
  getPromise: (of, params) =>
    Effect.tryPromise({ try: () => of.getPromise(params) as Promise<unknown>, catch: (error) => error })
}

const world = (pattern: string, codec: Schema.Top) =>
  Effect.gen(function*() {
    let lookups = 0
    const running = yield* engine<"user">(
      { families: { user: { pattern, params: { day: codec } } } } as never,
      () => Effect.sync(() => `loaded ${++lookups}`)
    )
    const on = <A>(effect: unknown) => running.as<A, unknown>(effect as Effect.Effect<A, unknown, any>)
    const writer = yield* on<any>(running.app.keys.user.writer)
    return { ...running, on, user: running.app.keys.user, writer, looked: () => lookups }
  })

describe("parameters of no key", () => {
  const colons: ReadonlyArray<readonly [pattern: string, params: object, wrong: string]> = [
    ["user:{a}:{b}", { a: "1", b: "2:3" }, "b"],
    ["user:{a}:{b}", { a: "1:2", b: "3" }, "a"],
    ["user:{a}:{b}:{c}", { a: "1", b: "2:3", c: "4" }, "b"],
    ["user:{a}:{b}:{c}", { a: "1", b: "2", c: "3:4" }, "c"],
    ["user:{a}:{b}:*", { a: "1", b: "2:3", "*": "4" }, "b"],
    ["user:{a}:{b}:*", { a: "1", b: "2", "*": "3::4" }, "*"]
  ]
  for (const [pattern, params, wrong] of colons) {
    it.effect(`the error of \`${pattern}\` names the parameter with the colon, for ${JSON.stringify(params)}`, () =>
      Effect.gen(function*() {
        const { app, as } = yield* engine({ families: { user: { pattern } } }, () => Effect.succeed(1))
        for (const effect of [app.keys.user.get(params), app.keys.user.set(params, 1), app.keys.user.key(params)]) {
          const { message } = yield* Effect.flip(as(effect as Effect.Effect<unknown, CacheError>))
          assert.include(message, `the parameter \`${wrong}\` of \`${pattern}\` does not spell`)
        }
      }))
  }

  it.effect("the error of a star in the place of a parameter names the operations for many keys", () =>
    Effect.gen(function*() {
      const { app, as } = yield* engine({ families: { user: { pattern: "user:{id}" } } }, () => Effect.succeed(1))
      const { user } = app.keys
      for (const effect of [user.get({ id: "*" }), user.invalidate({ id: "*" }), user.delete({ id: "*" })]) {
        const { message } = yield* Effect.flip(as(effect as Effect.Effect<unknown, CacheError>))
        assert.strictEqual(
          message,
          "E0109: not a key of `user:{id}`: the parameter `id` of `user:{id}` is `*`, and a key is not a pattern; help: give the parameters of one " +
            "key, or use invalidateWhere or invalidateAll for many"
        )
      }
    }))

  const wrong: ReadonlyArray<readonly [params: object, why: string]> = [
    [{ dayy: "1" }, "`user:{day}` has no parameter `dayy`; help: did you mean `day`?"],
    [{ other: "1" }, "`user:{day}` has no parameter `other`; help: give a value for each name in the braces"],
    [{}, "the parameter `day` of `user:{day}` is not given; help: give a value for each name in the braces"],
    [{ day: undefined }, "the parameter `day` of `user:{day}` is of the kind `undefined`"],
    [{ day: null }, "the parameter `day` of `user:{day}` is of the kind `null`"],
    [{ day: Number.NaN }, "the parameter `day` of `user:{day}` is of the kind `NaN`"],
    [{ day: Infinity }, "the parameter `day` of `user:{day}` is of the kind `Infinity`"],
    [{ day: true }, "the parameter `day` of `user:{day}` is of the kind `boolean`"],
    [
      { day: {} },
      "the parameter `day` of `user:{day}` is of the kind `object`; help: give a string, a number or a bigint"
    ]
  ]
  for (const [params, why] of wrong) {
    it.effect(`every operation names the parameter: ${why}`, () =>
      Effect.gen(function*() {
        const running = yield* engine({ families: { user: { pattern: "user:{day}" } } }, () => Effect.succeed(1))
        const on = <A>(effect: unknown) => running.as<A, unknown>(effect as Effect.Effect<A, unknown, any>)
        const { user } = running.app.keys
        const writer = yield* on<any>(user.writer)
        const { invalidateWhere: _, ...ofOneKey } = accessor
        const doors = [
          ...Object.entries(ofOneKey).map(([door, run]) => [door, run, user] as const),
          ...Object.entries(handle).filter(([door]) => door !== "invalidateWhere").map(([door, run]) =>
            [door, run, writer] as const
          )
        ]
        for (const [door, run, of] of doors) {
          const { reason } = (yield* Effect.flip(on(run(of, params as {}, running.app, "")))) as CacheError
          assert.include(reason.message, why, door)
        }
      }))
  }
})

describe("parameter and its codec", () => {
  for (const [name, { bad, codec, good }] of Object.entries(kinds)) {
    it.effect(`every operation refuses the parameter before it reads or writes: ${name}`, () =>
      Effect.gen(function*() {
        for (const { key, params, pattern } of shapes) {
          const { app, cache, looked, on, user, writer } = yield* world(pattern, codec)
          const doors = [
            ...Object.entries(accessor).map(([door, run]) => [door, run, user] as const),
            ...Object.entries(handle).map(([door, run]) => [door, run, writer] as const),
            ...Object.entries(raw).map(([door, run]) => [door, run, user] as const)
          ]
          for (const [door, run, of] of doors) {
            const error = yield* Effect.flip(on(run(of, params(bad), app, key(bad))))
            const { reason } = error as CacheError
            assert.strictEqual(reason._tag, "InvalidKey", `${pattern}, ${door}`)
            assert.include(reason.message, "`day`", `${pattern}, ${door}`)
          }
          assert.isUndefined(writer.getUnsafe(params(bad)))
          assert.isTrue(Option.isNone(user.parse(key(bad))))
          const { entries, invalidations } = cache.families.get("user")!.stats
          assert.deepStrictEqual([looked(), entries, invalidations], [0, 0, 0], pattern)
        }
      }))

    it.effect(`every operation takes the parameter: ${name}`, () =>
      Effect.gen(function*() {
        for (const { key, params, pattern } of shapes) {
          const { app, on, user, writer } = yield* world(pattern, codec)
          for (const [door, run] of Object.entries({ ...accessor, ...raw })) {
            const exit = yield* Effect.exit(on(run(user, params(good), app, key(good))))
            assert.strictEqual(exit._tag, "Success", `${pattern}, ${door}`)
          }
          yield* on(user.set(params(good), "held"))
          assert.strictEqual(writer.getUnsafe(params(good)), "held")
          assert.deepStrictEqual(user.parse(key(good)), Option.some(params(good)))
        }
      }))
  }

  // `Number` reads any text: as NaN, as a number without an end, or as 0.
  for (const [name, codec] of Object.entries({ "Schema.Number": Schema.Number, NumberFromString })) {
    it.effect(`every text of a number is refused, or is the text of one finite number: ${name}`, () =>
      Effect.gen(function*() {
        const { app, looked, on, user } = yield* world("user:{day}", codec)
        const character = fc.constantFrom(..."0123456789+-.eExXbn_ aNIfity")
        const text = fc.oneof(
          fc.string({ unit: character, minLength: 1, maxLength: 8 }),
          fc.double().map(String),
          fc.constantFrom("abc", "NaN", "Infinity", "-Infinity", "1e400", "-1e400", "-0", "0x", "007", "1e3")
        )
        const read = fc.asyncProperty(text, fc.double(), async (given, number) => {
          const finite = Number.isFinite(Number(given))
          const before = looked()
          const raw = await Effect.runPromise(Effect.exit(on(app.get(`user:${given}` as never))))
          if (!finite) {
            assert.strictEqual(raw._tag, "Failure", given)
            assert.strictEqual(looked(), before, given)
            assert.isTrue(Option.isNone(user.parse(`user:${given}`)), given)
          }
          const spelt = await Effect.runPromise(Effect.exit(on<string>(user.key({ day: number } as never))))
          assert.deepStrictEqual(
            spelt._tag === "Success" ? spelt.value : spelt._tag,
            Number.isFinite(number) ? `user:${number}` : "Failure"
          )
        })
        yield* Effect.promise(() => fc.assert(read, { numRuns: 300 }))
      }))
  }

  it.effect("an error says of NaN that a finite number is meant, with a codec and without one", () =>
    Effect.gen(function*() {
      for (const codec of [undefined, Schema.Number, Schema.NumberFromString, Schema.FiniteFromString]) {
        const params = codec === undefined ? {} : { params: { day: codec } }
        const { app, as } = yield* engine(
          { families: { user: { pattern: "user:{day}", ...params } } } as never,
          () => Effect.succeed(1)
        )
        const read = (app as any).keys.user.get({ day: Number.NaN }) as Effect.Effect<unknown, CacheError>
        const { message } = yield* Effect.flip(as(read))
        assert.include(message, "of the kind `NaN`; help: give a finite number")
      }
    }))

  it.effect("an error about the rest of a key does not forbid the colons that it may hold", () =>
    Effect.gen(function*() {
      const { on, user } = yield* world("user:{day}:*", Schema.FiniteFromString)
      for (const rest of ["", "a::b", "a*"]) {
        for (const operation of [user.get({ day: 1, "*": rest }), user.invalidateWhere({ "*": rest })]) {
          const { message } = (yield* Effect.flip(on(operation))) as CacheError
          assert.include(message, "the parameter `*` of `user:{day}:*` does not spell the rest of a key")
          assert.include(message, "give a string of one segment or more, joined by `:`")
        }
      }
    }))

  it.effect("an error names a parameter that its codec cannot decode again", () =>
    Effect.gen(function*() {
      const { on, user } = yield* world("user:{room}:{day}", Schema.FiniteFromString)
      const { app } = yield* world("user:{room}:{day}", Schema.FiniteFromString)
      const error = yield* Effect.flip(on(app.get("user:a:b")))
      assert.include((error as CacheError).message, "the parameter `day` of `user:{room}:{day}` does not fit its codec")
      assert.isTrue(Option.isNone(user.parse("user:a:b")))
    }))
})

describe("parameters that spell a key of a part or of a carved-out family", () => {
  it.effect("every operation refuses parameters that spell a key of an inner family, and names the accessor of that family", () =>
    Effect.gen(function*() {
      const running = yield* engine(
        {
          families: {
            user: { pattern: "user:*" },
            facts: { pattern: "user:{id}:facts", partOf: "user" },
            audit: { pattern: "user:{id}:audit", carvedFrom: "user" }
          }
        } as never,
        () => Effect.succeed("loaded")
      )
      const on = <A>(effect: unknown) => running.as<A, unknown>(effect as Effect.Effect<A, unknown, any>)
      const { audit, facts, user } = running.app.keys as any
      const writer = yield* on<any>(user.writer)
      yield* on(Effect.andThen(facts.set({ id: "1" }, "held"), audit.set({ id: "1" }, "held")))
      const doors = [
        ...Object.entries(accessor).map(([door, run]) => [door, run, user] as const),
        ...Object.entries(handle).map(([door, run]) => [door, run, writer] as const)
        // There the text names the keys that begin with it: see `begun.test.ts`.
      ].filter(([door]) => door !== "invalidateWhere")
      for (const name of ["facts", "audit"]) {
        const params = { "*": `1:${name}` }
        for (const [door, run, of] of doors) {
          const { reason } = (yield* Effect.flip(on(run(of, params, running.app, "")))) as CacheError
          assert.strictEqual(reason._tag, "InvalidKey", door)
          assert.include(reason.message, `spell a key of \`user:{id}:${name}\``, door)
          assert.include(reason.message, `use the accessor of \`${name}\``, door)
        }
        for (const write of [writer.setUnsafe, writer.deleteUnsafe]) {
          assert.throws(() => write(params, "new"), /spell a key of/)
        }
        assert.throws(() => writer.patchUnsafe(params, () => "new"), /spell a key of/)
        assert.isUndefined(writer.getUnsafe(params))
        assert.isTrue(Option.isNone(user.parse(`user:1:${name}`)))
      }
      assert.deepStrictEqual([yield* on(facts.has({ id: "1" })), yield* on(audit.has({ id: "1" }))], [true, true])
      // With fewer segments, the parameters name many keys of the family.
      yield* on(user.set({ "*": "1" }, "held"))
      yield* on(user.invalidateWhere({ "*": "1" }))
      assert.isFalse(yield* on(user.has({ "*": "1" })))
    }))
})

describe("parameters that are not an object", () => {
  it.effect("every operation refuses parameters that are not an object, and shows a valid object", () =>
    Effect.gen(function*() {
      for (const { params, pattern } of shapes) {
        const { looked, on, user, writer } = yield* world(pattern, Schema.String)
        const names = Object.keys(params("x")).map((name) => name === "*" ? "\"*\": ..." : `${name}: ...`)
        const doors = [
          ...Object.entries(accessor).map(([door, run]) => [door, run, user] as const),
          ...Object.entries(handle).map(([door, run]) => [door, run, writer] as const)
        ].filter(([door]) => door !== "invalidateWhere")
        for (const [door, run, of] of doors) {
          for (const given of [undefined, null, "1", 5, ["1"]]) {
            const app = { batch: (writes: ReadonlyArray<{ readonly key: unknown }>) => writes[0]!.key }
            const error = (yield* Effect.flip(on(run(of, given as never, app, "")))) as Error
            assert.include(error.message, `the parameters of \`${pattern}\` are not an object`, door)
            assert.include(error.message, `give an object such as \`{ ${names.join(", ")} }\``, door)
          }
        }
        assert.strictEqual(looked(), 0)
      }
    }))
})

describe("key that is not a text", () => {
  it.effect("a key that is not a text belongs to no family", () =>
    Effect.gen(function*() {
      const { user } = yield* world("user:{day}", Schema.String)
      for (const given of [undefined, null, 5, {}, ["user:1"], () => "user:1"]) {
        assert.isTrue(Option.isNone(user.parse(given)))
      }
    }))
})

describe("parameters of an invalidation of many keys", () => {
  const two = Effect.gen(function*() {
    const running = yield* engine<"user" | "file">(
      { families: { user: { pattern: "user:{tenant}:{id}" }, file: { pattern: "file:{tenant}:*" } } } as never,
      () => Effect.succeed("loaded")
    )
    const on = <A>(effect: unknown) => running.as<A, unknown>(effect as Effect.Effect<A, unknown, any>)
    const { user } = running.app.keys
    for (const tenant of ["a", "b"]) yield* on(user.set({ tenant, id: "1" }, tenant))
    const held = Effect.forEach(["a", "b"], (tenant) => on<boolean>(user.has({ tenant, id: "1" })))
    return { ...running, on, user, held }
  })
  class Query {
    get tenant() {
      return "a"
    }
  }
  const none: ReadonlyArray<readonly [what: string, params: unknown]> = [
    ["another name", { tenantId: "a" }],
    ["another name beside a right one", { tenant: "a", idd: "1" }],
    ["another name without a value", { tenant: "a", idd: undefined }],
    ["the rest of a pattern that has none", { tenant: "a", "*": "1" }],
    ["a list", []],
    ["a list of strings", ["a"]],
    ["a map", new Map([["tenant", "a"]])],
    ["a query of an address", new URLSearchParams("tenant=a")],
    ["an object whose names are those of its class", new Query()],
    ["a text", "a"],
    ["a function", () => ({ tenant: "a" })],
    ["nothing", undefined],
    ["null", null]
  ]

  it.effect("an invalidation drops nothing when a name is unknown or the parameters are not an object", () =>
    Effect.gen(function*() {
      const { held, on, user } = yield* two
      for (const  of of[user, yield* on<any>(user.writer)]) {
        for (const [what, params] of none) {
          const { reason } = (yield* Effect.flip(on(of.invalidateWhere(params)))) as CacheError
          assert.strictEqual(reason._tag, "InvalidKey", what)
          assert.deepStrictEqual(yield* held, [true, true], what)
        }
      }
    }))

  it.effect("the error of an invalidation with an unknown parameter suggests the nearest name", () =>
    Effect.gen(function*() {
      const { on, user } = yield* two
      const error = (yield* Effect.flip(on(user.invalidateWhere({ tenent: "a" })))) as CacheError
      const why = "`user:{tenant}:{id}` has no parameter `tenent`; help: did you mean `tenant`?"
      assert.strictEqual(error.message, `E0112: not a key of \`user:{tenant}:{id}\`: ${why}`)
    }))

  it.effect("an empty object of any kind means all keys", () =>
    Effect.gen(function*() {
      for (const params of [{}, Object.create(null)]) {
        const { held, on, user } = yield* two
        yield* on(user.invalidateWhere(params))
        assert.deepStrictEqual(yield* held, [false, false])
      }
    }))

  it.effect("the parameters may name the rest of the pattern", () =>
    Effect.gen(function*() {
      const { app, on } = yield* two
      const { file } = app.keys
      for (const tenant of ["a", "b"]) yield* on(file.set({ tenant, "*": "x:y" }, tenant))
      yield* on(file.invalidateWhere({ tenant: "a", "*": "x:y" }))
      const held = yield* Effect.forEach(["a", "b"], (tenant) => on<boolean>(file.has({ tenant, "*": "x:y" })))
      assert.deepStrictEqual(held, [false, true])
    }))

  it.effect("every operation ignores further names beside a whole key", () =>
    Effect.gen(function*() {
      const { app, on, user } = yield* two
      const row = { tenant: "a", id: "1", name: "Ann" }
      for (const [door, run] of Object.entries(accessor)) {
        if (door === "invalidateWhere") continue
        const exit = yield* Effect.exit(on(run(user, row, app, "user:a:1")))
        assert.strictEqual(exit._tag, "Success", door)
      }
    }))
})

describe("list of keys that is not a list", () => {
  it.effect("an argument that is not a list of keys is refused as a list, and the error names no parameter", () =>
    Effect.gen(function*() {
      const { on, user, writer } = yield* world("user:{day}", Schema.String)
      for (const  of of[user, writer]) {
        for (const operation of ["getMany", "getManyResults", "warm", "deleteMany", "setMany"]) {
          for (const given of [undefined, null, 5, "ab", {}, () => []]) {
            const { reason } = (yield* Effect.flip(on(of[operation](given)))) as CacheError
            assert.strictEqual(reason._tag, "InvalidKey")
            assert.include(reason.message, "this is not a list of `user:{day}`")
          }
        }
        const { message } = (yield* Effect.flip(on(of.setMany([[{ day: "1" }, 1], { day: "2" }])))) as CacheError
        assert.include(message, "item 1 is not an entry of `user:{day}`")
        assert.isFalse(yield* on(of.has({ day: "1" })))
        yield* on(of.deleteMany(new Set([{ day: "1" }])))
      }
    }))
})
