/**
 * Drawings of a dependency graph, for documents and reviews: in Mermaid, and in the DOT language of Graphviz.
 *
 * @since 0.1.0
 */
import type { DependencyGraph, Edge, EdgeKind, Node } from "./DependencyGraph.ts"

/**
 * Draws the graph as a Mermaid flowchart. Layers become subgraphs. `Invalidates` edges are drawn only if `kinds` names
 * them, since the other edges imply them.
 *
 * **When to use**
 *
 * For a document or a review, which shows what depends on what.
 *
 * **Example** (A family, and what is made from it)
 *
 * ```ts
 * import { GraphDrawing, Manifest } from "effect-stateless"
 *
 * class Shop extends Manifest.Service<Shop>()("Shop", {
 *   families: {
 *     price: { pattern: "price:{item}", value: Manifest.type<number>() },
 *     label: { pattern: "label:{item}", value: Manifest.type<string>(), derives: ["price:{item}"] }
 *   }
 * }) {}
 *
 * GraphDrawing.toMermaid(Shop.graph).split("\n")[0] // => "flowchart LR"
 * ```
 *
 * @see {@link toDot} for Graphviz
 * @stability experimental
 * @category drawing
 * @since 0.1.0
 */
export const toMermaid = (
  graph: DependencyGraph,
  options?: { readonly kinds?: ReadonlyArray<EdgeKind> | undefined }
): string => {
  const kinds = options?.kinds ?? drawnKinds
  const ids = new Map(graph.nodes.map((node, index) => [node.name, `n${index}`]))
  const lines = ["flowchart LR"]
  for (const [layer, nodes] of byLayer(graph)) {
    const shapes = nodes.map((node) => {
      const label = `"${escapeMermaid(labelOf(node, "<br/>"))}"`
      return `${ids.get(node.name)!}${node.kind === "Family" ? `[${label}]` : `([${label}])`}`
    })
    if (layer === undefined) lines.push(...shapes.map((shape) => `  ${shape}`))
    else {
      lines.push(`  subgraph layer${lines.length}["${escapeMermaid(layer)}"]`)
      lines.push(...shapes.map((shape) => `    ${shape}`), "  end")
    }
  }
  for (const edge of edgesOf(graph, kinds)) {
    if (!kinds.includes(edge.kind)) continue
    const text = escapeMermaid(`${verbs[edge.kind]}${edge.label === undefined ? "" : ` ${edge.label}`}`)
    lines.push(`  ${ids.get(edge.from)!} ${arrows[edge.kind]}|"${text}"| ${ids.get(edge.to)!}`)
  }
  return `${lines.join("\n")}\n`
}

/** A list of edges that includes all edges of these kinds. Plans are compiled only if `Invalidates` is one of them. */
const edgesOf = (graph: DependencyGraph, kinds: ReadonlyArray<EdgeKind>): ReadonlyArray<Edge> =>
  kinds.includes("Invalidates") ? graph.edges : graph.declared

const drawnKinds: ReadonlyArray<EdgeKind> = ["Owns", "Borrows", "Derives"]
const verbs: { readonly [Kind in EdgeKind]: string } = {
  Owns: "owns",
  Borrows: "borrows",
  Derives: "derives",
  Invalidates: "invalidates"
}
const arrows: { readonly [Kind in EdgeKind]: string } = {
  Owns: "==>",
  Borrows: "-.->",
  Derives: "-->",
  Invalidates: "--x"
}

const labelOf = (node: Node, lineBreak: string): string =>
  node.pattern === undefined ? node.name : `${node.name}${lineBreak}${node.pattern}`

// Mermaid reads `#` as the start of an entity and has no other escape for quotes.
const escapeMermaid = (text: string): string =>
  text.replaceAll("#", "#35;").replaceAll("\"", "#quot;").replaceAll("{", "#123;").replaceAll("}", "#125;").replaceAll(
    "*",
    "#42;"
  )

const byLayer = (graph: DependencyGraph): ReadonlyMap<string | undefined, ReadonlyArray<Node>> => {
  const layers = new Map<string | undefined, Array<Node>>()
  for (const node of graph.nodes) {
    const nodes = layers.get(node.layer)
    if (nodes === undefined) layers.set(node.layer, [node])
    else nodes.push(node)
  }
  return layers
}

/**
 * Draws the graph in the DOT language of Graphviz. Layers become clusters. `Invalidates` edges are drawn only if
 * `kinds` names them.
 *
 * **When to use**
 *
 * For a manifest of many families, which Graphviz lays out better than Mermaid.
 *
 * **Example** (A graph with its plans)
 *
 * ```ts
 * import { GraphDrawing, Manifest } from "effect-stateless"
 *
 * class Shop extends Manifest.Service<Shop>()("Shop", {
 *   families: {
 *     price: { pattern: "price:{item}", value: Manifest.type<number>() },
 *     label: { pattern: "label:{item}", value: Manifest.type<string>(), derives: ["price:{item}"] }
 *   }
 * }) {}
 *
 * GraphDrawing.toDot(Shop.graph, { kinds: ["Invalidates"] }).includes("invalidates") // => true
 * ```
 *
 * @see {@link toMermaid} for Markdown
 * @stability experimental
 * @category drawing
 * @since 0.1.0
 */
export const toDot = (
  graph: DependencyGraph,
  options?: { readonly kinds?: ReadonlyArray<EdgeKind> | undefined }
): string => {
  const kinds = options?.kinds ?? drawnKinds
  const lines = [`digraph ${quoteDot(graph.id)} {`, "  rankdir=LR"]
  for (const [layer, nodes] of byLayer(graph)) {
    const shapes = nodes.map((node) =>
      `${quoteDot(node.name)} [shape=${node.kind === "Family" ? "box" : "oval"}, label=${
        quoteDot(labelOf(node, "\n"))
      }]`
    )
    if (layer === undefined) lines.push(...shapes.map((shape) => `  ${shape}`))
    else {
      lines.push(`  subgraph ${quoteDot(`cluster_${layer}`)} {`, `    label=${quoteDot(layer)}`)
      lines.push(...shapes.map((shape) => `    ${shape}`), "  }")
    }
  }
  for (const edge of edgesOf(graph, kinds)) {
    if (!kinds.includes(edge.kind)) continue
    const text = `${verbs[edge.kind]}${edge.label === undefined ? "" : ` ${edge.label}`}`
    lines.push(`  ${quoteDot(edge.from)} -> ${quoteDot(edge.to)} [label=${quoteDot(text)}, style=${styles[edge.kind]}]`)
  }
  return `${lines.join("\n")}\n}\n`
}

const styles: { readonly [Kind in EdgeKind]: string } = {
  Owns: "bold",
  Borrows: "dotted",
  Derives: "solid",
  Invalidates: "dashed"
}

const quoteDot = (text: string): string =>
  `"${text.replaceAll("\\", "\\\\").replaceAll("\"", "\\\"").replaceAll("\n", "\\n")}"`
