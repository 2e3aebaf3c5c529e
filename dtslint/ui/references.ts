import * as Manifest from "../../src/manifest/Manifest.ts"

export class Dangling extends Manifest.Service<Dangling>()("Dangling", {
  families: {
    user: { pattern: "user:*", params: { id: Manifest.type<string>() } },
    profile: { pattern: "profile:{id}", derives: ["usr:{id}"], ttll: 5 },
    fan: { pattern: "fan:{page}", derives: ["user:*"] },
    narrow: { pattern: "narrow:{id}", borrows: ["user:{id}"] },
    broken: { pattern: "broken:{id}", derives: ["user::{id}"] }
  },
  readers: { reports: { borrows: ["sales:*"] }, user: { borrows: [] } },
  entries: {}
}) {}

export class Cyclic extends Manifest.Service<Cyclic>()("Cyclic", {
  families: {
    a: { pattern: "a:{id}", derives: ["b:{id}"] },
    b: { pattern: "b:{id}", derives: ["c:{id}"] },
    c: { pattern: "c:{id}", derives: ["a:{id}"] },
    self: { pattern: "self:{id}", derives: ["self:{id}"] }
  }
}) {}

export class Layered extends Manifest.Service<Layered>()("Layered", {
  layers: { client: { reads: ["server"] }, server: { reads: ["databse"] }, edge: { reads: [] } },
  families: {
    user: { pattern: "user:*", layer: "server" },
    draft: { pattern: "draft:{id}", layer: "client" },
    typo: { pattern: "typo:{id}", layer: "srver" },
    upward: { pattern: "upward:{id}", layer: "server", derives: ["draft:{id}"] }
  },
  readers: { reports: { layer: "server", borrows: ["draft:{id}"] } }
}) {}

export class Other extends Manifest.Service<Other>()("Other", { families: { user: { pattern: "user:*" } } }) {}
export const composed = Manifest.compose(Layered, Other)
export type Undischarged = Manifest.Owns<"usr:*", Layered>

// A part that derives from its whole, and a family that derives from a whole with a part that derives from it.
export class Inside extends Manifest.Service<Inside>()("Inside", {
  families: {
    doc: { pattern: "doc:{id}:*" },
    title: { pattern: "doc:{id}:title", partOf: "doc", derives: ["doc:{id}:*"] },
    log: { pattern: "log:{id}:*" },
    last: { pattern: "log:{id}:last", carvedFrom: "log", derives: ["sum:{id}"] },
    sum: { pattern: "sum:{id}", derives: ["log:{id}:*"] }
  }
}) {}
