/**
 * A ledger in Redis: each question is one script, reads are one `MGET`, and news is read from the log itself.
 *
 * - A read asks for the head of its log beside the entries. An entry of another epoch than the head's counts as absent.
 *   If there is no head, or a look is needed to believe it, the look is done first: it begins an epoch where one is
 *   due.
 * - News comes by `XREAD BLOCK` on the log: nothing is published that could be lost, and catching up is the same
 *   command. It has a connection of its own, since it holds up what is sent after it.
 *
 * Not here: connections (`redisConnection.ts`), the scripts (`redisScripts.ts`), and what the keys hold
 * (`redisForm.ts`).
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import type { Redis } from "ioredis"
import type { Buffer } from "node:buffer"
import { type BytesPartition, bytesPartition, type Encoded } from "../../internal/ledger/bytesPartition.ts"
import type { Drops, Epoch, KeyName, PlacePartition, Position, Refusal } from "../../internal/ledger/ledger.ts"
import type {
  Answer,
  Asker,
  CommittedPut,
  LedgerPlace,
  LogRecord,
  Outcomes,
  Placed,
  Question
} from "../../internal/ledger/ledgerPlace.ts"
import { sameEpoch } from "../../internal/ledger/logView.ts"
import { keyEncoder, textBytes } from "../../internal/textBytes.ts"
import * as AnswerTime from "../../shared/answerTime.ts"
import type { StoreFamily } from "../../Store.ts"
import { type Operation, StoreError, TierFailed } from "../../StoreError.ts"
import * as RedisConnection from "./redisConnection.ts"
import { type Connect, tierName } from "./redisConnection.ts"
import {
  entryKey,
  keysOfBody,
  leaseKey,
  type LogKeys,
  logKeys,
  nameOf,
  readEntry,
  readHead,
  readHeader,
  readRecord,
  restOfBody,
  type StreamRow,
  writeBody,
  writeEntry,
  writePosition
} from "./redisForm.ts"
import { type ScriptName, sources } from "./redisScripts.ts"
import { endThere, ServerClock } from "./serverClock.ts"

export interface Options {
  readonly connect: Connect
  /** Names the keys: places with other names share nothing. */
  readonly cache: string
  readonly logs: number
  /** The log keeps at least so many records, and at most twice as many, unless their bytes are too many. */
  readonly recordsMax: number
  /** The log keeps so many bytes of records. */
  readonly bytesMax: number
  /** An answer has at most so many records. */
  readonly recordsPerAnswer: number
  /** Names what made the values. */
  readonly version?: string | number | undefined
  /** How long the server may take for an answer. */
  readonly answerMillis: number
}

/** A read of the log waits for news for so long; then it is sent again. */
const blockMillis = 5_000
/** News comes in parts of so many records. */
const newsMax = 1_000
/** After a failure of the connection, the log is read again after so long. */
const againMillis = 100

/** Opens a place until the Scope ends. */
export const make = (options: Options): Effect.Effect<LedgerPlace, StoreError, Scope.Scope> =>
  Effect.gen(function*() {
    const random = yield* Random.Random
    const connection = (waitMillis: number) =>
      RedisConnection.open(options.connect, () => random.nextDoubleUnsafe(), options.answerMillis, waitMillis)
    const commands = yield* connection(0)
    yield* RedisConnection.check(commands, options.answerMillis)
    for (const [name, lua] of sources) commands.defineCommand(commandOf(name), { lua })
    const news = yield* Effect.forEach(Array.from({ length: options.logs }), () => connection(blockMillis))
    const bits = () => Math.floor(random.nextDoubleUnsafe() * 2 ** 32)
    const place = new RedisPlace(options, commands, news, bits, new ServerClock(yield* Clock.Clock))
    const looked = Effect.forEach(
      news,
      (_, log) => place.ask(log, { writer: 0, position: undefined }, { _tag: "Look" }),
      { discard: true }
    )
    const fits = AnswerTime.timeoutOption(looked, options.answerMillis)
    yield* Effect.catch(Effect.asVoid(fits), ({ reason }) => {
      const refusal = reason instanceof TierFailed ? RedisConnection.refusalIn(reason.cause) : undefined
      return refusal === undefined ? Effect.void : Effect.fail(refusal)
    })
    return place
  })

