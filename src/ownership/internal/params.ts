/**
 * Finds the codecs of a family that have no parameter in its pattern, and those that encode to no text.
 */
import * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import type * as Diagnostic from "../../diagnostic/Diagnostic.ts"
import * as ManifestFindings from "../../diagnostic/types/manifestFindings.ts"
import * as Misfit from "../../diagnostic/types/misfit.ts"
import type { KeyPattern } from "../../pattern/KeyPattern.ts"
import type { FamilySpec } from "../Definition.ts"

const spelt: ReadonlySet<AST.AST["_tag"]> = new Set(
  ["String", "Number", "BigInt", "Boolean", "Enum", "TemplateLiteral", "Literal", "Never", "Any"]
)

const nothing: ReadonlySet<AST.AST["_tag"]> = new Set(["Null", "Undefined", "Void"])

const isOf = (ast: AST.AST, tags: (tag: AST.AST["_tag"]) => boolean): boolean =>
  ast._tag === "Union" ? ast.types.every((type) => isOf(type, tags)) : tags(ast._tag)

// Why the values of a codec are not the texts of a key. A codec that is not a Schema does not change the texts.
const findEncodingProblem = (codec: unknown): Diagnostic.Diagnostic | undefined => {
  if (!Schema.isSchema(codec)) return undefined
  const encoded = AST.toEncoded(codec.ast)
  if (isOf(encoded, (tag) => spelt.has(tag))) return undefined
  return isOf(encoded, (tag) => spelt.has(tag) || nothing.has(tag))
    ? Misfit.parameterNull()
    : Misfit.parameterEncoding()
}

export const findParamProblems = (
  { name, pattern, spec }: { readonly name: string; readonly pattern: KeyPattern; readonly spec: FamilySpec }
): ReadonlyMap<string, Diagnostic.Diagnostic> => {
  const found = new Map<string, Diagnostic.Diagnostic>()
  for (const [param, codec] of Object.entries(spec.params ?? {})) {
    if (!pattern.holes.includes(param)) {
      found.set(param, ManifestFindings.parameterUnknown(param, pattern.source, name, pattern.holes))
      continue
    }
    const problem = findEncodingProblem(codec)
    if (problem !== undefined) found.set(param, problem)
  }
  return found
}
