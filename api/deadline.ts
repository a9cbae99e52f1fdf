/** Raised when something took longer than it may. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/** Gives `work` so many milliseconds; what it does after that is nobody's concern. */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(`No answer within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
