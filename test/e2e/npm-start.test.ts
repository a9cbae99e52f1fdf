import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { onboardingWorkflowId } from '../../domain/ids';
import { KIT_NOT_SENT } from '../../domain/listing';
import { dataDirOf, places, REPOSITORY } from '../../embedded/places';
import { liveOwner } from '../../embedded/run-record';
import { itWithLuma, LUMA } from './luma';
import { countsOf, disagreements } from './public-api';
import { cleanEnv, newDataDir, RealStack } from './real-stack';

jest.setTimeout(240_000);

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

interface Result {
  connectorId: string;
  syncId: string;
  seconds: number;
  total: number;
  counts: Record<string, number>;
  amazonRequests: number;
  stack: { temporal: string; mongodb: string };
}

async function statusOfWorkflow(stack: RealStack, workflowId: string): Promise<string> {
  const connection = await Connection.connect({ address: stack.temporalAddress });
  try {
    const client = new Client({ connection, namespace: stack.settings.TEMPORAL_NAMESPACE });
    return (await client.workflow.getHandle(workflowId).describe()).status.name;
  } finally {
    await connection.close();
  }
}

/** How long one `npm start -- --once` may take, in milliseconds. */
const BOUND_MS = 150_000;

describe('npm start -- --once', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = newDataDir();
    // What was downloaded for this checkout serves here too.
    const cacheDir = dataDirOf(process.env);
    for (const name of ['bin', 'python', 'downloads.json'])
      if (fs.existsSync(path.join(cacheDir, name))) fs.symlinkSync(path.join(cacheDir, name), path.join(dataDir, name));
  });
  afterEach(() => {
    expect(liveOwner(dataDir)).toBeUndefined();
    fs.rmSync(dataDir, { recursive: true, force: true });
  });

  async function npm(...args: string[]): Promise<Ended> {
    const child = spawn('npm', args, {
      cwd: REPOSITORY,
      env: { ...cleanEnv(), LONGSHORE_DATA_DIR: dataDir, SANDBOX_RATE_FACTOR: '40' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const printed = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (printed.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (printed.stderr += chunk.toString()));
    const late = setTimeout(() => child.kill('SIGTERM'), BOUND_MS);
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    clearTimeout(late);
    return { code, ...printed };
  }

  async function npmStart(...options: string[]): Promise<Result> {
    const { code, stdout, stderr } = await npm('start', '--', '--once', '--json', ...options);
    expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as Result;
  }

  /** The ledger that a run has left holds what its result says, and agrees with the sandbox's books, SKU by SKU. */
  async function expectLedger({ connectorId, syncId, counts }: Result): Promise<void> {
    const stack = await RealStack.start({ dataDir });
    try {
      const listings = await stack.api.listings(connectorId);
      expect(listings).toHaveLength(LUMA.skus);
      expect(countsOf(listings)).toEqual(Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)));
      const kits = listings.filter(({ problems }) => problems.some(({ code }) => code === 'kit'));
      expect(kits).toHaveLength(LUMA.kits);
      expect(kits[0]).toMatchObject({ state: 'blocked', reason: KIT_NOT_SENT, problems: [{ message: KIT_NOT_SENT }] });
      const overLimit = listings.filter(({ problems }) => problems.some(({ code }) => code === 'over_limit'));
      expect(overLimit.length + LUMA.kits).toBe(counts.blocked);
      const worlds = await stack.sandbox.worlds();
      expect(worlds).toHaveLength(1);
      expect(disagreements(listings, await stack.sandbox.amazonBooks(worlds[0]!))).toEqual([]);
      expect(await stack.api.sync(syncId)).toMatchObject({ outcome: 'completed', counts });
      expect(await statusOfWorkflow(stack, onboardingWorkflowId(connectorId))).toBe('COMPLETED');
    } finally {
      await stack.stop();
    }
  }

  it('ends well with a summary, and npm run reset forgets it all', async () => {
    const first = await npm('start', '--', '--once');
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/live \d+/);
    const made = /connector (con_[0-9a-f]{20}) created/.exec(first.stdout)?.[1];
    expect(made).toBeDefined();
    expect((await npm('run', 'reset')).code).toBe(0);
    const gone = [places.temporalDb, places.mongo, places.mongoSecantus, places.sandbox, places.demo];
    expect(gone.filter((place) => fs.existsSync(place(dataDir)))).toEqual([]);
    const stack = await RealStack.start({ dataDir });
    try {
      expect(await stack.api.ask('/v1/connectors')).toMatchObject({ items: [] });
      expect((await stack.api.call(`/v1/connectors/${made}`)).status).toBe(404);
    } finally {
      await stack.stop();
    }
  });

  itWithLuma(
    'sends a real store up to the limit, keeps it all over a restart, and sends the rest when the limit is raised',
    async () => {
      const first = await npmStart('--catalog', LUMA.file);
      const overLimit = LUMA.skus - LUMA.kits - LUMA.skuLimit;
      expect(first).toMatchObject({
        connectorId: expect.stringMatching(/^con_/),
        total: LUMA.skus,
        counts: { live: LUMA.skuLimit, blocked: overLimit + LUMA.kits },
        stack: { temporal: expect.any(String), mongodb: expect.any(String) },
      });
      expect(first.amazonRequests).toBeGreaterThanOrEqual(LUMA.skuLimit);
      expect(first.seconds).toBeGreaterThan(0);
      await expectLedger(first);

      const second = await npmStart('--catalog', LUMA.file, '--sku-limit', '5000');
      expect(second).toMatchObject({
        connectorId: first.connectorId,
        total: LUMA.skus,
        counts: { live: LUMA.skus - LUMA.kits, blocked: LUMA.kits },
      });
      // Only what was held back is sent, and what Amazon accepted is read back some times, 20 at once.
      expect(second.amazonRequests).toBeGreaterThanOrEqual(overLimit);
      expect(second.amazonRequests).toBeLessThan(LUMA.skuLimit + overLimit);
      await expectLedger(second);
    }
  );
});
