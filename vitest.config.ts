import { defineConfig } from "vitest/config"

const project = (name: string, include: ReadonlyArray<string>, exclude: ReadonlyArray<string> = []) => ({
  extends: true as const,
  test: { name, include: [...include], exclude: [...exclude] }
})

const special = ["model", "simulation", "integration", "types", "props", "docs"]

export default defineConfig({
  // The package imports itself by name and finds its sources, as in `npm run examples` and in `tsconfig.test.json`.
  ssr: { resolve: { conditions: ["@effect-stateless/source", "module", "node", "development|production"] } },
  test: {
    // By default, Vitest leaves one core of two idle: the suites took half an hour, and now take a quarter.
    maxWorkers: 2,
    testTimeout: 40_000,
    setupFiles: ["test/support/setup.ts"],
    reporters: process.env["STATELESS_REPORT"] === undefined ? ["default"] : ["default", "json"],
    ...(process.env["STATELESS_REPORT"] === undefined ? {} : { outputFile: { json: process.env["STATELESS_REPORT"] } }),
    projects: [
      project("unit", ["test/**/*.test.ts"], special.map((folder) => `test/${folder}/**`)),
      ...special.map((folder) => project(folder, [`test/${folder}/**/*.test.ts`]))
    ]
  }
})
