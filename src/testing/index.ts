/**
 * A store in front of another that misbehaves as planned, for simulations and for tests of what stands on a store.
 *
 * - A plan with the same seed and the same calls gives the same faults.
 * - Without rules, or once it was stopped, it does what the store behind it does.
 * - `fail`, `failLate`, `slow`, `slowLate`, `stall`, `corrupt` and `double` stay within the contract of a store:
 *   whoever stands on one must cope. `lose` does not; it shows what a broken tier would do.
 *
 * Not here: faults of the synchronous door. A faulty store has none.
 *
 * @since 0.1.0
 */
export * as FaultyStore from "./FaultyStore.ts"

/**
 * What a published suite fails with.
 *
 * @since 0.1.0
 */
export * as PromiseBroken from "./PromiseBroken.ts"

/**
 * A scheduler that runs fibers in an order drawn from a seed, and interrupts their runs at random points.
 *
 * Effect's own scheduler runs fibers first come, first served, and lets each run for thousands of steps: most races
 * never show in a test. Under this one every order that fibers may legally have is drawn sooner or later, and the
 * same seed draws the same order again.
 *
 * - Of the tasks that wait, one of the lowest priority number is drawn; all are equally likely.
 * - A fiber yields before any of its steps with the chance `yields`.
 * - All fibers that use one scheduler share one queue, so their order is drawn among all of them.
 * - Repeatable as long as a program takes its time from a `TestClock`, its chance from a seed, and awaits no promise.
 *
 * Not here: faults, and the order of real I/O.
 *
 * @since 0.1.0
 */
export * as SeededScheduler from "./SeededScheduler.ts"

/**
 * What every tier must do, as tests: the contract of `Store`, one promise each, and a model that random stories are
 * compared with.
 *
 * The tests are plain effects, so that any runner can run them; `run` hands them to one in the shape of
 * `@effect/vitest`. Time is the `TestClock`. Each test builds the layer anew and expects an empty store that has room
 * for 2,000 small entries.
 *
 * Not here: what a tier evicts when it is full, how fast it is, what it does when its driver fails.
 *
 * @since 0.1.0
 */
export * as StoreSuite from "./StoreSuite.ts"
