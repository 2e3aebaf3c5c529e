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

const shared = {
  format: "esm",
  target: "es2023",
  splitting: false,
  dts: false,
  clean: true
} as const

export default defineConfig([
  // One file per module, so that subpath exports and tree shaking work; the declarations come from `tsc` (see `build`).
  {
    ...shared,
    entry: ["src/**/*.ts", "!src/cli/**"],
    outDir: "dist",
    bundle: false,
    sourcemap: true,
    esbuildPlugins: [publish]
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
