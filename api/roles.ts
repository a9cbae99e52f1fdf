/** What an API key may do; each role may do what the ones before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Whoever makes a request. */
export interface Actor {
  /** The id of the API key, or `bootstrap` for ADMIN_API_KEY. */
  id: string;
  name: string;
  role: Role;
}

export function mayAct(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
