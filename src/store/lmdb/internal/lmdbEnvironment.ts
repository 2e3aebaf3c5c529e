/**
 * One LMDB environment for each folder in a process, shared by all stores that open the folder.
 *
 * - The folder is checked before the driver opens it: on a damaged file, on a folder in the place of a file, or on a
 *   file that may not be written, the driver ends the process instead of throwing.
 * - The environment names its format. A later format is refused.
 * - Opening and closing take turns, so that a folder is never open twice. Two copies of this module share the list of
 *   open folders, because the list belongs to the process and not to the module. Its key is the data file, by whatever
 *   path.
 * - A folder is held by one process, and each namespace by one of its threads (`lmdbHolder`). A second one is refused
 *   before the driver is called: its opening could take back commits of the first process, or wait for locks that a
 *   stopped process, or a process of another container, does not release.
 * - A data file or a lock file that was removed or replaced is detected by its device and inode. While a process still
 *   has the former one open, no other process opens the folder: the driver would write pages of one file under two
 *   locks, or wait without end, as it closes, for a transaction of another file.
 * - A data file with a second path through another folder is opened where it lies, next to its lock, or is refused.
 * - A first opening that was killed leaves an empty file, which counts as a new one.
 * - Closing ends even when the last commit failed or never ended; the driver alone would wait for ever.
 * - The driver is neither loaded nor asked to open while few file descriptors are free: when it gets none, it ends the
 *   process, and Node keeps the error of a module that could not be loaded.
 *
 * Not here: the check of the file's pages (`lmdbDataFile`), and damage inside values. LMDB keeps no checksums of its
 * own; each record has one (`lmdbRecord`).
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { hasProperty } from "effect/Predicate"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import type { Database, DatabaseOptions, RootDatabase, TransactionFlags } from "lmdb"
import * as Fs from "node:fs"
import { devNull } from "node:os"
import * as Path from "node:path"
import { forkOutside } from "../../../capability/shared/outside.ts"
import { refused } from "../../internal/given.ts"
import { keyEncoder } from "../../internal/textBytes.ts"
import * as AnswerTime from "../../shared/answerTime.ts"
import * as BackgroundTimer from "../../shared/backgroundTimer.ts"
import { FolderHeld, StoreError, TierFailed, TierFull } from "../../StoreError.ts"
import { dataFault, isHollow, pageFault } from "./lmdbDataFile.ts"
import { beatMillis, type Files, type Holder, isForeign, tableOf } from "./lmdbHolder.ts"
import { type Claim, take } from "./lmdbHolders.ts"

/** The name of this tier in answers and errors. */
export const tierName = "lmdb"

const formatVersion = 1
const formatDatabase = "effect-stateless"
const formatKey = "format"

// There are four databases for each namespace, and one for the format. LMDB visits each open database when a
// transaction begins, so the bound is no larger than needed.
const namespacesMax = 24
const databasesMax = 1 + 4 * namespacesMax

const dataName = "data.mdb"
const lockName = "lock.mdb"

/** LMDB cannot report that the disk is full while it opens. */
const freeBytesMin = 1_048_576

/** File descriptors that must be free. An opening keeps six; the others are for what other threads take meanwhile. */
const freeHandlesMin = 16

/** The databases of one namespace. */
export interface Databases {
  /** Entry key to record. */
  readonly entries: Database<Buffer, string>
  /** Rank (`lmdbKey`) of every record, in the order in which entries are evicted. */
  readonly order: Database<Buffer, Buffer>
  /** Invalidation marks by scope. */
  readonly marks: Database<Buffer, string>
  /** Family numbers and the stamp ceiling. */
  readonly state: Database<Buffer, string>
}

/**
 * The state of the driver when a namespace closed: idle; idle, and the last commit failed; or hung, because a commit
 * has not ended, so that everything that needs the writer's lock would wait with it.
 */
export type Ending = "idle" | "failed" | "hung"

/** The result of opening a namespace. */
export interface Made<A> {
  readonly tier: A
  readonly close: Effect.Effect<Ending>
}

interface Shared extends Made<unknown> {
  references: number
  readonly claim: Claim
}

