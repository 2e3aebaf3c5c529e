/**
 * An LMDB file, read past its store: a test looks at it, or damages it, while no store has it open.
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Lmdb from "lmdb"
import { keyEncoder } from "../../src/store/internal/textBytes.ts"
import { parseRank, rankKey } from "../../src/store/lmdb/internal/lmdbKey.ts"
import { decodeRecord, recordVersion } from "../../src/store/lmdb/internal/lmdbRecord.ts"

/** The file as it is, past the store: to look at it, and to damage it. The store must not have it open. */
export const openRaw = (path: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const root = Lmdb.open<Buffer, string>({ path, noSubdir: false, maxDbs: 32, encoding: "binary" })
      const keyed = { encoding: "binary", keyEncoder } as const
      const open = (name: string) => root.openDB<Buffer, string>(`default/${name}`, keyed)
      return {
        root,
        entries: open("entries"),
        order: root.openDB<Buffer, Buffer>("default/order", { encoding: "binary", keyEncoding: "binary" }),
        marks: open("marks"),
        state: open("state"),
        setFormat: (version: number) =>
          root.openDB<Buffer, string>("effect-stateless", { encoding: "binary" }).put("format", Buffer.from([version]))
      }
    }),
    ({ root }) => Effect.promise(() => root.close())
  )

/**
 * What must hold in the file after whatever happened: each record has its row in the order index, and no row has none.
 */
export const checkFile = (path: string) =>
  Effect.flatMap(openRaw(path), (raw) =>
    Effect.sync(() => {
      const rows = Array.from(raw.order.getKeys({ start: Buffer.from([0]) }))
      const records = Array.from(raw.entries.getRange({ start: "!", end: "~" }))
      assert.strictEqual(rows.length, records.length)
      const ranks = new Map(rows.map((rank) => [parseRank(rank).entryKey, rank]))
      for (const { key, value } of records) {
        const record = decodeRecord(value, value.length)
        assert.isDefined(record)
        assert.deepStrictEqual(ranks.get(key), rankKey(record!.entry.expiresAt, recordVersion(value), key))
      }
      return records.length
    })).pipe(Effect.scoped)
