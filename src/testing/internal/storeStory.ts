/**
 * Random stories about a store, compared step by step with a plain map.
 *
 * A story is data: a list of steps, made from its seed before anything runs. If a story differs from the model, steps
 * are left out as long as it still differs, and the shortest story is reported.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as Codec from "../../store/Codec.ts"
import type { Entry } from "../../store/Entry.ts"
import { type Mark, type Partition, Store } from "../../store/Store.ts"
import { PromiseBroken } from "../PromiseBroken.ts"
import { show } from "./shown.ts"

const stepsMax = 40
const shorteningsMax = 200
const familyNames = ["a", "b"] as const
const keyNames = ["0", "1", "2", "3", "4"] as const

type Name = typeof familyNames[number]

/** An entry that a step writes: its text, and its lifetime in milliseconds. */
interface Written {
  readonly key: string
  readonly text: string
  readonly lifetimeMillis: number
}

type Step =
  | { readonly do: "get" | "remove"; readonly family: Name; readonly keys: ReadonlyArray<string> }
  | { readonly do: "set" | "setMany" | "setAtOnce"; readonly family: Name; readonly written: ReadonlyArray<Written> }
  | { readonly do: "setThenRemove" | "removeThenSet"; readonly family: Name; readonly written: Written }
  | { readonly do: "clear" | "entries" | "pages"; readonly family: Name }
  | { readonly do: "advance"; readonly millis: number }
  | { readonly do: "recordMarks" | "removeMarks"; readonly marks: ReadonlyArray<Mark> }
  | { readonly do: "loadMarks" }

/** Runs the stories, each on a store of its own. */
export const compare = <E>(
  layer: Layer.Layer<Store, E>,
  options: { readonly stories: number; readonly seed: number }
): Effect.Effect<void, unknown, Scope.Scope> =>
  Effect.gen(function*() {
    for (let seed = options.seed; seed < options.seed + options.stories; seed++) {
      const story = yield* Random.withSeed(makeStory, seed)
      const what = yield* tell(layer, story)
      if (what !== undefined) {
        const shortest = yield* shorten(layer, story, what)
        return yield* Effect.fail(new PromiseBroken({ what: told(seed, shortest.story, shortest.what) }))
      }
    }
  })

const told = (seed: number, story: ReadonlyArray<Step>, what: string): string =>
  `story ${seed} (repeat it with { seed: ${seed}, stories: 1 }):\n${
    story.map((step) => `  ${describe(step)}\n`).join("")
  }  then ${what}`

const shorten = <E>(layer: Layer.Layer<Store, E>, story: ReadonlyArray<Step>, what: string) =>
  Effect.gen(function*() {
    let shortest = { story, what }
    let tries = 0
    for (let at = story.length - 1; at >= 0 && tries < shorteningsMax; at--, tries++) {
      const shorter = shortest.story.toSpliced(at, 1)
      const differs = yield* tell(layer, shorter)
      if (differs !== undefined) shortest = { story: shorter, what: differs }
    }
    return shortest
  })

const describe = (step: Step): string => {
  switch (step.do) {
    case "get":
    case "remove":
      return `${step.do} ${step.family} ${step.keys.join(", ")}`
    case "set":
    case "setMany":
    case "setAtOnce":
      return `${step.do} ${step.family} ${step.written.map(describeWritten).join(", ")}`
    case "setThenRemove":
    case "removeThenSet":
      return `${step.do} ${step.family} ${describeWritten(step.written)}`
    case "clear":
    case "entries":
    case "pages":
      return `${step.do} ${step.family}`
    case "advance":
      return `advance the clock by ${step.millis} ms`
    case "recordMarks":
    case "removeMarks":
      return `${step.do} ${step.marks.map((mark) => `${mark.scope} = ${mark.stamp}`).join(", ")}`
    case "loadMarks":
      return step.do
  }
}

const describeWritten = ({ key, lifetimeMillis, text }: Written): string => `${key} = ${text} for ${lifetimeMillis} ms`

// Making

const pick = <A>(choices: ReadonlyArray<A>) =>
  Effect.map(Random.nextIntBetween(0, choices.length, { halfOpen: true }), (at) => choices[at]!)

const makeStory = Effect.gen(function*() {
  const story: Array<Step> = []
  for (let at = 0; at < stepsMax; at++) story.push(yield* makeStep(at))
  return story
})

const makeWritten = (text: string) =>
  Effect.gen(function*() {
    return {
      key: yield* pick(keyNames),
      text,
      lifetimeMillis: yield* pick([1, 5, 20, 2_000, Number.POSITIVE_INFINITY])
    }
  })

