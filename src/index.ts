/**
 * Stateless: a cache in which every key has one owner, and every write invalidates what depends on it.
 *
 * @since 0.1.0
 */

export {}