const commandOf = (name: ScriptName): string => `effectStateless_${name}`

type Argument = string | number | Buffer

type Command = (keys: number, ...args: ReadonlyArray<ReadonlyArray<Argument>>) => Promise<unknown>

type Scripted = readonly [
  head: Buffer,
  records: ReadonlyArray<StreamRow>,
  outcome: ReadonlyArray<unknown>,
  millis: Buffer
]

class RedisPlace implements LedgerPlace {
  readonly name = tierName
  readonly logs: number
  private readonly options: Options
  private readonly commands: Redis
  private readonly news: ReadonlyArray<Redis>
  private readonly bits: () => number
  private readonly clock: ServerClock
  private readonly keys: ReadonlyArray<LogKeys>

  constructor(
    options: Options,
    commands: Redis,
    news: ReadonlyArray<Redis>,
    bits: () => number,
    clock: ServerClock
  ) {
    this.options = options
    this.logs = options.logs
    this.commands = commands
    this.news = news
    this.bits = bits
    this.clock = clock
    this.keys = Array.from({ length: options.logs }, (_, log) => logKeys(options.cache, log))
  }

  get aheadMillis(): number {
    return this.clock.ahead
  }

  readonly open = <V>(family: StoreFamily<V>): Effect.Effect<PlacePartition<V>, StoreError> =>
    bytesPartition(tierName, family, this.options.version)

  readonly ask = <Q extends Question>(
    log: number,
    asker: Asker,
    question: Q
  ): Effect.Effect<Answer<Q["_tag"]>, StoreError> =>
    this.answer(log, asker, question) as Effect.Effect<Answer<any>, StoreError> as Effect.Effect<
      Answer<Q["_tag"]>,
      StoreError
    >

  private answer(log: number, asker: Asker, question: Question): Effect.Effect<Answer<any>, StoreError> {
    switch (question._tag) {
      case "Read":
        return this.read(log, asker, question)
      case "Begin":
        return this.begin(log, asker, question)
      case "Put":
        return this.put(log, asker, question)
      case "Abandon":
        return this.abandon(log, asker, question)
      case "Commit":
        return this.commit(log, asker, question)
      case "Marks":
        return this.script(
          "loadMarks",
          "marks",
          log,
          asker,
          [],
          [],
          (fields) => marksOf(fields as ReadonlyArray<Buffer>)
        )
      case "Look":
        return this.look(log, asker)
    }
  }

  private look(log: number, asker: Asker): Effect.Effect<Answer<"Look">, StoreError> {
    return this.script("loadMarks", "look", log, asker, [], [], () => undefined)
  }

  private script<A>(
    operation: Operation,
    name: ScriptName,
    log: number,
    { position, writer }: Asker,
    keys: ReadonlyArray<string | Buffer>,
    args: ReadonlyArray<string | number | Buffer>,
    outcomeOf: (outcome: ReadonlyArray<unknown>) => A
  ): Effect.Effect<Answer<any> & { readonly outcome: A }, StoreError> {
    const { beat, control } = this.keys[log]!
    const all = [...control, beat, ...keys]
    const asker = position === undefined ? ["", "", ""] : writePosition(position).split("|")
    const bits = [this.bits(), this.bits(), this.bits(), this.bits()]
    const { bytesMax, recordsMax, recordsPerAnswer } = this.options
    return Effect.tryPromise({
      try: async () => {
        const command = Reflect.get(this.commands, `${commandOf(name)}Buffer`) as Command
        // In lists, because a call has room for some 100,000 arguments, and not for more.
        const given = [...asker, writer, ...bits, recordsPerAnswer, recordsMax, bytesMax]
        const sentAt = this.clock.now()
        const answer = await command.call(this.commands, all.length, all, given, args)
        const [head, rows, outcome, millis] = answer as Scripted
        this.clock.answered(sentAt, Number(millis.toString()))
        const records = rows.map((row) => readRecord(row).record)
        return { heading: readHead(head.toString())!, records, proves: true, outcome: outcomeOf(outcome) }
      },
      catch: failed(operation)
    })
  }