const makeStep = (at: number) =>
  Effect.gen(function*() {
    const family = yield* pick(familyNames)
    const kinds: ReadonlyArray<Step["do"]> = [
      ...Array.from<"get">({ length: 4 }).fill("get"),
      ...Array.from<"set">({ length: 4 }).fill("set"),
      ...["setMany", "setAtOnce", "setThenRemove", "removeThenSet", "remove", "remove", "clear"] as const,
      ...["entries", "pages", "advance", "advance", "recordMarks", "recordMarks", "removeMarks", "loadMarks"] as const
    ]
    const kind = yield* pick(kinds)
    switch (kind) {
      case "get":
      case "remove":
        return { do: kind, family, keys: [yield* pick(keyNames), yield* pick(keyNames)] } satisfies Step
      case "set":
        return { do: kind, family, written: [yield* makeWritten(`v${at}`)] } satisfies Step
      case "setMany":
      case "setAtOnce": {
        const written = [yield* makeWritten(`v${at}x`), yield* makeWritten(`v${at}y`), yield* makeWritten(`v${at}z`)]
        return { do: kind, family, written } satisfies Step
      }
      case "setThenRemove":
      case "removeThenSet":
        return { do: kind, family, written: yield* makeWritten(`v${at}`) } satisfies Step
      case "clear":
      case "entries":
      case "pages":
        return { do: kind, family } satisfies Step
      case "advance":
        return { do: kind, millis: yield* pick([1, 5, 30, 1_000, 10_000]) } satisfies Step
      case "recordMarks":
      case "removeMarks": {
        const mark = { scope: yield* pick(["s", "t"]), stamp: yield* Random.nextIntBetween(1, 10) }
        return { do: kind, marks: [mark] } satisfies Step
      }
      case "loadMarks":
        return { do: kind } satisfies Step
    }
  })

// Telling

const tell = <E>(
  layer: Layer.Layer<Store, E>,
  story: ReadonlyArray<Step>
): Effect.Effect<string | undefined, unknown> =>
  Effect.scoped(Effect.gen(function*() {
    const context = yield* Layer.build(Layer.fresh(layer))
    return yield* Effect.provide(follow(story), context)
  }))

// The bytes spell the text, so the test sees bytes of a value that have changed.
const Value = Schema.Struct({ text: Schema.String, bytes: Schema.Uint8Array })

type Value = typeof Value.Type

const spell = (text: string): Value => ({ text, bytes: new TextEncoder().encode(text) })

const textOf = ({ bytes, text }: Value): string => {
  const spelt = new TextDecoder().decode(bytes)
  return spelt === text ? text : `${text}, with the bytes of ${JSON.stringify(spelt)}`
}

interface World {
  readonly store: Store["Service"]
  readonly partitions: Record<Name, Partition<Value>>
  /** All values that were read. None of them may change later. */
  readonly seen: Array<Value>
  readonly model: Record<Name, Map<string, Entry<string>>>
  readonly marks: Map<string, number>
}

const follow = (story: ReadonlyArray<Step>) =>
  Effect.gen(function*() {
    const store = yield* Store
    const open = (name: Name) =>
      store.open<Value>({
        name,
        render: (key) => `${name}:${key}`,
        parse: (rendered) => rendered.startsWith(`${name}:`) ? rendered.slice(name.length + 1) : undefined,
        codec: Codec.schema(Value),
        weigher: undefined,
        onEvict: undefined
      })
    const world: World = {
      store,
      partitions: { a: yield* open("a"), b: yield* open("b") },
      seen: [],
      model: { a: new Map(), b: new Map() },
      marks: new Map()
    }
    for (const step of story) {
      const what = yield* take(world, step)
      if (what !== undefined) return what
    }
    // At the end, all entries are compared as well.
    const what = (yield* compareEntries(world, "a")) ?? (yield* compareEntries(world, "b"))
    const changed = world.seen.find((value) => textOf(value) !== value.text)
    return what ?? (changed === undefined ? undefined : `a value that was read has become ${textOf(changed)}`)
  })

const take = (world: World, step: Step) =>
  Effect.gen(function*() {
    switch (step.do) {
      case "get":
        return yield* compareKeys(world, step.family, step.keys)
      case "remove":
        yield* world.partitions[step.family].remove(step.keys)
        for (const key of step.keys) world.model[step.family].delete(key)
        return yield* compareKeys(world, step.family, step.keys)
      case "set":
      case "setMany":
      case "setAtOnce":
        return yield* write(world, step.do, step.family, step.written)
      case "setThenRemove":
      case "removeThenSet":
        return yield* overtake(world, step.do, step.family, step.written)
      case "clear":
        yield* world.partitions[step.family].clear
        world.model[step.family].clear()
        return undefined
      case "entries":
        return yield* compareEntries(world, step.family)
      case "pages":
        return yield* comparePages(world, step.family)
      case "advance":
        yield* TestClock.adjust(step.millis)
        return undefined
      case "recordMarks":
        yield* world.store.recordMarks(step.marks)
        for (const { scope, stamp } of step.marks) {
          world.marks.set(scope, Math.max(stamp, world.marks.get(scope) ?? stamp))
        }
        return undefined
      case "removeMarks":
        yield* world.store.removeMarks(step.marks)
        for (const { scope, stamp } of step.marks) if (world.marks.get(scope) === stamp) world.marks.delete(scope)
        return undefined
      case "loadMarks": {
        const { marks } = yield* world.store.loadMarks
        return differs("the marks", new Map(marks.map(({ scope, stamp }) => [scope, stamp])), new Map(world.marks))
      }
    }
  })

