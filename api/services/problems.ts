import { connectorStore } from '../../models/connectors';
import { problemQueries, type ProblemGroup } from '../../models/problem-queries';
import { notFound } from '../errors';
import { Kept } from '../kept';
import { explainProblem } from '../problem-texts';
import type { ServiceDeps } from './index';

/** Counting goes over the whole ledger: it is done once in so many milliseconds for each connector, however many look. */
const KEPT_MS = 2_000;
const KEPT_AT_MOST = 100;

export interface ExplainedProblem {
  code: string;
  message: string;
  meaning: string;
  action: string;
  owner: string;
  severity: string;
  count: number;
  sampleSkus: string[];
}

/** What is wrong with listings, in plain language (B2). */
export function problemService({ connection }: Pick<ServiceDeps, 'connection'>) {
  const connectors = connectorStore(connection);
  const problems = problemQueries(connection);
  const kept = new Kept<ProblemGroup[]>({ forMs: KEPT_MS, atMost: KEPT_AT_MOST });
  return {
    /** The most frequent first, as they stood some moments ago at most. */
    async groups(connectorId: string): Promise<{ items: ExplainedProblem[] }> {
      const [connector, groups] = await Promise.all([
        connectors.get(connectorId),
        kept.get(connectorId, () => problems.groups(connectorId)),
      ]);
      if (!connector) throw notFound('connector');
      return { items: groups.map(explained) };
    },
  };
}

function explained({ code, count, sample, sampleSkus }: ProblemGroup): ExplainedProblem {
  const { meaning, action } = explainProblem(code);
  return {
    code,
    message: sample.message,
    meaning,
    action,
    owner: sample.owner,
    severity: sample.severity,
    count,
    sampleSkus,
  };
}
