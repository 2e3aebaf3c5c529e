/**
 * Operations that are written down and never run: `user.set(...)` as a statement of its own, or after `await`. An
 * operation is an Effect, and an Effect that is not yielded, returned or run does nothing. TypeScript accepts an
 * expression whose value is not used, so this reads the text.
 *
 * - Found: calls through an accessor (`AppCache.keys.user`, or a name for it, imported ones included), through a reader
 *   or writer that was yielded into a name, and of the manifest itself (`batch`, `invalidate`, `set` ...).
 * - A name that is declared a second time in its file, as a parameter of a function is, is left alone. So is a call
 *   whose value goes anywhere: a variable, an argument, `return`, `void`, a `pipe` that runs it.
 *
 * Not here: other Effects. `@effect/language-service`, a plugin of editors, reports all that are never run.
 */
import * as Diagnostic from "../diagnostic/Diagnostic.ts"
import { type Finding, say } from "./findings.ts"
import { escape, masked, placeOf } from "./source.ts"

/** What the names of one file stand for. */
export interface Names {
  /** Name of an accessor, a reader or a writer. */
  readonly accessors: ReadonlySet<string>
  readonly manifests: ReadonlySet<string>
}

const ofAccessor = "get|getOption|getMany|getAnswer|getAnswerOption|has|select|warm|hottest|explain|lease|" +
  "set|setMany|update|patch|delete|deleteMany|refresh|invalidate|invalidateWhere|invalidateAll|invalidateTag"
const ofManifest = "get|getOption|set|delete|batch|invalidate"

/** `read` gives the text of a file without its comments; `resolve` the file that an import of one names. */
export const namesIn = (
  file: string,
  read: (file: string) => string | undefined,
  resolve: (from: string, specifier: string) => string | undefined
): Names => {
  const text = read(file) ?? ""
  const own = declaredIn(text)
  const accessors = new Set(own.accessors)
  const manifests = new Set(own.manifests)
  for (const [, names, specifier] of text.matchAll(/\bimport\s*\{([^}]*)\}\s*from\s*["'](\.[^"']*)["']/g)) {
    const target = resolve(file, specifier!)
    const source = target === undefined ? undefined : read(target)
    if (source === undefined) continue
    const theirs = declaredIn(source)
    for (const [, name, alias] of names!.matchAll(/([\w$]+)(?:\s+as\s+([\w$]+))?/g)) {
      if (theirs.accessors.has(name!)) accessors.add(alias ?? name!)
      if (theirs.manifests.has(name!)) manifests.add(alias ?? name!)
    }
  }
  // `const writer = yield* user.writer`.
  for (
    const [, name, accessor] of text.matchAll(/\bconst\s+([\w$]+)\s*=\s*yield\*\s*([\w$.]+)\.(?:reader|writer)\b/g)
  ) {
    if (accessors.has(accessor!) || /\.keys\.[\w$]+$/.test(accessor!)) accessors.add(name!)
  }
  return { accessors: new Set([...accessors].filter((name) => !isAmbiguous(name, text))), manifests }
}

