import * as Manifest from "../../src/manifest/Manifest.ts"

export class Overlapping extends Manifest.Service<Overlapping>()("Overlapping", {
  families: {
    user: { pattern: "user:*" },
    undeclared: { pattern: "user:profile" },
    feed: { pattern: "feed:{a}" },
    respelt: { pattern: "feed:{b}" },
    hole: { pattern: "a:{x}:c" },
    across: { pattern: "a:b:*" },
    both: { pattern: "user:{id}", partOf: "user", carvedFrom: "user" },
    outside: { pattern: "outside", partOf: "user" },
    deep: { pattern: "user:{id}:x", partOf: "user" },
    wrong: { pattern: "user:{id}:y", carvedFrom: "usr" }
  }
}) {}

export class Malformed extends Manifest.Service<Malformed>()("Malformed", {
  families: {
    empty: { pattern: "a::b" },
    end: { pattern: "a:" },
    mixed: { pattern: "b{id}" },
    rest: { pattern: "c:*:d" },
    nameless: { pattern: "d:{}" },
    twice: { pattern: "e:{id}:{id}" },
    long: { pattern: "f:1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16" }
  }
}) {}

declare const plain: string
export class Plain extends Manifest.Service<Plain>()("Plain", { families: { plain: { pattern: plain } } }) {}
export class Choice extends Manifest.Service<Choice>()("Choice", {
  families: { user: { pattern: plain === "" ? "user:{id}" : "person:{id}" } }
}) {}

declare const data: { readonly [name: string]: { readonly pattern: string } }
const shared = { price: { pattern: "price:{id}", derives: ["produc:{id}"] } } as const
export class Computed extends Manifest.Service<Computed>()("Computed", { families: data }) {}
export class Spread extends Manifest.Service<Spread>()("Spread", {
  families: { product: { pattern: "product:{id}" }, ...shared }
}) {}
export class Weighed extends Manifest.Service<Weighed>()("Weighed", {
  families: {
    user: { pattern: "user:{id}", weigher: (key, value) => key.length + value.length },
    typo: { pattern: "typo:{id}", derives: ["usr:{id}"] }
  }
}) {}

export class Housed extends Manifest.Service<Housed>()("Housed", {
  layers: { client: { reads: ["server"] }, server: {} },
  families: {
    files: { pattern: "files:*", layer: "server" },
    facts: { pattern: "files:{id}:*", partOf: "files" },
    size: { pattern: "files:{id}:size", partOf: "facts", layer: "client" },
    draft: { pattern: "draft:{id}", layer: "client" },
    owner: { pattern: "files:{id}:owner", partOf: "facts", derives: ["draft:{id}"] },
    open: { pattern: "open:*" },
    shut: { pattern: "open:{id}", partOf: "open", layer: "client" },
    same: { pattern: "files:{id}:same", partOf: "facts", layer: "server" }
  }
}) {}

export class Parts extends Manifest.Service<Parts>()("Parts", {
  layers: { client: {}, server: {} },
  families: {
    files: { pattern: "files:*", layer: "server" },
    facts: { pattern: "files:{id}:*", partOf: "files" },
    size: { pattern: "files:{id}:size", partOf: "facts" },
    draft: { pattern: "draft:{id}", layer: "client" }
  }
}) {}
export const writes = Parts.fn("writes", { layer: "client", owns: ["files:{id}:size"] })
export const reads = Parts.fn("reads", { layer: "client", borrows: ["files:{id}:*"] })
export const own = Parts.fn("own", { layer: "server", owns: ["files:{id}:size"] })
export const inClient = Parts.inLayer("client")(Parts.keys.size.get({ id: "1" }))

export class Respelt extends Manifest.Service<Respelt>()("Respelt", {
  families: {
    route: { pattern: "user/:id" },
    shell: { pattern: "page:$id", derives: ["user:{id}"] },
    angles: { pattern: "post:<id>:title" },
    twice: { pattern: "twice:$id:$id" },
    jobs: { pattern: "$jobs:{id}" }
  }
}) {}
