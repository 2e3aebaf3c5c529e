/**
 * The index as a layer: its modules over two tiers, memory and a folder that outlives the process.
 *
 * Each start has an engine and a memory of its own, even if one start runs inside another. Effect would share their
 * layers, so the layers are made fresh.
 */
import { Layer } from "effect"
import * as LmdbStore from "effect-stateless/store/LmdbStore"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import * as TieredStore from "effect-stateless/store/TieredStore"
import { FactsLive, FolderLive, ProjectLive } from "./derived.ts"
import { FileLive, ListingLive, Root } from "./disk.ts"
import { Index } from "./Index.ts"

// In bytes, because the weighers of the families count bytes.
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
