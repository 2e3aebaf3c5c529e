/**
 * Says that a wrapper of a store passes on everything that the store has.
 *
 * A store and a partition have optional members, such as `news` and `beginLoad`. A wrapper that leaves one of them out
 * is another store: one that no other process changes, for example. So an object or a class that wraps one has each
 * member, and `undefined` where what is behind it has none.
 */

/** An interface with each of its members. One that was optional may be `undefined`, and may not be forgotten. */
export type Whole<T> = { readonly [Member in keyof Required<T>]: T[Member] }
