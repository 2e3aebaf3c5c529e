/**
 * Ends the command where its Node is too old, before any module that needs a later one is evaluated. So `main.ts`
 * imports this first.
 */
import { readFileSync } from "node:fs"

// `src/cli` and `dist/cli` are both two folders below the file.
const { engines, version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  readonly version: string
  readonly engines: { readonly node: string }
}

/** What to say to a Node that is older than `least`, such as `>=22.19.0`; `undefined` if it is not. */
export const tooOld = (node: string, least: string): string | undefined => {
  const [have, want] = [node, least].map((text) => (text.match(/\d+/g) ?? []).map(Number))
  const at = want!.findIndex((part, i) => part !== have![i])
  return at < 0 || (have![at] ?? 0) > want![at]!
    ? undefined
    : `stateless: this needs Node ${want!.join(".")} or later, and runs on Node ${node}`
}

const refused = tooOld(process.versions.node, engines.node)
if (refused !== undefined) {
  process.stderr.write(`${refused}\n`)
  process.exit(2)
}

/** The version of the package. */
export { version }
