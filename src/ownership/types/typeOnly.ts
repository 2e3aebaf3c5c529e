/**
 * What tells `Manifest.type<A>()` from other objects. It is a text, so that two copies of the library agree.
 */
export const TypeId = "~effect-stateless/manifest/Manifest/TypeOnly"
