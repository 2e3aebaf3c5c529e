/**
 * Makes the operations of one family, as `AppCache.keys.user` has them: each finds the grant, spells the key, and asks
 * the engine.
 *
 * Not here: the types of the operations, which are in `Family.ts`. Nothing here is typed by pattern.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { CacheError, Verb } from "../../cache/CacheError.ts"
import type { InvalidationMode } from "../../cache/CacheEvent.ts"
import type { BatchWrite } from "../../cache/engine/cache.ts"
import { CacheFamily } from "../../cache/engine/cacheFamily.ts"
import * as Defects from "../../cache/shared/defects.ts"
import * as Pieces from "../../cache/shared/pieces.ts"
import { isEffect, isPromise, returnedPromise, unrunResult } from "../../cache/shared/unrun.ts"
import * as Transaction from "../../cache/transactions/transaction.ts"
import type { SetOptions } from "../../cache/types/setOptions.ts"
import type { Lease, LeaseOptions } from "../../capability/Lease.ts"
import * as Misfit from "../../diagnostic/types/misfit.ts"
import type { HotPartition } from "../../store/Store.ts"
import type { InvalidateOptions, ReadOptions, WriteOptions } from "../Family.ts"
import type { FamilyGate } from "./familyGate.ts"
import type { CacheGrant, Reads, Writes } from "./grants.ts"
import { countKeys, inPlace } from "./inPlace.ts"
import { iterations } from "./iterations.ts"
import type { Params } from "./keys.ts"
import { isList, replayable } from "./lists.ts"
import {
  GetOption,
  Has,
  type HitOperation,
  type KeyOperation,
  OnKey,
  Select,
  type Selecting,
  type SelectOperation
} from "./onKey.ts"
import * as options from "./options.ts"
import { Read, type ReadGate } from "./read.ts"
import { Set, type SetGate } from "./set.ts"

type LifetimeInput = NonNullable<WriteOptions<string>["timeToLive"]>

/** The function of an `update` or a `patch`. It may return a value or an Effect of one. */
const changing =
  (gate: FamilyGate, key: string, operation: "update" | "patch", f: (was: unknown) => unknown) =>
  (was: unknown): Effect.Effect<unknown, unknown> => {
    const named = (cause: Cause.Cause<unknown>) => Defects.named(cause, operation, gate.name, gate.keys.show(key))
    try {
      const made = f(was)
      if (isEffect(made)) return (made as Exit.Exit<unknown>)._tag === "Success" ? made : Defects.naming(made, named)
      return isPromise(made)
        ? Effect.fail(options.refusal(gate.name, operation, returnedPromise))
        : Effect.succeed(made)
    } catch (defect) {
      return Exit.failCause(named(Cause.die(defect)))
    }
  }

const selectingOf = (gate: FamilyGate): Selecting => (key, f, value) => {
  try {
    const made = f(value)
    const why = unrunResult(made)
    return why === undefined ? Exit.succeed(made) : Exit.fail(options.refusal(gate.name, "select", why))
  } catch (defect) {
    return Exit.failCause(Defects.named(Cause.die(defect), "select", gate.name, gate.keys.show(key)))
  }
}

/**
 * Makes something of the items of a list from one index up to another, and adds it to `made`. Returns why an item is
 * refused. Each kind of list has a loop of its own: see "The code of a write is small, too" in `bench/README.md`.
 */
type ReadItems<A, B> = (
  gate: FamilyGate,
  list: ReadonlyArray<A>,
  from: number,
  end: number,
  made: Array<B>
) => CacheError | undefined

/**
 * Reads a list of the caller, whose iterator or items may throw. It returns an Exit where the list is not long, so that
 * a list of valid keys costs no turn of the run loop.
 */
