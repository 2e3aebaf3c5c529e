/**
 * What the steps of a place do, for each place that computes them in JavaScript: the rules of puts, commits and leases
 * are written once. A place gives the state of one log, reads and changes it as the step says, and makes the whole step
 * atomic.
 *
 * Not here: how a step begins (a new epoch after a loss), how its answer is made, and when a log is trimmed. These
 * depend on the place.
 */
import type {
  Condition,
  Drops,
  Epoch,
  Header,
  KeyName,
  LogMark,
  PlacePartition,
  Position,
  Refusal
} from "../../../src/store/internal/ledger/ledger.ts"
import {
  type Asker,
  type CommittedPut,
  laterMax,
  type LogRecord,
  type Outcomes,
  type Placed,
  type PlacedPut,
  type Question
} from "../../../src/store/internal/ledger/ledgerPlace.ts"
import { sameEpoch } from "../../../src/store/internal/ledger/logView.ts"

/** The header of an entry, and the number of the lease under which it came; 0 without one. */
export interface Kept {
  readonly header: Header
  readonly lease: number
}

/** The right to load a key. Numbers of leases grow within an epoch, so a later lease has a greater one. */
export interface LeaseRow {
  readonly number: number
  /** In milliseconds since the epoch of the Clock. */
  readonly until: number
  /** Whether another engine has asked for the key meanwhile. */
  readonly isAwaited: boolean
}

/** One log with its entries, within one step. */
export interface LogState {
  readonly epoch: Epoch
  readonly floor: number
  /** The stamp and the link of the last record. */
  readonly head: number
  readonly link: number
  /** The number of the last lease. */
  readonly lastLease: number
  /** The greatest version of all values that were kept. */
  versionMax: number
  /** Whether there is no room for values. */
  readonly isFull: boolean
  /** An entry that has not ended. It is decoded if a partition is given. */
  readonly find: (key: KeyName, partition: PlacePartition<any> | undefined) => Placed | undefined
  /** The header of an entry, whether it has ended or not. */
  readonly kept: (key: KeyName) => Kept | undefined
  /** The stamp of the last record that names a key; 0 if no record does that is still kept. */
  readonly lastNaming: (key: KeyName) => number
  readonly lease: (key: KeyName) => LeaseRow | undefined
  readonly marks: () => ReadonlyArray<LogMark>
  /** The records that are kept of those after a position, the first ones, at most so many. */
  readonly recordsAfter: (position: Position | undefined, max: number) => ReadonlyArray<LogRecord>
  readonly keep: (put: PlacedPut, lease: number) => void
  readonly remove: (key: KeyName) => void
  readonly setLease: (key: KeyName, lease: LeaseRow | undefined) => void
  /** Appends a record, raises its marks, and notes the keys that it names. */
  readonly append: (record: LogRecord) => void
}

/** What a step takes from its surroundings. */
export interface Surroundings {
  readonly nowMillis: number
  /** 32 random bits. */
  readonly bits: () => number
}

/** Runs one step. */
export const run = (
  state: LogState,
  asker: Asker,
  question: Question,
  surroundings: Surroundings
): Outcomes[Question["_tag"]] => {
  switch (question._tag) {
    case "Read":
      return question.keys.map((key) => state.find(key, question.partition))
    case "Begin":
      return begin(state, question, surroundings)
    case "Put":
      return put(state, asker, question, surroundings)
    case "Abandon": {
      const lease = state.lease(question.key)
      if (lease !== undefined && fenceOf(state, lease) === question.lease) {
        state.setLease(question.key, undefined)
        if (lease.isAwaited) append(state, asker, surroundings, { moved: [question.key] })
      }
      return undefined
    }
    case "Commit":
      return commit(state, asker, question, surroundings)
    case "Marks":
      return state.marks()
    case "Look":
      return undefined
  }
}

const fenceOf = ({ epoch }: LogState, { number }: Pick<LeaseRow, "number">): string =>
  `${epoch.number}.${epoch.nonce}.${number}`

const numberOf = (fence: string): number => Number(fence.slice(fence.lastIndexOf(".") + 1))

const begin = (
  state: LogState,
  { except, key, leaseMillis, partition }: Extract<Question, { readonly _tag: "Begin" }>,
  { nowMillis }: Surroundings
): Outcomes["Begin"] => {
  const placed = state.find(key, partition)
  if (placed !== undefined && placed.header.identity.version !== except) return { _tag: "Found", placed }
  if (leaseMillis === undefined) return { _tag: "Yours", lease: undefined }
  const held = state.lease(key)
  if (held !== undefined && held.until > nowMillis) {
    if (!held.isAwaited) state.setLease(key, { ...held, isAwaited: true })
    return { _tag: "Theirs", millis: held.until - nowMillis }
  }
  const number = state.lastLease + 1
  // Who waited for a lease that has ended waits for the next one, too.
  state.setLease(key, { number, until: nowMillis + leaseMillis, isAwaited: held?.isAwaited ?? false })
  return { _tag: "Yours", lease: fenceOf(state, { number }) }
}

