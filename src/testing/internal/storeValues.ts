/**
 * Tests of `StoreSuite` for names with any characters, and for values with bytes.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Codec from "../../store/Codec.ts"
import type { Entry } from "../../store/Entry.ts"
import { Store } from "../../store/Store.ts"
import {
  check,
  entry,
  family,
  keys,
  numbered,
  opened,
  type Promised,
  type Restarted,
  same,
  stamps,
  textOf
} from "./promise.ts"

const oddKeys: ReadonlyArray<Promised> = [
  [
    "a tier never confuses two keys",
    Effect.gen(function*() {
      const users = yield* opened()
      yield* users.setMany(keys.map((key, at) => [key, entry(`${at}`)]))
      const found = yield* users.getMany(keys)
      yield* same(found.map((found) => found?.entry.value.text), keys.map((_, at) => `${at}`))
      const listed = yield* Stream.runCollect(users.entries)
      yield* same(new Set(listed.map(([key]) => key)), new Set(keys))
      for (const [at, key] of keys.entries()) {
        yield* users.remove([key])
        yield* same(yield* users.get(key), undefined)
        const next = keys[at + 1]
        if (next !== undefined) yield* same(yield* textOf(users, next), `${at + 1}`)
      }
    })
  ]
]

// A schema with bytes at several depths. A driver may return bytes as views of a buffer that it uses again later.
const Album = Schema.Struct({
  cover: Schema.Uint8Array,
  pages: Schema.Array(Schema.Struct({ photo: Schema.NullOr(Schema.Uint8Array) })),
  byName: Schema.ReadonlyMap(Schema.String, Schema.Uint8Array)
})

/** Makes an album in which every byte is `byte`. */
const album = (byte: number, length: number): Entry<typeof Album.Type> => {
  const bytes = () => new Uint8Array(length).fill(byte)
  return {
    ...entry(""),
    value: { cover: bytes(), pages: [{ photo: bytes() }, { photo: null }], byName: new Map([["a", bytes()]]) }
  }
}

const bytesOf = ({ byName, cover, pages }: typeof Album.Type): ReadonlyArray<Uint8Array> => [
  cover,
  ...pages.flatMap(({ photo }) => photo === null ? [] : [photo]),
  ...byName.values()
]

/** Checks that the bytes of an album are those that were written, have the promised type, and share no memory. */
const checkAlbum = (found: typeof Album.Type | undefined, byte: number, length: number) =>
  Effect.gen(function*() {
    const all = found === undefined ? [] : bytesOf(found)
    yield* same(all.length, 3)
    for (const bytes of all) {
      yield* same(Array.from(bytes), Array.from({ length }, () => byte))
      yield* check(
        Object.getPrototypeOf(bytes) === Uint8Array.prototype && bytes.buffer.byteLength === bytes.length,
        `expected a Uint8Array over ${length} bytes and found ${bytes.constructor.name} over ${bytes.buffer.byteLength}`
      )
    }
  })

const openedAs = <V>(name: string, codec: Codec.Codec<V>) =>
  Store.use((store) => store.open<V>({ ...family(name), codec, weigher: undefined, onEvict: undefined }))

/** Tests of names and bytes for every tier. */
export const always: ReadonlyArray<Promised> = [
  ...oddKeys,
  [
    "a tier never confuses two families, whatever their names",
    Effect.gen(function*() {
      const names = [...keys, "a b", "a", "a/b", "a|b", "a%7Cb", "0:", "family:a"]
      const partitions = yield* Effect.forEach(names, (name) => opened(name))
      for (const [at, partition] of partitions.entries()) yield* partition.set("1", entry(`${at}`))
      for (const [at, partition] of partitions.entries()) yield* same(yield* textOf(partition, "1"), `${at}`)
      yield* partitions[0]!.clear
      yield* same(yield* Effect.forEach(partitions.slice(0, 2), (each) => textOf(each, "1")), [undefined, "1"])
    })
  ],
  [
    "bytes that were read do not change, whatever is read and written later",
    Effect.gen(function*() {
      const albums = yield* openedAs("album", Codec.schema(Album))
      const users = yield* opened()
      const lengths = [4, 300, 5_000]
      yield* albums.setMany(lengths.map((length, at) => [`${at}`, album(at + 1, length)]))
      yield* users.setMany(numbered(50))
      yield* Stream.runCollect(albums.entries)
      const once = yield* Effect.forEach(lengths, (_, at) => albums.get(`${at}`))
      const again = yield* albums.getMany(lengths.map((_, at) => `${at}`))
      const listed = new Map(yield* Stream.runCollect(albums.entries))
      yield* users.getMany(Array.from({ length: 50 }, (_, n) => `${n}`))
      yield* albums.setMany(lengths.map((length, at) => [`${at}`, album(at + 100, length)]))
      yield* albums.getMany(lengths.map((_, at) => `${at}`))
      for (const [at, length] of lengths.entries()) {
        yield* checkAlbum(once[at]?.entry.value, at + 1, length)
        yield* checkAlbum(again[at]?.entry.value, at + 1, length)
        yield* checkAlbum(listed.get(`${at}`)?.value, at + 1, length)
      }
    })
  ],
  [
    "a value does not share its bytes, even if its codec does not copy them",
    Effect.gen(function*() {
      // This codec does not copy, so the tier must.
      const plain: Codec.Codec<Uint8Array> = { encode: Effect.succeed, decode: Effect.succeed }
      const files = yield* openedAs("file", plain)
      const file = (byte: number): Entry<Uint8Array> => ({ ...entry(""), value: new Uint8Array(8).fill(byte) })
      yield* files.setMany([["1", file(1)], ["2", file(2)]])
      // An entry that is still on its way to a disk may be read from another place.
      yield* Stream.runCollect(files.entries)
      const first = yield* files.get("1")
      yield* files.get("2")
      yield* files.set("1", file(3))
      yield* files.get("2")
      yield* same(Array.from(first?.entry.value ?? []), Array.from({ length: 8 }, () => 1))
    })
  ]
]

/** Tests of names and bytes for a tier that outlives its process. */
export const restarted: ReadonlyArray<Restarted> = [
  {
    name: "names, keys, tags and scopes with any characters are the same after a restart",
    before: Effect.gen(function*() {
      const store = yield* Store
      for (const [at, name] of keys.entries()) {
        const partition = yield* opened(name)
        yield* partition.set(name, { ...entry(`${at}`), tags: [name] })
      }
      yield* store.recordMarks(keys.map((scope, at) => ({ scope, stamp: at + 1 })))
    }),
    after: Effect.gen(function*() {
      const store = yield* Store
      for (const [at, name] of keys.entries()) {
        const partition = yield* opened(name)
        const found = yield* Stream.runCollect(partition.entries)
        yield* same(found.map(([key, { tags, value }]) => [key, value.text, tags]), [[name, `${at}`, [name]]])
      }
      yield* same(stamps((yield* store.loadMarks).marks), new Map(keys.map((scope, at) => [scope, at + 1])))
    })
  },
  {
    name: "a value does not share its bytes after a restart, and they do not change",
    before: Effect.gen(function*() {
      const albums = yield* openedAs("album", Codec.schema(Album))
      yield* albums.setMany([["1", album(1, 40)], ["2", album(2, 40)]])
    }),
    after: Effect.gen(function*() {
      const albums = yield* openedAs("album", Codec.schema(Album))
      const first = yield* albums.get("1")
      yield* albums.get("2")
      yield* checkAlbum(first?.entry.value, 1, 40)
    })
  }
]