const entryOf = ({ lifetimeMillis, text }: Written, nowMillis: number): Entry<string> => ({
  value: text,
  stamp: nowMillis,
  version: nowMillis * 1_000,
  freshUntil: nowMillis + lifetimeMillis,
  expiresAt: nowMillis + lifetimeMillis,
  costMillis: 0,
  tags: [text],
  revision: text
})

const spelt = (entry: Entry<string>): Entry<Value> => ({ ...entry, value: spell(entry.value) })

/** An entry in the form of the model. From now on, its value is checked for changes. */
const plain = (world: World, entry: Entry<Value> | undefined): Entry<string> | undefined => {
  if (entry === undefined) return undefined
  world.seen.push(entry.value)
  return { ...entry, value: textOf(entry.value) }
}

const write = (world: World, how: "set" | "setMany" | "setAtOnce", name: Name, written: ReadonlyArray<Written>) =>
  Effect.gen(function*() {
    const partition = world.partitions[name]
    const now = yield* Clock.currentTimeMillis
    const entries = written.map((one) => [one.key, entryOf(one, now)] as const)
    if (how === "setMany") yield* partition.setMany(entries.map(([key, entry]) => [key, spelt(entry)] as const))
    else {
      yield* Effect.forEach(entries, ([key, entry]) => partition.set(key, spelt(entry)), {
        concurrency: how === "set" ? 1 : "unbounded",
        discard: true
      })
    }
    for (const [key, entry] of entries) world.model[name].set(key, entry)
    if (how !== "setAtOnce") return yield* compareKeys(world, name, written.map(({ key }) => key))
    // Any of the writes that ran at once may have been the last one. From here on, the model uses the value found.
    for (const { key } of written) {
      const found = plain(world, (yield* partition.get(key))?.entry)
      const one = entries.find(([other, entry]) => other === key && Equal.equals(entry, found))
      if (one === undefined) return `${name} ${key} is ${show(found)}, and not one of the entries that were set at once`
      world.model[name].set(key, one[1])
    }
    return undefined
  })

const overtake = (world: World, how: "setThenRemove" | "removeThenSet", name: Name, written: Written) =>
  Effect.gen(function*() {
    const partition = world.partitions[name]
    const entry = entryOf(written, yield* Clock.currentTimeMillis)
    const set = partition.set(written.key, spelt(entry))
    const remove = partition.remove([written.key])
    const [first, second] = how === "setThenRemove" ? [set, remove] : [remove, set]
    // Both operations are called in this order, the second one before the first one has returned.
    yield* Effect.all([first, second], { concurrency: "unbounded", discard: true })
    if (how === "setThenRemove") world.model[name].delete(written.key)
    else world.model[name].set(written.key, entry)
    return yield* compareKeys(world, name, [written.key])
  })

const alive = (world: World, name: Name) =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    const entries = new Map(world.model[name])
    for (const [key, entry] of entries) if (entry.expiresAt <= now) entries.delete(key)
    return entries
  })

const compareKeys = (world: World, name: Name, keys: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const partition = world.partitions[name]
    const expected = yield* alive(world, name)
    const many = yield* partition.getMany(keys)
    for (const [at, key] of keys.entries()) {
      const one = yield* partition.get(key)
      const what = differs(`get ${name} ${key}`, plain(world, one?.entry), expected.get(key)) ??
        differs(`getMany ${name} ${key}`, plain(world, many[at]?.entry), expected.get(key))
      if (what !== undefined) return what
    }
    return undefined
  })

const compareEntries = (world: World, name: Name) =>
  Effect.gen(function*() {
    const found = yield* Stream.runCollect(world.partitions[name].entries)
    const expected = yield* alive(world, name)
    if (found.length !== new Set(found.map(([key]) => key)).size) return `entries ${name} gives a key twice`
    const entries = found.map(([key, entry]) => [key, plain(world, entry)] as const)
    return differs(`entries ${name}`, new Map(entries), expected)
  })

const comparePages = (world: World, name: Name) =>
  Effect.gen(function*() {
    const partition = world.partitions[name]
    if (partition.page === undefined) return undefined
    const found = new Map<string, Entry<string> | undefined>()
    let after: string | undefined
    do {
      const page = yield* partition.page(after, 2)
      for (const [key, entry] of page.entries) found.set(key, plain(world, entry))
      for (const key of page.keys ?? []) {
        const entry = plain(world, (yield* partition.get(key))?.entry)
        if (entry !== undefined) found.set(key, entry)
      }
      after = page.next
    } while (after !== undefined)
    return differs(`pages ${name}`, found, yield* alive(world, name))
  })

// `Equal` remembers hashes, so its arguments must not change later.
const differs = (what: string, found: unknown, expected: unknown): string | undefined =>
  Equal.equals(found, expected) ? undefined : `${what} is ${show(found)} and should be ${show(expected)}`
