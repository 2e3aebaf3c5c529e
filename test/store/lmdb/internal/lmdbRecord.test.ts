/**
 * The bytes of records, rows, keys and ranks of an LMDB file: each is read back exactly, and a damaged one is not read.
 */
import { assert, describe, it } from "@effect/vitest"
import type { Entry } from "effect-stateless/store/Entry"
import * as fc from "fast-check"
import { keyEncoder, textBytes } from "../../../../src/store/internal/textBytes.ts"
import { parseRank, rankAfter, rankKey } from "../../../../src/store/lmdb/internal/lmdbKey.ts"
import {
  decodeRecord,
  encodeRecord,
  recordExpiresAt,
  seal,
  unseal
} from "../../../../src/store/lmdb/internal/lmdbRecord.ts"

// Any sequence of UTF-16 units, lone surrogates among them.
const text = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) })

const times = fc.oneof(fc.double({ min: 0, max: 1e15, noNaN: true }), fc.constant(Number.POSITIVE_INFINITY))

const entries: fc.Arbitrary<Entry<unknown>> = fc.record({
  value: fc.constant(undefined),
  stamp: fc.maxSafeNat(),
  version: fc.maxSafeNat(),
  freshUntil: times,
  expiresAt: times,
  costMillis: fc.double({ min: 0, max: 1e6, noNaN: true }),
  tags: fc.array(text),
  revision: fc.option(text, { nil: undefined })
})

describe("record", () => {
  it("a record gives back its entry, value and key", () =>
    fc.assert(fc.property(entries, fc.uint8Array(), fc.option(text, { nil: undefined }), (entry, value, key) => {
      const bytes = encodeRecord(entry, value, key)
      const record = decodeRecord(bytes, bytes.length)
      assert.deepStrictEqual(record?.entry, { ...entry, value: undefined })
      assert.deepStrictEqual(Uint8Array.from(record!.value), value)
      assert.strictEqual(record!.hashedKey, key)
      assert.strictEqual(recordExpiresAt(bytes, bytes.length), entry.expiresAt)
    })))

  const whole = encodeRecord(
    { ...fc.sample(entries, { numRuns: 1, seed: 7 })[0]!, tags: ["tag", "\ud800"], revision: "r" },
    Buffer.from("a value"),
    "a long key"
  )

  it("a record that is cut at any boundary is not read", () => {
    for (let size = 0; size < whole.length; size++) {
      assert.isUndefined(decodeRecord(whole, size))
      assert.isUndefined(decodeRecord(Buffer.from(whole.subarray(0, size)), size))
    }
  })

  it("a record with any flipped bit is not read", () => {
    for (let at = 0; at < whole.length * 8; at++) {
      const flipped = Buffer.from(whole)
      flipped[at >> 3]! ^= 1 << (at & 7)
      assert.isUndefined(decodeRecord(flipped, flipped.length), `bit ${at}`)
    }
  })

  // Bytes of release 0.1. They are never regenerated: a release that cannot read them loses its users' caches.
  it("a record of release 0.1 is read by every later release", () => {
    const released = Buffer.from(
      "ab791221010202000000000000001c40ec0179609028184300002665febc7842000000000000f07f000000000000294045000000020000007231010000007402000000c3a976616c7565",
      "hex"
    )
    const record = decodeRecord(released, released.length)
    assert.deepStrictEqual(record?.entry, {
      value: undefined,
      stamp: 7,
      version: 1_700_000_000_000_123,
      freshUntil: 1_700_000_060_000,
      expiresAt: Number.POSITIVE_INFINITY,
      costMillis: 12.5,
      tags: ["t", "\u00e9"],
      revision: "r1"
    })
    assert.strictEqual(Buffer.from(record!.value).toString(), "value")
  })
})

describe("sealed row", () => {
  it("a row gives back its bytes, and nothing once a byte is changed or missing", () => {
    const row = seal(Buffer.from("row"))
    assert.strictEqual(unseal(row)?.toString(), "row")
    for (let at = 0; at < row.length; at++) {
      assert.isUndefined(unseal(row.subarray(0, at)))
      const flipped = Buffer.from(row)
      flipped[at]! ^= 1
      assert.isUndefined(unseal(flipped))
    }
  })
})

describe("key", () => {
  it("a key of any text is read back from its bytes", () =>
    fc.assert(fc.property(text, (text) => {
      const bytes = textBytes(text)
      assert.strictEqual(keyEncoder.readKey(bytes, 0, bytes.length), text)
    })))

  it("a well-formed text is written as UTF-8", () =>
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
      assert.deepStrictEqual(Buffer.from(textBytes(text)), Buffer.from(text))
    })))
})

describe("ranks", () => {
  it("ranks order entries by their end, then entries without an end by age", () =>
    fc.assert(fc.property(fc.array(fc.tuple(times, fc.maxSafeNat()), { minLength: 2 }), (ends) => {
      const ranked = ends.map(([expiresAt, version]) => ({
        expiresAt,
        version,
        rank: rankKey(expiresAt, version, "1:k")
      }))
      ranked.sort((a, b) => a.rank.compare(b.rank))
      for (let at = 1; at < ranked.length; at++) {
        const [a, b] = [ranked[at - 1]!, ranked[at]!]
        assert.isTrue(
          a.expiresAt < b.expiresAt || a.expiresAt === b.expiresAt && (a.expiresAt < 1e300 || a.version <= b.version)
        )
      }
    })))

  it("a rank says when an entry ends, and which entry it is", () =>
    fc.assert(fc.property(times, times, text, (expiresAt, now, key) => {
      const rank = rankKey(expiresAt, 1, `1:${key}`)
      assert.deepStrictEqual(parseRank(rank), { expiresAt, entryKey: `1:${key}` })
      if (Number.isFinite(now)) assert.strictEqual(rank.compare(rankAfter(now)) < 0, expiresAt <= now)
    })))
})
