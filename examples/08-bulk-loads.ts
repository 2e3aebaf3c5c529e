/**
 * Bulk loads: `getMany` asks the data source once for all absent keys. It does not ask again for a key that another
 * batch already loads.
 */
import { Effect, Layer, Schema } from "effect"
import * as Lookup from "effect-stateless/cache/Lookup"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import assert from "node:assert/strict"

class NoSuchBook extends Schema.TaggedError<NoSuchBook>()("NoSuchBook", { id: Schema.String }) {}

class Library extends Manifest.Service<Library>()("Library", {
  families: { book: { pattern: "book:{id}", value: Manifest.type<string>(), error: NoSuchBook } }
}) {}
const { book } = Library.keys

const batches: Array<ReadonlyArray<string>> = []
const BookLive = Library.owner("book", {
  // The lookup returns one answer for each key, in the order of the keys. A key that fails does not fail the others.
  lookupMany: (params) =>
    Effect.sync(() => {
      batches.push(params.map(({ id }) => id))
      return params.map(({ id }) => id === "0" ? Lookup.failed(new NoSuchBook({ id })) : `book ${id}`)
    }).pipe(Effect.delay("10 millis"))
})

const LibraryLive = Library.modules({ book: BookLive }).pipe(Layer.provide(MemoryStore.layer({ capacity: 1_000 })))

const ids = (...all: ReadonlyArray<string>) => all.map((id) => ({ id }))

const program = Effect.gen(function*() {
  assert.deepEqual(yield* book.getMany(ids("1", "2", "3")), ["book 1", "book 2", "book 3"])
  assert.deepEqual(yield* book.getMany(ids("3", "4", "4", "1")), ["book 3", "book 4", "book 4", "book 1"])
  assert.deepEqual(batches, [["1", "2", "3"], ["4"]])
  console.log("the data source was asked for", batches)

  // Two batches that run at once and overlap: the data source is asked once for 6.
  yield* Effect.all([book.getMany(ids("5", "6")), book.getMany(ids("6", "7"))], { concurrency: 2 })
  assert.deepEqual(batches.slice(2), [["5", "6"], ["7"]])
  console.log("batches that overlap shared a key:", batches.slice(2))

  const error = yield* Effect.flip(book.getMany(ids("8", "0")))
  assert.ok(error instanceof NoSuchBook)
  assert.equal(yield* book.has({ id: "8" }), true)
  console.log("book 0 failed; book 8 of the same batch is cached")
})

await Effect.runPromise(Effect.provide(program, LibraryLive))
