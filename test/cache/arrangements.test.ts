/**
 * Each option of a family acts in the same way in each arrangement of tiers and through each read operation. A table
 * has a story for each option; an option without a row fails the last test.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import type { SetOptions } from "../../src/cache/types/setOptions.ts"
import type { FamilyPolicy } from "../../src/ownership/FamilyPolicy.ts"
import { checks } from "../support/arrangements/checks.ts"
import { ask, doors, type State } from "../support/arrangements/doors.ts"
import {
  answering,
  arrangements,
  broken,
  drop,
  dropTag,
  gone,
  inEach,
  look,
  peer,
  read,
  refresh,
  refreshLate,
  repaired,
  row,
  set,
  slow,
  type Step,
  tell,
  wait
} from "../support/arrangements/world.ts"

interface Row {
  readonly story: string
  readonly policy?: FamilyPolicy
  readonly steps: ReadonlyArray<Step>
  readonly entry: State
  /** What holds instead where the cache was opened again: it does not remember failures, nor when a mark was set. */
  readonly afterRestart?: State
  /** Without memory the family is refused (`ownBounds.test.ts`). */
  readonly needsMemory?: true
  /** Time that passes while a door answers. */
  readonly passing?: number
  /** Doors that are asked, where it is not all. */
  readonly only?: ReadonlyArray<string>
}

const fresh = (row = 1): State => ({ is: "fresh", row, next: 2 })
const absent: State = { is: "absent", next: 2 }
const stale: State = { is: "stale", row: 1, next: 2, behind: 1 }
const never = { timeToLive: "never" } as const
const ids = Object.keys(doors)

// Each story begins with row 1 loaded, and row 2 in the source.
const loaded = [read, row(2)]

