import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Client } from '@temporalio/client';
import { createKeyring } from '../../adapters/secrets/keyring';
import { isEncrypted } from '../../adapters/temporal/codec';
import { createRemoteCodec } from '../../adapters/temporal/remote-codec';
import { activationWorkflowId, onboardingWorkflowId, syncScheduleId } from '../../domain/ids';
import { WORKFLOWS } from '../../domain/messages';
import { ADMIN_KEY, ApiUnderTest } from '../api/api-under-test';
import { plainProducts, Rig } from './rig';

interface Found {
  at: string;
  payload: { metadata?: Record<string, Uint8Array> | null; data?: Uint8Array | null };
}

/** Every payload of a message of Temporal's, with where it stands. */
function payloadsIn(value: unknown, at = ''): Found[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  if ('metadata' in value && 'data' in value) return [{ at, payload: value as Found['payload'] }];
  return Object.entries(value).flatMap(([name, each]) => payloadsIn(each, `${at}.${name}`));
}

/** Every text of a message, whatever it is wrapped in. */
function textsIn(value: unknown): string[] {
  if (value instanceof Uint8Array) return [Buffer.from(value).toString('latin1')];
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

describe('what Temporal keeps of our workflows', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(async () => {
    await rig.stop();
  });

  it('is encrypted: inputs, answers, failures with their messages, and what schedules start', async () => {
    const world = await rig.world('encrypted', plainProducts(2));
    const connectorId = await rig.insertConnector(world);
    await rig.control('POST', 'faults', { match: { operation: 'vtex.*' }, kind: 'status', status: 500 });
    await rig.orchestrator.startOnboarding(connectorId);
    const handle = rig.client.workflow.getHandle(onboardingWorkflowId(connectorId));
    const failure = async () => (await handle.describe()).raw.pendingActivities?.[0]?.lastFailure;
    await rig.until(async () => Boolean(await failure()), 'a step to fail');
    const failed = await failure();
    await rig.control('DELETE', 'faults');
    await rig.onboarded(connectorId);

    const history = await handle.fetchHistory();
    const { workflowService } = rig.client;
    const schedule = await workflowService.describeSchedule({
      namespace: rig.config.TEMPORAL_NAMESPACE,
      scheduleId: syncScheduleId(connectorId),
    });
    const found = [history.events, schedule.schedule, failed].flatMap((each) => payloadsIn(each));
    expect(found.length).toBeGreaterThan(5);
    const open = found.filter(({ payload }) => !isEncrypted(payload)).map(({ at }) => at);
    // What workflows are searched by is the server's to read, and tells the connector alone.
    const others = open.filter((at) => !at.endsWith('earchAttributes.indexedFields.ConnectorId'));
    expect([others, open.length > 0]).toEqual([[], true]);
    expect([failed?.message, failed?.stackTrace]).toEqual(['Encoded failure', '']);
    expect(textsIn([history.events, failed]).join('\n')).not.toMatch(/VTEX|waitingFor|Error:/i);
  });

  it("is read by Temporal's command line through our codec, and not without it", async () => {
    const cli = process.env.TEST_TEMPORAL_CLI;
    if (!cli) return void process.stderr.write('skipped: no Temporal CLI was used to start the server\n');
    const workflowId = activationWorkflowId('con_0000000000000000c0de');
    await rig.client.workflow.execute(WORKFLOWS.activation, {
      taskQueue: rig.config.TEMPORAL_TASK_QUEUE,
      workflowId,
      args: [{ connectorId: 'con_0000000000000000c0de' }],
    });
    const api = await ApiUnderTest.start({ codec: createRemoteCodec(createKeyring(rig.config.ENCRYPTION_KEYS)) });
    try {
      const show = async (...options: string[]): Promise<string> => {
        const where = ['--address', rig.config.TEMPORAL_ADDRESS, '--namespace', rig.config.TEMPORAL_NAMESPACE];
        const args = ['workflow', 'show', '--workflow-id', workflowId, ...where, '--output', 'json', ...options];
        return (await promisify(execFile)(cli, args)).stdout;
      };
      const given = Buffer.from('{"connectorId":"con_0000000000000000c0de"}').toString('base64');
      expect(await show()).not.toContain(given);
      const codec = ['--codec-endpoint', `${api.url}/codec`, '--codec-auth', `Bearer ${ADMIN_KEY}`];
      expect(await show(...codec)).toContain(given);
    } finally {
      await api.stop();
    }
  });

  it('may also be plain, from before: such workflows go on', async () => {
    const { connectorId } = await rig.ready('from-before', plainProducts(2));
    const before = new Client({ connection: rig.client.connection, namespace: rig.config.TEMPORAL_NAMESPACE });
    await before.workflow.start(WORKFLOWS.activation, {
      taskQueue: rig.config.TEMPORAL_TASK_QUEUE,
      workflowId: activationWorkflowId(connectorId),
      args: [{ connectorId }],
    });
    await rig.until(async () => (await rig.connector(connectorId)).state === 'active', 'the connector to be active');
  });

  it('stays unread, and unharmed, by a worker without the key', async () => {
    const stranger = await Rig.start();
    try {
      const workflowId = activationWorkflowId('con_00000000000000000000');
      const handle = await rig.client.workflow.start(WORKFLOWS.activation, {
        taskQueue: stranger.config.TEMPORAL_TASK_QUEUE,
        workflowId,
        args: [{ connectorId: 'con_00000000000000000000' }],
      });
      await rig.until(async () => {
        const { events } = await handle.fetchHistory();
        return (events ?? []).some(({ workflowTaskFailedEventAttributes }) => workflowTaskFailedEventAttributes);
      }, 'the task to fail');
      expect((await handle.describe()).status.name).toBe('RUNNING');
      await handle.terminate();
    } finally {
      await stranger.stop();
    }
  });
});
