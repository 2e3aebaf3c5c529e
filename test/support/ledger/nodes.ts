/**
 * A small engine over a ledger, and the world in which several of them run: the source, what was committed, and the
 * laws that each read must keep.
 *
 * The engine is the shortest one that keeps the rules of the model (`support/ledgerModel`): memory, loads under way,
 * the marks of the log, and what is owed. A value is the number of the row that it was made from, so an older value is
 * a smaller number. Of each number `n` there is a key `s<n>` that is made from a row, and a key `d<n>` that is made
 * from `s<n>` and may be in another log. The put of a load that a change has overtaken is sent, too: the ledger must
 * refuse it.
 *
 * - *own*: a read returns nothing older than what this engine has written before.
 * - *strict*: a read that first looks to the end of the log returns nothing older than what was committed before.
 * - *ends*: when faults have stopped, each engine returns the newest row of each key.
 */
import * as Codec from "effect-stateless/store/Codec"
import type { Entry } from "effect-stateless/store/Entry"
import type { StoreError } from "effect-stateless/store/StoreError"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type {
  Commit,
  KeyName,
  Ledger,
  News,
  Position,
  SharedPartition
} from "../../../src/store/internal/ledger/ledger.ts"
import { sameEpoch } from "../../../src/store/internal/ledger/logView.ts"
import { entryOf, familyOf } from "../partition.ts"
import { below, chance, rest } from "../simulate.ts"

export class LawBroken extends Error {}

/** The rows, and what every reader must see of them. */
export class World {
  readonly rows: Array<number>
  /** The newest row of each number that some commit was answered for. */
  readonly committed: Array<number>
  private row = 0

  constructor(numbers: number) {
    this.rows = Array.from({ length: numbers }, () => 0)
    this.committed = Array.from({ length: numbers }, () => 0)
  }

  write(number: number): number {
    return this.rows[number] = ++this.row
  }
}

interface Flight {
  isVoided: boolean
}

interface Owed {
  readonly keys: ReadonlySet<string>
  readonly isAll: boolean
}

const textOf = ([family, key]: KeyName): string => `${family}/${key}`

const everything = "all"

export class Node {
  readonly name: string
  readonly ledger: Ledger
  private readonly world: World
  private readonly partition: SharedPartition<number>
  private readonly memory = new Map<string, number>()
  private readonly flights = new Map<string, Set<Flight>>()
  private readonly owed = new Set<Owed>()
  /** The stamp of the last mark of each log. */
  private readonly marks: Array<number>
  private readonly own: Array<number>
  private versions = 0
  private readonly writer: number

  constructor(name: string, ledger: Ledger, partition: SharedPartition<number>, world: World, writer: number) {
    this.name = name
    this.ledger = ledger
    this.world = world
    this.partition = partition
    this.writer = writer
    this.marks = Array.from({ length: ledger.logs }, () => 0)
    this.own = world.rows.map(() => 0)
  }

  static start(
    name: string,
    ledger: Ledger,
    world: World,
    writer: number
  ): Effect.Effect<Node, StoreError, Scope.Scope> {
    return Effect.gen(function*() {
      const partition = yield* ledger.open(familyOf<number>("rows", { codec: Codec.schema(Schema.Number) }))
      const node = new Node(name, ledger, partition, world, writer)
      yield* ledger.follow((news) => node.hear(news))
      return node
    })
  }

  private readonly hear = (news: News): void => {
    switch (news._tag) {
      case "Known":
        for (const key of this.keysOf(news.log)) this.drop(key)
        this.marks[news.log] = Math.max(0, ...news.marks.map(({ stamp }) => stamp))
        return
      case "Unknown":
        for (const key of this.keysOf(news.log)) this.drop(key)
        return
      case "Dropped": {
        const { drops, isOwn, log, position } = news
        if (drops.scopes.length > 0) this.marks[log] = position.stamp
        if (isOwn) return
        for (const key of drops.scopes.length > 0 ? this.keysOf(log) : drops.keys.map(textOf)) this.drop(key)
        return
      }
      case "Moved":
        return
    }
  }