const readList = <A, B>(
  gate: FamilyGate,
  all: Iterable<A>,
  read: ReadItems<A, B>
): Effect.Effect<ReadonlyArray<B>, CacheError> => {
  const made: Array<B> = []
  try {
    const list = Array.isArray(all) ? all as ReadonlyArray<A> : Array.from(all)
    // A caller may change its own list meanwhile.
    if (Pieces.isLong(list)) return readLong(gate, list.slice(), read)
    const refused = read(gate, list, 0, list.length, made)
    return refused === undefined ? Exit.succeed(made) : Exit.fail(refused)
  } catch {
    return Exit.fail(gate.invalid(Misfit.listThrows(gate.pattern)))
  }
}

const readLong = <A, B>(
  gate: FamilyGate,
  list: ReadonlyArray<A>,
  read: ReadItems<A, B>
): Effect.Effect<ReadonlyArray<B>, CacheError> =>
  Effect.suspend(() => {
    const made: Array<B> = []
    let refused: CacheError | undefined
    const piece = (from: number, end: number): void => {
      if (refused !== undefined) return
      try {
        refused = read(gate, list, from, end, made)
      } catch {
        refused = gate.invalid(Misfit.listThrows(gate.pattern))
      }
    }
    return Effect.flatMap(
      Pieces.ranges(list.length, piece),
      (): Exit.Exit<ReadonlyArray<B>, CacheError> => refused === undefined ? Exit.succeed(made) : Exit.fail(refused)
    )
  })

const readKeys: ReadItems<Params, string> = (gate, list, from, end, made) => {
  for (let at = from; at < end; at++) {
    const params = list[at]!
    const key = gate.textOf(params)
    const refused = gate.keyRefusal(key, params)
    if (refused !== undefined) return refused
    made.push(key)
  }
  return undefined
}

const readKeyExits: ReadItems<Params, Exit.Exit<string, CacheError>> = (gate, list, from, end, made) => {
  for (let at = from; at < end; at++) {
    const params = list[at]!
    const key = gate.textOf(params)
    const refused = gate.keyRefusal(key, params)
    made.push(refused === undefined ? Exit.succeed(key) : Exit.fail(refused))
  }
  return undefined
}

const readEntries: ReadItems<readonly [Params, unknown], readonly [key: string, value: unknown]> = (
  gate,
  list,
  from,
  end,
  made
) => {
  for (let at = from; at < end; at++) {
    const entry = list[at]!
    if (!Array.isArray(entry) || entry.length !== 2) return gate.invalid(Misfit.entryNone(gate.pattern, at))
    const key = gate.textOf(entry[0])
    const refused = gate.keyRefusal(key, entry[0])
    if (refused !== undefined) return refused
    made.push([key, entry[1]])
  }
  return undefined
}

const keysOf = (gate: FamilyGate, all: Iterable<Params>): Effect.Effect<ReadonlyArray<string>, CacheError> =>
  isList(all)
    ? readList(gate, all, readKeys)
    : Exit.fail(gate.invalid(Misfit.listNone(gate.pattern, "parameters")))

/** Spells each key by itself: one that is not a key of the family takes no place from the others. */
const keyExitsOf = (
  gate: FamilyGate,
  all: Iterable<Params>
): Effect.Effect<ReadonlyArray<Exit.Exit<string, CacheError>>, CacheError> =>
  isList(all)
    ? readList(gate, all, readKeyExits)
    : Exit.fail(gate.invalid(Misfit.listNone(gate.pattern, "parameters")))

const entriesOf = (
  gate: FamilyGate,
  entries: Iterable<readonly [Params, unknown]>
): Effect.Effect<ReadonlyArray<readonly [key: string, value: unknown]>, CacheError> =>
  isList(entries)
    ? readList(gate, entries, readEntries)
    : Exit.fail(gate.invalid(Misfit.listNone(gate.pattern, "pairs of parameters and a value")))

/** Makes the operations. Accessors find the family in the Context of each call; handles have found it once. */
export const operations = (gate: FamilyGate, find: Finds) => ({
  ...readOperations(gate, find),
  ...writeOperations(gate, find.toWrite)
})

