/**
 * A store in a ledger: what processes share that change the same families.
 *
 * - A round is one commit: its keys and marks are a record that all processes hear. Values that a caller wrote go with
 *   it. Values that a lookup brought follow: other processes need not know them.
 * - A value that a caller gave to a family without a lookup prevails over what other processes have changed before: the
 *   cache alone has it. Where there is no room for it, what is there stays.
 * - Each other value carries the position up to which this process knew the log when the value left it. What the engine
 *   has not taken back by then is not older than that; where the value is older than a mark, the position is before
 *   that mark (`logStamps.ts`). So no clock, no lock and no lease decides which of two values is newer.
 * - An entry that is found gets a stamp of this process, so that the marks say of it what the log says.
 * - Other processes' changes are news for the engines of this process, in the order of the log. Where changes may have
 *   been missed, everything that is held is out of date.
 * - What is read for a family with a bound was shown to be complete no longer ago than that (`proofs.ts`).
 * - One process loads a key at a time, and the others wait for its value (`loadLeases.ts`). What a round brings of a
 *   key ends its lease once the place has answered. A lease that a round has left, or that was in a round which failed,
 *   ends with `endLoad`.
 * - `clear` is a mark of the store itself. Nothing here walks over keys: a ledger has no pages and no sweep, and it
 *   keeps its marks as long as its log.
 *
 * Not here: what is known of the log (`ledgerNode.ts`), and what an engine does with news.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Entry, Found } from "../../Entry.ts"
import { exempt } from "../../shared/checkedStore.ts"
import { CoarseClock } from "../../shared/coarseClock.ts"
import {
  type Change,
  type Commons,
  type Guard as StoreGuard,
  type Mark,
  type News as StoreNews,
  type Partition,
  type PreparedEntry,
  type Round,
  Store,
  type StoreFamily
} from "../../Store.ts"
import { type Operation, StoreError, TierFailed, TierFull } from "../../StoreError.ts"
import type {
  CommittedPut,
  Condition,
  Drops,
  Guard,
  Header,
  KeyName,
  Ledger,
  LogMark,
  News,
  Position,
  Put,
  Receipt,
  SharedPartition
} from "./ledger.ts"
import { type Lease, LoadLeases } from "./loadLeases.ts"
import { LogStamps } from "./logStamps.ts"
import { sameEpoch } from "./logView.ts"
import { Proofs } from "./proofs.ts"

/** The log that has all keys. */
const log = 0

/** The marks of a ledger. Beyond, one mark hides everything, and takes their place. */
export const marksMax = 65_536

/** The scopes of marks that the store sets itself. The scope of a family's mark begins with the name of the family. */
const everything = "|"
const clearedScope = (family: string): string => `|${family}`

/** A read takes its turn so often, at most, while what it finds is cleared. */
const turnsMax = 4

export interface Options {
  /** The lease of a load; 0 lets each process load by itself. */
  readonly loadLeaseMillis?: number | undefined
}

/** The lease of a load, unless the options say otherwise. */
export const loadLeaseMillisDefault = 10_000

/** Makes a store of a ledger with one log, for the engines of one process. */
export const make = (ledger: Ledger, options: Options = {}): Effect.Effect<Store["Service"], never, Scope.Scope> =>
  Effect.gen(function*() {
    const { loadLeaseMillis = loadLeaseMillisDefault } = options
    const run = Effect.runForkWith(yield* Effect.context<never>())
    const scope = yield* Effect.scope
    const leases = new LoadLeases(loadLeaseMillis, scope, run)
    const proofs = new Proofs({ ledger, time: new CoarseClock(yield* Clock.Clock), scope, run })
    const shared = new Shared(ledger, leases, proofs, yield* Random.nextIntBetween(1, 2 ** 32 - 1))
    yield* ledger.follow(shared.hear)
    return exempt(Store.of({
      name: ledger.name,
      commons: shared.commons,
      open: (family) =>
        Effect.map(ledger.open(family), (partition) => {
          proofs.opened(family.behindMillisMax ?? Infinity)
          return partitionOf(shared, family, partition)
        }),
      write: (round) => shared.write(round),
      loadMarks: Effect.sync(() => ({ marks: shared.marks, stampMax: shared.commons.stamp })),
      recordMarks: (marks) => shared.write({ changes: [], marks }),
      // The ledger keeps them as long as it has something that they hide.
      removeMarks: () => Effect.void,
      news: (hear) =>
        Effect.acquireRelease(
          Effect.sync(() => void shared.listeners.add(hear)),
          () => Effect.sync(() => void shared.listeners.delete(hear))
        ),
      knowing: proofs
    }))
  })