  // --- reads --------------------------------------------------------------------------------------

  private read(
    log: number,
    asker: Asker,
    question: Extract<Question, { readonly _tag: "Read" }>,
    isSettled = false
  ): Effect.Effect<Answer<"Read">, StoreError> {
    const { keys, partition } = question
    const logKeys = this.keys[log]!
    const asked = Effect.tryPromise({
      try: () => this.commands.mgetBuffer([logKeys.control[0]!, ...keys.map((key) => entryKey(logKeys, nameOf(key)))]),
      catch: failed("get")
    })
    return Effect.flatMap(asked, ([head, ...entries]): Effect.Effect<Answer<"Read">, StoreError> => {
      const heading = head ? readHead(head.toString()) : undefined
      if (heading === undefined || this.isStrange(heading.epoch, heading.head, asker)) {
        return Effect.flatMap(this.look(log, asker), (answer): Effect.Effect<Answer<"Read">, StoreError> => {
          if (isSettled) return Effect.succeed({ ...answer, outcome: keys.map(() => undefined) })
          // What was read before the epoch was settled says nothing: an entry there would count as absent.
          const { epoch, head } = answer.heading
          return this.read(log, { ...asker, position: { epoch, stamp: head } }, question, true)
        })
      }
      const decoded = Effect.forEach(
        entries,
        (bytes) => this.placed(heading.epoch, bytes ?? undefined, partition)
      )
      return Effect.map(decoded, (outcome) => ({ heading, records: [], proves: false, outcome }))
    })
  }

  /** Whether an asker knows more than the head says: then state was lost, and a script settles it. */
  private isStrange(epoch: Epoch, head: number, { position }: Asker): boolean {
    return position === undefined || !sameEpoch(position.epoch, epoch) || position.stamp > head
  }

  private placed(
    epoch: Epoch,
    bytes: Buffer | undefined,
    partition: PlacePartition<any> | undefined
  ): Effect.Effect<Placed | undefined, StoreError> {
    const read = bytes && readHeader(bytes)
    if (read === undefined || !sameEpoch(read.header.at.epoch, epoch)) return Effect.undefined
    const { header, length } = read
    if (partition === undefined) return Effect.succeed({ header, found: undefined })
    const kept = readEntry(bytes!, length, header.identity.version)
    if (kept === undefined) return Effect.undefined
    const { value } = kept
    const entry = this.clock.here(kept.entry)
    const decoded = (partition as BytesPartition<unknown>).codec.decode(value)
    // Bytes of another schema are absent: another release may read them.
    return Effect.map(
      Effect.option(decoded),
      Option.match({
        onNone: () => undefined,
        onSome: (value): Placed => ({ header, found: { entry: { ...entry, value }, tier: tierName } })
      })
    )
  }

  private begin(
    log: number,
    asker: Asker,
    { except, key, leaseMillis, partition }: Extract<Question, { readonly _tag: "Begin" }>
  ): Effect.Effect<Answer<"Begin">, StoreError> {
    const logKeys = this.keys[log]!
    const name = nameOf(key)
    const keys = [entryKey(logKeys, name), leaseKey(logKeys, name)]
    const asked = this.script(
      "get",
      "begin",
      log,
      asker,
      keys,
      [leaseMillis ?? 0, except ?? ""],
      (outcome) => outcome as readonly [what: Buffer, detail: Buffer]
    )
    return Effect.flatMap(asked, (answer) => {
      const [what, detail] = answer.outcome
      const decided: Effect.Effect<Outcomes["Begin"], StoreError> = what.toString() === "found"
        ? Effect.map(
          this.placed(answer.heading.epoch, detail, partition),
          (placed): Outcomes["Begin"] =>
            placed === undefined ? { _tag: "Yours", lease: undefined } : { _tag: "Found", placed }
        )
        : Effect.succeed(
          what.toString() === "theirs"
            ? { _tag: "Theirs", millis: Number(detail.toString()) }
            : { _tag: "Yours", lease: detail.length === 0 ? undefined : detail.toString() }
        )
      return Effect.map(decided, (outcome) => ({ ...answer, outcome }))
    })
  }

