/**
 * Valid definitions for tests of the dependency graph, and the graph that both its tests and those of its drawings use.
 */
import * as Result from "effect/Result"
import * as Graph from "../../src/ownership/shared/graph.ts"
import { validate } from "../../src/ownership/shared/validation.ts"

export const valid = (definition: unknown) => Result.getOrThrow(validate("Test", definition))

/** Two layers, a part, a family that derives from both whole and part, and a reader. */
export const layered = Graph.make(valid({
  layers: { edge: { reads: ["server"] }, server: {} },
  families: {
    user: { pattern: "user:*", layer: "server" },
    account: { pattern: "user:{id}", layer: "server", partOf: "user" },
    profile: { pattern: "profile:{id}", layer: "edge", derives: ["user:{id}", "user:{id}:name"] }
  },
  readers: { audit: { borrows: ["user:*"] } }
}))