  private keysOf(log: number): ReadonlyArray<string> {
    const known = [...this.memory.keys(), ...this.flights.keys()]
    return known.filter((key) => this.ledger.logOf("rows", key.slice("rows/".length)) === log)
  }

  private drop(key: string): void {
    this.memory.delete(key)
    for (const flight of this.flights.get(key) ?? []) flight.isVoided = true
  }

  private covers(key: string): boolean {
    for (const { isAll, keys } of this.owed) if (isAll || keys.has(key)) return true
    return false
  }

  /** Reads a key; a strict reader looks to the end of the log first. */
  read(key: string, isStrict: boolean): Effect.Effect<number, StoreError | LawBroken> {
    return Effect.gen({ self: this }, function*() {
      const number = Number(key.slice(1))
      const own = this.own[number]!
      const committed = this.world.committed[number]!
      if (isStrict) yield* this.ledger.catchUp()
      const value = yield* this.value(key)
      if (value < own) return yield* broken(`own: ${this.name} read ${value} of ${key}, and has written ${own}`)
      if (isStrict && value < committed) {
        return yield* broken(`strict: ${this.name} read ${value} of ${key}, and ${committed} was committed`)
      }
      return value
    })
  }

  private value(key: string): Effect.Effect<number, StoreError | LawBroken> {
    return Effect.suspend(() => {
      const held = this.memory.get(`rows/${key}`)
      return held === undefined ? this.load(key) : Effect.succeed(held)
    })
  }

  private load(key: string): Effect.Effect<number, StoreError | LawBroken> {
    return Effect.gen({ self: this }, function*() {
      const text = `rows/${key}`
      const flight: Flight = { isVoided: false }
      const flights = this.flights.get(text) ?? new Set()
      this.flights.set(text, flights.add(flight))
      try {
        const log = this.ledger.logOf("rows", key)
        let lease: string | undefined
        if (!this.covers(text)) {
          const asked = yield* Effect.option(this.partition.begin(key, (yield* chance(0.5)) ? 1_000 : undefined))
          const begun = asked._tag === "Some" ? asked.value : undefined
          if (begun?._tag === "Found" && !this.covers(text) && this.passes(log, begun.header.at)) {
            const { value } = begun.found.entry
            if (!flight.isVoided) this.memory.set(text, value)
            return value
          }
          if (begun?._tag === "Yours") lease = begun.lease
        }
        const at = this.ledger.position(log)
        flight.isVoided = false
        const value = yield* this.lookup(key)
        if (!flight.isVoided && !this.covers(text)) this.memory.set(text, value)
        if (at !== undefined) yield* this.put(key, value, at, lease)
        return value
      } finally {
        flights.delete(flight)
      }
    })
  }

  private passes(log: number, at: Position): boolean {
    const position = this.ledger.position(log)
    return position !== undefined && sameEpoch(position.epoch, at.epoch) && at.stamp >= this.marks[log]!
  }

  private lookup(key: string): Effect.Effect<number, StoreError | LawBroken> {
    return Effect.gen({ self: this }, function*() {
      yield* rest(30)
      const value = key[0] === "s" ? this.world.rows[Number(key.slice(1))]! : yield* this.value(`s${key.slice(1)}`)
      yield* rest(30)
      return value
    })
  }

  private put(key: string, value: number, at: Position, lease: string | undefined): Effect.Effect<void, never> {
    const entry = this.entryOf(value)
    const sent = Effect.flatMap(
      this.partition.prepare(key, entry),
      (prepared) => this.partition.put({ key, entry, prepared, at, identity: this.identityOf(entry) }, { lease })
    )
    return Effect.ignore(sent)
  }

  private entryOf(value: number): Entry<number> {
    return entryOf(value, { version: ++this.versions })
  }

