// Preloaded into a worker that is measured: says every other second what it holds after a garbage collection.
import v8 from 'node:v8';
import vm from 'node:vm';
import { isMainThread } from 'node:worker_threads';

if (isMainThread && /worker[\\/]main\.ts$/.test(process.argv[1] ?? '')) {
  v8.setFlagsFromString('--expose-gc');
  const collectGarbage = vm.runInNewContext('gc');
  setInterval(() => {
    collectGarbage();
    const { heapUsed, rss } = process.memoryUsage();
    process.stderr.write(`memory ${JSON.stringify({ heapUsed, rss })}\n`);
  }, 2_000).unref();
}