/** Makes the beginning of an operation: it finds the family. */
const within =
  <F extends object>(find: (context: Context.Context<never>) => F | CacheError) =>
  <A, E, R>(f: (family: F) => Effect.Effect<A, E, R>) =>
    inPlace((context): Effect.Effect<A, E | CacheError, R> => {
      const family = find(context)
      return "reason" in family ? Effect.fail(family as CacheError) : f(family as F)
    })

/**
 * Makes the beginning of an operation on a list. A long list is read in pieces, and the right of its caller may end
 * meanwhile, so it is looked at again before the list is used.
 */
const withList = <F extends object, Given, Item>(
  gate: FamilyGate,
  find: ReturnType<typeof within<F>>,
  listOf: (gate: FamilyGate, given: Given) => Effect.Effect<ReadonlyArray<Item>, CacheError>
) =>
<A, E>(given: Given, run: (family: F, list: ReadonlyArray<Item>) => Effect.Effect<A, E>) =>
  find((family) => {
    const list = listOf(gate, given)
    const isRead: boolean = Exit.isExit(list)
    return Effect.flatMapEager(list, (items) => {
      countKeys(items.length)
      return isRead ? run(family, items) : find((now) => run(now, items))
    })
  })

/** Makes an operation on one key: it finds the family, and checks the key. */
const onKey =
  <F>(gate: FamilyGate, find: (context: Context.Context<never>) => F | CacheError) =>
  <Input = undefined>(run: KeyOperation<F, Input>["run"]) => {
    const operation: KeyOperation<F, Input> = { gate, find, run }
    return (params: Params, input?: Input) => new OnKey(operation, params, input)
  }

/** Reads a key, as `get` does with options. */
const readWith = (
  gate: FamilyGate,
  find: Finds["toRead"],
  params: Params,
  given: ReadOptions
): Effect.Effect<unknown, unknown> => {
  const refused = options.read(gate.name, given)
  if (refused !== undefined) return Effect.fail(refused)
  const isStrict = given.stale === "refuse"
  return onKey(gate, find)((family, key) => isStrict ? family.readFresh(key) : family.read(key))(params)
}

const readOperations = (gate: FamilyGate, { hotOf, toRead }: Finds) => {
  const find = within(toRead)
  const withKeys = withList(gate, find, keysOf)
  const withKeyExits = withList(gate, find, keyExitsOf)
  const reading = onKey(gate, toRead)
  const selecting = selectingOf(gate)
  const getOption: HitOperation<undefined> = { gate, find: toRead, hotOf, run: (family, key) => family.readHeld(key) }
  const has: HitOperation<undefined> = { gate, find: toRead, hotOf, run: (family, key) => family.has(key) }
  const select: SelectOperation = {
    gate,
    find: toRead,
    hotOf,
    selecting,
    run: (family, key, f) => {
      const refused = options.change(gate.name, "select", f)
      return refused === undefined
        ? Effect.flatMapEager(family.read(key), (value) => selecting(key, f, value))
        : Effect.fail(refused)
    }
  }
  return {
    getOption: (params: Params) => new GetOption(getOption, params, undefined),
    getMany: (given: Iterable<Params>) => {
      const all = replayable(given)
      return inPlace((context) => {
        const { areAll, hits } = hitsOf(gate, hotOf(context), all)
        countKeys(hits.length)
        return areAll ? Exit.succeed(hits) : withKeys(all, (family, keys) => family.readMany(keys, hits))
      })
    },
    getManyResults: (given: Iterable<Params>) => {
      const all = replayable(given)
      return withKeyExits(all, resultsOf)
    },
    getAnswer: reading((family, key) => family.answer(key)),
    getAnswerOption: reading((family, key) => family.answerHeld(key)),
    ...iterations(gate, find),
    explain: reading((family, key) => family.explain(key)),
    has: (params: Params) => new Has(has, params, undefined),
    select: (params: Params, f: (value: unknown) => unknown) => new Select(select, params, f),
    warm: (list: Iterable<Params>, given?: options.ConcurrencyOptions) => {
      const all = replayable(list)
      return withKeys(
        all,
        (family, keys) => options.withConcurrency(gate.name, given, (concurrency) => family.warm(keys, concurrency))
      )
    },
    hottest: (max: number) =>
      find((family) =>
        options.checked(
          options.count(gate.name, "max", max),
          () =>
            // Refused to a lookup: the answer shows the reads of others, and no change of these would reach the entry.
            Effect.withFiber((fiber) =>
              CacheFamily.isLookup(fiber.context)
                ? Effect.fail(gate.notOwner("list", "a lookup"))
                : Effect.succeed(hottestOf(gate, family, max))
            )
        )
      )
  }
}

