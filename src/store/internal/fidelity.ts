/**
 * Decides which values the bytes of a schema hold completely.
 *
 * Encoding drops what a schema does not mention: further properties, holes, a class, the difference of -0 and 0. So a
 * codec must know that nothing was dropped. It may decode the bytes and compare, which is certain, and takes as long as
 * the encoding. Most values need less: where the bytes of a node hold everything that its schema admits, `isWhole`
 * looks at the value alone, at a tenth to a half of the cost.
 *
 * - `isWhole` decides for `SchemaBinary`, and returns `false` where it is not sure.
 * - `isSame` compares the decoded value with the encoded one, by the schema: where the schema promises no class, an
 *   object of any class may come back as a plain one with the same properties.
 */
import type * as SchemaAST from "effect/SchemaAST"
import { isBareBytes } from "../shared/bareBytes.ts"
import { fieldsOfClass, namesOf } from "../shared/schemaShape.ts"
import { hasMore, isBytes, kindOf, ownKeys, sameProperties, sameValue } from "./sameValue.ts"

/** What is known about the values of a schema. */
export interface Fidelity {
  /** Whether the bytes of the value certainly hold all of it. Only for values that could be encoded. */
  readonly isWhole: (value: unknown) => boolean
  /** Whether the second value has everything that the first one has. */
  readonly isSame: (before: unknown, after: unknown) => boolean
}

/** Values of recursive schemas that are deeper are decoded: `SchemaBinary` reads 512 levels, and writes more. */
const depthMax = 100

/** Compiles both tests for a schema. */
export const fidelityOf = (ast: SchemaAST.AST): Fidelity => {
  const { isSame, isWhole } = compile(ast, new Map())
  return {
    isWhole: (value) => holdsFor(() => isWhole(value)),
    isSame: (before, after) => {
      tries = 0
      return holdsFor(() => isSame(before, after))
    }
  }
}

// A getter may throw, and a value may be too deep to compare: then it does not count as the same.
const holdsFor = (test: () => boolean): boolean => {
  try {
    return test()
  } catch {
    return false
  }
}

type Known = Map<SchemaAST.AST, Fidelity>

const always = () => true
const never = () => false

const compile = (ast: SchemaAST.AST, known: Known): Fidelity => {
  const before = known.get(ast)
  if (before !== undefined) return before
  const made = make(ast, known)
  known.set(ast, made)
  return made
}

const make = (ast: SchemaAST.AST, known: Known): Fidelity => {
  const fields = fieldsOfClass(ast)
  if (fields !== undefined) return ofClass(fieldsOf(fields, known))
  // Only the transformation itself knows what it drops.
  if (ast.encoding !== undefined) return { isWhole: never, isSame: sameValue }
  switch (ast._tag) {
    case "Number":
      // Integers have their own bytes, which do not hold -0.
      return { isWhole: ast.checks === undefined ? always : (value) => !Object.is(value, -0), isSame: Object.is }
    case "Unknown":
    case "Any":
    case "ObjectKeyword":
      return { isWhole: isJson, isSame: sameValue }
    case "Arrays":
      return ofArray(ast, known)
    case "Objects":
      return ofStruct(ast, known)
    case "Union":
      return ofUnion(ast, known)
    case "Suspend":
      return ofSuspended(ast, known)
    case "Declaration":
      return ofDeclaration(ast, known)
    default:
      return { isWhole: always, isSame: Object.is }
  }
}

// --- structures ---

// `isWhole` runs on one value at a time, and never calls the user's code that would start another.
let depth = 0

const ofSuspended = (ast: SchemaAST.Suspend, known: Known): Fidelity => {
  let inner: Fidelity | undefined
  const resolve = () => inner ??= compile(ast.thunk(), known)
  return {
    isWhole: (value) => {
      if (depth >= depthMax) return false
      depth++
      try {
        return resolve().isWhole(value)
      } finally {
        depth--
      }
    },
    isSame: (before, after) => resolve().isSame(before, after)
  }
}

