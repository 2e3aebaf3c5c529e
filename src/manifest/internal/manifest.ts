/**
 * The run time of a manifest: what `Manifest.Service` returns, without its types.
 */
import * as Context from "effect/Context"

export const make = (id: string, definition: unknown): object =>
  Object.assign(Context.Service<never, unknown>(id), { definition })
