/**
 * The parts of a hit whose cost is measured, and what is cut out of the sources to measure a hit without them.
 *
 * `checks.ts` measures. `test/tooling/cuts.test.ts` fails if a text is no longer in its module.
 */
/** A text of a module in `src/`, which occurs once, and what stands there without that part. */
export type Cut = readonly [file: string, text: string, without: string]

const memory = "store/memory/internal/memoryPartition.ts"

// `look` makes the same comparison, and then another one.
const toDue = ") return undefined\n    const due = records.dueAt(slot)\n    if"

export const parts: { readonly [part: string]: ReadonlyArray<Cut> } = {
  nothing: [],
  grant: [
    [
      "manifest/internal/grants.ts",
      "last.context === context && last.grant.active ? last.hot",
      "last !== nothing ? last.hot"
    ],
    [
      "manifest/internal/accessor.ts",
      "grant.active ? Transaction.hitUnsafe(family, gate.textOf(params)) : undefined",
      "Transaction.hitUnsafe(family, gate.textOf(params))"
    ]
  ],
  // Whether the lifetime of the entry is over. Only upkeep uses the timer wheel itself.
  time: [[memory, "if (due < this.time.next && due <= this.time.now()) return undefined", ""]],
  // Whether a mark of its tag, its prefix or its family is later than the entry.
  tags: [[memory, `records.stampOf(slot) < this.validFrom${toDue}`, `false${toDue}`]],
  stats: [[memory, "if (--this.untilNote === 0) this.note(key)", ""]]
}
