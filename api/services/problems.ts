import { connectorStore } from '../../models/connectors';
import { problemQueries, type ProblemGroup } from '../../models/problem-queries';
import { notFound } from '../errors';
import { explainProblem } from '../problem-texts';
import type { ServiceDeps } from './index';

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
  return {
    /** The most frequent first. */
    async groups(connectorId: string): Promise<{ items: ExplainedProblem[] }> {
      if (!(await connectors.get(connectorId))) throw notFound('connector');
      return { items: (await problems.groups(connectorId)).map(explained) };
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
