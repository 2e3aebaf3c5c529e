/**
 * Describes in hashes the schema that wrote some bytes, so that another schema reads them only where that is safe.
 *
 * - `core` is a hash of the form of the schema and of its encoded form: types, fields, literals, unions, the chain of
 *   transformations. It does not cover checks, which decoding repeats, nor the order of fields. But an integer is not a
 *   number here, because `SchemaBinary` gives it bytes of its own.
 * - Optional fields are not in `core`. Each has a hash of its place and a hash of its type. So a reader accepts a field
 *   that it does not know, and does without a field that was not written, but never takes one field for another.
 * - A field counts as optional only where its presence changes nothing else: not in a struct that has other keys as
 *   well, not in a key of a map or an element of a set, not in one of several structs of a union.
 *
 * Not here: what a transformation does. Two transformations of the same shape look alike here; a version distinguishes
 * them.
 */
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"

/** The form of a schema, in hashes. */
export interface Shape {
  /** 64 bits, as two numbers. */
  readonly core: readonly [number, number]
  readonly optional: ReadonlyArray<OptionalField>
}

/** A field that may be absent: its place, in 16 bits, and its type, in 32. */
export interface OptionalField {
  readonly place: number
  readonly type: number
}

/**
 * Each optional field costs six bytes of every record. A schema with more fields has no optional ones: any change of a
 * field makes another shape.
 */
const optionalMax = 24

/** Bounds the nodes that are inspected for optional fields. A larger schema has none. */
const nodesMax = 10_000

/** The shape of a schema; `version` is the user's own word for what the schema cannot show. */
export const shapeOf = (schema: Schema.Constraint, version = ""): Shape => {
  const walk = new Walk()
  const text = walk.digest(schema.ast, "", true)
  if (!walk.isTooLarge) return { core: hash64(`${version}\n${text}`), optional: walk.optional }
  return { core: hash64(`${version}\n${new Walk().digest(schema.ast, "", false)}`), optional: [] }
}

/** The shape as a text. */
export const shapeText = (schema: Schema.Constraint): string => JSON.stringify(Object.values(shapeOf(schema)))

class Walk {
  readonly optional: Array<OptionalField> = []
  private nodes = 0
  private readonly open: Array<SchemaAST.AST> = []
  private readonly known = new Map<SchemaAST.AST, string>()
  // The lowest open node that the inspected nodes refer back to.
  private lowest = Number.POSITIVE_INFINITY

  get isTooLarge(): boolean {
    return this.optional.length > optionalMax || this.nodes > nodesMax
  }

  /**
   * `isFree` says that an optional field may come and go here. The digest of a node that refers to no open node is
   * kept.
   */
  digest(ast: SchemaAST.AST, place: string, isFree: boolean): string {
    if (isFree && this.isTooLarge) return ""
    this.nodes++
    const at = this.open.lastIndexOf(ast)
    if (at >= 0) {
      this.lowest = Math.min(this.lowest, at)
      return `^${this.open.length - at}`
    }
    const known = isFree ? undefined : this.known.get(ast)
    if (known !== undefined) return known
    const outer = this.lowest
    this.lowest = Number.POSITIVE_INFINITY
    this.open.push(ast)
    const fields = fieldsOfClass(ast)
    const text = hex(
      fields === undefined
        ? this.describe(ast, place, isFree) + this.chain(ast)
        : `class ${namesOf(ast)}${this.digest(fields, place, isFree)}`
    )
    this.open.pop()
    if (this.lowest >= this.open.length) this.lowest = Number.POSITIVE_INFINITY
    if (!isFree && this.lowest === Number.POSITIVE_INFINITY) this.known.set(ast, text)
    this.lowest = Math.min(this.lowest, outer)
    return text
  }

  // The transformations of the node on its way to bytes.
  private chain(ast: SchemaAST.AST): string {
    return (ast.encoding ?? []).map(({ to }) => `>${this.digest(to, "", false)}${namesOf(to)}`).join("")
  }

  private describe(ast: SchemaAST.AST, place: string, isFree: boolean): string {
    switch (ast._tag) {
      case "Literal":
        return `literal ${typeof ast.literal} ${JSON.stringify(String(ast.literal))}`
      case "UniqueSymbol":
        return `symbol ${JSON.stringify(String(ast.symbol.description))}`
      case "Enum":
        return `enum ${JSON.stringify(ast.enums)}`
      case "TemplateLiteral":
        return `template ${ast.parts.map((part) => this.digest(part, "", false)).join()}`
      case "Number":
        return isInteger(ast.checks) ? "integer" : "number"
      case "Arrays":
        return this.list(ast, place, isFree)
      case "Objects":
        return this.struct(ast, place, isFree && ast.encoding === undefined)
      case "Union": {
        // With more than one struct among them, a field more or less may turn one member into another.
        const structs = ast.types.filter((type) => !isPrimitive(type))
        const free = isFree && structs.length <= 1
        return `${ast.options?.mode ?? "anyOf"} ${ast.types.map((type) => this.digest(type, place, free)).join("|")}`
      }
      case "Suspend":
        return `later ${this.digest(ast.thunk(), place, isFree)}`
      case "Declaration":
        return this.declaration(ast, place, isFree)
      default:
        return ast._tag
    }
  }

