/**
 * What a test of a store opens and stores: a family, an entry, and the lane of the outbox above a partition.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Carrier } from "../../src/cache/internal/below/carrier.ts"
import { noDelivery } from "../../src/cache/internal/below/delivery.ts"
import { Lane } from "../../src/cache/internal/below/lane.ts"
import { Outbox } from "../../src/cache/internal/below/outbox.ts"
import * as Codec from "../../src/store/Codec.ts"
import type { Entry } from "../../src/store/Entry.ts"
import { CoarseClock } from "../../src/store/shared/coarseClock.ts"
import { VersionClock } from "../../src/store/shared/versionClock.ts"
import type { Store, StoreFamily } from "../../src/store/Store.ts"

/** An entry without end or tags, unless the options say otherwise. */
export const entryOf = <V>(value: V, options: Partial<Entry<V>> = {}): Entry<V> => ({
  value,
  stamp: 1,
  version: 1,
  freshUntil: Infinity,
  expiresAt: Infinity,
  costMillis: 0,
  tags: [],
  revision: undefined,
  ...options
})

/** The family `name:{id}`, which stores live values unless it has a codec. */
export const familyOf = <V>(name: string, options: Partial<StoreFamily<V>> = {}): StoreFamily<V> => ({
  name,
  render: (key) => `${name}:${key}`,
  parse: (rendered) => rendered.slice(name.length + 1),
  codec: undefined,
  weigher: undefined,
  onEvict: undefined,
  ...options
})

/** A family whose values are texts that a codec writes. */
export const textFamily = (name: string, options: Partial<StoreFamily<string>> = {}): StoreFamily<string> =>
  familyOf(name, { codec: Codec.schema(Schema.String), ...options })

type LaneOptions<V> = ConstructorParameters<typeof Lane<V>>[1]

/** An outbox over a store, and the lane of a family in it. The callbacks do nothing, unless the options have others. */
export const outboxOver = <V>(store: Store["Service"], family: StoreFamily<V>, options: Partial<LaneOptions<V>> = {}) =>
  Effect.gen(function*() {
    const partition = yield* store.open(family)
    const time = new CoarseClock(yield* Clock.Clock)
    const outbox = new Outbox(store, new Carrier())
    const lane = new Lane<V>(outbox, {
      name: family.name,
      partition,
      time,
      versions: new VersionClock(store.commons, time),
      isSensitive: false,
      isShared: false,
      isAlone: () => false,
      onFailure: () => {},
      onDistrust: () => {},
      onAlone: () => {},
      onLost: () => noDelivery,
      validAt: (_key, { stamp }) => stamp,
      ...options
    })
    return { lane, outbox, partition }
  })
