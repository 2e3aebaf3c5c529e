/**
 * One LMDB environment for each folder in a process, shared by all who open that folder.
 *
 * - The folder is looked at before the driver is: on a damaged file, a folder in the place of a file, or a file that
 *   may not be written, the driver ends the process instead of throwing.
 * - The environment says which format it holds. One of the future is refused.
 * - Opening and closing take turns, so that a folder is never open twice: not by two copies of this module either, for
 *   what is open is known to the process, and not to the module.
 * - A namespace is held by one process, and in it by one thread (`lmdbHolder`). Another one is refused before the
 *   driver waits for a lock, which a process that is stopped in the middle of a commit never gives back.
 * - A file that was removed or replaced is told by its inode.
 * - Closing ends, also when the last commit failed or never ended; the driver waits for ever then.
 *
 * Not here: damage inside pages. LMDB keeps no checksums of its own; each record has one (`lmdbRecord`).
 */
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import { type Database, type DatabaseOptions, type RootDatabase, TransactionFlags } from "lmdb"
import * as Lmdb from "lmdb"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { FolderHeld, InvalidStoreOptions, StoreError, TierFailed, TierFull } from "../StoreError.ts"
import { type Holder, holderRow, isAlive, isOwn, makeHolder, parseHolder, readersIn } from "./lmdbHolder.ts"
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

/**
 * How the writes of a namespace ended when it closed: the driver is idle; it is idle, and the last commit failed; or a
 * commit has not ended, so whatever needs the lock of the writer would wait as long.
 */
export type Ending = "idle" | "failed" | "hung"

/** What was made of a namespace. */
export interface Made<A> {
  readonly tier: A
  readonly close: Effect.Effect<Ending>
}

interface Shared extends Made<unknown> {
  references: number
  readonly free: () => void
}

/** An open folder. */
export interface Environment {
  readonly path: string
  readonly root: RootDatabase<Buffer, string>
  readonly rows: Database<Buffer, string>
  readonly isGone: () => boolean
  /** What is shared by all who opened the same namespace; the store decides what that is. */
  readonly tiers: Map<string, Shared>
  /** The worst of what its namespaces ended with. */
  ending: Ending
}

interface Registry {
  readonly environments: Map<string, Environment>
  readonly turns: Semaphore.Semaphore
}

// Of the process, for a program may have two copies of this module. The number is that of what they share.
const registryKey = Symbol.for("effect-stateless/store/LmdbStore/1")
const host = process as typeof process & { [registryKey]?: Registry }
const { environments, turns } = host[registryKey] ??= { environments: new Map(), turns: Semaphore.makeUnsafe(1) }

/** How long the driver may take to close before it is left to itself. */
const closingMax: Duration.Input = "30 seconds"

/** What is open, as its store sees it. */
export interface Opened {
  readonly databases: Databases
  readonly root: RootDatabase<Buffer, string>
  readonly path: string
  /** The file is not the one that was opened: it was removed, or another one is in its place. */
  readonly isGone: () => boolean
}

/**
 * Opens the folder and the namespace, or joins those who have; `make` runs for the first of them. What is returned
 * must be given back once.
 */
export const acquire = <A>(
  options: { readonly path: string; readonly namespace: string; readonly readersMax: number },
  make: (opened: Opened) => Effect.Effect<Made<A>, StoreError>
): Effect.Effect<{ readonly tier: A; readonly release: Effect.Effect<void> }, StoreError> =>
  turns.withPermit(Effect.uninterruptible(Effect.gen(function*() {
    const { namespace } = options
    const path = yield* Effect.fromResult(resolveFolder(options.path))
    let environment = environments.get(path)
    if (environment?.isGone() === true) {
      // Its users meet an error; who comes now gets what is there now.
      environments.delete(path)
      environment = undefined
    }
    if (environment === undefined) {
      environment = yield* open(path, namespace, options.readersMax)
      environments.set(path, environment)
    }
    const { isGone, root, tiers } = environment
    const shared = tiers.get(namespace)
    if (shared !== undefined) {
      shared.references++
      // A namespace holds what this function's caller made of it, and there is one such caller.
      return { tier: shared.tier as A, release: release(environment, namespace) }
    }
    const making = Effect.gen(function*() {
      if (tiers.size >= namespacesMax) {
        return yield* Effect.fail(
          invalid("namespace", `is one more than the ${namespacesMax} that a folder may hold open`)
        )
      }
      const free = yield* claim(environment, namespace)
      return yield* Effect.flatMap(
        openDatabases(root, namespace),
        (databases) => Effect.map(make({ databases, root, path, isGone }), (made) => ({ ...made, free }))
      ).pipe(Effect.onError(() => Effect.sync(free)))
    })
    const made = yield* Effect.onError(making, () => closeIfUnused(environment))
    tiers.set(namespace, { ...made, references: 1 })
    return { tier: made.tier, release: release(environment, namespace) }
  })))

