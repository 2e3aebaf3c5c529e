/**
 * The answer of a function of the user that is called and not run.
 */
/** What a function may return that is called and not run: no Promise, no Effect. */
export type Unused = void | undefined | null | boolean | number | bigint | string | symbol
