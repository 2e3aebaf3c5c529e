/**
 * The means by which the tests of `StoreSuite` are written: a test as data, its checks, and a family with short values.
 *
 * A check fails with `PromiseBroken`, which shows what was expected and what was found.
 */
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Codec from "../../store/Codec.ts"
import type { Entry } from "../../store/Entry.ts"
import { type Partition, Store, type StoreFamily } from "../../store/Store.ts"
import type { StoreError } from "../../store/StoreError.ts"
import { PromiseBroken } from "../PromiseBroken.ts"
import { show } from "./shown.ts"

/** A test of a promise on a new store. */
export type Promised = readonly [
  name: string,
  body: Effect.Effect<void, StoreError | PromiseBroken, Store | Scope.Scope>
]

export const check = (kept: boolean, what: string): Effect.Effect<void, PromiseBroken> =>
  kept ? Effect.void : Effect.fail(new PromiseBroken({ what }))

export const same = (found: unknown, expected: unknown): Effect.Effect<void, PromiseBroken> =>
  check(Equal.equals(found, expected), `expected ${show(expected)} and found ${show(found)}`)

const Value = Schema.Struct({ text: Schema.String, n: Schema.Number })

export type Value = typeof Value.Type

export const family = (name: string, onEvict?: StoreFamily<Value>["onEvict"]): StoreFamily<Value> => ({
  name,
  render: (key) => `${name}:${key}`,
  parse: (rendered) => rendered.startsWith(`${name}:`) ? rendered.slice(name.length + 1) : undefined,
  codec: Codec.schema(Value),
  weigher: undefined,
  onEvict
})

export const opened = (name = "user"): Effect.Effect<Partition<Value>, StoreError, Store | Scope.Scope> =>
  Store.use((store) => store.open(family(name)))

export const never = Number.POSITIVE_INFINITY

export const entry = (text: string, expiresAt = never): Entry<Value> => ({
  value: { text, n: text.length },
  stamp: 1,
  version: 1,
  freshUntil: expiresAt,
  expiresAt,
  costMillis: 0,
  tags: [],
  revision: undefined
})

export const textOf = (partition: Partition<Value>, key: string): Effect.Effect<string | undefined, StoreError> =>
  Effect.map(partition.get(key), (found) => found?.entry.value.text)

export const numbered = (count: number): ReadonlyArray<readonly [string, Entry<Value>]> =>
  Array.from({ length: count }, (_, n) => [`${n}`, entry(`value ${n}`)] as const)

export const stamps = (marks: ReadonlyArray<{ readonly scope: string; readonly stamp: number }>) =>
  new Map(marks.map(({ scope, stamp }) => [scope, stamp]))

/** A test across a restart: the work before it, and the checks after it. */
export interface Restarted {
  readonly name: string
  readonly before: Promised[1]
  readonly after: Promised[1]
}

// Names and keys that a tier may confuse by their bytes, separators, object properties or hashes.
export const keys = [
  "",
  " ",
  ":",
  "::",
  ";",
  "<",
  "*",
  "\u0000",
  "\u0001",
  "a\u0000",
  "\u007f",
  "\u0080",
  "\u07ff",
  "\u0800",
  "\uffff",
  "\ud83d\ude00",
  "\ud83d",
  "\ude00",
  "\ud800",
  "\ud801",
  "\ufffd",
  "__proto__",
  "constructor",
  "1",
  "01",
  "1.0",
  "x".repeat(1_000),
  "x".repeat(3_000),
  "x".repeat(3_001),
  "\u00e9".repeat(1_500),
  `${"x".repeat(3_000)}\ud800`,
  `${"x".repeat(3_000)}\ud801`
]
