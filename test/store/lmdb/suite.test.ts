/**
 * The LMDB store passes the suite of all stores, with each durability.
 */
import { describe, it } from "@effect/vitest"
import * as LmdbStore from "effect-stateless/store/LmdbStore"
import * as StoreSuite from "effect-stateless/testing/StoreSuite"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { temporaryFolder } from "../../support/folder.ts"

const onto = (durability: "process" | "flushed") =>
  Effect.map(temporaryFolder, (path) => LmdbStore.layer({ path, durability }))

for (const durability of ["process", "flushed"] as const) {
  StoreSuite.run({ describe, it }, `LmdbStore, ${durability},`, Layer.unwrap(onto(durability)), {
    restarts: onto(durability)
  })
}
