/**
 * Runs before each test file: the number of runs and the seed of the environment reach fast-check.
 *
 * `npm run test:props -- --runs 10000 --seed 42` runs every property more often, or again, without a change of a test.
 */

const number = (name: string): number | undefined => {
  const text = process.env[name]
  if (text === undefined || text === "") return undefined
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new Error(`${name} must be a whole number, not \`${text}\``)
  return value
}

const numRuns = number("STATELESS_RUNS")
const seed = number("STATELESS_SEED")
if (numRuns !== undefined || seed !== undefined) {
  // Loaded only when it is asked for: every test file pays for what its setup imports.
  const fc = await import("fast-check")
  fc.configureGlobal({
    ...fc.readConfigureGlobal(),
    ...(numRuns === undefined ? {} : { numRuns }),
    ...(seed === undefined ? {} : { seed })
  })
}

export {}
