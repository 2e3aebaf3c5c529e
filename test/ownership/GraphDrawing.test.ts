/**
 * The dependency graph drawn in Mermaid and in DOT: shapes, layers, edges, and texts that either language would parse.
 */
import { assert, describe, it } from "@effect/vitest"
import * as GraphDrawing from "../../src/ownership/GraphDrawing.ts"
import * as Graph from "../../src/ownership/shared/graph.ts"
import { layered, valid } from "../support/graphs.ts"

describe("drawing of a dependency graph", () => {
  const graph = layered

  it("the Mermaid drawing has layers as subgraphs, and labels without text that Mermaid would parse", () => {
    assert.strictEqual(
      GraphDrawing.toMermaid(graph),
      [
        "flowchart LR",
        "  subgraph layer1[\"server\"]",
        "    n0[\"user<br/>user:#42;\"]",
        "    n1[\"account<br/>user:#123;id#125;\"]",
        "  end",
        "  subgraph layer5[\"edge\"]",
        "    n2[\"profile<br/>profile:#123;id#125;\"]",
        "  end",
        "  n3([\"audit\"])",
        "  n0 ==>|\"owns user:#123;id#125;\"| n1",
        "  n3 -.->|\"borrows user:#42;\"| n0",
        "  n2 -->|\"derives user:#123;id#125;\"| n1",
        "  n2 -->|\"derives user:#123;id#125;:name\"| n0",
        ""
      ].join("\n")
    )
  })

  it("the DOT drawing has layers as clusters, and escaped quotes", () => {
    const dot = GraphDrawing.toDot(graph, { kinds: ["Invalidates"] })
    assert.include(dot, "subgraph \"cluster_server\" {")
    assert.include(dot, "\"user\" -> \"profile\" [label=\"invalidates profile:{#1}\", style=dashed]")
    assert.notInclude(dot, "borrows")
    const quoted = Graph.make(valid({ families: { "a\"b": { pattern: "a" } } }))
    assert.include(GraphDrawing.toDot(quoted), "\"a\\\"b\" [shape=box, label=\"a\\\"b\\na\"]")
  })
})
