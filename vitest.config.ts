import { defineConfig } from "vitest/config"

export default defineConfig({
  resolve: {
    alias: [{ find: /^effect-stateless$/, replacement: `${import.meta.dirname}/src/index.ts` }, {
      find: /^effect-stateless\/(.*)$/,
      replacement: `${import.meta.dirname}/src/$1.ts`
    }]
  },
  test: { include: ["test/**/*.test.ts"], testTimeout: 20_000 }
})