/** An open folder. */
export interface Environment {
  readonly path: string
  /** The data file, by device and inode. */
  readonly file: string
  /** The lock file, by device and inode. */
  readonly lock: string
  readonly root: RootDatabase<Buffer, string>
  /** Whether the opened file, or its lock, is gone: it was removed, or another one is in its place. */
  readonly isGone: () => boolean
  /** The state that all stores of one namespace share; the store decides what it holds. */
  readonly tiers: Map<string, Shared>
  /** The worst ending of its namespaces. */
  ending: Ending
}

interface Registry {
  /** By data file. */
  readonly environments: Map<string, Environment>
  readonly turns: Semaphore.Semaphore
}

// Belongs to the process, because a program may load two copies of this module. The number is the version of its
// layout.
const registryKey = Symbol.for("effect-stateless/store/LmdbStore/2")
const host = process as typeof process & { [registryKey]?: Registry }
const { environments, turns } = host[registryKey] ??= { environments: new Map(), turns: Semaphore.makeUnsafe(1) }

/** The time limit for the driver to close; after it, the environment stays open. */
const closingMillisMax = 30_000

/** An open namespace, as its store sees it. */
export interface Opened {
  readonly namespace: string
  readonly databases: Databases
  readonly root: RootDatabase<Buffer, string>
  readonly path: string
  /** Whether the opened file is gone, or belongs to another process by now. */
  readonly isGone: () => boolean
}

/**
 * Opens the folder and the namespace, or joins the stores that have it open; `make` runs for the first of them. The
 * caller must release the result once.
 */
export const acquire = <A>(
  options: { readonly path: string; readonly namespace: string; readonly readersMax: number },
  make: (opened: Opened) => Effect.Effect<Made<A>, StoreError>
): Effect.Effect<{ readonly tier: A; readonly release: Effect.Effect<void> }, StoreError> =>
  turns.withPermit(Effect.uninterruptible(Effect.gen(function*() {
    const { namespace } = options
    const path = yield* Effect.fromResult(resolveFolder(options.path))
    const known = yield* findOpen(path)
    const shared = known?.tiers.get(namespace)
    if (known !== undefined && shared !== undefined) {
      shared.references++
      // Only one caller of this function exists, so the type of the namespace's state is the caller's.
      return { tier: shared.tier as A, release: release(known, namespace) }
    }
    if (known !== undefined && known.tiers.size >= namespacesMax) {
      return yield* Effect.fail(
        invalid(
          "namespace",
          `cannot be opened: ${namespacesMax} namespaces of the folder are open, which is the maximum`
        )
      )
    }
    const { claim, environment } = known === undefined
      ? yield* open(path, namespace, options.readersMax)
      : {
        environment: known,
        claim: yield* claimNamespace(known.path, { data: known.file, lock: known.lock }, namespace)
      }
    environments.set(environment.file, environment)
    const { root, tiers } = environment
    const isGone = () => environment.isGone() || !claim.isHeld()
    const made = yield* openDatabases(root, namespace).pipe(
      Effect.flatMap((databases) => make({ namespace, databases, root, path: environment.path, isGone })),
      Effect.onError(() => leave(environment, claim))
    )
    tiers.set(namespace, { ...made, claim, references: 1 })
    return { tier: made.tier, release: release(environment, namespace) }
  })))

/** The open environment of a folder, unless its users meet an error; then the next caller opens the folder again. */
const findOpen = (path: string): Effect.Effect<Environment | undefined, StoreError> =>
  attempt(() => {
    const file = identityOf(Path.join(path, dataName))
    const environment = file === undefined ? undefined : environments.get(file)
    if (environment === undefined) return undefined
    const isLost = Array.from(environment.tiers.values()).some(({ claim }) => !claim.isHeld())
    if (!isLost && !environment.isGone()) return environment
    environments.delete(environment.file)
    return undefined
  })

const release = (environment: Environment, namespace: string): Effect.Effect<void> =>
  turns.withPermit(Effect.suspend(() => {
    const shared = environment.tiers.get(namespace)!
    shared.references--
    if (shared.references > 0) return Effect.void
    environment.tiers.delete(namespace)
    return Effect.flatMap(shared.close, (ending) => {
      if (environment.ending !== "hung") environment.ending = ending
      return leave(environment, shared.claim)
    })
  }))