const policies: { readonly [O in keyof Required<FamilyPolicy>]: ReadonlyArray<Row> } = {
  version: [{ story: "changes no read", policy: { ...never, version: 2 }, steps: loaded, entry: fresh() }],
  timeToLive: [
    { story: "never ends", policy: never, steps: [...loaded, wait(1e5)], entry: fresh() },
    {
      story: "lasts to its last millisecond",
      policy: { timeToLive: 100 },
      steps: [...loaded, wait(99)],
      entry: fresh()
    },
    { story: "ends", policy: { timeToLive: 100 }, steps: [...loaded, wait(100)], entry: absent },
    {
      story: "ends for a value that was set",
      policy: { timeToLive: 100 },
      steps: [set(1), row(2), wait(100)],
      entry: absent
    },
    {
      story: "is not prolonged by reads",
      policy: { timeToLive: 100 },
      steps: [...loaded, wait(50), read, wait(50)],
      entry: absent
    },
    { story: "does not store", policy: { timeToLive: "doNotStore" }, steps: loaded, entry: absent }
  ],
  idleTimeToLive: [
    { story: "lasts", policy: { idleTimeToLive: 160 }, steps: [...loaded, wait(159)], entry: fresh() },
    { story: "ends", policy: { idleTimeToLive: 160 }, steps: [...loaded, wait(160)], entry: absent },
    {
      story: "begins again with each read",
      policy: { idleTimeToLive: 160 },
      steps: [...loaded, wait(100), read, wait(100), look, wait(159)],
      entry: fresh()
    },
    {
      story: "ends after the last read",
      policy: { idleTimeToLive: 160 },
      steps: [...loaded, wait(100), read, wait(100), look, wait(160)],
      entry: absent
    },
    {
      story: "is not prolonged by has",
      policy: { idleTimeToLive: 160 },
      steps: [...loaded, wait(100), peer, wait(60)],
      entry: absent
    },
    {
      story: "begins again with a set",
      policy: { idleTimeToLive: 160 },
      steps: [...loaded, wait(100), set(1), wait(159)],
      entry: fresh()
    },
    {
      story: "does not outlast the time to live",
      policy: { idleTimeToLive: 160, timeToLive: 250 },
      steps: [...loaded, wait(125), read, wait(125)],
      entry: absent
    },
    {
      story: "ends the stale time, too",
      policy: { idleTimeToLive: 160, timeToLive: 100, staleWhileRevalidate: 1_000 },
      steps: [...loaded, wait(160)],
      entry: absent
    },
    {
      story: "leaves the stale time before it",
      policy: { idleTimeToLive: 160, timeToLive: 100, staleWhileRevalidate: 1_000 },
      steps: [...loaded, wait(159)],
      entry: stale
    }
  ],
  staleWhileRevalidate: [
    {
      story: "serves at the end of the time to live",
      policy: { timeToLive: 100, staleWhileRevalidate: 50 },
      steps: [...loaded, wait(100)],
      entry: stale
    },
    {
      story: "serves to its last millisecond",
      policy: { timeToLive: 100, staleWhileRevalidate: 50 },
      steps: [...loaded, wait(149)],
      entry: stale
    },
    {
      story: "ends",
      policy: { timeToLive: 100, staleWhileRevalidate: 50 },
      steps: [...loaded, wait(150)],
      entry: absent
    },
    {
      story: "serves a value that was marked stale",
      policy: { ...never, staleWhileRevalidate: 50 },
      steps: [...loaded, drop("markStale"), wait(49)],
      entry: stale,
      afterRestart: { ...absent, row: 1 }
    },
    {
      story: "does not serve an invalidated value",
      policy: { ...never, staleWhileRevalidate: 50 },
      steps: [...loaded, drop()],
      entry: absent
    },
    {
      story: "does not serve what is gone in the source",
      policy: { timeToLive: 100, staleWhileRevalidate: 500, negativeTimeToLive: 1_000 },
      steps: [...loaded, gone, wait(100), read],
      entry: { is: "failed" },
      afterRestart: { is: "failing" }
    },
    {
      story: "waits after a failure",
      policy: { timeToLive: 100, staleWhileRevalidate: 500, retryAfterFailure: 200, negativeTimeToLive: 0 },
      steps: [...loaded, broken, wait(100), read, wait(50)],
      entry: { is: "stale", row: 1 },
      afterRestart: { is: "stale", row: 1, behind: 1 }
    }
  ],
  staleIfError: [
    {
      story: "serves in place of a failure",
      policy: { timeToLive: 100, staleIfError: 500 },
      steps: [...loaded, broken, wait(100)],
      entry: { is: "substitute", row: 1 }
    },
    {
      story: "does not act when the lookup succeeds",
      policy: { timeToLive: 100, staleIfError: 500 },
      steps: [...loaded, wait(100)],
      entry: { is: "substitute", row: 1, next: 2 }
    },
    {
      story: "does not serve what is gone in the source",
      policy: { timeToLive: 100, staleIfError: 500, negativeTimeToLive: 0 },
      steps: [...loaded, gone, wait(100), read],
      entry: { is: "failing" }
    },
    {
      story: "ends",
      policy: { timeToLive: 100, staleIfError: 500 },
      steps: [...loaded, broken, wait(600)],
      entry: { is: "failing" }
    },
    {
      story: "serves a value that was marked stale",
      policy: { ...never, staleIfError: 500 },
      steps: [...loaded, broken, drop("markStale"), wait(100)],
      entry: { is: "substitute", row: 1 },
      afterRestart: { is: "failing", row: 1 }
    }
  ],
  retryAfterFailure: [
    {
      story: "serves without another try",
      policy: { timeToLive: 100, staleIfError: 500, retryAfterFailure: 200, negativeTimeToLive: 0 },
      steps: [...loaded, broken, wait(100), read, wait(199)],
      entry: { is: "stale", row: 1 },
      afterRestart: { is: "substitute", row: 1 }
    },
    {
      story: "ends",
      policy: { timeToLive: 100, staleIfError: 500, retryAfterFailure: 200 },
      steps: [...loaded, broken, wait(100), read, wait(200)],
      entry: { is: "substitute", row: 1 }
    }
  ],
  negativeTimeToLive: [
    {
      story: "repeats a failure",
      policy: { negativeTimeToLive: 50 },
      steps: [broken, read, repaired, row(2), wait(49)],
      entry: { is: "failed", next: 2 },
      afterRestart: absent
    },
    {
      story: "ends",
      policy: { negativeTimeToLive: 50 },
      steps: [broken, read, repaired, row(2), wait(50)],
      entry: absent
    },
    {
      story: "repeats that there is no value",
      policy: { negativeTimeToLive: 50 },
      steps: [...loaded, gone, refresh, wait(49)],
      entry: { is: "failed" },
      afterRestart: { is: "failing" }
    },
    {
      story: "of an absent key ends with a set",
      policy: { negativeTimeToLive: 50 },
      steps: [gone, read, row(2), set(1)],
      entry: { is: "fresh", row: 1 }
    },
    {
      story: "leaves the stale value to be served",
      policy: { timeToLive: 100, staleIfError: 500, retryAfterFailure: 200, negativeTimeToLive: 200 },
      steps: [...loaded, broken, wait(100), read, wait(100)],
      entry: { is: "stale", row: 1, remembered: true },
      afterRestart: { is: "substitute", row: 1 }
    },
    {
      story: "repeats a failure when the stale time has ended",
      policy: { timeToLive: 100, staleIfError: 500, negativeTimeToLive: 1_000 },
      steps: [...loaded, broken, wait(100), read, wait(500)],
      entry: { is: "failed" },
      afterRestart: { is: "failing" }
    },
    {
      story: "hides no fresh value when a refresh fails",
      policy: { ...never, negativeTimeToLive: 1_000 },
      steps: [...loaded, broken, refresh, repaired],
      entry: fresh()
    },
    {
      story: "hides no value whose idle time began again after the refresh failed",
      policy: { idleTimeToLive: 160, negativeTimeToLive: 1_000 },
      steps: [...loaded, broken, refresh, repaired, wait(100), look, wait(100)],
      entry: fresh()
    },
    {
      story: "ends with an invalidation",
      policy: { negativeTimeToLive: 50 },
      steps: [broken, read, repaired, row(2), drop()],
      entry: absent
    },
    {
      story: "ends with a set",
      policy: { negativeTimeToLive: 50 },
      steps: [broken, read, repaired, row(2), set(1)],
      entry: fresh()
    }
  ],
  refreshAhead: [
    {
      story: "is not due",
      policy: { timeToLive: 100, refreshAhead: 0.5 },
      steps: [...loaded, wait(49)],
      entry: fresh()
    },
    {
      story: "is due",
      policy: { timeToLive: 100, refreshAhead: 0.5 },
      steps: [...loaded, wait(50)],
      entry: { ...fresh(), behind: 1, next: 2 }
    }
  ],
  jitter: [
    {
      story: "shortens by its share at most",
      policy: { timeToLive: 100, jitter: 0.5 },
      steps: [...loaded, wait(49)],
      entry: fresh()
    },
    {
      story: "lengthens nothing",
      policy: { timeToLive: 100, jitter: 0.5 },
      steps: [...loaded, wait(100)],
      entry: absent
    }
  ],
  softTimeout: [
    {
      story: "serves the stale value",
      policy: { timeToLive: 100, staleIfError: 500, softTimeout: 10 },
      steps: [...loaded, slow(30), wait(100)],
      entry: { is: "stale", row: 1, behind: 1 },
      passing: 10,
      // A Promise of a read that must wait is of a fiber that waits by the clock on the wall.
      only: ["get", "getAnswer", "getMany", "select", "reader.get", "writer.getMany"]
    }
  ],
  hardTimeout: [
    {
      story: "fails the read",
      policy: { hardTimeout: 20, negativeTimeToLive: 0 },
      steps: [slow(1e9)],
      entry: { is: "failing" },
      passing: 20
    },
    {
      story: "serves the stale value in place of the failure",
      policy: { timeToLive: 100, staleIfError: 500, hardTimeout: 20, negativeTimeToLive: 0 },
      steps: [...loaded, slow(1e9), wait(100)],
      entry: { is: "substitute", row: 1 },
      passing: 20
    },
    {
      story: "hides no fresh value when a refresh takes too long",
      policy: { ...never, hardTimeout: 20, negativeTimeToLive: 1_000 },
      steps: [...loaded, slow(1e9), refreshLate, slow(0)],
      entry: fresh()
    }
  ],
  // What it does over tiers that other processes change is in `consistency.test.ts`.
  consistency: [
    {
      story: "changes no read where no other process writes",
      policy: { ...never, consistency: { bounded: 50 } },
      steps: [...loaded, wait(1e5)],
      entry: fresh()
    }
  ],
  loadConcurrency: [
    { story: "is kept", policy: { timeToLive: 100, loadConcurrency: 1 }, steps: [...loaded, wait(100)], entry: absent }
  ],
  loadQueueMax: [
    {
      story: "is kept",
      policy: { timeToLive: 100, loadConcurrency: 1, loadQueueMax: 1 },
      steps: [...loaded, wait(100)],
      entry: absent
    }
  ],
  onAbandoned: [
    {
      story: "changes no read",
      policy: { timeToLive: 100, onAbandoned: "finish" },
      steps: [...loaded, wait(100)],
      entry: absent
    }
  ],
  freeze: [
    {
      story: "changes no read",
      policy: { timeToLive: 100, freeze: true },
      steps: [...loaded, wait(99)],
      entry: fresh()
    }
  ],
  weigher: [
    { story: "changes no read", policy: { ...never, weigher: () => 1 }, steps: loaded, entry: fresh() }
  ],
  capacity: [
    {
      story: "of a family changes no read of what fits",
      policy: { ...never, capacity: 1_000 },
      needsMemory: true,
      steps: loaded,
      entry: fresh()
    }
  ],
  weightMax: [
    {
      story: "of a family changes no read of what fits",
      policy: { ...never, weightMax: 2_000, weigher: () => 2 },
      needsMemory: true,
      steps: loaded,
      entry: fresh()
    }
  ]
}

