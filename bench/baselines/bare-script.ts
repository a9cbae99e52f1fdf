import type { Seller, Submission } from './seller';

/** A script as one writes it in an hour: a few requests at a time, and when it dies, nobody knows how far it came. */
export async function bareScript(seller: Seller, submissions: readonly Submission[], atOnce: number): Promise<void> {
  const queue = submissions.values();
  const lane = async (): Promise<void> => {
    for (const each of queue) await seller.put(each);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}