/**
 * Closes what is no longer used, and then gives the namespace back: last, so that the next holder waits for nothing.
 */
const leave = (environment: Environment, claim: Claim): Effect.Effect<void> =>
  Effect.map(closeIfUnused(environment), (isIdle) => {
    if (isIdle) claim.release()
  })

/** Takes the namespace for this thread, or fails with the name of its holder. */
const claimNamespace = (path: string, files: Files, namespace: string): Effect.Effect<Claim, StoreError> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.flatMap(
      attempt(() => take(path, namespace, files, now)),
      (taken) => "claim" in taken ? keepBeating(taken.claim) : Effect.fail(held(path, taken.other))
    ))

// Other containers compare the beat with the time of the machine, so it comes by that time: not for each five seconds
// of a jump of `TestClock`, and not only when a test moves its clock.
const pause = BackgroundTimer.sleepByMachine(beatMillis)

const keepBeating = (claim: Claim): Effect.Effect<Claim> => {
  const beat = Effect.andThen(pause, Effect.sync(claim.beat))
  return Effect.map(forkOutside(Effect.forever(beat)), (fiber) => ({
    ...claim,
    release: () => {
      fiber.interruptUnsafe()
      claim.release()
    }
  }))
}

// `TransactionFlags` of the driver, which is not imported yet.
const synchronousCommit = 0x2
const noSyncFlush = 0x10000

// The driver is an optional package. A program without it learns so when it builds the layer.
const driver = Effect.suspend(() =>
  Effect.andThen(
    enoughHandles,
    Effect.tryPromise({
      try: () => import("lmdb"),
      catch: (cause) =>
        hasProperty(cause, "code") && cause.code === "ERR_MODULE_NOT_FOUND"
          ? invalid("lmdb", "is a package that is not installed; help: npm install lmdb@3")
          : openFailed(cause)
    })
  )
)

/**
 * Flags with which a commit returns once other readers see it. On Windows the driver flushes in each commit, and must
 * not skip that.
 */
export const visible: TransactionFlags = process.platform === "win32"
  ? synchronousCommit
  : synchronousCommit | noSyncFlush

const held = (path: string, holder: Holder): StoreError => {
  const { host, namespace, pid, sinceMillis, thread } = holder
  const table = isForeign(holder) ? tableOf(path) : undefined
  return new StoreError({
    reason: new FolderHeld({ tier: tierName, path, namespace, pid, host, thread, sinceMillis, table })
  })
}

/**
 * Closes an environment that no namespace uses; returns whether it is closed. The driver waits for commits and flushes
 * under way. After a failed commit it would wait for ever, because it never settles the flush; then it is closed
 * without waiting, since all work under way has ended. While a commit hangs nothing can be closed, so the environment
 * stays open.
 */
const closeIfUnused = (environment: Environment): Effect.Effect<boolean> =>
  Effect.suspend(() => {
    const { ending, file, path, root, tiers } = environment
    if (tiers.size > 0) return Effect.succeed(ending !== "hung")
    if (environments.get(file) === environment) environments.delete(file)
    if (ending === "hung") {
      return Effect.as(Effect.logWarning(`the ${tierName} driver hangs, and ${path} stays open`), false)
    }
    if (ending === "failed") {
      Object.defineProperty(root, "_endWrites", { value: undefined })
    }
    return Effect.promise(() => root.close()).pipe(
      Effect.as(true),
      (closed) =>
        AnswerTime.timeoutOrElse(closed, {
          duration: closingMillisMax,
          orElse: () =>
            Effect.as(Effect.logWarning(`the ${tierName} driver did not close, and ${path} stays open`), false)
        })
    )
  })

