/**
 * One LMDB environment for each folder in a process, shared by all who open that folder.
 *
 * - The folder is looked at before the driver is: on a damaged file, a folder in the place of a file, or a file that
 *   may not be written, the driver ends the process instead of throwing.
 * - The environment says which format it holds. One of the future is refused.
 * - Opening and closing take turns, so that a folder is never open twice.
 *
 * Not here: damage inside pages. LMDB keeps no checksums of its own; each record has one (`lmdbRecord`).
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import type { Database, DatabaseOptions, RootDatabase } from "lmdb"
import * as Lmdb from "lmdb"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { InvalidStoreOptions, StoreError, TierFailed, TierFull } from "../StoreError.ts"
import { keyEncoder } from "./lmdbKey.ts"

/** The name by which this tier goes in answers and errors. */
export const tierName = "lmdb"

/** The layout of databases, keys and records. */
const formatVersion = 1
const formatDatabase = "effect-stateless"
const formatKey = "format"

// Four databases for each namespace, and one that says the format. LMDB visits each open database when a transaction
// begins, so the bound is not larger than it needs to be.
const namespacesMax = 24
const databasesMax = 1 + 4 * namespacesMax

/** LMDB cannot report that the disk is full while it opens. */
const freeBytesMin = 1_048_576

/** The databases of one namespace. */
export interface Databases {
  /** Entry key to record. */
  readonly entries: Database<Buffer, string>
  /** Rank (`lmdbKey`) of every record, in the order in which entries leave. */
  readonly order: Database<Buffer, Buffer>
  /** Invalidation marks by scope. */
  readonly marks: Database<Buffer, string>
  /** Family numbers and the stamp ceiling. */
  readonly state: Database<Buffer, string>
}

/** An open folder. */
export interface Environment {
  readonly path: string
  readonly root: RootDatabase<Buffer, string>
  /** What is shared by all who opened the same namespace; the store decides what that is. */
  readonly tiers: Map<string, { readonly tier: unknown; readonly close: Effect.Effect<void>; references: number }>
}

const environments = new Map<string, Environment>()
const turns = Semaphore.makeUnsafe(1)

/**
 * Opens the folder and the namespace, or joins those who have; `make` runs for the first of them. What is returned
 * must be given back once.
 */
export const acquire = <A>(
  options: { readonly path: string; readonly namespace: string; readonly readersMax: number },
  make: (databases: Databases, root: RootDatabase<Buffer, string>) => Effect.Effect<
    { readonly tier: A; readonly close: Effect.Effect<void> },
    StoreError
  >
): Effect.Effect<{ readonly tier: A; readonly release: Effect.Effect<void> }, StoreError> =>
  turns.withPermit(Effect.uninterruptible(Effect.gen(function*() {
    const path = yield* Effect.fromResult(resolveFolder(options.path))
    let environment = environments.get(path)
    if (environment === undefined) {
      environment = yield* open(path, options.readersMax)
      environments.set(path, environment)
    }
    const { root, tiers } = environment
    const shared = tiers.get(options.namespace)
    if (shared !== undefined) {
      shared.references++
      // A namespace holds what this function's caller made of it, and there is one such caller.
      return { tier: shared.tier as A, release: release(environment, options.namespace) }
    }
    const made = yield* (tiers.size >= namespacesMax
      ? Effect.fail(invalid("namespace", `is one more than the ${namespacesMax} that a folder may hold open`))
      : Effect.flatMap(openDatabases(root, options.namespace), (databases) => make(databases, root))).pipe(
        Effect.onError(() => closeIfUnused(environment))
      )
    tiers.set(options.namespace, { ...made, references: 1 })
    return { tier: made.tier, release: release(environment, options.namespace) }
  })))

const release = (environment: Environment, namespace: string): Effect.Effect<void> =>
  turns.withPermit(Effect.suspend(() => {
    const shared = environment.tiers.get(namespace)!
    shared.references--
    if (shared.references > 0) return Effect.void
    environment.tiers.delete(namespace)
    return Effect.andThen(shared.close, closeIfUnused(environment))
  }))

// The driver waits for commits and flushes under way before it closes.
const closeIfUnused = (environment: Environment): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (environment.tiers.size > 0) return Effect.void
    environments.delete(environment.path)
    return Effect.promise(() => environment.root.close())
  })

const open = (path: string, readersMax: number): Effect.Effect<Environment, StoreError> =>
  Effect.gen(function*() {
    const fault = folderFault(path)
    if (fault !== undefined) return yield* Effect.fail(fault)
    const root = yield* attempt(() =>
      Lmdb.open<Buffer, string>({
        path,
        noSubdir: false,
        maxDbs: databasesMax,
        maxReaders: readersMax,
        eventTurnBatching: false
      })
    )
    const refused = yield* attempt(() => checkFormat(root))
    if (refused !== undefined) {
      yield* Effect.promise(() => root.close())
      return yield* Effect.fail(refused)
    }
    return { path, root, tiers: new Map() }
  })

