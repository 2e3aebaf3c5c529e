/**
 * Asks the registry for known vulnerabilities of the packages that a user installs: the peer dependencies, and their
 * dependencies.
 *
 * `npm audit --omit=dev` cannot do this. The peer dependencies are development dependencies here, so npm leaves them
 * out, and finds nothing. This program asks for all packages. It fails for a package that a user installs, and only
 * shows the others. If the registry does not answer, the program says that it did not run, and does not fail.
 */
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"

export interface Lock {
  readonly packages: Readonly<Record<string, LockEntry>>
}

interface LockEntry {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** The output of `npm audit --json`: the findings of each package, or the reason why there are none. */
export interface Report {
  readonly message?: string
  readonly vulnerabilities?: Readonly<Record<string, Vulnerability>>
}

interface Vulnerability {
  readonly name: string
  readonly severity: string
  readonly nodes: ReadonlyArray<string>
}

export type Verdict =
  | { readonly ran: false; readonly why: string }
  | { readonly ran: true; readonly refused: ReadonlyArray<string>; readonly others: ReadonlyArray<string> }

/** The place where a package finds another one: in its own folder, or in the nearest folder around it. */
const placeOf = ({ packages }: Lock, from: string, name: string): string | undefined => {
  for (let folder = from;; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const place = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`
    if (place in packages) return place
    if (folder === "") return undefined
  }
}

/** The places of the lockfile that a user of the package installs. */
export const installedBy = (lock: Lock): ReadonlySet<string> => {
  const places = new Set<string>()
  const visit = (from: string, names: Readonly<Record<string, string>> | undefined): void => {
    for (const name of Object.keys(names ?? {})) {
      const place = placeOf(lock, from, name)
      if (place === undefined || places.has(place)) continue
      places.add(place)
      const { dependencies, optionalDependencies, peerDependencies } = lock.packages[place]!
      for (const needed of [dependencies, optionalDependencies, peerDependencies]) visit(place, needed)
    }
  }
  const root = lock.packages[""]!
  visit("", root.dependencies)
  visit("", root.peerDependencies)
  return places
}

export const judge = (lock: Lock, report: Report): Verdict => {
  if (report.vulnerabilities === undefined) return { ran: false, why: report.message ?? "npm gave no report" }
  const installed = installedBy(lock)
  const found = Object.values(report.vulnerabilities)
  const isInstalled = ({ nodes }: Vulnerability) => nodes.some((place) => installed.has(place))
  const show = ({ name, severity }: Vulnerability) => `${name}: ${severity}`
  return {
    ran: true,
    refused: found.filter(isInstalled).map(show),
    others: found.filter((one) => !isInstalled(one)).map(show)
  }
}

const reportOf = (text: string): Report => {
  try {
    return JSON.parse(text) as Report
  } catch {
    return { message: text.trim() === "" ? "npm printed nothing" : text.trim() }
  }
}

if (process.argv[1] === import.meta.filename) {
  const root = join(import.meta.dirname, "..")
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as Lock
  const { error, stdout } = spawnSync("npm", ["audit", "--json"], { cwd: root, encoding: "utf8", timeout: 120_000 })
  const verdict = judge(lock, error === undefined ? reportOf(stdout) : { message: error.message })
  if (!verdict.ran) console.error(`DID NOT RUN: the registry gave no answer about vulnerabilities: ${verdict.why}`)
  else {
    for (const one of verdict.others) console.log(`installed by developers only: ${one}`)
    for (const one of verdict.refused) console.error(`installed by users: ${one}`)
    const count = installedBy(lock).size
    console.log(`${verdict.refused.length} vulnerabilities in the ${count} packages that a user may install`)
    if (verdict.refused.length > 0) process.exitCode = 1
  }
}
