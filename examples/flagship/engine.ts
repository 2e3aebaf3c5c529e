/**
 * The index as a layer: its modules over two tiers, memory and a folder that outlives the process.
 *
 * Each start has an engine and a memory of its own, also where one runs inside another: Effect would share the layers of
 * both, so they are made fresh.
 */
import { Layer } from "effect"
import * as LmdbStore from "effect-stateless/store/LmdbStore"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import * as TieredStore from "effect-stateless/store/TieredStore"
import { FactsLive, FolderLive, ProjectLive } from "./derived.ts"
import { FileLive, ListingLive, Root } from "./disk.ts"
import { Index } from "./Index.ts"

// By the families' weighers, which count bytes.
const memoryBytesMax = 128 * 1024 * 1024
const diskBytesMax = 4 * 1024 * 1024 * 1024

const modules = Index.modules({
  listing: ListingLive,
  file: FileLive,
  facts: FactsLive,
  folder: FolderLive,
  project: ProjectLive
})

export const memoryOnly = (root: string) =>
  modules.pipe(
    Layer.provide(MemoryStore.layer({ weightMax: memoryBytesMax })),
    Layer.provideMerge(Layer.succeed(Root, { path: root })),
    Layer.fresh
  )

export const memoryOverDisk = (root: string, cache: string) =>
  modules.pipe(
    Layer.provide(TieredStore.layer([
      MemoryStore.layer({ weightMax: memoryBytesMax }),
      LmdbStore.layer({ path: cache, durability: "process", bytesMax: diskBytesMax })
    ])),
    Layer.provideMerge(Layer.succeed(Root, { path: root })),
    Layer.fresh
  )
