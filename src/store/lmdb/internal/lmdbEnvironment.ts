/**
 * One LMDB environment for each folder in a process, shared by all who open that folder.
 *
 * - The folder is looked at before the driver is: on a damaged file, a folder in the place of a file, or a file that
 *   may not be written, the driver ends the process instead of throwing.
 * - The environment says which format it holds. One of the future is refused.
 * - Opening and closing take turns, so that a folder is never open twice: not by two copies of this module either, for
 *   what is open is known to the process, and not to the module. It is known by its data file, whatever leads to it.
 * - A namespace is held by one process, and in it by one thread (`lmdbHolder`). Another one is refused before the
 *   driver is asked, which waits for locks that a process that is stopped, or of another container, does not give back.
 * - A file that was removed or replaced is told by its device and inode.
 * - A data file that another folder leads to as well is opened where it lies, next to its lock, or is refused.
 * - A first opening that was killed leaves a file that holds nothing, which is a new one.
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
import * as BackgroundTimer from "../../BackgroundTimer.ts"
import { refused } from "../../internal/given.ts"
import { FolderHeld, StoreError, TierFailed, TierFull } from "../../StoreError.ts"
import { dataFault, isHollow } from "./lmdbDataFile.ts"
import { beatMillis, type Holder, isForeign } from "./lmdbHolder.ts"
import { type Claim, tableOf, take } from "./lmdbHolders.ts"
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

const dataName = "data.mdb"

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
  readonly claim: Claim
}

/** An open folder. */
export interface Environment {
  readonly path: string
  /** The data file, by device and inode. */
  readonly file: string
  readonly root: RootDatabase<Buffer, string>
  /** The file is not the one that was opened: it was removed, or another one is in its place. */
  readonly isGone: () => boolean
  /** What is shared by all who opened the same namespace; the store decides what that is. */
  readonly tiers: Map<string, Shared>
  /** The worst of what its namespaces ended with. */
  ending: Ending
}

interface Registry {
  /** By data file. */
  readonly environments: Map<string, Environment>
  readonly turns: Semaphore.Semaphore
}

// Of the process, for a program may have two copies of this module. The number is that of what they share.
const registryKey = Symbol.for("effect-stateless/store/LmdbStore/2")
const host = process as typeof process & { [registryKey]?: Registry }
const { environments, turns } = host[registryKey] ??= { environments: new Map(), turns: Semaphore.makeUnsafe(1) }

/** How long the driver may take to close before it is left to itself. */
const closingMax: Duration.Input = "30 seconds"

/** What is open, as its store sees it. */
export interface Opened {
  readonly databases: Databases
  readonly root: RootDatabase<Buffer, string>
  readonly path: string
  /** The file is not the one that was opened, or is another one's by now. */
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
    const known = yield* findOpen(path)
    const shared = known?.tiers.get(namespace)
    if (known !== undefined && shared !== undefined) {
      shared.references++
      // A namespace holds what this function's caller made of it, and there is one such caller.
      return { tier: shared.tier as A, release: release(known, namespace) }
    }
    if (known !== undefined && known.tiers.size >= namespacesMax) {
      return yield* Effect.fail(
        invalid("namespace", `is one more than the ${namespacesMax} that a folder may hold open`)
      )
    }
    const { claim, environment } = known === undefined
      ? yield* open(path, namespace, options.readersMax)
      : { environment: known, claim: yield* claimNamespace(known.path, known.file, namespace) }
    environments.set(environment.file, environment)
    const { root, tiers } = environment
    const isGone = () => environment.isGone() || !claim.isHeld()
    const made = yield* openDatabases(root, namespace).pipe(
      Effect.flatMap((databases) => make({ databases, root, path: environment.path, isGone })),
      Effect.onError(() => leave(environment, claim))
    )
    tiers.set(namespace, { ...made, claim, references: 1 })
    return { tier: made.tier, release: release(environment, namespace) }
  })))

/** What is open of a folder, unless its users meet an error: who comes then gets what is there now. */
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

/** Closes what is not used any more, and gives the namespace back: last, so that who comes then waits for nothing. */
const leave = (environment: Environment, claim: Claim): Effect.Effect<void> =>
  Effect.map(closeIfUnused(environment), (isIdle) => {
    if (isIdle) claim.release()
  })

/** Takes the namespace for this thread, or fails with who holds it. */
const claimNamespace = (path: string, file: string, namespace: string): Effect.Effect<Claim, StoreError> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.flatMap(
      attempt(() => take(path, namespace, file, now)),
      (taken) => "claim" in taken ? keepBeating(taken.claim) : Effect.fail(held(path, taken.other))
    ))