/**
 * The values of a list up to the first that is not a hit; none of a long list, which is read in pieces. A hit needs no
 * check of its key: nothing is stored under a text that is not a key.
 */
const hitsOf = (gate: FamilyGate, hot: HotPartition<unknown> | undefined, list: Iterable<Params>) => {
  const hits: Array<unknown> = []
  const some = { hits, areAll: false }
  try {
    if (hot === undefined || !Array.isArray(list) || Pieces.isLong(list)) return some
    for (let at = 0; at < list.length; at++) {
      const value = hot.hit(gate.textOf(list[at]!))
      if (value === undefined) return some
      hits.push(value)
    }
    return { hits, areAll: hits.length > 0 }
  } catch {
    // What throws here throws again where its error is made.
    return some
  }
}

/** Reads the keys that are valid, and answers every key in its place. */
const resultsOf = (family: Reads, keys: ReadonlyArray<Exit.Exit<string, CacheError>>) =>
  Effect.map(family.readResults(keys.flatMap((key) => Exit.isSuccess(key) ? [key.value] : [])), (results) => {
    let at = 0
    return keys.map((key) => Exit.isSuccess(key) ? results[at++]! : key)
  })

const hottestOf = (gate: FamilyGate, family: Reads, max: number) =>
  (family.hot?.hottest(max) ?? []).flatMap(({ key, share }) =>
    Option.match(gate.keys.decode(key), {
      onNone: () => [],
      onSome: (params) => [{ params: gate.shownParams(key, params), key: gate.keys.show(key), share }]
    })
  )

type Change = (was: unknown) => unknown

const writeOperations = (gate: FamilyGate, toWrite: Finds["toWrite"]) => {
  const find = within(toWrite)
  const withKeys = withList(gate, find, keysOf)
  const withEntries = withList(gate, find, entriesOf)
  const writing = onKey(gate, toWrite)
  const setGate: SetGate = { gate, toWrite }
  const setIfAbsent = writing<readonly [value: unknown, given: SetOptions<Lease> | undefined]>(
    (family, key, [value, given]) => {
      const refused = options.conditions(gate.name, given, "claim")
      return refused === undefined ? family.setIfAbsent(key, value, given) : Effect.fail(refused)
    }
  )
  return {
    set: (params: Params, value: unknown, given?: SetOptions<Lease>): Effect.Effect<void, CacheError> =>
      new Set(setGate, params, value, given),
    setMany: (list: Iterable<readonly [Params, unknown]>, given?: SetOptions<Lease>) => {
      const entries = replayable(list)
      return withEntries(entries, (family, all) => {
        const refused = options.conditions(gate.name, given)
        return refused === undefined ? family.setMany(all, given) : Effect.fail(refused)
      })
    },
    update: writing<Change>((family, key, f) => {
      const refused = options.change(gate.name, "update", f)
      return refused === undefined ? family.update(key, changing(gate, key, "update", f)) : Effect.fail(refused)
    }),
    patch: writing<Change>((family, key, f) => {
      const refused = options.change(gate.name, "patch", f)
      return refused === undefined ? family.patch(key, changing(gate, key, "patch", f)) : Effect.fail(refused)
    }),
    delete: writing((family, key) => family.delete([key])),
    deleteMany: (given: Iterable<Params>) => {
      const all = replayable(given)
      return withKeys(all, (family, keys) => family.delete(keys))
    },
    getOr: writing<Effect.Effect<unknown, unknown, unknown>>((family, key, load) => {
      const refused = options.load(gate.name, load)
      if (refused !== undefined) return Effect.fail(refused)
      return Effect.withFiber(({ context }) => family.readOr(key, Transaction.broughtBy(load, context)))
    }),
    setIfAbsent: (params: Params, value: unknown, given?: SetOptions<Lease>) => setIfAbsent(params, [value, given]),
    getAndDelete: writing((family, key) => family.getAndDelete(key)),
    reschedule: writing<LifetimeInput>((family, key, timeToLive) => family.reschedule(key, timeToLive)),
    ...invalidations(gate, find, writing),
    refresh: writing((family, key) => family.refresh(key))
  }
}