const open = (
  path: string,
  namespace: string,
  readersMax: number
): Effect.Effect<{ readonly environment: Environment; readonly claim: Claim }, StoreError> =>
  Effect.gen(function*() {
    const lmdb = yield* driver
    const fault = folderFault(path)
    if (fault !== undefined) return yield* Effect.fail(fault)
    const data = Path.join(path, dataName)
    const lockPath = Path.join(path, lockName)
    // A holder names the files that it holds, so they must exist before the driver makes them. To the driver an empty
    // file is new.
    const [file, lock] = yield* attempt(() => [madeIfAbsent(data), madeIfAbsent(lockPath)] as const)
    const claim = yield* claimNamespace(path, { data: file, lock }, namespace)
    const opening = Effect.gen(function*() {
      // The driver takes an empty file for new, and fails on a part of a file; no other process can have opened that
      // one.
      if (claim.isAlone) yield* attempt(() => isHollow(data) && Fs.truncateSync(data))
      if (claim.isUnexamined) {
        const found = yield* attempt(() => pageFault(data))
        if (found !== undefined) return yield* Effect.fail(damaged(path, found))
        yield* attempt(claim.examined)
      }
      yield* enoughHandles
      const root = yield* attempt(() =>
        lmdb.open<Buffer, string>({
          path,
          noSubdir: false,
          maxDbs: databasesMax,
          maxReaders: readersMax,
          eventTurnBatching: false
        })
      )
      yield* Effect.fromResult(checkFormat(root)).pipe(
        Effect.tapError(() => Effect.promise(() => root.close()))
      )
      const isGone = () => identityOf(data) !== file || identityOf(lockPath) !== lock
      const environment: Environment = { path, file, lock, root, isGone, tiers: new Map(), ending: "idle" }
      return { environment, claim }
    })
    return yield* Effect.onError(opening, () => Effect.sync(claim.release))
  })

/** Fails unless enough file descriptors are free, which only taking them shows. */
const enoughHandles: Effect.Effect<void, StoreError> = Effect.suspend(() => {
  const taken: Array<number> = []
  try {
    for (let count = 0; count < freeHandlesMin; count++) taken.push(Fs.openSync(devNull, "r"))
    return Effect.void
  } catch (cause) {
    if (!["EMFILE", "ENFILE"].includes(codeOf(cause))) return Effect.void
    const text = `fewer than ${freeHandlesMin} file descriptors are free; help: raise the limit (\`ulimit -n\`)`
    return Effect.fail(openFailed(new Error(text, { cause })))
  } finally {
    for (const handle of taken) Fs.closeSync(handle)
  }
})

// To close a file releases each lock that the process has on it, so a file that exists is not opened.
const madeIfAbsent = (file: string): string => {
  if (!Fs.existsSync(file)) Fs.closeSync(Fs.openSync(file, "a", 0o664))
  return identityOf(file)!
}

/** Identifies a file, by whatever path. */
const identityOf = (file: string): string | undefined => {
  const stat = Fs.statSync(file, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? undefined : `${stat.dev}:${stat.ino}`
}

const openDatabases = (root: RootDatabase<Buffer, string>, namespace: string): Effect.Effect<Databases, StoreError> =>
  attempt(() => ({
    entries: root.openDB<Buffer, string>(`${namespace}/entries`, textKeys),
    order: root.openDB<Buffer, Buffer>(`${namespace}/order`, { encoding: "binary", keyEncoding: "binary" }),
    marks: root.openDB<Buffer, string>(`${namespace}/marks`, textKeys),
    state: root.openDB<Buffer, string>(`${namespace}/state`, textKeys)
  }))

// The driver documents `keyEncoder` for any database, but its types allow it for the root alone.
const textKeys: DatabaseOptions & { readonly keyEncoder: typeof keyEncoder } = { encoding: "binary", keyEncoder }

const checkFormat = (root: RootDatabase<Buffer, string>): Result.Result<void, StoreError> => {
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
    return Result.void
  } catch (cause) {
    return Result.fail(openFailed(cause))
  }
}

const databaseCount = (root: RootDatabase<Buffer, string>): number =>
  (root.getStats() as { entryCount: number }).entryCount

