/**
 * A store that wraps another store and fails as planned. For simulations, and for tests of programs that use a store.
 *
 * - A plan with the same seed and the same calls gives the same faults.
 * - Without rules, or after `stop`, it does the same as the store behind it.
 * - `fail`, `failLate`, `slow`, `slowLate`, `stall`, `corrupt` and `double` stay within the contract of a store, so
 *   every user of a store must handle them. `lose` breaks the contract; it shows the effect of a broken tier.
 *
 * Not here: faults of synchronous reads. A faulty store has no synchronous reads.
 *
 * @since 0.1.0
 */
export * as FaultyStore from "./FaultyStore.ts"

/**
 * The error of the published test suites.
 *
 * @since 0.1.0
 */
export * as PromiseBroken from "./PromiseBroken.ts"

/**
 * A scheduler that runs fibers in an order drawn from a seed, and interrupts their runs at random points.
 *
 * Effect's own scheduler runs fibers in the order of their arrival, and lets each fiber run for thousands of steps, so
 * most races never show in a test. This scheduler draws every possible order of the fibers sooner or later, and the
 * same seed draws the same order again.
 *
 * - It draws one of the waiting tasks with the lowest priority number; all of these are equally likely.
 * - Before each of its steps, a fiber yields with the chance `yields`.
 * - All fibers of one scheduler share one queue, so the order is drawn among all of them.
 * - A run can be repeated if the program takes its time from a `TestClock` and its randomness from a seed, and does not
 *   await a promise.
 *
 * Not here: faults, and the order of real I/O.
 *
 * @since 0.1.0
 */
export * as SeededScheduler from "./SeededScheduler.ts"

/**
 * The contract of `Store` as tests for any tier: one test for each promise, and random stories that are compared with a
 * model.
 *
 * The tests are plain effects, so any runner can run them. `run` registers them with a runner such as `@effect/vitest`.
 * Time is that of `TestClock`. Each test builds the layer again, and expects an empty store that has room for 2,000
 * small entries.
 *
 * Not here: which entries a full tier evicts, how fast a tier is, and how it behaves when its driver fails.
 *
 * @since 0.1.0
 */
export * as StoreSuite from "./StoreSuite.ts"
