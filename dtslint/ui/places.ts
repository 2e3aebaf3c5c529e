import { Effect } from "effect"
import * as Manifest from "../../src/manifest/Manifest.ts"
import * as LmdbStore from "../../src/store/lmdb/LmdbStore.ts"
import * as RedisStore from "../../src/store/redis/RedisStore.ts"
import { AppCache } from "../fixture.ts"

const lookup = () => Effect.succeed({ dark: true })

// Options that we have, where they are not given.
export class Families extends Manifest.Service<Families>()("Families", {
  families: {
    looked: { pattern: "looked:{id}", lookup },
    written: { pattern: "written:{id}", invalidates: ["looked:{id}"] },
    kept: { pattern: "kept:{id}", store: "memory" },
    owned: { pattern: "owned:{id}", owner: "looked" },
    old: { pattern: "old:{id}", stale: "allow" }
  }
}) {}
export class Sections extends Manifest.Service<Sections>()("Sections", { store: "memory", families: {} }) {}
export const owners = [
  AppCache.owner("prefs", { lookup, timeToLive: "1 minute" }),
  AppCache.owner("prefs", { lookup, hardTimeout: "1 minute" })
]
export const stores = [
  RedisStore.layer({ host: "localhost", namespace: "app" }),
  RedisStore.layer({ client: {}, port: 6379, namespace: "app" }),
  LmdbStore.layer({ path: "x", durability: "process", capacity: 1 })
]