/**
 * The counters of one process over a ledger. A version is greater than all those of which the process has heard, so the
 * versions of a key grow from process to process, whatever their clocks show.
 */
class LedgerCommons implements Commons {
  stamp = 0
  engines: unknown = undefined
  readonly #ledger: Ledger
  #version = 0

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  get version(): number {
    const { versionMax } = this.#ledger
    return versionMax > this.#version && versionMax <= Number.MAX_SAFE_INTEGER ? versionMax : this.#version
  }

  set version(version: number) {
    this.#version = version
  }

  get aheadMillis(): number | undefined {
    return this.#ledger.aheadMillis
  }
}

/** What all partitions of a store share. */
class Shared {
  readonly ledger: Ledger
  readonly leases: LoadLeases
  readonly proofs: Proofs
  readonly commons: Commons
  readonly listeners = new Set<(news: StoreNews) => void>()
  private readonly writer: number
  private readonly stamps = new LogStamps()
  /** The marks of the log, with their stamps in this process. */
  private readonly known = new Map<string, number>()
  /** The marks of this process whose record it has not seen. */
  private readonly own = new OwnMarks()
  /** What other processes change while a round is on its way. */
  private readonly watching = new Set<Elsewhere>()
  /** The stamp in the log of the last mark that cleared a family. */
  private readonly cleared = new Map<string, number>()

  constructor(ledger: Ledger, leases: LoadLeases, proofs: Proofs, writer: number) {
    this.ledger = ledger
    this.leases = leases
    this.proofs = proofs
    this.writer = writer
    this.commons = new LedgerCommons(ledger)
  }

  get marks(): ReadonlyArray<Mark> {
    return Array.from(this.known, ([scope, stamp]) => ({ scope, stamp }))
  }

  // --- news ---------------------------------------------------------------------------------------

  readonly hear = (news: News): void => {
    switch (news._tag) {
      case "Known":
        this.missed()
        this.proofs.met()
        this.begin(news.position, news.marks)
        return this.leases.heardAll()
      case "Unknown":
        this.missed()
        this.tell({ _tag: "Missed", stamp: ++this.commons.stamp })
        return this.leases.heardAll()
      case "Dropped":
        this.dropped(news)
        return news.drops.scopes.length === 0 ? this.leases.heard(news.drops.keys, "changed") : this.leases.heardAll()
      case "Moved":
        return this.leases.heard(news.keys, "ended")
    }
  }

  // Another process may have changed everything while a round was on its way.
  private missed(): void {
    for (const { marked } of this.watching) marked.add(familyOf(everything))
  }

  private tell(news: StoreNews): void {
    for (const hear of this.listeners) hear(news)
  }

  // What is held has lesser stamps than all marks of the log.
  private begin(position: Position, marks: ReadonlyArray<LogMark>): void {
    const base = ++this.commons.stamp
    this.commons.stamp += position.stamp
    const stampOf = this.stamps.begin(
      position,
      base,
      marks.map(({ scope, stamp }) => ({ family: familyOf(scope), stamp }))
    )
    this.known.clear()
    this.cleared.clear()
    // The one on everything takes the place of those before it, and not of later ones.
    const inOrder = marks.toSorted((one, other) => one.stamp - other.stamp)
    for (const { scope, stamp } of inOrder) this.note(scope, stamp, stampOf(stamp))
    this.tell({ _tag: "Missed", stamp: base })
    this.tell({ _tag: "Changed", keys: [], marks: this.marks })
  }