  private list(ast: SchemaAST.Arrays, place: string, isFree: boolean): string {
    const elements = ast.elements.map((element, i) =>
      `${isOptional(element) ? "?" : ""}${this.digest(element, `${place}[${i}]`, isFree)}`
    )
    return `[${elements.join()};${ast.rest.map((rest, i) => this.digest(rest, `${place}[...${i}]`, isFree)).join()}]`
  }

  private struct(ast: SchemaAST.Objects, place: string, isFree: boolean): string {
    // A field with its own number is found by the number, and not by its name.
    const isNumbered = ast.propertySignatures.some(({ type }) => numberOf(type) !== "")
    const mayGo = isFree && ast.indexSignatures.length === 0 && !isNumbered
    const fields: Array<string> = []
    for (const { name, type } of ast.propertySignatures) {
      const named = JSON.stringify(typeof name === "symbol" ? [name.description] : String(name))
      const inner = `${place}.${named}`
      const optional = isOptional(type)
      const text = this.digest(type, inner, mayGo)
      if (optional && mayGo) this.optional.push({ place: hash(inner) & 0xffff, type: hash(`${inner} ${text}`) })
      else fields.push(`${named}${numberOf(type)}${optional ? "?" : ""}${text}`)
    }
    const others = ast.indexSignatures.map(({ parameter, type }) =>
      `${this.digest(parameter, "", false)}:${this.digest(type, "", false)}`
    )
    return `{${fields.toSorted().join()};${others.join()}}`
  }

  private declaration(ast: SchemaAST.Declaration, place: string, isFree: boolean): string {
    const names = namesOf(ast)
    const isOption = names.includes("effect/schema/Option")
    const parameters = ast.typeParameters.map((type) => this.digest(type, `${place}<>`, isFree && isOption))
    return `declared ${names}<${parameters.join()}>${ast.encoding === undefined ? this.derived(ast) : ""}`
  }

  // The declaration's own description of its encoding.
  private derived(ast: SchemaAST.Declaration): string {
    const link = ast.annotations?.["toCodecJson"] ?? ast.annotations?.["toCodec"]
    if (typeof link !== "function") return ""
    const made: unknown = link(ast.typeParameters.map((type) => Schema.make(SchemaAST.toEncoded(type))))
    return made instanceof SchemaAST.Link ? `>${this.digest(made.to, "", false)}` : ""
  }
}

/**
 * The struct behind a class of `Schema.Class`: the input of its constructor, and everything that is written of an
 * instance.
 */
export const fieldsOfClass = (ast: SchemaAST.AST): SchemaAST.Objects | undefined => {
  if (ast._tag !== "Declaration" || ast.encoding?.length !== 1 || ast.annotations?.["~constructor"] === undefined) {
    return undefined
  }
  const fields = ast.typeParameters[0]
  return fields?._tag === "Objects" && fields === ast.encoding[0].to ? fields : undefined
}

/** The number that `SchemaBinary.fieldId` gave to a field. */
const numberOf = ({ context }: SchemaAST.AST): string =>
  String(context?.annotations?.["~effect/encoding/SchemaBinary/fieldId"] ?? "")

/** Whether a struct without the field can be decoded. */
const isOptional = (ast: SchemaAST.AST): boolean => SchemaAST.toEncoded(ast).context?.isOptional === true

const isPrimitive = (ast: SchemaAST.AST): boolean =>
  ast.encoding === undefined && ast._tag !== "Objects" && ast._tag !== "Arrays" && ast._tag !== "Declaration" &&
  ast._tag !== "Suspend" && ast._tag !== "Union" && ast._tag !== "Unknown" && ast._tag !== "Any" &&
  ast._tag !== "ObjectKeyword"

// Integers have bytes of their own.
const isInteger = (checks: SchemaAST.Checks | undefined): boolean =>
  checks?.some((check) =>
    check._tag === "FilterGroup" ? isInteger(check.checks) : idOf(check.annotations) === "effect/schema/isInt"
  ) ?? false

/** The identifier of Effect for the kind of a schema, such as `effect/schema/Uint8Array`; empty if it has none. */
export const idOf = (annotations: object | undefined): string => {
  const representation = annotations !== undefined && "representation" in annotations && annotations.representation
  return typeof representation === "object" && representation !== null && "id" in representation
    ? String(representation.id)
    : ""
}

/** The names of a node, if any: they distinguish nodes with one shape and two meanings. */
export const namesOf = ({ annotations }: SchemaAST.AST): string =>
  JSON.stringify([idOf(annotations), annotations?.["identifier"] ?? "", annotations?.["expected"] ?? ""])

const seed = 0x811c9dc5

/** 32 bits of a text: FNV-1a over UTF-16 units, with the mixer of MurmurHash3 at the end. */
export const hash = (text: string, start: number = seed): number => {
  let h = start
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ h >>> 16, 0x85ebca6b)
  h = Math.imul(h ^ h >>> 13, 0xc2b2ae35)
  return (h ^ h >>> 16) >>> 0
}

const hash64 = (text: string): readonly [number, number] => [hash(text), hash(text, 0x9e3779b9)]

const hex = (text: string): string => hash64(text).map((half) => half.toString(16).padStart(8, "0")).join("")