const invalidations = (
  gate: FamilyGate,
  find: ReturnType<typeof within<Writes>>,
  writing: ReturnType<typeof onKey<Writes>>
) => {
  const withMode = <A, E, R>(
    given: InvalidateOptions | number | undefined,
    f: (mode: InvalidationMode) => Effect.Effect<A, E, R>
  ) => options.withMode(gate.name, options.withoutIndex(given), f)
  return {
    invalidate: writing<InvalidateOptions | number | undefined>((family, key, given) =>
      withMode(given, (mode) => family.drop([key], mode))
    ),
    invalidateWhere: (params: Params, given?: InvalidateOptions | number) =>
      find((family) =>
        Result.match(gate.keys.sliceOf(params), {
          onSuccess: (slice) => withMode(given, (mode) => family.dropSlice(slice, mode)),
          onFailure: (problem) => Effect.fail(gate.invalid(problem))
        })
      ),
    invalidateAll: (given?: InvalidateOptions) =>
      find((family) =>
        options.withMode(gate.name, given, (mode) => family.dropSlice({ positions: [], values: [] }, mode))
      ),
    invalidateTag: (tag: string, given?: InvalidateOptions | number) =>
      find((family) =>
        options.checked(
          options.tag(gate.name, tag),
          () => withMode(given, (mode) => family.invalidateTag(tag, mode))
        )
      )
  }
}

/** How operations reach their family. Each returns it if the Context has the right, or the error that refuses it. */
interface Finds {
  readonly toRead: (context: Context.Context<never>) => Reads | CacheError
  readonly toWrite: (context: Context.Context<never>) => Writes | CacheError
  /** Returns the family in memory if the Context may read it. */
  readonly hotOf: ReadGate["hotOf"]
}

/** Makes an accessor: all operations, with the grant from the Context of the fiber that runs them. */
export const make = (gate: FamilyGate) => {
  const find: Finds = {
    toRead: (context) => gate.readsOf(context) ?? gate.refusal(context, "read"),
    toWrite: (context) => gate.writesOf(context) ?? gate.refusal(context, "write"),
    hotOf: (context) => gate.hotOf(context)
  }
  return {
    name: gate.name,
    pattern: gate.pattern,
    setting: (params: Params, value: unknown, given: SetOptions<Lease> = noConditions): Write =>
      new WriteOfKey(gate, params, { value }, given),
    deleting: (params: Params, given: SetOptions<Lease> | number = noConditions): Write =>
      new WriteOfKey(gate, params, undefined, options.withoutIndex(given)),
    lease: (params: Params, chosen?: LeaseOptions | number) =>
      Effect.withFiber((fiber): Effect.Effect<Lease, CacheError, Scope.Scope> => {
        const given = options.withoutIndex(chosen)
        const refused = options.lease(gate.name, given)
        if (refused !== undefined) return Effect.fail(refused)
        const grant = given?.mode === "shared" ? gate.readGrantOf(fiber.context) : gate.writeGrantOf(fiber.context)
        if (grant === undefined) return Effect.fail(gate.refusal(fiber.context, "lease"))
        return Effect.flatMapEager(gate.keyOf(params), (key) => gate.familyWrittenBy(grant).lease(key, given))
      }),
    key: (params: Params) => Effect.suspend(() => Effect.map(gate.keyOf(params), gate.keys.render)),
    // A program without types may give another value than a text.
    parse: (rendered: string) =>
      Option.flatMap(
        Option.fromUndefinedOr(typeof rendered === "string" ? gate.keys.parse(rendered) : undefined),
        gate.keys.decode
      ),
    get: (params: Params, given?: ReadOptions | number) =>
      given === undefined || typeof given === "number"
        ? new Read(gate, params)
        : readWith(gate, find.toRead, params, given),
    ...operations(gate, find),
    reader: handleFor(gate, "read"),
    writer: handleFor(gate, "write")
  }
}

