/** A ledger in an LMDB folder keeps the laws. */
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as LedgerNode from "../../../src/store/internal/ledger/ledgerNode.ts"
import * as LmdbPlace from "../../support/ledger/lmdbPlace.ts"
import { run } from "../../support/ledger/suite.ts"

const ground = Effect.gen(function*() {
  const path = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "ledger-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true }))
  )
  const place = yield* LmdbPlace.make({ path, recordsMax: 10_000, recordsPerAnswer: 64 })
  return {
    pass: (millis: number) => Effect.sleep(millis + 20),
    shortMillis: 200,
    connect: LedgerNode.make(place, { answerMillis: 5_000 })
  }
})

run("LmdbPlace", ground, it.live)