  private dropped({ drops, isOwn, position }: Extract<News, { readonly _tag: "Dropped" }>): void {
    const { keys, scopes } = drops
    if (!isOwn) { for (const one of this.watching) watched(one, drops) }
    if (scopes.length === 0) return isOwn ? undefined : this.tell({ _tag: "Changed", keys, marks: [] })
    const now = isOwn ? this.commons.stamp : ++this.commons.stamp
    const spans = scopes.map((scope) => isOwn ? this.own.spanOf(scope, now) : { least: now, greatest: now })
    for (const [at, scope] of scopes.entries()) {
      const { greatest, least } = spans[at]!
      this.stamps.add(familyOf(scope), position.stamp, least, greatest)
    }
    const marks = scopes.map((scope, at): Mark => ({ scope, stamp: spans[at]!.greatest }))
    for (const { scope, stamp } of marks) this.note(scope, position.stamp, stamp)
    const all = marks.find(({ scope }) => scope === everything)
    if (all !== undefined) return this.tell({ _tag: "Missed", stamp: all.stamp })
    if (isOwn) return
    const [cleared, others] = partitioned(marks)
    if (cleared.length > 0) this.tell({ _tag: "Cleared", families: cleared, stamp: now })
    this.tell({ _tag: "Changed", keys, marks: others })
  }

  private note(scope: string, inLog: number, stamp: number): void {
    if (scope === everything) {
      this.known.clear()
      this.cleared.clear()
    }
    if (scope.startsWith("|")) this.cleared.set(scope.slice(1), inLog)
    else this.known.set(scope, stamp)
  }

  // --- reads --------------------------------------------------------------------------------------

  /** What was found, with a stamp of this process; `undefined` if it was cleared, or is from another epoch. */
  found<V>(
    family: string,
    read: { readonly found: Found<V>; readonly header: Header } | undefined
  ): Found<V> | undefined {
    if (read === undefined) return undefined
    const { found, header: { at } } = read
    const stamp = this.stamps.stampOf(family, at, this.commons.stamp)
    const isCleared = at.stamp < Math.max(this.cleared.get(family) ?? 0, this.cleared.get("") ?? 0)
    return stamp === undefined || isCleared ? undefined : { ...found, entry: { ...found.entry, stamp } }
  }

  /** Takes the turn to load a key. Returns an entry of another version than the given one, if there is one. */
  beginLoad<V>(
    shared: SharedPartition<V>,
    key: string,
    version: number | undefined,
    left = turnsMax
  ): Effect.Effect<Found<V> | undefined, StoreError> {
    return Effect.flatMap(this.leases.begin(shared, key, version), (begun) => {
      if (begun === undefined) return Effect.undefined
      const found = this.found(shared.family, begun)
      if (found !== undefined || left === 1) return Effect.succeed(found)
      return this.beginLoad(shared, key, begun.header.identity.version, left - 1)
    })
  }

  // --- writes -------------------------------------------------------------------------------------

  readonly write = ({ changes, guards = [], marks }: Round): Effect.Effect<void, StoreError> =>
    Effect.suspend(() => {
      const end = this.ledger.position(log)
      const known: Known = { end, marked: spansOf(marks), cleared: new Set() }
      const scopes = new Set(marks.map(({ scope }) => scope))
      for (const { cleared, partition } of changes) {
        const { family } = sharedOf.get(partition)!
        if (!cleared) continue
        known.cleared.add(family)
        scopes.add(clearedScope(family))
      }
      const { after, alone, fills, names, puts } = this.parted(changes, known)
      // Of a guard that cannot be judged, nothing is done.
      const asked: ReadonlyArray<Asked> = guards.flatMap((guard) => {
        const judged = this.guardOf(guard, known)
        if (judged === undefined) guard.failed(unjudged(this.ledger.name))
        return judged === undefined ? [] : [{ guard, judged }]
      })
      // Where there is no room for these, what is there stays.
      const unasked = alone.length === 0 ? [] : [{ conditions: [], keys: [], puts: alone }]
      const judged = [...asked.map(({ judged }) => judged), ...unasked]
      // The record of a key ends its lease.
      const leases = this.leasesOf(names, puts)
      const leasesOfGuards = judged.map(({ keys, puts }) => this.leasesOf(keys, puts))
      if (this.known.size + scopes.size > marksMax) scopes.add(everything)
      this.own.claim(scopes, marks, this.commons.stamp)
      const elsewhere: Elsewhere = { keys: new Set(), marked: new Set() }
      if (after.length > 0) this.watching.add(elsewhere)
      const isSilent = names.length + puts.length + alone.length + scopes.size + asked.length === 0
      const committed = isSilent ? nothingDone : this.ledger.commit(log, {
        guards: judged,
        drops: { keys: names, scopes: Array.from(scopes) },
        puts,
        isInOrder: true,
        after: undefined
      })
      return Effect.flatMap(
        Effect.ensuring(committed, Effect.sync(() => this.watching.delete(elsewhere))),
        (receipt) => {
          this.own.release(scopes)
          const full = fullOf(this.ledger.name)
          if (receipt !== undefined) {
            tellRefused(receipt, asked, { puts, alone }, full)
            const done = leasesOfGuards.filter((_, at) => receipt.refused[at] === undefined)
            for (const lease of [leases, ...done].flat()) this.leases.ended(lease)
          }
          const at = receipt?.position
          // What comes after a mark of its own family has the position of that mark, unless another process has changed
          // the key meanwhile, or has marked the family.
          const late =
            at === undefined || end === undefined || elsewhere.marked.has("") || !sameEpoch(at.epoch, end.epoch) ?
              [] :
              after
                .filter(({ key, partition: { family } }) =>
                  !elsewhere.marked.has(family) && !elsewhere.keys.has(`${family}/${key}`)
                )
                .map((one) => this.putOf(one.partition, one, at))
          const put = (put: Put<any>) => {
            const lease = this.leases.of([put.partition.family, put.key])
            return Effect.map(put.partition.put(put, { lease: lease?.fence }), (outcome) => {
              this.leases.ended(lease)
              if (outcome === "full") put.refused?.(full)
            })
          }
          return Effect.forEach([...fills, ...late], put, { concurrency: "unbounded", discard: true })
        }
      )
    })