const keepBeating = (claim: Claim): Effect.Effect<Claim> => {
  const beat = Effect.andThen(BackgroundTimer.sleep(beatMillis), Effect.sync(claim.beat))
  return Effect.map(Effect.forkDetach(Effect.interruptible(Effect.forever(beat))), (fiber) => ({
    ...claim,
    release: () => {
      fiber.interruptUnsafe()
      claim.release()
    }
  }))
}

/** Returns once others see the transaction. On Windows the driver flushes in each commit, and must not skip that. */
export const visible: TransactionFlags = process.platform === "win32"
  ? TransactionFlags.SYNCHRONOUS_COMMIT
  : TransactionFlags.SYNCHRONOUS_COMMIT | TransactionFlags.NO_SYNC_FLUSH

const held = (path: string, holder: Holder): StoreError => {
  const { host, namespace, pid, sinceMillis, thread } = holder
  const table = isForeign(holder) ? tableOf(path) : undefined
  return new StoreError({
    reason: new FolderHeld({ tier: tierName, path, namespace, pid, host, thread, sinceMillis, table })
  })
}

/**
 * Closes what no namespace uses. The driver waits for commits and flushes under way, and for ever after a commit that
 * failed, whose flush it never settles: then it is told not to wait, for all that was under way has ended. While a
 * commit hangs nothing can be closed, so the driver is left to itself. Answers whether it is not.
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
      Effect.timeoutOrElse({
        duration: closingMax,
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
    const fault = folderFault(path)
    if (fault !== undefined) return yield* Effect.fail(fault)
    const data = Path.join(path, dataName)
    const file = yield* attempt(() => {
      // A holder names the file that it holds, so there is one before the driver makes it. An empty one is new to it.
      Fs.closeSync(Fs.openSync(data, "a", 0o664))
      return identityOf(data)!
    })
    const claim = yield* claimNamespace(path, file, namespace)
    const opening = Effect.gen(function*() {
      // The driver takes an empty file for new, and fails on a part of one; nobody else can have opened that.
      if (claim.isAlone) yield* attempt(() => isHollow(data) && Fs.truncateSync(data))
      const root = yield* attempt(() =>
        Lmdb.open<Buffer, string>({
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
      const isGone = () => identityOf(data) !== file
      const environment: Environment = { path, file, root, isGone, tiers: new Map(), ending: "idle" }
      return { environment, claim }
    })
    return yield* Effect.onError(opening, () => Effect.sync(claim.release))
  })

/** Which file it is, whatever leads to it. */
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

// The driver documents `keyEncoder` for any database, and types it for the root alone.
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
        ? "is a file, or lies in one, and must be a folder"
        : `cannot be made: ${code}`
    ))
  }
}

/** Makes the folder and those that it lies in. Node's way never ends where the system makes none, as in `/proc`. */
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
  if (!Fs.existsSync(file)) return Result.fail(invalid("path", `holds a ${dataName} that leads nowhere`))
  const target = Fs.realpathSync(file)
  return Path.basename(target) === dataName
    ? Result.succeed(Path.dirname(target))
    : Result.fail(invalid("path", `holds a ${dataName} that leads to a file of another name, and so to no lock`))
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
    for (const name of [dataName, "lock.mdb"]) {
      const stat = Fs.statSync(Path.join(path, name), { throwIfNoEntry: false })
      if (stat === undefined) continue
      if (!stat.isFile()) return invalid("path", `holds a ${name} that is not a file`)
      // Whoever opens it by its other name has another lock, and does not see who holds it.
      if (stat.nlink > 1) return invalid("path", `holds a ${name} that has a second name, a hard link; copy the file`)
      if (isMounted(Path.join(path, name))) {
        return invalid("path", `holds a ${name} that is mounted by itself; mount its folder`)
      }
      Fs.accessSync(Path.join(path, name), Fs.constants.R_OK | Fs.constants.W_OK)
    }
  } catch (error) {
    return invalid("path", `cannot be read and written: ${codeOf(error)}`)
  }
  const damage = dataFault(Path.join(path, dataName))
  return damage === undefined ? undefined : new StoreError({
    reason: new TierFailed({
      tier: tierName,
      operation: "open",
      cause: new Error(`${damage}; delete ${path} to begin anew`)
    })
  })
}

/** Whether a file, and not its folder, was mounted from somewhere else. Linux tells. */
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
