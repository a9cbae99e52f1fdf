const KEPT = 50_000;

/** One request that the sandbox received. Holds no header, query or body, and so no token or secret. */
interface CallRecord {
  /** Increases by one with each call. */
  seq: number;
  /** ISO 8601. */
  at: string;
  /** Amazon's operationId, `lwaToken`, or `vtex.<name>`. */
  operation: string;
  method: string;
  path: string;
  /** 0: no answer was given (a timeout or a reset). */
  status: number;
  sku?: string;
  sellerId?: string;
  account?: string;
  /** `VALIDATION_PREVIEW` where it was asked for. */
  mode?: string;
  /** Id of the fault that befell the call. */
  fault?: string;
  /** Milliseconds from request to answer. */
  ms: number;
  requestId: string;
}

interface CallSummary {
  total: number;
  /** Calls of SP-API operations; tokens and schema downloads are none. */
  amazon: number;
  byOperation: Record<string, { count: number; byStatus: Record<string, number> }>;
}

export interface CallQuery {
  operation?: string;
  /** ISO 8601: calls at or after it. */
  since?: string;
  limit?: number;
}

/** The calls received, newest 50,000; the counts are of all since the last clear. */
export class CallLog {
  private records: CallRecord[] = [];
  private counts: CallSummary = { total: 0, amazon: 0, byOperation: {} };
  private lastSeq = 0;

  add(record: Omit<CallRecord, 'seq'>, isSpApi: boolean): void {
    this.records.push({ seq: (this.lastSeq += 1), ...record });
    if (this.records.length > KEPT * 1.2) this.records = this.records.slice(-KEPT);
    this.counts.total += 1;
    if (isSpApi) this.counts.amazon += 1;
    const entry = (this.counts.byOperation[record.operation] ??= { count: 0, byStatus: {} });
    entry.count += 1;
    entry.byStatus[record.status] = (entry.byStatus[record.status] ?? 0) + 1;
  }

  /** Oldest first; with a limit, the newest that many. */
  find({ operation, since, limit = 1000 }: CallQuery): CallRecord[] {
    const found = this.records.filter(
      (record) => (!operation || record.operation === operation) && (!since || record.at >= since)
    );
    return limit > 0 ? found.slice(-limit) : [];
  }

  /** The most calls of an operation, of those kept, in any time of that length on the sandbox's clock. */
  most(operation: string, seconds: number): number {
    const moments = this.records.filter((each) => each.operation === operation).map(({ at }) => Date.parse(at));
    let first = 0;
    let most = 0;
    moments.forEach((at, index) => {
      while ((moments[first] ?? at) <= at - seconds * 1000) first += 1;
      most = Math.max(most, index - first + 1);
    });
    return most;
  }

  summary(): CallSummary {
    return this.counts;
  }

  clear(): void {
    this.records = [];
    this.counts = { total: 0, amazon: 0, byOperation: {} };
  }
}