  /** The leases of the keys that a record names. */
  private leasesOf(names: ReadonlyArray<KeyName>, puts: ReadonlyArray<CommittedPut<any>>): ReadonlyArray<Lease> {
    const all = [...names, ...puts.map(({ key, partition }): KeyName => [partition.family, key])]
    return all.flatMap((name) => this.leases.of(name) ?? [])
  }

  /** Tells the changes of a round apart: what drops, what goes with the record, what need not, and what follows. */
  private parted(changes: ReadonlyArray<Change<any>>, { cleared, end, marked }: Known): Parts {
    const names: Array<KeyName> = []
    const puts: Array<CommittedPut<any>> = []
    const alone: Array<CommittedPut<any>> = []
    const fills: Array<Put<any>> = []
    const after: Array<PreparedEntry<any> & { readonly partition: SharedPartition<any> }> = []
    for (const { partition, removed, set } of changes) {
      const own = sharedOf.get(partition)!
      const isCleared = cleared.has(own.family)
      const span = marked.get(own.family)
      for (const key of removed) names.push([own.family, key])
      for (const one of set) {
        const at = end && this.stamps.positionOf(own.family, one.entry.stamp, end)
        const isMarked = span !== undefined && span.least <= one.entry.stamp
        const isNewer = isNewerThan(span, one)
        if (one.isCurrent?.() === false) {
          if (one.replaces !== false) names.push([own.family, one.key])
          continue
        }
        if (one.prevails === true) {
          if (isNewer) alone.push(this.putOf(own, one, undefined))
          else names.push([own.family, one.key])
        } else if (at === undefined || isCleared || isMarked) {
          if (one.replaces !== false || isCleared) names.push([own.family, one.key])
          if (at !== undefined && isNewer && this.isUpToDate(one, at, end!)) after.push({ ...one, partition: own })
        } else if (one.replaces === false) fills.push(this.putOf(own, one, at))
        else puts.push(this.putOf(own, one, at))
      }
    }
    return { names, puts, alone, fills, after }
  }

  /** Whether no mark that is known concerns an entry which has this position. */
  private isUpToDate({ entry, knownAt }: PreparedEntry<any>, at: Position, end: Position): boolean {
    return at.stamp === end.stamp || (knownAt ?? entry.stamp) >= this.commons.stamp
  }

