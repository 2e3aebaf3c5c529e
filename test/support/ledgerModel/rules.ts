/**
 * The rules of the ledger protocol, each a switch of the model. With all of them on, every law holds in every state
 * that a scenario reaches; without one of them a law breaks, in a story that `test/model/ledgerRules.test.ts` pins. The
 * index of this folder says what the protocol is.
 */

/** What an implementation must do, and what happens if it does not. */
export interface RuleText {
  readonly says: string
  readonly without: string
}

export const rules = {
  // --- puts: the only way of a value into a tier
  token: {
    says: "a put carries the position that was applied when its load began; a later record of the key refuses it",
    without: "a slow load puts an old value over a drop"
  },
  floor: {
    says: "a put whose position is before the earliest record that the log keeps is refused",
    without: "the record that would refuse an old value has been trimmed, and the value comes in"
  },
  pair: {
    says: "a position is an epoch and a stamp, taken together when the lookup begins; stamps of two epochs are never " +
      "compared",
    without: "a stamp of a dead log passes for a stamp of the new one, and an old value comes in"
  },
  restamp: {
    says: "a put that appends a record of its own change keeps the position of its load in the header",
    without: "the header jumps over a mark that the load did not know, and the mark no longer hides the value"
  },
  copy: {
    says: "a copy into a warm tier is a put: refused when that tier has applied a later record of the key",
    without: "an old value that was read below comes into the warm tier after the drop"
  },
  copyJudged: {
    says: "a copy carries the lesser of the head at which it was read and the position at which the copier judged it",
    without: "the copy jumps over a mark that the copier did not know"
  },
  // --- what a node does with news
  voidFlight: {
    says: "a record that is applied voids the loads of its keys under way in the node",
    without: "a load that began before the record puts an old value into memory after it"
  },
  promote: {
    says: "memory does not keep what was found below if the key has changed since it was asked for",
    without: "an answer that was overtaken by the node's own write comes into memory"
  },
  gap: {
    says: "a record that does not follow the position is not applied: the log is read from the position on",
    without: "the node passes over a record that never arrived"
  },
  trimmed: {
    says: "a node whose position is before the earliest record that is kept distrusts everything that it holds",
    without: "the node passes over records that no longer exist"
  },
  replyGap: {
    says: "the receipt of an own commit moves the position only over records that were applied",
    without: "the node jumps over a record that came before its own"
  },
  writer: {
    says: "a node skips the records of its own instance and of no other: each instance has a writer id of its own",
    without: "two nodes with one writer id do not apply each other's records"
  },
  cause: {
    says: "a record of one partition is applied after the records of other partitions that it follows from",
    without: "the node drops D, and makes it again from an old S"
  },
  // --- what a node owes
  pending: {
    says: "a key that an own change names is not read below until the outcome of that change is known",
    without: "the node reads below what it has just overwritten"
  },
  pendingMark: {
    says: "a key that an own change marks is not read below either, until the outcome is known",
    without: "the node reads below what it has just marked"
  },
  retry: {
    says: "a commit whose outcome is unknown is sent again until an answer comes; a value is sent again as a drop",
    without: "a write whose request was lost is never seen by others"
  },
  // --- writes
  order: {
    says: "the partition of the source is committed before the partitions of what depends on it",
    without: "another node makes D again from the S that was not dropped yet"
  },
  setIsFill: {
    says: "a value in a commit is a put: a record of the key after its position refuses it, and the commit drops",
    without: "of two writers the one that wrote the row first has the last word"
  },
  setStamp: {
    says: "a value in a commit carries the position that was applied before the row was written",
    without: "the value jumps over a mark that its writer did not know"
  },
  setVoid: {
    says: "memory keeps the value of an own write only if no record voided the write and the ledger took the value",
    without: "memory keeps a value that a later write has replaced"
  },
  drop: {
    says: "a commit whose lease or condition does not hold drops its keys nevertheless; only its values are refused",
    without: "a source was written, and the entry made from the old row stays"
  },
  fence: {
    says: "a fence is the epoch and the stamp of its grant, and a lease is named by both",
    without: "after a loss of the ledger an older holder writes after a newer one, or the newer one is refused"
  },
  // --- the epochs of a log
  epoch: {
    says:
      "a ledger that lost its state begins a new epoch; memory, puts and answers of another epoch count for nothing",
    without: "a node at stamp 0 of an empty log believes that it knows everything"
  },
  witness: {
    says:
      "the head names the server run that has executed all commits; a server that is another one begins a new epoch",
    without: "a replica that missed a commit goes on as if nothing had happened"
  },
  replid: {
    says: "the witness is the run id and the replication id",
    without: "the old primary, filled from the new one and promoted back, passes for a server that has seen everything"
  },
  unvoid: {
    says: "an answer that shows a new epoch does not revive a load that was voided before",
    without: "the node's own write voided the load, and its old value comes into memory"
  },
  // --- answers
  headFirst: {
    says: "a strict reader judges what it found only after it has applied the log up to the head of the answer",
    without: "an entry under a mark that the reader does not know yet is the answer"
  },
  lookFirst: {
    says: "a strict reader looks at the head before it joins a load or repeats a failure",
    without: "the reader joins a load that began before the change that the reader knows of"
  },
  proven: {
    says: "a strict reader looks at a server that the head names as witness; an answer whose head the log does not " +
      "reach counts for nothing",
    without: "a replica that took over says that nothing has happened"
  },
  idPosition: {
    says: "a suspect is confirmed only by an entry of the same identity whose position passes the marks",
    without: "the entry is still there, but a mark hides it: the suspect must go"
  },
  idWatch: {
    says: "a confirmation that was asked for before a change of the key confirms nothing",
    without: "the key was dropped and loaded again meanwhile, and the late answer confirms the wrong moment"
  },
  // --- two plans at once
  spreadMemory: {
    says: "a node that applies a record of another plan drops from its memory what its own plan adds",
    without: "the node's memory keeps what only its own plan makes from the row"
  },
  spread: {
    says: "the node also commits what its own plan adds, before its position passes the record",
    without: "the entry stays in the ledger, and the next node takes it for valid"
  },
  start: {
    says: "a node begins at the stamp up to which its plan is spread, not at the head",
    without: "a node that begins after a record of another plan never learns that nothing has spread it"
  },
  unknownSpreads: {
    says:
      "a node that distrusts a partition begins at that stamp as well, read together with the head; where the log " +
      "no longer reaches back to it, the node drops everything that its plan could add",
    without: "a node that jumps to the head passes over a record of another plan that nothing has spread"
  },
  // --- a warm tier
  behind: {
    says: "a warm tier behind the reader's position is read only if the reader itself owes it the missing records",
    without: "a node that began at the head reads a warm tier that has not come so far"
  },
  warmPending: {
    says: "a key that an owed record names or marks is not read in the warm tier",
    without: "the node applied the record, the warm tier did not, and the old value comes back"
  },
  warmOrder: {
    says: "a warm tier applies the records of the log in order, each once",
    without: "an earlier record applied later lets an older value pass"
  },
  // --- not needed for freshness
  leaseEnds: {
    says: "the lease of a holder that is gone ends by time",
    without: "a load waits for ever"
  },
  lease: {
    says: "one load of a key holds its lease at a time",
    without: "two nodes load one key at once: no value is old, but the work is done twice"
  }
} as const satisfies { readonly [name: string]: RuleText }

export type Rule = keyof typeof rules
export const ruleNames = Object.keys(rules) as ReadonlyArray<Rule>