/** The options of a single value, whether it is loaded or set. */
const options: { readonly [O in keyof Required<SetOptions>]: ReadonlyArray<Row> } = {
  timeToLive: [
    {
      story: "wins over that of the family",
      policy: { timeToLive: 100 },
      steps: [set(1, never), row(2), wait(1e5)],
      entry: fresh()
    },
    {
      story: "wins for a loaded value",
      policy: never,
      steps: [answering({ timeToLive: 100 }), ...loaded, answering(undefined), wait(100)],
      entry: absent
    },
    {
      story: "is followed by the stale time of the family",
      policy: { staleWhileRevalidate: 50 },
      steps: [answering({ timeToLive: 100 }), ...loaded, answering(undefined), wait(149)],
      entry: stale
    }
  ],
  tags: [
    { story: "drop their entries", steps: [set(1, { tags: ["a", "b"] }), row(2), dropTag("b")], entry: absent },
    { story: "leave entries with other tags", steps: [set(1, { tags: ["a"] }), row(2), dropTag("b")], entry: fresh() },
    {
      story: "come with a loaded value",
      steps: [answering({ tags: ["a"] }), ...loaded, answering(undefined), dropTag("a")],
      entry: absent
    },
    {
      story: "mark their entries stale",
      policy: { staleWhileRevalidate: 50 },
      steps: [set(1, { tags: ["a"] }), row(2), dropTag("a", "markStale"), wait(49)],
      entry: stale,
      afterRestart: { ...absent, row: 1 }
    }
  ],
  revision: [
    {
      story: "lets a lookup renew an unchanged value",
      policy: { timeToLive: 100, staleIfError: 50 },
      steps: [answering({ revision: "r" }), ...loaded, answering("notModified"), wait(100)],
      entry: { is: "substitute", row: 1, next: 1 }
    }
  ],
  ifVersion: [
    { story: "compares with the held entry", steps: [set(1), wait(10)], entry: fresh(), only: ["ifVersion"] },
    {
      story: "does not match an entry that has ended",
      policy: { timeToLive: 100 },
      steps: [set(1), wait(100)],
      entry: absent,
      only: ["ifVersion"]
    }
  ],
  lease: [{ story: "changes no read", steps: [set(1, {}), row(2)], entry: fresh() }]
}