export type Accessor = ReturnType<typeof make>

/** One write of a batch, before it happens. */
export interface Write {
  readonly _tag: "Write"
  readonly manifest: { readonly id: string }
  /** The pattern of the family. */
  readonly pattern: string
  readonly key: Effect.Effect<string, CacheError>
  /** Returns the write for the engine of a Context, or the reason why this Context may not do it. */
  readonly resolve: (
    context: Context.Context<never>
  ) => BatchWrite | CacheError
}

// The options of a write without any. They need no check.
const noConditions: SetOptions<Lease> = {}

class WriteOfKey implements Write {
  readonly _tag = "Write"
  private readonly gate: FamilyGate
  private readonly params: Params
  private readonly value: BatchWrite["value"]
  private readonly given: SetOptions<Lease>

  constructor(gate: FamilyGate, params: Params, value: BatchWrite["value"], given: SetOptions<Lease> = noConditions) {
    this.gate = gate
    this.params = params
    this.value = value
    this.given = given
  }

  get manifest(): Write["manifest"] {
    return this.gate.manifest
  }

  get pattern(): string {
    return this.gate.pattern
  }

  get key(): Write["key"] {
    return Effect.suspend(() => Effect.map(this.gate.keyOf(this.params), this.gate.keys.render))
  }

  resolve(context: Context.Context<never>): BatchWrite | CacheError {
    const { gate, given, params, value } = this
    const family = gate.familyToWrite(context)
    if (family === undefined) return gate.refusal(context, "write")
    const key = gate.textOf(params)
    const refused = (given === noConditions
      ? undefined
      : options.conditions(gate.name, given, value === undefined ? "deletion" : "set")) ??
      gate.keyRefusal(key, params)
    return refused ?? { family, key, value, options: given }
  }
}

/** Makes a handle: finds the grant once. Each operation then checks only whether the grant is still active. */
const handleFor = (gate: FamilyGate, verb: Verb) =>
  Effect.withFiber((fiber) => {
    const grant = verb === "read" ? gate.readGrantOf(fiber.context) : gate.writeGrantOf(fiber.context)
    return grant === undefined
      ? Effect.fail(gate.refusal(fiber.context, verb))
      : Effect.succeed(handle(gate, verb, grant))
  })

