// Preloaded into a worker that is measured: says every other second what it holds after a garbage collection, and how many
// milliseconds of a processor it has taken so far.
import v8 from 'node:v8';
import vm from 'node:vm';
import { isMainThread } from 'node:worker_threads';

if (isMainThread && /worker[\\/]main\.ts$/.test(process.argv[1] ?? '')) {
  v8.setFlagsFromString('--expose-gc');
  const collectGarbage = vm.runInNewContext('gc');
  setInterval(() => {
    collectGarbage();
    const { heapUsed, rss } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const cpuMs = (user + system) / 1000;
    process.stderr.write(`memory ${JSON.stringify({ heapUsed, rss, cpuMs, at: Date.now() })}\n`);
  }, 2_000).unref();
}