const ofArray = (ast: SchemaAST.Arrays, known: Known): Fidelity => {
  const elements = ast.elements.map((element) => compile(element, known))
  const rest = ast.rest.map((element) => compile(element, known))
  // With elements behind the rest, the schema of an element depends on the length.
  const at = (i: number, length: number): Fidelity | undefined => {
    if (i < elements.length) return elements[i]
    const fromEnd = length - i
    return fromEnd < rest.length ? rest[rest.length - fromEnd] : rest[0]
  }
  const uniform = elements.length === 0 && rest.length === 1 ? rest[0]!.isWhole : undefined
  return {
    isWhole: (value) => {
      if (!Array.isArray(value) || Object.getPrototypeOf(value) !== Array.prototype) return false
      // As many own keys as elements: no holes, and no further properties.
      if (Object.keys(value).length !== value.length || hasSymbols(value)) return false
      if (uniform === always) return true
      for (let i = 0; i < value.length; i++) {
        if (!(uniform ?? at(i, value.length)?.isWhole ?? never)(value[i])) return false
      }
      return true
    },
    isSame: (before, after) =>
      Array.isArray(before) && Array.isArray(after) && before.length === after.length &&
      Object.getPrototypeOf(before) === Object.getPrototypeOf(after) &&
      ownKeys(before).length === ownKeys(after).length &&
      ownKeys(before).every((key) => {
        const i = Number(key)
        return Object.hasOwn(after, key) &&
          (at(i, before.length)?.isSame ?? sameValue)(before[i] as unknown, after[i] as unknown)
      })
  }
}

const hasSymbols = (value: object): boolean => Object.getOwnPropertySymbols(value).length > 0

const ofStruct = (ast: SchemaAST.Objects, known: Known): Fidelity => {
  const fields = fieldsOf(ast, known)
  if (ast.propertySignatures.length === 0 && ast.indexSignatures.length === 0) {
    return { isWhole: never, isSame: sameValue }
  }
  return {
    isWhole: (value) => isPlainObject(value) && fields.isWhole(value),
    // An object of a class comes back as a plain one. Content that is not in properties (a `Map`, a `Date`) does not.
    isSame: (before, after) => isPlainObject(after) && kindOf(before) === kindOf(after) && fields.isSame(before, after)
  }
}