const handle = (gate: FamilyGate, verb: Verb, grant: CacheGrant) => {
  const family = gate.familyOf(grant)
  const written = gate.familyWrittenBy(grant)
  // The last Context that belonged neither to a lookup nor to the body of a transaction.
  let lastOutside: Context.Context<never> | undefined
  const readGate: ReadGate = {
    textOf: gate.textOf,
    hotOf: (context) => {
      if (!grant.active) return undefined
      if (context === lastOutside) return family.hot
      if (Transaction.isLookupOrBody(context)) return undefined
      lastOutside = context
      return family.hot
    },
    readSlowly: (context, key, params) =>
      grant.active
        ? Effect.flatMapEager(gate.checked(key, params), (valid) => Transaction.readsOf(family, context).read(valid))
        : Effect.fail(gate.ended("read", grant, verb))
  }
  const find: Finds = {
    toRead: (context) => grant.active ? Transaction.readsOf(family, context) : gate.ended("read", grant, verb),
    toWrite: (context) =>
      CacheFamily.isLookup(context)
        ? gate.notOwner("write", "a lookup")
        : grant.active && verb === "write"
        ? Transaction.writesOf(written, context)
        : gate.ended("write", grant, verb),
    hotOf: readGate.hotOf
  }
  const readOf = (params: Params, given?: ReadOptions | number): Effect.Effect<unknown, unknown> =>
    given === undefined || typeof given === "number"
      ? new Read(readGate, params)
      : readWith(gate, find.toRead, params, given)
  const hit = (params: Params): unknown => grant.active ? Transaction.hitUnsafe(family, gate.textOf(params)) : undefined
  const lookTwice = (params: Params): unknown =>
    grant.active ? Transaction.readUnsafe(family, gate.textOf(params)) : undefined
  return {
    ...operations(gate, find),
    ...writesAtOnce(gate, verb, grant, family),
    get: readOf,
    getUnsafe: (params: Params): unknown => {
      const value = hit(params)
      return value === undefined ? lookTwice(params) : value
    },
    getPromise: (params: Params, chosen?: options.PromiseOptions | number): Promise<unknown> => {
      const given = options.withoutIndex(chosen)
      const refused = given === undefined ? undefined : options.promise(gate.name, given)
      if (refused !== undefined) return Promise.reject(refused)
      if (given?.signal?.aborted === true) return Promise.reject(given.signal.reason)
      // A lookup and the body of a transaction read in the Context of their fiber, because their reads are tracked.
      const working = Transaction.currentLookupOrBody()
      const isStrict = given?.stale === "refuse"
      const read = isStrict ? readOf(params, { stale: "refuse" }) : new Read(readGate, params)
      if (working !== undefined) return promiseOf(read, working, given)
      if (!grant.active) return promiseOf(read, Context.empty(), given)
      const key = gate.textOf(params)
      const value = family.hot?.hit(key)
      if (value !== undefined) return Promise.resolve(value)
      const joined = isStrict ? undefined : family.readPromise(key, given?.signal)
      return joined ?? promiseOf(read, Context.empty(), given)
    }
  }
}

/** Makes the writes of a handle that need no Effect. They throw the error that refuses them. */
const writesAtOnce = (gate: FamilyGate, verb: Verb, grant: CacheGrant, family: CacheFamily) => {
  // The key of a write that may be made now.
  const keyNow = (params: Params): string => {
    if (!grant.active || verb !== "write") throw gate.ended("write", grant, verb)
    Transaction.checkAtOnce(family, () => gate.notOwner("write", "a lookup"))
    const key = gate.textOf(params)
    const refused = gate.keyRefusal(key, params)
    if (refused !== undefined) throw refused
    return key
  }
  return {
    setUnsafe: (params: Params, value: unknown, given?: SetOptions<Lease>) => {
      const key = keyNow(params)
      const refused = given === undefined ? undefined : options.conditions(gate.name, given)
      if (refused !== undefined) throw refused
      return family.setUnsafe(key, value, given)
    },
    deleteUnsafe: (params: Params) => family.deleteUnsafe([keyNow(params)]),
    patchUnsafe: (params: Params, f: (was: unknown) => unknown) => {
      const key = keyNow(params)
      const refused = options.change(gate.name, "patchUnsafe", f)
      if (refused !== undefined) throw refused
      return family.amendUnsafe(key, f)
    },
    // An owner that has left may still learn what became of its writes.
    arrived: (below: unknown): Promise<void> | undefined =>
      verb === "write" ? Transaction.arrived(gate.name, below) : Promise.reject(gate.ended("write", grant, verb))
  }
}

/** Runs a read for a caller outside of Effect. If its signal aborts, the Promise rejects with the signal's reason. */
const promiseOf = (
  read: Effect.Effect<unknown, unknown>,
  context: Context.Context<never>,
  given: options.PromiseOptions | undefined
): Promise<unknown> => {
  const signal = given?.signal
  if (signal === undefined) return Effect.runPromiseWith(context)(read)
  return Effect.runPromiseExitWith(context)(read, { signal }).then((exit) => {
    if (Exit.isSuccess(exit)) return exit.value
    throw signal.aborted && Cause.hasInterruptsOnly(exit.cause) ? signal.reason : Cause.squash(exit.cause)
  })
}