  /**
   * A guard, for the log; `undefined` if the log is not known, or if the round has a mark from before a value. A value
   * that is made from another one has the position up to which that one is known. A value that expects none prevails in
   * a family without a lookup.
   */
  private guardOf({ changes, conditions }: StoreGuard, { cleared, end, marked }: Known): Guard | undefined {
    if (end === undefined) return undefined
    const expected = new Map<string, Condition>()
    for (const { isCurrent, key, orAbsent, partition, version } of conditions) {
      const { family } = sharedOf.get(partition)!
      const since = Math.max(this.cleared.get(family) ?? 0, this.cleared.get("") ?? 0)
      const at = cleared.has(family) || isCurrent?.() === false ? undefined : end
      expected.set(`${family}/${key}`, { key: [family, key], version, at, orAbsent, since })
    }
    const keys: Array<KeyName> = []
    const puts: Array<CommittedPut<any>> = []
    for (const { partition, removed, set } of changes) {
      const own = sharedOf.get(partition)!
      const span = marked.get(own.family)
      for (const key of removed) keys.push([own.family, key])
      for (const one of set) {
        const at = this.stamps.positionOf(own.family, one.entry.stamp, end)
        const mayBeAbsent = expected.get(`${own.family}/${one.key}`)?.orAbsent !== false
        if (!isNewerThan(span, one)) keys.push([own.family, one.key])
        else if (one.prevails === true && mayBeAbsent) puts.push(this.putOf(own, one, undefined))
        else if (at === undefined || cleared.has(own.family) || span !== undefined && span.least <= one.entry.stamp) {
          return undefined
        } else puts.push(this.putOf(own, one, at))
      }
    }
    return { conditions: Array.from(expected.values()), keys, puts }
  }

  private putOf<V, At extends Position | undefined>(
    partition: SharedPartition<V>,
    { entry, key, prepared, refused }: PreparedEntry<V>,
    at: At
  ): Omit<Put<V>, "at"> & { readonly at: At } {
    return { partition, key, entry, prepared, refused, identity: { version: entry.version, writer: this.writer }, at }
  }
}

const nothingDone = Exit.succeed(undefined)

/** A guard of a round, as the engine gave it and as the log judges it. */
interface Asked {
  readonly guard: StoreGuard
  readonly judged: Guard
}

const unjudged = (tier: string): StoreError => {
  const cause = new Error("the condition could not be judged, because the latest changes are not known yet")
  return new StoreError({ reason: new TierFailed({ tier, operation: "write", cause }) })
}

const fullOf = (tier: string): StoreError => {
  const cause = new Error("the server has no memory left for values")
  return new StoreError({ reason: new TierFull({ tier, operation: "write", cause }) })
}

/** Tells which guards were refused, and for which values there is no room. */
const tellRefused = (
  { isFull, refused }: Receipt,
  asked: ReadonlyArray<Asked>,
  { alone, puts }: Pick<Parts, "alone" | "puts">,
  full: StoreError
): void => {
  for (const [n, { guard }] of asked.entries()) {
    const refusal = refused[n]
    if (refusal === "full") guard.failed(full)
    else if (refusal !== undefined) guard.refused(refusal)
  }
  if (isFull) { for (const put of [...puts, ...alone]) put.refused?.(full) }
}

/** What is known when a round leaves: the end of the log, the marks of the round, and the families that it clears. */
interface Known {
  readonly end: Position | undefined
  readonly marked: ReadonlyMap<string, Span>
  readonly cleared: Set<string>
}

interface Parts {
  readonly names: ReadonlyArray<KeyName>
  readonly puts: ReadonlyArray<CommittedPut<any>>
  /** The values of callers that no source has. */
  readonly alone: ReadonlyArray<CommittedPut<any>>
  readonly fills: ReadonlyArray<Put<any>>
  readonly after: ReadonlyArray<PreparedEntry<any> & { readonly partition: SharedPartition<any> }>
}

/** Whether no mark of its round concerns an entry. */
const isNewerThan = (span: Span | undefined, { entry, knownAt }: PreparedEntry<any>): boolean =>
  span === undefined || span.greatest <= (knownAt ?? entry.stamp)

/** What other processes have changed since a round left: keys with their families, and families with a mark, or all. */
interface Elsewhere {
  readonly keys: Set<string>
  readonly marked: Set<string>
}

/** The family of a mark; empty for a mark on everything. */
const familyOf = (scope: string): string => scope.startsWith("|") ? scope.slice(1) : scope.slice(0, scope.indexOf("|"))

const watched = (elsewhere: Elsewhere, { keys, scopes }: Drops): void => {
  for (const [family, key] of keys) elsewhere.keys.add(`${family}/${key}`)
  for (const scope of scopes) elsewhere.marked.add(familyOf(scope))
}

/** The stamps of the marks on each family. */
const spansOf = (marks: ReadonlyArray<Mark>): ReadonlyMap<string, Span> => {
  const spans = new Map<string, Span>()
  for (const { scope, stamp } of marks) {
    const family = familyOf(scope)
    spans.set(family, joined({ least: stamp, greatest: stamp }, spans.get(family)))
  }
  return spans
}

