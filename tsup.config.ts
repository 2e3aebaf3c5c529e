import { readFile } from "node:fs/promises"
import { defineConfig } from "tsup"
import { toPublished } from "./.ci/publish.ts"

// One file per module, so that subpath exports and tree shaking work; the declarations come from `tsc` (see `build`).
export default defineConfig({
  entry: ["src/**/*.ts"],
  outDir: "dist",
  format: "esm",
  target: "es2023",
  bundle: false,
  splitting: false,
  dts: false,
  sourcemap: true,
  clean: true,
  esbuildPlugins: [{
    name: "publish",
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, async ({ path }) => ({
        loader: "ts",
        contents: toPublished(path, await readFile(path, "utf8"))
      }))
    }
  }]
})
