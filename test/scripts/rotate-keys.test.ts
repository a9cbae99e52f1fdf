import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createKeyring } from '../../adapters/secrets/keyring';
import { createDataConverter } from '../../adapters/temporal/codec';
import { createOrchestrator } from '../../adapters/temporal/orchestrator';
import { onboardingWorkflowId, syncScheduleId } from '../../domain/ids';
import { connectorModel } from '../../models/connectors';
import { credentialModel } from '../../models/credentials';
import { hookTokenStore } from '../../models/hook-tokens';
import { plainProducts, Rig } from '../workflows/rig';

const ROOT = join(__dirname, '../..');
const keyOf = (id: string): string => `${id}:${randomBytes(32).toString('base64')}`;
const [OLD, NEW] = [keyOf('old'), keyOf('new')];

interface Ended {
  code: number;
  output: string;
}

describe('npm run keys:rotate', () => {
  let rig: Rig;
  let connectorId: string;
  beforeAll(async () => {
    rig = await Rig.start({ env: { ENCRYPTION_KEYS: OLD } });
    ({ connectorId } = await rig.ready('rotation', plainProducts(2)));
    await hookTokenStore(rig.database, createKeyring(OLD)).tokenOf(connectorId);
  });
  afterAll(async () => {
    await rig.stop();
  });

  function run(keys: string, ...options: string[]): Promise<Ended> {
    const { MONGODB_URI, TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TASK_QUEUE, ADMIN_API_KEY } = rig.config;
    const env = {
      ...{ PATH: process.env.PATH, NODE_ENV: 'test', ENCRYPTION_KEYS: keys },
      ...{ MONGODB_URI, TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TASK_QUEUE, ADMIN_API_KEY },
    };
    const args = ['--import', 'tsx', join(ROOT, 'scripts/rotate-keys.ts'), ...options];
    return new Promise((resolve) => {
      execFile(process.execPath, args, { cwd: ROOT, env }, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr })
      );
    });
  }

  async function keysOf(): Promise<string[]> {
    const documents = [
      await credentialModel(rig.database).find().lean(),
      await connectorModel(rig.database).find().lean(),
      await rig.database.collection('hookTokens').find().toArray(),
    ];
    return [...new Set([...JSON.stringify(documents).matchAll(/"keyId":"(\w+)"/g)].map(([, id]) => id!))];
  }

  it('tells what it would do', async () => {
    const { code, output } = await run(`${NEW},${OLD}`, '--check');
    expect([code, output]).toEqual([2, expect.stringMatching(/credentials: 0 sealed anew; \d+ under 'old'/)]);
    expect(output).toMatch(
      /Key 'old' is still needed, by values in the database, schedules, (.* that runs?, )?\d+ workflows? that Temporal keeps/
    );
    expect(await keysOf()).toEqual(['old']);
  });

  it('seals everything anew while the service runs, and says how long the old key is needed', async () => {
    const { code, output } = await run(`${NEW},${OLD}`);
    expect([code, output]).toEqual([0, expect.stringMatching(/schedules: 1 of 1 encrypted anew/)]);
    expect(output).toMatch(/connectors: 1 sealed anew; 1 under 'new'/);
    expect(output).toMatch(/hookTokens: 1 sealed anew/);
    expect(output).toMatch(
      /Key 'old' is still needed, by (.* that runs?, )?\d+ workflows? that Temporal keeps until \d{4}-/
    );
    expect(await keysOf()).toEqual(['new']);
    for (const key of [OLD, NEW]) expect(output).not.toContain(key.split(':')[1]);
  });

  it('does nothing the second time', async () => {
    const { code, output } = await run(`${NEW},${OLD}`);
    expect([code, output.match(/[1-9]\d* sealed anew/g)]).toEqual([0, null]);
    expect(output).toMatch(/schedules: 0 of 1 encrypted anew/);
  });

  it('leaves the schedule as it was, for processes that know the new key alone', async () => {
    const orchestrator = createOrchestrator({
      address: rig.config.TEMPORAL_ADDRESS,
      namespace: rig.config.TEMPORAL_NAMESPACE,
      taskQueue: rig.config.TEMPORAL_TASK_QUEUE,
      dataConverter: createDataConverter(createKeyring(NEW)),
    });
    try {
      expect(await orchestrator.scheduledConnectors()).toEqual([connectorId]);
      expect(await orchestrator.scheduleState(connectorId)).toMatchObject({ paused: true });
    } finally {
      await orchestrator.close();
    }
    // The rig has the old key alone: what it was given before it still reads, and what is new to it it does not.
    await expect(rig.client.schedule.getHandle(syncScheduleId(connectorId)).describe()).rejects.toThrow("no key 'new'");
    expect((await rig.client.workflow.getHandle(onboardingWorkflowId(connectorId)).describe()).status.name).toBe(
      'COMPLETED'
    );
  });

  it('says what it cannot open', async () => {
    const { code, output } = await run(keyOf('third'));
    expect([code, output]).toEqual([2, expect.stringContaining("The keyring has no key 'new': put it back")]);
    expect(output).toMatch(/Key 'new' is still needed, by values in the database, schedules/);
  });

  it.each([
    ['an option that it does not know', ['--force'], NEW, /usage: npm run keys:rotate/],
    ['keys that are none', [], 'nonsense', /ENCRYPTION_KEYS must be/],
  ])('ends at once with %s', async (_, options, keys, said) => {
    expect(await run(keys, ...options)).toEqual({ code: 1, output: expect.stringMatching(said) });
  });
});
