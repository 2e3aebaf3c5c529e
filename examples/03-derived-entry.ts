/**
 * A derived entry: it is made from other entries, and a change of one of them drops it. Other changes do not drop it.
 */
import { Effect, Layer } from "effect"
import * as Manifest from "effect-stateless/manifest/Manifest"
import * as MemoryStore from "effect-stateless/store/MemoryStore"
import assert from "node:assert/strict"

class Site extends Manifest.Service<Site>()("Site", {
  families: {
    author: { pattern: "author:{name}", value: Manifest.type<string>() },
    article: { pattern: "article:{name}:{title}", value: Manifest.type<string>() },
    // `name` is in both patterns, so a change of an author drops only the pages of that author.
    page: {
      pattern: "page:{name}:{title}",
      value: Manifest.type<string>(),
      derives: ["author:{name}", "article:{name}:{title}"],
      fanout: true
    }
  }
}) {}
const { article, author, page } = Site.keys

let rendered = 0
const PageLive = Site.owner("page", {
  lookup: Effect.fnUntraced(function*({ name, title }) {
    rendered++
    return `${yield* article.get({ name, title })} (by ${yield* author.get({ name })})`
  })
})

// A lookup may only read the families that its family derives from; otherwise a change would leave its value stale.
Site.owner("article", {
  // @ts-expect-error E0211: the lookup of family 'article' reads 'author:{name}', which 'article' does not derive from
  lookup: ({ name }) => author.get({ name })
})

const SiteLive = Site.modules({
  author: Site.owner("author"),
  article: Site.owner("article"),
  page: PageLive
}).pipe(Layer.provide(MemoryStore.layer({ capacity: 1_000 })))

const program = Effect.gen(function*() {
  yield* author.setMany([[{ name: "ann" }, "Ann"], [{ name: "bob" }, "Bob"]])
  yield* article.set({ name: "ann", title: "tea" }, "On tea")
  yield* article.set({ name: "ann", title: "ink" }, "On ink")
  yield* article.set({ name: "bob", title: "rain" }, "On rain")

  const all = [{ name: "ann", title: "tea" }, { name: "ann", title: "ink" }, { name: "bob", title: "rain" }]
  yield* page.getMany(all)
  assert.equal(rendered, 3)

  yield* article.set({ name: "ann", title: "tea" }, "On green tea")
  assert.deepEqual(yield* Effect.forEach(all, page.has), [false, true, true])
  console.log("an article changed: only its page is dropped")

  yield* author.set({ name: "ann" }, "Ann Lee")
  assert.deepEqual(yield* Effect.forEach(all, page.has), [false, false, true])
  console.log("an author changed: all pages of that author are dropped")

  const pages = yield* page.getMany(all)
  assert.deepEqual(pages, ["On green tea (by Ann Lee)", "On ink (by Ann Lee)", "On rain (by Bob)"])
  assert.equal(rendered, 5)
  console.log(pages.join("\n"))
})

await Effect.runPromise(Effect.provide(program, SiteLive))
