// dprint-ignore-file: an expected error stands above its line
import { Schema, SchemaTransformation } from "effect"
import { describe, expect, test } from "tstyche"
import * as Manifest from "../src/manifest/Manifest.ts"

// The keys of a family and of what derives from it meet by the texts of their parameters.
const Url = Schema.String.pipe(Schema.decodeTo(
  Schema.String,
  SchemaTransformation.transform({ decode: decodeURIComponent, encode: encodeURIComponent })
))
const Id = Schema.String.pipe(Schema.brand("Id"))
const UrlId = Url.pipe(Schema.brand("Id"))
const Long = Url.pipe(Schema.check(Schema.isMinLength(3)))
const Upper = Schema.String.pipe(Schema.decodeTo(Id, SchemaTransformation.transform({
  decode: (text: string) => text.toLowerCase(),
  encode: (text: string) => text.toUpperCase()
})))
const src = "src:{a}"
const view = { pattern: "view:{a}" } as const

describe("spelling", () => {
  test("a parameter that a family spells otherwise than what it derives from is refused in the manifest", () => {
    // @ts-expect-error E0416: 'view' derives 'src:{a}', and spells 'a' in another way than 'src'
    Manifest.Service<never>()("1", { families: { src: { pattern: src, params: { a: Url } }, view: { ...view, derives: [src] } } })
    // @ts-expect-error E0416: 'view' derives 'src:{a}', and spells 'a' in another way than 'src'
    Manifest.Service<never>()("2", { families: { src: { pattern: src }, view: { ...view, params: { a: Url }, derives: [src] } } })
    // @ts-expect-error E0416: 'view' derives 'src:{a}', and spells 'a' in another way than 'src'
    Manifest.Service<never>()("3", { families: { src: { pattern: src, params: { a: UrlId } }, view: { ...view, params: { a: Id }, derives: [src] } } })
    // @ts-expect-error E0416: 'view' derives 'src:{a}', and spells 'a' in another way than 'src'
    Manifest.Service<never>()("4", { families: { src: { pattern: src, params: { a: Url } }, view: { ...view, params: { a: Upper }, derives: [src] } } })
    // @ts-expect-error E0416: 'view' derives 'src:{a}', and spells 'a' in another way than 'src'
    Manifest.Service<never>()("5", { families: { src: { pattern: src, params: { a: Upper } }, view: { ...view, params: { a: Id }, derives: [src] } } })
    // @ts-expect-error E0416: 'view' derives 'src:{b}', and spells 'b' in another way than 'src'
    Manifest.Service<never>()("6", { families: { src: { pattern: src, params: { a: Url } }, view: { pattern: "view:{b}", derives: ["src:{b}"] } } })
    // @ts-expect-error E0416: 'view' derives 'src:{a}', and spells 'a' in another way than 'src'
    Manifest.Service<never>()("7", { families: { src: { pattern: src, params: { a: Schema.NumberFromString } }, view: { ...view, params: { a: Schema.Number }, derives: [src] } } })
    // @ts-expect-error E0416: 'view' derives 'src:{a}', and spells 'a' in another way than 'src'
    Manifest.Service<never>()("8", { families: { src: { pattern: src, params: { a: Schema.DateFromString } }, view: { ...view, derives: [src] } } })
    // @ts-expect-error E0416: 'view' derives 'src:{x}:{y}', and spells 'y' in another way than 'src'
    Manifest.Service<never>()("9", { families: { src: { pattern: "src:{x}:{y}", params: { y: Url } }, view: { pattern: "view:{x}:{y}", derives: ["src:{x}:{y}"] } } })
    // @ts-expect-error E0416: 'view' derives 's:{a}:y', and spells 'a' in another way than 't'
    Manifest.Service<never>()("10", { families: { s: { pattern: "s:{a}:x" }, t: { pattern: "s:{a}:y", params: { a: Url } }, view: { ...view, derives: ["s:{a}:x", "s:{a}:y"] } } })
    // @ts-expect-error E0416: 'view' derives 'src:{a}', and spells 'a' in another way than 'src'
    Manifest.Service<never>()("11", { families: { src: { pattern: src, params: { a: Schema.Trim } }, view: { ...view, derives: [src] } } })
    // @ts-expect-error E0416: 'view' derives 'src:{a}', and spells 'a' in another way than 'src'
    Manifest.Service<never>()("12", { families: { src: { pattern: src, params: { a: Long } }, view: { ...view, params: { a: Id }, derives: [src] } } })
    // @ts-expect-error E0416: 'view' derives 'mid:{a}', and spells 'a' in another way than 'mid'
    Manifest.Service<never>()("13", { families: { src: { pattern: src, params: { a: Url } }, mid: { pattern: "mid:{a}", params: { a: Url }, derives: [src] }, view: { ...view, derives: ["mid:{a}"] } } })
  })

  test("spelling that are right are accepted", () => {
    expect(Manifest.Service<never>()("a", { families: { src: { pattern: src, params: { a: Url } }, view: { ...view, params: { a: UrlId }, derives: [src] } } })).type.not.toBe<never>()
    expect(Manifest.Service<never>()("b", { families: { src: { pattern: src, params: { a: Url } }, view: { ...view, params: { a: Long }, derives: [src] } } })).type.not.toBe<never>()
    expect(Manifest.Service<never>()("c", { families: { src: { pattern: src, params: { a: Id } }, view: { ...view, derives: [src] } } })).type.not.toBe<never>()
    expect(Manifest.Service<never>()("d", { families: { src: { pattern: src, params: { a: Schema.Int } }, view: { ...view, params: { a: Schema.Number }, derives: [src] } } })).type.not.toBe<never>()
    expect(Manifest.Service<never>()("e", { families: { src: { pattern: src, params: { a: Url } }, view: { pattern: "view:{b}", derives: ["src:{c}"], fanout: true } } })).type.not.toBe<never>()
  })
})
