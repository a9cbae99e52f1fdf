/** How many different wrong keys an address may try before it is locked out. */
export const FREE_TRIES = 10;

const FIRST_SECONDS = 60;
const LONGEST_SECONDS = 3600;

/** After so long without a wrong key an address begins anew, in seconds. */
export const FORGOTTEN_SECONDS = 24 * 3600;

/** For how long an address is locked out after its n-th different wrong key, in seconds: twice as long each time, an hour at most. */
export function lockOutSeconds(tries: number): number {
  if (tries < FREE_TRIES) return 0;
  return Math.min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** (tries - FREE_TRIES));
}
