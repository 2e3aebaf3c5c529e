/**
 * Bugs to plant, so that the proofs are seen to fail: each names the law that it breaks, the text that it changes, and
 * the suites of which one must notice. `npm run test:canaries` plants each in a copy of the project.
 */

export interface Canary {
  /** The law by its number in src/README.md, or a promise that none of them names. */
  readonly law: number | string
  /** What the library does wrong with it. */
  readonly bug: string
  readonly file: string
  /** Occurs once in the file. */
  readonly text: string
  readonly planted: string
  /** Projects of `vitest.config.ts`, or files. */
  readonly suites: ReadonlyArray<string>
}

const family = "src/cache/engine/cacheFamily.ts"
const familyReads = "src/cache/internal/reads/familyReads.ts"
const familyWrites = "src/cache/internal/writes/familyWrites.ts"
const refusals = "src/cache/internal/writes/refusals.ts"
const writesAtOnce = "src/cache/internal/writes/writesAtOnce.ts"
const writeSteps = "src/cache/internal/writes/writeSteps.ts"
const updates = "src/cache/internal/writes/updates.ts"
const loads = "src/cache/internal/loads/loads.ts"
const flights = "src/cache/internal/loads/flights.ts"
const loadLookups = "src/cache/internal/loads/lookups.ts"
const renewals = "src/cache/internal/loads/renewals.ts"
const landing = "src/cache/internal/loads/landing.ts"
const spreading = "src/cache/internal/invalidation/spreading.ts"
const entries = "src/cache/internal/entries/entries.ts"
const idleTime = "src/cache/internal/entries/idleTime.ts"
const lowerReads = "src/cache/internal/entries/lowerReads.ts"
const marking = "src/cache/internal/entries/marking.ts"
const before = "src/cache/internal/entries/before.ts"
const lane = "src/cache/internal/below/lane.ts"
const carrier = "src/cache/internal/below/carrier.ts"
const outbox = "src/cache/internal/below/outbox.ts"
const cache = "src/cache/engine/cache.ts"
const opening = "src/cache/engine/opening.ts"
const lives = "src/cache/engine/internal/lives.ts"
const limits = "src/cache/internal/family/limits.ts"

const codec = "src/store/Codec.ts"
const differs = "src/cache/internal/loads/differs.ts"
const elsewhere = "src/store/internal/elsewhere.ts"

const departures = "src/store/internal/departures.ts"
const tieredPages = "src/store/internal/tieredPages.ts"
const familyPages = "src/cache/internal/reads/familyPages.ts"

const scans = "test/simulation/iteration.test.ts"
const iteration = "test/manifest/iteration.test.ts"
const hangs = "test/cache/hangs.test.ts"
const beside = "test/store/beside.test.ts"
const codecProps = "test/props/codec.test.ts"
const lmdbSuite = "test/store/lmdb/suite.test.ts"
const engineModel = "test/model/engine.test.ts"
const races = "test/simulation/races.test.ts"
const pushedDown = "test/simulation/pushedDown.test.ts"
const keyEnds = "test/manifest/keyEnds.test.ts"
const tiers = "test/cache/tiers.test.ts"
const faults = "test/simulation/faults.test.ts"
const peers = "test/cache/peers.test.ts"
const lost = "test/store/lmdb/lost.test.ts"
const trust = "test/store/lmdb/trust.test.ts"
const peersAnswers = "test/cache/peersAnswers.test.ts"
const arrangements = "test/cache/arrangements.test.ts"
const derived = "test/cache/derived.test.ts"
const changedInside = "test/cache/changedInside.test.ts"
const unkept = "test/cache/unkept.test.ts"
const writtenTogether = "test/cache/writtenTogether.test.ts"
const vanished = "test/cache/vanished.test.ts"
const marks = "test/cache/marks.test.ts"
const tracked = "test/manifest/tracked.test.ts"
const warm = "test/manifest/warm.test.ts"
const rights = "test/manifest/rights.test.ts"
const lookups = "test/manifest/lookups.test.ts"
const spelling = "test/ownership/spelling.test.ts"
const validation = "test/ownership/Validation.test.ts"
const judgement = "test/cache/judgement.test.ts"
const refusing = "test/cache/refusing.test.ts"
const joinedLoads = "test/cache/joinedLoads.test.ts"
const previous = "test/cache/previous.test.ts"
const batches = "test/manifest/batch.test.ts"
const leaving = "test/manifest/leaving.test.ts"
const waits = "test/cache/waits.test.ts"
const chains = "test/manifest/chains.test.ts"
const herd = "test/cache/herd.test.ts"
const tagRaces = "test/cache/tagRaces.test.ts"
const unknownNothing = "test/cache/unknownNothing.test.ts"
const ledgerSuite = "test/store/ledger/sim.suite.test.ts"
const logViewTests = "test/store/ledger/logView.test.ts"
const ledgerNodeTests = "test/store/ledger/ledgerNode.test.ts"
const ledgerSimulation = "test/simulation/ledger.test.ts"
const loadsOfProcesses = "test/cache/loadsOfProcesses.test.ts"
const loadLeases = "src/store/internal/ledger/loadLeases.ts"
const sharedSimulation = "test/simulation/shared.test.ts"
const ledgerStoreTests = "test/store/ledger/ledgerStore.test.ts"
const logStampsTests = "test/store/ledger/logStamps.test.ts"
const ledgerStore = "src/store/internal/ledger/ledgerStore.ts"
const logStamps = "src/store/internal/ledger/logStamps.ts"
const peerChanges = "src/cache/internal/invalidation/peerChanges.ts"
const logView = "src/store/internal/ledger/logView.ts"
const ledgerNode = "src/store/internal/ledger/ledgerNode.ts"
const ledgerSteps = "test/support/ledger/ledgerSteps.ts"
const failedSetLeft = "test/cache/failedSetLeft.test.ts"
const pushedDownTorn = "test/cache/pushedDownTorn.test.ts"
const closedUnseen = "test/cache/closedUnseen.test.ts"
const refreshWaits = "test/cache/refreshWaits.test.ts"
const absent = "test/cache/absent.test.ts"
const loadQueue = "test/cache/loadQueue.test.ts"
const asyncContext = "test/cache/asyncContext.test.ts"
const hidden = "test/cache/hidden.test.ts"

const collected = "src/cache/transactions/internal/collected.ts"
const transaction = "src/cache/transactions/transaction.ts"
const transactions = "test/manifest/transaction.test.ts"
const commits = "test/simulation/transactions.test.ts"
const doors = "test/manifest/transactionDoors.test.ts"
const deployments = "test/manifest/deployments.test.ts"