const declaredIn = (text: string): Names => {
  const accessors = new Set<string>()
  for (const [, names] of text.matchAll(/\{([^{}]*)\}\s*=\s*[\w$.]+\.keys\b(?!\s*[.([])/g)) {
    for (const [, name, alias] of names!.matchAll(/([\w$]+)(?:\s*:\s*([\w$]+))?/g)) accessors.add(alias ?? name!)
  }
  for (const [, name] of text.matchAll(/\bconst\s+([\w$]+)\s*=\s*[\w$.]+\.keys\.[\w$]+\s*(?:;|\n|$)/g)) {
    accessors.add(name!)
  }
  const manifests = [...text.matchAll(/\bclass\s+([\w$]+)\s+extends\s+[\w.]*Service<\1>/g)].map(([, name]) => name!)
  return { accessors, manifests: new Set(manifests) }
}

// The name is a parameter somewhere, or is declared twice.
const isAmbiguous = (name: string, text: string): boolean => {
  const one = escape(name)
  const parameter = new RegExp(
    `(?:[(,]\\s*${one}\\s*(?::[^,()]*)?(?:,[^()]*)?\\)\\s*(?::[^=;{]*)?(?:=>|\\{)|(?<![\\w$.])${one}\\s*=>)`
  )
  const declared = [...text.matchAll(new RegExp(`\\b(?:const|let|var|function)\\s+${one}(?![\\w$])`, "g"))]
  return parameter.test(text) || declared.length > 1
}

/** The operations of a file that nothing runs. */
export const findNeverRun = (file: string, text: string, names: Names): ReadonlyArray<Finding> => {
  const code = masked(text)
  const accessor = [...[...names.accessors].map(escape), "[\\w$.]+\\.keys\\.[\\w$]+"].join("|")
  const manifest = [...names.manifests].map(escape).join("|")
  const calls = new RegExp(
    `(?<![\\w$.])(?:(?:${accessor})\\s*\\.\\s*(?:${ofAccessor})${
      manifest === "" ? "" : `|(?:${manifest})\\s*\\.\\s*(?:${ofManifest})`
    })\\s*\\(`,
    "g"
  )
  return [...code.matchAll(calls)].flatMap(({ 0: call, index }) => {
    const isUnused = isStatement(code, index)
      ? endsStatement(code, index + call.length - 1)
      : isBranch(code, index, index + call.length - 1) || isLostAnswer(code, index)
    if (!isUnused) return []
    const callee = call.replace(/\s*\($/, "").replaceAll(/\s+/g, "")
    return [{ file, ...placeOf(text, index), ...say(Diagnostic.neverRun(callee)), label: "nothing runs this" }]
  })
}

// Words after which an expression goes on.
const goesOn = /(?:^|[^\w$.])(?:yield|await|void|typeof|delete|new|in|of|instanceof|case|extends|as|satisfies|throw)$/

// Whether a statement begins at a place, or an `await` whose value a statement throws away does.
const isStatement = (code: string, at: number): boolean => {
  const before = code.slice(0, at).trimEnd()
  const isNewLine = /\n\s*$/.test(code.slice(before.length, at)) || code.slice(before.length, at).includes("\n")
  if (/(?:^|[^\w$.])await$/.test(before)) return isStatement(code, before.length - "await".length)
  if (before === "" || /[;{}]$/.test(before)) return true
  if (/(?:^|[^\w$.])(?:else|do)$/.test(before)) return true
  if (before.endsWith(")")) return isNewLine || isCondition(before)
  return isNewLine && /[\w$"'`\]]$/.test(before) && !goesOn.test(before)
}

// A way out of a statement for the value of what it holds: to a name, to a caller, to a property.
const goesAnywhere = new RegExp(
  [
    /^\s*(?:[\w$]+|"[^"]*"|'[^']*')\s*:/,
    /(?<![=!<>])=(?!=)|=>/,
    /\b(?:return|yield|await|throw|void|const|let|var|case|default|export)\b/
  ].map(({ source }) => source).join("|")
)

// Whether a call is what a statement `flag && call`, or `flag ? call : call`, comes to, and its value goes nowhere.
const isBranch = (code: string, at: number, open: number): boolean => {
  const before = code.slice(0, at).trimEnd()
  const [operator] = /(?:&&|\|\||\?\?|[?:])$/.exec(before) ?? []
  if (operator === undefined) return false
  const head = headOf(before.slice(0, -operator.length))
  if (head === undefined || head.trim() === "" || goesAnywhere.test(head)) return false
  if (operator === ":") return /\?(?![.?])/.test(head) && endsStatement(code, open)
  return operator === "?" ? /^\s*:/.test(code.slice(closeOf(code, open) + 1)) : endsStatement(code, open)
}

// The part of a statement that lies before its end here; nothing if that is within brackets.
const headOf = (before: string): string | undefined => {
  let depth = 0
  for (let at = before.length - 1; at >= 0; at--) {
    const sign = before[at]!
    if (")]".includes(sign)) depth++
    else if ("([".includes(sign) && --depth < 0) return undefined
    else if (depth > 0) continue
    else if (";{}".includes(sign)) return before.slice(at + 1)
    else if (sign === "\n" && /[\w$)\]"'`]\s*$/.test(before.slice(0, at)) && /^\s*[\w$(]/.test(before.slice(at))) {
      return before.slice(at + 1)
    }
  }
  return before
}

// Whether a call is the answer of a function that is given to something that throws the answer away: `forEach` of a
// list, a timer.
const isLostAnswer = (code: string, at: number): boolean =>
  lostAnswer.test(code.slice(Math.max(0, at - lostAnswerMax), at))

const loser = [
  /(?<!\b(?:Effect|Stream|Channel|Sink|Schedule))\.forEach/,
  /\b(?:setTimeout|setInterval|setImmediate|queueMicrotask|nextTick)/
].map(({ source }) => source).join("|")
const lostAnswer = new RegExp(`(?:${loser})${/\(\s*(?:async\s*)?(?:\([^()]*\)|[\w$]+)\s*=>\s*$/.source}`)

// Characters before a call in which the function that it is the answer of begins.
const lostAnswerMax = 500

// `if (...)` and its like, before the one statement that they hold.
const isCondition = (before: string): boolean => {
  let depth = 0
  for (let at = before.length - 1; at >= 0; at--) {
    if (before[at] === ")") depth++
    else if (before[at] === "(" && --depth === 0) return /(?:^|[^\w$.])(?:if|for|while)\s*$/.test(before.slice(0, at))
  }
  return false
}

// Whether a statement ends with the call whose parenthesis opens at a place; a `pipe` that runs nothing is looked past.
const endsStatement = (code: string, open: number): boolean => {
  let depth = 0
  for (let at = open; at < code.length; at++) {
    if ("([{".includes(code[at]!)) depth++
    else if (")]}".includes(code[at]!) && --depth === 0) {
      const rest = code.slice(at + 1)
      const piped = /^\s*\.\s*pipe\s*(?=\()/.exec(rest)
      if (piped !== null) {
        const next = at + 1 + piped[0].length
        return !/\brun\w*/.test(argumentsAt(code, next)) && endsStatement(code, next)
      }
      if (/^\s*(?:[;}]|$)/.test(rest)) return true
      return /^[^\S\n]*\n\s*(?![.([`+\-*/,?:&|=<>!%)\]]|(?:as|satisfies|in|instanceof)\b)/.test(rest)
    }
  }
  return false
}

const argumentsAt = (code: string, open: number): string => code.slice(open, closeOf(code, open))

// Where the bracket ends that opens at a place.
const closeOf = (code: string, open: number): number => {
  let depth = 0
  for (let at = open; at < code.length; at++) {
    if ("([{".includes(code[at]!)) depth++
    else if (")]}".includes(code[at]!) && --depth === 0) return at
  }
  return code.length
}
