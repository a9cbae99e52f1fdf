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
      const counted = await model.aggregate<{ _id: string; count: number }>([
        { $match: { connectorId, problemCodes: { $ne: [] } } },
        { $project: { problemCodes: 1 } },
        { $unwind: '$problemCodes' },
        { $group: { _id: { code: '$problemCodes', listing: '$_id' } } },
        { $group: { _id: '$_id.code', count: { $sum: 1 } } },
        { $sort: { count: -1, _id: 1 } },
      ]);
      const groups: ProblemGroup[] = [];
      for (const { _id: code, count } of counted) {
        const samples = await samplesOf(connectorId, code);
        const sample = samples.flatMap((each) => each.problems).find((each) => each.code === code);
        if (sample) groups.push({ code, count, sample, sampleSkus: samples.map((each) => each.sku) });
      }
      return groups;
    },
  };
}