export const canaries: ReadonlyArray<Canary> = [
  {
    law: 7,
    bug: "a loop of operations in place lets no other fiber run",
    file: "src/manifest/internal/inPlace.ts",
    text: "!fiber.cache.scheduler.shouldYield(fiber)",
    planted: "fiber.cache.scheduler !== undefined",
    suites: ["test/manifest/inPlace.test.ts"]
  },
  {
    law: 7,
    bug: "an interrupted fiber still writes in place",
    file: "src/manifest/internal/inPlace.ts",
    text: "fiber._deferredInterrupt === false",
    planted: "fiber._deferredInterrupt !== undefined",
    suites: ["test/manifest/inPlace.test.ts"]
  },
  {
    law: 13,
    bug: "an engine goes on below the versions that its tier remembers",
    file: opening,
    text: "versions.saw(kept.versionMax ?? 0)",
    planted: "versions.saw(0)",
    suites: ["test/cache/versions.test.ts"]
  },
  {
    law: 13,
    bug: "a folder forgets how far its versions have come",
    file: "src/store/lmdb/internal/lmdbCommons.ts",
    text: "if (version > this.#ceiling) this.reserve()",
    planted: "if (version > this.#ceiling && this.#ceiling < 0) this.reserve()",
    suites: ["test/cache/versions.test.ts"]
  },
  {
    law: "what is kept is found again",
    bug: "another manifest that was opened before counts as a change of the tiers",
    file: "src/cache/engine/internal/sessions.ts",
    text: "stampMax > 0 && keeps?.(prefix) !== false",
    planted: "stampMax > 0 && keeps !== null",
    suites: ["test/cache/sessions.test.ts"]
  },
  {
    law: 4,
    bug: "an engine does not drop what one that has left made of a key",
    file: opening,
    text: `    peer.outlive()\n`,
    planted: ``,
    suites: ["test/cache/derivedOfNothing.test.ts"]
  },
  {
    law: 4,
    bug: "what an engine that leaves pushes down counts as of the next session",
    file: opening,
    text: "cache.outbox.life = { ...life }",
    planted: "cache.outbox.life = life",
    suites: ["test/cache/sessions.test.ts"]
  },
  {
    law: 4,
    bug: "what came to be owed while a round was under way is forgotten when the round has arrived",
    file: carrier,
    text: "life.owed = life.owed.filter((mark) => !marks.includes(mark))",
    planted: "life.owed = life.owed.filter(() => marks === undefined)",
    suites: ["test/cache/sessions.test.ts"]
  },
  {
    law: "each store is where it is of use",
    bug: "memory below a file is accepted",
    file: "src/store/TieredStore.ts",
    text: "if (upsideDown !== undefined) return",
    planted: "if (upsideDown === null) return",
    suites: ["test/store/tiered.test.ts"]
  },
  {
    law: 9,
    bug: "over a tier without memory, any tag refuses a write under a lease",
    file: "src/cache/internal/entries/leaseTerms.ts",
    text: `wasSeen && tags === undefined && stamp < entries.marking.tagMark`,
    planted: `wasSeen && stamp < entries.marking.tagMark`,
    suites: ["test/manifest/leases.test.ts"]
  },
  {
    law: 9,
    bug: "a refresh that brings an equal value refuses the next write under a lease",
    file: loads,
    text: `this.cache.tell(this.name, { _tag: "Asked", key })`,
    planted: `this.cache.tell(this.name, { _tag: "Asked", key }), this.entries.terms.overtake(key)`,
    suites: ["test/manifest/leases.test.ts"]
  },
  {
    law: "one answer for each key",
    bug: "a hole in the answer of a lookupMany is taken for a value",
    file: "src/cache/internal/loads/failures.ts",
    text: "all.length === asked ? all.reduce<number>((count) => count + 1, 0) : all.length",
    planted: "all.length",
    suites: ["test/cache/bulk.test.ts"]
  },
  {
    law: "what is remembered holds no request",
    bug: "a remembered failure holds the request in which its error was made",
    file: "src/cache/internal/loads/failures.ts",
    text: "    releaseFrames(exit)\n",
    planted: "    void releaseFrames\n",
    suites: [asyncContext]
  },
  {
    law: 9,
    bug: "a write that a transaction leaves out renews the term of its lease",
    file: collected,
    text: "change.judged === undefined || !made.has(change.judged)",
    planted: "change.judged === undefined",
    suites: ["test/manifest/leases.test.ts"]
  },
  {
    law: "what has ended does not come back",
    bug: "a shorter lifetime is forgotten with a process that writes nothing",
    file: lowerReads,
    text: "    if (limited !== found) void this.ground.sendOwed()\n",
    planted: "",
    suites: ["test/cache/limits.test.ts"]
  },
  {
    law: 9,
    bug: "a sweep overtakes the leases of keys that have not changed",
    file: "src/capability/shared/leaseTable.ts",
    text: "(isWide(own) || isChanged(own.source, term))",
    planted: "(isWide(own) || isChanged(own.source, term) || true)",
    suites: ["test/manifest/leases.test.ts"]
  },
  {
    law: 9,
    bug: "a sweep forgets the marks that a lease has not learned of",
    file: "src/cache/internal/invalidation/sweep.ts",
    text: "  heedTerms(entries)\n",
    planted: "",
    suites: ["test/manifest/leases.test.ts"]
  },
  {
    law: "a nothing that may be a value makes no lasting value",
    bug: "an update of a value that is not kept runs, and is lost",
    file: updates,
    text: "if (unkept !== undefined) return",
    planted: "if (unkept !== undefined && served.isUncertain === false) return",
    suites: ["test/cache/knownNothing.test.ts"]
  },
  {
    law: 4,
    bug: "a stale entry that a lookup took for nothing stays for the next process",
    file: familyReads,
    text: "void this.entries.lane!.remove(key)",
    planted: "void this.entries.lane",
    suites: ["test/cache/knownNothing.test.ts"]
  },
  {
    law: 6,
    bug: "an entry that has ended by idleness is served in place of a failure",
    file: "src/cache/internal/loads/substitutes.ts",
    text: `const servedUntil = Math.min(freshUntil + Expiry.staleMillisMax(entries.expiry), expiresAt)`,
    planted: `const servedUntil = Math.max(freshUntil + Expiry.staleMillisMax(entries.expiry), -expiresAt)`,
    suites: ["test/cache/idleSubstitute.test.ts"]
  },
  {
    law: 6,
    bug: "a value that the source says is gone stays in a tier in which it was not seen",
    file: landing,
    text: `both(spread, this.entries.foundAbsent(key, isNews || changed))`,
    planted: `both(spread, this.entries.foundAbsent(key, changed))`,
    suites: ["test/cache/goneBelow.test.ts"]
  },
  {
    law: "what a refresh brings is not lost",
    bug: "a patch writes what it made of the value before a refresh that was asked for while it ran",
    file: updates,
    text: "watch.changed || this.loads.isRefreshing(key)",
    planted: "watch.changed",
    suites: ["test/cache/refreshed.test.ts"]
  },
  {
    law: "what a refresh brings is not lost",
    bug: "an update knows nothing of a refresh that runs in another engine",
    file: loads,
    text: "this.refreshOf(key) !== undefined || this.cache.isRefreshedElsewhere(this.name, key)",
    planted: "this.refreshOf(key) !== undefined",
    suites: ["test/cache/refreshed.test.ts"]
  },
  {
    law: "a write under a lease is made of the newest answer",
    bug: "a load that has found no value leaves the leases on its key as they are",
    file: landing,
    text: "    this.entries.terms.absent(key)\n",
    planted: "",
    suites: ["test/manifest/leases.test.ts"]
  },
  {
    law: "what a refresh brings is not lost",
    bug: "an update that begins while a refresh runs is made from the value before it",
    file: updates,
    text: `if (this.loads.refreshOf(key) === undefined) return read()`,
    planted: `if (!Boolean(0)) return read()`,
    suites: ["test/cache/refreshed.test.ts"]
  },
  {
    law: 6,
    bug: "after a process whose clock was ahead, no entry is renewed ahead of its end",
    file: "src/cache/internal/family/expiry.ts",
    text: `const beganAt = lifetimeBeganAt(expiry, entry, madeAt)`,
    planted: `const beganAt = madeAt`,
    suites: ["test/cache/clockAhead.test.ts"]
  },
  {
    law: 6,
    bug: "a load serves a stale value early after an earlier load has brought a newer one",
    file: landing,
    text: "if (!isRefused || !this.staysStale(flight, other.held?.entry)) other.bar()",
    planted: "void isRefused, other",
    suites: [closedUnseen]
  },
  {
    law: 4,
    bug: "a lookup makes a lasting value of a nothing that a failing tier gave",
    file: landing,
    text: "flight.load.readRefused || flight.load.isUncertain || isClosed",
    planted: "flight.load.readRefused || isClosed",
    suites: [unknownNothing]
  },
  {
    law: 4,
    bug: "of several tiers, one that fails hides what it has from a lookup",
    file: "src/store/internal/tieredPartition.ts",
    text: "isSure ? worse : better",
    planted: "better",
    suites: ["test/store/tiered.test.ts", unknownNothing]
  },
  {
    law: 4,
    bug: "a load that a tag has closed keeps a value that was made without a source",
    file: spreading,
    text: "loads.flights.mayStore(key).filter(isBehind)",
    planted: "loads.mayStore(key).filter((flight) => flight.isCurrent && isBehind(flight))",
    suites: [closedUnseen]
  },
  {
    law: 4,
    bug: "an update builds on a value that was made without a source",
    file: loads,
    text: "if (isHeld || behind.length > 0) this.turns",
    planted: "if (behind.length > 0) this.turns",
    suites: [closedUnseen]
  },
  {
    law: 12,
    bug: "a refresh does not wait for the change that came before its value",
    file: familyReads,
    text: "served.entry === undefined ? Effect.andThen(own, this.cache.outbox.settled) : own",
    planted: "own",
    suites: [refreshWaits]
  },
  {
    law: 12,
    bug: "a refresh does not wait for the removal of the values of two engines",
    file: landing,
    text: `      const delivery = this.yieldTo(flight)\n`,
    planted: `      void this.yieldTo(flight)\n      const delivery = noDelivery\n`,
    suites: [refreshWaits]
  },
  {
    law: "async context",
    bug: "a fiber of a family keeps the storage of the request that began it",
    file: loads,
    text: `return outside(() => this.forkFor(work))`,
    planted: `return this.forkFor(work)`,
    suites: [asyncContext]
  },
  {
    law: "async context",
    bug: "what a layer starts keeps the storage of the request that built it",
    file: "src/capability/shared/outside.ts",
    text: `Effect.sync(() => outside(() => Effect.runForkWith(context)(steps)))`,
    planted: `Effect.sync(() => Effect.runForkWith(context)(steps))`,
    suites: [asyncContext]
  },
  {
    law: "async context",
    bug: "the end of leases keeps the storage of the request that waited first",
    file: "src/capability/shared/leaseTable.ts",
    text: `(work) => outside(() => Effect.runForkWith(context)(work))`,
    planted: `(work) => Effect.runForkWith(context)(work)`,
    suites: [asyncContext]
  },
  {
    law: 11,
    bug: "what a mark hides is freed only when there are many marks",
    file: "src/cache/internal/marks/sweepDue.ts",
    text: `this.ground.fullness >= this.fullAt || this.isPending && this.writes >= this.writesAt`,
    planted: `this.ground.fullness >= this.fullAt`,
    suites: [hidden]
  },
  {
    law: 11,
    bug: "what a mark hides stays while nothing is written",
    file: "src/cache/internal/marks/sweepDue.ts",
    text: `if (!wasPending && this.isPending) this.plan()`,
    planted: `if (!wasPending && this.isPending) this.check()`,
    suites: [hidden]
  },
  {
    law: 11,
    bug: "what a mark hides stays if no process lives for long",
    file: "src/cache/internal/marks/sweepDue.ts",
    text: `this.writes = Math.floor(share * writesMin)`,
    planted: `this.writes = 0`,
    suites: [hidden]
  },
  {
    law: "sweeps",
    bug: "a sweep follows each few writes, however large the tier is",
    file: "src/cache/internal/marks/sweepDue.ts",
    text: `this.writesAt = Math.max(writesMin, Math.ceil(kept * writesPerKept))`,
    planted: `this.writesAt = writesMin`,
    suites: [hidden]
  },
  {
    law: "sweeps",
    bug: "a large tier is swept each ten seconds",
    file: "src/cache/internal/marks/sweepDue.ts",
    text: `this.pauseMillis = pauseMillisMin + kept * pauseMillisPerKept`,
    planted: `this.pauseMillis = pauseMillisMin`,
    suites: [hidden]
  },
  {
    law: "sweeps",
    bug: "a mark on a whole family is swept in each life again",
    file: "src/cache/internal/marks/familyMarks.ts",
    text: `if (this.whole.latest <= upTo) {`,
    planted: `if (this.whole.latest < 0) {`,
    suites: [hidden]
  },
  {
    law: 6,
    bug: "a value that the source says is gone is served stale",
    file: landing,
    text: `Absent: () => this.absent(flight),`,
    planted:
      `Absent: () => Effect.sync(() => this.fail(flight, Cause.fail(this.ground.absent(flight.key, "no value")), previous)),`,
    suites: [absent]
  },
  {
    law: 4,
    bug: "what was made from a value that is gone in the source stays",
    file: landing,
    text: `const spread = isNews ? `,
    planted: `const spread = isNews && key === "" ? `,
    suites: [absent]
  },
  {
    law: 2,
    bug: "a load that finds no value takes away what was written while it ran",
    file: landing,
    text: `if (this.isOutOfDate(flight, noTags)) {`,
    planted: `if (this.isOutOfDate(flight, noTags) && flight.hasEnded) {`,
    suites: [absent, races]
  },
  {
    law: 5,
    bug: "that a key has no value is not remembered",
    file: landing,
    text: `    this.ground.failures.rememberAbsent(flight, absent, now)\n`,
    planted: ``,
    suites: [absent]
  },
  {
    law: "what is derived",
    bug: "what is made from an absent key is dropped with each answer that it is absent",
    file: landing,
    text: `const isNews = before !== undefined || sources?.isAbsent(key) !== true`,
    planted: `const isNews = true`,
    suites: [absent]
  },
  {
    law: 4,
    bug: "what could not be made without its source is absent after the source has a value",
    file: "src/cache/internal/invalidation/spreading.ts",
    text: `    loads.failures.forget(key)\n`,
    planted: ``,
    suites: [absent]
  },
  {
    law: 11,
    bug: "renewals behind readers take the places of readers",
    file: renewals,
    text: `{ ...renewalOf(key, cause, entry), lookup }`,
    planted: `{ cause, fallback: entry, isDetached: true }`,
    suites: [loadQueue]
  },
  {
    law: 11,
    bug: "renewals behind readers have no bound",
    file: "src/cache/internal/loads/loadQueue.ts",
    text: `return this.background.size + moved >= backgroundMax`,
    planted: `return this.background.size + moved >= backgroundMax * 2`,
    suites: [loadQueue]
  },
  {
    law: 11,
    bug: "renewals that readers have joined pass the bound",
    file: "src/cache/internal/loads/loadQueue.ts",
    text: `return this.background.size + moved >= backgroundMax`,
    planted: `return this.background.size >= backgroundMax`,
    suites: [loadQueue]
  },
  {
    law: 7,
    bug: "an engine that joins waits for a tier that does not take its marks",
    file: opening,
    text: `yield* ifItCan(store.recordMarks(recorded))`,
    planted: `yield* Effect.ignore(store.recordMarks(recorded))`,
    suites: [hangs]
  },
  {
    law: 7,
    bug: "writers wait for a round that a tier never ends",
    file: carrier,
    text: `inTime(store, "write", store.write(round))`,
    planted: `store.write(round)`,
    suites: [hangs]
  },
  {
    law: 7,
    bug: "a reader who joins a renewal waits behind all other readers",
    file: "src/cache/internal/loads/flight.ts",
    text: `    this.load.ticket?.meetReader()\n    return leave`,
    planted: `    return leave`,
    suites: [loadQueue]
  },
  {
    law: 7,
    bug: "a reader is not answered by a renewal that begins and ends when the reader joins it",
    file: "src/cache/internal/loads/flight.ts",
    text: `    const leave = this.add(resume, wantsFresh)\n`,
    planted: `    this.load.place?.meetReader()\n    const leave = this.add(resume, wantsFresh)\n`,
    suites: [loadQueue, "test/simulation/warming.test.ts"]
  },
  {
    law: "a check tells what it does not know",
    bug: "a compiler that crashed has found no errors",
    file: "src/cli/compiler.ts",
    text: "code === 0 || ((code === 1 || code === 2) && hasErrors) ? undefined",
    planted: "code === 0 || code === 1 || code === 2 ? undefined",
    suites: ["test/cli/check.test.ts"]
  },
  {
    law: 1,
    bug: "a reader may write",
    file: "src/manifest/internal/grants.ts",
    text: `const grant = find(context, this.engine, this.own)\n    return`,
    planted: `const grant = find(context, this.engine, this.read)\n    return`,
    suites: ["test/manifest/rights.test.ts", "props"]
  },
  {
    law: 1,
    bug: "a function that was cast lists for its invalidations what it does not own",
    file: "src/ownership/shared/declaration.ts",
    text: "if (touched.some((each) => derivesFrom(each, owned))) return undefined",
    planted: "if (touched.length > 0) return undefined",
    suites: ["test/manifest/Declared.test.ts"]
  },
  {
    law: 1,
    bug: "a module may read all of a family of which its own derives from a part",
    file: "src/ownership/internal/validManifest.ts",
    text: "const readables = reachedBy(readSources, indexOf)",
    planted: "const readables = reachedBy(sources, indexOf)",
    suites: [rights]
  },
  {
    law: "options act or are refused",
    bug: "an owner ignores an option that does not exist",
    file: "src/manifest/internal/ownerOptions.ts",
    text: "if (!known.includes(option)) return [{ ...ManifestFindings.optionUnknown(option, place, known), path: at }]",
    planted: "if (!known.includes(option)) return []",
    suites: [rights]
  },
  {
    law: 4,
    bug: "a lookup learns what a family holds by warming it",
    file: "src/cache/internal/reads/trackedReads.ts",
    text: "return this.looking(keys, () => this.source.warm(keys, concurrency))",
    planted: "return this.source.warm(keys, concurrency)",
    suites: [lookups]
  },
  {
    law: 2,
    bug: "a load that was overtaken is stored",
    file: landing,
    text: `return isHidden || flight.load.readRefused || flight.load.isUncertain || isClosed`,
    planted: `return isClosed || this.entries.judge(key, flight.stamp, tags) !== "valid"`,
    suites: [races]
  },
  {
    law: 2,
    bug: "what was made from a stale value is stored as fresh",
    file: landing,
    text: `if (readStale) return {`,
    planted: `if (readStale && key === "") return {`,
    suites: [races, "model"]
  },
  {
    law: 2,
    bug: "what was read below is copied up though the key was changed meanwhile",
    file: lowerReads,
    text: `if (watch.changed) return`,
    planted: `if (watch.changed && key === "") return`,
    suites: [tiers]
  },
  {
    law: 3,
    bug: "a value from before a change takes the place of a failed renewal that was asked for after the change",
    file: "src/cache/internal/loads/offers.ts",
    text: "|| this.entries.cache.stamp !== stamp) return",
    planted: "|| stamp < 0) return",
    suites: ["test/cache/renewed.test.ts"]
  },
  {
    law: 3,
    bug: "a load that was overtaken asks for a renewal of what it found",
    file: "src/cache/internal/loads/offers.ts",
    text: "if (isQuiet || flight.isOvertaken ||",
    planted: "if (isQuiet ||",
    suites: ["test/cache/renewed.test.ts"]
  },
  {
    law: 4,
    bug: "a tag leaves what a process before has made from entries that are gone",
    file: "src/cache/internal/invalidation/familyInvalidation.ts",
    text: "return both(own, this.cache.spread.ofSlice(this.name, everything, mode))",
    planted: `if (this.entries.hot?.count === 0 && !this.entries.before.isEmpty) return own
    return both(own, this.cache.spread.ofSlice(this.name, everything, mode))`,
    suites: ["test/simulation/vanishing.test.ts"]
  },
  {
    law: 2,
    bug: "a refused refresh leaves older entries below",
    file: landing,
    text:
      `return isReplaced || this.staysStale(flight, before) ? dependents : both(dependents, this.entries.remove(key))`,
    planted: `if (!isReplaced && !this.staysStale(flight, before)) this.entries.hot?.drop(key)\n    return dependents`,
    suites: [tagRaces]
  },
  {
    law: 2,
    bug: "a refused refresh takes what a later write brought",
    file: landing,
    text:
      `return isReplaced || this.staysStale(flight, before) ? dependents : both(dependents, this.entries.remove(key))`,
    planted: `return this.staysStale(flight, before) ? dependents : both(dependents, this.entries.remove(key))`,
    suites: ["test/cache/overtaken.test.ts", "test/cache/twoTiers.test.ts"]
  },
  {
    law: 2,
    bug: "a load that ends after a later one replaces its value",
    file: landing,
    text: `for (const older of this.ground.flights.before(flight)) older.outrun()`,
    planted: ``,
    suites: [tagRaces]
  },
  {
    law: 2,
    bug: "a reader joins a load that began before a tag was invalidated",
    file: flights,
    text: `isOpen({ isCurrent, key, stamp }: Flight<V>): boolean {\n    return isCurrent && this`,
    planted: `isOpen({ isOvertaken, key, stamp }: Flight<V>): boolean {\n    return !isOvertaken && this`,
    suites: [tagRaces]
  },
  {
    law: 2,
    bug: "a value is renewed though a tag of it was invalidated meanwhile",
    file: landing,
    text: `given !== undefined && this.entries.judge`,
    planted: `given === undefined && this.entries.judge`,
    suites: [tagRaces]
  },
  {
    law: 2,
    bug: "a load is stored whose tag a sweep has forgotten",
    file: "src/cache/internal/invalidation/sweep.ts",
    text: `if (flight.isClosed || entries`,
    planted: `if (entries`,
    suites: [tagRaces]
  },
  {
    law: 2,
    bug: "an update is stored though a tag of its value was invalidated meanwhile",
    file: updates,
    text: `this.entries.judge(key, turn.stamp, turn.tags) !== "valid"`,
    planted: `this.entries.judge(key, turn.stamp, []) !== "valid"`,
    suites: [tagRaces]
  },
  {
    law: 5,
    bug: "a tag that a value does not have makes its load void",
    file: flights,
    text: `for (const flight of this.running) flight.close()`,
    planted: `for (const flight of this.running) flight.overtake()`,
    suites: [tagRaces]
  },
  {
    law: 3,
    bug: "a read finds nothing beside a set whose value memory has pushed out",
    file: lowerReads,
    text: `return isGone ? undefined : changed`,
    planted: `return isGone || key !== "" ? undefined : changed`,
    suites: ["test/cache/lowerTier.test.ts"]
  },
  {
    law: 3,
    bug: "a read beside a set runs the lookup though a tier has the value",
    file: "src/cache/internal/loads/offers.ts",
    text: `found === undefined || flight.isOvertaken && !isFresh`,
    planted: `found === undefined || flight.isOvertaken`,
    suites: ["test/cache/lowerTier.test.ts"]
  },
  {
    law: 6,
    bug: "a refresh serves a value whose idle time is over",
    file: "src/cache/internal/loads/offers.ts",
    text: `Math.min(this.entries.freshUntil(key, read, now), read.expiresAt)`,
    planted: `this.entries.freshUntil(key, read, now)`,
    suites: ["test/cache/lowerTier.test.ts"]
  },
  {
    law: 5,
    bug: "a key that fails takes the other keys of its bulk load along",
    file: loadLookups,
    text: `for (const flight of open) flight.detach()`,
    planted: `for (const flight of open) void flight`,
    suites: ["test/cache/bulk.test.ts"]
  },
  {
    law: 6,
    bug: "NotModified forgets the value that the lookup was given",
    file: landing,
    text: `const before = flight.given`,
    planted: `const before = this.entries.hot?.peek(flight.key)`,
    suites: ["test/cache/lowerTier.test.ts"]
  },
  {
    law: 4,
    bug: "what the function of a lookup reads in the step of its reader is not tracked",
    file: loads,
    text: "running.context = Context.add(loader.context, CurrentLoad, load)",
    planted: "running.context = loader.context",
    suites: ["test/manifest/inPlaceLoads.test.ts"]
  },
  {
    law: 5,
    bug: "a reader who comes while the function of a lookup runs starts a second load",
    file: flights,
    text: "if (this.here !== undefined) this.enter(this.here)\n    return this.joinables",
    planted: "return this.joinables",
    suites: ["test/manifest/inPlaceLoads.test.ts"]
  },
  {
    law: 3,
    bug: "an update is stored although the key was refreshed meanwhile",
    file: loads,
    text: `if (flight.cause === "refresh") this.askedAnew(key)`,
    planted: `if (cause === "warm") this.askedAnew(key)`,
    suites: [tagRaces]
  },
  {
    law: 2,
    bug: "a load replaces what another engine has loaded meanwhile",
    file: landing,
    text: `if (isContested && !isUncertain && (rival === undefined || mayDiffer(rival.value, value))) {`,
    planted: `if (isContested && flight.hasEnded) {`,
    suites: [peers]
  },
  {
    law: 3,
    bug: "memory serves what it holds although another process has the folder",
    file: entries,
    text: `    this.watches.changedAll()\n    this.hot?.dropAll()`,
    planted: `    this.watches.changedAll()`,
    suites: [lost]
  },
  {
    law: 3,
    bug: "a load is stored in memory although another process has the folder",
    file: landing,
    text: `|| isClosed || this.entries.lost !== undefined`,
    planted: `|| isClosed`,
    suites: [lost]
  },
  {
    law: 3,
    bug: "a tier above the lost one serves what it holds",
    file: lowerReads,
    text: `if (this.ground.lost !== undefined) return Effect.succeed(unknown)`,
    planted: ``,
    suites: [lost]
  },
  {
    law: 4,
    bug: "what was made of values of a lost folder stays in memory",
    file: "src/cache/engine/cacheFamily.ts",
    text: `    this.loads.failures.clear()\n    this.cache.spread.ofEnd(this.name)`,
    planted: `    this.loads.failures.clear()`,
    suites: [lost]
  },
  {
    law: 3,
    bug: "a folder that another process has taken over is noticed by writes alone",
    file: "src/store/lmdb/LmdbStore.ts",
    text: `          Fiber.runIn(yield* forkOutside(tier.watch), scope)\n`,
    planted: ``,
    suites: [lost]
  },
  {
    law: 2,
    bug: "an answer of another engine that a key has no value outruns a load that began later",
    file: landing,
    text: `both(spread, this.entries.foundAbsent(key, isNews || changed))`,
    planted: `isNews || changed ? both(spread, this.entries.remove(key)) : noDelivery`,
    suites: [peersAnswers]
  },
  {
    law: 2,
    bug: "an engine repeats a failure although another engine has got an answer meanwhile",
    file: landing,
    text: `const isLast = !flight.isOvertaken && !flight.isContested`,
    planted: `const isLast = !flight.isOvertaken`,
    suites: [peersAnswers]
  },
  {
    law: 3,
    bug: "a reader joins a load that another engine has outrun",
    file: flights,
    text: `!flight.isContested && this.isOpen(flight) && this.rests(flight)`,
    planted: `this.isOpen(flight) && this.rests(flight)`,
    suites: [peers]
  },
  {
    law: 3,
    bug: "an update is written although another engine was asked to refresh the key",
    file: loads,
    text: `    this.cache.tell(this.name, { _tag: "Asked", key })\n`,
    planted: ``,
    suites: [peers]
  },
  {
    law: 8,
    bug: "a reader joins a load after the end of what it has read",
    file: flights,
    text: `return load.restsUntil === Infinity || this.entries.cache.time.now() < load.joinableUntil(key)`,
    planted: `return true`,
    suites: ["test/cache/joined.test.ts"]
  },
  {
    law: 12,
    bug: "an older value stays below while a codec takes its time",
    file: lane,
    text: `if (isTouch !== true) removed.push(key)`,
    planted: ``,
    suites: ["test/cache/preparing.test.ts"]
  },
  {
    law: 3,
    bug: "a value whose codec has taken its time replaces a later one",
    file: lane,
    text: `    if (!this.preparing.isEmpty) this.preparing.cancel(key)\n    const { parcel } = this`,
    planted: `    const { parcel } = this`,
    suites: ["test/cache/preparing.test.ts"]
  },
  {
    law: 11,
    bug: "codecs of a family run without a bound",
    file: "src/cache/internal/below/preparing.ts",
    text: `if (this.atOnce >= atOnceMax) return`,
    planted: ``,
    suites: ["test/cache/preparing.test.ts"]
  },
  {
    law: 3,
    bug: "a key is read below although its change has not arrived there",
    file: lowerReads,
    text: `if (pending !== undefined) return Effect.succeed(this.onItsWay(pending))`,
    planted: `if (pending !== undefined && key === "") return Effect.succeed(this.onItsWay(pending))`,
    suites: [races]
  },
  {
    law: 3,
    bug: "changes that gathered during a round are forgotten",
    file: lane,
    text: `this.carried = parcel\n    return parcel`,
    planted: `this.carried = parcel\n    return parcel !== undefined && parcel.keys.size > 1 ? undefined : parcel`,
    suites: [races]
  },
  {
    law: 4,
    bug: "a write leaves what is derived from it",
    file: "src/cache/internal/invalidation/spreading.ts",
    text: `? invalidation.dropKey(dropped, mode, stamp, family)`,
    planted: `? noDelivery`,
    suites: ["props", races]
  },
  {
    law: 4,
    bug: "a load that brings another value leaves what is derived from the one before",
    file: landing,
    text: `if (changed) return this.spreadChange(key)`,
    planted: `if (changed && key === "") return this.spreadChange(key)`,
    suites: ["model", races]
  },
  {
    law: 5,
    bug: "readers do not join a load",
    file: flights,
    text: `return flight !== undefined && !flight.isContested && this.isOpen(flight) &&`,
    planted: `return flight !== undefined && !flight.isContested && !this.isOpen(flight) &&`,
    suites: ["props"]
  },
  {
    law: 5,
    bug: "a failure is not remembered",
    file: landing,
    text: `if (isLast && !isShed(cause)) this.ground.failures.remember(flight, exit, now)`,
    planted: `if (!isLast && !isShed(cause)) this.ground.failures.remember(flight, exit, now)`,
    suites: ["props"]
  },
  {
    law: 6,
    bug: "a stale value is served for twice as long as allowed",
    file: familyReads,
    text: `const age = now - freshUntil\n    if (age >= Expiry`,
    planted: `const age = (now - freshUntil) / 2\n    if (age >= Expiry`,
    suites: ["props", "model"]
  },
  {
    law: 7,
    bug: "a load without readers goes on",
    file: loads,
    text: `this.end(flight, Exit.interrupt(), true)`,
    planted: `this.end(flight, Exit.interrupt())`,
    suites: ["props", races]
  },
  {
    law: 7,
    bug: "a load that hangs is not ended",
    file: loads,
    text: `this.landing.fail(flight, Cause.fail(error), true)`,
    planted: `flight.stop()`,
    suites: [races]
  },
  {
    law: 8,
    bug: "what a closed owner held is still there",
    file: entries,
    text: `    this.before.hideHere(everything, this.cache.nextStamp(), this.cache.time.now())\n`
      + `    if (this.lane === undefined) this.hot?.dropAll()\n`,
    planted: ``,
    suites: ["props", leaving, "test/manifest/delegate.test.ts"]
  },
  {
    law: 9,
    bug: "an exclusive lease is granted beside a shared one",
    file: "src/capability/internal/leaseQueues.ts",
    text: `return isExclusive ? this.first : this.firstExclusive`,
    planted: `return this.firstExclusive`,
    suites: ["props"]
  },
  {
    law: 9,
    bug: "a write without a lease goes through while another caller has one",
    file: "src/cache/internal/entries/conditions.ts",
    text: `keys.filter((key) => leases.isLeased(spec.render(key)))`,
    planted: `keys.filter((key) => leases.isLeased(key))`,
    suites: ["props", "test/manifest/leases.test.ts", "test/model/engine.test.ts"]
  },
  {
    law: 9,
    bug: "a write under a lease brings back what was removed since it was read",
    file: "src/cache/internal/entries/leaseTerms.ts",
    text: `    this.each(key, overtake)`,
    planted: `    this.each(key, see)`,
    suites: ["test/manifest/leases.test.ts"]
  },
  {
    law: 9,
    bug: "a write under a lease brings back what was invalidated by a mark since it was read",
    file: refusals,
    text: `keys.some((one) => isMarkedSince(this.entries, one, term) || `,
    planted: `keys.some((one) => `,
    suites: ["props", "test/manifest/leases.test.ts"]
  },
  {
    law: 9,
    bug: "a lease that is granted in the moment of an interruption is kept",
    file: "src/capability/shared/leaseTable.ts",
    text: `Effect.onError(restore(waited), () => giveBack)`,
    planted: `Effect.onError(restore(waited), () => Effect.void)`,
    suites: ["props", races]
  },
  {
    law: 10,
    bug: "an entry that is heavier than a weight can be breaks a write in the middle",
    file: "src/store/memory/internal/memoryPartition.ts",
    text: `return weight <= entryWeightMax ? weight : Infinity`,
    planted: `return weight <= entryWeightMax ? weight : weight`,
    suites: [judgement]
  },
  {
    law: 10,
    bug: "a batch that is refused has begun",
    file: cache,
    text: `if (conflict !== undefined) return Effect.fail(conflict)\n            }\n`,
    planted:
      `if (conflict !== undefined) return Effect.fail(conflict)\n              write.family.writes.takeBack(write.key, Infinity)\n            }\n`,
    suites: ["props"]
  },
  {
    law: 10,
    bug: "others run in the middle of a batch",
    file: cache,
    text: `() => this.applyBatch(writes, judged)`,
    planted:
      `() => Effect.forEach(writes, (write, i) => this.applyBatch([write], [judged[i]!]), { discard: true, concurrency: 1 })`,
    suites: [races, "props"]
  },
  {
    law: 11,
    bug: "the queue of loads has no bound",
    file: "src/cache/internal/loads/loadQueue.ts",
    text: `this.readers.size >= this.waitingMax`,
    planted: `this.readers.size >= this.waitingMax * 2`,
    suites: ["test/cache/stampede.test.ts"]
  },
  {
    law: "eviction",
    bug: "adaptive does not learn from a change of shape that cost hits",
    file: "src/eviction/internal/duel.ts",
    text: `if (won < -luck) this.wariness = 1`,
    planted: `if (won < -luck) this.wariness = 0`,
    suites: ["test/eviction/adaptive.test.ts"]
  },
  {
    law: 11,
    bug: "a store holds one entry more than its capacity",
    file: "src/store/memory/MemoryStore.ts",
    text: `{ weightMax: share, hashOf })`,
    planted: `{ weightMax: share + 1, hashOf })`,
    suites: ["props", "test/store/memory/MemoryStore.test.ts"]
  },
  {
    law: 12,
    bug: "what was invalidated comes back after a crash",
    file: marking,
    text: `scopeOf(storeName, marked), stamp, tierFailed, spec.isSensitive)`,
    planted: `scopeOf(storeName, marked), 0, tierFailed, spec.isSensitive)`,
    suites: ["test/manifest/restart.test.ts"]
  },
  {
    law: 13,
    bug: "invalidations are ordered by the clock",
    file: cache,
    text: `return ++this.commons.stamp`,
    planted: `return this.commons.stamp = Math.max(1, this.time.now())`,
    suites: [races, "props"]
  },
  {
    law: "a defect names its function",
    bug: "a defect of a function of the user does not name it",
    file: "src/cache/shared/defects.ts",
    text: `if (!Cause.hasDies(cause)) return cause`,
    planted: `if (Cause.hasDies(cause)) return cause`,
    suites: ["test/manifest/defects.test.ts"]
  },
  {
    law: "a defect names its function",
    bug: "a defect of a lookup of many keys does not name it",
    file: loadLookups,
    text: `exit._tag === "Failure" ? Defects.named(exit.cause, "lookupMany", this.name) : Cause.fail(wrong)`,
    planted: `exit._tag === "Failure" ? exit.cause : Cause.fail(wrong)`,
    suites: ["test/manifest/defects.test.ts"]
  },
  {
    law: "a defect names its function",
    bug: "a defect of a lookup shows the span in which its owner was built",
    file: "src/cache/internal/loads/loaders.ts",
    text: `Context.omit(Tracer.ParentSpan, References.CurrentStackFrame)`,
    planted: `Context.omit(Tracer.ParentSpan)`,
    suites: ["test/manifest/defects.test.ts"]
  },
  {
    law: "a store may break its contract",
    bug: "a store of the user's own that throws ends an operation with a defect",
    file: "src/store/shared/checkedStore.ts",
    text: `return this.fail(operation, thrown)`,
    planted: `throw thrown`,
    suites: ["test/store/checkedStore.test.ts"]
  },
  {
    law: "a store may break its contract",
    bug: "a store of the user's own that dies ends an operation with a defect",
    file: "src/store/shared/checkedStore.ts",
    text: `if (Cause.isDieReason(reason)) return this.fail(operation, reason.defect)`,
    planted: `if (Cause.isDieReason(reason)) return Exit.failCause(cause)`,
    suites: ["test/store/checkedStore.test.ts"]
  },
  {
    law: "a store may break its contract",
    bug: "a store of the user's own in a store of several tiers is called unchecked",
    file: "src/store/TieredStore.ts",
    text: `const stores = Arr.map(given, checked)`,
    planted: `const stores = given`,
    suites: ["test/store/checkedStore.test.ts"]
  },
  {
    law: 9,
    bug: "a write under a lease goes through after its tag was invalidated, if its value is below memory",
    file: "src/cache/internal/writes/terms.ts",
    text: `Object.assign(term, { wasSeen: true, tags: undefined })`,
    planted: `return Effect.void`,
    suites: ["test/manifest/leases.test.ts"]
  },
  {
    law: 9,
    bug: "a write under a lease is refused after any tag was invalidated, if its value is below memory",
    file: "src/cache/internal/writes/terms.ts",
    text: `if (held !== undefined) term.tags = held.tags`,
    planted: `if (held !== undefined) term.tags = undefined`,
    suites: ["test/manifest/leases.test.ts"]
  },
  {
    law: 9,
    bug: "a lease that ended within the body of a transaction does not say so",
    file: "src/cache/transactions/internal/collected.ts",
    text: `if (conflict !== undefined) return Effect.fail(beforeCommit(conflict))`,
    planted: `if (conflict !== undefined) return Effect.fail(conflict)`,
    suites: ["test/manifest/transaction.test.ts"]
  },
  {
    law: "idle",
    bug: "a read does not put off the end of an idle entry",
    file: familyReads,
    text: `return fromMemory(renewIdleTime(this.entries, key, entry, now), false)`,
    planted: `return fromMemory(entry, false)`,
    suites: ["test/cache/expiry.test.ts", arrangements]
  },
  {
    law: "idle",
    bug: "the tiers below do not learn that an entry is read",
    file: idleTime,
    text: `if (!isNoted) lane.touch(key, read)`,
    planted: `if (!isNoted && key === "") lane.set(key, read)`,
    suites: [arrangements]
  },
  {
    law: 4,
    bug: "what is made from an idle source outlives it",
    file: "src/cache/internal/loads/load.ts",
    text: `Infinity : endsAt(entry)`,
    planted: `Infinity : entry.freshUntil`,
    suites: ["model", derived]
  },
  {
    law: 4,
    bug: "a source that was evicted, and has changed, leaves behind what was made from it",
    file: landing,
    text: `if (missedAt !== undefined) return this`,
    planted: `if (missedAt === -1) return this`,
    suites: [derived]
  },
  {
    law: 8,
    bug: "a source of which nothing is known counts as unchanged when it is loaded",
    file: landing,
    text: `: this.cache.spread.ofBefore(this.name, key)`,
    planted: `: (this.cache.nextStamp(), noDelivery)`,
    suites: [vanished]
  },
  {
    law: 8,
    bug: "what was made from what an owner had comes back with a restart, though the owner has returned",
    file: before,
    text: `this.stamp = cache.nextStamp()`,
    planted: `cache.nextStamp()`,
    suites: [vanished]
  },
  {
    law: 8,
    bug: "a mark of this process alone is taken for one that the store keeps",
    file: before,
    text: `return !marks.hidesAll(slice, this.stamp)`,
    planted: `return !marks.hidesAll(slice, this.ground.cache.openedAt)`,
    suites: [vanished]
  },
  {
    law: 8,
    bug: "what was made from what is not to be believed below is served",
    file: entries,
    text: `    this.cache.spread.ofEnd(this.name)\n`,
    planted: ``,
    suites: [vanished]
  },
  {
    law: 11,
    bug: "keys that lookups have read may be of any length",
    file: "src/cache/internal/entries/sources.ts",
    text: `this.characters + length <= charactersMax`,
    planted: `this.characters <= Infinity`,
    suites: ["test/cache/bounds.test.ts"]
  },
  {
    law: 8,
    bug: "a source from before that a file pushes out leaves what was made from it",
    file: family,
    text: `wasRead || this.entries.before.has(entry)`,
    planted: `wasRead`,
    suites: [vanished]
  },
  {
    law: 8,
    bug: "what was made from what memory alone had outlives the process",
    file: "src/cache/internal/invalidation/spreading.ts",
    text:
      `if (lane !== undefined && !marks.hidesAll(slice, openedAt)) target.invalidation.hideHere(slice, openedAt, name)`,
    planted: `marks.hidesAll(slice, openedAt)`,
    suites: [vanished]
  },
  {
    law: 8,
    bug: "a value that does not fit below leaves what was made from it when memory pushes it out",
    file: family,
    text: `this.entries.sources?.wasAlone(key) === true`,
    planted: `this.entries.sources?.wasAlone(key) === undefined`,
    suites: [vanished]
  },
  {
    law: 8,
    bug: "what was pushed out and fits no lower tier is forgotten in silence",
    file: "src/store/internal/demotions.ts",
    text: `        removed.push(key)
        this.#lost(key, entry)\n`,
    planted: `        removed.push(key)\n`,
    suites: [vanished]
  },
  {
    law: 4,
    bug: "a source that was evicted leaves what was made from it",
    file: "src/cache/internal/invalidation/spreading.ts",
    text: `    if (!this.isPutting && !this.isWhole) void this.ofEvicted()\n`,
    planted: `    this.evicted.pop()\n`,
    suites: [derived]
  },
  {
    law: 3,
    bug: "a change of several keys loses what it wrote when one of them pushes its source out",
    file: spreading,
    text: `keys.get(family)?.has(key) === true)`,
    planted: `false)`,
    suites: [writtenTogether]
  },
  {
    law: 3,
    bug: "what a change wrote is hidden below by the mark for the source that it pushed out",
    file: entries,
    text: `this.lane!.confirm(key, { ...pending.entry, stamp }, pending)`,
    planted: `noDelivery`,
    suites: [writtenTogether]
  },
  {
    law: 4,
    bug: "a load of several keys loses what it brought when a later key pushes its source out",
    file: landing,
    text: `const others = this.keptWith(flight, entry)`,
    planted: `const others = undefined`,
    suites: [writtenTogether]
  },
  {
    law: "options act or are refused",
    bug: "options that throw when they are read are a defect",
    file: "src/manifest/internal/options.ts",
    text: `    return read()
  } catch {`,
    planted: `    return read()
  } catch (error) {
    if (error instanceof RangeError) throw error`,
    suites: ["test/manifest/garbage.test.ts"]
  },
  {
    law: "options act or are refused",
    bug: "parameters that throw when they are read are a defect",
    file: "src/manifest/internal/keys.ts",
    text: `        return typeof value === "string" ? value : encode(value)
      } catch {`,
    planted: `        return typeof value === "string" ? value : encode(value)
      } catch (error) {
        if (error instanceof RangeError) throw error`,
    suites: ["test/manifest/garbage.test.ts"]
  },
  {
    law: "a failure that no caller gets is logged",
    bug: "explain does not show that a tier refused the value that is loaded again by each read",
    file: lane,
    text: `this.onAlone(key, "prepare", error)`,
    planted: `this.onAlone(key, "write", error)`,
    suites: [unkept]
  },
  {
    law: "a failure that no caller gets is logged",
    bug: "a loaded value that a tier does not keep is loaded again by each read, in silence",
    file: entries,
    text: `        this.unkept.note(key, operation, error)\n`,
    planted: ``,
    suites: [unkept]
  },
  {
    law: "what is sensitive stays hidden",
    bug: "the log of a value that is not kept has the key of a sensitive family",
    file: "src/cache/internal/entries/unkept.ts",
    text: `this.spec.isSensitive ? undefined : this.spec.show(key)`,
    planted: `this.spec.show(key)`,
    suites: [unkept]
  },
  {
    law: 4,
    bug: "what is stored is dropped for what it pushes out, so that nothing made from more than fits is held",
    file: entries,
    text: `this.confirmed(key, entry)`,
    planted: `entry`,
    suites: [derived]
  },
  {
    law: 4,
    bug: "a source that memory never held leaves behind what was made from it",
    file: familyReads,
    text: `if (lane === undefined && this.hot?.peek(key) === undefined) this.wasMissed(key)`,
    planted: `if (lane === undefined && this.hot === undefined) this.wasMissed(key)`,
    suites: [derived]
  },
  {
    law: 4,
    bug: "a change of a source that lay below alone leaves behind what was made from it",
    file: landing,
    text: `(isContested ? rival : held?.entry)`,
    planted: `(isContested ? rival : held?.tier === "memory" ? held.entry : undefined)`,
    suites: [derived]
  },
  {
    law: 8,
    bug: "what was made from a family outlives the owner of the family",
    file: family,
    text: `    this.cache.spread.ofEnd(this.name)\n    return this.loads.leave(loader)`,
    planted: `    return this.loads.leave(loader)`,
    suites: [derived]
  },
  {
    law: 6,
    bug: "a remembered failure hides what a tier below could serve",
    file: "src/cache/internal/loads/failures.ts",
    text: `failure?.isCovered === true ? undefined : failure`,
    planted: `failure`,
    suites: ["test/cache/lowerTier.test.ts"]
  },
  {
    law: 6,
    bug: "an update begins with what is stale, where it lay below",
    file: "src/cache/internal/loads/flight.ts",
    text: `wantsFresh === true && isStale(offered) ? undefined : offered`,
    planted: `offered`,
    suites: [arrangements]
  },
  {
    law: "tiers",
    bug: "what memory has pushed out is removed below by the write that had set it",
    file: "src/store/internal/tieredPartition.ts",
    text: `shareOf(tier, change, at === 0 ? pushedOut : [])`,
    planted: `shareOf(tier, change, at < 0 ? pushedOut : [])`,
    suites: [arrangements]
  },
  {
    law: "tiers",
    bug: "what a listener to failures of tiers throws ends the round",
    file: "src/store/internal/told.ts",
    text: `    } catch { /* The documentation of the option says so. */ }`,
    planted: `    } catch (error) {\n      throw error\n    }`,
    suites: ["test/manifest/options.test.ts"]
  },
  {
    law: "keys",
    bug: "a number spells a key of a parameter that is a text by its type",
    file: "src/manifest/internal/keys.ts",
    text: "encode: codec === undefined ? plain : text",
    planted: "encode: plain",
    suites: ["test/manifest/Manifest.test.ts"]
  },
  {
    law: 2,
    bug: "a value that was removed while a reader waited for its soft timeout comes back by the load that follows",
    file: "src/cache/internal/reads/familyReads.ts",
    text: `before !== undefined && this.entries.held(key)?.version === before.version ? before : undefined`,
    planted: `before`,
    suites: ["test/cache/timeouts.test.ts"]
  },
  {
    law: "keys",
    bug: "a server takes two spellings of one key",
    file: "src/manifest/Remote.ts",
    text: `if (spelt === key) return`,
    planted: `if (spelt !== "") return`,
    suites: ["test/manifest/remote.test.ts", "test/props/remote.test.ts"]
  },
  {
    law: "what does not fit is refused without the value",
    bug: "an error for a client quotes the value by the message of a check",
    file: "src/store/shared/misfit.ts",
    text: `: "a value that passes the check of the schema"`,
    planted: `: undefined`,
    suites: ["test/manifest/remote.test.ts"]
  },
  {
    law: "what does not fit is refused without the value",
    bug: "a number that a double does not hold is kept as another number",
    file: "src/manifest/internal/jsonText.ts",
    text: `BigInt(number) === BigInt(digits)`,
    planted: `true`,
    suites: ["test/manifest/remote.test.ts"]
  },
  {
    law: "keys",
    bug: "two values of a choice that have one text share a key",
    file: "src/manifest/internal/keys.ts",
    text: `return !mustComeBack || comesBack(text.value, value)`,
    planted: `return !mustComeBack || value !== undefined`,
    suites: ["test/cache/names.test.ts"]
  },
  {
    law: 11,
    bug: "what lives is evicted for what is new though a mark left others dead",
    file: "src/store/memory/internal/memoryPartition.ts",
    text: `    this.collect(collectedPerPutMax)\n`,
    planted: ``,
    suites: ["test/store/memory/MemoryStore.test.ts"]
  },
  {
    law: 11,
    bug: "a family with a bound of its own pushes out what the others hold",
    file: "src/store/memory/MemoryStore.ts",
    text: `const shards = hasOwn ? `,
    planted: `const shards = shared === undefined ? `,
    suites: ["test/cache/ownBounds.test.ts"]
  },
  {
    law: 11,
    bug: "entries of a family with a bound of its own are not freed when they end",
    file: "src/store/memory/MemoryStore.ts",
    text: `[shared, ...own.values()].flat()`,
    planted: `shared`,
    suites: ["test/cache/ownBounds.test.ts"]
  },
  {
    law: "counts",
    bug: "an entry that was read counts as unread when it is written again",
    file: "src/eviction/internal/twoQueues.ts",
    text: `    this.states[slot] = (state | usedBit) + 1\n`,
    planted: `    this.states[slot] = (state & ~usedBit) + 1\n`,
    suites: ["test/eviction/EvictionPolicy.test.ts"]
  },
  {
    law: 3,
    bug: "what a read found is put off where a write has taken its place",
    file: familyReads,
    text: `served?.entry === undefined || watch.changed`,
    planted: `served?.entry === undefined`,
    suites: ["test/cache/steps.test.ts"]
  },
  {
    law: 4,
    bug: "an update that was overtaken is written where the cache alone has the value",
    file: updates,
    text: `if (!overtaken) {`,
    planted: `if (!overtaken || this.loads.loader?.lookup === undefined) {`,
    suites: ["test/cache/overtaken.test.ts"]
  },
  {
    law: 1,
    bug: "a reader changes the tags of entries that have none",
    file: "src/store/memory/internal/memoryShard.ts",
    text: `noTags: ReadonlyArray<string> = Object.freeze([])`,
    planted: `noTags: ReadonlyArray<string> = []`,
    suites: ["test/cache/handedOut.test.ts"]
  },
  {
    law: 1,
    bug: "a reader changes the tags of other entries",
    file: "src/cache/internal/family/judgement.ts",
    text: `return Object.freeze(copy)`,
    planted: `return copy`,
    suites: ["test/cache/handedOut.test.ts"]
  },
  {
    law: 1,
    bug: "a holder makes a shared lease exclusive",
    file: "src/capability/shared/leaseTable.ts",
    text: `Object.freeze(lease)`,
    planted: `void lease`,
    suites: ["test/cache/handedOut.test.ts"]
  },
  {
    law: 8,
    bug: "what a lookup acquires stays open as long as its owner",
    file: loads,
    text: `if (scope.state._tag === "Open") this.forkFor(Scope.close(scope, exit))`,
    planted: `void scope`,
    suites: ["test/cache/ownContext.test.ts"]
  },
  {
    law: 11,
    bug: "the errors of lookups stay until the next one fails",
    file: "src/cache/internal/loads/failures.ts",
    text: `this.tidying ??= this.fork(this.tidy)`,
    planted: `void this.tidy`,
    suites: ["test/cache/ownContext.test.ts"]
  },
  {
    law: 11,
    bug: "what ends soon stays until upkeep wakes for what ends late",
    file: "src/store/memory/internal/memoryShard.ts",
    text: `if (expiresAt < this.alarm.at) this.alarm.ring()`,
    planted: `void this.alarm`,
    suites: ["test/store/memory/MemoryStore.test.ts"]
  },
  {
    law: "keys",
    bug: "a codec that throws is a defect",
    file: "src/manifest/internal/keys.ts",
    text: `      return Option.none()\n    }\n  }\n`,
    planted: `      throw new Error("a codec threw")\n    }\n  }\n`,
    suites: ["test/cache/names.test.ts"]
  },
  {
    law: "keys",
    bug: "a text that a check refuses is a key",
    file: "src/manifest/internal/keys.ts",
    text: `const refused = hasChecks ?`,
    planted: `const refused = hasChecks && !isText ?`,
    suites: ["test/manifest/parameters.test.ts"]
  },
  {
    law: "keys",
    bug: "an invalidation of one key by all its parameters takes a key of a part, and drops nothing",
    file: "src/manifest/internal/keys.ts",
    text: `!pattern.holes.every((name) => Object.hasOwn(params, name))`,
    planted: `pattern.holes.length > 0`,
    suites: ["test/manifest/parameters.test.ts"]
  },
  {
    law: "keys",
    bug: "a raw pattern is not spelt by the codecs, so an invalidation of what was written drops nothing",
    file: "src/manifest/internal/spelling.ts",
    text: `found.set(family, Result.getOrElse(spelt, () => pattern))`,
    planted: `found.set(family, pattern)`,
    suites: ["test/manifest/rawSpelling.test.ts"]
  },
  {
    law: "keys",
    bug: "a raw pattern that no codec accepts invalidates nothing and succeeds",
    file: "src/manifest/internal/spelling.ts",
    text: `refused.length > 0 && refused.length === found.size`,
    planted: `refused.length > found.size`,
    suites: ["test/manifest/rawSpelling.test.ts"]
  },
  {
    law: "keys",
    bug: "the error of a key names a parameter before the wrong one",
    file: "src/manifest/internal/keys.ts",
    text: `isSegment(encode(params[name])))`,
    planted: `isSegment(encode(params[name])) && name === "")`,
    suites: ["test/manifest/parameters.test.ts"]
  },
  {
    law: "keys",
    bug: "a name that a family does not have means all of its keys",
    file: "src/manifest/internal/keys.ts",
    text: `given.find((name) => !holes.includes(name))`,
    planted: `given.find((name) => name === "" && !holes.includes(name))`,
    suites: ["test/manifest/parameters.test.ts"]
  },
  {
    law: "options",
    bug: "options that are a text count as none",
    file: "src/manifest/internal/options.ts",
    text: `if (!isBag(given)) return refusal(family, "options"`,
    planted: `if (!isBag(given) && typeof given !== "string") return refusal(family, "options"`,
    suites: ["test/manifest/options.test.ts"]
  },
  {
    law: 4,
    bug: "a lookup reads any key of a family that it derives from",
    file: "src/cache/shared/invalidationPlan.ts",
    text: `agrees(step, segments, own)\n`,
    planted: `own !== undefined\n`,
    suites: [tracked]
  },
  {
    law: 4,
    bug: "a hit inside a lookup is not tracked",
    file: "src/manifest/internal/grants.ts",
    text: `if (Transaction.isLookupOrBody(context)) return undefined\n    const grant = this.readGrantOf(context)`,
    planted: `const grant = this.readGrantOf(context)`,
    suites: [tracked]
  },
  {
    law: 4,
    bug: "a lookup that makes light of a refused read has its value stored",
    file: landing,
    text: `if (refused !== undefined) return`,
    planted: `if (refused !== undefined && flight.key === "") return`,
    suites: [tracked]
  },
  {
    law: 6,
    bug: "a derived entry is fresh for longer than what it was made from",
    file: landing,
    text: `Expiry.endBy(this.ground.expiry, own, Math.min(freshUntilMax, flight.load.freshUntilMax(key)))`,
    planted: `Expiry.endBy(this.ground.expiry, own, Infinity)`,
    suites: [tracked]
  },
  {
    law: "warming",
    bug: "a load that no reader asked for takes more turns than there are",
    file: "src/cache/internal/loads/loadQueue.ts",
    text: `if (this.isOpen) return work`,
    planted: `if (isBackground || this.isOpen) return work`,
    suites: ["test/simulation/warming.test.ts", warm]
  },
  {
    law: "warming",
    bug: "a load that no reader asked for is stored though it was overtaken",
    file: landing,
    text: `return isHidden || flight.load.readRefused || flight.load.isUncertain || isClosed`,
    planted: `return !flight.isQuiet && (isHidden || flight.load.readRefused || isClosed)`,
    suites: ["test/simulation/warming.test.ts"]
  },
  {
    law: "warming",
    bug: "a key that is read no more is loaded for ever",
    file: "src/cache/internal/loads/readForecast.ts",
    text: `watched.lastAt < madeAt || watched.lastAt < watched.renewedAt`,
    planted: `watched.lastAt < 0`,
    suites: [warm]
  },
  {
    law: "rights",
    bug: "a grant of another engine counts",
    file: "src/manifest/internal/grants.ts",
    text: `if (grant === undefined || grant.engine !== own) continue`,
    planted: `if (grant === undefined || own === undefined) continue`,
    suites: [rights]
  },
  {
    law: "rights",
    bug: "a copy of a grant counts",
    file: "src/manifest/internal/grants.ts",
    text: `return isMade(value) && (value as CacheGrant).mode === mode`,
    planted: `return typeof value === "object" && value !== null && (value as CacheGrant).mode === mode`,
    suites: [rights]
  },
  {
    law: "rights",
    bug: "two classes of one name have one key",
    file: "src/manifest/internal/grants.ts",
    text: `n === 1 && !id.startsWith(laterKeys) ? id`,
    planted: `n > 0 && !id.startsWith(laterKeys) ? id`,
    suites: [rights]
  },
  {
    law: "rights",
    bug: "a module finds the word of the root",
    file: "src/manifest/internal/modules.ts",
    text: `new Appointment(engine, { module: name, owns, reads, lending })`,
    planted: `new Appointment(engine)`,
    suites: [rights]
  },
  {
    law: "rights",
    bug: "a module gives its word to what is around it",
    file: "src/manifest/internal/modules.ts",
    text: `!isLent(value, engine)`,
    planted: `value !== engine`,
    suites: [rights]
  },
  {
    law: "rights",
    bug: "a part may have an owner of its own",
    file: "src/manifest/internal/names.ts",
    text: `if (use === "own" && partOf !== undefined)`,
    planted: `if (use === "own" && partOf === name)`,
    suites: [rights]
  },
  {
    law: "rights",
    bug: "a module is lent every family",
    file: "src/manifest/internal/modules.ts",
    text: `=> readable.has(manifest.families.get(family)!.index)`,
    planted: `=> manifest.families.has(family) || readable.has(0)`,
    suites: [chains]
  },
  {
    law: "rights",
    bug: "a module reads a layer that its own may not read, through a wider reference",
    file: "src/ownership/internal/validManifest.ts",
    text: `if (home === undefined || reached.has(home)) within.add(index)`,
    planted: `if (home === undefined || reached.size > 0) within.add(index)`,
    suites: [validation]
  },
  {
    law: "rights",
    bug: "what a module was lent outlives it",
    file: "src/manifest/internal/modules.ts",
    text: `Effect.sync(() => lending.end())`,
    planted: `Effect.sync(() => lending)`,
    suites: [chains]
  },
  {
    law: 4,
    bug: "a reference does not reach the families inside the one that covers it",
    file: "src/pattern/types/patternSet.ts",
    text: "member === nearest || !covers(member.pattern, nearest.pattern)",
    planted: "member === nearest",
    suites: ["test/pattern/PatternSet.test.ts"]
  },
  {
    law: "no false alarm",
    bug: "a family that derives from a family inside it is taken for one that derives from itself",
    file: "src/pattern/types/patternSet.ts",
    text: "member === nearest || !covers(member.pattern, nearest.pattern)",
    planted: "true",
    suites: ["test/ownership/Validation.test.ts"]
  },
  {
    law: "edges",
    bug: "a lookup may not read what is further away than one reference",
    file: "src/ownership/shared/graph.ts",
    text: `dependent !== target && !target.upstream.has(dependent.index)`,
    planted: `dependent !== target`,
    suites: [chains, "test/ownership/DependencyGraph.test.ts"]
  },
  {
    law: "edges",
    bug: "a plan ends where the last reference of a family leads",
    file: "src/ownership/shared/graph.ts",
    text: `last = Math.max(last, places[dependent.index]!)`,
    planted: `last = places[dependent.index]!`,
    suites: ["test/ownership/DependencyGraph.test.ts"]
  },
  {
    law: "rights",
    bug: "a module may build an engine",
    file: "src/manifest/internal/modules.ts",
    text: `return module === undefined ? buildInto`,
    planted: `return module === undefined || module !== "" ? buildInto`,
    suites: [rights]
  },
  {
    law: "rights",
    bug: "two engines of one name share a store",
    file: "src/manifest/internal/manifest.ts",
    text: `if (other !== undefined) {\n      const found`,
    planted: `if (other === "") {\n      const found`,
    suites: [rights]
  },
  {
    law: "rights",
    bug: "a lease of another engine covers a write",
    file: "src/cache/internal/entries/conditions.ts",
    text: `if (!leases.isOwn(lease)) return`,
    planted: `if (!leases.isOwn(lease) && keys.length === 0) return`,
    suites: [rights]
  },
  {
    law: "sensitive",
    bug: "a family that derives from a sensitive one shows its keys",
    file: "src/ownership/internal/validManifest.ts",
    text: `isSensitive: sensitive.has(family.name)`,
    planted: `isSensitive: family.spec.sensitive === true && sensitive.has(family.name)`,
    suites: ["test/manifest/sensitive.test.ts"]
  },
  {
    law: "lookups",
    bug: "a family of Exits takes every Effect",
    file: "src/cache/shared/unrun.ts",
    text: `(takesExits && Exit.isExit(value))`,
    planted: `takesExits`,
    suites: [lookups]
  },
  {
    law: "ownership",
    bug: "a lookup may read a family of which only some keys are in its sources",
    file: "src/ownership/internal/validManifest.ts",
    text: `KeyPattern.covers(reference, pattern) ? [value.name] : []`,
    planted: `value.pattern === pattern ? [value.name] : []`,
    suites: ["test/ownership/Validation.test.ts"]
  },
  {
    law: "ownership",
    bug: "a manifest with other families is taken for one whose module was loaded again",
    file: "src/manifest/internal/manifest.ts",
    text: `one.store === store || one.form !== form`,
    planted: `one.store === store`,
    suites: ["test/manifest/reloaded.test.ts"]
  },
  {
    law: "lookups",
    bug: "a Promise becomes the value of a family",
    file: "src/cache/internal/family/judgement.ts",
    text: `if (why !== undefined) throw this.invalid("value", why)`,
    planted: ``,
    suites: [lookups]
  },
  {
    law: "lookups",
    bug: "a lookup may write by a handle",
    file: "src/manifest/internal/accessor.ts",
    text: "CacheFamily.isLookup(context)\n",
    planted: `CacheFamily.isLookup(context) && verb === "read"\n`,
    suites: [lookups]
  },
  {
    law: "lookups",
    bug: "a lookup may write by an accessor",
    file: "src/manifest/internal/grants.ts",
    text: `if (CacheFamily.isLookup(context)) return undefined\n    const grant = find(context, this.engine, this.own)`,
    planted: `const grant = find(context, this.engine, this.own)`,
    suites: [lookups]
  },
  {
    law: "lookups",
    bug: "what a lookup reads by getUnsafe is not tracked",
    file: familyReads,
    text: `return openWork.count === 0 ? this.hot?.hit(key)`,
    planted: `return openWork.count >= 0 ? this.hot?.hit(key)`,
    suites: [lookups]
  },
  {
    law: "lookups",
    bug: "what a lookup reads by getUnsafe is not tracked where memory must look twice",
    file: familyReads,
    text: `return load === undefined ? this.peekUnsafe(key)?.value`,
    planted: `return load !== null ? this.peekUnsafe(key)?.value`,
    suites: [lookups]
  },
  {
    law: "lookups",
    bug: "what a lookup reads of another cache goes unseen",
    file: "src/cache/internal/loads/load.ts",
    text: `if (cache !== this.cache) return this.refuse(source, key, "E0211", "another engine")`,
    planted: `if (cache !== this.cache) return undefined`,
    suites: [tracked]
  },
  {
    law: "types and run time agree",
    bug: "a malformed pattern is suggested",
    file: "src/ownership/internal/checkReferences.ts",
    text: `family === source || isWellFormed(pattern)`,
    planted: `family !== undefined || pattern === source`,
    suites: ["test/ownership/Validation.test.ts"]
  },
  {
    law: "edges",
    bug: "a union of codecs counts as text",
    file: "src/ownership/internal/checkSpelling.ts",
    text: `if (!AST.isUnion(ast)) return own`,
    planted: `if (!AST.isUnion(ast) || own.length === 0) return own`,
    suites: [spelling]
  },
  {
    law: "bytes",
    bug: "a value that was read is a view of the driver's buffer",
    file: codec,
    text: `return new Uint8Array(bytes.buffer, bytes.byteOffset + at, bytes.length - at)`,
    planted: `return bytes.subarray(at)`,
    suites: [lmdbSuite]
  },
  {
    law: "bytes",
    bug: "a codec that does not copy gets the driver's own bytes",
    file: "src/store/internal/ownedCodec.ts",
    text: `decode: (bytes) => codec.decode(new Uint8Array(bytes)),`,
    planted: `decode: (bytes) => codec.decode(bytes),`,
    suites: [lmdbSuite]
  },
  {
    law: "names",
    bug: "two names are joined as they are",
    file: "src/cache/internal/family/names.ts",
    text: `\`\${escape(manifest)}/\${escape(family)}\``,
    planted: `\`\${manifest}/\${family}\``,
    suites: ["test/cache/names.test.ts"]
  },
  {
    law: "codec",
    bug: "bytes of another schema are read",
    file: codec,
    text: `if (fit === "other") return`,
    planted: `if (fit === "other" && bytes.length === 0) return`,
    suites: [codecProps]
  },
  {
    law: "codec",
    bug: "a value is kept whose bytes do not give it back",
    file: codec,
    text: `if (keepsTexts(bytes) && isWhole(value)) return`,
    planted: `if (keepsTexts(bytes)) return`,
    suites: [codecProps]
  },
  {
    law: "codec",
    bug: "bytes are kept without the properties that they have beside their elements",
    file: "src/store/internal/fidelity.ts",
    text: `isWhole: (value) => isBytes(value) && isBareBytes(value)`,
    planted: `isWhole: (value) => isBytes(value)`,
    suites: [beside]
  },
  {
    law: "codec",
    bug: "an optional field is taken for another one of its name",
    file: codec,
    text:
      `if (places.has(theirs.getUint16(field, true)) && !types.has(theirs.getUint32(field + 2, true))) return "other"`,
    planted: `if (theirs.getUint16(field, true) < 0) return "other"`,
    suites: [codecProps]
  },
  {
    law: "deployment",
    bug: "a read deletes what another release wrote",
    file: "src/store/lmdb/internal/lmdbPartition.ts",
    text: `          : unread(context)\n`,
    planted: `          : this.#drop(entryKey, undecodable, context)\n`,
    suites: ["test/store/lmdb/LmdbStore.test.ts"]
  },
  {
    law: "deployment",
    bug: "what was derived from an old version is served",
    file: "src/ownership/internal/validManifest.ts",
    text: `at === index || upstream.has(at)`,
    planted: `at === index`,
    suites: ["test/manifest/deployment.test.ts"]
  },
  {
    law: "freeze",
    bug: "what lies below a frozen part stays mutable",
    file: "src/cache/internal/family/freeze.ts",
    text: `part !== null && !immutable.has(part)`,
    planted: `part !== null && !Object.isFrozen(part)`,
    suites: ["test/cache/internal/freeze.test.ts"]
  },
  {
    law: 4,
    bug: "the properties of a Map, a Set, a Date or a RegExp are not compared",
    file: differs,
    text: `content && this.properties(own, other)`,
    planted: `content`,
    suites: ["test/cache/internal/differs.test.ts"]
  },
  {
    law: 4,
    bug: "the properties of bytes are not compared",
    file: differs,
    text: `this.bytes(own, other) && this.besides(own, other)`,
    planted: `this.bytes(own, other)`,
    suites: ["test/cache/internal/differs.test.ts"]
  },
  {
    law: 11,
    bug: "comparing two values takes as long as they are large",
    file: differs,
    text: `private left = pairsMax`,
    planted: `private left = Infinity`,
    suites: ["test/cache/internal/differs.test.ts"]
  },
  {
    law: 11,
    bug: "shared parts of a value are compared again and again",
    file: differs,
    text: `if (this.partners.get(own) === other) continue`,
    planted: `if (this.partners.get(own) === own) continue`,
    suites: ["test/cache/internal/differs.test.ts"]
  },
  {
    law: 11,
    bug: "a weight that is not a number is believed",
    file: "src/store/memory/internal/memoryPartition.ts",
    text: "if (!(answer >= 0)) throw",
    planted: "if (answer < 0) throw",
    suites: [judgement, "model"]
  },
  {
    law: 10,
    bug: "a value that cannot be frozen is found in the middle of a batch",
    file: "src/cache/internal/family/judgement.ts",
    text: "if (!this.spec.expiry.freeze) return",
    planted: "if (!this.spec.expiry.freeze || key !== \"\") return",
    suites: [judgement, "model"]
  },
  {
    law: 10,
    bug: "a write that a tier did not take is served from memory",
    file: carrier,
    text: "for (const one of written) one.fail()",
    planted: "written.slice(0, 0)",
    suites: [judgement]
  },
  {
    law: 10,
    bug: "a deletion does not take away what its batch has written before it",
    file: cache,
    text: "} else if (written?.get(family)?.has(key)) {",
    planted: "} else if (written?.get(family)?.has(key) && stamp < 0) {",
    suites: [batches]
  },
  {
    law: 1,
    bug: "a batch does the writes of another manifest",
    file: "src/manifest/internal/manifest.ts",
    text: "if (write.manifest !== manifest) return",
    planted: "if (write.manifest !== manifest && i < 0) return",
    suites: [batches]
  },
  {
    law: "options act or are refused",
    bug: "setMany ignores the version that it was given",
    file: familyWrites,
    text: "const isConditional = options.ifVersion !== undefined",
    planted: "const isConditional = options.ifVersion !== undefined && entries.length < 0",
    suites: ["test/manifest/options.test.ts"]
  },
  {
    law: 7,
    bug: "a load that waits for itself is not refused",
    file: "src/cache/internal/loads/waits.ts",
    text: `return (other === this || this.isAwaited) && leadsTo(other, this)`,
    planted: `return key === "" && leadsTo(other, this)`,
    suites: [waits]
  },
  {
    law: 7,
    bug: "an update whose turn has come just before it waits, waits for ever",
    file: "src/cache/internal/loads/turns.ts",
    text: `      if (updating.turn.holder === updating) return resume(Exit.void)\n`,
    planted: ``,
    suites: ["test/cache/waitsForGone.test.ts"]
  },
  {
    law: 7,
    bug: "an update that waits for itself is not refused",
    file: "src/cache/internal/loads/turns.ts",
    text: `return updating.circularWait(updating.turn, updating.turn.name)`,
    planted: `return undefined`,
    suites: [waits, races]
  },
  {
    law: 7,
    bug: "an update that need not wait keeps its turn for ever",
    file: "src/cache/internal/loads/turns.ts",
    text: `this.end(updating)\n      return left`,
    planted: `if (key === "") this.end(updating)\n      return left`,
    suites: ["test/manifest/inPlace.test.ts"]
  },
  {
    law: 7,
    bug: "an update waits for ever for one that does not end",
    file: "src/cache/internal/loads/turns.ts",
    text: `if (turn.timer === undefined && this.limitMillis !== Infinity)`,
    planted: `if (turn.timer === undefined && this.limitMillis === Infinity)`,
    suites: [waits]
  },
  {
    law: 7,
    bug: "a load that waits for itself where the engine cannot see it goes on for ever",
    file: "src/cache/internal/loads/waiters.ts",
    text: `this.sharedAt === undefined ? this.joinedCount > 0 : this.behind`,
    planted: `this.sharedAt === undefined ? this.joinedCount > waitersMax : this.behind`,
    suites: [waits]
  },
  {
    law: 7,
    bug: "a renewal that hangs keeps its key stale",
    file: renewals,
    text: `if (flight.isEmpty) flight.renewBehind()
    this.ground.patience.share(flight)`,
    planted: `flight.renewBehind()`,
    suites: ["test/cache/staleness.test.ts"]
  },
  {
    law: 7,
    bug: "a long chain of loads needs all of the stack",
    file: "src/cache/internal/loads/stack.ts",
    text: `const depthMax = 64`,
    planted: `const depthMax = 64_000`,
    suites: [waits]
  },
  {
    law: 7,
    bug: "the readers of a load whose fiber could not be started wait for ever",
    file: loads,
    text: `for (const flight of flights) this.lose(flight, Cause.die(cause))`,
    planted: `void cause`,
    suites: [waits]
  },
  {
    law: 7,
    bug: "a load goes on with the lookup of another owner than it began with",
    file: loadLookups,
    text: `const { lookupMany }: Loader<V> = flights[0]!.load.loader`,
    planted: `const { lookupMany }: Loader<V> = (this.ground as any).loader ?? flights[0]!.load.loader`,
    suites: [leaving, races]
  },
  {
    law: 7,
    bug: "readers of a part that is given back are refused, though the part has an owner",
    file: loads,
    text: `if (this.loader !== undefined && (!flight.isEmpty || flight.isExpected)) {`,
    planted: `if (this.loader === undefined && (!flight.isEmpty || flight.isExpected)) {`,
    suites: [leaving]
  },
  {
    law: 7,
    bug: "the readers of a lookup that interrupts itself are interrupted",
    file: landing,
    text: `if (Cause.hasInterruptsOnly(cause)) cause = this.interrupted(key)`,
    planted: `if (Cause.hasInterruptsOnly(cause)) return this.ground.end(flight, Exit.failCause(cause))`,
    suites: ["test/cache/stampede.test.ts"]
  },
  {
    law: 2,
    bug: "a read of a lower tier that is under way when the tier loses its place puts its entry into memory",
    file: "src/cache/internal/entries/watches.ts",
    text: `this.changedWhere(() => true)`,
    planted: ``,
    suites: ["test/cache/lostMeanwhile.test.ts"]
  },
  {
    law: 8,
    bug: "a reader sees what a lower tier held of a family that has no owner any more",
    file: familyReads,
    text: `while the tier looked for the entry.\n      if (this.loads.loader === undefined)`,
    planted: `while the tier looked for the entry.\n      if (this.loads.loader === undefined && key === "")`,
    suites: [leaving]
  },
  {
    law: 8,
    bug: "a write of an owner that has left is done where the family has an owner again",
    file: familyWrites,
    text: `const conflict = this.refusals.goneSince(ends) ??\n        this.refusals.conflictOf(key, options, held?.[0]`,
    planted: `const conflict = this.refusals.conflictOf(key, options, held?.[0]`,
    suites: [leaving]
  },
  {
    law: 5,
    bug: "each invalidation and read in turn starts one more lookup",
    file: flights,
    text: `(this.byKey.has(key) ? 1 : 0) >= lookupsPerKeyMax`,
    planted: `(this.byKey.has(key) ? 1 : 0) >= lookupsPerKeyMax * 100`,
    suites: [herd, races]
  },
  {
    law: 5,
    bug: "each refresh starts one more lookup",
    file: loads,
    text:
      `    if (this.flights.joinable(key) === undefined && !this.flights.isCrowded(key)) {\n      return this.start(loader, key, { cause: "refresh"`,
    planted: `    if (loader !== undefined) {\n      return this.start(loader, key, { cause: "refresh"`,
    suites: [herd, races]
  },
  {
    law: 3,
    bug: "a refresh is answered by a load that began before it was asked for",
    file: loads,
    text: `return this.queue(key, { isRefresh: true })`,
    planted: `return this.flights.joinable(key) ?? this.queue(key, { isRefresh: true })`,
    suites: [herd, races]
  },
  {
    law: 6,
    bug: "a wall clock that is set back makes entries live longer",
    file: "src/store/shared/coarseClock.ts",
    text: `if (behind > this.slack) {`,
    planted: `if (behind > this.slack && this.wall < 0) {`,
    suites: ["test/cache/clock.test.ts"]
  },
  {
    law: 6,
    bug: "an entry in memory is served for thousands of hits of a synchronous run after its end",
    file: "src/store/memory/internal/memoryPartition.ts",
    text: `      this.time.expire()`,
    planted: `      this.timeAt++`,
    suites: ["test/cache/burst.test.ts"]
  },
  {
    law: "the shares of `hottest` are near the truth",
    bug: "hot keys are counted at a fixed distance, so keys that are read in turns hide each other",
    file: "src/store/memory/internal/memoryPartition.ts",
    text: `return 1 + Math.floor(this.random.nextDoubleUnsafe() * (2 * hotGap - 1))`,
    planted: `return hotGap`,
    suites: ["test/store/memory/MemoryStore.test.ts"]
  },
  {
    law: 6,
    bug: "time stands still for hundreds of hits of a synchronous run",
    file: "src/store/shared/coarseClock.ts",
    text: `const readsPerBurstMax = 32`,
    planted: `const readsPerBurstMax = 256`,
    suites: ["test/cache/burst.test.ts"]
  },
  {
    law: 11,
    bug: "a listener that is too slow does not learn that it has missed events",
    file: cache,
    text: `if (number > next) events.push(`,
    planted: `if (number > next && next < 0) events.push(`,
    suites: ["test/cache/events.test.ts"]
  },
  {
    law: 7,
    bug: "a cache whose tier hangs does not close",
    file: "src/store/shared/answerTime.ts",
    text: `timeoutOption(idle, closingMillisMax)`,
    planted: `Effect.asSome(idle)`,
    suites: ["test/cache/closing.test.ts"]
  },
  {
    law: 6,
    bug: "what was written below before the wall clock was set back lives longer",
    file: "src/store/shared/coarseClock.ts",
    text: `this.steps.findLast(({ at }) => at < millis)?.ahead ?? 0`,
    planted: `this.ahead + millis * 0`,
    suites: ["test/cache/clock.test.ts"]
  },
  {
    law: 10,
    bug: "a round goes below family by family",
    file: carrier,
    text: `store.write(round)`,
    planted:
      `Effect.forEach([...changes.map((one) => ({ changes: [one], marks: [] })), { changes: [], marks: stamps }], store.write)`,
    suites: [faults]
  },
  {
    law: 11,
    bug: "Each failure of a tier that fails all the time is logged.",
    file: "src/store/shared/rareLog.ts",
    text: `this.#until = now + restMillis`,
    planted: `this.#until = now`,
    suites: ["test/store/rareLog.test.ts"]
  },
  {
    law: 11,
    bug: "What commits in doubt cost grows with their number.",
    file: "src/cache/internal/entries/holds.ts",
    text: `this.doubts.clear()`,
    planted:
      `const ends = [...this.doubts.values()]; this.doubts.clear(); onOverAll = () => ends.forEach((end) => end())`,
    suites: ["test/manifest/transaction.test.ts"]
  },
  {
    law: 6,
    bug: "What a process has made while its clock was ahead lives until that time.",
    file: limits,
    text: `if (entry.stamp >= opening.openedAt) return found`,
    planted: `if (entry.stamp >= opening.openedAt || now >= 0) return found`,
    suites: ["test/cache/clockAhead.test.ts"]
  },
  {
    law: 6,
    bug: "a shorter lifetime counts from a version that is ahead of the clock",
    file: limits,
    text: `const madeAt = madeAtMost(versionMadeAt, opening)`,
    planted: `const madeAt = versionMadeAt`,
    suites: ["test/cache/clockAhead.test.ts"]
  },
  {
    law: 9,
    bug: "The tokens of leases begin again with each process.",
    file: opening,
    text: `LeaseTable.make((now) => versions.next(now))`,
    planted: `LeaseTable.make((now) => new VersionClock({ ...store.commons, version: 0 }, time).next(now * 0))`,
    suites: ["test/manifest/leases.test.ts"]
  },
  {
    law: 12,
    bug: "A file that was away for a release brings back what was changed meanwhile.",
    file: opening,
    text: `const haveTiersParted = mayHold && haveParted(`,
    planted: `const haveTiersParted = !mayHold && haveParted(`,
    suites: ["test/manifest/releases.test.ts"]
  },
  {
    law: 3,
    bug: "A change stays unknown to the tiers that another engine has between its memory and the shared place.",
    file: elsewhere,
    text: `if (all.size === 0 || (keys.length === 0 && !isCleared)) return Effect.undefined`,
    planted: `if (all.size >= 0 || (keys.length === 0 && !isCleared)) return Effect.undefined`,
    suites: [peers]
  },
  {
    law: 3,
    bug: "An engine does not find what only a tier of another engine holds.",
    file: elsewhere,
    text: `return found.some((one) => one !== undefined) ? found : undefined`,
    planted: `return found.some((one) => one !== undefined) ? undefined : undefined`,
    suites: [peers]
  },
  {
    law: 13,
    bug: "an engine does not hear what another one over the same folder changes",
    file: cache,
    text: `if (this.peers.areSome) this.peers.tell`,
    planted: `if (this.peers.areSome && family === "") this.peers.tell`,
    suites: [peers]
  },
  {
    law: 13,
    bug: "the changes of two engines over one folder arrive in any order",
    file: lane,
    text: `lane !== this && lane.withdraw(key)`,
    planted: `lane === this && key === "" && lane.withdraw(key)`,
    suites: [peers]
  },
  {
    law: "one counter for one folder",
    bug: "a second process may hold a folder",
    file: "src/store/lmdb/internal/lmdbHolder.ts",
    text: `if (holder.boot !== boot) return false`,
    planted: `if (holder.boot !== boot || holder.pid > 0) return false`,
    suites: ["test/store/lmdb/holder.test.ts"]
  },
  {
    law: 10,
    bug: "what memory pushes out of a batch overtakes the round of the batch",
    file: "src/store/internal/demotions.ts",
    text: `entry.version > this.#version) return`,
    planted: `entry.version > Infinity) return`,
    suites: [faults]
  },
  {
    law: 2,
    bug: "a mark is forgotten although another engine over the folder holds what it hides",
    file: cache,
    text: `return this.peers.of(this).map((peer) => peer.swept(family))`,
    planted: `return [this.swept(family)]`,
    suites: [peers]
  },
  {
    law: 12,
    bug: "what an engine had on its way when it closed is trusted by the others",
    file: carrier,
    text: `if (lane.outbox === outbox) lane.close()`,
    planted: `if (lane.outbox === outbox) lanes.delete(lane)`,
    suites: [peers]
  },
  {
    law: 7,
    bug: "a commit fails where the clock has jumped",
    file: "src/store/lmdb/internal/lmdbWrites.ts",
    text: `AnswerTime.sleep(commitTimeoutMillis)`,
    planted: `Effect.sleep(commitTimeoutMillis)`,
    suites: ["test/store/lmdb/hung.test.ts"]
  },
  {
    law: 7,
    bug: "a call of a tier fails where the clock has jumped",
    file: "src/cache/internal/below/inTime.ts",
    text: `AnswerTime.timeoutOption(Fiber.await(fiber), millis)`,
    planted: `Effect.timeoutOption(Fiber.await(fiber), millis)`,
    suites: ["test/cache/jumped.test.ts"]
  },
  {
    law: 7,
    bug: "values that wait for a codec do not go below where the clock has jumped",
    file: "src/cache/internal/below/preparing.ts",
    text: `left <= 0 && this.hangs`,
    planted: `left <= 0`,
    suites: ["test/cache/jumped.test.ts"]
  },
  {
    law: 7,
    bug: "a pause of the process counts as time in which a tier could have answered",
    file: "src/store/shared/answerTime.ts",
    text: `isLive(clock) ? slices(slicesMax, millis / slicesMax) : Effect.sleep(millis)`,
    planted: `Effect.sleep(millis + 0 * Number(isLive(clock)))`,
    suites: ["test/store/answerTime.test.ts"]
  },
  {
    law: 7,
    bug: "a shared load fails because the process was frozen",
    file: "src/cache/internal/loads/waits.ts",
    text: `return late < lateMillisMin ? 0 : late`,
    planted: `return Math.min(0, late)`,
    suites: ["test/cache/frozen.test.ts"]
  },
  {
    law: "sensitive",
    bug: "a round that fails shows what its driver says of a sensitive family",
    file: carrier,
    text: `failure !== undefined && isSensitive ? sealed(failure)`,
    planted: `failure !== undefined && isSensitive && stamps.length < 0 ? sealed(failure)`,
    suites: ["test/manifest/sensitive.test.ts"]
  },
  {
    law: 10,
    bug: "a value is not prepared before memory changes",
    file: "src/cache/internal/family/judgement.ts",
    text: `return this.judgeValue(this.lower, key, value, attributes)`,
    planted: `return this.judgeValue(key === "" ? this.lower : undefined, key, value, attributes)`,
    suites: ["test/cache/refused.test.ts"]
  },
  {
    law: 10,
    bug: "memory keeps what its schema refuses",
    file: "src/cache/internal/family/judgement.ts",
    text: `attributes.lifetimeMillis !== 0 && !this.fits(value)`,
    planted: `attributes.lifetimeMillis === 0 && !this.fits(value)`,
    suites: ["test/cache/admitted.test.ts"]
  },
  {
    law: "one counter for one folder",
    bug: "the file of a thread that has ended is distinguished from a new one by its number alone",
    file: "src/store/lmdb/internal/lmdbHolder.ts",
    text: `return found.toString("latin1") === word`,
    planted: `return found.length === word.length`,
    suites: ["test/store/lmdb/holder.test.ts"]
  },
  {
    law: "one counter for one folder",
    bug: "a container takes the folder of a frozen one, which lives",
    file: "src/store/lmdb/internal/lmdbHolder.ts",
    text: `isReader(folder, holder.pid, {`,
    planted: `isReader(folder, -1, {`,
    suites: ["test/store/lmdb/opening.test.ts"]
  },
  {
    law: "one process for one folder",
    bug: "a process opens a folder that another one has, under another namespace",
    file: "src/store/lmdb/internal/lmdbHolders.ts",
    text: `|| !isOfProcess(other)`,
    planted: `|| other.pid === 0`,
    suites: ["test/store/lmdb/holder.test.ts"]
  },
  {
    law: "one process for one folder",
    bug: "a silent holder that goes on is asked by an opening of its folder",
    file: "src/store/lmdb/internal/lmdbReaders.ts",
    text: `> Number(millis)`,
    planted: `> Infinity`,
    suites: ["test/store/lmdb/holder.test.ts"]
  },
  {
    law: "one counter for one folder",
    bug: "a holder whose row was lost does not learn of it",
    file: "src/store/lmdb/internal/lmdbHolders.ts",
    text: `names.filter((name) => name.startsWith("beat-"))`,
    planted: `names.filter((name) => name.startsWith("beat-none"))`,
    suites: ["test/store/lmdb/opening.test.ts"]
  },
  {
    law: "a damaged file does not end the process",
    bug: "the driver is given a data file of another format",
    file: "src/store/lmdb/internal/lmdbDataFile.ts",
    text: `if (found !== version) return`,
    planted: `if (found > version + 1_000_000_000_000) return`,
    suites: ["test/store/lmdb/opening.test.ts"]
  },
  {
    law: 11,
    bug: "an entry has any number of tags",
    file: "src/cache/internal/family/judgement.ts",
    text: `if (tags.length > tagsMax) throw`,
    planted: `if (tags.length > tagsMax * 2) throw`,
    suites: ["test/cache/refused.test.ts"]
  },
  {
    law: 12,
    bug: "what goes into a file that was removed is acknowledged",
    file: "src/store/lmdb/internal/lmdbEnvironment.ts",
    text: `const isGone = () => identityOf(data) !== file`,
    planted: `const isGone = () => identityOf(data) !== file && file === undefined`,
    suites: ["test/store/lmdb/rounds.test.ts"]
  },
  {
    law: 11,
    bug: "the file grows for as long as a reader that was killed is not forgotten",
    file: "src/store/lmdb/internal/lmdbUpkeep.ts",
    text: `if (isFirst) root.readerCheck()`,
    planted: `if (isFirst && nowMillis < 0) root.readerCheck()`,
    suites: ["test/store/lmdb/crash.test.ts"]
  },
  {
    law: 11,
    bug: "a burst of writes is written at once, whatever the bound on bytes",
    file: "src/store/lmdb/internal/lmdbRoom.ts",
    text: `return needed > bound + reusable ? "bound" : undefined`,
    planted: `return needed > bound + reusable && needed < 0 ? "bound" : undefined`,
    suites: ["test/store/lmdb/bursts.test.ts"]
  },
  {
    law: 12,
    bug: "a write for which a full disk has no room takes the others of its round along",
    file: "src/cache/internal/writes/room.ts",
    text: `bytes === 0 ? undefined : lane.full(all.length, bytes)`,
    planted: `bytes >= 0 ? undefined : lane.full(all.length, bytes)`,
    suites: ["test/store/lmdb/bursts.test.ts"]
  },
  {
    law: 7,
    bug: "a commit that never ends is waited for without end",
    file: "src/store/lmdb/internal/lmdbWrites.ts",
    text: `AnswerTime.sleep(commitTimeoutMillis)`,
    planted: `AnswerTime.sleep(1e12)`,
    suites: ["test/store/lmdb/hung.test.ts"]
  },
  {
    law: 2,
    bug: "a load that is older than a mark is stored once the mark is forgotten",
    file: "src/cache/internal/invalidation/sweep.ts",
    text: `heed(entries, loads)`,
    planted: `if (looked < 0) heed(entries, loads)`,
    suites: [marks]
  },
  {
    law: 2,
    bug: "a reader who waited for the next load gets no stale value where it fails",
    file: "src/cache/internal/loads/substitutes.ts",
    text: `return isStale && maySubstitute`,
    planted: `return !isStale && maySubstitute`,
    suites: ["test/cache/staleness.test.ts"]
  },
  {
    law: 6,
    bug: "what was marked stale is fresh again once the mark is forgotten, where the wall clock was set back",
    file: "src/cache/internal/entries/servable.ts",
    text: `return since - time.ahead`,
    planted: `return since`,
    suites: ["test/cache/clock.test.ts"]
  },
  {
    law: 7,
    bug: "a cache does not close while a sweep of marks hangs",
    file: "src/cache/internal/invalidation/sweep.ts",
    text: `Effect.timeoutOption(Fiber.await(fiber), interruptingMax)`,
    planted: `Fiber.await(fiber)`,
    suites: ["test/cache/closing.test.ts"]
  },
  {
    law: 2,
    bug: "a mark is forgotten although entries that it hides are left",
    file: "src/cache/internal/invalidation/sweep.ts",
    text: `Effect.andThen(look),`,
    planted: `Effect.andThen(looked < 0 ? look : Effect.void),`,
    suites: [marks, races]
  },
  {
    law: 2,
    bug: "an entry that a sweep removes is copied up behind its back",
    file: "src/store/internal/tieredPartition.ts",
    text: `this.#sweeps.judge(key, entry) === entry)`,
    planted: `this.#sweeps.judge(key, entry) !== null)`,
    suites: ["test/store/tiered.test.ts"]
  },
  {
    law: 3,
    bug: "what memory has pushed out is absent until it has landed below",
    file: "src/store/internal/keyOrder.ts",
    text: `if (!one.isVoid && (latest`,
    planted: `if (one.isVoid && (latest`,
    suites: [pushedDown]
  },
  {
    law: 3,
    bug: "what memory pushes out during the write that brought it is lost",
    file: "src/store/internal/keyOrder.ts",
    text: `work.tail === undefined ? this.#isClearing : work.version > entry.version`,
    planted: `work.tail !== undefined || this.#isClearing`,
    suites: [pushedDown]
  },
  {
    law: 3,
    bug: "what the memory of another engine holds alone is not found",
    file: "src/store/internal/demotions.ts",
    text: `for (const top of tops.keys()) if (top !== own) entry`,
    planted: `for (const top of tops.keys()) if (top === own) entry`,
    suites: [pushedDown]
  },
  {
    law: 2,
    bug: "an engine that closes pushes down what another one has written over",
    file: "src/store/internal/keyOrder.ts",
    text: `) top.drop(key)\n`,
    planted: `) top.peek(key)\n`,
    suites: ["test/cache/closedOver.test.ts"]
  },
  {
    law: 3,
    bug: "a sweep loses what is on its way below",
    file: "src/store/internal/keyOrder.ts",
    text: `if (!spares || !("entry" in permit)) permit.isVoid = true`,
    planted: `permit.isVoid = true`,
    suites: ["test/store/tiered.test.ts"]
  },
  {
    law: 11,
    bug: "a writer does not wait while much is on its way below",
    file: "src/store/internal/demotions.ts",
    text: `if (this.#isCrowded) this.#room.closeUnsafe()`,
    planted: `if (this.#isCrowded) this.#room.openUnsafe()`,
    suites: ["test/store/tiered.test.ts"]
  },
  {
    law: 11,
    bug: "marks are never forgotten",
    file: "src/cache/internal/marks/sweepDue.ts",
    text: `if (this.isDue && this.ground.now() >= this.notBefore) this.ground.sweepSoon()`,
    planted: ``,
    suites: [marks]
  },
  {
    law: 2,
    bug: "an invalidation of a family that holds nothing does not overtake the load that runs",
    file: "src/cache/internal/invalidation/familyInvalidation.ts",
    text: `return this.entries.areNone && this.loads.isShortWayOpen`,
    planted: `return this.entries.areNone`,
    suites: ["test/cache/overtaken.test.ts"]
  },
  {
    law: 7,
    bug: "a process opens a folder whose data file was replaced while another process has the former one open",
    file: "src/store/lmdb/internal/lmdbHolders.ts",
    text: `living.find((living) => isTorn(living, files))`,
    planted: `living.find((living) => isTorn(living, files) && Boolean(0))`,
    suites: ["test/store/lmdb/holder.test.ts"]
  },
  {
    law: 7,
    bug: "a tier does not notice that its lock file was removed",
    file: "src/store/lmdb/internal/lmdbEnvironment.ts",
    text: ` || identityOf(lockPath) !== lock`,
    planted: ``,
    suites: ["test/store/lmdb/holder.test.ts"]
  },
  {
    law: 9,
    bug: "a lease is refused for a key whose text no pattern may have",
    file: "src/pattern/KeyPattern.ts",
    text: `segments: key.split(":").map((text) => ({ _tag: "Text", text })),`,
    planted: `segments: parsePatternUnsafe(key).segments,`,
    suites: ["test/manifest/leases.test.ts"]
  },
  {
    law: 11,
    bug: "the history of a cache holds keys of any length",
    file: "src/cache/internal/entries/history.ts",
    text: `this.characters + characters > charactersMax`,
    planted: `this.characters + characters < 0`,
    suites: ["test/cache/bounds.test.ts"]
  },
  {
    law: 9,
    bug: "an exclusive lease that leaves frees only the next one",
    file: "src/capability/internal/leaseQueues.ts",
    text: `if (!wasFirstExclusive) return`,
    planted: `if (wasFirstExclusive) return`,
    suites: ["test/capability/lease.test.ts"]
  },
  {
    law: "sensitive",
    bug: "an error names the key of a sensitive family",
    file: loads,
    text: `reason: new Absent({ key: this.spec.show(key)`,
    planted: `reason: new Absent({ key: this.spec.render(key)`,
    suites: ["test/manifest/sensitive.test.ts"]
  },
  {
    law: "sensitive",
    bug: "an error shows what a weigher of a sensitive family has thrown",
    file: "src/cache/internal/family/judgement.ts",
    text: `isSensitive ? sealedFunction(failed) : failed`,
    planted: `isSensitive && key === "" ? sealedFunction(failed) : failed`,
    suites: ["test/manifest/sensitive.test.ts"]
  },
  {
    law: "sensitive",
    bug: "an update that waits for its turn is named by the key of a sensitive family",
    file: "src/cache/internal/loads/turns.ts",
    text: `return this.ground.show(this.key)`,
    planted: `return this.key`,
    suites: ["test/manifest/sensitive.test.ts"]
  },
  {
    law: "sensitive",
    bug: "a log shows why the keys of a sensitive family were not warmed",
    file: "src/manifest/internal/warm.ts",
    text: `gate.isSensitive ? [] : [cause]`,
    planted: `gate.isSensitive && until < 0 ? [] : [cause]`,
    suites: ["test/manifest/sensitive.test.ts"]
  },
  {
    law: "sensitive",
    bug: "an explanation names the tags and keys of a sensitive family",
    file: "src/cache/internal/reads/explaining.ts",
    text: `return spec.isSensitive ? hiding(`,
    planted: `return !spec.isSensitive ? hiding(`,
    suites: ["test/manifest/sensitive.test.ts"]
  },
  {
    law: 14,
    bug: "what is loaded between the last step of a transaction and its outcome is kept",
    file: landing,
    text: `const isClosed = this.entries.isClosed(flight.key, tags, flight.startedAt)`,
    planted: `const isClosed = false`,
    suites: [transactions, commits]
  },
  {
    law: 14,
    bug: "what another writer sets while a transaction commits is kept",
    file: entries,
    text: `if (this.holds.closing(key, entry.tags, now) !== undefined) return`,
    planted: `if (key === "" && this.holds.closing(key, entry.tags, now) !== undefined) return`,
    suites: [transactions]
  },
  {
    law: 14,
    bug: "a body sets what it made of a row that was changed after it read it",
    file: "src/cache/transactions/internal/collected.ts",
    text: `family.entries.holds.isChangedSince(key, this.changesBefore)`,
    planted: `family.entries.holds.isChangedSince(key, Infinity)`,
    suites: [transactions]
  },
  {
    law: 14,
    bug: "what was set within a savepoint of the database alone is kept",
    file: "src/cache/transactions/internal/frame.ts",
    text: `if (connections.size !== this.connections.size) return false`,
    planted: `if (connections.size >= 0) return true`,
    suites: [transactions]
  },
  {
    law: 14,
    bug: "a transaction sets a key that another writer changed meanwhile",
    file: collected,
    text: `if (judged !== undefined && !contended && !isGone`,
    planted: `if (judged !== undefined && !isGone`,
    suites: [transactions]
  },
  {
    law: 14,
    bug: "old entries are left below memory until the commit has happened",
    file: collected,
    text: `const drop = () => orStoreFailed(this.drop(false))`,
    planted: `const drop = () => orStoreFailed(noDelivery)`,
    suites: [transactions, commits]
  },
  {
    law: 14,
    bug: "what a transaction set takes effect after a rollback",
    file: transaction,
    text: `if (outcome === "rolledBack") return collected.release()`,
    planted: `if (outcome === "rolledBack") return collected.commit()`,
    suites: [transactions, commits]
  },
  {
    law: 14,
    bug: "a commit whose answer was lost counts as one that has happened",
    file: transaction,
    text:
      `return isBelieved && frames.every((other) => other === frame || other.ending === "failed") ? "committed" : "unknown"`,
    planted: `return "committed"`,
    suites: [transactions, commits]
  },
  {
    law: 3,
    bug: "a commit counts as one whose answer was lost, if the combinator has run the body before",
    file: transaction,
    text: `frames.every((other) => other === frame || other.ending === "failed")`,
    planted: `frames.length === 1`,
    suites: [transactions]
  },
  {
    law: 3,
    bug: "a family without a lookup is closed to its writers while a commit is in doubt",
    file: "src/cache/internal/entries/holds.ts",
    text: `&& !(this.isAlone && hold.isBefore(key, tags))`,
    planted: ``,
    suites: ["test/manifest/transactionDoubt.test.ts"]
  },
  {
    law: 3,
    bug: "a write beside a commit answers, and no read sees its value",
    file: refusals,
    text: `const mustStay = lifetimeMillis !== 0 && (isConditional || holds.isAlone)`,
    planted: `const mustStay = lifetimeMillis !== 0 && isConditional`,
    suites: ["test/manifest/transactionDoubt.test.ts"]
  },
  {
    law: 3,
    bug: "two writes of an absent key are both made beside a commit",
    file: refusals,
    text: `const mustStay = lifetimeMillis !== 0 && (isConditional || holds.isAlone)`,
    planted: `const mustStay = lifetimeMillis !== 0 && holds.isAlone`,
    suites: ["test/manifest/transactionDoubt.test.ts"]
  },
  {
    law: 3,
    bug: "the end of a doubt removes what was written since it began",
    file: collected,
    text: `if (state.isLater) {`,
    planted: `if (state.isLater && isCommitted) {`,
    suites: ["test/manifest/transactionDoubt.test.ts"]
  },
  {
    law: 3,
    bug: "the end of a doubt takes what a later transaction sets",
    file: "src/cache/internal/entries/holds.ts",
    text: `bodies.areLater = bodies.since >= hold.closedUntil!`,
    planted: `bodies.areLater = false`,
    suites: ["test/manifest/transactionDoubt.test.ts"]
  },
  {
    law: 14,
    bug: "a load of a doubt is kept when it ends afterwards, because the key was written in between",
    file: collected,
    text: `loads.overtake(key)\n`,
    planted: `\n`,
    suites: ["test/manifest/transactionDoubt.test.ts"]
  },
  {
    law: 14,
    bug: "a commit that happens after its answer was lost leaves the old value",
    file: collected,
    text: `hold.closedUntil = family.cache.time.now() + doubtMillis`,
    planted: `hold.closedUntil = family.cache.time.now()`,
    suites: [transactions, commits]
  },
  {
    law: 14,
    bug: "a body reads the rows from before its own changes",
    file: "src/cache/transactions/internal/transactionReads.ts",
    text: `const services = Context.merge(loader.context, this.frame.given)`,
    planted: `const services = loader.context`,
    suites: [transactions, commits]
  },
  {
    law: "options act or are refused",
    bug: "an option of an operation that does not exist is ignored",
    file: "src/diagnostic/types/nearest.ts",
    text: `if (Object.hasOwn(known, option) ||`,
    planted: `if (option !== "" ||`,
    suites: ["test/manifest/options.test.ts"]
  },
  {
    law: "keys",
    bug: "a misspelt parameter is blamed on its codec",
    file: "src/manifest/internal/familyGate.ts",
    text: `this.parameterProblem(params) ?? problem`,
    planted: `problem`,
    suites: ["test/manifest/parameters.test.ts"]
  },
  {
    law: "options act or are refused",
    bug: "parameters that are not an object are blamed on a codec",
    file: "src/manifest/internal/familyGate.ts",
    text: `if (!isBag(params)) return this.invalid(`,
    planted: `if (params === this) return this.invalid(`,
    suites: ["test/manifest/parameters.test.ts"]
  },
  {
    law: "options act or are refused",
    bug: "counters that only grow are published as if they could shrink",
    file: "src/cache/CacheMetrics.ts",
    text: `{ description, attributes, incremental: true }`,
    planted: `{ attributes }`,
    suites: ["test/manifest/Manifest.test.ts"]
  },
  {
    law: 7,
    bug: "a listener waits for ever when the cache has closed",
    file: "src/cache/engine/cache.ts",
    text: `for (const queue of this.listeners.values()) Queue.endUnsafe(queue)`,
    planted: ``,
    suites: ["test/cache/events.test.ts"]
  },
  {
    law: 7,
    bug: "a listener that begins after the cache has closed waits for ever",
    file: "src/cache/engine/cache.ts",
    text: `if (this.isClosed) return void Queue.endUnsafe(queue)`,
    planted: ``,
    suites: ["test/cache/events.test.ts"]
  },
  {
    law: 14,
    bug: "a body warms on another connection, which may wait for its own",
    file: "src/cache/transactions/internal/transactionReads.ts",
    text: `warm(): Effect.Effect<number, CacheError> {`,
    planted: `warm(keys: ReadonlyArray<string>, concurrency: number): Effect.Effect<number, CacheError> {
    if (keys.length > 0) return this.family.warm(keys, concurrency)`,
    suites: [doors]
  },
  {
    law: 14,
    bug: "explain in a body tells what a reader outside of it would be served",
    file: "src/cache/transactions/internal/transactionReads.ts",
    text: `if (served === undefined) return { ...outside, outcome: "load", held: undefined }`,
    planted: `if (served === undefined) return outside`,
    suites: [doors]
  },
  {
    law: 14,
    bug: "what depends on a changed key is loaded and kept while a transaction commits",
    file: collected,
    text: `cache.spread.eachOfKey(family.name, change.key, (target, slice) => this.holdSlice(target, slice))`,
    planted: ``,
    suites: [transactions, commits]
  },
  {
    law: 14,
    bug: "a write by an accessor in a transaction that the cache does not know takes effect",
    file: "src/cache/transactions/internal/frame.ts",
    text: `return hasConnection(context) && Context.get(context, CurrentTransaction)?.isOn(context) !== true`,
    planted: `return false`,
    suites: ["test/manifest/transactionOutside.test.ts"]
  },
  {
    law: 14,
    bug: "a transaction that the cache does not know is not seen where its Context was copied",
    file: "src/cache/transactions/internal/frame.ts",
    text: `for (const key of services.keys()) if (key.startsWith(connectionKey)) return true`,
    planted: `for (const key of services.keys()) if (key.startsWith(connectionKey)) return false`,
    suites: ["test/manifest/transactionOutside.test.ts"]
  },
  {
    law: 14,
    bug: "an accessor remembers a Context with a transaction that the cache does not know",
    file: "src/manifest/internal/grants.ts",
    text: `if (!Transaction.isDirect(context)) return family`,
    planted: `if (Transaction.isLookupOrBody(context)) return family`,
    suites: ["test/manifest/transactionOutside.test.ts"]
  },
  {
    law: 14,
    bug: "an owner that is built inside a transaction loads rows that are not committed",
    file: "src/cache/transactions/internal/frame.ts",
    text: `if (key === CurrentTransaction.key || key.startsWith(connectionKey)) services.delete(key)`,
    planted: `if (key === CurrentTransaction.key) services.delete(key)`,
    suites: ["test/manifest/transactionOutside.test.ts"]
  },
  {
    law: 14,
    bug: "what a body writes off the connection of its transaction is lost with a rollback",
    file: "src/cache/transactions/internal/frame.ts",
    text: ` && frame.contains(context)`,
    planted: ``,
    suites: ["test/manifest/transactionOutside.test.ts"]
  },
  {
    law: 14,
    bug: "a savepoint of the database in a body is taken for another connection",
    file: "src/cache/transactions/internal/frame.ts",
    text: `Array.isArray(one) && Array.isArray(other) && one[0] === other[0]`,
    planted: `false`,
    suites: ["test/manifest/transactionOutside.test.ts"]
  },
  {
    law: 14,
    bug: "a savepoint in a transaction that the cache does not know of is taken for a commit",
    file: transaction,
    text: `if (around === undefined && isSavepoint(before, context))`,
    planted: `if (around !== undefined && isSavepoint(before, context))`,
    suites: [transactions]
  },
  {
    law: 1,
    bug: "the compiler overlooks a source that a program may have or not",
    file: "src/ownership/types/definitionChecks.ts",
    text:
      `undefined extends F[Option] ? Given<Option, F[Option], never> : CheckedReferences<D, K, F, Option, F[Option]>`,
    planted: `CheckedReferences<D, K, F, Option, F[Option]>`,
    suites: ["test/types/explanations.test.ts"]
  },
  {
    law: "what a check shows is true",
    bug: "a check takes a family of another manifest for the other party",
    file: "src/cli/declarations.ts",
    text: `if (meant === "elsewhere") return undefined`,
    planted: `if (meant === "elsewhere") return findIn(finding, manifests)`,
    suites: ["test/cli/declarations.test.ts"]
  },
  {
    law: "what a check shows is true",
    bug: "a check takes what a function calls this for the class around it",
    file: "src/cli/fields.ts",
    text: `if (!keepsThis(tokens, open)) return undefined`,
    planted: ``,
    suites: ["test/cli/neverRun.test.ts"]
  },
  {
    law: "what a check shows is true",
    bug: "a check takes one of two operations, which a condition chooses, for the condition",
    file: "src/cli/statements.ts",
    text: `return (next === "||" || next === "??") && last?.text !== "&&"`,
    planted: `return next === "||" || next === "??"`,
    suites: ["test/cli/neverRunShapes.test.ts"]
  },
  {
    law: "what a check shows is true",
    bug: "a check takes an operation that void throws away for one that is used",
    file: "src/cli/statements.ts",
    text: `if (tokens[begin - 1]?.text !== "void" ||`,
    planted: `if (tokens[begin - 1]?.text !== "typeof" ||`,
    suites: ["test/cli/neverRun.test.ts"]
  },
  {
    law: "what a check shows is true",
    bug: "a check takes a value that a program keeps for one that it drops",
    file: "src/cli/neverRun.ts",
    text: `return Statements.isStatement(tokens, begin - 2) && Statements.endsStatement(tokens, end)`,
    planted: `return true`,
    suites: ["test/cli/neverRunShapes.test.ts"]
  },
  {
    law: "what a check shows is true",
    bug: "a check takes the name of a member for a call of an operation that is taken off",
    file: "src/cli/neverRun.ts",
    text: `|| this.isMember(at)) return undefined`,
    planted: `) return undefined`,
    suites: ["test/cli/neverRunShapes.test.ts"]
  },
  {
    law: "what a check shows is true",
    bug: "a check takes a right in the place of another one for a right that nothing provides",
    file: "src/cli/compilerErrors.ts",
    text: `|[^'\\n]*\\\\b(?:Owns|Borrows|Appoints|Admits)<)`,
    planted: `)`,
    suites: ["test/cli/compilerErrors.test.ts"]
  },
  {
    law: "options act or are refused",
    bug: "a group of modules may name a family twice",
    file: "src/manifest/internal/modules.ts",
    text: `listed.indexOf(family) < index`,
    planted: `listed.indexOf(family) < 0`,
    suites: [rights]
  },
  {
    law: 1,
    bug: "the compiler takes no interface for modules, and checks none",
    file: "src/manifest/types/lookups.ts",
    text: `readonly [option: string]: any`,
    planted: `readonly [option: string]: unknown`,
    suites: ["test/types/forms.test.ts"]
  },
  {
    law: 1,
    bug: "the compiler does not check a manifest whose families are an interface",
    file: "src/ownership/types/definitionShape.ts",
    text: `: Spelt<D> extends infer Given extends Definition ? Checked<Given>`,
    planted: `: Spelt<D> extends infer Given extends Definition ? Given`,
    suites: ["test/types/forms.test.ts"]
  },
  {
    law: 1,
    bug: "the load of a getOr reads what its family does not derive from, and compiles",
    file: "src/manifest/types/loads.ts",
    text: `[findLoadProblem<P, R, R2>] extends [never] ? "fine"`,
    planted: `[findLoadProblem<P, R, R2>] extends [unknown] ? "fine"`,
    suites: ["test/types/loads.test.ts"]
  },
  {
    law: "what a check shows is true",
    bug: "a program that asks a missing engine dies without a word of ours",
    file: "src/manifest/internal/manifest.ts",
    text: `Effect.fail(errorOf(manifest.id, [{ ...Wiring.engineMissing(manifest.id), path: [] }]))`,
    planted: `Effect.die(new Error("Service not found"))`,
    suites: ["test/manifest/rights.test.ts"]
  },
  {
    law: "declarations name open modules",
    bug: "a public type is declared in a closed module",
    file: "src/manifest/Remote.ts",
    text: `import type { DependencyGraph } from "../ownership/DependencyGraph.ts"`,
    planted: `import type { ValidManifest as DependencyGraph } from "../ownership/shared/validation.ts"`,
    suites: ["test/types/declarations.test.ts"]
  },
  {
    law: 1,
    bug: "the compiler runs a lookup of a computed name without a look at it",
    file: "src/manifest/types/ownerChecks.ts",
    text: `string extends Name ? Opaque.names<"options"> :`,
    planted: `string extends Name ? any :`,
    suites: ["test/types/forms.test.ts"]
  },
  {
    law: 11,
    bug: "the bytes of prepared values are not counted",
    file: lane,
    text: `this.carrier.bytes += by * (change.prepared?.bytes ?? 0)`,
    planted: `this.carrier.bytes += 0`,
    suites: ["test/cache/outboxBytes.test.ts"]
  },
  {
    law: 11,
    bug: "a round of loaded values has no bound in bytes",
    file: lane,
    text: `bytes < pendingBytesMax ? partition.prepare(key, entry)`,
    planted: `bytes < Infinity ? partition.prepare(key, entry)`,
    suites: ["test/cache/outboxBytes.test.ts"]
  },
  {
    law: 3,
    bug: "a loaded value that waits for a later round is lost",
    file: lane,
    text: `if (!this.isFollowed(key)) this.put(key, { ...pending, prevails: false })`,
    planted: `if (this.isFollowed(key)) this.put(key, { ...pending, prevails: false })`,
    suites: ["test/cache/outboxBytes.test.ts"]
  },
  {
    law: 11,
    bug: "a tier that is down owes keys by name without bound",
    file: "src/store/internal/tieredTier.ts",
    text: `this.#distrusted.clear()`,
    planted: ``,
    suites: ["test/store/internal/owed.test.ts"]
  },
  {
    law: 7,
    bug: "each family of a store awaits the write that hangs",
    file: "src/store/internal/tieredTier.ts",
    text: `for (const fiber of begun) this.#writes.delete(fiber)`,
    planted: `for (const fiber of begun) this.#writes.add(fiber)`,
    suites: ["test/store/internal/owed.test.ts"]
  },
  {
    law: 3,
    bug: "an operation that runs again writes nothing of an iterator",
    file: "src/manifest/internal/lists.ts",
    text: `(read ??= Array.from(given))`,
    planted: `given`,
    suites: ["test/manifest/lists.test.ts"]
  },
  {
    law: 12,
    bug: "a whole data file whose freed pages were never written is refused as cut",
    file: "src/store/lmdb/internal/lmdbDataFile.ts",
    text: `if (found === undefined) return undefined`,
    planted: ``,
    suites: ["test/store/lmdb/pages.test.ts"]
  },
  {
    law: 12,
    bug: "a data file that has lost the pages of a large value is opened",
    file: "src/store/lmdb/internal/lmdbPages.ts",
    text: `open.push({ page, pages: bytes.readBigUInt64LE(value + overflowPagesAt), tree: undefined, depth: 0 })`,
    planted: ``,
    suites: ["test/store/lmdb/pages.test.ts"]
  },
  {
    law: 12,
    bug: "a write into a folder that was removed fails as if the disk had failed",
    file: "src/store/lmdb/internal/lmdbWrites.ts",
    text: `return this.looksGone() ? fileGone("set", path) : this.#room.fault ?? noRoom(path)`,
    planted: `return this.#room.fault ?? noRoom(path)`,
    suites: ["test/store/lmdb/lost.test.ts"]
  },
  {
    law: 12,
    bug: "a page that lies at the place of another one is read by the driver, which ends the process",
    file: "src/store/lmdb/internal/lmdbPages.ts",
    text: `bytes.readBigUInt64LE(0) !== next.page || `,
    planted: ``,
    suites: ["test/store/lmdb/pages.test.ts"]
  },
  {
    law: 12,
    bug: "a process that a damaged page has ended is ended by it at each start",
    file: "src/store/lmdb/internal/lmdbHolders.ts",
    text: `if (living.length < edition.holders.length) Fs.writeFileSync(mark, "")`,
    planted: ``,
    suites: ["test/store/lmdb/pages.test.ts"]
  },
  {
    law: 3,
    bug: "a write that a tier refused takes away a later one that memory has evicted",
    file: writeSteps,
    text: "const held = hot?.peek(key) ?? lane?.pending(key)?.entry",
    planted: "const held = hot?.peek(key) ?? lane?.pending(\"\")?.entry",
    suites: ["test/cache/takenBack.test.ts"]
  },
  {
    law: 10,
    bug: "the caller of a write that a tier refused does not wait for its removal",
    file: "src/cache/internal/entries/cacheContext.ts",
    text: "Effect.ignore(arrival(redress))",
    planted: "Effect.ignore(arrival(redress === undefined ? redress : nothing))",
    suites: [failedSetLeft]
  },
  {
    law: 4,
    bug: "what a failed round was to take away stays below for the next process",
    file: lane,
    text: "const removed: Array<string> = [...this.repay()]",
    planted: "const removed: Array<string> = this.repay().slice(0, 0)",
    suites: [pushedDownTorn]
  },
  {
    law: 4,
    bug: "a mark of a round that has failed is not kept by a later one",
    file: carrier,
    text: "...owed.flatMap(([, marks]) => marks),",
    planted: "...owed.flatMap(([, marks]) => marks.slice(0, 0)),",
    suites: [pushedDownTorn]
  },
  {
    law: 4,
    bug: "a new source is pushed down beside an old dependent after a round that has failed",
    file: "src/store/TieredStore.ts",
    text: "else owing.failed(ground)",
    planted: "else owing.arrived(ground)",
    suites: [pushedDownTorn]
  },
  {
    law: 4,
    bug: "what a family has kept from before a time in which it was not open is served",
    file: lives,
    text: `if (row?.life !== last || !isAs(each, row)) return true`,
    planted: `if (row?.life !== last && row !== undefined && !isAs(each, row)) return true`,
    suites: ["test/manifest/redeployed.test.ts"]
  },
  {
    law: 4,
    bug: "a second engine of a manifest does not take over what hides entries that families have missed",
    file: opening,
    text: "    restoreMarks(cache, begun.hides)\n",
    planted: "",
    suites: ["test/manifest/redeployed.test.ts"]
  },
  {
    law: 4,
    bug: "a release in which memory alone keeps a family is as one in which the file keeps it",
    file: lives,
    text: `=> [below, pattern, origin.form]`,
    planted: `=> [below.slice(0, 0), pattern, origin.form]`,
    suites: [deployments]
  },
  {
    law: 4,
    bug: "a change that memory alone keeps leaves no trace in the file, which the next release reads",
    file: outbox,
    text: `return this.life.isKnown && this.life.owed.length > 0`,
    planted: `return this.life.owed.length < 0`,
    suites: [deployments]
  },
  {
    law: 2,
    bug: "a key has its value though it had another meaning in the release before",
    file: lives,
    text: `if (own !== undefined && !isAs(family, own)) return true`,
    planted: ``,
    suites: [deployments]
  },
  {
    law: 2,
    bug: "a parameter with another codec finds what was kept for the codec before",
    file: "src/manifest/internal/origin.ts",
    text: `Schema.isSchema(codec) ? shapeText(codec) : ""`,
    planted: `""`,
    suites: [deployments]
  },
  {
    law: 2,
    bug: "the enclosing family serves what it had before a part was carved out of it and written",
    file: "src/manifest/internal/origin.ts",
    text: `inner.toSorted()`,
    planted: `[]`,
    suites: [deployments]
  },
  {
    law: 2,
    bug: "a family serves what it had before another family had its keys",
    file: lives,
    text: `overlaps(own, other)`,
    planted: `false`,
    suites: [deployments]
  },
  {
    law: 6,
    bug: "what is kept lives by the options of the release before",
    file: limits,
    text: `if (stamp >= this.before) return found`,
    planted: `if (stamp >= 0) return found`,
    suites: [deployments]
  },
  {
    law: 6,
    bug: "what one release has ended comes back with a later one",
    file: lives,
    text: `withLimit(known[option], {`,
    planted: `withLimit([], {`,
    suites: [deployments]
  },
  {
    law: 11,
    bug: "a family has a limit for each release that has made a lifetime longer",
    file: limits,
    text: `all.length <= limitsMax`,
    planted: `all.length <= Infinity`,
    suites: ["test/cache/limits.test.ts"]
  },
  {
    law: 6,
    bug: "a second engine over a place does not know the limits of the first one",
    file: opening,
    text: `limitBy(begun.limits)`,
    planted: ``,
    suites: [deployments]
  },
  {
    law: 6,
    bug: "what was made from an entry outlives it where its option is shorter now",
    file: lives,
    text: `if (each !== family && limitedOptions.some((option) => each[option] < row[option])) return true`,
    planted: ``,
    suites: [deployments]
  },
  {
    law: "what has missed nothing is still there",
    bug: "a read does not put off the end of an entry that has a limit",
    file: idleTime,
    text: `isOfToday ? limiter.before : entry.stamp`,
    planted: `entry.stamp`,
    suites: [deployments]
  },
  {
    law: 4,
    bug: "what memory pushes down comes below without the rows of the life",
    file: "src/store/internal/demotions.ts",
    text: `write(change, owed)`,
    planted: `write(change, [])`,
    suites: [deployments]
  },
  {
    law: 4,
    bug: "the rows of a life are only in the tier that took what was pushed down, and the tier below outlives it",
    file: "src/store/internal/demotions.ts",
    text: `this.#tiers.slice(to + 1).toReversed()`,
    planted: `this.#tiers.slice(0, 0)`,
    suites: ["test/store/tiered.test.ts"]
  },
  {
    law: 12,
    bug: "a caller of a refresh does not wait for the tiers",
    file: familyReads,
    text: `orStoreFailed(served.delivery ?? noDelivery)`,
    planted: `orStoreFailed(noDelivery)`,
    suites: ["test/cache/refreshed.test.ts"]
  },
  {
    law: 7,
    bug: "the end of a family waits for a tier that hangs, whatever another family has found out",
    file: "src/store/internal/tieredTier.ts",
    text: `if (this.#isHung) return Effect.void`,
    planted: ``,
    suites: ["test/store/internal/owed.test.ts"]
  },
  {
    law: 12,
    bug: "the end of a family gives up a tier that makes progress",
    file: "src/store/internal/tieredTier.ts",
    text: `return now === before ? Effect.succeed(false)`,
    planted: `return now >= before ? Effect.succeed(false)`,
    suites: ["test/store/internal/owed.test.ts"]
  },
  {
    law: 8,
    bug: "what was lent outlives the owner that lent it",
    file: "src/manifest/internal/owners.ts",
    text: `for (const endLent of Array.from(grant.lent)) endLent()`,
    planted: ``,
    suites: ["test/manifest/delegate.test.ts"]
  },
  {
    law: 3,
    bug: "a refresh that removes a value goes on offering it until the removal is durable",
    file: "src/cache/internal/loads/landing.ts",
    text: `      flight.bar()
      // A refresh returns`,
    planted: `      // A refresh returns`,
    suites: ["test/cache/removedMeanwhile.test.ts"]
  },
  {
    law: 6,
    bug: "what memory pushes out goes below with the engine's time",
    file: "src/store/internal/demotions.ts",
    text: `isFromMemory ? this.#versions.inWallTime(entry) : entry`,
    planted: `entry`,
    suites: ["test/cache/clock.test.ts"]
  },
  {
    law: 6,
    bug: "what memory holds at the end goes below with the engine's time",
    file: "src/store/internal/demotions.ts",
    text: `const now = hot === undefined ? entry : this.#heldBy(hot, key)`,
    planted: `const now = hot === undefined ? entry : hot.peek(key)`,
    suites: ["test/cache/clock.test.ts"]
  },
  {
    law: 8,
    bug: "what a lookup makes of a failed source outlives the failure",
    file: "src/cache/internal/reads/trackedReads.ts",
    text: `      this.load.endBy(this.source.spec, key, this.source.nothingUntil(key, cause))
`,
    planted: ``,
    suites: ["test/cache/madeOfNothing.test.ts"]
  },
  {
    law: 4,
    bug: "a lookup that reads many keys, with an Exit for each, does not note the keys without a value",
    file: "src/cache/internal/reads/trackedReads.ts",
    text: `Effect.as(this.notLoaded([key], result.cause), result)`,
    planted: `Effect.succeed(result)`,
    suites: ["test/cache/results.test.ts"]
  },
  {
    law: 7,
    bug: "a key that fails ends the read of the other keys",
    file: "src/cache/internal/reads/many.ts",
    text: `serveAll(ground, keys, Effect.exit)`,
    planted: `serveAll(ground, keys, (read) => Effect.map(read, Exit.succeed))`,
    suites: ["test/cache/results.test.ts"]
  },
  {
    law: 4,
    bug: "a reader joins a load that waits for one that has read an old source",
    file: "src/cache/internal/loads/load.ts",
    text: `return someAwaited(this, isBehind, true)`,
    planted: `return isBehind(this)`,
    suites: ["test/cache/behind.test.ts"]
  },
  {
    law: 4,
    bug: "a reader joins a load that has read what was made from an old source and is gone",
    file: "src/cache/internal/invalidation/spreading.ts",
    text: `const read = fromBefore ? held : reached`,
    planted: `const read = held`,
    suites: ["test/cache/behind.test.ts"]
  },
  {
    law: 8,
    bug: "what a lookup makes after it has given up a read is stored",
    file: "src/cache/internal/reads/trackedReads.ts",
    text: `    for (const key of keys) this.missed(key)
    this.load.becomeUncertain()`,
    planted: ``,
    suites: ["test/cache/givenUp.test.ts"]
  },
  {
    law: 7,
    bug: "a caller who gives up waits for the end of a call that hangs",
    file: "src/cache/internal/below/inTime.ts",
    text: `Effect.sync(() => fiber.interruptUnsafe())`,
    planted: `Fiber.interrupt(fiber)`,
    suites: ["test/cache/hangs.test.ts"]
  },
  {
    law: 4,
    bug: "a lookup that has read nothing gives a derived value a new lifetime",
    file: landing,
    text: `isDerived && (direct === undefined || !load.hasReadAll(direct, key)) ? before.freshUntil : Infinity`,
    planted: `Infinity`,
    suites: ["test/cache/confirmed.test.ts"]
  },
  {
    law: "what is derived",
    bug: "a source that is loaded again with an earlier end leaves what was made from it",
    file: landing,
    text: `this.spreadLoaded(key, now, changed || isShorter, `,
    planted: `this.spreadLoaded(key, now, changed, `,
    suites: ["test/cache/derived.test.ts"]
  },
  {
    law: "what is derived",
    bug: "a confirmation that has read one source of several gives a new lifetime",
    file: landing,
    text: `(direct === undefined || !load.hasReadAll(direct, key))`,
    planted: `(load.mayHaveReadOf === undefined)`,
    suites: ["test/cache/derived.test.ts"]
  },
  {
    law: "what is derived",
    bug: "an update gives a value that was made from others a new lifetime",
    file: updates,
    text: `return this.spec.isDerived && this.loads.loader?.lookup !== undefined`,
    planted: `return false`,
    suites: ["test/cache/derived.test.ts"]
  },
  {
    law: "what is derived",
    bug: "that a key has no value counts for longer than what its lookup has read",
    file: "src/cache/internal/loads/failures.ts",
    text: `return Math.min((known?.at ?? now) + lifetime, known?.restsUntil ?? restsUntil)`,
    planted: `return (known?.at ?? now) + lifetime`,
    suites: ["test/cache/derived.test.ts"]
  },
  {
    law: 8,
    bug: "an update that has waited for its turn is done for an owner that has left",
    file: updates,
    text: `    const refusal = this.refusals.goneSince(ends) ?? this.refusals.refusalOf(noOptions, key)
    if (refusal !== undefined) return Effect.fail(refusal)
    return Effect.flatMapEager(`,
    planted: `    const refusal = this.refusals.refusalOf(noOptions, key)
    if (refusal !== undefined) return Effect.fail(refusal)
    ends = this.refusals.ends
    return Effect.flatMapEager(`,
    suites: ["test/manifest/rightEnds.test.ts"]
  },
  {
    law: 8,
    bug: "a long list is written by the right that its caller had before the list was read",
    file: "src/manifest/internal/accessor.ts",
    text: `isRead ? run(family, items) : find((now) => run(now, items))`,
    planted: `isRead ? run(family, items) : run(family, items)`,
    suites: ["test/manifest/longLists.test.ts"]
  },
  {
    law: 14,
    bug: "a write that comes when the body has ended is collected, and lost",
    file: "src/cache/transactions/internal/frame.ts",
    text: `    if (!this.isOpen) return Exit.fail(this.late)\n`,
    planted: ``,
    suites: ["test/manifest/transactionLate.test.ts"]
  },
  {
    law: "a guard that was lost on its way does not leave a write unguarded",
    bug: "a version that is undefined is not a condition",
    file: "src/manifest/internal/options.ts",
    text: `notOptions(family, options, knownOf[kind]) ?? guardLost(family, options)`,
    planted: `notOptions(family, options, knownOf[kind])`,
    suites: ["test/manifest/options.test.ts"]
  },
  {
    law: 1,
    bug: "a reader waits for writes as an owner does",
    file: "src/manifest/internal/accessor.ts",
    text: `verb === "write" ? Transaction.arrived(gate.name, below)`,
    planted: `verb !== undefined ? Transaction.arrived(gate.name, below)`,
    suites: ["test/cache/atOnce.test.ts"]
  },
  {
    law: 8,
    bug: "an owner that has left is reported as one that was never built",
    file: "src/cache/engine/cacheFamily.ts",
    text: `this.loads.hasLeft = true`,
    planted: `this.loads.hasLeft = false`,
    suites: ["test/manifest/leaving.test.ts"]
  },
  {
    law: "a guard that was lost on its way does not leave a read unguarded",
    bug: "a read with stale that is undefined may answer a stale value",
    file: "src/manifest/internal/options.ts",
    text: `return guardLost(family, given) ?? unless(isKnown, family, "stale"`,
    planted: `return unless(isKnown, family, "stale"`,
    suites: ["test/manifest/options.test.ts"]
  },
  {
    law: 1,
    bug: "modules are built without the owner of what a lookup reads",
    file: "src/manifest/internal/modules.ts",
    text: `if (families.get(source)?.isOwned !== false) continue`,
    planted: `if (families.get(source)?.isOwned !== undefined) continue`,
    suites: ["test/manifest/unserved.test.ts"]
  },
  {
    law: "a store that refuses loses nothing that it has taken",
    bug: "a batch beyond the bound pushes out what is there",
    file: cache,
    text: `if (full !== undefined) return Effect.fail(full)\n            const apply`,
    planted: `const apply`,
    suites: ["test/cache/refusing.test.ts"]
  },
  {
    law: "a store that refuses loses nothing that it has taken",
    bug: "several values of one step are judged as if each were alone",
    file: "src/cache/internal/writes/room.ts",
    text: `(needs.get(room) ?? 0) + Math.max(`,
    planted: `Math.max(`,
    suites: ["test/cache/refusing.test.ts"]
  },
  {
    law: 8,
    bug: "a load that a caller brought is lost when a delegate leaves",
    file: loads,
    text: `isRefresh: cause === "refresh", isDetached, lookup: brought }`,
    planted: `isRefresh: cause === "refresh", isDetached }`,
    suites: [leaving]
  },
  {
    law: "a scan misses no key that stays",
    bug: "a scan drops a key whose value has ended while its page was read",
    file: familyPages,
    text: `found === undefined || this.wasFresh(key, found.entry, began)`,
    planted: `found === undefined`,
    suites: [iteration]
  },
  {
    law: 8,
    bug: "a sweep takes away what is hidden in one process alone",
    file: "src/cache/internal/invalidation/sweep.ts",
    text: `else if (entries.before.isHiddenHere(stamp)) {`,
    planted: `else if (Boolean(0)) {`,
    suites: ["test/cache/ownerLeft.test.ts"]
  },
  {
    law: 8,
    bug: "memory frees what is hidden in one process alone, before it has gone below",
    file: marking,
    text: `lane === undefined ? marks.floor : this.deadBefore`,
    planted: `marks.floor`,
    suites: ["test/cache/ownerLeft.test.ts"]
  },
  {
    law: 10,
    bug: "a value that no read may serve any more cannot be replaced by a claim",
    file: refusals,
    text: `held !== undefined && maySubstitute(this.entries, key, held, this.cache.time.now()) ? held : undefined`,
    planted: `held`,
    suites: ["test/cache/claims.test.ts"]
  },
  {
    law: 2,
    bug: "a write by the short way does not overtake a load that runs",
    file: writeSteps,
    text: "loads.loader !== undefined && loads.isShortWayOpen",
    planted: "loads.loader !== undefined && this.entries.isShortWayOpen && this.cache.leases.isEmpty",
    suites: ["test/cache/atOnce.test.ts"]
  },
  {
    law: 3,
    bug: "an update by the short way is made of a value that its function has replaced",
    file: updates,
    text: `if (isShort && stamp === cache.stamp && version === cache.version) {`,
    planted: `if (isShort) {`,
    suites: ["test/cache/atOnce.test.ts", changedInside]
  },
  {
    law: 3,
    bug: "an update by the short way is written over what its function has set",
    file: updates,
    text: `if (isOvertaken || entries.held`,
    planted: `if (entries.held`,
    suites: [changedInside]
  },
  {
    law: 3,
    bug: "an update that the function of another update of its key has begun does not wait",
    file: "src/cache/internal/loads/turns.ts",
    text: `this.byKey.get(key) ?? this.briefTurn(key)`,
    planted: `this.byKey.get(key)`,
    suites: [changedInside]
  },
  {
    law: 4,
    bug: "a change drops the key of its own text in a family with other positions",
    file: "src/cache/shared/invalidationPlan.ts",
    text: `values.bound.every(([target, from]) => target === from)`,
    planted: `true`,
    suites: ["test/cache/atOnce.test.ts"]
  },
  {
    law: 8,
    bug: "an entry that is written again with an earlier end outlives it",
    file: "src/store/memory/internal/memoryShard.ts",
    text: `else if (expiresAt < before) this.schedule(slot, expiresAt)
  }

  private schedule`,
    planted: `else if (before === Infinity) this.schedule(slot, expiresAt)
  }

  private schedule`,
    suites: ["test/cache/atOnce.test.ts"]
  },
  {
    law: 4,
    bug: "an entry whose end is moved to an earlier time leaves what was made from it",
    file: writeSteps,
    text: `end < before.freshUntil ? this.endEarlier(key) : noDelivery`,
    planted: `noDelivery`,
    suites: ["test/cache/atOnce.test.ts"]
  },
  {
    law: 4,
    bug: "a derived entry outlives what it was made from, after its end is moved",
    file: writeSteps,
    text: `this.spec.isDerived ? Math.min(freshUntil, before.freshUntil) : freshUntil`,
    planted: `freshUntil`,
    suites: ["test/cache/atOnce.test.ts"]
  },
  {
    law: 2,
    bug: "a patch at once is made of a value that its function has replaced",
    file: "src/cache/internal/writes/writesAtOnce.ts",
    text: `if (isChanged || this.loads.isRefreshing(key)) return undefined`,
    planted: ``,
    suites: ["test/cache/atOnce.test.ts"]
  },
  {
    law: "a watched key has changed when a mark hides it",
    bug: "a watch does not see marks",
    file: "src/cache/internal/entries/keyWatch.ts",
    text: `if (ground.judge(key, stamp, before?.tags ?? noTags) !== "valid") return true`,
    planted: ``,
    suites: ["test/cache/atOnce.test.ts"]
  },
  {
    law: "a listener does not change the cache in the middle of a change",
    bug: "a listener may write",
    file: "src/cache/internal/entries/changes.ts",
    text: `return this.isTelling ? new`,
    planted: `return Boolean(0) ? new`,
    suites: ["test/cache/atOnce.test.ts"]
  },
  {
    law: 5,
    bug: "a load that a caller brings does not reach a load that has no lookup",
    file: familyReads,
    text: `if (lookup !== undefined) running.bring(lookup)`,
    planted: ``,
    suites: ["test/cache/getOr.test.ts"]
  },
  {
    law: 5,
    bug: "a load that a caller brings is forgotten while it waits for its turn",
    file: loads,
    text: `const brought = lookup ?? queued?.lookup`,
    planted: `const brought = lookup`,
    suites: ["test/cache/getOr.test.ts"]
  },
  {
    law: 10,
    bug: "setIfAbsent does not look below memory",
    file: familyWrites,
    text: `if (this.entries.lane === undefined) return step(this.entries.held(key), undefined)`,
    planted: `if (this.entries.hot !== undefined) return step(this.entries.held(key), undefined)`,
    suites: ["test/cache/claims.test.ts"]
  },
  {
    law: 6,
    bug: "a read that refuses stale values answers one that was made from a stale value",
    file: "src/cache/internal/entries/conditions.ts",
    text: `stale ? Exit.fail(new CacheError({ reason: new StaleRefused({ key }) })) : Exit.succeed(value)`,
    planted: `Exit.succeed(value)`,
    suites: ["test/cache/claims.test.ts"]
  },
  {
    law: "a scan misses no key that stays",
    bug: "a scan over memory: a cursor skips slots once the table has grown",
    file: "src/store/memory/internal/memoryPartition.ts",
    text: "let slot = Math.floor(from / views.length)",
    planted: "let slot = Math.floor(from / views.length) + (from > 0 ? views[view]!.shard.records.capacity >> 12 : 0)",
    suites: [iteration]
  },
  {
    law: "a scan misses no key that stays",
    bug: "a scan over memory: a page begins behind the slot at which the last one ended",
    file: "src/store/memory/internal/memoryPartition.ts",
    text: "next: origin + (slot * views.length + view).toString(36)",
    planted: "next: origin + ((slot + 1) * views.length + view).toString(36)",
    suites: [iteration]
  },
  {
    law: "a scan misses no key that stays",
    bug: "a scan over tiers: what leaves memory meanwhile is forgotten",
    file: departures,
    text: "this.#keys[this.next++ % keptMax] = key",
    planted: "void key",
    suites: [scans]
  },
  {
    law: "a scan misses no key that stays",
    bug: "a scan over tiers: what is on its way down when it begins is in no page",
    file: tieredPages,
    text: "for (const { key } of this.#order.allCarried()) this.#departures.add(key)",
    planted: "",
    suites: [scans]
  },
  {
    law: "a scan misses no key that stays",
    bug: "a scan over tiers: the upper tiers are read first",
    file: tieredPages,
    text: "})).toReversed(),",
    planted: "})),",
    suites: [scans]
  },
  {
    law: "a scan misses no key that stays",
    bug: "a scan over tiers: it ends with its last tier, whatever has left that tier meanwhile",
    file: tieredPages,
    text: "const ends = isLast ? this.#departures.next : undefined",
    planted: "const ends = isLast ? departure : undefined",
    suites: [scans]
  },
  {
    law: "a scan misses no key that stays",
    bug: "a scan over tiers: the first page does not wait for what is on its way below",
    file: familyPages,
    text: "Effect.andThen(outbox.settledWhole, page!(next, max))",
    planted: "page!(next, max)",
    suites: [scans]
  },
  {
    law: "a scan misses no key that stays",
    bug: "a scan over tiers: it begins after the wait for what is on its way below",
    file: familyPages,
    text: "Effect.flatMap(page!(undefined, 0), ({ next }) => Effect.andThen(outbox.settledWhole, page!(next, max)))",
    planted: "Effect.andThen(outbox.settledWhole, page!(undefined, max))",
    suites: [scans]
  },
  {
    law: "a scan misses no key that stays",
    bug: "a scan over tiers: what arrives below behind the look for it counts as absent",
    file: familyPages,
    text: "const pending = lane!.pending(key) ?? before",
    planted: "const pending = lane!.pending(key)",
    suites: [scans]
  },
  {
    law: "a scan misses no key that stays",
    bug: "a scan over tiers: a key that moves while it is looked for counts as absent",
    file: familyPages,
    text: "changed.length === 0 || tries === 0 ?",
    planted: "changed.length >= 0 || tries === 0 ?",
    suites: [iteration]
  },
  {
    law: "a scan misses no key that stays",
    bug: "a scan over a file alone does not wait for values that a codec prepares",
    file: familyPages,
    text: "this.hot === undefined ? this.whole(settled) : settled",
    planted: "settled",
    suites: [iteration]
  },
  {
    law: "a scan shows what `has` finds",
    bug: "a scan over memory shows what is hidden or stale",
    file: familyPages,
    text: ".filter(([key, entry]) => this.entries.isFresh(key, entry, now))",
    planted: ".filter(([, entry]) => now < entry.expiresAt)",
    suites: [iteration]
  },
  {
    law: "a scan shows what `has` finds",
    bug: "a scan below memory shows what is hidden or stale",
    file: familyPages,
    text: "return this.entries.isFresh(key, found.entry, cache.time.now()) ? found.entry : undefined",
    planted: "return found.entry",
    suites: [iteration]
  },
  {
    law: "a cursor is refused where it has no meaning",
    bug: "a scan over tiers: its numbers go on when they have lost their meaning while a tier was read",
    file: tieredPages,
    text: "const why = this.#whyLost(company, numbering)",
    planted: `const why = undefined as BookmarkLost["why"] | undefined`,
    suites: ["test/store/internal/tieredPages.test.ts"]
  },
  {
    law: "a cursor is refused where it has no meaning",
    bug: "a cursor that is lost because another engine has come is said to be slow",
    file: "src/store/internal/departures.ts",
    text: `    if (!isSame) this.company++\n`,
    planted: ``,
    suites: ["test/manifest/iteration.test.ts"]
  },
  {
    law: "a cursor is refused where it has no meaning",
    bug: "a cursor of another family is taken",
    file: familyPages,
    text: "return parts[1] === this.mark ?",
    planted: "return parts[1] !== undefined ?",
    suites: [iteration]
  },
  {
    law: "a cursor is refused where it has no meaning",
    bug: "a cursor from before keys were forgotten that left memory is taken",
    file: departures,
    text: "this.numbering++",
    planted: "",
    suites: [iteration]
  },
  {
    law: "a scan holds no read transaction open",
    bug: "a page of a file leaves a read transaction open",
    file: "src/store/lmdb/internal/lmdbFamilies.ts",
    text: "    return Array.from(this.#databases.entries.getKeys({",
    planted: "    this.#databases.entries.getKeys({ start: \"0\" })[Symbol.iterator]().next()\n" +
      "    return Array.from(this.#databases.entries.getKeys({",
    suites: ["test/store/lmdb/scan.test.ts"]
  },
  {
    law: "`sample` gives each key the same chance",
    bug: "a sample is drawn from the slots of the first shard",
    file: "src/store/memory/internal/memoryPartition.ts",
    text: "at = Math.floor(random() * at)",
    planted: "at = Math.floor(random() * this.views[0]!.shard.records.used)",
    suites: [iteration]
  },
  {
    law: 6,
    bug: "a stale entry below is not served beside a load that began while it was fresh",
    file: "src/cache/internal/loads/offers.ts",
    text: `    this.offer(flight, now, false)\n`,
    planted: ``,
    suites: [joinedLoads]
  },
  {
    law: 6,
    bug: "a stale entry below is not served beside two loads that were overtaken",
    file: familyReads,
    text: `      this.loads.offers.lookFor(queued)\n`,
    planted: ``,
    suites: [joinedLoads]
  },
  {
    law: 5,
    bug: "a reader who has joined a refresh gets its failure in place of the stale value",
    file: loads,
    text: `(cause === "absent" && queued === undefined ? undefined : this.entries.held(key))`,
    planted: `(queued === undefined ? undefined : this.entries.held(key))`,
    suites: [joinedLoads]
  },
  {
    law: 7,
    bug: "a load that hangs keeps the key stale below memory",
    file: "src/cache/internal/loads/offers.ts",
    text: `    this.ground.renewals.goesOn(flight)\n`,
    planted: ``,
    suites: [joinedLoads]
  },
  {
    law: 2,
    bug: "a lookup gets a hidden value as the one before, and brings it back",
    file: loadLookups,
    text: `const entry = this.entries.held(key) ?? before`,
    planted: `const entry = this.entries.hot?.peek(key) ?? held?.entry`,
    suites: [previous]
  },
  {
    law: 2,
    bug: "a lookup that has waited for its turn gets a value that was deleted meanwhile",
    file: loadLookups,
    text: `isReplaced || held === undefined ? undefined`,
    planted: `held === undefined ? undefined`,
    suites: [previous]
  },
  {
    law: 9,
    bug: "a lease counts what was hidden before it as seen by its holder",
    file: "src/cache/internal/writes/terms.ts",
    text: `const inMemory = entries.held(key)`,
    planted: `const inMemory = entries.hot?.peek(key)`,
    suites: [previous]
  },
  {
    law: 6,
    bug: "a read that refuses what is stale waits for a refresh although what is below is fresh",
    file: "src/cache/internal/loads/flight.ts",
    text: `wantsFresh === true && isStale(offered) ? undefined : offered`,
    planted: `wantsFresh === true ? undefined : offered`,
    suites: [joinedLoads]
  },
  {
    law: 3,
    bug: "a read below that ends late brings back what an earlier load has replaced",
    file: "src/cache/internal/loads/offers.ts",
    text: `flight.replaces(laterOf(flight, found))`,
    planted: `flight.replaces(found)`,
    suites: [joinedLoads]
  },
  {
    law: 6,
    bug: "what an earlier load has stored below is not served beside a later load that hangs",
    file: landing,
    text: `    for (const later of this.ground.flights.after(flight)) later.meetKept({ entry, tier })\n`,
    planted: ``,
    suites: [joinedLoads]
  },
  {
    law: 6,
    bug: "a load that a write has overtaken takes the written value from the readers of the next load",
    file: landing,
    text: `if (!flight.isReplaced) this.barBeside`,
    planted: `this.barBeside`,
    suites: [joinedLoads]
  },
  {
    law: 5,
    bug: "a read of many keys loads those that memory holds stale one by one",
    file: "src/cache/internal/reads/many.ts",
    text: `    const asked = loadFor(key, now)\n`,
    planted: `    const asked = ground.entries.held(key) === undefined ? loadFor(key, now) : undefined\n`,
    suites: ["test/cache/manyStale.test.ts"]
  },
  {
    law: 6,
    bug: "a read of many keys does not give a stale value in place of a load that is slow",
    file: "src/cache/internal/reads/many.ts",
    text: `fallback === undefined ? waited : softly(flight.key, fallback, waited)`,
    planted: `waited`,
    suites: ["test/cache/manyStale.test.ts"]
  },
  {
    law: 5,
    bug: "entries of a lower tier that are due are renewed one by one behind the reader of all",
    file: renewals,
    text: `if (wanted.length < 2 || `,
    planted: `if (wanted.length < 99 || `,
    suites: ["test/cache/manyStale.test.ts"]
  },
  {
    law: "warming",
    bug: "a warming leaves stale values in memory to their readers",
    file: "src/cache/internal/reads/warming.ts",
    text: `    if (now >= freshUntil) return "stale"\n`,
    planted: ``,
    suites: ["test/cache/manyStale.test.ts"]
  },
  {
    law: "warming",
    bug: "a warming leaves stale values in a lower tier to their readers",
    file: "src/cache/internal/loads/offers.ts",
    text: `if (isBackingOff && (isQuiet || !flight.isForFresh)) {`,
    planted: `if (isQuiet || isBackingOff && !flight.isForFresh) {`,
    suites: ["test/cache/manyStale.test.ts"]
  },
  {
    law: 6,
    bug: "a value that its lookup confirms is fresh for the lifetime of its family, and not for its own",
    file: "src/cache/internal/family/judgement.ts",
    text: `timeToLive: options.timeToLive === undefined ? lifetimeOf(before) : options.timeToLive,`,
    planted: `timeToLive: options.timeToLive,`,
    suites: ["test/cache/ownLifetime.test.ts"]
  },
  {
    law: 6,
    bug: "memory forgets the lifetime that was chosen for a value",
    file: "src/store/memory/internal/memoryShard.ts",
    text: `this.extras[slot] = isPlain ? undefined : { freshUntil, expiresAt, revision, ownLifetimeMillis }`,
    planted:
      `this.extras[slot] = isPlain ? undefined : { freshUntil, expiresAt, revision, ownLifetimeMillis: undefined }`,
    suites: ["test/cache/ownLifetime.test.ts"]
  },
  {
    law: 6,
    bug: "a file forgets the lifetime that was chosen for a value",
    file: "src/store/lmdb/internal/lmdbRecord.ts",
    text: `  const { ownLifetimeMillis } = entry\n`,
    planted: `  const ownLifetimeMillis: number | undefined = undefined\n`,
    suites: ["test/cache/ownLifetime.test.ts"]
  },
  {
    law: "counts",
    bug: "a key that a read of many keys names several times counts once when it is loaded",
    file: "src/cache/internal/reads/many.ts",
    text: `      entries.tally.countMiss(key)\n      entries.counts.coalesced++\n`,
    planted: ``,
    suites: ["test/cache/counted.test.ts"]
  },
  {
    law: "counts",
    bug: "a read that a remembered failure answers is not counted",
    file: "src/cache/internal/reads/familyReads.ts",
    text: `      this.entries.counts.remembered++\n`,
    planted: ``,
    suites: ["test/cache/counted.test.ts"]
  },
  {
    law: "a store that refuses loses nothing that it has taken",
    bug: "another writer takes the room of a transaction that is about to commit",
    file: "src/cache/transactions/internal/collected.ts",
    text: `this.giveBack = reserve(wanted)`,
    planted: `this.giveBack = reserve([])`,
    suites: [refusing]
  },
  {
    law: "a store that refuses loses nothing that it has taken",
    bug: "a transaction is not asked whether its values fit",
    file: "src/cache/transactions/internal/collected.ts",
    text: `const full = memoryRefusal(wanted)`,
    planted: `const full = memoryRefusal([])`,
    suites: [refusing]
  },
  {
    law: "a store that refuses loses nothing that it has taken",
    bug: "the weight of an entry that has ended is counted twice",
    file: "src/cache/internal/writes/room.ts",
    text: `if (room.makeRoom(more, Infinity)) hasFreed = true`,
    planted: `if (room.makeRoom(more, Infinity) && room.fits(more)) return true`,
    suites: [refusing]
  },
  {
    law: "a store that refuses has room as long as it holds what no read may serve",
    bug: "what a mark hides takes room for ever",
    file: "src/store/memory/internal/memoryShard.ts",
    text: `this.searchAgain = true`,
    planted: `this.searchAgain = false`,
    suites: [refusing]
  },
  {
    law: "a store that refuses has room as long as it holds what no read may serve",
    bug: "what a mark makes stale takes room for ever after its time",
    file: "src/store/memory/internal/memoryShard.ts",
    text: `else if (until < this.searchFrom) this.searchFrom = until`,
    planted: ``,
    suites: [refusing]
  },
  {
    law: "a store that refuses has room as long as it holds what no read may serve",
    bug: "each value that is refused makes the store look at all entries",
    file: "src/store/memory/internal/memoryShard.ts",
    text: `    const { size } = this\n    const now`,
    planted: `    const { size } = this\n    this.marked()\n    const now`,
    suites: ["test/store/memory/MemoryStore.test.ts"]
  },
  {
    law: "the message of an error begins with its code",
    bug: "a line of a log does not say which code to explain",
    file: "src/cache/CacheError.ts",
    text: "`${this.code}: ${what} of \\`${this.manifest}\\` is refused: ",
    planted: "`${what} of \\`${this.manifest}\\` is refused: ",
    suites: ["test/cache/messages.test.ts"]
  },
  {
    law: "several processes",
    bug: "a change of another process leaves what is on its way below",
    file: peerChanges,
    text: `  entries.lane?.overtaken(key)
`,
    planted: ``,
    suites: ["test/cache/otherProcesses.test.ts"]
  },
  {
    law: "several processes",
    bug: "what is found below counts as newer than a mark that is on its way",
    file: lane,
    text: `Math.min(entry.stamp, this.carrier.oldestMarkOf(this.name) - 1)`,
    planted: `entry.stamp`,
    suites: [sharedSimulation]
  },
  {
    law: "several processes",
    bug: "what is found below counts as newer than every mark",
    file: logStamps,
    text: `Math.min(found, row.least - 1)`,
    planted: `found`,
    suites: [sharedSimulation]
  },
  {
    law: "several processes",
    bug: "a value that is older than a mark of its process is put as if it knew the mark",
    file: logStamps,
    text: `Math.min(found, row.first - 1)`,
    planted: `found`,
    suites: [ledgerStoreTests]
  },
  {
    law: "several processes",
    bug: "a mark that was heard late does not lower the stamps of earlier ones",
    file: logStamps,
    text: `all[at]!.least = least`,
    planted: `void least`,
    suites: [logStampsTests]
  },
  {
    law: "several processes",
    bug: "a change of another process leaves memory as it is",
    file: peerChanges,
    text: `  loads.failures.forget(key)
  entries.ended(key)
}`,
    planted: `  loads.failures.forget(key)
}`,
    suites: [sharedSimulation]
  },
  {
    law: "several processes",
    bug: "a mark of another process is not heard",
    file: peerChanges,
    text: `  if (read === undefined) return
`,
    planted: `  return
`,
    suites: [sharedSimulation]
  },
  {
    law: "several processes",
    bug: "memory keeps what it holds when changes may have been missed",
    file: peerChanges,
    text: `  entries.marking.hearMark(everything, "hide", stamp, entries.cache.time.now())
`,
    planted: ``,
    suites: ["test/store/redis/RedisStore.test.ts"]
  },
  {
    law: "several processes",
    bug: "a process that starts forgets the marks after the one that hides everything",
    file: ledgerStore,
    text: `marks.toSorted((one, other) => one.stamp - other.stamp)`,
    planted: `marks`,
    suites: [ledgerStoreTests]
  },
  {
    law: "several processes",
    bug: "a family that was cleared keeps its entries below",
    file: ledgerStore,
    text: ` || isCleared ? undefined`,
    planted: ` ? undefined`,
    suites: [ledgerStoreTests]
  },
  {
    law: "a ledger",
    bug: "a value that was loaded before a change of its key enters the ledger",
    file: ledgerSteps,
    text: ` || stamp < state.lastNaming(key)`,
    planted: ``,
    suites: [ledgerSimulation]
  },
  {
    law: "a ledger",
    bug: "a value that was loaded before the first record that is kept enters the ledger",
    file: ledgerSteps,
    text: `stamp < state.floor || stamp < state.last`,
    planted: `stamp < state.last`,
    suites: [ledgerSuite]
  },
  {
    law: "a ledger",
    bug: "the header of a value that drops others has the position of the record",
    file: ledgerSteps,
    text: `if (isKept) state.keep(put, number)`,
    planted: `if (isKept) state.keep({ ...put, at: { epoch: state.epoch, stamp: state.head } }, number)`,
    suites: [ledgerSimulation]
  },
  {
    law: "a ledger",
    bug: "a guard does what it says although a condition does not hold",
    file: ledgerSteps,
    text: `if (!met.every(`,
    planted: `if (!met.some(`,
    suites: [ledgerSuite]
  },
  {
    law: "several processes",
    bug: "the conditions of a write hold within one process alone",
    file: "src/cache/internal/writes/guarded.ts",
    text: `if (!cache.isShared || !keys.some(`,
    planted: `if (cache.isShared || !keys.some(`,
    suites: ["test/cache/guards.test.ts"]
  },
  {
    law: "several processes",
    bug: "a process keeps the value of a conditional write that was refused",
    file: "src/cache/internal/entries/entries.ts",
    text: `else this.ended(key)`,
    planted: `else this.sources?.forget(key)`,
    suites: ["test/cache/guards.test.ts"]
  },
  {
    law: "a ledger",
    bug: "the value of a commit is not judged by the records before it",
    file: ledgerSteps,
    text: `at !== undefined && isOvertaken(state, names[n]!, at)`,
    planted: `at === null`,
    suites: [ledgerSimulation]
  },
  {
    law: "a ledger",
    bug: "a value follows a mark of its round although a mark that was heard before concerns it",
    file: ledgerStore,
    text: ` && this.isUpToDate(one, at, end!)`,
    planted: ``,
    suites: [ledgerStoreTests]
  },
  {
    law: "a ledger",
    bug: "a commit that was made for another epoch is done",
    file: "src/store/redis/internal/redisScripts.ts",
    text: `if knownEpoch ~= epoch or knownNonce ~= nonce then return true end`,
    planted: `if knownEpoch ~= epoch or knownNonce ~= nonce then return false end`,
    suites: ["test/store/ledger/redis.test.ts"]
  },
  {
    law: "a ledger",
    bug: "a commit of which no guard held is done when it comes again",
    file: "src/store/redis/internal/redisScripts.ts",
    text: `~= '[[],[],[[' then return true end`,
    planted: `~= '[[],[],[[' and #record.b > 30 then return true end`,
    suites: ["test/store/ledger/redis.test.ts"]
  },
  {
    law: "a ledger",
    bug: "a full tier says nothing of the values that it does not keep",
    file: "src/store/internal/ledger/ledgerStore.ts",
    text: `if (isFull) { for (const put of [...puts, ...alone]) put.refused?.(full) }`,
    planted: ``,
    suites: ["test/cache/fullShared.test.ts"]
  },
  {
    law: "a ledger",
    bug: "a full tier drops the value before, which no source has",
    file: "src/store/internal/ledger/ledgerStore.ts",
    text: `if (isNewer) alone.push(this.putOf(own, one, undefined))`,
    planted: `if (isNewer) puts.push(this.putOf(own, one, undefined))`,
    suites: ["test/cache/fullShared.test.ts"]
  },
  {
    law: "a ledger",
    bug: "a refused value stays in memory",
    file: "src/cache/internal/below/lane.ts",
    text: `if (given.has(key)) written.redressed(lose(key))`,
    planted: ``,
    suites: ["test/cache/fullShared.test.ts"]
  },
  {
    law: "a ledger",
    bug: "a condition that cannot be judged is a conflict",
    file: "src/store/internal/ledger/ledgerStore.ts",
    text: `if (judged === undefined) guard.failed(unjudged(this.ledger.name))`,
    planted:
      `if (judged === undefined) guard.refused(guard.conditions.map(() => ({ version: undefined, holds: false })))`,
    suites: ["test/cache/fullShared.test.ts"]
  },
  {
    law: "a ledger",
    bug: "a value that was replaced while its commit was under way stays in memory",
    file: "src/cache/internal/below/lane.ts",
    text: `for (const key of contested) void lose(key)`,
    planted: ``,
    suites: ["test/cache/racesOfProcesses.test.ts"]
  },
  {
    law: "a ledger",
    bug: "a script of a full server keeps a value",
    file: "src/store/redis/internal/redisScripts.ts",
    text: `    elseif not full then`,
    planted: `    else`,
    suites: ["test/store/redis/RedisStore.test.ts"]
  },
  {
    law: "a ledger",
    bug: "a value is kept although news of its key came since its round was made",
    file: "src/store/internal/ledger/ledgerStore.ts",
    text: `if (one.isCurrent?.() === false) {`,
    planted: `if (one.isCurrent === null) {`,
    suites: ["test/store/ledger/ledgerStore.test.ts"]
  },
  {
    law: "a ledger",
    bug: "a conditional write takes the place of a change that is on its way",
    file: "src/cache/internal/entries/entries.ts",
    text: `if (tries.left === 0) return Effect.succeed(false)`,
    planted: `if (tries.left === 0) return Effect.succeed(true)`,
    suites: ["test/cache/racesOfProcesses.test.ts"]
  },
  {
    law: "a ledger",
    bug: "a value that a caller gave is refused after a change of another process, and no source has it",
    file: ledgerStore,
    text: `if (one.prevails === true) {`,
    planted: `if (one.prevails === null) {`,
    suites: ["test/cache/racesOfProcesses.test.ts"]
  },
  {
    law: "a ledger",
    bug: "a change of another process takes back a value that a caller gave, and no source has it",
    file: lane,
    text: `change?.entry !== undefined && change.prevails !== true`,
    planted: `change?.entry !== undefined`,
    suites: ["test/cache/racesOfProcesses.test.ts"]
  },
  {
    law: "a ledger",
    bug: "a commit that arrives once more brings back a value that a later one has replaced",
    file: ledgerSteps,
    text: `if (isInOrder && isLate(state, asker)) return`,
    planted: `if (isInOrder && isLate(state, asker) && puts.length > 1) return`,
    suites: ["test/cache/racesOfProcesses.test.ts"]
  },
  {
    law: "a ledger",
    bug: "an engine passes over records of others as if they were its own",
    file: logView,
    text: `isOwn: writer === this.writer`,
    planted: `isOwn: true`,
    suites: [logViewTests]
  },
  {
    law: "a ledger",
    bug: "an engine that is behind the first record that is kept believes that it has missed nothing",
    file: logView,
    text: `if (this.position!.stamp < floor) return this.lose()`,
    planted: ``,
    suites: [logViewTests]
  },
  {
    law: "a ledger",
    bug: "a record is applied before the record of another log that it follows from",
    file: logView,
    text: `if (after !== undefined && !this.isApplied(after.log, after.position)) return void (this.waitsFor = after)`,
    planted: ``,
    suites: [logViewTests]
  },
  {
    law: "a ledger",
    bug: "an answer is judged before its marks are applied",
    file: ledgerNode,
    text: `if (isOf() && view.position!.stamp >= marksAt) return Effect.succeed(outcome)\n      const reached`,
    planted: `if (isOf()) return Effect.succeed(outcome)\n      const reached`,
    suites: [ledgerNodeTests]
  },
  {
    law: "a ledger",
    bug: "a receipt is returned before its record is applied",
    file: ledgerNode,
    text: `yield* Effect.catch(this.reach(view, position), () => this.distrust(view))`,
    planted: ``,
    suites: [ledgerSuite]
  },
  {
    law: "a ledger",
    bug: "a receipt is returned before its record is applied, where an older answer has made the log known",
    file: ledgerNode,
    text: `const end = to ?? head\n          return view.covers(end) ?`,
    planted: `const end = to ?? head\n          return view.position !== undefined ?`,
    suites: [ledgerNodeTests]
  },
  {
    law: "an entry ends as its writer said",
    bug: "times in a server are those of the machine that writes them",
    file: "src/store/redis/internal/redisPlace.ts",
    text: `const timed = this.clock.there(entry)`,
    planted: `const timed = entry`,
    suites: ["test/store/redis/RedisStore.test.ts"]
  },
  {
    law: "a family is behind other processes by its bound, at the most",
    bug: "what memory holds is served although it was not shown to be complete",
    file: "src/cache/internal/entries/entries.ts",
    text: `return Math.max(until, this.hot!.dueAt(key) ?? -Infinity, givenAt + this.trust.millis)`,
    planted: `return Infinity`,
    suites: ["test/cache/consistency.test.ts"]
  },
  {
    law: "a family is behind other processes by its bound, at the most",
    bug: "a hit is not due in the middle of the bound",
    file: "src/cache/internal/entries/trust.ts",
    text: `return this.knowing.provenAt() + this.millis / 2`,
    planted: `return Infinity`,
    suites: ["test/cache/consistency.test.ts"]
  },
  {
    law: "a family is behind other processes by its bound, at the most",
    bug: "a plain answer of a server that was replaced is served",
    file: "src/store/internal/ledger/proofs.ts",
    text: `if (this.ground.time.now() - this.provenAt() < millis) return read`,
    planted: `if (millis > 0) return read`,
    suites: ["test/cache/consistency.test.ts"]
  },
  {
    law: "a ledger",
    bug: "a commit ends with its caller",
    file: ledgerNode,
    text: `return this.whole(committed)`,
    planted: `return committed`,
    suites: [ledgerNodeTests]
  },
  {
    law: "every arrangement of tiers refuses a value of another kind than its schema",
    bug: "memory alone takes any value for bytes, a date or a map",
    file: "src/store/shared/admits.ts",
    text: `return kindOfDeclaration(ast)`,
    planted: `return undefined`,
    suites: ["test/cache/admittedKinds.test.ts"]
  },
  {
    law: 12,
    bug: "what could not be removed on a full disk is served by the next process",
    file: "src/store/lmdb/internal/lmdbWrites.ts",
    text: `if (!this.looksGone()) this.#trust.failed(batch, this.#gathering)`,
    planted: ``,
    suites: [trust]
  },
  {
    law: 12,
    bug: "a mark that failed is not owed any more once another change was written",
    file: "src/store/lmdb/internal/lmdbTrust.ts",
    text: `if (this.#batch === undefined && this.#marks.size === 0 && !this.#isLost) this.restore()`,
    planted: `if (this.#batch === undefined && !this.#isLost) this.restore()`,
    suites: [trust]
  },
  {
    law: 12,
    bug: "a folder is emptied at the next start, though everything that had failed was written since",
    file: "src/store/lmdb/internal/lmdbTrust.ts",
    text: `if (batch === this.#batch) this.#batch = undefined`,
    planted: ``,
    suites: [trust]
  },
  {
    law: 12,
    bug: "a removal that is refused while a commit does not end is undone for the next process",
    file: "src/store/lmdb/internal/lmdbWrites.ts",
    text: `return takesAway(operation) ? this.lose() : undefined`,
    planted: `return undefined`,
    suites: [trust]
  },
  {
    law: 12,
    bug: "a process serves a namespace that the one before has marked as distrusted",
    file: "src/store/lmdb/internal/lmdbTrust.ts",
    text: `  makeIfAbsent(file)
    this.wasDistrusted = Fs.readFileSync(file, "latin1").trim() !== trusted.trim()`,
    planted: `  makeIfAbsent(file)
    this.wasDistrusted = false`,
    suites: [trust]
  },
  {
    law: "an absent key costs no stack",
    bug: "each read of an absent key takes the frames of its error",
    file: "src/cache/internal/loads/stackTraces.ts",
    text: `Reflect.set(Error, "stackTraceLimit", 0)`,
    planted: `false`,
    suites: ["test/cache/absent.test.ts"]
  },
  {
    law: "an invalidation of one key drops no other key",
    bug: "the mark of one key concerns the longer keys that begin with it",
    file: "src/cache/internal/invalidation/familyInvalidation.ts",
    text: `if (this.hasRest) values.push(end)`,
    planted: ``,
    suites: [keyEnds]
  },
  {
    law: "an invalidation of one key drops no other key",
    bug: "a pattern without `*` names the longer keys, too",
    file: "src/manifest/internal/keys.ts",
    text: `bound.push({ position, value: wanted.rest ? more : end })`,
    planted: `if (wanted.rest) bound.push({ position, value: more })`,
    suites: [keyEnds]
  },
  {
    law: "an invalidation of one key drops no other key",
    bug: "the length of the dropped keys does not limit what derives from them",
    file: "src/cache/shared/invalidationPlan.ts",
    text: `if (value === end) most = position`,
    planted: `if (value === end) most = Infinity`,
    suites: [keyEnds]
  },
  {
    law: 4,
    bug: "a transaction does not see that it has dropped the keys of one length",
    file: "src/cache/shared/slices.ts",
    text: `if (goesOn || position !== segments.length) return undefined`,
    planted: `return undefined`,
    suites: [keyEnds]
  },
  {
    law: "every arrangement of tiers refuses a value of another kind than its schema",
    bug: "a loaded value of another kind is served and kept",
    file: "src/cache/internal/family/judgement.ts",
    text: `return misfit === undefined ? this.judgeValue(undefined, key, value, attributes) : Effect.fail(misfit)`,
    planted: `return this.judgeValue(undefined, key, value, attributes)`,
    suites: ["test/cache/admittedKinds.test.ts"]
  },
  {
    law: "every arrangement of tiers refuses a value of another kind than its schema",
    bug: "a value of another kind that is loaded in a transaction is served",
    file: "src/cache/transactions/internal/transactionReads.ts",
    text: `return misfit === undefined
        ? Effect.succeed({ value`,
    planted: `return misfit !== null
        ? Effect.succeed({ value`,
    suites: ["test/cache/admittedKinds.test.ts"]
  },
  {
    law: "several processes",
    bug: "a reader whose own change is on its way gets what was there",
    file: lowerReads,
    text: `if (lane.pending(key) !== undefined) return Effect.undefined`,
    planted: ``,
    suites: [loadsOfProcesses]
  },
  {
    law: "several processes",
    bug: "a reader that waits for a load does not learn that it has ended",
    file: loadLeases,
    text: `const woken = this.listen(name)`,
    planted: `const woken = Deferred.makeUnsafe<void>()`,
    suites: [loadsOfProcesses]
  },
  {
    law: "several processes",
    bug: "a reader waits for one load after another that ends without a value",
    file: loadLeases,
    text: `Option.contains(news, "ended") ? loads - 1 : loads`,
    planted: `loads`,
    suites: [loadsOfProcesses]
  },
  {
    law: "several processes",
    bug: "a load that brings no value keeps its lease",
    file: lane,
    text: `if (this.pending(key)?.entry === undefined) this.partition.endLoad?.(key)`,
    planted: ``,
    suites: [loadsOfProcesses]
  },
  {
    law: "several processes",
    bug: "a value does not end the lease of its load",
    file: "src/store/internal/ledger/ledgerStore.ts",
    text: `put.partition.put(put, { lease: lease?.fence })`,
    planted: `put.partition.put(put)`,
    suites: [loadsOfProcesses]
  },
  {
    law: "several processes",
    bug: "a process waits for its own lease",
    file: loadLeases,
    text: `this.millis === 0 || this.has(name, now) || !this.hasRoom(now)`,
    planted: `this.millis === 0 || !this.hasRoom(now)`,
    suites: [loadsOfProcesses]
  },
  {
    law: "several processes",
    bug: "a caller who leaves while it asks for its turn keeps the turn",
    file: loadLeases,
    text: `Effect.sync(() => this.end(partition.family, key))`,
    planted: `Effect.void`,
    suites: [loadsOfProcesses]
  },
  {
    law: "several processes",
    bug: "a value that follows its own mark is put although records were missed",
    file: "src/store/internal/ledger/ledgerStore.ts",
    text: `for (const { marked } of this.watching) marked.add(familyOf(everything))`,
    planted: ``,
    suites: ["test/cache/otherProcesses.test.ts"]
  },
  {
    law: "several processes",
    bug: "marks of one family hide entries of another",
    file: "src/store/internal/ledger/logStamps.ts",
    text: `if (family === "") return this.common`,
    planted: `if (family !== " ") return this.common`,
    suites: ["test/store/ledger/logStamps.test.ts"]
  },
  {
    law: "several processes",
    bug: "a log with few large records is never trimmed",
    file: "src/store/redis/internal/redisScripts.ts",
    text: `elseif written - trimmed > bytesMax then`,
    planted: `elseif written - trimmed > 100 * bytesMax then`,
    suites: ["test/store/ledger/redis.test.ts"]
  },
  {
    law: "several processes",
    bug: "a value that is older than a mark of its own round is put as if it knew the mark",
    file: "src/store/internal/ledger/ledgerStore.ts",
    text: `const isNewer = isNewerThan(span, one)`,
    planted: `const isNewer = true`,
    suites: ["test/cache/otherProcesses.test.ts"]
  },
  {
    law: "several processes",
    bug: "a value that no mark of its round concerns is lost",
    file: entries,
    text: `this.judge(key, stamp, tags) === "valid" ? cache.stamp : stamp`,
    planted: `stamp`,
    suites: ["test/cache/otherProcesses.test.ts"]
  },
  {
    law: 9,
    bug: "the deadline of a lease does not bound the wait for a tier",
    file: "src/capability/shared/leaseTable.ts",
    text: `          asked.isSure = true
`,
    planted: ``,
    suites: ["test/cache/leaseGiven.test.ts"]
  },
  {
    law: 9,
    bug: "the time to live of a lease begins before its caller gets it",
    file: "src/capability/shared/leaseTable.ts",
    text: `this.now() + leadMillis + timeToLiveMillis`,
    planted: `this.now() + timeToLiveMillis`,
    suites: ["test/cache/leaseGiven.test.ts"]
  },
  {
    law: "a watched key has changed when a mark hides it",
    bug: "a watch forgets a change with the mark that shows it",
    file: "src/cache/internal/entries/marking.ts",
    text: `watches.lookNow()`,
    planted: ``,
    suites: ["test/cache/atOnce.test.ts"]
  },
  {
    law: "a listener does not change the cache in the middle of a change",
    bug: "a listener that has removed itself may write",
    file: "src/cache/internal/entries/changes.ts",
    text: ` || this.isTelling`,
    planted: ``,
    suites: ["test/cache/atOnce.test.ts"]
  },
  {
    law: 8,
    bug: "the load of a caller who is about to join it ends with its owner",
    file: "src/cache/internal/loads/loads.ts",
    text: `(!flight.isEmpty || flight.isExpected)`,
    planted: `!flight.isEmpty`,
    suites: ["test/cache/waitsForGone.test.ts"]
  },
  {
    law: 4,
    bug: "a write without an Effect does not spread",
    file: writesAtOnce,
    text: `return this.steps.write(judged, options)`,
    planted: `return this.steps.applyWrite(judged, this.cache.nextStamp())`,
    suites: [races, "test/simulation/faults.test.ts"]
  },
  {
    law: 4,
    bug: "a deletion without an Effect drops no dependents",
    file: family,
    text: `return this.invalidation.deleteUnsafe(keys)`,
    planted: `return new Set(keys.flatMap((key) => [...this.invalidation.remove(key)]))`,
    suites: [races]
  },
  {
    law: "a patch keeps the tags",
    bug: "a patch without an Effect loses the tags of its key",
    file: writesAtOnce,
    text: `return this.steps.amend(judged, before,`,
    planted: `return this.steps.amend(judged, { ...before, tags: [] },`,
    suites: [races]
  },
  {
    law: 9,
    bug: "a write without an Effect heeds no condition",
    file: writesAtOnce,
    text: `this.refusals.conflictOf(key, options, held, true) ??`,
    planted: ``,
    suites: ["test/props/laws.test.ts"]
  },
  {
    law: 6,
    bug: "a patch without an Effect is made of a stale value",
    file: writesAtOnce,
    text: `return held !== undefined && this.entries.isFresh(key, held, this.cache.time.now()) ? held : undefined`,
    planted: `return held`,
    suites: [engineModel]
  },
  {
    law: "a watch of a key shows each change",
    bug: "a watch does not show that the tag of what a load has found was invalidated",
    file: "src/cache/internal/entries/keyWatch.ts",
    text: `filled !== undefined && ground.judge(`,
    planted: `filled === null && ground.judge(`,
    suites: [engineModel, "test/cache/atOnce.test.ts"]
  },
  {
    law: 8,
    bug: "the writes of an owner fail when a delegate leaves",
    file: "src/cache/engine/cacheFamily.ts",
    text: `if (this.loads.loader === undefined) this.writes`,
    planted: `this.writes`,
    suites: ["test/cache/waitsForGone.test.ts"]
  },
  {
    law: 6,
    bug: "a key that is marked stale again is hidden by the refused renewal",
    file: "src/cache/internal/loads/landing.ts",
    text: `isReplaced || this.staysStale(flight, before)`,
    planted: `isReplaced`,
    suites: ["test/cache/markedAgain.test.ts"]
  },
  {
    law: 3,
    bug: "a refresh returns a newer value than later readers get",
    file: "src/cache/internal/loads/landing.ts",
    text: `entry !== undefined && flight.isUnseen &&`,
    planted: `entry !== undefined &&`,
    suites: ["test/cache/markedAgain.test.ts"]
  },
  {
    law: 13,
    bug: "a process over a ledger gives versions by its own clock alone",
    file: "src/store/internal/ledger/ledgerStore.ts",
    text: `return versionMax > this.#version && versionMax <=`,
    planted: `return versionMax < 0 && versionMax <=`,
    suites: ["test/cache/versionsOfProcesses.test.ts"]
  },
  {
    law: 13,
    bug: "a record of a log in Redis does not say which version is the greatest",
    file: "src/store/redis/internal/redisScripts.ts",
    text: `math.max(versionMax, tonumber(version))`,
    planted: `versionMax`,
    suites: ["test/store/ledger/redis.suite.test.ts"]
  },
  {
    law: "several processes",
    bug: "many marks over a tier that processes share hide the whole family",
    file: "src/cache/internal/entries/marking.ts",
    text: `if (this.hasSharedMarks) return 0`,
    planted: ``,
    suites: ["test/cache/marksOfProcesses.test.ts"]
  },
  {
    law: 7,
    bug: "a lookup is interrupted for the time in which it waited for its turn",
    file: "src/cache/internal/loads/load.ts",
    text: `timeoutMillis - (nowMillis - (this.turnAt ?? startedAt))`,
    planted: `timeoutMillis - (nowMillis - startedAt)`,
    suites: ["test/cache/timeInLine.test.ts"]
  },
  {
    law: 7,
    bug: "a lookup that hangs holds up the line for ever",
    file: loads,
    text: `if (flight.load.ticket?.isRunning === true) this.patience.share(flight)`,
    planted: `if (flight.load.ticket === null) this.patience.share(flight)`,
    suites: ["test/cache/timeInLine.test.ts"]
  },
  {
    law: 6,
    bug: "a stale value in place of a failure becomes idle while it is read",
    file: landing,
    text: `this.ground.offers.read(flight, held, now, flight.isForStale)`,
    planted: `this.ground.offers.read(flight, held, now, false)`,
    suites: ["test/cache/idleStale.test.ts"]
  },
  {
    law: 6,
    bug: "an answer says that what was marked stale is served until its own end",
    file: "src/cache/internal/entries/served.ts",
    text: `Math.min(entry.expiresAt, freshUntil + staleMillisMax)`,
    planted: `Math.min(entry.expiresAt, Infinity)`,
    suites: ["test/cache/answers.test.ts"]
  },
  {
    law: "several processes",
    bug: "a watermark is not waited for",
    file: "src/store/internal/ledger/proofs.ts",
    text: `isHeard() ? Effect.succeed(true)`,
    planted: `position !== undefined ? Effect.succeed(true)`,
    suites: ["test/cache/watermarks.test.ts"]
  },
  {
    law: "fairness",
    bug: "a loop of writes of lists holds up other fibers",
    file: "src/manifest/internal/inPlace.ts",
    text: `if (fiber !== undefined) fiber.currentOpCount += count`,
    planted: `if (fiber === null) fiber.currentOpCount += count`,
    suites: ["test/manifest/inPlace.test.ts"]
  },
  {
    law: "several processes",
    bug: "the lease of a load stays until its time is over, where a round leaves out its value or fails",
    file: lane,
    text: "    for (const lane of this.lanes) lane.endLoads()\n",
    planted: "    void this.endLoads\n",
    suites: ["test/cache/loadsEnd.test.ts"]
  },
  {
    law: "several processes",
    bug: "the lease of a load stays until its time is over, where its engine closes",
    file: lane,
    text: "    for (const key of this.loaded) this.partition.endLoad?.(key)\n",
    planted: "",
    suites: ["test/cache/loadsEnd.test.ts"]
  },
  {
    law: "several processes",
    bug: "the lease of a load stays until its time is over, where its lookup cannot be interrupted",
    file: loads,
    text: "    if (lane?.takesTurns === true) lane.endLoad(key)\n",
    planted: "    void lane\n",
    suites: ["test/cache/loadsEnd.test.ts"]
  },
  {
    law: "several processes",
    bug: "the lease of a load stays until its time is over, where it counts as ended before the place has answered",
    file: ledgerStore,
    text: "      const leases = this.leasesOf(names, puts)\n",
    planted:
      "      const leases = this.leasesOf(names, puts)\n      for (const lease of leases) this.leases.ended(lease)\n",
    suites: ["test/cache/loadsEnd.test.ts"]
  },
  {
    law: "several processes",
    bug: "a sensitive family is loaded by each process at once",
    file: "src/cache/internal/family/sensitive.ts",
    text: `beginLoad: partition.beginLoad &&`,
    planted: `beginLoad: false &&`,
    suites: ["test/store/wrappers.test.ts"]
  },
  {
    law: "several processes",
    bug: "a faulty store hides that other processes change the store behind it",
    file: "src/testing/FaultyStore.ts",
    text: `news: store.news,`,
    planted: `news: undefined,`,
    suites: ["test/store/wrappers.test.ts"]
  },
  {
    law: 7,
    bug: "those in line behind a lookup that cannot be interrupted wait for ever",
    file: "src/cache/internal/loads/load.ts",
    text: `this.standsFor(turnsGiven, nowMillis) < 2 * timeoutMillis ?`,
    planted: `this.standsFor(turnsGiven, nowMillis) < Infinity ?`,
    suites: ["test/cache/timeInLine.test.ts"]
  },
  {
    law: "several processes",
    bug: "a watermark does not name the writes that were made without an Effect",
    file: cache,
    text: `Effect.andThen(this.outbox.settledWhole, knowing.watermark)`,
    planted: `knowing.watermark`,
    suites: ["test/cache/watermarks.test.ts"]
  },
  {
    law: 6,
    bug: "readers in line wait for their turns although they may have a stale value",
    file: loads,
    text: `this.offers.answerInLine(flights[at]!)`,
    planted: `void flights[at]`,
    suites: ["test/cache/timeInLine.test.ts"]
  }
]