const resolveFolder = (path: string): Result.Result<string, StoreError> => {
  try {
    makeFolder(path)
    return whereDataLies(Fs.realpathSync(path))
  } catch (error) {
    const code = codeOf(error)
    return Result.fail(invalid(
      "path",
      code === "EEXIST" || code === "ENOTDIR"
        ? "is a file or lies in a file, but must be a folder"
        : `cannot be made: ${code}`
    ))
  }
}

/** Makes the folder and its parents. Node's own way never ends where the system makes none, as in `/proc`. */
const makeFolder = (path: string): void => {
  try {
    makeOne(path)
  } catch (error) {
    const parent = Path.dirname(path)
    if (codeOf(error) !== "ENOENT" || Fs.existsSync(parent)) throw error
    makeFolder(parent)
    makeOne(path)
  }
}

const makeOne = (path: string): void => {
  try {
    Fs.mkdirSync(path)
  } catch (error) {
    if (codeOf(error) !== "EEXIST" || !Fs.statSync(path).isDirectory()) throw error
  }
}

/** The folder in which the data file has its lock beside it. */
const whereDataLies = (folder: string): Result.Result<string, StoreError> => {
  const file = Path.join(folder, dataName)
  if (Fs.lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return Result.succeed(folder)
  if (!Fs.existsSync(file)) return Result.fail(invalid("path", `holds a ${dataName} that links to a missing file`))
  const target = Fs.realpathSync(file)
  return Path.basename(target) === dataName
    ? Result.succeed(Path.dirname(target))
    : Result.fail(
      invalid("path", `holds a ${dataName} that links to a file of another name, which has no lock beside it`)
    )
}

const folderFault = (path: string): StoreError | undefined => {
  try {
    Fs.accessSync(path, Fs.constants.R_OK | Fs.constants.W_OK | Fs.constants.X_OK)
    const { bavail, bsize } = Fs.statfsSync(path)
    if (bavail * bsize < freeBytesMin) {
      return new StoreError({
        reason: new TierFull({
          tier: tierName,
          operation: "open",
          cause: new Error(`less than 1 MiB is free for ${path}`)
        })
      })
    }
    for (const name of [dataName, lockName]) {
      const stat = Fs.statSync(Path.join(path, name), { throwIfNoEntry: false })
      if (stat === undefined) continue
      if (!stat.isFile()) return invalid("path", `holds a ${name} that is not a file`)
      // A process that opens the file by its other name has another lock, and does not see its holder.
      if (stat.nlink > 1) {
        return invalid("path", `holds a ${name} that has a second name, a hard link; help: copy the file`)
      }
      if (isMounted(Path.join(path, name))) {
        return invalid("path", `holds a ${name} that is mounted without its folder; help: mount the folder`)
      }
      Fs.accessSync(Path.join(path, name), Fs.constants.R_OK | Fs.constants.W_OK)
    }
  } catch (error) {
    return invalid("path", `cannot be read and written: ${codeOf(error)} (${path})`)
  }
  const damage = dataFault(Path.join(path, dataName))
  return damage === undefined ? undefined : damaged(path, damage)
}

const damaged = (path: string, damage: string): StoreError => {
  const cause = new Error(`${damage}; help: delete ${path} to start with an empty tier`)
  return new StoreError({ reason: new TierFailed({ tier: tierName, operation: "open", cause }) })
}

/** Whether the file alone, and not its folder, was mounted from somewhere else. Only Linux shows that. */
const isMounted = (file: string): boolean => {
  const table = "/proc/self/mountinfo"
  if (!Fs.existsSync(table)) return false
  const mounts = Fs.readFileSync(table, "utf8").split("\n").map((line) => line.split(" ")[4] ?? "")
  return mounts.some((mount) => mount.replace(/\\([0-7]{3})/g, octal) === file)
}

const octal = (_: string, digits: string): string => String.fromCharCode(Number.parseInt(digits, 8))

const attempt = <A>(evaluate: () => A): Effect.Effect<A, StoreError> =>
  Effect.try({
    try: evaluate,
    catch: openFailed
  })

const openFailed = (cause: unknown): StoreError =>
  new StoreError({ reason: new TierFailed({ tier: tierName, operation: "open", cause }) })

const invalid = (option: string, why: string): StoreError => refused(tierName, option, why)

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : String(error)
