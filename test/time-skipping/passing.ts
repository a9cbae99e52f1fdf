import type { TestWorkflowEnvironment } from '@temporalio/testing';

const DAY_MS = 24 * 3_600_000;

/** Lets days pass one by one, as timers do. */
export async function pass(env: TestWorkflowEnvironment, days: number): Promise<void> {
  for (let left = days; left > 0; left -= 1) await env.sleep(Math.min(left, 1) * DAY_MS);
}

/**
 * Lets days pass while no worker runs. The server's clock stands while a workflow is to be woken; once it has waited so long that no
 * worker can be there it is told to go on.
 */
export async function passWithoutWorker(env: TestWorkflowEnvironment, days: number): Promise<void> {
  const testService = env.connection.testService!;
  let held = 0;
  for (let left = days; left > 0; left -= 1) {
    const slept = env.sleep(DAY_MS).then(() => true);
    const hasPassed = await Promise.race([slept, new Promise((resolve) => setTimeout(resolve, 1_000, false))]);
    if (hasPassed) continue;
    await testService.unlockTimeSkipping({});
    held += 1;
    await slept;
  }
  for (; held > 0; held -= 1) await testService.lockTimeSkipping({});
}