const isPlainObject = (value: unknown): boolean => {
  if (typeof value !== "object" || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Tests the properties of a struct, of any class. */
const fieldsOf = (ast: SchemaAST.Objects, known: Known): Fidelity => {
  const fields = new Map(ast.propertySignatures.map(({ name, type }) => [name, compile(type, known)]))
  const optional = ast.propertySignatures.flatMap(({ name, type }) => type.context?.isOptional === true ? [name] : [])
  const [other, ...others] = ast.indexSignatures
  const member = other && compile(other.type, known)
  // An index signature that takes every text; for any other, only decoding shows which keys it takes.
  const isOpen = other !== undefined && others.length === 0 && other.parameter._tag === "String" &&
    other.parameter.checks === undefined && other.parameter.encoding === undefined
  return {
    isWhole: wholeFields(fields, optional, isOpen ? member : undefined),
    isSame: (before, after) => {
      if (typeof before !== "object" || before === null || typeof after !== "object" || after === null) return false
      for (const [name, { isSame }] of fields) {
        const isHeld = holds(before, name)
        if (isHeld !== holds(after, name)) return false
        if (isHeld && !isSame(before[name as keyof typeof before], after[name as keyof typeof after])) return false
      }
      const keys = ownKeys(before)
      const others = ownKeys(after)
      let balance = 0
      for (const key of others) if (!fields.has(key)) balance++
      for (const key of keys) {
        if (fields.has(key)) continue
        balance--
        const same = member?.isSame ?? sameValue
        if (!Object.hasOwn(after, key) || !same(Reflect.get(before, key), Reflect.get(after, key))) return false
      }
      return balance === 0
    }
  }
}

const wholeFields = (
  fields: ReadonlyMap<PropertyKey, Fidelity>,
  optional: ReadonlyArray<PropertyKey>,
  member: Fidelity | undefined
) => {
  const names = [...fields.keys()]
  const required = names.length - optional.length
  const checks = names.map((name) => fields.get(name)!.isWhole)
  return (value: unknown): boolean => {
    if (typeof value !== "object" || value === null) return false
    let count = 0
    let known = 0
    for (const key in value) {
      // Most objects have their fields in the order of the schema.
      const isNext = key === names[count]
      const check = isNext ? checks[count] : (fields.get(key) ?? member)?.isWhole
      if (check === undefined) {
        if (Object.hasOwn(value, key)) return false
        continue
      }
      if (check !== always && !check(value[key as keyof typeof value])) return false
      if (isNext || member === undefined || fields.has(key)) known++
      count++
    }
    let expected = required
    for (const name of optional) if (holds(value, name)) expected++
    // A field that `for in` does not show is also written: a getter of a class.
    return known === expected && !hasSymbols(value)
  }
}

// Whether the encoder sees the field.
const holds = (value: object, name: PropertyKey): boolean =>
  name === "__proto__" ? Object.hasOwn(value, name) : name in value

const ofClass = (fields: Fidelity): Fidelity => {
  // The class behind the schema is known once an instance came back.
  let prototype: unknown
  return {
    isWhole: (value) => prototype !== undefined && Object.getPrototypeOf(value) === prototype && fields.isWhole(value),
    isSame: (before, after) => {
      const own: unknown = typeof before === "object" && before !== null ? Object.getPrototypeOf(before) : undefined
      if (own === undefined || own !== Object.getPrototypeOf(after) || !fields.isSame(before, after)) return false
      prototype = own
      return true
    }
  }
}

// --- unions ---

const ofUnion = (ast: SchemaAST.Union, known: Known): Fidelity => {
  const structures = ast.types.filter((type) => !isPrimitive(type))
  const integers = ast.types.some((type) => type._tag === "Number" && type.checks !== undefined)
  const isWholePrimitive = (value: unknown) => !integers || !Object.is(value, -0)
  const isObject = (value: unknown) => typeof value === "object" && value !== null
  const [only] = structures
  if (only === undefined) return { isWhole: isWholePrimitive, isSame: Object.is }
  if (structures.length === 1 && holdsObjects(only)) {
    const inner = compile(only, known)
    return {
      isWhole: (value) => isObject(value) ? inner.isWhole(value) : isWholePrimitive(value),
      isSame: (before, after) => isObject(before) ? inner.isSame(before, after) : Object.is(before, after)
    }
  }
  if (structures.length === 1 && only._tag === "Suspend") {
    const inner = compile(only, known)
    return {
      isWhole: (value) => value === null || value === undefined || inner.isWhole(value),
      isSame: (before, after) => Object.is(before, after) || inner.isSame(before, after)
    }
  }
  return ofVariants(structures, known, isWholePrimitive)
}

const isPrimitive = (ast: SchemaAST.AST): boolean => {
  if (ast.encoding !== undefined) return false
  switch (ast._tag) {
    case "Unknown":
    case "Any":
    case "ObjectKeyword":
    case "Arrays":
    case "Objects":
    case "Suspend":
    case "Declaration":
      return false
    case "Union":
      return ast.types.every(isPrimitive)
    default:
      return true
  }
}

const holdsObjects = (ast: SchemaAST.AST): boolean =>
  ast._tag === "Arrays" || ast._tag === "Declaration" ||
  ast._tag === "Objects" && ast.propertySignatures.length + ast.indexSignatures.length > 0

/** Structs that each have their own literal in one field: the literal shows which one wrote a value. */
const ofVariants = (
  structures: ReadonlyArray<SchemaAST.AST>,
  known: Known,
  isWholePrimitive: (value: unknown) => boolean
): Fidelity => {
  const variants = structures.map((ast) => fieldsOfClass(ast) ?? ast)
  const [first] = variants
  const candidates = first?._tag === "Objects" ? first.propertySignatures.map(({ name }) => name) : []
  const tagOf = (ast: SchemaAST.AST, name: PropertyKey): unknown => {
    const type = ast._tag === "Objects" ? ast.propertySignatures.find((field) => field.name === name)?.type : undefined
    return type?._tag === "Literal" && type.encoding === undefined && type.context?.isOptional !== true
      ? type.literal
      : undefined
  }
  const key = candidates.find((name) => {
    const tags = variants.map((ast) => tagOf(ast, name))
    return !tags.includes(undefined) && new Set(tags).size === tags.length
  })
  if (key === undefined) return { isWhole: never, isSame: sameAsAny(structures.map((ast) => compile(ast, known))) }
  const byTag = new Map(variants.map((ast, i) => [tagOf(ast, key), compile(structures[i]!, known)]))
  const variantOf = (value: unknown) =>
    typeof value === "object" && value !== null ? byTag.get(Reflect.get(value, key)) : undefined
  return {
    isWhole: (value) =>
      typeof value === "object" && value !== null ? variantOf(value)?.isWhole(value) ?? false : isWholePrimitive(value),
    isSame: (before, after) => (variantOf(before)?.isSame ?? sameValue)(before, after)
  }
}

// The bytes do not show which member wrote the value. So the classes must agree, and one member must find it whole.
const sameAsAny = (members: ReadonlyArray<Fidelity>) => (before: unknown, after: unknown): boolean => {
  if (typeof before !== "object" || before === null) return Object.is(before, after)
  if (typeof after !== "object" || after === null) return false
  const isAlike = Object.getPrototypeOf(before) === Object.getPrototypeOf(after) || isBytes(before) && isBytes(after)
  return isAlike && members.some(({ isSame }) => tries++ < triesMax && isSame(before, after))
}

/**
 * Bounds the comparisons of unions within unions, where each try may need many more. Beyond, a value counts as not the
 * same.
 */
const triesMax = 10_000
let tries = 0

// --- declarations ---

const ofDeclaration = (ast: SchemaAST.Declaration, known: Known): Fidelity => {
  const [id] = JSON.parse(namesOf(ast)) as [string]
  const inner = ast.typeParameters.map((type) => compile(type, known))
  switch (id) {
    case "effect/schema/Date":
      return { isWhole: (value) => isBare(value, Date.prototype), isSame: sameValue }
    case "effect/schema/Uint8Array":
      // A `Buffer` counts as bytes, and comes back as the schema promises.
      return { isWhole: (value) => isBytes(value) && isBareBytes(value), isSame: sameValue }
    case "effect/schema/Option":
      return {
        isWhole: (value) =>
          isSome(value)
            ? ownKeys(value).length === 1 && inner[0]!.isWhole(value.value)
            : ownKeys(value as object).length === 0,
        isSame: (before, after) =>
          isSome(before) && isSome(after) && Object.getPrototypeOf(before) === Object.getPrototypeOf(after)
            ? !hasMore(before, after) && inner[0]!.isSame(before.value, after.value)
            : sameValue(before, after)
      }
    case "effect/schema/ReadonlyMap":
      return {
        isWhole: (value) => isWholeMap(value, inner[0]!, inner[1]!),
        isSame: (before, after) =>
          before instanceof Map && after instanceof Map && isAlike(before, after) &&
          sameInOrder(before.keys(), after.keys(), inner[0]!) && sameInOrder(before.values(), after.values(), inner[1]!)
      }
    case "effect/schema/ReadonlySet":
      return {
        isWhole: (value) => isWholeSet(value, inner[0]!),
        isSame: (before, after) =>
          before instanceof Set && after instanceof Set && isAlike(before, after) &&
          sameInOrder(before, after, inner[0]!)
      }
    default:
      return { isWhole: never, isSame: sameValue }
  }
}

const isAlike = (before: object, after: object): boolean =>
  Object.getPrototypeOf(before) === Object.getPrototypeOf(after) && sameProperties(before, after)

const sameInOrder = (before: Iterable<unknown>, after: Iterable<unknown>, { isSame }: Fidelity): boolean => {
  const others = Array.from(after)
  const own = Array.from(before)
  return own.length === others.length && own.every((value, i) => isSame(value, others[i]))
}

const isSome = (value: unknown): value is { readonly value: unknown } =>
  typeof value === "object" && value !== null && "_tag" in value && value._tag === "Some"

/** Whether a value has exactly this class, and no own properties. */
const isBare = (value: unknown, prototype: object): boolean => {
  if (Object.getPrototypeOf(value) !== prototype) return false
  for (const key in value as object) if (Object.hasOwn(value as object, key)) return false
  return !hasSymbols(value as object)
}

const isWholeMap = (value: unknown, keys: Fidelity, values: Fidelity): boolean => {
  if (!isBare(value, Map.prototype)) return false
  for (const [key, each] of value as Map<unknown, unknown>) {
    if (!keys.isWhole(key) || !values.isWhole(each)) return false
  }
  return true
}

const isWholeSet = (value: unknown, values: Fidelity): boolean => {
  if (!isBare(value, Set.prototype)) return false
  for (const each of value as Set<unknown>) if (!values.isWhole(each)) return false
  return true
}

// --- what has no schema ---

/** Whether JSON gives the value back: plain objects, lists without holes, texts, finite numbers, true, false, null. */
const isJson = (value: unknown): boolean => {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0)
    case "object":
      return value === null || isJsonObject(value)
    default:
      return false
  }
}

const isJsonObject = (value: object): boolean => {
  if (hasSymbols(value) || depth >= depthMax) return false
  const keys = Object.keys(value)
  const isList = Array.isArray(value)
  if (Object.getPrototypeOf(value) !== (isList ? Array.prototype : Object.prototype)) return false
  if (isList ? keys.length !== value.length : "toJSON" in value) return false
  depth++
  try {
    return keys.every((key) => isJson(value[key as keyof typeof value]))
  } finally {
    depth--
  }
}
