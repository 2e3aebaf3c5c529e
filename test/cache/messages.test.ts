/**
 * The message of each kind of error names what was refused, and why, in one plain sentence. A change of a sentence is
 * seen here.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as CacheError from "../../src/cache/CacheError.ts"
import { LeaseError } from "../../src/capability/Lease.ts"
import * as Explanations from "../../src/diagnostic/Explanations.ts"
import { Misfit } from "../../src/manifest/Remote.ts"
import { ManifestError } from "../../src/ownership/ManifestError.ts"
import { StoreError } from "../../src/store/StoreError.ts"

const rows: ReadonlyArray<readonly [reason: CacheError.CacheError["reason"], message: string]> = [
  [
    new CacheError.NotOwner({ verb: "write", pattern: "user:{id}", family: "user", holds: "a lookup" }),
    "E0205: cannot write `user:{id}`: it is owned by `user`, and the caller is a lookup, which may only return its own value"
  ],
  [
    new CacheError.Revoked({ verb: "read", pattern: "user:{id}", token: 7 }),
    "E0217: cannot read `user:{id}`: the right to it has ended with the Scope that gave it; help: use a right, a reader and " +
    "a writer only while that Scope is open; to keep it for longer, provide the layer of the owner further out"
  ],
  [
    new CacheError.NotOwner({ verb: "read", pattern: "user:{id}", family: "user", holds: "nothing" }),
    "E0205: cannot read `user:{id}`: it is owned by `user`, and the caller has no right to it; help: provide the layers " +
    "of the manifest, which `modules` makes, around the program; a module that keeps its right to itself passes it on " +
    "with Layer.provideMerge"
  ],
  [
    new CacheError.NotOwner({ verb: "list", pattern: "user:{id}", family: "user", holds: "a lookup" }),
    "E0205: cannot list `user:{id}`: it is owned by `user`, and the caller is a lookup, whose value would outlive a " +
    "change of the set of keys; help: read single keys"
  ],
  [
    new CacheError.NotOwner({ verb: "read", pattern: "user:{id}", family: "user", holds: "a lookup" }),
    "E0205: cannot read `user:{id}`: it is owned by `user`, and the caller is a lookup whose family does not derive from " +
    "it; help: add `user:{id}` to `derives` there"
  ],
  [
    new CacheError.NotOwner({ verb: "read", pattern: "user:{id}", family: "user", holds: "its own lookup" }),
    "E0205: cannot read `user:{id}`: it is owned by `user`, and the caller is a lookup of this family, which cannot derive " +
    "from itself; help: read what `user:{id}` is made from; the previous value is in the lookup's second argument"
  ],
  [
    new CacheError.NotOwner({ verb: "appoint", pattern: "user:{id}", family: "user", holds: "nothing" }),
    "E0205: cannot appoint `user:{id}`: it is owned by `user`, and the caller has no right to it; help: give its owner to " +
    "`modules` under the name `user`"
  ],
  [
    new CacheError.OwnershipConflict({ pattern: "user:{id}", family: "user", token: 7 }),
    "E0216: `user:{id}` of family `user` already has an owner; help: keep the owner's layer in a constant, because a function " +
    "that makes the layer makes a new owner at each call"
  ],
  [
    new CacheError.Unowned({ pattern: "user:{id}", family: "user", hasLeft: true }),
    "E0218: cannot read or write `user:{id}`: the owner of `user` has left; help: keep its layer for as long as the program " +
    "uses the family"
  ],
  [
    new CacheError.Unowned({ pattern: "user:{id}", family: "user", hasLeft: false }),
    "E0218: cannot read or write `user:{id}`: no owner of `user` has been built; help: provide the layer of its owner"
  ],
  [
    new CacheError.LoadTimeout({ key: "user:1", timeoutMillis: 50 }),
    "E0502: the lookup of `user:1` did not end within 50 ms; help: make it faster, or raise `hardTimeout`"
  ],
  [
    new CacheError.LookupInterrupted({ key: "user:1" }),
    "E0523: the lookup of `user:1` interrupted itself, or joined an interrupted fiber; help: let it fail with an error of " +
    "its family"
  ],
  [
    new CacheError.UpdateTimeout({ key: "user:1", timeoutMillis: 50 }),
    "E0522: the update of `user:1` did not get its turn: the update before it did not end within 50 ms; help: make " +
    "the function of the update faster, or raise `hardTimeout`"
  ],
  [
    new CacheError.VersionConflict({ key: "user:1", expected: 2, actual: undefined }),
    "E0504: `user:1` has no value where version 2 was expected"
  ],
  [
    new CacheError.UpdateRefused({ key: "user:1", why: "stale" }),
    "E0527: `user:1` was not updated: its lookup read a stale value; help: invalidate or refresh what the lookup read, and update again"
  ],
  [
    new CacheError.UpdateRefused({ key: "user:1", why: "uncertain" }),
    "E0527: `user:1` was not updated: its lookup found nothing, but a tier that failed may have a value; help: try again when the tier answers"
  ],
  [
    new CacheError.InvalidOption({ family: "user", option: "jitter", why: "must be from 0 to 1" }),
    "E0507: `jitter` of family `user` must be from 0 to 1"
  ],
  [
    new CacheError.UndeclaredRead({
      code: "E0211",
      from: "another family",
      by: "lookup",
      family: "profile",
      key: "profile:1",
      source: "user:{id}",
      read: "user:1"
    }),
    "E0211: the lookup of family `profile` reads `user:{id}`, which `profile` does not derive from; help: add " +
    "`user:{id}` to derives of `profile`, so that its changes reach `profile`"
  ],
  [
    new CacheError.UndeclaredRead({
      code: "E0211",
      from: "its own family",
      by: "lookup",
      family: "user",
      key: "user:1",
      source: "user:{id}",
      read: "user:2"
    }),
    "E0211: the lookup of family `user` reads `user:{id}`, its own family, which cannot derive from itself; help: read " +
    "what `user:{id}` is made from; the previous value is in the lookup's second argument"
  ],
  [
    new CacheError.UndeclaredRead({
      code: "E0211",
      from: "its own family",
      by: "getOr",
      family: "user",
      key: "user:1",
      source: "user:{id}",
      read: "user:2"
    }),
    "E0211: this load of a key of `user:{id}` reads `user:{id}`, its own family, which cannot derive from itself; " +
    "help: read what `user:{id}` is made from; to make a value of the previous one, use update"
  ],
  [
    new CacheError.InvalidKey({ code: "E0109", pattern: "user:{id}", why: "`id` has a colon" }),
    "E0109: not a key of `user:{id}`: `id` has a colon"
  ],
  [
    new CacheError.Absent({ key: "user:1", family: "user", why: "no value" }),
    "E0501: `user:1` is absent: its lookup returned `Lookup.absent`"
  ],
  [
    new CacheError.QueueFull({ key: "user:1", family: "user", queueMax: 3 }),
    "E0503: a call for `user:1` was refused: 3 callers of `user` wait already; help: refuse requests before they " +
    "reach the cache, or, where lookups wait, raise `loadConcurrency` or `loadQueueMax`"
  ],
  [
    new CacheError.CircularWait({ key: "user:1", work: "the lookup of `user:2`" }),
    "E0521: the lookup of `user:2` cannot wait for `user:1`: they would wait for each other; help: read and update other keys before it starts, and pass their values to it"
  ],
  [
    new CacheError.StaleRefused({ key: "user:1" }),
    "E0530: `user:1` has no fresh value: its lookup read a stale one; help: invalidate or refresh what it read, and read again"
  ],
  [
    new CacheError.WouldWait({ key: "user:1", why: "outbox" }),
    "E0529: `user:1` cannot be changed at once: too many changes are on their way to the lower tiers; help: use the operation that returns an Effect"
  ],
  [
    new CacheError.InvalidBatch({ manifest: "App", why: "a write is of another manifest" }),
    "E0509: cannot run a batch of `App`: a write is of another manifest"
  ],
  [
    new CacheError.BulkMiscounted({ family: "user", asked: 3, answered: 2 }),
    "E0510: the lookupMany of `user` was asked for 3 keys and returned 2; help: return one value for each key, in the order of the keys, and `Lookup.absent` for a key that has no value"
  ],
  [
    new CacheError.Absent({ key: "user:1", family: "user", why: "no lookup" }),
    "E0501: `user:1` is absent: the owner of `user` gave no lookup; help: write the key first, give the owner a lookup, " +
    "or read with `getOption`"
  ],
  [
    new CacheError.NotIterable({ family: "user", why: "sensitive" }),
    "E0531: the keys of `user` cannot be listed: the family is sensitive, and a right to read one key gives none to know " +
    "all keys; help: keep a list of them in the data source"
  ],
  [
    new CacheError.NotIterable({ family: "user", why: "tier" }),
    "E0531: the keys of `user` cannot be listed: a tier of its store does not list keys, as one that processes share; " +
    "help: keep a list of them in the data source, or in a store of your own implement `page` of `Store.Partition`"
  ],
  [
    new CacheError.NotIterable({ family: "user", why: "no memory" }),
    "E0531: the keys of `user` cannot be selected by chance: that needs memory, and its store has none; help: put a " +
    "`MemoryStore` above the tier by `TieredStore`, or list the keys by `keys` or `page`"
  ],
  [
    new CacheError.CursorRefused({ family: "user", why: "restarted" }),
    "E0532: `user` cannot go on from this cursor: it is from before a restart, or of another engine; help: begin the " +
    "scan again, without a cursor"
  ],
  [
    new CacheError.WatermarkRefused({ isShared: true }),
    "E0534: this watermark cannot be reached: it is not a watermark of a tier that processes share; help: pass what " +
    "`watermark` of a service has returned"
  ],
  [
    new CacheError.TransactionRefused({
      code: "E0528",
      manifest: "App",
      why: "it is inside a transaction",
      help: "write after it"
    }),
    "E0528: a write of `App` is refused: it is inside a transaction; help: write after it"
  ],
  [
    new CacheError.TransactionRefused({ code: "E0533", manifest: "App", why: "it commits", help: "write later" }),
    "E0533: a write of `App` is refused: it commits; help: write later"
  ]
]

// Their messages are those of the error within.
const wrapping = ["StoreFailed", "FunctionFailed", "LeaseRefused", "InvalidManifest"]

const lease = (why: LeaseError["why"], keys?: ReadonlyArray<string>) =>
  new LeaseError({ patterns: ["user:1"], why, keys }).message
const leases: { readonly [_ in LeaseError["why"]]: readonly [message: string, shown: string] } = {
  "timeout": [
    lease("timeout"),
    "E0219: no lease on `user:1`: another holder has it, and the deadline has passed; help: try again later, or wait " +
    "longer by `deadline`"
  ],
  "queue full": [
    lease("queue full"),
    "E0219: no lease on `user:1`: too many requests wait already; help: try again later"
  ],
  "ended": [
    lease("ended"),
    "E0219: the lease on `user:1` has ended, with the Scope in which it was taken or with its time; help: write inside " +
    "that Scope, take it with a longer `timeToLive`, or take the lease and read the key again"
  ],
  "ended before the commit": [
    lease("ended before the commit"),
    "E0219: the lease on `user:1` has ended before the commit, with the Scope in which it was taken or with its time; " +
    "help: open its Scope around the transaction, because a write in the body is checked when the body has ended"
  ],
  "shared": [
    lease("shared"),
    "E0219: the lease on `user:1` is shared, and a write needs an exclusive one; help: take it without `mode`"
  ],
  "other key": [
    lease("other key", ["user:2"]),
    "E0219: the lease on `user:1` does not cover `user:2`, which this write changes; help: give each write the lease of " +
    "its own key; a `batch` takes several"
  ],
  "other engine": [
    lease("other engine"),
    "E0219: the lease on `user:1` was granted by another engine than the one of this write; help: build the layers of " +
    "the manifest once, and take the lease from the engine that you write to"
  ],
  "held": [
    lease("held"),
    "E0219: cannot write `user:1`: a lease on it is held, which ends by itself, and this write carries none; help: take " +
    "an exclusive lease of the key and give it to a `set`, or write again later"
  ],
  "overtaken": [
    lease("overtaken"),
    "E0219: cannot write `user:1` under its lease: since the grant it was deleted or invalidated, or a load brought " +
    "another value; help: take the lease again and read the key again, or give the write the `ifVersion` that was read"
  ]
}

describe("message of a LeaseError", () => {
  for (const [why, [message, shown]] of Object.entries(leases)) {
    it(`${why} has a message that says what to do`, () => {
      assert.strictEqual(message, shown)
      assert.include(message, "; help: ")
    })
  }
})

// A plain fact about the data or the caller, which each program handles in its own way; and messages whose `why` says
// what to do.
const withoutHelp = ["no value", "VersionConflict", "a lookup", "InvalidOption", "InvalidKey", "InvalidBatch"]

describe("message of a CacheError", () => {
  it("each message of a mistake says what to do", () => {
    for (const [reason, message] of rows) {
      const { _tag, holds, why } = reason as { _tag: string; holds?: string; why?: string }
      if ([_tag, holds, why].some((one) => withoutHelp.includes(one!))) continue
      assert.include(message, "; help: ")
    }
  })

  it("each reason of a CacheError has a row here", () => {
    const reasons = CacheError.CacheError.fields.reason.members.map((member) => member.fields._tag.schema.literal)
    assert.includeMembers([...wrapping, ...rows.map(([{ _tag }]) => _tag)], [...reasons])
  })

  for (const [reason, message] of rows) {
    it(`${reason._tag} has a message that says what happened`, () => {
      assert.strictEqual(new CacheError.CacheError({ reason }).message, message)
    })
  }
})

interface Coded extends Error {
  readonly code?: string
  readonly error?: Coded
  readonly reason?: Coded
}

// An error that passes another one on has the message of that one, and so its code.
const codeOf = (error: Coded): string => {
  const within = error.error ?? error.reason
  return within === undefined ? error.code! : codeOf(within)
}

type ErrorClass = Schema.Codec<Coded> & { readonly name: string }

const errors = [
  CacheError.CacheError,
  StoreError,
  LeaseError,
  ManifestError,
  Misfit,
  ...CacheError.CacheError.fields.reason.members,
  ...StoreError.fields.reason.members
] as ReadonlyArray<unknown> as ReadonlyArray<ErrorClass>

describe("message of an error", () => {
  for (const each of errors) {
    it.effect(`the message of ${each.name} begins with its code, once`, () =>
      Effect.gen(function*() {
        const samples = yield* Arbitrary.sampleEffect(Arbitrary.schema(each), { count: 30, seed: 1 })
        for (const error of samples) {
          const [head, ...rest] = error.message.split(`${codeOf(error)}: `)
          assert.strictEqual(head, "", error.message)
          assert.isAbove(rest.join("").length, 0)
        }
      }))
  }

  it("each error of the library is in this table", () => {
    const src = join(import.meta.dirname, "../../src")
    const files = readdirSync(src, { encoding: "utf8", recursive: true })
      .filter((file) => file.endsWith(".ts") && !/^(cli|testing)\b/.test(file))
    const declared = files.flatMap((file) =>
      [...readFileSync(join(src, file), "utf8").matchAll(/^(?:export )?class (\w+) extends Schema\.TaggedError/gm)]
        .map(([, name]) => name!)
    )
    assert.isAbove(declared.length, 30)
    assert.sameMembers([...new Set(errors.map(({ name }) => name))], declared)
  })

  it("each code of an error has an explanation", () => {
    const codes = errors.flatMap((each) => {
      const { code } = (each as unknown as { readonly fields: { readonly code?: Schema.Top } }).fields
      return code === undefined ? [] : JSON.stringify(code.ast).match(/E\d{4}/g) ?? []
    })
    assert.isAbove(codes.length, 30)
    for (const code of codes) assert.isDefined(Explanations.find(code), code)
  })
})
