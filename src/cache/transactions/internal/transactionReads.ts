/**
 * Reads a family for the body of a transaction, and for the lookups that the body waits for.
 *
 * A lookup runs in the body's fiber, with the services that the database's combinator gave to the body. So it sees what
 * the transaction has written, and needs no second connection. Its value is not stored in any tier, and no reader joins
 * it.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import type { HotPartition } from "../../../store/Store.ts"
import type { Answer } from "../../Answer.ts"
import { CacheError, LoadTimeout, NotIterable } from "../../CacheError.ts"
import type { CacheFamily } from "../../engine/cacheFamily.ts"
import type { Explanation } from "../../Explanation.ts"
import type { CacheContext } from "../../internal/entries/cacheContext.ts"
import { freshOf } from "../../internal/entries/conditions.ts"
import type { KeyState } from "../../internal/entries/holds.ts"
import type { Served } from "../../internal/entries/served.ts"
import type { EngineFamilySpec } from "../../internal/family/familySpec.ts"
import type { Judged } from "../../internal/family/judgement.ts"
import { hidingAnswer } from "../../internal/family/sensitive.ts"
import { miscounted } from "../../internal/loads/failures.ts"
import { CurrentLoad, Load } from "../../internal/loads/load.ts"
import type { Each } from "../../internal/reads/many.ts"
import type { Reads } from "../../internal/reads/trackedReads.ts"
import { UnlistedReads } from "../../internal/reads/unlistedReads.ts"
import * as Lookup from "../../Lookup.ts"
import * as Defects from "../../shared/defects.ts"
import type { KeyLookup, Loader } from "../../shared/loader.ts"
import { CurrentTransaction, type Frame } from "./frame.ts"

// The name of the tier in answers with a value that the transaction wrote.
const tier = "transaction"

const isAsOutside = ({ outcome }: Explanation<unknown>): boolean => outcome === "hit" || outcome === "refuse"

/** A family as the body of a transaction reads it. */
export class TransactionReads<V> extends UnlistedReads<V> implements Reads<V> {
  readonly hot: HotPartition<V> | undefined
  readonly cache: CacheContext
  readonly spec: EngineFamilySpec<V>
  private readonly family: CacheFamily<V>
  private readonly frame: Frame

  constructor(family: CacheFamily<V>, frame: Frame) {
    super()
    this.hot = family.hot
    this.cache = family.cache
    this.spec = family.spec
    this.family = family
    this.frame = frame
  }

  /** The value that the transaction wrote; for a key that it has not changed, the fresh value in memory. */
  peekUnsafe(key: string): Served<V> | undefined {
    const state = this.frame.stateOf(this.family, key)
    return state === undefined ? this.family.peekUnsafe(key) : this.written(state)
  }

  /** The value of a lookup that reads here is not stored, so no later change has to reach it. */
  wasRead(): void {}
  wasMissed(): void {}
  nothingUntil(): number {
    return Infinity
  }
  shownSince(): number {
    return Infinity
  }
  readonly isWholeInMemory = true

  /** The value that the transaction wrote to a key. */
  private written(state: KeyState | "changed" | undefined): Served<V> | undefined {
    const judged = state === undefined || state === "changed" ? undefined : state.judged as Judged<V> | undefined
    return judged && { value: judged.value, tier, entry: undefined, tags: judged.tags, stale: false }
  }

  /**
   * The value that the transaction wrote; for a key that it has not changed, the value that `find` gives. Loads
   * nothing.
   */
  private look(
    key: string,
    find: (key: string) => Effect.Effect<Served<V> | undefined, CacheError>
  ): Effect.Effect<Served<V> | undefined, CacheError> {
    return Effect.suspend(() => {
      const state = this.frame.stateOf(this.family, key)
      return state === undefined ? find(key) : Effect.succeed(this.written(state))
    })
  }

  find(key: string): Effect.Effect<Served<V> | undefined, CacheError> {
    return this.look(key, (own) => this.family.find(own))
  }

  held(key: string): Effect.Effect<Served<V> | undefined, CacheError> {
    return this.look(key, (own) => this.family.held(own))
  }

  serve(key: string): Effect.Effect<Served<V>, unknown> {
    return Effect.map(this.serveMany([key]), ([served]) => served!)
  }

  serveNothingStale(key: string): Effect.Effect<Served<V>, unknown> {
    return this.serve(key)
  }

