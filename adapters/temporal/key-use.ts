import { randomUUID } from 'node:crypto';
import { Client, Connection, isGrpcServiceError } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import type { Keyring } from '../secrets/keyring';
import { createPayloadCodec, isEncrypted, KEY_ID_METADATA } from './codec';
import { connectionOptions, type TemporalAddress } from './connection';

/** Source: gRPC's status codes. */
const GRPC_NOT_FOUND = 5;
const GRPC_FAILED_PRECONDITION = 9;
/** How often a schedule that is changed meanwhile is looked at anew. */
const TRIES = 10;

/** Which workflows need a key. */
export interface KeyUse {
  keyId: string;
  running: number;
  /** Ended, and kept until their retention is over. */
  ended: number;
  /** When the last of those that have ended goes; null when none has. */
  goneAt: Date | null;
}

export interface ScheduleResult {
  id: string;
  /** Whether it was encrypted anew. */
  isResealed: boolean;
  /** Keys that what it starts is encrypted under, as it is left. */
  keyIds: string[];
  /** Why it was left as it was. */
  reason?: string;
}

/** What Temporal holds under which key: of the workflows and schedules of one task queue. */
export function temporalKeyUse({
  namespace,
  taskQueue,
  keyring,
  ...where
}: TemporalAddress & { namespace: string; taskQueue: string; keyring: Keyring }) {
  const connection = Connection.lazy(connectionOptions(where));
  const client = new Client({ connection, namespace });
  const codec = createPayloadCodec(keyring);
  const { workflowService } = client;

  async function describe(scheduleId: string) {
    try {
      return await workflowService.describeSchedule({ namespace, scheduleId });
    } catch (error) {
      if (isGrpcServiceError(error) && error.code === GRPC_NOT_FOUND) return undefined;
      throw error;
    }
  }

  /** The key ids that the events of one execution name. A history that goes meanwhile needs none any more. */
  async function keysOf(workflowId: string, runId: string): Promise<Set<string>> {
    const ids = new Set<string>();
    let nextPageToken: Uint8Array | undefined;
    do {
      const page = await workflowService
        .getWorkflowExecutionHistory({ namespace, execution: { workflowId, runId }, nextPageToken })
        .catch((error: unknown) => {
          if (isGrpcServiceError(error) && error.code === GRPC_NOT_FOUND) return undefined;
          throw error;
        });
      for (const payload of payloadsIn(page?.history?.events)) ids.add(keyIdOf(payload));
      nextPageToken = page?.nextPageToken?.length ? page.nextPageToken : undefined;
    } while (nextPageToken);
    return ids;
  }

  return {
    /**
     * Encrypts anew what our schedules start with: schedules have no end, and would need an old key for ever. By compare-and-set; what
     * others change meanwhile is kept.
     *
     * @param isChecked - looks, and changes nothing.
     */
    async *resealSchedules(isChecked: boolean): AsyncGenerator<ScheduleResult> {
      for await (const { scheduleId: id } of client.schedule.list()) {
        for (let tries = 1; ; tries += 1) {
          const found = await describe(id);
          const started = found?.schedule?.action?.startWorkflow;
          if (!found?.schedule || started?.taskQueue?.name !== taskQueue) break;
          const payloads = started.input?.payloads ?? [];
          const keyIds = [...new Set(payloads.filter(isEncrypted).map(keyIdOf))];
          const isCurrent = payloads.every((each) => isEncrypted(each) && keyIdOf(each) === keyring.sealingKeyId);
          if (isCurrent || isChecked) {
            yield { id, isResealed: tries > 1, keyIds };
            break;
          }
          try {
            started.input = { payloads: await codec.encode(await codec.decode(payloads)) };
            await workflowService.updateSchedule({
              namespace,
              scheduleId: id,
              schedule: found.schedule,
              conflictToken: found.conflictToken,
              requestId: randomUUID(),
            });
          } catch (error) {
            const isChanged = isGrpcServiceError(error) && error.code === GRPC_FAILED_PRECONDITION;
            if (isChanged && tries < TRIES) continue;
            yield { id, isResealed: false, keyIds, reason: error instanceof Error ? error.message : 'unknown' };
            break;
          }
        }
      }
    },

    /** Which workflows still need keys other than the first, by key. Reads every history that Temporal keeps of us. */
    async oldKeys(onProgress: (read: number) => void): Promise<KeyUse[]> {
      const { config } = await workflowService.describeNamespace({ namespace });
      const retentionMs = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1000;
      const uses = new Map<string, KeyUse>();
      let read = 0;
      for await (const { workflowId, runId, closeTime } of client.workflow.list({
        query: `TaskQueue = '${taskQueue}'`,
      })) {
        for (const keyId of await keysOf(workflowId, runId)) {
          if (keyId === keyring.sealingKeyId) continue;
          const use = uses.get(keyId) ?? { keyId, running: 0, ended: 0, goneAt: null };
          uses.set(keyId, use);
          if (!closeTime) use.running += 1;
          else {
            use.ended += 1;
            const goneAt = new Date(closeTime.getTime() + retentionMs);
            if (!use.goneAt || goneAt > use.goneAt) use.goneAt = goneAt;
          }
        }
        onProgress((read += 1));
      }
      return [...uses.values()];
    },

    async close(): Promise<void> {
      await connection.close();
    },
  };
}

function keyIdOf({ metadata }: Payload): string {
  return Buffer.from(metadata?.[KEY_ID_METADATA] ?? []).toString();
}

/** Every encrypted payload of a message of Temporal's, wherever it stands. */
function* payloadsIn(value: unknown): Generator<Payload> {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  if ('metadata' in value && isEncrypted(value as Payload)) yield value as Payload;
  else for (const each of Object.values(value)) yield* payloadsIn(each);
}
