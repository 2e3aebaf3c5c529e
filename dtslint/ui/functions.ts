import { pipe } from "effect"
import { AppCache, UserId } from "../fixture.ts"

const { draft, prefs, user } = AppCache.keys
const id = UserId.make("1")

export const declarations = [
  AppCache.fn("f", { owns: ["usr:*"] }),
  AppCache.fn("f", { borrows: ["files:{id}"] }),
  AppCache.fn("f", { layer: "server", owns: ["draft:{id}"] }),
  AppCache.fn("f", { layer: "server", borrows: ["draft:{id}"] }),
  AppCache.fn("f", { owns: ["user:{id}"], invalidates: [] }),
  AppCache.fn("f", { invalidates: ["sales:*"] }),
  AppCache.fn("f", { borrows: ["user:{id}"], invalidates: ["prefs:{id}"] }),
  AppCache.fn("f", { layer: "srver", own: [] })
]

export const body = AppCache.fn("body", { owns: ["user:{id}"] })(function*<A>(answer: A) {
  yield* prefs.set({ id }, { dark: true })
  return answer
})
export const readOnly = AppCache.fn("readOnly", { borrows: ["user:{id}"] })(function*() {
  yield* user.delete({ id })
})

export class Service {
  @AppCache.method({ borrows: ["user:{id}"] })
  rename() {
    return user.delete({ id })
  }
}

export const layers = [
  AppCache.inLayer("server")(draft.delete({ id })),
  pipe(draft.getOption({ id }), AppCache.inLayer("edge"))
]
