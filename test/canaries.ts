/**
 * Bugs to plant, so that the proofs are seen to fail: each names the law that it breaks, the text that it changes, and
 * the suites of which one must notice. `npm run test:canaries` plants them one by one, in a copy.
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

const family = "src/cache/CacheFamily.ts"
const loads = "src/cache/internal/loads.ts"
const entries = "src/cache/internal/entries.ts"
const outbox = "src/cache/internal/outbox.ts"
const cache = "src/cache/Cache.ts"

const races = "test/simulation/races.test.ts"
const tiers = "test/cache/tiers.test.ts"
const marks = "test/cache/marks.test.ts"
const observed = "test/manifest/observed.test.ts"
const warm = "test/manifest/warm.test.ts"

export const canaries: ReadonlyArray<Canary> = [
  {
    law: 1,
    bug: "whoever may read may write",
    file: "src/manifest/internal/grants.ts",
    text: `const grant = find(context, this.engine, this.own)\n    return`,
    planted: `const grant = find(context, this.engine, this.read)\n    return`,
    suites: ["props"]
  },
  {
    law: 2,
    bug: "a load that was overtaken is stored",
    file: loads,
    text: `if (flight.voided || this.entries.judge(key, flight.stamp, tags) !== "valid") {`,
    planted: `if (this.entries.judge(key, flight.stamp, tags) !== "valid") {`,
    suites: [races]
  },
  {
    law: 2,
    bug: "what was made from a stale value is stored as fresh",
    file: loads,
    text: `} else if (!readStale) {`,
    planted: `} else if (!readStale || key !== "") {`,
    suites: [races, "model"]
  },
  {
    law: 2,
    bug: "what was read below is copied up though the key was changed meanwhile",
    file: entries,
    text: `if (watch.changed) return`,
    planted: `if (watch.changed && key === "") return`,
    suites: [tiers]
  },
  {
    law: 2,
    bug: "a refused refresh leaves older entries below",
    file: loads,
    text: `if (held === undefined || held.version <= versionBefore) this.entries.forget(key)`,
    planted: `if (held === undefined || held.version <= versionBefore) this.entries.hot?.drop(key)`,
    suites: [races]
  },
  {
    law: 3,
    bug: "an update is stored although the key was refreshed meanwhile",
    file: loads,
    text: `const update = cause === "refresh" ? this.updates.get(key) : undefined`,
    planted: `const update = cause === "warm" ? this.updates.get(key) : undefined`,
    suites: [races]
  },
  {
    law: 3,
    bug: "a key is read below although its change has not arrived there",
    file: entries,
    text: `if (pending !== undefined) return Effect.succeed(foundIn(pending.entry))`,
    planted: `if (pending !== undefined && key === "") return Effect.succeed(foundIn(pending.entry))`,
    suites: [races]
  },
  {
    law: 3,
    bug: "changes that gathered during a round are forgotten",
    file: outbox,
    text: `this.carried = parcel\n    if (parcel === undefined) return {`,
    planted: `this.carried = parcel\n    if (parcel === undefined || parcel.keys.size > 1) return {`,
    suites: [races]
  },
  {
    law: 4,
    bug: "a write leaves what is derived from it",
    file: cache,
    text: `      if (!isConcerned(dependent, segments, segments.length)) continue`,
    planted: `      if (!isConcerned(dependent, segments, segments.length) || dependent.exact) continue`,
    suites: ["props", races]
  },
  {
    law: 4,
    bug: "a load that brings another value leaves what is derived from the one before",
    file: loads,
    text: `if (changed) this.spreadChange(key)`,
    planted: `if (changed && key === "") this.spreadChange(key)`,
    suites: ["model", races]
  },
  {
    law: 5,
    bug: "readers do not join a load",
    file: loads,
    text: `return flight !== undefined && !flight.voided &&`,
    planted: `return flight !== undefined && flight.voided &&`,
    suites: ["props"]
  },
  {
    law: 5,
    bug: "a failure is not remembered",
    file: loads,
    text: `if (!flight.voided && !isShed(cause)) this.remember(key, exit, flight.stamp, now)`,
    planted: `if (flight.voided && !isShed(cause)) this.remember(key, exit, flight.stamp, now)`,
    suites: ["props"]
  },
  {
    law: 6,
    bug: "a stale value is served for twice as long as allowed",
    file: family,
    text: `const age = now - freshUntil\n    const { softTimeout`,
    planted: `const age = (now - freshUntil) / 2\n    const { softTimeout`,
    suites: ["props", "model"]
  },
  {
    law: 7,
    bug: "a load that nobody waits for goes on",
    file: loads,
    text: `    this.end(flight, Exit.interrupt())\n    this.stop(flight)`,
    planted: `    this.end(flight, Exit.interrupt())`,
    suites: ["props", races]
  },
  {
    law: 7,
    bug: "a load that hangs is not ended",
    file: loads,
    text: `this.fail(flight, Cause.fail(new CacheError({ reason: timeout })))\n        this.stop(flight)`,
    planted: `this.stop(flight)`,
    suites: [races]
  },
  {
    law: 8,
    bug: "what a closed owner held is still there",
    file: family,
    text: `    this.loads.failures.clear()\n    this.hot?.dropAll()`,
    planted: `    this.loads.failures.clear()`,
    suites: ["props"]
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
    bug: "a lease that is granted in the moment of an interruption is kept",
    file: "src/capability/Lease.ts",
    text: `Effect.onError(restore(waited), () => giveBack)`,
    planted: `Effect.onError(restore(waited), () => Effect.void)`,
    suites: ["props", races]
  },
  {
    law: 10,
    bug: "a batch that is refused has begun",
    file: cache,
    text: `if (conflict !== undefined) return Effect.fail(conflict)\n        }\n`,
    planted:
      `if (conflict !== undefined) return Effect.fail(conflict)\n          write.family.takeBack(write.key, Infinity)\n        }\n`,
    suites: ["props"]
  },
  {
    law: 10,
    bug: "others run in the middle of a batch",
    file: cache,
    text: `        return this.applyBatch(writes)\n`,
    planted:
      `        return Effect.forEach(writes, (write) => this.applyBatch([write]), { discard: true, concurrency: 1 })\n`,
    suites: [races, "props"]
  },
  {
    law: 11,
    bug: "the queue of loads has no bound",
    file: loads,
    text: `return this.permits !== undefined && this.queued >= this.expiry.loadQueueMax`,
    planted: `return this.permits !== undefined && this.queued >= this.expiry.loadQueueMax * 2`,
    suites: ["props"]
  },
  {
    law: 11,
    bug: "a store holds one entry more than its capacity",
    file: "src/store/MemoryStore.ts",
    text: `{ weightMax: share, hashOf })`,
    planted: `{ weightMax: share + 1, hashOf })`,
    suites: ["props", "test/store/MemoryStore.test.ts"]
  },
  {
    law: 12,
    bug: "what was invalidated comes back after a crash",
    file: entries,
    text: "this.cache.outbox.mark(this.nameOf(scope), stamp, this.tierFailed)",
    planted: "this.cache.outbox.mark(this.nameOf(scope), 0, this.tierFailed)",
    suites: ["test/manifest/restart.test.ts"]
  },
  {
    law: 13,
    bug: "invalidations are ordered by the clock",
    file: cache,
    text: `return ++this.stamp`,
    planted: `return this.stamp = Math.max(1, this.time.now())`,
    suites: [races, "props"]
  },
  {
    law: "idle",
    bug: "a read does not put off the end of an idle entry",
    file: family,
    text: `if (this.expiry.idleTimeToLive !== undefined) hot.postpone(key, now + this.expiry.idleTimeToLive)`,
    planted: `if (this.expiry.idleTimeToLive !== undefined) hot.postpone(key, now)`,
    suites: ["model"]
  },
  {
    law: 4,
    bug: "a lookup reads any key of a family that it derives from",
    file: cache,
    text: `agrees(dependent, segments, own)\n`,
    planted: `own !== undefined\n`,
    suites: [observed]
  },
  {
    law: 4,
    bug: "a hit inside a lookup is not observed",
    file: "src/manifest/internal/grants.ts",
    text: `if (CacheFamily.isLookup(context)) return undefined`,
    planted: `if (CacheFamily.isLookup(context) && context === undefined) return undefined`,
    suites: [observed]
  },
  {
    law: 4,
    bug: "a lookup that makes light of a refused read has its value stored",
    file: loads,
    text: `if (refused !== undefined) return`,
    planted: `if (refused !== undefined && flight.key === "") return`,
    suites: [observed]
  },
  {
    law: 6,
    bug: "a derived entry is fresh for longer than what it was made from",
    file: loads,
    text: `Expiry.endBy(this.expiry, own, flight.load.freshUntilMax(key))`,
    planted: `Expiry.endBy(this.expiry, own, Infinity)`,
    suites: [observed]
  },
  {
    law: "warming",
    bug: "a load that nobody asked for takes more turns than there are",
    file: loads,
    text: `if (quiet) return permits.withPermit(work)`,
    planted: `if (quiet) return work`,
    suites: ["test/simulation/warming.test.ts", warm]
  },
  {
    law: "warming",
    bug: "a load that nobody asked for is stored though it was overtaken",
    file: loads,
    text: `if (flight.voided || this.entries.judge(key, flight.stamp, tags) !== "valid") {`,
    planted: `if (!flight.quiet && (flight.voided || this.entries.judge(key, flight.stamp, tags) !== "valid")) {`,
    suites: ["test/simulation/warming.test.ts"]
  },
  {
    law: "warming",
    bug: "a key that is read no more is loaded for ever",
    file: "src/cache/internal/reuse.ts",
    text: `watched.lastAt < madeAt || watched.lastAt < watched.renewedAt`,
    planted: `watched.lastAt < 0`,
    suites: [warm]
  },
  {
    law: 2,
    bug: "a load that is older than a mark is stored once the mark is forgotten",
    file: "src/cache/internal/sweep.ts",
    text: `loads.heed()`,
    planted: `if (looked < 0) loads.heed()`,
    suites: [marks]
  },
  {
    law: 2,
    bug: "a mark is forgotten although entries that it hides are left",
    file: "src/cache/internal/sweep.ts",
    text: `Effect.andThen(look),`,
    planted: `Effect.andThen(looked < 0 ? look : Effect.void),`,
    suites: [marks, races]
  },
  {
    law: 2,
    bug: "an entry that a sweep removes is copied up behind its back",
    file: "src/store/TieredStore.ts",
    text: `if (freshUntilMax(key, stamp, tags) !== Infinity) return false`,
    planted: `if (freshUntilMax(key, stamp, tags) !== Infinity && key === "") return false`,
    suites: ["test/store/tiered.test.ts"]
  },
  {
    law: 11,
    bug: "marks are never forgotten",
    file: entries,
    text: `if (this.fullness >= this.sweepAt && now >= this.sweepAfter) this`,
    planted: `if (now < 0) this`,
    suites: [marks]
  },
  {
    law: 11,
    bug: "the history of a cache holds keys of any length",
    file: "src/cache/Explanation.ts",
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
    bug: "an explanation names the tags and keys of a sensitive family",
    file: family,
    text: `return this.spec.isSensitive ? hiding(`,
    planted: `return !this.spec.isSensitive ? hiding(`,
    suites: ["test/manifest/sensitive.test.ts"]
  }
]
