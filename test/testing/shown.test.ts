/**
 * What the published suite prints of a difference.
 */
import { assert, it } from "@effect/vitest"
import { show } from "../../src/testing/internal/shown.ts"

it("a difference shows Maps, Sets, bytes, infinity and undefined, and ends in a cycle", () => {
  const marks = new Map<unknown, unknown>([["__proto__", 5], ["b", new Set([1])]])
  assert.strictEqual(show(marks), `Map {"__proto__" => 5, "b" => Set {1}}`)
  assert.strictEqual(show({ a: undefined, b: Infinity, c: [-0, 1n] }), `{"a": undefined, "b": Infinity, "c": [-0, 1n]}`)
  assert.strictEqual(show(new Uint8Array([1, 2])), "bytes [1, 2]")
  const cycle: Array<unknown> = []
  cycle.push(cycle)
  assert.include(show(cycle), "...")
})
