// Lets the SDK download the Temporal CLI into the folder given; `download.ts` runs this and bounds it.
import { TestWorkflowEnvironment } from '@temporalio/testing';

/** The SDK names the whole chain of causes; the last of them is the one to tell. */
function lastCause(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replace(/ for url \([^)]*\)/g, '')
    .split(': ')
    .slice(-2)
    .join(': ');
}

async function main(downloadDir: string): Promise<void> {
  // There is no call that only downloads: a dev server is started, and ended as soon as the program is there.
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir } },
  });
  await environment.teardown();
}

main(process.argv[2] ?? '').catch((error: unknown) => {
  console.error(lastCause(error));
  process.exit(1);
});
