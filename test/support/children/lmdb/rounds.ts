/**
 * Writes rounds until it is killed. Round N has the entries of two families (one with a codec that waits), the removal
 * of the entry that the round before has set in a third family, and a mark. Prints `N` when a round has returned.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Fs from "node:fs"
import * as Codec from "../../../../src/store/Codec.ts"
import * as LmdbStore from "../../../../src/store/lmdb/LmdbStore.ts"
import { entryOf, textFamily } from "../../partition.ts"

const [path, count, first] = process.argv.slice(2)

const plain = Codec.schema(Schema.String)

const family = (name: string, codec = plain) => textFamily(name, { codec })
const waiting: Codec.Codec<string> = {
  ...plain,
  encode: (value) => Effect.andThen(Effect.yieldNow, plain.encode(value))
}

const entry = (round: number) => entryOf(`${round} `.padEnd(20 + round % 300, "x"), { stamp: round, version: round })

await Effect.runPromise(Effect.scoped(Effect.gen(function*() {
  const store = yield* LmdbStore.make({ path: path!, durability: "process" })
  const [many, some, trail] = [
    yield* store.open(family("many")),
    yield* store.open(family("some", waiting)),
    yield* store.open(family("trail"))
  ]
  const prepare = Effect.fnUntraced(function*(
    partition: typeof many,
    keys: ReadonlyArray<string>,
    round: number,
    removed: ReadonlyArray<string> = []
  ) {
    const set = yield* Effect.forEach(
      keys,
      (key) => Effect.map(partition.prepare(key, entry(round)), (prepared) => ({ key, entry: entry(round), prepared }))
    )
    return { partition, cleared: false, removed, set }
  })
  const keys = Array.from({ length: Number(count) }, (_, n) => `${n}`)
  for (let round = Number(first) + 1;; round++) {
    yield* store.write({
      changes: [
        yield* prepare(many, keys, round),
        yield* prepare(some, ["first", "last"], round),
        yield* prepare(trail, [`${round}`], round, [`${round - 1}`])
      ],
      marks: [{ scope: "round", stamp: round }]
    })
    Fs.writeSync(1, `${round}\n`)
  }
})))
