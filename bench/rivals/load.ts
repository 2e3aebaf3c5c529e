/** Imports a rival from this folder's own `node_modules`; nothing else in the repository knows its types. */
export const load = (name: string): Promise<any> => import(name)