  serveMany(keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Served<V>>, unknown> {
    return this.serveEach(keys, identity, identity)
  }

  serveResults(keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Exit.Exit<Served<V>, unknown>>, unknown> {
    return this.serveEach(keys, Exit.succeed, Effect.exit)
  }

  /** Serves each key: what is held as it is, and the others by one load. */
  private serveEach<A>(
    keys: ReadonlyArray<string>,
    ofHeld: (served: Served<V>) => A,
    ofRead: Each<V, A>
  ): Effect.Effect<ReadonlyArray<A>, unknown> {
    return Effect.flatMap(Effect.forEach(keys, (key) => this.held(key)), (found) => {
      const missing = [...new Set(keys.filter((_, i) => found[i] === undefined))]
      const all = (byKey: ReadonlyMap<string, A>) =>
        keys.map((key, i) => found[i] === undefined ? byKey.get(key)! : ofHeld(found[i]))
      if (missing.length === 0) return Effect.succeed(all(new Map()))
      const loading = Effect.catch(
        this.load(missing, ofRead),
        (error) => Effect.forEach(missing, () => ofRead(Effect.fail(error)))
      )
      return Effect.map(loading, (loaded) => all(new Map(missing.map((key, i) => [key, loaded[i]!]))))
    })
  }

  /** What is held, or what the load of the caller brings. That is not stored, and no reader joins it. */
  readOr(key: string, lookup: KeyLookup<V>): Effect.Effect<V, unknown> {
    return Effect.flatMap(this.held(key), (held) => {
      if (held !== undefined) return Effect.succeed(held.value)
      return Effect.map(this.load([key], identity, lookup), ([served]) => served!.value)
    })
  }

  /** The body of a transaction gets no stale value. Its lookups may read one. */
  readFresh(key: string): Effect.Effect<V, unknown> {
    return Effect.flatMap(this.serve(key), (served) => freshOf(this.spec.show(key), served))
  }

  read(key: string): Effect.Effect<V, unknown> {
    return Effect.map(this.serve(key), ({ value }) => value)
  }

  readMany(keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<V>, unknown> {
    return Effect.map(this.serveMany(keys), (all) => all.map(({ value }) => value))
  }

  readResults(keys: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Exit.Exit<V, unknown>>, unknown> {
    return Effect.map(this.serveResults(keys), (exits) => exits.map((exit) => Exit.map(exit, ({ value }) => value)))
  }

  readHeld(key: string): Effect.Effect<Option.Option<V>, CacheError> {
    return Effect.map(this.held(key), (served) => served === undefined ? Option.none() : Option.some(served.value))
  }

  answer(key: string): Effect.Effect<Answer<V>, unknown> {
    return Effect.map(this.serve(key), (served) => this.answerOf(key, served))
  }

  answerHeld(key: string): Effect.Effect<Option.Option<Answer<V>>, CacheError> {
    return Effect.map(
      this.held(key),
      (served) => served === undefined ? Option.none() : Option.some(this.answerOf(key, served))
    )
  }

  answerOf(key: string, served: Served<V>): Answer<V> {
    return this.family.answerOf(key, served)
  }

  /** A value that the body loads is not stored, so it need not ask again whether a key has no value. */
  isNothing(): Effect.Effect<boolean> {
    return Effect.succeed(false)
  }

  /** Explains what a read in the body would do. The history of the key is that outside of the transaction. */
  explain(
    key: string,
    onHeld?: (served: Served<V> | undefined, isKnown: boolean) => void
  ): Effect.Effect<Explanation<V>> {
    return Effect.suspend(() => {
      const state = this.frame.stateOf(this.family, key)
      return Effect.map(this.family.explain(key, state === undefined ? onHeld : undefined), (outside) => {
        // The body joins no load, gets no stale value, and repeats no failure: it loads every value that is not fresh.
        if (state === undefined) return isAsOutside(outside) ? outside : { ...outside, outcome: "load" }
        const served = this.written(state)
        onHeld?.(served, true)
        if (served === undefined) return { ...outside, outcome: "load", held: undefined }
        const held = this.answerOf(key, served)
        return { ...outside, outcome: "hit", held: this.spec.isSensitive ? hidingAnswer(held, this.spec.hide) : held }
      })
    })
  }

  /** A value that the body loads is not stored, so loading it before it is read would be useless. */
  warm(): Effect.Effect<number, CacheError> {
    const { loads } = this.family
    return Effect.suspend(() => loads.loader === undefined ? Effect.fail(loads.unowned()) : Effect.succeed(0))
  }

  /** What the body has written is in no tier, so a list of what the tiers hold would be that of another state. */
  protected listingRefused(): CacheError {
    return new CacheError({ reason: new NotIterable({ family: this.spec.name, why: "transaction" }) })
  }

  /** The value of a lookup within a transaction is not stored, so its sources need not last. */
  renew(): Effect.Effect<number> {
    return Effect.succeed(0)
  }

  /** Runs the lookup in the fiber of the body, in its owner's Context and on the connection of the transaction. */
  private load<A>(
    keys: ReadonlyArray<string>,
    each: Each<V, A>,
    brought?: KeyLookup<V>
  ): Effect.Effect<ReadonlyArray<A>, unknown> {
    // The load is open from here on, and is closed however its reader leaves.
    return Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const { loader } = this.family.loads
        if (loader === undefined) return Effect.fail(this.family.loads.unowned())
        const load = new Load(this.cache, this.spec, keys, loader)
        load.isBrought = brought !== undefined
        const services = Context.merge(loader.context, this.frame.given).pipe(
          Context.add(CurrentTransaction, this.frame),
          Context.add(CurrentLoad, load)
        )
        // The owner's Context has everything that the lookup needs. Of the body's services, only those of the
        // combinator are added, such as the connection.
        const inOwners: (context: Context.Context<never>) => Context.Context<never> = () => services as never
        const answers = Effect.updateContext(
          Effect.scoped(Effect.suspend(() => this.lookUp(keys, each, brought))),
          inOwners
        )
        const served = Effect.flatMap(
          Effect.exit(this.inTime(keys[0]!, answers)),
          (exit) => load.refused === undefined ? exit : Effect.fail(load.refused)
        )
        return Effect.ensuring(restore(served), Effect.sync(() => keys.forEach(() => load.close())))
      })
    )
  }

  private lookUp<A>(
    keys: ReadonlyArray<string>,
    each: Each<V, A>,
    brought: KeyLookup<V> | undefined
  ): Effect.Effect<ReadonlyArray<A>, unknown> {
    const own = this.family.loads.loader!
    if (brought !== undefined) return this.lookUpEach(keys, each, brought, "getOr")
    const { lookup, lookupMany } = own
    return lookupMany !== undefined && (keys.length > 1 || lookup === undefined)
      ? this.lookUpAll(keys, each, lookupMany)
      : this.lookUpEach(keys, each, lookup, own.named ?? "lookup")
  }

  /** Asks one lookup for all keys. */
  private lookUpAll<A>(
    keys: ReadonlyArray<string>,
    each: Each<V, A>,
    lookupMany: NonNullable<Loader<V>["lookupMany"]>
  ): Effect.Effect<ReadonlyArray<A>, unknown> {
    const { name } = this.family
    const answers = Effect.flatMap(
      Defects.naming(
        Effect.suspend(() =>
          lookupMany(keys, keys.map((key) => this.contextOf(key))) as Effect.Effect<
            ReadonlyArray<V | Lookup.Result<V>>,
            unknown
          >
        ),
        (cause) => Defects.named(cause, "lookupMany", name)
      ),
      (answers) => {
        const wrong = miscounted(name, keys.length, answers)
        return wrong === undefined ? Effect.succeed(answers) : Effect.fail(wrong)
      }
    )
    return Effect.flatMap(
      Effect.exit(answers),
      (exit) => Effect.forEach(keys, (key, i) => each(Effect.flatMap(exit, (all) => this.servedOf(key, all[i]!))))
    )
  }

  /** Asks a lookup for each key, one after the other. */
  private lookUpEach<A>(
    keys: ReadonlyArray<string>,
    each: Each<V, A>,
    lookup: KeyLookup<V> | undefined,
    lookupName: string
  ): Effect.Effect<ReadonlyArray<A>, unknown> {
    return Effect.forEach(keys, (key) => {
      if (lookup === undefined) return each(Effect.fail(this.family.loads.absent(key, "no lookup")))
      const answer = Defects.naming(
        Effect.suspend(() => lookup(key, this.contextOf(key)) as Effect.Effect<V | Lookup.Result<V>, unknown>),
        (cause) => Defects.named(cause, lookupName, this.family.name, this.spec.show(key))
      )
      return each(Effect.flatMap(answer, (answer) => this.servedOf(key, answer)))
    })
  }

  private contextOf(key: string): Lookup.LookupContext<V> {
    return { key: this.spec.render(key), cause: "absent", previous: undefined }
  }

  private inTime<A>(key: string, work: Effect.Effect<A, unknown>): Effect.Effect<A, unknown> {
    const { hardTimeout: timeoutMillis } = this.spec.expiry
    if (timeoutMillis === undefined) return work
    const timeout = new LoadTimeout({ key: this.spec.show(key), timeoutMillis })
    return Effect.timeoutOrElse(work, {
      duration: timeoutMillis,
      orElse: () => Effect.fail(new CacheError({ reason: timeout }))
    })
  }

  private servedOf(key: string, answer: V | Lookup.Result<V>): Effect.Effect<Served<V>, unknown> {
    const loaded = (value: V, tags: ReadonlyArray<string> | undefined): Effect.Effect<Served<V>, unknown> => {
      const misfit = this.family.entries.judgement.misfitOfLoaded(key, value)
      return misfit === undefined
        ? Effect.succeed({ value, tier: "lookup", entry: undefined, tags, stale: false })
        : Effect.fail(misfit)
    }
    if (!Lookup.isAnswer(answer)) return loaded(answer, undefined)
    const none = (why: "no value" | "nothing to renew"): Effect.Effect<Served<V>, unknown> =>
      Effect.fail(this.family.loads.absent(key, why))
    return Lookup.match(answer as Lookup.Result<V>, {
      Loaded: ({ options, value }) => loaded(value, options.tags),
      NotModified: () => none("nothing to renew"),
      Absent: () => none("no value"),
      Failed: ({ error }) => Effect.fail(error)
    })
  }
}
