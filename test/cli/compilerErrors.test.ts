/**
 * `stateless check` translates errors of the compiler itself into findings about rights, parameters, options and names.
 * Errors with another cause stay as they are.
 */
import { assert, describe, it } from "@effect/vitest"
import { findMisfit, findOutsideKeys, findUnknown, findUnprovided } from "../../src/cli/compilerErrors.ts"
import { labelOf } from "../../src/cli/findings.ts"
import { make } from "../../src/manifest/internal/manifest.ts"

const manifest = `class AppCache extends Manifest.Service<AppCache>()("AppCache", {
  families: {
    files: { pattern: "files:*" },
    facts: { pattern: "files:{id}:facts", layer: "server", partOf: "files" },
    user: { pattern: "user:{id}", value: User }
  }
}) {}`
const place = { file: "a.ts", line: 1, column: 1 }
const unprovided = (text: string) => findUnprovided(text, place, [["cache.ts", manifest]])

describe("family that is looked for outside of keys", () => {
  const outside = (text: string) => findOutsideKeys(text, place, [["other.ts", "user:"], ["cache.ts", manifest]])

  it("the finding names keys, for the class of a manifest and for what it yields", () => {
    for (const type of ["typeof AppCache", "Engine<AppCache>", "Manifest.Engine<AppCache>"]) {
      assert.deepStrictEqual(outside(`error TS2339: Property 'user' does not exist on type '${type}'.`), {
        ...place,
        code: "E0210",
        sentence: "the families of 'AppCache' are in 'keys', and not beside them",
        help: "write keys.user"
      })
    }
  })

  it("an error about another member, or about a member of another class, stays as it is", () => {
    assert.isUndefined(outside("error TS2339: Property 'usr' does not exist on type 'typeof AppCache'."))
    assert.isUndefined(outside("error TS2339: Property 'user' does not exist on type 'typeof Other'."))
    assert.isUndefined(outside("error TS2339: Property 'user' does not exist on type 'AppCache'."))
  })
})

describe("body of a transaction whose function has fixed types", () => {
  const error =
    "a.ts(1,1): error TS2379: Argument of type 'Effect<void, CacheError, Owns<\"user:{id}\", AppCache>>' is not " +
    "assignable to parameter of type 'Effect<void, never, never>' with 'exactOptionalPropertyTypes: true'."
  const step =
    "a.ts(1,1): error TS2345: Argument of type '(body: Effect<void, never, never>) => Effect<void, CacheError, " +
    "never>' is not assignable to parameter of type '(_: Effect<void, CacheError, Owns<\"user:{id}\", AppCache>>) => " +
    "Effect<void, CacheError, never>'."
  const at = (source: string, mark: string) => ({ ...place, column: source.indexOf(mark) + 1 })
  const codeAt = (text: string, source: string, mark: string) => findUnknown(text, at(source, mark), source)?.code

  it("the finding says that the function of the transaction has fixed types", () => {
    const called = "AppCache.transaction((body: Effect.Effect<void>) => body)(writes)"
    assert.strictEqual(codeAt(error, called, "writes)"), "E0408")
    const piped = "writes.pipe(Effect.asVoid, AppCache.transaction(inOurs))"
    assert.strictEqual(codeAt(step, piped, "AppCache"), "E0408")
  })

  it("an error about an argument of another function stays as it is", () => {
    assert.isUndefined(codeAt(error, "run(writes)", "writes"))
    assert.isUndefined(codeAt(error, "AppCache.transaction(sql.withTransaction)(Effect.map(writes, f))", "writes"))
    assert.isUndefined(codeAt(step, "writes.pipe(other(1))", "other"))
  })
})

