/**
 * Tags: names that a lookup gives to an entry. All entries of a family with a tag are invalidated together, in one
 * step, however many there are.
 */
import { Effect, Layer } from "effect"
import * as Lookup from "effect-stateless/cache/Lookup"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import assert from "node:assert/strict"

class Blog extends Manifest.Service<Blog>()("Blog", {
  families: {
    post: { pattern: "post:{id}", value: Manifest.type<string>() },
    teaser: { pattern: "teaser:{id}", value: Manifest.type<string>(), derives: ["post:{id}"] }
  }
}) {}
const { post, teaser } = Blog.keys

// The author of a post is known only after the load, so a key or a pattern cannot contain it.
const authorOf = (id: string) => Number(id) % 2 === 0 ? "ann" : "bob"

const BlogLive = Blog.modules({
  post: Blog.owner("post", {
    lookup: ({ id }) => Effect.succeed(Lookup.loaded(`post ${id}`, { tags: [`author:${authorOf(id)}`] }))
  }),
  teaser: Blog.owner("teaser", { lookup: ({ id }) => Effect.map(post.get({ id }), (text) => text.slice(0, 4)) })
}).pipe(Layer.provide(MemoryStore.layer({ capacity: 1_000 })))

const program = Effect.gen(function*() {
  const all = [{ id: "1" }, { id: "2" }, { id: "3" }, { id: "4" }]
  yield* post.getMany(all)
  yield* teaser.get({ id: "2" })

  // Requires `Owns<"post:{id}">`, as every write does.
  yield* post.invalidateTag("author:ann")

  assert.deepEqual(yield* Effect.forEach(all, post.has), [true, false, true, false])
  console.log("the posts with the tag `author:ann` are gone; the others are there")

  assert.equal(yield* teaser.has({ id: "2" }), false)
  console.log("the entries that derive from them are gone, too")
})

await Effect.runPromise(Effect.provide(program, BlogLive))