  private identityOf({ version }: Entry<number>) {
    return { version, writer: this.writer }
  }

  /** Writes a row, and commits the change until it is known to be done. */
  write(number: number): Effect.Effect<void, StoreError> {
    return Effect.gen({ self: this }, function*() {
      const s = `s${number}`
      const log = this.ledger.logOf("rows", s)
      const at = this.ledger.position(log)
      yield* rest(20)
      const row = this.world.write(number)
      yield* rest(20)
      const isMark = yield* chance(0.3)
      const isSet = !isMark && at !== undefined && (yield* chance(0.5))
      const names = [s, `d${number}`].map((key): KeyName => ["rows", key])
      const owed: Owed = { keys: new Set(isMark ? [] : names.map(textOf)), isAll: isMark }
      this.owed.add(owed)
      for (const key of isMark ? this.known : names.map(textOf)) this.drop(key)
      this.own[number] = Math.max(this.own[number]!, row)
      const entry = this.entryOf(row)
      const prepared = yield* this.partition.prepare(s, entry)
      const put = { partition: this.partition, key: s, entry, prepared, identity: this.identityOf(entry) }
      const puts = isSet ? [{ ...put, at: at! }] : []
      const others = isMark
        ? Array.from({ length: this.ledger.logs }, (_, of) => of)
        : names.map(([, key]) => this.ledger.logOf("rows", key))
      let after: Commit["after"]
      for (const of of new Set([log, ...others])) {
        const keys = isMark ? [] : names.filter(([, key]) => this.ledger.logOf("rows", key) === of)
        const { position } = yield* this.untilDone(of, {
          drops: { keys, scopes: isMark ? [everything] : [] },
          puts: of === log ? puts : [],
          guards: [],
          isInOrder: false,
          after
        })
        if (of === log) after = { log, position }
      }
      this.owed.delete(owed)
      this.world.committed[number] = Math.max(this.world.committed[number]!, row)
    })
  }

  private get known(): ReadonlyArray<string> {
    return [...this.memory.keys(), ...this.flights.keys()]
  }

  // An outcome that is unknown is repeated as drops alone.
  private untilDone(log: number, commit: Commit): Effect.Effect<{ readonly position: Position }, never> {
    return Effect.catch(
      this.ledger.commit(log, commit),
      () => Effect.flatMap(rest(50), () => this.untilDone(log, { ...commit, puts: [] }))
    )
  }

  /** Some reads and writes, with pauses. */
  live(steps: number): Effect.Effect<void, LawBroken> {
    return Effect.gen({ self: this }, function*() {
      for (let step = 0; step < steps; step++) {
        yield* rest(60)
        const number = yield* below(this.world.rows.length)
        const isWrite = yield* chance(0.3)
        const key = `${(yield* chance(0.5)) ? "s" : "d"}${number}`
        const isStrict = yield* chance(0.5)
        const done = isWrite ? this.write(number) : this.read(key, isStrict)
        yield* Effect.catch(
          Effect.asVoid(done),
          (error): Effect.Effect<void, LawBroken> => error instanceof LawBroken ? Effect.fail(error) : Effect.void
        )
      }
    })
  }

  /** When all has ended: each key has its newest row. */
  audit(): Effect.Effect<void, StoreError | LawBroken> {
    return Effect.gen({ self: this }, function*() {
      yield* this.ledger.catchUp()
      for (const [number, row] of this.world.rows.entries()) {
        for (const key of [`s${number}`, `d${number}`]) {
          const value = yield* this.read(key, true)
          if (value !== row) yield* broken(`ends: ${this.name} has ${value} of ${key}, and ${row} is right`)
        }
      }
      if (this.owed.size > 0) yield* broken(`ends: ${this.name} still owes`)
    })
  }
}

const broken = (what: string): Effect.Effect<never, LawBroken> => Effect.fail(new LawBroken(what))
