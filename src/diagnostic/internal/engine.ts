/**
 * The codes of stores and of the engine, explained.
 */
import type { Explained } from "../types/explained.ts"
import { atRunTime, module } from "./explained.ts"

const schemaImport = `import * as Schema from "effect/Schema"`

export const engine: ReadonlyArray<Explained> = [
  atRunTime(
    "E0301",
    "A tier did not answer in time.",
    "Each wait for a tier has a bound.",
    "Repair the tier. The bound of five minutes is fixed."
  ),
  atRunTime("E0302", "A tier failed.", "The driver of the tier gives the reason in `cause`.", "Repair the tier."),
  atRunTime(
    "E0303",
    "A value does not fit its family's schema.",
    "Memory refuses what a class or a check of the schema refuses. A tier that keeps bytes also refuses a value that " +
      "its bytes would not give back. The refused write changes nothing.",
    "Store a value of the family's type: the message says what is expected at which place. If it says that a " +
      "function of the schema throws, or that another value came back, repair this function."
  ),
  atRunTime(
    "E0304",
    "A key is too long for a tier.",
    "Its storage bounds the length of keys.",
    "Use shorter parameters, such as a digest."
  ),
  atRunTime("E0305", "A tier is full.", "It is bounded, and nothing can be evicted.", "Give it more room."),
  atRunTime(
    "E0306",
    "A tier cannot be opened with its options, or without its driver.",
    "Options are checked once, when the layer is built. The compiler finds a store in memory without `capacity` and " +
      "`weightMax`, one in Redis without `url` and `client`, and tiers that are not a list.",
    "Correct the option that the message names. Install the package that it names."
  ),
  atRunTime(
    "E0307",
    "A function of a family threw, or returned what cannot be used.",
    "The function runs before a write changes anything, so the write did not happen.",
    "Repair the function that the message names, or store a value that it accepts."
  ),
  atRunTime(
    "E0308",
    "Another process holds the folder of a tier, or another thread holds a namespace of it.",
    "One counter of invalidations decides which entries of a namespace are valid. It lives in one thread of one " +
      "process, and one process has all namespaces of a folder.",
    "Give each process a folder, and each thread a namespace, or end the holder that the message names."
  ),
  atRunTime(
    "E0309",
    "The folder of a tier was removed, replaced or taken over while the tier was open.",
    "A write into a folder that is gone would be lost.",
    "Do not touch the folder while it is open, and build the layer again."
  ),
  atRunTime(
    "E0310",
    "A value is too large for a tier.",
    "Its storage bounds the size of values.",
    "Store a part of it, or raise the tier's `bytesMax`."
  ),
  atRunTime(
    "E0320",
    "A value does not fit its family's schema on its way to or from a client.",
    "Every writer of a family uses its one schema. A value that does not fit is refused before anything changes.",
    "Send what the message expects at the place that it names."
  ),
  atRunTime(
    "E0321",
    "A tier cannot go on with a scan from a bookmark.",
    "Another tier gave the bookmark, or since then the tier was restarted, too much has moved, or an engine came or " +
      "went.",
    "Begin the scan again."
  ),
  atRunTime(
    "E0501",
    "An entry is absent, and nothing can load it.",
    "The owner gave no lookup, or the lookup returned `absent`, or `notModified` without a value to renew.",
    "Give the owner a lookup, or use `getOption`."
  ),
  atRunTime(
    "E0502",
    "A lookup did not end within its hard timeout.",
    "Each load has a bound. A value that comes later is not stored.",
    "Make the lookup faster, or raise `hardTimeout`."
  ),
  atRunTime(
    "E0503",
    "A lookup, a reader or an update was refused, because too many already wait.",
    "A queue without a bound would hide an overload until the memory is full.",
    "Where lookups wait, raise `loadConcurrency` or `loadQueueMax`, or start fewer loads. The bound of readers and " +
      "updates of one key is fixed: refuse some requests before they reach the cache."
  ),
  atRunTime(
    "E0504",
    "A key has another version than the write expected.",
    "Another writer changed the key after the caller read it.",
    "Read again, and decide again."
  ),
  atRunTime(
    "E0505",
    "A tier failed in a write or an invalidation.",
    "Without this error the caller would rely on the change. If a tier refused the write before anything " +
      "changed (E0303, E0304, E0305, E0307, E0310), the old value stays. Otherwise the key is absent. An " +
      "invalidation took effect in this process.",
    "See the code of `error`. If the tier failed, try again: a write and an invalidation can be repeated."
  ),
  atRunTime("E0506", "A lease was refused.", "The error of the lease gives the reason: see E0219.", "See E0219."),
  atRunTime(
    "E0507",
    "An option of a family or of a call cannot be used.",
    "The options of a family are checked when the layer is built. The options of a call are checked before it " +
      "changes anything. A loaded value of another kind than the Schema of its family is refused, too.",
    "Correct the option that the message names. Where it names `value`, decode what the data source gives.",
    module(
      [`count: { pattern: "count:{id}", value: Schema.Number }`],
      [
        "// A driver gave a text, and `any` hides it from the compiler.",
        `const row: any = { count: "4711" }`,
        `export const CountLive = AppCache.owner("count", { lookup: () => Effect.succeed(row.count) })`
      ],
      "",
      schemaImport
    ),
    module(
      [`count: { pattern: "count:{id}", value: Schema.Number }`],
      [
        `const row: unknown = { count: "4711" }`,
        "const Row = Schema.Struct({ count: Schema.NumberFromString })",
        `export const CountLive = AppCache.owner("count", {`,
        "  lookup: () => Effect.map(Effect.orDie(Schema.decodeUnknownEffect(Row)(row)), ({ count }) => count)",
        "})"
      ],
      "",
      schemaImport
    )
  ),
  atRunTime(
    "E0508",
    "The manifest has mistakes.",
    "It was built from data, or its types were cast.",
    "Repair what `error.problems` lists."
  ),
  atRunTime(
    "E0509",
    "A batch contains a write that it cannot run together with the others.",
    "A batch is one step of one engine. All of its writes become visible together, or none of them does.",
    "Give it writes of its own manifest, made by `setting` and `deleting`, and run one batch for each engine."
  ),
  atRunTime(
    "E0510",
    "A lookupMany returned another number of values than it was asked for.",
    "Each value belongs to the key at its position. With another number of values the positions do not fit.",
    "Return one value for each key, in the order of the keys, and `Lookup.absent` for a key without a value."
  ),
  atRunTime(
    "E0521",
    "A lookup or an update would wait for itself.",
    "It asked for a key whose load or update waits for it, directly or through others.",
    "Update one key after the other, always in the same order, or change several keys with one `batch`."
  ),
  atRunTime(
    "E0522",
    "An update did not get its turn in time.",
    "Updates of one key run one after the other, and an earlier update did not end.",
    "Make the function of the update faster, or raise `hardTimeout`."
  ),
  atRunTime(
    "E0523",
    "A lookup interrupted itself.",
    "It ran `Effect.interrupt`, or it joined a fiber that was interrupted.",
    "Handle the interruption in the lookup, or let it fail with an error of your own."
  ),
  atRunTime(
    "E0524",
    "An update or a patch was run within a transaction.",
    "It would start from a value of the cache. That value may be older than the row that the transaction has locked.",
    "Read the row with SQL, write it, and `set` the new value or `invalidate` the key."
  ),
  atRunTime(
    "E0525",
    "A transaction makes more changes than it may collect.",
    "All changes take effect in one step after the commit, and stay in memory until then.",
    "Invalidate many keys at once, with `invalidateWhere` or `invalidateTag`."
  ),
  atRunTime(
    "E0526",
    "A transaction was opened inside a database transaction that the cache does not know.",
    "The cache would take the savepoint for the commit, although the outer transaction may still roll back.",
    "Open the outer transaction with `AppCache.transaction(sql.withTransaction)`."
  ),
  atRunTime(
    "E0527",
    "An update was refused, because the cache does not keep the value that it would start from.",
    "The lookup of the key read a stale value, or it found nothing where a tier that failed may hold a value.",
    "Run the update again when the source is fresh or the tier answers, or `set` a value that you know."
  ),
  atRunTime(
    "E0528",
    "A write was made inside a database transaction that the cache does not know, or its transaction has ended " +
      "before it.",
    "It would take effect before the commit, and it would stay after a rollback. A late one would be lost.",
    "Open the transaction with `AppCache.transaction(sql.withTransaction)`, or write after it. Wait in the body for " +
      "the fibers that it forks."
  ),
  atRunTime(
    "E0529",
    "A write without an Effect could not be made at once.",
    "It would have to wait for a tier below memory or for a codec, or a listener of changes called it.",
    "Use the operation that returns an Effect, such as `set`. A listener notes the change, and writes after it."
  ),
  atRunTime(
    "E0530",
    "A read that refuses stale values found no fresh one.",
    "The lookup of the key read a stale value, so what it made is stale as well.",
    "Invalidate or refresh what the lookup read, and read again."
  ),
  atRunTime(
    "E0531",
    "The keys of a family cannot be listed.",
    "The family is sensitive, the caller is in a transaction, a tier cannot list its keys, or `sample` has no memory.",
    "List the keys outside of a transaction, and over tiers that have pages. `sample` needs memory above the tier."
  ),
  atRunTime(
    "E0532",
    "A page cannot be read from the given cursor.",
    "A page from there could leave out a key that has a value all the time.",
    "Begin the scan again, without a cursor."
  ),
  atRunTime(
    "E0533",
    "A write was refused, because a transaction changes its key, and the cache does not know the outcome yet.",
    "The cache would not keep its value. The write has a condition, or no lookup could load the value.",
    "Write again when the transaction has ended, or ten seconds after the answer to its commit was lost."
  ),
  atRunTime(
    "E0534",
    "The given text is not a watermark of the tier that processes share here.",
    "A read after it could serve a value that was replaced before.",
    "Pass what `watermark` has returned in a service over the same namespace of the same server."
  )
]
