/**
 * Changes a source for the build, before the compiler reads it.
 *
 * - Relative imports end in `.js`.
 * - Calls that run when a module loads are marked as pure, so that a bundler drops a module with unused exports. A call
 *   that is a statement of its own has an effect, and is not marked.
 */
import { type Node, parseSource, walk } from "./source.ts"

const pure = "/* @__PURE__ */ "

/** Whether the code below a node runs later, when a function is called, and not when the module loads. */
const isDeferred = (node: Node, parent: Node | undefined): boolean =>
  node.type === "FunctionDeclaration" || node.type === "FunctionExpression" ||
  node.type === "ArrowFunctionExpression" ||
  node.type.startsWith("TSType") || node.type === "TSInterfaceDeclaration" ||
  (node.type === "PropertyDefinition" && node["static"] !== true) ||
  (parent?.type === "PropertyDefinition" && parent["computed"] !== true && parent["key"] === node)

export const toPublished = (path: string, text: string): string => {
  const { imports, program } = parseSource(path, text)
  const edits: Array<{ readonly start: number; readonly end: number; readonly text: string }> = []
  for (const { end, specifier, start } of imports) {
    if (/^\..*\.ts$/.test(specifier)) {
      edits.push({ start, end, text: JSON.stringify(specifier.replace(/\.ts$/, ".js")) })
    }
  }
  walk(program, (node, parent) => {
    if (isDeferred(node, parent)) return false
    const isCall = node.type === "CallExpression" || node.type === "NewExpression"
    if (isCall && parent?.type !== "ExpressionStatement") edits.push({ start: node.start, end: node.start, text: pure })
    return true
  })
  let out = text
  // From the end, so that earlier offsets stay right. Calls that start together (`f()()`) need the mark once.
  const ordered = edits.toSorted((a, b) => b.start - a.start)
  for (const [index, edit] of ordered.entries()) {
    if (ordered[index + 1]?.start === edit.start) continue
    out = out.slice(0, edit.start) + edit.text + out.slice(edit.end)
  }
  return out
}
