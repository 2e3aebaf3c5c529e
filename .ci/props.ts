/**
 * Runs the property suite alone: `npm run test:props -- [--runs N] [--seed N] [any option or filter of vitest]`.
 *
 * A test that names its own `numRuns` keeps it. A failure prints the seed and the path that repeat it.
 */
import { spawnSync } from "node:child_process"
import { parseArgs } from "node:util"

const { positionals, tokens, values } = parseArgs({
  allowPositionals: true,
  strict: false,
  tokens: true,
  options: { runs: { type: "string" }, seed: { type: "string" } }
})
const others = tokens.flatMap((token) =>
  token.kind === "option" && token.name !== "runs" && token.name !== "seed"
    ? [token.value === undefined ? token.rawName : `${token.rawName}=${token.value}`]
    : []
)
const { error, status } = spawnSync("vitest", ["run", "--project", "props", ...others, ...positionals], {
  stdio: "inherit",
  env: {
    ...process.env,
    ...(values["runs"] === undefined ? {} : { STATELESS_RUNS: String(values["runs"]) }),
    ...(values["seed"] === undefined ? {} : { STATELESS_SEED: String(values["seed"]) })
  }
})
if (error !== undefined) throw error
process.exitCode = status ?? 1
