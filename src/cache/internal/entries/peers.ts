/**
 * Connects the engines of one process over one place: they share the counter of stamps and versions and the carrier of
 * their changes, and inform each other of each change.
 *
 * The other engines learn of a change in the step in which it takes effect, so an engine never serves a value from its
 * memory that another one has changed. An engine informs only engines of its own manifest, because other manifests have
 * other families.
 *
 * Not here: other processes. A tier that processes share tells their changes by `Store.news` (`peerChanges.ts`).
 */
import type * as Effect from "effect/Effect"
import type { Entry } from "../../../store/Entry.ts"
import type { Commons, Mark } from "../../../store/Store.ts"
import type { StoreError } from "../../../store/StoreError.ts"
import type { InvalidationMode } from "../../CacheEvent.ts"
import type { Slice } from "../../Explanation.ts"
import { Carrier } from "../below/carrier.ts"
import type { Limits } from "../family/limits.ts"
import type { Looked } from "../marks/sweepDue.ts"

/** A change of a family by another engine. */
export type Heard =
  /** The key has another value, or it was removed. */
  | { readonly _tag: "Changed"; readonly key: string }
  /**
   * A lookup brought a value, which changes no source. `isNews` says that there was no value to compare it with. The
   * entry may have ended by then, so no tier keeps it.
   */
  | { readonly _tag: "Loaded"; readonly key: string; readonly isNews: boolean; readonly entry: Entry<any> }
  /** A lookup found that the key has no value. `isNews` says that a tier may have held one. */
  | { readonly _tag: "Absent"; readonly key: string; readonly isNews: boolean }
  /** A caller asked for a newer value than the cache has. */
  | { readonly _tag: "Asked"; readonly key: string }
  | { readonly _tag: "Marked"; readonly slice: Slice; readonly mode: InvalidationMode; readonly stamp: number }
  | { readonly _tag: "Tagged"; readonly tag: string; readonly mode: InvalidationMode; readonly stamp: number }

/** What a sweep needs from one engine about a family. */
export interface Swept {
  /** Removes from all tiers what the marks hide. */
  readonly look: Effect.Effect<Looked, StoreError>
  /** The marks up to a stamp, as a store knows them. */
  marksUpTo(upTo: number): Iterable<Mark>
  /** Forgets these marks, because no entry is left that they concern. */
  forget(upTo: number, looked: Looked): void
  /** A sweep is over, and the marks stay. */
  rest(upTo: number, looked: Looked): void
}

/** An engine, as the others know it. */
export interface Peer {
  /** The name of the manifest. */
  readonly id: string
  hear(family: string, heard: Heard): void
  /** Whether a refresh of the key, which a caller of this engine asked for, waits or runs. */
  isRefreshing(family: string, key: string): boolean
  swept(family: string): Swept
  /** Sends below what its life owes. */
  sendOwed(): void
  /** Another engine has left: what its lookups have read is not known any more. */
  outlive(): void
}

/** The life in which all engines of a manifest over a place are (`lives.ts`). */
export interface SharedLife {
  /** The marks that hide entries of families which have missed changes. */
  hides: ReadonlyArray<Mark>
  /** Names the session, in every tier that is open (`sessions.ts`). */
  session: Mark
  /** How long entries of earlier lives may live, by the names by which a store knows their families. */
  readonly limits: ReadonlyMap<string, Limits>
  /** Marks that go with each round of these engines until one has arrived. */
  owed: ReadonlyArray<Mark>
  /** Some tier keeps entries of an earlier life, or of an engine that has left. */
  isKnown: boolean
}

interface Shared {
  readonly carrier: Carrier
  readonly peers: Set<Peer>
  /** The life of each manifest. */
  readonly lives: Map<string, SharedLife>
}

/** The engines over a place. */
export class Peers {
  readonly carrier: Carrier
  private readonly all: Set<Peer>
  private readonly lives: Map<string, SharedLife>

  constructor(commons: Commons) {
    const shared = (commons.engines ??= { carrier: new Carrier(), peers: new Set(), lives: new Map() }) as Shared
    this.carrier = shared.carrier
    this.all = shared.peers
    this.lives = shared.lives
  }

  enter(peer: Peer): void {
    this.all.add(peer)
  }

  leave(peer: Peer): void {
    this.all.delete(peer)
    if (this.of(peer).length === 0) this.lives.delete(peer.id)
  }

  /** The life that an engine of this manifest has begun, while one of them is open. */
  lifeOf({ id }: Peer): SharedLife | undefined {
    return this.lives.get(id)
  }

  beginLife({ id }: Peer, life: SharedLife): void {
    this.lives.set(id, life)
  }

  /** All engines of a peer's manifest, itself among them. */
  of({ id }: Peer): ReadonlyArray<Peer> {
    return Array.from(this.all).filter((peer) => peer.id === id)
  }

  /** Whether another engine may hold the keys that this one changes. */
  get areSome(): boolean {
    return this.all.size > 1
  }

  /** Whether a refresh of the key waits or runs in another engine of the same manifest. */
  isRefreshedElsewhere(from: Peer, family: string, key: string): boolean {
    for (const peer of this.all) {
      if (peer !== from && peer.id === from.id && peer.isRefreshing(family, key)) return true
    }
    return false
  }

  /** Informs the other engines of the same manifest. */
  tell(from: Peer, family: string, heard: Heard): void {
    for (const peer of this.all) if (peer !== from && peer.id === from.id) peer.hear(family, heard)
  }
}
