/**
 * Does what several ask for at one time together: what is asked for while one round is under way waits for the next, and
 * everybody's promise settles with their own round.
 */
export function together<T>(round: (asked: T[]) => Promise<void>): (one: T) => Promise<void> {
  let waiting: { one: T; resolve: () => void; reject: (reason: unknown) => void }[] = [];
  let isAtWork = false;

  async function work(): Promise<void> {
    isAtWork = true;
    while (waiting.length > 0) {
      const these = waiting;
      waiting = [];
      await round(these.map(({ one }) => one)).then(
        () => these.forEach(({ resolve }) => resolve()),
        (error: unknown) => these.forEach(({ reject }) => reject(error))
      );
    }
    isAtWork = false;
  }

  return (one) =>
    new Promise((resolve, reject) => {
      waiting.push({ one, resolve, reject });
      if (!isAtWork) void work();
    });
}