for (const [kind, table] of [["family", policies], ["value", options]] as const) {
  for (const [option, rows] of Object.entries(table)) {
    describe.concurrent(`${option} of a ${kind}`, () => {
      for (const { afterRestart, needsMemory, only, passing, policy = {}, steps, story, entry } of rows) {
        for (const arrangement of arrangements) {
          if (needsMemory === true && arrangement.hasNoMemory === true) continue
          const state = arrangement.between === "restart" ? afterRestart ?? entry : entry
          it.effect(`the option ${option} ${story}: ${arrangement.name}`, () =>
            inEach(policy, arrangement, (world) =>
              Effect.andThen(
                tell(world, ids, steps),
                ask(world, state, {
                  ...(only === undefined ? {} : { only }),
                  ...(passing === undefined ? {} : { passing })
                })
              )))
        }
      }
    })
  }
}

for (const [what, check] of Object.entries(checks)) {
  describe.concurrent("rule in each arrangement", () => {
    for (const arrangement of arrangements) {
      if (check.only !== undefined && !check.only(arrangement)) continue
      it.effect(`${what}, over these tiers: ${arrangement.name}`, () => inEach(check.policy, arrangement, check.run))
    }
  })
}

describe("table of options", () => {
  const declared = (file: string, name: string): ReadonlyArray<string> => {
    const text = Fs.readFileSync(new URL(`../../src/${file}`, import.meta.url), "utf8")
    const body = text.slice(text.indexOf(`interface ${name}`))
    return Array.from(body.slice(0, body.indexOf("\n}")).matchAll(/^ {2}readonly (\w+)\?:/gm), ([, option]) => option!)
  }

  it("the table has a row for each option of a family", () => {
    const all = declared("ownership/FamilyPolicy.ts", "FamilyPolicy")
    assert.isAbove(all.length, 10)
    for (const option of all) assert.isAbove((policies as any)[option]?.length ?? 0, 0, option)
  })

  it("the table has a row for each option of a value", () => {
    const all = [
      ...declared("cache/types/setOptions.ts", "LeasedOptions"),
      ...declared("cache/types/setOptions.ts", "VersionCondition"),
      ...declared("cache/Lookup.ts", "LoadedOptions")
    ]
    assert.isAbove(all.length, 4)
    for (const option of all) assert.isAbove((options as any)[option]?.length ?? 0, 0, option)
  })
})