const openDatabases = (root: RootDatabase<Buffer, string>, namespace: string): Effect.Effect<Databases, StoreError> =>
  attempt(() => ({
    entries: root.openDB<Buffer, string>(`${namespace}/entries`, textKeys),
    order: root.openDB<Buffer, Buffer>(`${namespace}/order`, { encoding: "binary", keyEncoding: "binary" }),
    marks: root.openDB<Buffer, string>(`${namespace}/marks`, textKeys),
    state: root.openDB<Buffer, string>(`${namespace}/state`, textKeys)
  }))

// The driver documents `keyEncoder` for any database, and types it for the root alone.
const textKeys: DatabaseOptions & { readonly keyEncoder: typeof keyEncoder } = { encoding: "binary", keyEncoder }

const checkFormat = (root: RootDatabase<Buffer, string>): StoreError | undefined => {
  const before = databaseCount(root)
  const formats = root.openDB<Buffer, string>(formatDatabase, { encoding: "binary" })
  const found = formats.getBinary(formatKey)
  // A process may have ended between making this database and writing to it: then it is the only one.
  if (found === undefined && before > 0 && databaseCount(root) > before) {
    return invalid("path", "holds an LMDB environment of another program")
  }
  if (found === undefined) formats.putSync(formatKey, Buffer.from([formatVersion]))
  else if (found[0] !== formatVersion) {
    return invalid("path", `holds format ${found[0]}, and this version reads format ${formatVersion}`)
  }
  return undefined
}

const databaseCount = (root: RootDatabase<Buffer, string>): number =>
  (root.getStats() as { entryCount: number }).entryCount

const resolveFolder = (path: string): Result.Result<string, StoreError> => {
  try {
    Fs.mkdirSync(path, { recursive: true })
    return Result.succeed(Fs.realpathSync(path))
  } catch (error) {
    const code = codeOf(error)
    return Result.fail(invalid(
      "path",
      code === "EEXIST" || code === "ENOTDIR"
        ? "is a file, or lies in one, and must be a folder"
        : `cannot be made: ${code}`
    ))
  }
}

const folderFault = (path: string): StoreError | undefined => {
  try {
    Fs.accessSync(path, Fs.constants.R_OK | Fs.constants.W_OK | Fs.constants.X_OK)
    const { bavail, bsize } = Fs.statfsSync(path)
    if (bavail * bsize < freeBytesMin) {
      return new StoreError({
        reason: new TierFull({ tier: tierName, operation: "open", cause: new Error(`no room left in ${path}`) })
      })
    }
    for (const name of ["data.mdb", "lock.mdb"]) {
      const stat = Fs.statSync(Path.join(path, name), { throwIfNoEntry: false })
      if (stat === undefined) continue
      if (!stat.isFile()) return invalid("path", `holds a ${name} that is not a file`)
      Fs.accessSync(Path.join(path, name), Fs.constants.R_OK | Fs.constants.W_OK)
    }
  } catch (error) {
    return invalid("path", `cannot be read and written: ${codeOf(error)}`)
  }
  const damage = dataFault(Path.join(path, "data.mdb"))
  return damage === undefined ? undefined : new StoreError({
    reason: new TierFailed({
      tier: tierName,
      operation: "open",
      cause: new Error(`${damage}; delete ${path} to begin anew`)
    })
  })
}

// Where LMDB's data format 2 keeps what is checked here, within each of the first two pages.
const metaBytes = 160
const magicAt = 24
const magic = 0xbe_ef_c0_de
const pageSizeAt = 48
const pageLastAt = 144
const transactionAt = 152

/** What is wrong with a data file, if anything: LMDB maps it unseen, and a page that is not there ends the process. */
const dataFault = (file: string): string | undefined => {
  if (!Fs.existsSync(file)) return undefined
  const handle = Fs.openSync(file, "r")
  try {
    const first = Buffer.alloc(metaBytes)
    const read = Fs.readSync(handle, first, 0, metaBytes, 0)
    if (read === 0) return undefined
    const pageSize = first.readUInt32LE(pageSizeAt)
    if (read < metaBytes || first.readUInt32LE(magicAt) !== magic || pageSize < 512 || pageSize > 65_536) {
      return "data.mdb is not an LMDB file"
    }
    const second = Buffer.alloc(metaBytes)
    if (Fs.readSync(handle, second, 0, metaBytes, pageSize) < metaBytes || second.readUInt32LE(magicAt) !== magic) {
      return "data.mdb has lost its second page"
    }
    const latest = first.readBigUInt64LE(transactionAt) > second.readBigUInt64LE(transactionAt) ? first : second
    const size = Fs.fstatSync(handle).size
    if (BigInt(size) < (latest.readBigUInt64LE(pageLastAt) + 1n) * BigInt(pageSize)) {
      return `data.mdb was cut to ${size} bytes`
    }
    return undefined
  } finally {
    Fs.closeSync(handle)
  }
}

const attempt = <A>(evaluate: () => A): Effect.Effect<A, StoreError> =>
  Effect.try({
    try: evaluate,
    catch: (cause) => new StoreError({ reason: new TierFailed({ tier: tierName, operation: "open", cause }) })
  })

const invalid = (option: string, why: string): StoreError =>
  new StoreError({ reason: new InvalidStoreOptions({ tier: tierName, option, why }) })

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : String(error)
