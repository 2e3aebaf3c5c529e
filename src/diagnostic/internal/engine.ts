/**
 * The codes of stores and of the engine, explained.
 */
import { atRunTime, type Explained } from "./explained.ts"

export const engine: ReadonlyArray<Explained> = [
  atRunTime(
    "E0301",
    "A tier did not answer in time.",
    "No caller waits for ever.",
    "See to the tier, or raise its timeout."
  ),
  atRunTime("E0302", "A tier failed.", "Its driver says why: see `cause`.", "See to the tier."),
  atRunTime(
    "E0303",
    "A value does not fit its family's schema.",
    "A tier that outlives the process stores what the schema encodes.",
    "Store a value of the family's type."
  ),
  atRunTime(
    "E0304",
    "A key is too long for a tier.",
    "Its storage bounds the length of keys.",
    "Use shorter parameters, such as a digest."
  ),
  atRunTime("E0305", "A tier has no room left.", "It is bounded, and nothing can be evicted.", "Give it more room."),
  atRunTime(
    "E0306",
    "A tier cannot be opened with its options.",
    "Options are checked once, when the layer is built.",
    "Correct the option that the message names."
  ),
  atRunTime(
    "E0307",
    "A function of a family threw, or gave an answer that cannot be used.",
    "It runs before a write changes anything, so the write did not happen.",
    "Repair the function that the message names, or store a value that it accepts."
  ),
  atRunTime(
    "E0308",
    "A namespace of a folder is held by another process or thread, or the folder by another container.",
    "One counter of invalidations judges the entries of a namespace, and it lives in one thread of one process.",
    "Give each process a namespace, and each container a folder, or end the holder that the message names."
  ),
  atRunTime(
    "E0309",
    "The folder of a tier was removed, replaced or taken over while the tier was open.",
    "What is written to it would be acknowledged and lost.",
    "Leave the folder alone while it is open, and build the layer anew."
  ),
  atRunTime(
    "E0310",
    "A value is too large for a tier.",
    "Its storage bounds the size of values.",
    "Store a part of it, or raise the tier's `bytesMax`."
  ),
  atRunTime(
    "E0501",
    "An entry is absent, and nothing can load it.",
    "The owner gave no lookup, or the lookup gave no value.",
    "Give the owner a lookup, or use `getOption`."
  ),
  atRunTime(
    "E0502",
    "A lookup did not end within its hard timeout.",
    "No caller waits for ever; what comes later is not stored.",
    "Make the lookup faster, or raise `hardTimeout`."
  ),
  atRunTime(
    "E0503",
    "A lookup was refused, since too many wait already.",
    "An unbounded queue would hide an overload until memory ends.",
    "Raise `loadConcurrency` or `loadQueueMax`, or load less."
  ),
  atRunTime(
    "E0504",
    "A key has another version than the write expected.",
    "Somebody else wrote it in the meantime.",
    "Read again, and decide again."
  ),
  atRunTime(
    "E0505",
    "A tier failed in a write or an invalidation.",
    "Neither may be lost in silence. Keys whose write failed are absent; an invalidation took effect in this process.",
    "Try again: both may be repeated."
  ),
  atRunTime("E0506", "A lease was refused.", "The lease's own error says why: see E0219.", "See E0219."),
  atRunTime(
    "E0507",
    "An option of a family or of a call cannot be used.",
    "A family's options are checked when the layer is built, those of a call before it changes anything.",
    "Correct the option that the message names."
  ),
  atRunTime(
    "E0508",
    "The manifest has mistakes.",
    "It was built from data, or its types were cast.",
    "Repair what `error.problems` lists."
  ),
  atRunTime(
    "E0509",
    "A batch holds a write that it cannot do together with the others.",
    "A batch is one step of one engine: all of its writes are visible at once, or none is.",
    "Give it writes of its own manifest, made by `setting` and `deleting`, and run one batch for each engine."
  ),
  atRunTime(
    "E0510",
    "A lookupMany answered another number of values than it was asked for.",
    "Values belong to keys by their order, so none of them can be told apart.",
    "Answer one for each key, in the order of the keys, and `Lookup.absent` for a key that has no value."
  ),
  atRunTime(
    "E0521",
    "A lookup or an update would wait for itself.",
    "It asked for a key whose load or update waits for the one that asks, directly or through others.",
    "Update one key after the other, always in the same order, or change several keys with one `batch`."
  ),
  atRunTime(
    "E0522",
    "An update did not get its turn in time.",
    "Updates of one key follow each other, and the one before did not end.",
    "Make the function of the update faster, or raise `hardTimeout`."
  ),
  atRunTime(
    "E0523",
    "A lookup was interrupted from within.",
    "It interrupted itself, or it joined a fiber that was interrupted.",
    "Handle the interruption in the lookup, or let it fail with an error of your own."
  ),
  atRunTime(
    "E0524",
    "An update or a patch was run within a transaction.",
    "It would start from a value of the cache, which may be older than the row that the transaction has locked.",
    "Read the row with SQL, write it, and `set` the new value or `invalidate` the key."
  ),
  atRunTime(
    "E0525",
    "A transaction changes more keys than it may collect.",
    "All of them take effect in one step after the commit, and are kept in memory until then.",
    "Invalidate many keys by `invalidateWhere`, by a tag or by a pattern."
  ),
  atRunTime(
    "E0526",
    "A transaction was opened inside a database transaction that the cache does not know of.",
    "It would take its savepoint for the commit, and the outer transaction may still roll back.",
    "Open the outer transaction by `AppCache.transaction(sql.withTransaction)`, too."
  )
]