describe("right that the program does not provide", () => {
  it("the finding names a missing right that is alone, among other requirements, or lacking in a signature", () => {
    for (
      const text of [
        `Type 'Owns<"user:{id}", AppCache>' is not assignable to type 'never'.`,
        `Type 'AppCache | Owns<"user:{id}", AppCache> | Store' is not assignable to type 'never'.\n  Type 'AppCache' is not`,
        `Type 'Effect<void, never, Owns<"user:{id}", AppCache>>' is not assignable to type 'Effect<void, never, never>'.\n` +
        `  Type 'Owns<"user:{id}", AppCache>' is not assignable to type 'never'.`,
        `Type 'Owns<"user:{id}", AppCache>' is not assignable to type 'Db'.`
      ]
    ) {
      assert.deepStrictEqual(unprovided(text), {
        ...place,
        code: "E0233",
        sentence: "nothing provides the right to write 'user:{id}', which this program requires",
        help:
          "provide owner('user') of 'AppCache', or modules where 'user' passes the right on (Layer.provideMerge), or let its caller provide it",
        label: `this requires Owns<"user:{id}", AppCache>`
      })
    }
  })

  it("the finding says that the store is missing, where no right is", () => {
    for (const required of ["Store", "Db | Store", "Store | Db"]) {
      const text = `Type '${required}' is not assignable to type 'never'.`
      assert.include(unprovided(text), { code: "E0233", label: "this requires Store" })
      assert.match(unprovided(text)!.sentence, /^nothing provides the store/)
      const own = [["cache.ts", `${manifest}\nclass Store extends Context.Service<Store>()("Store") {}`]] as const
      assert.isUndefined(findUnprovided(text, place, own))
    }
    assert.isUndefined(unprovided("Type 'StoreFront' is not assignable to type 'never'."))
    assert.isUndefined(unprovided("Type 'Store' is not assignable to type 'Db'."))
  })

  it("the finding says that the engine is missing, where no right is", () => {
    for (const required of ["AppCache", "Db | AppCache", "AppCache | Store"]) {
      const text = `Type '${required}' is not assignable to type 'never'.`
      assert.include(unprovided(text), { code: "E0233", label: "this requires AppCache" })
      assert.match(unprovided(text)!.sentence, /^nothing provides the engine of 'AppCache'/)
    }
    const declared = `declare const AppCache_base: Manifest.ServiceOf<AppCache, "AppCache", {}>`
    const text = "Type 'AppCache' is not assignable to type 'never'."
    assert.isDefined(findUnprovided(text, place, [["cache.d.ts", declared]]))
    const service = `class AppCache extends Context.Service<AppCache>()("AppCache") {}`
    assert.isUndefined(findUnprovided(text, place, [["cache.ts", service]]))
    assert.isUndefined(unprovided("Type 'Db' is not assignable to type 'never'."))
  })

  it("the finding shows all missing rights", () => {
    const found = unprovided(
      `Type 'Borrows<"user:{id}", AppCache> | Db | Owns<"x", AppCache>' is not assignable to type 'never'.\n` +
        `    Type 'Borrows<"user:{id}", AppCache>' is not assignable to type 'never'.`
    )
    assert.strictEqual(found!.label, `this requires Borrows<"user:{id}", AppCache>, Owns<"x", AppCache>`)
  })

  it("the finding for a part names the owner of the whole", () => {
    const found = unprovided(`Type 'Borrows<"files:{id}:facts", AppCache>' is not assignable to type 'never'.`)
    assert.include(found!.sentence, "to read 'files:{id}:facts'")
    assert.include(found!.help, "owner('files') of 'AppCache'")
  })

  it("the finding names the owner of a family whose pattern is not its first option, also in a declaration file", () => {
    const ownerIn = (text: string) =>
      /owner\('([^']*)'\)/.exec(
        findUnprovided(
          `Type 'Owns<"doc:{id}:{part}", AppCache>' is not assignable to type 'never'.`,
          place,
          [["cache.ts", text]]
        )!.help!
      )![1]
    assert.strictEqual(ownerIn(`{ doc: { ...common, error: E, pattern: "doc:{id}:{part}" } }`), "doc")
    const declared = "readonly doc: {\n readonly value: Schema.Struct<{\n readonly a: Schema.String;\n }>;\n " +
      `readonly pattern: "doc:{id}:{part}";\n readonly partOf: "docs";\n };\n readonly other: { partOf: "x" }`
    assert.strictEqual(ownerIn(declared), "docs")
    assert.strictEqual(ownerIn(declared.replace(/ readonly partOf: "docs";\n/, "")), "doc")
  })

  it("an error about a right in the place of another right stays as it is", () => {
    for (const target of [`Borrows<"tag:{id}", AppCache>`, `Db | Owns<"tag:{id}", AppCache>`]) {
      assert.isUndefined(
        unprovided(
          `Type 'Effect<string, CacheError, Borrows<"user:{id}", AppCache>>' is not assignable to type 'Effect<string>'.\n` +
            `  Type 'Borrows<"user:{id}", AppCache>' is not assignable to type '${target}'.\n` +
            `    Types of property '[HeadId]' are incompatible.\n      Type '"user"' is not assignable to type '"tag"'.`
        )
      )
    }
  })

  // `|` marks the argument.
  const run = (marked: string, required: string, provided: string, ...more: ReadonlyArray<string>) => {
    const at = marked.indexOf("|")
    const text =
      `error TS2379: Argument of type 'Effect<void, CacheError, ${required}>' is not assignable to parameter ` +
      `of type 'Effect<void, CacheError, ${provided}>' with 'exactOptionalPropertyTypes: true'.\n` +
      `  Type '${required}' is not assignable to type '${provided}'.\n` +
      more.map((one) => `    Type '${one}' is not assignable to type '${provided}'.\n`).join("")
    const found = findUnprovided(text, { ...place, column: at + 1 }, [
      ["a.ts", marked.replace("|", "")],
      ["cache.ts", manifest]
    ])
    return found && [found.code, /'([^']+)'/.exec(found.sentence)?.[1], found.label]
  }
  const writes = `Owns<"user:{id}", AppCache>`
  const runners = [
    "runtime.runPromise(|program)",
    "runtime.runPromiseExit(|program)",
    "runtime.runFork( |program)",
    "app.runtime.runSync(|program)",
    "runtime.runSyncExit(|program)",
    "runtime.runCallback(|program, options)",
    "runPromise(|program)",
    "Effect.runPromiseWith(await runtime.context())(|program)",
    "Effect.runForkWith(context)(|program)",
    "const run = Effect.runForkWith(context); run(|program)",
    "const run = runtime.runPromise; run(|program)",
    "program.pipe(|runtime.runPromise)",
    "program.pipe(Effect.orDie, |app.runtime.runPromise, print)"
  ]
  for (const marked of runners) {
    it(`the finding names a right that a runtime does not provide: ${marked}`, () => {
      for (const provided of ["AppCache | Appoints<string, AppCache>", `Db | Owns<"post:{id}", AppCache>`]) {
        assert.deepStrictEqual(run(marked, writes, provided), ["E0233", "user:{id}", `this requires ${writes}`])
      }
    })
  }

  it("the finding of a runtime names what the runtime lacks, and nothing that it provides", () => {
    const marked = "runtime.runPromise(|program)"
    const reads = `Borrows<"user:{id}", AppCache>`
    const label = (required: string, provided: string, ...more: ReadonlyArray<string>) =>
      run(marked, required, provided, ...more)?.[2]
    assert.strictEqual(label(`${reads} | Borrows<"x", AppCache>`, writes), `this requires Borrows<"x", AppCache>`)
    assert.strictEqual(label(`Db | AppCache`, "Db"), "this requires AppCache")
    assert.strictEqual(label("Appoints<\"x\", AppCache> | Store", "Appoints<string, AppCache>"), "this requires Store")
    // The compiler cuts a long union, and names one member that is missing.
    const cut = `AppCache | Appoints<string, AppCache> | ... 12 more ... | ${writes}`
    const other = `Borrows<"files:*", AppCache>`
    assert.strictEqual(label(`${reads} | ${other}`, cut, other), `this requires ${other}`)
  })

  it("an error about a program that a function of another kind does not take stays as it is", () => {
    for (const marked of ["start(|program)", "const run = start(x); run(|program)", "program.pipe(|start)"]) {
      assert.isUndefined(run(marked, writes, `Owns<"post:{id}", AppCache>`))
    }
  })

  it("errors without a missing right stay as they are", () => {
    assert.isUndefined(unprovided(`Type 'Db' is not assignable to type 'never'.`))
    assert.isUndefined(unprovided(`Type 'Owns<"user:{id}", AppCache>' is not assignable to type '"E0220: the body'.`))
    assert.isUndefined(
      unprovided(`Type 'Effect<void, never, Owns<"user:{id}", AppCache>>' is not assignable to type 'never'.`)
    )
  })
})

