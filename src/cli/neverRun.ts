/**
 * Finds operations that nothing runs, such as `user.set(...)` as a statement of its own, after `await` or `void`, or as
 * a condition. An operation is an Effect, and an Effect that is not yielded, returned or run does nothing. TypeScript
 * accepts an expression whose value is not used, and any value as a condition, so this reads the text.
 *
 * - It finds calls through an accessor, through a reader or writer that was yielded into a name, calls of the manifest
 *   itself (`batch`, `invalidate`, `set` ...), and calls of a `const` function that returns such a call. The name must
 *   be proved to mean one of these (see `meaning.ts`).
 * - It ignores a call whose value may be used: by a variable, an argument, `return`, or a `pipe` that may run it. It
 *   also ignores a call if the text does not show whether its value is used.
 *
 * Not here: other Effects. `@effect/language-service`, a plugin of editors, reports all Effects that nothing runs.
 */
import * as RightFindings from "../diagnostic/types/rightFindings.ts"
import { type Call, firstOfArrow, type Given, givenAnswer, givenFrom } from "./answers.ts"
import { holdsMembers } from "./fields.ts"
import { type Finding, say } from "./findings.ts"
import { type Meanings, type Source, stepAt } from "./meaning.ts"
import { afterCast } from "./scopes.ts"
import { placesIn } from "./source.ts"
import * as Statements from "./statements.ts"
import { endsValue, type Token } from "./tokens.ts"

const { words } = Statements

/** Finds the operations in a file that nothing runs. */
export const neverRunIn = (meanings: Meanings, file: string): ReadonlyArray<Finding> => {
  const source = meanings.sourceOf(file)
  return source === undefined ? [] : new Search(meanings, file, source).all()
}

/** A use of an operation: the answer of a call, or a `const` with such a value, which has no call of its own. */
interface Use {
  readonly name: string
  readonly open: number | undefined
  /** Whether it is a write for a batch, such as `user.setting(...)`, and no Effect. */
  readonly isWrite: boolean
}

/** How an operation is lost: nothing runs it, or a condition takes the operation itself for its answer. */
type Loss = "never run" | "tested" | undefined

class Search {
  private readonly meanings: Meanings
  private readonly file: string
  private readonly text: string
  private readonly tokens: ReadonlyArray<Token>
  private readonly hasArrived: boolean

  constructor(meanings: Meanings, file: string, { text, tokens }: Source) {
    this.meanings = meanings
    this.file = file
    this.text = text
    this.tokens = tokens
    this.hasArrived = /\barrived\b/.test(text)
  }

  all(): ReadonlyArray<Finding> {
    const placeOf = placesIn(this.text)
    const found: Array<Finding> = []
    for (let at = 0; at < this.tokens.length; at++) {
      const arrived = this.arrivedAt(at)
      if (arrived !== undefined) {
        const place = placeOf(this.tokens[at]!.start)
        const diagnostic = RightFindings.arrivedNotCalled(arrived)
        found.push({ file: this.file, ...place, ...say(diagnostic), label: "nothing calls this" })
      }
      const use = this.useAt(at)
      if (use === undefined) continue
      const loss = use.open === undefined ? this.lossOfName(at) : this.lossOf(at, use.open)
      if (loss === undefined) continue
      const [diagnostic, label] = use.isWrite
        ? [RightFindings.neverBatched(use.name), "no batch takes this"]
        : loss === "tested"
        ? [RightFindings.neverRunTested(use.name), "this is an Effect"]
        : [RightFindings.neverRun(use.name), "nothing runs this"]
      found.push({ file: this.file, ...placeOf(this.tokens[at]!.start), ...say(diagnostic), label })
    }
    return found
  }

  // Returns the name of `arrived` of a handle that begins at a token, where it is awaited, or a statement, and not
  // called.
  private arrivedAt(at: number): string | undefined {
    const { text, tokens } = this
    if (!this.hasArrived || tokens[at]!.kind !== "name" || !begins.has(tokens[at + 1]?.text ?? "")) return undefined
    const path = this.meanings.pathAt(this.file, at)
    const step = path?.meaning.kind === "accessor" ? stepAt(tokens, path.next) : undefined
    if (step?.name !== "arrived") return undefined
    const isLost = this.isOfPromise(at, step.next) || Statements.isVoided(tokens, at, step.next) ||
      Statements.isStatement(tokens, at) && Statements.endsStatement(tokens, step.next)
    return isLost ? text.slice(tokens[at]!.start, tokens[step.next - 1]!.start) + "arrived" : undefined
  }

  private is(at: number, text: string): boolean {
    return this.tokens[at]?.text === text
  }

