import type { Connection } from 'mongoose';
import type { ListingProblem } from '../domain/listing';
import { listingModel } from './listings';

/** The SKUs of a connector that have one problem. */
export interface ProblemGroup {
  code: string;
  /** How many SKUs. */
  count: number;
  /** As the first of the SKUs has it. */
  sample: ListingProblem;
  /** The first SKUs, by SKU. */
  sampleSkus: string[];
}

const SAMPLES = 5;

/** The queries on what is wrong with listings (B2). */
export function problemQueries(connection: Connection) {
  const model = listingModel(connection);

  async function samplesOf(connectorId: string, code: string) {
    return model
      .find({ connectorId, problemCodes: code })
      .select('sku problems')
      .sort({ _id: 1 })
      .limit(SAMPLES)
      .lean();
  }

  return {
    /** Grouped by code, the most frequent first. */
    async groups(connectorId: string): Promise<ProblemGroup[]> {
      // By all the codes that a SKU has, so that one look at each SKU is enough: few SKUs have problems of their own.
      const together = await model.aggregate<{ _id: string[]; count: number }>([
        { $match: { connectorId } },
        { $group: { _id: '$problemCodes', count: { $sum: 1 } } },
      ]);
      const groups: ProblemGroup[] = [];
      for (const [code, count] of countedByCode(together)) {
        const samples = await samplesOf(connectorId, code);
        const sample = samples.flatMap((each) => each.problems).find((each) => each.code === code);
        if (sample) groups.push({ code, count, sample, sampleSkus: samples.map((each) => each.sku) });
      }
      return groups;
    },
  };
}

/** How many SKUs have each code, the most frequent first; a SKU that has one twice counts once. */
function countedByCode(together: readonly { _id: string[]; count: number }[]): [code: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { _id: codes, count } of together)
    for (const code of new Set(codes)) counts.set(code, (counts.get(code) ?? 0) + count);
  return [...counts].sort(([one, ones], [other, others]) => others - ones || (one < other ? -1 : 1));
}
