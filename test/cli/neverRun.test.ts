import { assert, describe, it } from "@effect/vitest"
import { findNeverRun, namesIn } from "../../src/cli/neverRun.ts"

const manifest = `export class AppCache extends Manifest.Service<AppCache>()("AppCache", { families: {} }) {}
export const { user, prefs: settings } = AppCache.keys
`
// The lines of a program, after one that declares the accessors, on which nothing runs an operation.
const linesOf = (body: string): ReadonlyArray<number> => {
  const files = new Map([
    ["cache.ts", manifest],
    ["use.ts", `import { AppCache, settings, user } from "./cache.ts"\n${body}`]
  ])
  const names = namesIn("use.ts", (file) => files.get(file), (_, specifier) => specifier.slice(2))
  return findNeverRun("use.ts", files.get("use.ts")!, names).map(({ code, line }) => {
    assert.strictEqual(code, "E0238")
    return line - 1
  })
}

describe("an operation that nothing runs is not passed over", () => {
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
    ["between statements without semicolons", "const x = 1\nuser.set({ id }, ann)\nconst y = 2"]
  ]
  for (const [what, body] of lost) {
    it(what, () => assert.strictEqual(linesOf(body).length, 1))
  }

  it("through a writer, and through a name of an accessor", () => {
    assert.deepStrictEqual(linesOf("const writer = yield* user.writer\nwriter.set({ id }, ann)"), [2])
    assert.deepStrictEqual(linesOf("const mine = AppCache.keys.user\nmine.set({ id }, ann)"), [2])
  })
})

describe("an operation whose value goes somewhere is not reported", () => {
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
    ["marked as meant", "void user.set({ id }, ann)"],
    ["a property", "const all = {\n  one: user.get({ id })\n}"],
    ["in a text", "const text = `\nuser.set({ id }, ann)\n`"],
    ["in a comment", "/*\nuser.set({ id }, ann)\n*/"]
  ]
  for (const [what, body] of used) {
    it(what, () => assert.deepStrictEqual(linesOf(body), []))
  }

  it("of another value of the same name", () => {
    assert.deepStrictEqual(linesOf("users.forEach((user) => {\n  user.delete(1)\n})"), [])
    assert.deepStrictEqual(linesOf("function drop(user: Map<number, string>) {\n  user.delete(1)\n}"), [])
    assert.deepStrictEqual(linesOf("other.set({ id }, ann)"), [])
  })
})