  // --- changes ------------------------------------------------------------------------------------

  private put(
    log: number,
    asker: Asker,
    { drops = noDrops, lease, put }: Extract<Question, { readonly _tag: "Put" }>
  ): Effect.Effect<Answer<"Put">, StoreError> {
    const logKeys = this.keys[log]!
    const key: KeyName = [put.partition.family.name, put.prepared.key]
    const name = nameOf(key)
    const keys = [entryKey(logKeys, name), leaseKey(logKeys, name), ...this.droppedKeys(log, drops.keys)]
    const named = { keys: [key, ...drops.keys], scopes: drops.scopes }
    const args = [
      textBytes(name),
      lease ?? "",
      lease === undefined ? "0" : lease.slice(lease.lastIndexOf(".") + 1),
      ...this.putArgs(put),
      writeBody(named, [], undefined),
      writeBody(named, [key], undefined),
      writeBody(noDrops, [key], undefined),
      drops.keys.length,
      drops.scopes.length,
      ...namesAndScopes(drops)
    ]
    return this.script("set", "put", log, asker, keys, args, ([kept]) => (kept as Buffer).toString() as Outcomes["Put"])
  }

  private putArgs(
    { at, identity, prepared: { entry, prepared } }: CommittedPut
  ): ReadonlyArray<string | number | Buffer> {
    const timed = this.clock.there(entry)
    return [
      ...positionArgs(at),
      identity.version,
      identity.writer,
      endThere(timed) ?? "",
      writeEntry(timed, (prepared as Encoded<unknown>).value)
    ]
  }

  private abandon(
    log: number,
    asker: Asker,
    { key, lease }: Extract<Question, { readonly _tag: "Abandon" }>
  ): Effect.Effect<Answer<"Abandon">, StoreError> {
    const keys = [leaseKey(this.keys[log]!, nameOf(key))]
    const args = [lease, writeBody(noDrops, [key], undefined)]
    return this.script("remove", "abandon", log, asker, keys, args, () => undefined)
  }

  private commit(
    log: number,
    asker: Asker,
    { after, drops, guards, isInOrder, puts }: Extract<Question, { readonly _tag: "Commit" }>
  ): Effect.Effect<Answer<"Commit">, StoreError> {
    const logKeys = this.keys[log]!
    const keys: Array<Buffer> = []
    const args: Array<string | number | Buffer> = [restOfBody(drops.scopes, after), isInOrder ? "1" : "0"]
    const known = new Map<string, KeyName>()
    const add = (dropped: ReadonlyArray<KeyName>, all: ReadonlyArray<CommittedPut>): void => {
      const names = [...dropped, ...all.map(keyOf)]
      keys.push(...this.droppedKeys(log, names))
      args.push(keysOfBody(names), names.length, ...names.map((key) => textBytes(nameOf(key))), all.length)
      for (const put of all) {
        const key = keyOf(put)
        const name = textBytes(nameOf(key))
        known.set(name.toString("latin1"), key)
        keys.push(entryKey(logKeys, nameOf(key)))
        args.push(name, ...this.putArgs(put))
      }
    }
    args.push(guards.length)
    for (const guard of guards) {
      args.push(guard.conditions.length)
      for (const { at, key, orAbsent, since, version } of guard.conditions) {
        const name = nameOf(key)
        keys.push(entryKey(logKeys, name))
        args.push(textBytes(name), version ?? "", ...positionArgs(at), orAbsent ? "1" : "0", since)
      }
      add(guard.keys, guard.puts)
    }
    add(drops.keys, puts)
    args.push(drops.scopes.length, ...drops.scopes.map((scope) => textBytes(scopeStart + scope)))
    return this.script(
      "write",
      "commit",
      log,
      asker,
      keys,
      args,
      ([stamp, overtaken, refused, full]): Outcomes["Commit"] => {
        const at = (stamp as Buffer).toString()
        return {
          stamp: at === late ? undefined : Number(at),
          isLate: at === late,
          isFull: full === isFull,
          overtaken: (overtaken as ReadonlyArray<Buffer>).map((name) => known.get(name.toString("latin1"))!),
          refused: (refused as ReadonlyArray<number | ReadonlyArray<Buffer>>).map(refusalIn)
        }
      }
    )
  }