describe("argument that does not fit, in the words of the compiler", () => {
  // `|` marks the place of the error.
  const misfit = (marked: string, error = "error TS2322: Type 'string' is not assignable to type 'boolean'.") => {
    const before = marked.slice(0, marked.indexOf("|")).split("\n")
    const at = { file: "a.ts", line: before.length, column: before.at(-1)!.length + 1 }
    const found = findMisfit(`a.ts(1,1): ${error}`, at, marked.replace("|", ""))
    return found && [found.code, /'([^']+)'/.exec(found.sentence)![1], found.label]
  }
  const few = "error TS2554: Expected 2-3 arguments, but got 1."

  it("the finding names the family whose accessor is called", () => {
    const dark = ["E0114", "prefs", "this is 'string'"]
    assert.deepStrictEqual(misfit("const { prefs } = C.keys\nprefs.set({ id }, { |dark: '(' })"), dark)
    assert.deepStrictEqual(misfit("C.keys.prefs.update({ id }, (was) => ({ |dark: 'no' }))"), dark)
    assert.deepStrictEqual(misfit("C.keys.prefs.setMany([[{ id: `{` }, { |dark: 'no' }]])"), dark)
    assert.deepStrictEqual(misfit("C.keys.prefs.get({ /* ( */ |id: true })"), ["E0112", "prefs", "this is 'string'"])
    assert.deepStrictEqual(misfit("C.keys.prefs.|set({ id })", few), [
      "E0114",
      "prefs",
      "expected 2-3 arguments, got 1"
    ])
    assert.deepStrictEqual(misfit("C.keys.prefs.|set()", few)![0], "E0112")
  })

  it("the finding names the family, even when its accessor has another name", () => {
    const dark = ["E0114", "prefs", "this is 'string'"]
    assert.deepStrictEqual(misfit("const { user, prefs: p } = C.keys\np.set({ id }, { |dark: '(' })"), dark)
    assert.deepStrictEqual(misfit("const p = C.keys.prefs\np.set({ id }, { |dark: '(' })"), dark)
    assert.isUndefined(misfit("const { p: prefs } = C.keys\np.set({ id }, { |dark: '(' })"))
    assert.isUndefined(misfit("const p = C.keys.prefs.reader\np.set({ id }, { |dark: '(' })"))
  })

  it("the finding names the wrong option of a write, and not the value", () => {
    const given = "error TS2322: Type 'string' is not assignable to type 'readonly string[]'."
    for (
      const [option, text] of [
        ["tags", "C.keys.prefs.set({ id }, dark, { |tags: 'x' })"],
        ["timeToLive", "C.keys.prefs.setting({ id }, dark, { |timeToLive: 'x' })"],
        ["ifVersion", "C.keys.prefs.set({ id }, dark, { tags: ['x'], |ifVersion })"],
        ["tags", "C.keys.prefs.setMany([[{ id }, dark]], { |tags: 'x' })"]
      ] as const
    ) {
      assert.deepStrictEqual(misfit(text, given), ["E0408", option, "this is 'string'"])
    }
    assert.isUndefined(misfit("C.keys.prefs.set({ id }, dark, |options)", given))
    assert.isUndefined(misfit("C.keys.prefs.set({ id }, dark, { |other: 1 })", given))
  })

  it("the finding is found for each operation that takes parameters, and for none that takes none", () => {
    const without = ["hottest", "keys", "entries", "page", "sample", "count", "invalidateAll", "invalidateTag"]
    const { user }: any = make("Named", { families: { user: { pattern: "user:{id}" } } }).keys
    const operations = Object.keys(user).filter((name) => typeof user[name] === "function" && name !== "parse")
    assert.includeMembers(operations, without)
    for (const operation of operations) {
      const found = misfit(`C.keys.prefs.${operation}(|id)`)
      if (without.includes(operation)) assert.isUndefined(found, operation)
      else assert.isDefined(found, operation)
    }
    assert.deepStrictEqual(misfit("C.keys.prefs.setIfAbsent({ id }, |dark)")?.[0], "E0114")
  })

  it("the finding names a parameter outside of the pattern, and the parameters of the pattern", () => {
    const text =
      "error TS2353: Object literal may only specify known properties, and 'language' does not exist in type " +
      `'SomeParams<"page:{lang}:{id}:*", {}>'.`
    const found = findMisfit(text, place, "page.invalidateWhere({ language })")!
    assert.strictEqual(found.code, "E0112")
    assert.strictEqual(found.sentence, "'language' is not a parameter of 'page:{lang}:{id}:*'")
    assert.strictEqual(found.help, "name some of its parameters: 'lang', 'id', '*'")
    const none = `error TS2559: Type '"1"' has no properties in common with type 'SomeParams<"page:{id}", {}>'.`
    assert.include(findMisfit(none, place, "page.invalidateWhere('1')"), {
      code: "E0112",
      sentence: "this is not an object with parameters of 'page:{id}'"
    })
  })

  it("the finding names what setMany does not take as pairs", () => {
    for (
      const text of [
        "error TS2353: Object literal may only specify known properties, and 'id' does not exist in type " +
        `'readonly [params: KeyParams<"user:{id}", {}>, value: Value<"user:{id}", string>]'.`,
        "error TS2353: Object literal may only specify known properties, and 'id' does not exist in type " +
        `'Many<NewEntry<"user:{id}", string, {}>>'.`,
        `error TS2322: Type '[{ id: string; }, string, {}]' is not assignable to type 'NewEntry<"user:{id}", string, {}>'.`
      ]
    ) {
      const found = findMisfit(text, place, "user.setMany([{ id, value }])")!
      assert.strictEqual(found.sentence, "these are not entries of 'user:{id}'")
      assert.include(found.help, "[[params, value], [params, value]]")
    }
  })

  it("the finding is made behind a regular expression with a quote or a bracket", () => {
    const dark = ["E0114", "prefs", "this is 'string'"]
    for (const text of ["const r = /[`/]/", "f(/[(`]/)", "const half = 1 / 2, `/`"]) {
      assert.deepStrictEqual(misfit(`${text}\nC.keys.prefs.set({ id }, { |dark: \`x\` })`), dark)
    }
  })

  it("no finding is made for another call, the body of a function, or another thing of that name", () => {
    assert.isUndefined(misfit("const { prefs } = C.keys\nprefs.set({ id }, make(|1))"))
    assert.isUndefined(misfit("const { prefs } = C.keys\nprefs.update({ id }, (was) => { |dark = 1; return was })"))
    assert.isUndefined(misfit("const prefs = new Map()\nprefs.set(1, |2)"))
    assert.isUndefined(misfit("const { prefs } = C.keys\nprefs.set({ id }, |x)", "error TS2304: Cannot find name 'x'."))
  })

  it("the finding names a parameter that a lookup does not receive", () => {
    const error = `error TS2339: Property 'di' does not exist on type 'ParsedParams<"prefs:{id}", {}>'.`
    assert.deepStrictEqual(misfit("lookup: ({ |di }) => 1", error), ["E0112", "prefs:{id}", "there is no 'di'"])
  })
})

