/**
 * A store of which some operations do something else: fail, wait, count. For a tier that fails or hangs by a rule, see
 * `FaultyStore`.
 */
import * as Effect from "effect/Effect"
import { type Partition, Store, type StoreFamily } from "../../src/store/Store.ts"

/** What takes the place of some operations of a partition. */
export type Change = (partition: Partition<any>, family: StoreFamily<any>) => Partial<Partition<any>>

/** The store with other operations of its partitions, and of its own. The store itself stays as it is. */
export const changed = (
  store: Store["Service"],
  change: Change,
  own: Partial<Store["Service"]> = {}
): Store["Service"] =>
  Store.of({
    ...store,
    open: (family) =>
      Effect.map(store.open(family), (partition) => ({ ...partition, ...change(partition, family as never) })),
    ...own
  })
