import type { Actor } from '../roles';

/** Who asks for a change, and in which request. */
export interface By {
  actor: Actor;
  requestId: string;
}