  private useAt(at: number): Use | undefined {
    if (this.tokens[at]!.kind !== "name" || this.isMember(at)) return undefined
    const open = this.operationAt(at)
    if (open !== undefined) {
      const name = this.nameOf(at, open)
      return { name, open, isWrite: isWrite(name) }
    }
    const value = this.meanings.valueAt(this.file, at)
    if (value === undefined) return undefined
    if (this.is(at + 1, "(")) {
      const body = this.bodyOf(value)
      return body !== undefined && this.isValue(body)
        ? { name: `${this.tokens[at]!.text}(...)`, open: at + 1, isWrite: this.isWriteAt(body) }
        : undefined
    }
    return this.isValue(value)
      ? { name: this.tokens[at]!.text, open: undefined, isWrite: this.isWriteAt(value) }
      : undefined
  }

  private nameOf(at: number, open: number): string {
    const { text, tokens } = this
    return text.slice(tokens[at]!.start, tokens[open]!.start).replaceAll(/\s+/g, "").replace(/\(.*$/, "")
  }

  private isWriteAt(at: number): boolean {
    const open = this.operationAt(at)
    return open !== undefined && isWrite(this.nameOf(at, open))
  }

  // Returns whether a token is the name of a member in a class or an interface, such as `set(id) { ... }`.
  private isMember(at: number): boolean {
    const next = this.tokens[at + 1]?.text ?? ""
    return mayBeMember.has(next) && holdsMembers(this.tokens, this.tokens[at]!.inside)
  }

  // Returns the opening parenthesis of the call, if an operation of a manifest begins at a token.
  private operationAt(at: number): number | undefined {
    const { tokens } = this
    if (!begins.has(tokens[at + 1]?.text ?? "")) return undefined
    const path = this.meanings.pathAt(this.file, at)
    if (path?.meaning.kind !== "operation") return undefined
    const open = this.is(path.next, "?.") ? path.next + 1 : path.next
    if (!this.is(open, "(")) return undefined
    if (!path.meaning.isTwice) return open
    const second = tokens[open]!.pair + 1
    return second > 0 && this.is(second, "(") ? second : undefined
  }

  // Returns whether the value of a `const`, or of an arrow, is an operation and nothing else.
  private isValue(at: number): boolean {
    const open = this.tokens[at]?.kind === "name" ? this.operationAt(at) : undefined
    if (open === undefined || this.isOptional(at, open)) return false
    const end = this.endOfCall(open, true)
    return end !== undefined && (Statements.endsStatement(this.tokens, end) || this.is(end, ","))
  }

  // Returns the body of `(id) => ...` at a token.
  private bodyOf(at: number): number | undefined {
    const { kind, pair } = this.tokens[at] ?? { kind: "sign", pair: -1 }
    const arrow = kind === "name" ? at + 1 : kind === "open" && this.is(at, "(") ? pair + 1 : -1
    return arrow > 0 && this.is(arrow, "=>") ? arrow + 1 : undefined
  }

  // Returns whether `?.` may leave out the call: then its value may be missing.
  private isOptional(at: number, open: number): boolean {
    return this.tokens.slice(at, open).some(({ text }) => text === "?.")
  }

  private lossOfName(at: number): Loss {
    if (this.isOfPromise(at, at + 1) || Statements.isVoided(this.tokens, at, at + 1)) return "never run"
    return Statements.isTested(this.tokens, at, at + 1) ? "tested" : undefined
  }

  // Returns how the answer of the call that begins at a token is lost.
  private lossOf(at: number, open: number): Loss {
    const { tokens } = this
    const end = this.endOfCall(open)
    if (end === undefined) return undefined
    // `pipe(user.set(...), Effect.orDie)`.
    const around = at - 1
    const isPiped = this.is(around, "(") && this.is(end, ",") &&
      this.meanings.isOfEffect(this.file, around - 1, pipes) && runsNothing(tokens, around, end)
    if (isPiped) return this.lossOf(this.is(around - 2, ".") ? around - 3 : around - 1, around)
    if (this.isUnused(at, end)) return "never run"
    const ofEffect = this.endOfCall(open, true)
    if (ofEffect !== undefined) {
      if (this.isOfPromise(at, ofEffect)) return "never run"
      if (!this.isOptional(at, open) && Statements.isTested(tokens, at, ofEffect)) return "tested"
    }
    const plain = this.plainOf(at, end)
    if (plain !== undefined) return this.isDropped(plain) ? "never run" : undefined
    const wrapper = this.wrapperOf(at, end)
    return wrapper === undefined ? undefined : this.lossOf(wrapper.begin, wrapper.open)
  }

  private isUnused(at: number, end: number): boolean {
    const { tokens } = this
    if (Statements.isStatement(tokens, at)) return Statements.endsStatement(tokens, end) || this.is(end, ",")
    return Statements.isVoided(tokens, at, end) || Statements.isBranch(tokens, at, end) ||
      Statements.isInSequence(tokens, at, end) || this.isLostAnswer(at, end) || this.isVoidAnswer(at, end)
  }

  // Returns whether an expression is awaited, or given to a Promise that awaits it.
  private isOfPromise(at: number, end: number): boolean {
    const { tokens } = this
    if (Statements.isAwaited(tokens, at, end)) return true
    const list = tokens[at]!.inside
    const isElement = this.is(list, "[") && (list === at - 1 || this.is(at - 1, ",")) &&
      (this.is(end, ",") || this.is(end, "]"))
    if (isElement) return this.isAll(list - 1) && tokens[list - 1]!.pair === tokens[list]!.pair + 1
    const given = givenAnswer(tokens, at, end)
    return given !== undefined && this.is(given.open - 1, "map") && this.isAll(given.begin - 1) &&
      tokens[given.begin - 1]!.pair === tokens[given.open]!.pair + 1
  }

  // Returns whether a parenthesis is that of `Promise.all(`, or of another function that awaits a list.
  private isAll(open: number): boolean {
    const isPromise = this.is(open, "(") && all.has(this.tokens[open - 1]?.text ?? "") && this.is(open - 2, ".") &&
      this.is(open - 3, "Promise") && !this.is(open - 4, ".")
    return isPromise && !this.meanings.isDeclared(this.file, open - 3)
  }

  private isOfEffect({ open }: Call, names: ReadonlySet<string>): boolean {
    return this.meanings.isOfEffect(this.file, open - 1, names)
  }

  // Returns the Effect of which an operation is a part, such as `Effect.ignore(user.set(...))`.
  private wrapperOf(at: number, end: number): Call | undefined {
    const { tokens } = this
    const given = givenAnswer(tokens, at, end)
    if (given !== undefined) return this.isOfEffect(given, answered) ? given : undefined
    const list = tokens[at]!.inside
    const argument = this.is(list, "[") ? givenFrom(tokens, list, tokens[list]!.pair + 1) : givenFrom(tokens, at, end)
    if (argument?.isFirst !== true) return undefined
    return this.isOfEffect(argument, this.is(list, "[") ? lists : wrapping) ? argument : undefined
  }

  // Returns the Effect whose value, and not whose work, is an operation, such as `Effect.sync(() => user.set(...))`.
  private plainOf(at: number, end: number): Given | undefined {
    const given = givenAnswer(this.tokens, at, end)
    if (given !== undefined) return given.isLast && this.isOfEffect(given, plain) ? given : undefined
    const argument = givenFrom(this.tokens, at, end)
    return argument?.isLast && this.isOfEffect(argument, constant) ? argument : undefined
  }

  // Returns whether nothing uses the value of an Effect that `plainOf` found.
  private isDropped({ begin, isFirst, open }: Given): boolean {
    const { tokens } = this
    const end = tokens[open]!.pair + 1
    const isStep = isFirst && !making.has(tokens[open - 1]!.text)
    if (!isStep) return this.isDiscarded(begin, end)
    // `x.pipe(Effect.map(() => user.set(...)))`.
    const pipe = givenFrom(tokens, begin, end)
    if (pipe === undefined || !this.is(pipe.open - 1, "pipe") || !this.is(pipe.open - 2, ".")) return false
    if (pipe.isLast) return this.isDiscarded(pipe.begin, tokens[pipe.open]!.pair + 1)
    return this.is(end + 2, ".") && this.meanings.isOfEffect(this.file, end + 3, emptying)
  }

  private isDiscarded(begin: number, end: number): boolean {
    const { tokens } = this
    if (this.is(begin - 1, "*") && this.is(begin - 2, "yield")) {
      return Statements.isStatement(tokens, begin - 2) && Statements.endsStatement(tokens, end)
    }
    const given = givenAnswer(tokens, begin, end)
    if (given !== undefined) return given.isLast && this.isOfEffect(given, discarding)
    const argument = givenFrom(tokens, begin, end)
    if (argument === undefined) return false
    if (argument.isLast && this.isOfEffect(argument, finalizing)) return true
    return argument.isFirst && this.isOfEffect(argument, passing) &&
      this.isDiscarded(argument.begin, tokens[argument.open]!.pair + 1)
  }

  // Returns whether a call is the answer of a function whose name has a type without an answer:
  // `const drop: (id: string) => void = (id) => user.delete({ id })`.
  private isVoidAnswer(at: number, end: number): boolean {
    const { tokens } = this
    if (!this.is(at - 1, "=>") || !Statements.endsStatement(tokens, end) && !this.is(end, ",")) return false
    const first = firstOfArrow(tokens, at - 1)
    return this.is(first - 1, "=") && this.is(first - 2, "void") && this.is(first - 3, "=>")
  }

  // Returns whether a call is the answer of a function that is given to a caller which ignores it: `forEach` of a list,
  // `map` of a list or `then` of a Promise that is not used, a timer, or an event. A name with a capital letter is a
  // module, such as Effect, whose `forEach` runs the answers.
  private isLostAnswer(at: number, end: number): boolean {
    const { tokens } = this
    const given = givenAnswer(tokens, at, end)
    if (given === undefined) return false
    const { begin, isFirst, open } = given
    const name = tokens[open - 1]!.text
    const isMember = this.is(open - 2, ".") || this.is(open - 2, "?.")
    const object = tokens[open - 3]?.text ?? ""
    if (events.has(name) && isMember && open - 3 === begin) return !isFirst && this.isEmitter(begin)
    if (!isFirst && name !== "then") return false
    if (timers.has(name)) return !isMember || globals.has(object)
    if (name === "nextTick") return isMember && object === "process"
    if (!isMember || !endsValue(tokens, open - 3) || /^[A-Z]/.test(object)) return false
    const after = tokens[open]!.pair + 1
    return name === "forEach" || name === "finally" ||
      keeping.has(name) && (Statements.isVoided(tokens, begin, after) ||
          Statements.isStatement(tokens, begin) && Statements.endsStatement(tokens, after))
  }

  // Returns whether a name is an emitter of the platform, or a `const` that is made as one in this file.
  private isEmitter(at: number): boolean {
    const value = this.meanings.valueAt(this.file, at)
    if (value !== undefined) return this.is(value, "new") && emitters.has(this.tokens[value + 1]?.text ?? "")
    return platform.has(this.tokens[at]!.text) && !this.meanings.isDeclared(this.file, at)
  }

  // Returns the token after a call and after the `pipe` on it; nothing if this `pipe` may run the call. Only functions
  // of Effect are certain to return an Effect.
  private endOfCall(open: number, isEffect = false): number | undefined {
    const { tokens } = this
    const { pair } = tokens[open]!
    if (pair < 0) return undefined
    const isPiped = this.is(pair + 1, ".") && this.is(pair + 2, "pipe") && this.is(pair + 3, "(")
    if (!isPiped) return isEffect ? pair + 1 : afterCast(tokens, pair + 1)
    return runsNothing(tokens, pair + 3, pair + 3, isEffect) ? this.endOfCall(pair + 3, isEffect) : undefined
  }
}

const isWrite = (name: string): boolean => /\b(?:setting|deleting)\W*$/.test(name)

// The tokens between a name and its member, or its arguments.
const begins = words(". ?. [ ! (")

// The tokens after the name of a member.
const mayBeMember = words("( ? ! : = ;")

const pipes = words("pipe")
const all = words("all allSettled any race")
const answered = words("flatMap tap andThen suspend forEach")
const lists = words("all")
const wrapping = words(
  "ignore asVoid orDie exit option result map flatMap tap andThen as catch catchTag catchTags catchCause delay " +
    "ensuring eventually forever onExit provide provideService repeat retry scoped timeout uninterruptible withSpan"
)
const plain = words("sync map")
const constant = words("as succeed")
// Each has the value alone; the others of the two lists above take an Effect as well.
const making = words("sync succeed")
// What returns the value of its Effect, or nothing, or a fiber that has it.
const passing = words(
  "forkChild forkDetach forkScoped forkIn ignore asVoid orDie delay scoped timeout uninterruptible withSpan"
)
const emptying = words("as asVoid ignore")
const discarding = words("tap tapError tapCause addFinalizer acquireRelease ensuring onExit onError onInterrupt")
const finalizing = words("ensuring")

// What returns what the given function returned.
const keeping = words("map then catch")
const timers = words("setTimeout setInterval setImmediate queueMicrotask")
const globals = words("globalThis window self")
const events = words("on once addListener prependListener addEventListener")
const emitters = words("EventEmitter EventTarget")
const platform = words("process document window self globalThis")

// Returns whether each argument after a token is a member of a module, such as `Effect.orDie` or `Effect.retry(...)`,
// and none of them contains a name that begins with `run`.
const runsNothing = (
  tokens: ReadonlyArray<Token>,
  open: number,
  before: number,
  isEffect = false
): boolean => {
  const { pair } = tokens[open]!
  for (let at = before + 1; at < pair; at++) {
    const token = tokens[at]!
    if (token.kind === "name" && token.text.startsWith("run")) return false
    const isFirst = token.inside === open && (at === before + 1 || tokens[at - 1]!.text === ",")
    const isModule = isEffect ? token.text === "Effect" : /^[A-Z]/.test(token.text)
    if (isFirst && !(isModule && tokens[at + 1]?.text === ".")) return false
  }
  return pair > 0
}
