import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { stopTestStack } from '../embedded/test-stack';

export default async function tearDown(): Promise<void> {
  if (process.env.TEST_WORKFLOW_BUNDLE) rmSync(dirname(process.env.TEST_WORKFLOW_BUNDLE), { recursive: true });
  await stopTestStack();
}
