/**
 * URLs in keys: a codec writes a parameter in a form that a key can contain, and operations and lookups see its value.
 */
import { Effect, Layer, Schema, SchemaTransformation } from "effect"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import assert from "node:assert/strict"

// `encodeURIComponent` does not encode `*`, which a key cannot contain.
const Url = Schema.String.pipe(Schema.decodeTo(
  Schema.String,
  SchemaTransformation.transform({
    decode: decodeURIComponent,
    encode: (url) => encodeURIComponent(url).replaceAll("*", "%2A")
  })
))
class Pages extends Manifest.Service<Pages>()("Pages", {
  families: {
    page: { pattern: "page:{url}:{version}", params: { url: Url, version: Schema.Int }, value: Manifest.type<string>() }
  }
}) {}
const { page } = Pages.keys

const PagesLive = Pages.modules({
  page: Pages.owner("page", { lookup: ({ url, version }) => Effect.succeed(`${url}, version ${version + 1}`) })
}).pipe(Layer.provide(MemoryStore.layer({ capacity: 1_000 })))

const program = Effect.gen(function*() {
  const key = yield* page.key({ url: "http://a/*", version: 1 })
  assert.equal(key, "page:http%3A%2F%2Fa%2F%2A:1")
  return yield* page.get({ url: "http://a", version: 1 })
})
const read = await Effect.runPromise(Effect.provide(program, PagesLive))
assert.equal(read, "http://a, version 2")
console.log("the lookup got the URL and the number:", read)