const release = (environment: Environment, namespace: string): Effect.Effect<void> =>
  turns.withPermit(Effect.suspend(() => {
    const shared = environment.tiers.get(namespace)!
    shared.references--
    if (shared.references > 0) return Effect.void
    environment.tiers.delete(namespace)
    return Effect.flatMap(shared.close, (ending) => {
      if (environment.ending !== "hung") environment.ending = ending
      if (environment.ending !== "hung") shared.free()
      return closeIfUnused(environment)
    })
  }))

/**
 * Takes the namespace for this thread, or fails with who holds it; what is returned gives it back. Decided in a write
 * transaction.
 */
const claim = (
  { path, root, rows }: Environment,
  namespace: string
): Effect.Effect<() => void, StoreError> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => {
    const key = holderKey(namespace)
    const { holder, release } = makeHolder(path, now)
    const readers = new Set(readersIn(root.readerList()))
    readers.delete(process.pid)
    const others = () => {
      const row = rows.getBinary(key)
      const other = row === undefined ? undefined : parseHolder(row)
      return other === undefined || isOwn(other) || !isAlive(other, readers) ? undefined : other
    }
    return Effect.flatMap(
      attempt(() =>
        root.transactionSync(() => {
          const other = others()
          if (other === undefined) rows.putSync(key, holderRow(holder))
          return other
        }, visible)
      ),
      (other) =>
        other === undefined
          ? Effect.succeed(() => {
            release()
            try {
              root.transactionSync(() => rows.removeSync(key), visible)
            } catch {
              // A full disk: whoever comes next finds that this process has ended, or is this one.
            }
          })
          : Effect.andThen(Effect.sync(release), Effect.fail(held(path, namespace, other)))
    )
  })

/** Returns once others see the transaction. On Windows the driver flushes in each commit, and must not skip that. */
export const visible: TransactionFlags = process.platform === "win32"
  ? TransactionFlags.SYNCHRONOUS_COMMIT
  : TransactionFlags.SYNCHRONOUS_COMMIT | TransactionFlags.NO_SYNC_FLUSH

const holderKey = (namespace: string): string => `holder/${namespace}`

const held = (path: string, namespace: string, { host, pid, sinceMillis, thread }: Holder): StoreError =>
  new StoreError({ reason: new FolderHeld({ tier: tierName, path, namespace, pid, host, thread, sinceMillis }) })

/**
 * Who holds the namespace, if anyone: by a read that takes no lock. To open for writing waits for a transaction that is
 * under way, and the holder may have been stopped in the middle of one.
 */
const lookForHolder = (path: string, namespace: string): Effect.Effect<Holder | undefined, StoreError> =>
  Effect.flatMap(
    attempt(() => {
      if (!Fs.existsSync(Path.join(path, "data.mdb"))) return undefined
      const root = Lmdb.open<Buffer, string>({ path, noSubdir: false, readOnly: true, maxDbs: databasesMax })
      // Before the first read, so that this process is not in it.
      const readers = readersIn(root.readerList())
      const row = readHolderRow(root, namespace)
      const holder = row === undefined ? undefined : parseHolder(row)
      return { root, other: holder === undefined || isOwn(holder) || !isAlive(holder, readers) ? undefined : holder }
    }),
    (looked) =>
      looked === undefined ? Effect.undefined : Effect.as(Effect.promise(() => looked.root.close()), looked.other)
  )

const readHolderRow = (root: RootDatabase<Buffer, string>, namespace: string): Buffer | undefined => {
  if (databaseCount(root) === 0) return undefined
  // The driver answers with nothing when there is no such database, and declares neither that nor the option.
  const options: DatabaseOptions & { readonly create: false } = { encoding: "binary", create: false }
  const rows = root.openDB<Buffer, string>(formatDatabase, options) as Database<Buffer, string> | undefined
  return rows?.getBinary(holderKey(namespace))
}

