import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

/** The history of one workflow, over all its executions. */
export class RunHistory {
  private constructor(private readonly executions: readonly (readonly HistoryEvent[])[]) {}

  static async of(client: Client, workflowId: string): Promise<RunHistory> {
    const executions: HistoryEvent[][] = [];
    for await (const { runId } of client.workflow.list({ query: `WorkflowId = '${workflowId}'` }))
      executions.push((await client.workflow.getHandle(workflowId, runId).fetchHistory()).events ?? []);
    if (executions.length === 0) throw new Error(`Temporal does not list workflow ${workflowId}`);
    return new RunHistory(executions);
  }

  get events(): number {
    return this.executions.reduce((sum, events) => sum + events.length, 0);
  }

  /** From the moment the first of these activities was scheduled until the last of them, or of another kind, was done, in seconds. */
  secondsOf(activity: string, until = activity): number {
    let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const events of this.executions) {
      const scheduled = new Set<string>();
      for (const event of events) {
        const { activityTaskScheduledEventAttributes: begun, activityTaskCompletedEventAttributes: done } = event;
        const name = begun?.activityType?.name;
        if (name === activity) first = Math.min(first, timeOf(event));
        if (name === until) scheduled.add(String(event.eventId));
        if (done && scheduled.has(String(done.scheduledEventId))) last = Math.max(last, timeOf(event));
      }
    }
    if (last < first) throw new Error(`the run has no ${activity} and ${until}`);
    return (last - first) / 1000;
  }
}

function timeOf({ eventTime }: HistoryEvent): number {
  return Number(eventTime?.seconds ?? 0) * 1000 + (eventTime?.nanos ?? 0) / 1e6;
}
