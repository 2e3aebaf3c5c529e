/** Commits of tests: one that says nothing, and one that only drops. */
import type { Commit, Drops } from "../../../src/store/internal/ledger/ledger.ts"

export const nothing: Commit = {
  drops: { keys: [], scopes: [] },
  puts: [],
  guards: [],
  isInOrder: false,
  after: undefined
}

export const dropOf = (drops: Partial<Drops>): Commit => ({ ...nothing, drops: { ...nothing.drops, ...drops } })
