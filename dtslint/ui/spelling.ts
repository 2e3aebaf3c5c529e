import { Schema, SchemaTransformation } from "effect"
import * as Manifest from "../../src/manifest/Manifest.ts"

// The keys of a family and of what derives from it meet by the texts of their parameters.
const Url = Schema.String.pipe(Schema.decodeTo(
  Schema.String,
  SchemaTransformation.transform({ decode: decodeURIComponent, encode: encodeURIComponent })
))
const Id = Schema.String.pipe(Schema.brand("Id"))
const UrlId = Url.pipe(Schema.brand("Id"))
const Long = Url.pipe(Schema.check(Schema.isMinLength(3)))
const Upper = Schema.String.pipe(Schema.decodeTo(
  Id,
  SchemaTransformation.transform({
    decode: (text: string) => text.toLowerCase(),
    encode: (text: string) => text.toUpperCase()
  })
))
const src = "src:{a}"
const view = { pattern: "view:{a}" } as const

// A parameter that a family spells otherwise than what it derives from is refused in the manifest.
export const c1 = Manifest.Service<never>()("1", {
  families: { src: { pattern: src, params: { a: Url } }, view: { ...view, derives: [src] } }
})
export const c2 = Manifest.Service<never>()("2", {
  families: { src: { pattern: src }, view: { ...view, params: { a: Url }, derives: [src] } }
})
export const c3 = Manifest.Service<never>()("3", {
  families: { src: { pattern: src, params: { a: UrlId } }, view: { ...view, params: { a: Id }, derives: [src] } }
})
export const c4 = Manifest.Service<never>()("4", {
  families: { src: { pattern: src, params: { a: Url } }, view: { ...view, params: { a: Upper }, derives: [src] } }
})
export const c5 = Manifest.Service<never>()("5", {
  families: { src: { pattern: src, params: { a: Upper } }, view: { ...view, params: { a: Id }, derives: [src] } }
})
export const c6 = Manifest.Service<never>()("6", {
  families: { src: { pattern: src, params: { a: Url } }, view: { pattern: "view:{b}", derives: ["src:{b}"] } }
})
export const c7 = Manifest.Service<never>()("7", {
  families: {
    src: { pattern: src, params: { a: Schema.NumberFromString } },
    view: { ...view, params: { a: Schema.Number }, derives: [src] }
  }
})
export const c8 = Manifest.Service<never>()("8", {
  families: { src: { pattern: src, params: { a: Schema.DateFromString } }, view: { ...view, derives: [src] } }
})
export const c9 = Manifest.Service<never>()("9", {
  families: {
    src: { pattern: "src:{x}:{y}", params: { y: Url } },
    view: { pattern: "view:{x}:{y}", derives: ["src:{x}:{y}"] }
  }
})
export const c10 = Manifest.Service<never>()("10", {
  families: {
    s: { pattern: "s:{a}:x" },
    t: { pattern: "s:{a}:y", params: { a: Url } },
    view: { ...view, derives: ["s:{a}:x", "s:{a}:y"] }
  }
})
export const c11 = Manifest.Service<never>()("11", {
  families: { src: { pattern: src, params: { a: Schema.Trim } }, view: { ...view, derives: [src] } }
})
export const c12 = Manifest.Service<never>()("12", {
  families: { src: { pattern: src, params: { a: Long } }, view: { ...view, params: { a: Id }, derives: [src] } }
})
export const c13 = Manifest.Service<never>()("13", {
  families: {
    src: { pattern: src, params: { a: Url } },
    mid: { pattern: "mid:{a}", params: { a: Url }, derives: [src] },
    view: { ...view, derives: ["mid:{a}"] }
  }
})

// These are right.
export const ca = Manifest.Service<never>()("a", {
  families: { src: { pattern: src, params: { a: Url } }, view: { ...view, params: { a: UrlId }, derives: [src] } }
})
export const cb = Manifest.Service<never>()("b", {
  families: { src: { pattern: src, params: { a: Url } }, view: { ...view, params: { a: Long }, derives: [src] } }
})
export const cc = Manifest.Service<never>()("c", {
  families: { src: { pattern: src, params: { a: Id } }, view: { ...view, derives: [src] } }
})
export const cd = Manifest.Service<never>()("d", {
  families: {
    src: { pattern: src, params: { a: Schema.Int } },
    view: { ...view, params: { a: Schema.Number }, derives: [src] }
  }
})
export const ce = Manifest.Service<never>()("e", {
  families: {
    src: { pattern: src, params: { a: Url } },
    view: { pattern: "view:{b}", derives: ["src:{c}"], fanout: true }
  }
})