/** The families that were cleared, and the marks of families. */
const partitioned = (marks: ReadonlyArray<Mark>): readonly [cleared: ReadonlyArray<string>, ReadonlyArray<Mark>] => [
  marks.flatMap(({ scope }) => scope.startsWith("|") ? [scope.slice(1)] : []),
  marks.filter(({ scope }) => !scope.startsWith("|"))
]

/** The stamps in this process of the marks in one scope. */
interface Span {
  readonly least: number
  readonly greatest: number
}

const ownMax = 65_536

/**
 * The marks of this process whose record it has not seen. The record of a mark is heard before its receipt is returned.
 * It may also be heard long after its commit has failed, so the mark of a failed commit stays here.
 */
class OwnMarks {
  private readonly spans = new Map<string, Span>()
  /** One span for all marks that had no room. */
  private others: Span | undefined

  claim(scopes: ReadonlySet<string>, marks: ReadonlyArray<Mark>, now: number): void {
    const claimed = new Map<string, Span>()
    for (const { scope, stamp } of marks) {
      claimed.set(scope, joined({ least: stamp, greatest: stamp }, claimed.get(scope)))
    }
    for (const scope of scopes) if (!claimed.has(scope)) claimed.set(scope, { least: now, greatest: now })
    for (const [scope, span] of claimed) this.spans.set(scope, joined(span, this.spans.get(scope)))
    if (this.spans.size <= ownMax) return
    for (const span of this.spans.values()) this.others = joined(span, this.others)
    this.spans.clear()
  }

  release(scopes: ReadonlySet<string>): void {
    for (const scope of scopes) this.spans.delete(scope)
  }

  spanOf(scope: string, now: number): Span {
    return this.spans.get(scope) ?? joined({ least: now, greatest: now }, this.others)
  }
}

const joined = (one: Span, other: Span | undefined): Span =>
  other === undefined
    ? one
    : { least: Math.min(one.least, other.least), greatest: Math.max(one.greatest, other.greatest) }

// --- one family -----------------------------------------------------------------------------------

const sharedOf = new WeakMap<Partition<any>, SharedPartition<any>>()

const partitionOf = <V>(store: Shared, family: StoreFamily<V>, shared: SharedPartition<V>): Partition<V> => {
  const within = <A>(read: Effect.Effect<A, StoreError>) =>
    store.proofs.within(family.behindMillisMax ?? Infinity, read)
  const getMany = (keys: ReadonlyArray<string>) =>
    within(Effect.map(shared.getMany(keys), (all) => all.map((read) => store.found(family.name, read))))
  const write = (change: Omit<Change<V>, "partition">): Effect.Effect<void, StoreError> =>
    Effect.suspend(() => store.write({ changes: [{ ...change, partition }], marks: [] }))
  const setMany = (entries: ReadonlyArray<readonly [key: string, entry: Entry<V>]>) =>
    Effect.suspend(() => {
      let refusal: StoreError | undefined
      const refused = (error: StoreError): void => void (refusal = error)
      const prepared = Effect.forEach(
        new Map(entries),
        ([key, entry]) => Effect.map(shared.prepare(key, entry), (prepared) => ({ key, entry, prepared, refused }))
      )
      const written = Effect.flatMap(prepared, (set) => write({ cleared: false, removed: [], set }))
      return Effect.flatMap(written, () => refusal === undefined ? Effect.void : Effect.fail(refusal))
    })
  const partition: Partition<V> = {
    prepare: shared.prepare,
    get: (key) => Effect.map(getMany([key]), ([found]) => found),
    getMany,
    beginLoad: (key, version) => within(store.beginLoad(shared, key, version)),
    endLoad: (key) => store.leases.end(family.name, key),
    set: (key, entry) => setMany([[key, entry]]),
    setMany,
    remove: (keys) => write({ cleared: false, removed: Array.from(new Set(keys)), set: [] }),
    clear: write({ cleared: true, removed: [], set: [] }),
    entries: Stream.fail(unlisted(store.ledger.name, "get")),
    sweep: () => Effect.void,
    size: Effect.fail(unlisted(store.ledger.name, "size")),
    hot: undefined
  }
  sharedOf.set(partition, shared)
  return partition
}

const unlisted = (tier: string, operation: Operation): StoreError =>
  new StoreError({
    reason: new TierFailed({ tier, operation, cause: new Error("a shared tier does not list its keys") })
  })
