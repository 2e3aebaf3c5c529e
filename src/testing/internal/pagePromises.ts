/**
 * Promises of a family of a store about pages: each entry that stays is in one, while others come and go.
 *
 * A store without `page` keeps these promises: it makes none of them.
 */
import * as Effect from "effect/Effect"
import type { Entry } from "../../store/Entry.ts"
import type { Partition, PartitionPage } from "../../store/Store.ts"
import type { StoreError } from "../../store/StoreError.ts"
import { check, entry, keys as oddKeys, never, numbered, opened, type Promised, same, type Value } from "./promise.ts"

// After so many pages nothing changes any more.
const changedPages = 40

// More than any scan of these tests needs, also one whose pages are nearly empty.
const pagesMax = 10_000

type Read = (after: string | undefined, max: number) => Effect.Effect<PartitionPage<Value>, StoreError>

/** The entries of a page, with those that the caller is to look up. */
const entriesOf = (users: Partition<Value>, { entries, keys = [] }: PartitionPage<Value>) =>
  Effect.map(users.getMany(keys), (found) => [
    ...entries,
    ...keys.flatMap((key, at): ReadonlyArray<readonly [string, Entry<Value>]> => {
      const one = found[at]?.entry
      return one === undefined ? [] : [[key, one]]
    })
  ])

/** Reads all pages. Something else happens after each of them. */
const scan = (
  users: Partition<Value>,
  read: Read,
  max: number,
  between: (at: number) => Effect.Effect<void, StoreError>
) =>
  Effect.gen(function*() {
    const all = new Map<string, string>()
    let after: string | undefined
    for (let at = 0; at < pagesMax; at++) {
      const page = yield* read(after, max)
      yield* check(page.entries.length + (page.keys?.length ?? 0) <= max, `a page must have at most ${max} entries`)
      for (const [key, { value }] of yield* entriesOf(users, page)) all.set(key, value.text)
      if (page.next === undefined) return all
      after = page.next
      yield* between(at)
    }
    return yield* check(false, `a scan must end within ${pagesMax} pages`).pipe(Effect.as(all))
  })

const still = () => Effect.void

/** A test of a partition that has pages. */
const paged = (
  name: string,
  body: (users: Partition<Value>, read: Read) => Promised[1]
): Promised => [
  name,
  Effect.flatMap(opened(), (users) => users.page === undefined ? Effect.void : body(users, users.page))
]

const sameKeys = (all: ReadonlyMap<string, string>, expected: Iterable<string>) =>
  same(Array.from(all.keys()).toSorted(), Array.from(expected).toSorted())

export const pages: ReadonlyArray<Promised> = [
  paged("the pages of a scan have every entry, for each size of a page", (users, read) =>
    Effect.gen(function*() {
      yield* sameKeys(yield* scan(users, read, 5, still), [])
      yield* users.setMany(numbered(600))
      for (const max of [1, 7, 600, 10_000]) {
        const all = yield* scan(users, read, max, still)
        yield* same(all, new Map(numbered(600).map(([key, { value }]) => [key, value.text])))
      }
    })),
  paged("the pages of a scan have every key that a family may have", (users, read) =>
    Effect.gen(function*() {
      yield* users.setMany(oddKeys.map((key, at) => [key, entry(`odd ${at}`)]))
      for (const max of [1, 3]) yield* sameKeys(yield* scan(users, read, max, still), oddKeys)
    })),
  paged("the pages of a scan have no entry of another family", (users, read) =>
    Effect.gen(function*() {
      const posts = yield* opened("post")
      yield* posts.setMany(numbered(100))
      yield* users.setMany(numbered(10))
      yield* sameKeys(yield* scan(users, read, 3, still), numbered(10).map(([key]) => key))
    })),
  paged(
    "a key that stays is in a page while others are set and removed, and the tier grows",
    (users, read) =>
      Effect.gen(function*() {
        const stay = Array.from({ length: 200 }, (_, n) => `stay ${n * 7 % 200}`)
        for (const [at, key] of stay.entries()) {
          yield* users.setMany([[key, entry(key)], [`go ${at}`, entry("go")]])
        }
        const all = yield* scan(users, read, 9, (at) =>
          Effect.gen(function*() {
            // A scan need not end while more keys come than its pages have.
            if (at >= changedPages) return
            yield* users.remove([`go ${at * 5}`, `go ${at * 5 + 1}`, `new ${at - 3} 0`])
            yield* users.setMany(Array.from({ length: 20 }, (_, n) => [`new ${at} ${n}`, entry("new")] as const))
            yield* users.set(stay[at % 200]!, entry("again"))
          }))
        const missed = stay.filter((key) => !all.has(key))
        yield* same(missed, [])
      })
  ),
  paged(
    "an entry that has ended, was removed or was cleared is in no page that is asked for later",
    (users, read) =>
      Effect.gen(function*() {
        yield* users.setMany([["over", entry("over", 0)], ["1", entry("one")], ["2", entry("two")], ["3", entry("3")]])
        yield* users.remove(["2"])
        yield* sameKeys(yield* scan(users, read, 1, still), ["1", "3"])
        const [first] = yield* Effect.map(read(undefined, 1), ({ next }) => [next])
        yield* users.clear
        if (first !== undefined) {
          const rest = yield* scan(users, (after, max) => read(after ?? first, max), 1, still)
          yield* sameKeys(rest, [])
        }
        yield* users.set("4", entry("four", never))
        yield* sameKeys(yield* scan(users, read, 2, still), ["4"])
      })
  ),
  paged(
    "a first page with a `max` of 0 marks the beginning of a scan, where a partition has `below`",
    (users, read) =>
      Effect.gen(function*() {
        if (users.below === undefined) return
        yield* users.setMany(numbered(20))
        const { entries, keys = [], next } = yield* read(undefined, 0)
        yield* same([entries.length, keys.length, next === undefined], [0, 0, false])
        yield* users.setMany(numbered(20))
        const all = yield* scan(users, (after, max) => read(after ?? next, max), 3, still)
        yield* sameKeys(all, numbered(20).map(([key]) => key))
      })
  ),
  paged("a bookmark that no page gave is refused with `BookmarkLost`", (users, read) =>
    Effect.gen(function*() {
      yield* users.setMany(numbered(10))
      const { next } = yield* read(undefined, 2)
      const wrong = [
        "",
        " ",
        "no bookmark",
        "\u0000",
        "NaN",
        "-1",
        "\ud800",
        ...(next === undefined ? [] : [`~${next}`])
      ]
      for (const after of wrong) {
        const result = yield* Effect.result(read(after, 2))
        const found = result._tag === "Failure" ? result.failure.reason._tag : `a page for ${JSON.stringify(after)}`
        yield* same(found, "BookmarkLost")
      }
    }))
]
