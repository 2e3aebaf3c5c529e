/**
 * Completes package-lock.json: every optional package that a locked package names gets an entry.
 *
 * If a registry does not serve the metadata of an optional platform package, npm leaves the package out of the
 * lockfile. It then refuses its own lockfile ("Missing: … from lock file") in `npm ci`. An entry without `integrity`
 * makes `npm ci` install the named version where the platform asks for it and skip it everywhere else.
 */
import { readFileSync, writeFileSync } from "node:fs"

interface LockEntry {
  readonly version?: string
  readonly dev?: boolean
  readonly peer?: boolean
  readonly optional?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly os?: ReadonlyArray<string>
  readonly cpu?: ReadonlyArray<string>
}

const operatingSystems = [
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
  "aix"
]
const processors = [
  ["riscv64", "riscv64"],
  ["loong64", "loong64"],
  ["s390x", "s390x"],
  ["ppc64", "ppc64"],
  ["mips64el", "mips64el"],
  ["arm64", "arm64"],
  ["arm", "arm"],
  ["ia32", "ia32"],
  ["x64", "x64"]
] as const

const platformOf = (name: string): Pick<LockEntry, "os" | "cpu"> => {
  const os = operatingSystems.find((candidate) => name.includes(candidate))
  const cpu = processors.find(([candidate]) => name.includes(candidate))
  // A package whose name does not contain its platform would be installed on every platform, so this is an error.
  if (os === undefined || cpu === undefined) throw new Error(`package-lock.json: no platform in the name \`${name}\``)
  return { os: [os], cpu: [cpu[1]] }
}

const lockfile = new URL("../package-lock.json", import.meta.url)
const lock = JSON.parse(readFileSync(lockfile, "utf8")) as { packages: Record<string, LockEntry> }
let added = 0
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (lock.packages[`${path}/node_modules/${name}`] !== undefined) continue
    if (lock.packages[`node_modules/${name}`] !== undefined) continue
    lock.packages[`node_modules/${name}`] = {
      version,
      ...platformOf(name),
      ...(entry.dev === true ? { dev: true } : {}),
      ...(entry.peer === true ? { peer: true } : {}),
      optional: true
    }
    added++
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, "en")))
writeFileSync(lockfile, `${JSON.stringify(lock, undefined, 2)}\n`)
console.log(`package-lock.json: ${added} optional packages added`)