describe("name that the compiler does not know", () => {
  const unknown = (text: string, source = "") => {
    const found = findUnknown(text, place, source)
    return found && [found.code, found.sentence]
  }

  it("the finding names a raw key of a generic function, or an accessor without a family", () => {
    assert.deepStrictEqual(
      unknown("error TS2345: Argument of type 'K' is not assignable to parameter of type 'CheckedKey<AppCache, K>'."),
      ["E0107", "this key is a type parameter, so its owner is unknown"]
    )
    assert.deepStrictEqual(
      unknown("error TS2551: Property 'usr' does not exist on type 'Families<AppCache>'. Did you mean 'user'?"),
      ["E0210", "'AppCache' declares no family 'usr'"]
    )
    assert.strictEqual(unknown("error TS2339: Property 'usr' does not exist on type 'Families<never>'.")![0], "E0414")
    assert.isUndefined(unknown("error TS2339: Property 'usr' does not exist on type '{ readonly user: string }'."))
  })

  it("the finding names the argument of a generic function, and no text of a manifest", () => {
    const manifest = `AppCache, { readonly families: { readonly user: { readonly pattern: "user:{id}"; }; }; }`
    for (
      const [code, what, error] of [
        [
          "E0220",
          "this lookup",
          `TS2322: Type '(p: { id: string; }) => Effect<string, never, R>' is not assignable to type 'CheckedAnswer<${manifest}, ` +
          `... 5 more ..., R>'.`
        ],
        ["E0220", "this lookup", `TS2322: Type 'F' is not assignable to type 'CheckedLookup<${manifest}, "user", F>'.`],
        [
          "E0220",
          "this body",
          "TS2345: Argument of type '() => Generator<Effect.Effect<void, never, R>, void, any>' is not assignable to " +
          "parameter of type '() => CheckedBody<Generator<Effect<void, never, R>, void, any>, {}, R>'."
        ],
        [
          "E0214",
          "this module",
          `TS2322: Type 'L' is not assignable to type 'L extends { readonly owns: infer Fs; } ? CheckedGroup<${manifest}, ` +
          `L> : orElse<...>'.`
        ]
      ] as const
    ) {
      const [found, sentence] = unknown(`error ${error}`)!
      assert.strictEqual(found, code)
      assert.include(sentence, `${what} has a type parameter in its type`)
    }
    const endless = "error TS2589: Type instantiation is excessively deep and possibly infinite."
    assert.strictEqual(unknown(endless, "Manifest.provided(e)")![0], "E0233")
    assert.isUndefined(unknown(endless, "Other.deep(e)"))
  })

  it("the finding says that Lookup.absent is not called", () => {
    const called = "error TS2349: This expression is not callable.\n  Type 'AbsentAnswer' has no call signatures."
    assert.deepStrictEqual(unknown(called), ["E0114", "Lookup.absent is an answer, and not a function that makes one"])
    assert.isUndefined(unknown(called.replace("AbsentAnswer", "Answer")))
  })

  it("the finding names a family of another shape", () => {
    assert.deepStrictEqual(unknown("error TS2322: Type 'string' is not assignable to type 'AnyFamily'."), [
      "E0408",
      "a family is an object with a pattern, and this is 'string'"
    ])
  })

  it("the finding names an option that a layer of the manifest does not have", () => {
    const text = "Object literal may only specify known properties, and 'user' does not exist in type"
    assert.deepStrictEqual(unknown(`error TS2353: ${text} 'LayerSpec'.`), [
      "E0406",
      "unknown option 'user' in a layer"
    ])
    assert.isUndefined(unknown(`error TS2353: ${text} 'Options'.`))
  })
})

describe("labelOf", () => {
  it("labelOf says in few words what the compiler says", () => {
    assert.strictEqual(labelOf("Property 'id' is missing in type '{}' but required in type 'X'."), "'id' is missing")
    assert.strictEqual(labelOf("Type '{}' is missing the following properties from type 'X': a, b"), "missing: a, b")
    const own = "Type '{}' is missing the following properties from type 'X': a, [TypeId]"
    assert.strictEqual(labelOf(own), "'a' is missing")
    assert.strictEqual(labelOf("known properties, and 'page' does not exist in type 'X'."), "there is no 'page'")
    assert.strictEqual(
      labelOf(
        "Type 'A' is not assignable to type 'B'.\n  Types of property 'a' are incompatible.\n    Type '1' is not " +
          "assignable to type '2'."
      ),
      "its 'a' is '1'"
    )
    assert.isUndefined(labelOf(`Type '${"x".repeat(61)}' is not assignable to type 'B'.`))
  })
})
