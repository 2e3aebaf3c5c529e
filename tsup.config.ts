import { readFile } from "node:fs/promises"
import { defineConfig } from "tsup"
import { toPublished } from "./.ci/publish.ts"

const publish = {
  name: "publish",
  setup(build: { onLoad: Function }) {
    build.onLoad({ filter: /\.ts$/ }, async ({ path }: { path: string }) => ({
      loader: "ts",
      contents: toPublished(path, await readFile(path, "utf8"))
    }))
  }
}

/** Keeps a barrel a list of exports. Bundlers see through a list, but not through an object of all exports. */
const barrels = {
  name: "barrels",
  setup(build: { onResolve: Function }) {
    build.onResolve(
      { filter: /^\./ },
      ({ importer, path }: { importer: string; path: string }) =>
        importer.endsWith("index.ts") ? { path, external: true } : undefined
    )
  }
}

const shared = {
  format: "esm",
  target: "es2023",
  splitting: false,
  dts: false,
  clean: true
} as const

export default defineConfig([
  // One file for each public module, and one for each group of modules that the same public modules use; the
  // declarations come from `tsc` (see `build`).
  {
    ...shared,
    entry: ["src/**/*.ts", "!src/cli/**", "!src/**/{internal,shared,types,engine,transactions}/**"],
    outDir: "dist",
    bundle: true,
    splitting: true,
    removeNodeProtocol: false,
    sourcemap: true,
    esbuildPlugins: [barrels, publish],
    esbuildOptions: (options: { chunkNames?: string }) => {
      options.chunkNames = "chunks/[name]-[hash]"
    }
  },
  // The command line is one file that holds what it uses of `@effect/platform-node`, so that `npx stateless` runs in a
  // project that has installed this package and `effect` only.
  {
    ...shared,
    entry: { main: "src/cli/main.ts" },
    outDir: "dist/cli",
    platform: "node",
    bundle: true,
    treeshake: true,
    noExternal: [/^@effect\/platform-node/],
    external: [/^effect(\/|$)/],
    footer: {
      js: "/*! Holds parts of @effect/platform-node. MIT License. Copyright (c) 2023 Effectful Technologies Inc */"
    }
  }
])
