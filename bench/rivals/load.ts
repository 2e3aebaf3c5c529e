/** Imports a rival from this folder's own `node_modules`. The rest of the repository does not know its types. */
export const load = (name: string): Promise<any> => import(name)
