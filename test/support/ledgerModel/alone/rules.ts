/**
 * The rules for values that the cache alone has, each a switch of the model. With all of them on, every law holds in
 * every state that a scenario reaches; without one of them a law breaks.
 */
import type { RuleText } from "../rules.ts"
import type { Law } from "./state.ts"

export const rules = {
  prevails: {
    says: "a value that a caller gave is kept, whatever records came before its own",
    without: "a write succeeds for its caller, and its value is nowhere: no source has it either"
  },
  ownPosition: {
    says: "the position of a value that prevails is that of the record of its own commit",
    without: "a mark from before the commit hides the value"
  },
  order: {
    says: "a commit does nothing if a record of its own engine comes after the position that it was sent with",
    without: "a request that comes late or twice brings an older value back, or drops a later one"
  },
  orderEpoch: {
    says: "a commit does nothing in another epoch than that of the position that it was sent with",
    without: "a request of a past epoch brings its value into the new one"
  },
  refusedRecord: {
    says: "a commit of which no guard holds leaves a record, too",
    without: "a claim that was refused is made when its request comes again"
  },
  again: {
    says: "a commit that counts as late is sent again, with the position up to which its engine knows the log then",
    without: "a write succeeds for its caller, and was not done: it counted as late because of an earlier one"
  },
  repaid: {
    says: "what a commit with an unknown outcome may have written is dropped by a later commit of its engine",
    without: "the request arrives after its writer has gone on, and its value appears"
  },
  judged: {
    says: "the ledger judges the conditions of a guard in the step of the commit",
    without: "two engines claim one key"
  },
  identity: {
    says: "a condition names a version and the position up to which the log was known",
    without: "a value of another engine with the same version passes for the one that was read, and its change is lost"
  },
  derived: {
    says: "the value of a guard that expects a version has the position up to which its engine knew the log",
    without: "a value comes back that was made from one that a mark hides"
  },
  unserved: {
    says: "a condition of absence also holds for an entry that the engine has found and that a mark hides",
    without: "a key that was marked cannot be claimed any more"
  },
  contested: {
    says: "when a commit has arrived, memory drops its value if a change was heard while it was under way",
    without: "memory keeps a value that was replaced before the answer came"
  }
} as const satisfies { readonly [name: string]: RuleText }

export type Rule = keyof typeof rules
export const ruleNames = Object.keys(rules) as ReadonlyArray<Rule>

export const laws: { readonly [L in Law]: string } = {
  kept: "the ledger serves the value of the last write that was done, and no value after a deletion, mark or loss",
  once: "a commit changes what is served at most once, and not after its engine has gone on",
  told: "a write that succeeds for its caller has been done",
  condition: "a guard is done only if what its engine has read is served",
  claimable: "a claim is not refused while the ledger serves no value",
  memory:
    "the memory of a node that knows the log, with nothing under way, has no value that the ledger does not serve",
  ends: "every write ends"
}