/** The rule of puts. */
const isOvertaken = (state: LogState, key: KeyName, { epoch, stamp }: Position): boolean =>
  !sameEpoch(epoch, state.epoch) || stamp < state.floor || stamp < state.lastNaming(key)

const nameOf = ({ partition, prepared }: Omit<PlacedPut, "at">): KeyName => [partition.family.name, prepared.key]

const put = (
  state: LogState,
  asker: Asker,
  { drops, lease, put }: Extract<Question, { readonly _tag: "Put" }>,
  surroundings: Surroundings
): Outcomes["Put"] => {
  const key = nameOf(put)
  const held = lease === undefined ? undefined : state.lease(key)
  const isHeld = held !== undefined && fenceOf(state, held) === lease
  if (isHeld) state.setLease(key, undefined)
  const moved = isHeld && held.isAwaited ? [key] : []
  const number = lease === undefined ? 0 : numberOf(lease)
  const isLate = number > 0 && (state.kept(key)?.lease ?? 0) > number
  const isValid = !isLate && !isOvertaken(state, key, put.at)
  const isKept = isValid && !state.isFull
  if (isKept) noteVersion(state, put)
  if (isKept && drops !== undefined && drops.keys.length + drops.scopes.length > 0) {
    append(state, asker, surroundings, { drops: { keys: [key, ...drops.keys], scopes: drops.scopes }, moved })
    for (const dropped of drops.keys) drop(state, dropped)
  } else if (moved.length > 0) append(state, asker, surroundings, { moved })
  // The header has the position of the load. That of the record would jump over marks that the load did not know.
  if (isKept) state.keep(put, number)
  return isKept ? "kept" : isValid ? "full" : "overtaken"
}

const noteVersion = (state: LogState, { identity }: Pick<PlacedPut, "identity">): void => {
  state.versionMax = Math.max(state.versionMax, identity.version)
}

const drop = (state: LogState, key: KeyName): void => {
  state.remove(key)
  state.setLease(key, undefined)
}

const commit = (
  state: LogState,
  asker: Asker,
  { after, drops, guards, isInOrder, puts }: Extract<Question, { readonly _tag: "Commit" }>,
  surroundings: Surroundings
): Outcomes["Commit"] => {
  const { isFull } = state
  if (isInOrder && isLate(state, asker)) return { stamp: undefined, overtaken: [], refused: [], isFull, isLate: true }
  const own = { epoch: state.epoch, stamp: state.head + 1 }
  const keys: Array<KeyName> = []
  const overtaken: Array<KeyName> = []
  // Values are judged against the records before this one, which names their keys as well.
  const apply = (dropped: ReadonlyArray<KeyName>, values: ReadonlyArray<CommittedPut>): void => {
    const names = values.map(nameOf)
    for (const key of [...dropped, ...names]) {
      drop(state, key)
      keys.push(key)
    }
    for (const [n, put] of values.entries()) {
      const { at } = put
      if (at !== undefined && isOvertaken(state, names[n]!, at)) overtaken.push(names[n]!)
      else if (!isFull) {
        noteVersion(state, put)
        state.keep({ ...put, at: at ?? own }, 0)
      }
    }
  }
  const refused = guards.map((guard): Refusal | undefined => {
    const met = guard.conditions.map((condition) => {
      const held = state.find(condition.key, undefined)?.header
      return { version: held?.identity.version, holds: holds(state, condition, held) }
    })
    if (!met.every(({ holds }) => holds)) return met
    if (isFull && guard.puts.length > 0) return "full"
    apply(guard.keys, guard.puts)
    return undefined
  })
  apply(drops.keys, puts)
  append(state, asker, surroundings, { drops: { keys, scopes: drops.scopes }, after })
  return { stamp: own.stamp, overtaken, refused, isFull, isLate: false }
}

const holds = (state: LogState, { at, key, orAbsent, since, version }: Condition, held: Header | undefined): boolean =>
  held === undefined || orAbsent && held.at.stamp < since
    ? orAbsent
    : version === held.identity.version && at !== undefined && !isOvertaken(state, key, at)

/**
 * Whether a commit of the asker may follow its position, or the asker does not know this epoch. A record that only says
 * that loads have ended does not count.
 */
const isLate = (state: LogState, { position, writer }: Asker): boolean => {
  if (position === undefined || !sameEpoch(position.epoch, state.epoch)) return true
  if (position.stamp < state.floor || state.head - position.stamp > laterMax) return true
  return state.recordsAfter(position, laterMax).some(({ drops: { keys, scopes }, moved, writer: by }) =>
    by === writer && (moved.length === 0 || keys.length + scopes.length > 0)
  )
}

const noDrops: Drops = { keys: [], scopes: [] }

const append = (
  state: LogState,
  { writer }: Asker,
  { bits }: Surroundings,
  { after, drops = noDrops, moved = [] }: Partial<LogRecord>
): void => {
  const { head, link: tail, versionMax } = state
  state.append({ stamp: head + 1, link: bits(), tail, writer, drops, moved, after, versionMax })
}
