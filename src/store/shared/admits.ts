/**
 * Checks what types cannot show of a value: that it is an instance of its schema's class, and that its checks hold.
 *
 * A plain object has the type of a class without methods, and 1.5 has the type of an integer. A tier that encodes
 * refuses both; memory keeps the value itself, and would serve a value that another arrangement of tiers refuses. So a
 * schema with a class or a check is tested before a write. Of any other schema only the kind of the value itself is
 * tested, such as a text, an object, a list, bytes or a `Map`, which costs next to nothing: it finds the `undefined` of
 * a row that was not found, and most mistakes of a program without types. A loaded value has this test alone.
 *
 * Not here: properties that a schema does not mention, which only encoding finds.
 */
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { somePart } from "./schemaParts.ts"
import { fieldsOfClass, idOf } from "./schemaShape.ts"

/** A test whether a value fits the schema; `undefined` where there is nothing to test. */
export const admitsOf = (schema: Schema.Schema<any>): ((value: unknown) => boolean) | undefined => {
  return somePart(schema.ast, needsLook) ? fullTest(schema) : kindOf(schema.ast)
}

/** A test of the kind of the value itself, whose cost does not depend on its size; `undefined` where any kind fits. */
export const admitsKindOf = (schema: Schema.Schema<any>): ((value: unknown) => boolean) | undefined =>
  kindOf(schema.ast)

const fullTest = (schema: Schema.Schema<any>): (value: unknown) => boolean => {
  const is = Schema.is(schema)
  return (value) => {
    try {
      return is(value)
    } catch {
      // A check or a getter threw.
      return false
    }
  }
}

const needsLook = (ast: SchemaAST.AST): boolean => ast.checks !== undefined || fieldsOfClass(ast) !== undefined

const kindOf = (ast: SchemaAST.AST): ((value: unknown) => boolean) | undefined => {
  switch (ast._tag) {
    case "String":
      return (value) => typeof value === "string"
    case "Number":
      return (value) => typeof value === "number"
    case "Boolean":
      return (value) => typeof value === "boolean"
    case "BigInt":
      return (value) => typeof value === "bigint"
    case "Null":
      return (value) => value === null
    case "Undefined":
      return (value) => value === undefined
    case "Literal":
      return (value) => value === ast.literal
    case "Arrays":
      return Array.isArray
    case "Objects":
      return ast.propertySignatures.length + ast.indexSignatures.length === 0 ? undefined : isObject
    case "Union": {
      const kinds = ast.types.map(kindOf)
      return kinds.includes(undefined) ? undefined : (value) => kinds.some((kind) => kind!(value))
    }
    case "ObjectKeyword":
      return (value) => typeof value === "object" ? value !== null : typeof value === "function"
    case "Symbol":
    case "UniqueSymbol":
    case "Enum":
    case "TemplateLiteral":
    case "Void":
    case "Never":
      return fullTest(Schema.make(ast))
    case "Suspend": {
      let inner: ReturnType<typeof kindOf> | "unasked" = "unasked"
      return (value) => {
        // Asked when a value comes, because the schema may name itself before it is made.
        if (inner === "unasked") inner = kindOf(ast.thunk())
        return inner === undefined || inner(value)
      }
    }
    case "Declaration":
      return kindOfDeclaration(ast)
    default:
      return undefined
  }
}

// A declaration tests its values itself. It does so for its elements as well, so those count as unknown here; and what
// would be looked through for nothing has a test of its own.
const kindOfDeclaration = (ast: SchemaAST.Declaration): (value: unknown) => boolean => {
  switch (idOf(ast.annotations)) {
    case "effect/schema/ReadonlyMap":
      return (value) => value instanceof Map
    case "effect/schema/ReadonlySet":
      return (value) => value instanceof Set
    case "effect/schema/Json":
    case "effect/schema/MutableJson":
      return (value) => value === null || jsonKinds.has(typeof value)
    default:
      return fullTest(Schema.make(
        new SchemaAST.Declaration(ast.typeParameters.map(() => SchemaAST.unknown), ast.run, ast.annotations)
      ))
  }
}

const jsonKinds: ReadonlySet<string> = new Set(["string", "number", "boolean", "object"])

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value)
