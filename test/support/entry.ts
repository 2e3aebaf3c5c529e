import type { Entry } from "../../src/store/Entry.ts"

/** An entry without end or tags, for tests of stores. */
export const entryOf = <V>(value: V): Entry<V> => ({
  value,
  stamp: 1,
  version: 1,
  freshUntil: Infinity,
  expiresAt: Infinity,
  costMillis: 0,
  tags: [],
  revision: undefined
})
