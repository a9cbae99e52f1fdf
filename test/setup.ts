import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestStack } from '../embedded/test-stack';
import { bundleWorkflows } from '../worker/bundle';

/** Once for the whole run: Temporal and MongoDB, and the workflow bundle that the tests' workers share. */
export default async function setUp(): Promise<void> {
  await startTestStack();
  const bundle = await bundleWorkflows();
  if (!('code' in bundle)) throw new Error('the workflow bundle has no code');
  const file = join(mkdtempSync(join(tmpdir(), 'longshore-bundle-')), 'workflows.js');
  writeFileSync(file, bundle.code);
  process.env.TEST_WORKFLOW_BUNDLE = file;
}