/**
 * Closes what no namespace uses. The driver waits for commits and flushes under way, and for ever after a commit that
 * failed, whose flush it never settles: then it is told not to wait, for all that was under way has ended. While a
 * commit hangs nothing can be closed, so the driver is left to itself.
 */
const closeIfUnused = (environment: Environment): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { ending, path, root, tiers } = environment
    if (tiers.size > 0) return Effect.void
    if (environments.get(path) === environment) environments.delete(path)
    if (ending === "hung") return Effect.logWarning(`the ${tierName} driver hangs, and ${path} stays open`)
    if (ending === "failed") Object.defineProperty(root, "_endWrites", { value: undefined })
    return Effect.promise(() => root.close()).pipe(Effect.timeoutOrElse({
      duration: closingMax,
      orElse: () => Effect.logWarning(`the ${tierName} driver did not close, and ${path} stays open`)
    }))
  })

const open = (path: string, namespace: string, readersMax: number): Effect.Effect<Environment, StoreError> =>
  Effect.gen(function*() {
    const fault = folderFault(path)
    if (fault !== undefined) return yield* Effect.fail(fault)
    const holder = yield* lookForHolder(path, namespace)
    if (holder !== undefined) return yield* Effect.fail(held(path, namespace, holder))
    const root = yield* attempt(() =>
      Lmdb.open<Buffer, string>({
        path,
        noSubdir: false,
        maxDbs: databasesMax,
        maxReaders: readersMax,
        eventTurnBatching: false
      })
    )
    const checked = yield* Effect.fromResult(checkFormat(root)).pipe(
      Effect.tapError(() => Effect.promise(() => root.close()))
    )
    return { path, root, rows: checked, isGone: watchFile(path), tiers: new Map(), ending: "idle" }
  })

/** Tells whether the data file is still the one that is there now. */
const watchFile = (path: string): () => boolean => {
  const file = Path.join(path, "data.mdb")
  const identity = () => {
    const stat = Fs.statSync(file, { bigint: true, throwIfNoEntry: false })
    return stat === undefined ? undefined : `${stat.dev}:${stat.ino}`
  }
  const opened = identity()
  return () => identity() !== opened
}

const openDatabases = (root: RootDatabase<Buffer, string>, namespace: string): Effect.Effect<Databases, StoreError> =>
  attempt(() => ({
    entries: root.openDB<Buffer, string>(`${namespace}/entries`, textKeys),
    order: root.openDB<Buffer, Buffer>(`${namespace}/order`, { encoding: "binary", keyEncoding: "binary" }),
    marks: root.openDB<Buffer, string>(`${namespace}/marks`, textKeys),
    state: root.openDB<Buffer, string>(`${namespace}/state`, textKeys)
  }))

// The driver documents `keyEncoder` for any database, and types it for the root alone.
const textKeys: DatabaseOptions & { readonly keyEncoder: typeof keyEncoder } = { encoding: "binary", keyEncoder }

const checkFormat = (root: RootDatabase<Buffer, string>): Result.Result<Database<Buffer, string>, StoreError> => {
  try {
    const before = databaseCount(root)
    const formats = root.openDB<Buffer, string>(formatDatabase, { encoding: "binary" })
    const found = formats.getBinary(formatKey)
    // A process may have ended between making this database and writing to it: then it is the only one.
    if (found === undefined && before > 0 && databaseCount(root) > before) {
      return Result.fail(invalid("path", "holds an LMDB environment of another program"))
    }
    if (found === undefined) formats.putSync(formatKey, Buffer.from([formatVersion]))
    else if (found[0] !== formatVersion) {
      return Result.fail(
        invalid("path", `holds format ${found[0]}, and this version reads format ${formatVersion}`)
      )
    }
    return Result.succeed(formats)
  } catch (cause) {
    return Result.fail(openFailed(cause))
  }
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
    catch: openFailed
  })

const openFailed = (cause: unknown): StoreError =>
  new StoreError({ reason: new TierFailed({ tier: tierName, operation: "open", cause }) })

const invalid = (option: string, why: string): StoreError =>
  new StoreError({ reason: new InvalidStoreOptions({ tier: tierName, option, why }) })

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : String(error)
