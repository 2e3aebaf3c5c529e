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