  private droppedKeys(log: number, keys: ReadonlyArray<KeyName>): ReadonlyArray<Buffer> {
    const logKeys = this.keys[log]!
    return keys.flatMap((key) => {
      const name = nameOf(key)
      return [entryKey(logKeys, name), leaseKey(logKeys, name)]
    })
  }

  // --- news ---------------------------------------------------------------------------------------

  readonly listen = (
    log: number,
    hear: (epoch: Epoch, records: ReadonlyArray<LogRecord>) => void,
    look: () => void
  ): Effect.Effect<void, never, Scope.Scope> => {
    const redis = this.news[log]!
    const stream = this.keys[log]!.control[1]!
    let last: string | undefined
    // Records may have come between the first answer and this.
    let isWhole = false
    const next = Effect.tryPromise({
      try: async () => {
        // What was there before is read by questions.
        last ??= (await redis.xrevrange(stream, "+", "-", "COUNT", 1))[0]?.[0] ?? "0-0"
        if (!isWhole) look()
        isWhole = true
        const read = await redis.xreadBuffer("COUNT", newsMax, "BLOCK", blockMillis, "STREAMS", stream, last)
        if (read === null) return look()
        for (const row of read[0]![1] as unknown as ReadonlyArray<StreamRow>) {
          const { epoch, record } = readRecord(row)
          last = row[0].toString()
          hear(epoch, [record])
        }
      },
      catch: failed("loadMarks")
    })
    const again = Effect.catch(next, () =>
      Effect.suspend(() => {
        isWhole = false
        return Effect.sleep(againMillis)
      }))
    return Effect.asVoid(Effect.forkScoped(Effect.forever(again)))
  }
}

const noDrops: Drops = { keys: [], scopes: [] }

/** Sets scopes apart from the field that holds the stamp of the last mark. */
const scopeStart = "s"

const namesAndScopes = ({ keys, scopes }: Drops): ReadonlyArray<Buffer> => [
  ...keys.map((key) => textBytes(nameOf(key))),
  ...scopes.map((scope) => textBytes(scopeStart + scope))
]

const textOf = (bytes: Buffer): string => keyEncoder.readKey(bytes, 0, bytes.length)

const marksOf = (fields: ReadonlyArray<Buffer>): Outcomes["Marks"] => {
  const marks: Array<Outcomes["Marks"][number]> = []
  for (let at = 0; at < fields.length; at += 2) {
    const field = textOf(fields[at]!)
    if (!field.startsWith(scopeStart)) continue
    marks.push({ scope: field.slice(scopeStart.length), stamp: Number(fields[at + 1]!.toString()) })
  }
  return marks
}

/** What a commit that comes too late answers in place of a stamp. */
const late = "late"

const positionArgs = (at: Position | undefined): ReadonlyArray<number | string> =>
  at === undefined ? ["", "", ""] : [at.epoch.number, at.epoch.nonce, at.stamp]

const keyOf = ({ partition, prepared }: CommittedPut): KeyName => [partition.family.name, prepared.key]

/** How a script says that there is no room for values. */
const isFull = 1

/** Why a guard was refused. What there is of a condition is `0` or `1`, as it holds, and the version. */
const refusalIn = (answer: number | ReadonlyArray<Buffer>): Refusal | undefined =>
  typeof answer === "number" ? answer === isFull ? "full" : undefined : answer.map((bytes) => {
    const met = bytes.toString()
    return { holds: met.startsWith("1"), version: met.length === 1 ? undefined : Number(met.slice(1)) }
  })

const failed = (operation: Operation) => (cause: unknown): StoreError =>
  new StoreError({ reason: new TierFailed({ tier: tierName, operation, cause }) })
