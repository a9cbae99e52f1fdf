import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DeterminismViolationError } from '@temporalio/workflow';
import { DefaultLogger, makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';
import { WORKFLOWS } from '../../domain/messages';
import { startSandbox } from '../../sandbox';
import * as workflows from '../../workflows';

const HISTORIES = join(__dirname, '..', 'histories');
const files = readdirSync(HISTORIES, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'));

interface RecordedHistory {
  events: {
    eventType: string;
    workflowExecutionStartedEventAttributes?: { workflowType: { name: string }; workflowId: string };
    activityTaskScheduledEventAttributes?: { activityType: { name: string } };
  }[];
}

const textOf = (file: string): string => readFileSync(join(HISTORIES, file), 'utf8');
const historyOf = (file: string): RecordedHistory => JSON.parse(textOf(file)) as RecordedHistory;
const startOf = (history: RecordedHistory) => history.events[0]!.workflowExecutionStartedEventAttributes!;

async function replay(history: RecordedHistory): Promise<void> {
  const workflowBundle = { codePath: process.env.TEST_WORKFLOW_BUNDLE ?? '' };
  await Worker.runReplayHistory({ workflowBundle }, history, startOf(history).workflowId);
}

/** The text of a file together with what its payloads hold. */
function decoded(file: string): string {
  const text = textOf(file);
  const payloads = [...text.matchAll(/"data": ?"([A-Za-z0-9+/=]+)"/g)];
  return [text, ...payloads.map(([, data]) => Buffer.from(data!, 'base64').toString('utf8'))].join('\n');
}

describe('the workflows of today', () => {
  beforeAll(() => {
    const filter = makeTelemetryFilterString({ core: 'ERROR' });
    Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter } } });
  });

  it.each(files)('take the recorded history %s to the same end', async (file) => {
    await replay(historyOf(file));
  });

  it('have each at least one recorded history', () => {
    const recorded = new Set(files.map((file) => startOf(historyOf(file)).workflowType.name));
    expect([...recorded].sort()).toEqual(Object.keys(workflows).sort());
    expect([...recorded].sort()).toEqual(Object.values(WORKFLOWS).sort());
  });

  it('are not taken for others', async () => {
    const history = historyOf('connector-onboarding/straight@0.1.0.json');
    startOf(history).workflowType.name = WORKFLOWS.removal;
    await expect(replay(history)).rejects.toThrow(DeterminismViolationError);
  });

  it('are not taken for what they do not do', async () => {
    const history = historyOf('connector-onboarding/straight@0.1.0.json');
    const scheduled = history.events.flatMap((event) => event.activityTaskScheduledEventAttributes ?? []);
    const affiliate = scheduled.find(({ activityType }) => activityType.name === 'createAffiliate');
    affiliate!.activityType.name = 'simulateShipping';
    await expect(replay(history)).rejects.toThrow(DeterminismViolationError);
  });
});

describe('the recorded histories', () => {
  it('hold no secret', async () => {
    const sandbox = await startSandbox({});
    try {
      for (const file of files) {
        const content = decoded(file);
        const world = `${dirname(file)}-${basename(file).split(/[.@]/)[0]}`;
        for (const secret of await secretsOf(sandbox.url, world)) expect(content).not.toContain(secret);
        expect(content).not.toMatch(/Atzr\||Atza\||amzn1\.oa2-cs/);
      }
    } finally {
      await sandbox.close();
    }
  });

  it('hold no trace of the machine that recorded them', () => {
    for (const file of files) {
      const content = decoded(file);
      expect(content).not.toMatch(/"identity": "(?!recorder")/);
      expect(content).not.toMatch(/node_modules|\/(?:home|root|work|Users|tmp)\//);
    }
  });

  it('are small', () => {
    for (const file of files) expect(textOf(file).length).toBeLessThan(200_000);
  });
});

/** Every secret of the sandbox's world of this name; they follow from the name. */
async function secretsOf(sandboxUrl: string, world: string): Promise<string[]> {
  const answer = await fetch(`${sandboxUrl}/__sandbox/worlds/${world}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ generate: 1 }),
  });
  expect(answer.status).toBe(200);
  const { vtex, amazon } = (await answer.json()) as {
    vtex: { appToken: string };
    amazon: { clientSecret: string; refreshToken: string };
  };
  return [vtex.appToken, amazon.clientSecret, amazon.refreshToken];
}
