import { SingleBar } from 'cli-progress';
import { STATE_MEANINGS, type ListingState, LISTING_STATES } from '../domain/listing';
import { countsText, settledOf, type DemoResult, type SyncView } from './demo';
import type { Log } from './embedded-error';

/** How often a line is printed where there is no terminal to draw a bar on, in milliseconds. */
const LINE_EVERY_MS = 3_000;

type ProgressView = { show: (sync: SyncView) => void; end: () => void };

/** Shows a sync as it goes: a bar on stderr where that is a terminal, a line now and then otherwise. */
export function progressView(stderr: NodeJS.WriteStream, log: Log): ProgressView {
  return stderr.isTTY ? barView(stderr) : lineView(log);
}

function barView(stderr: NodeJS.WriteStream): ProgressView {
  const bar = new SingleBar({
    format: '{phase} [{bar}] {value}/{total} SKUs  {rate}  {eta_}  {waiting}',
    stream: stderr,
    hideCursor: true,
    clearOnComplete: false,
    barsize: 30,
  });
  let started = false;
  return {
    show: (sync) => {
      const facts = {
        phase: (isReading(sync) ? 'reading' : sync.phase).padEnd(7),
        rate: sync.ratePerSecond ? `${sync.ratePerSecond.toFixed(1)}/s` : '',
        eta_: sync.etaSeconds ? `about ${Math.ceil(sync.etaSeconds)} s left` : '',
        waiting: sync.waitingFor ? `waits for: ${sync.waitingFor.message}` : '',
      };
      if (!started) bar.start(sync.total, settledOf(sync), facts);
      started = true;
      bar.setTotal(sync.total);
      bar.update(settledOf(sync), facts);
    },
    end: () => bar.stop(),
  };
}

function lineView(log: Log): ProgressView {
  let last = '';
  let at = 0;
  return {
    show: (sync) => {
      const waits = sync.waitingFor ? `; waits for: ${sync.waitingFor.message}` : '';
      const line = `sync: ${isReading(sync) ? readingText(sync) : progressText(sync)}${waits}`;
      if (line === last || Date.now() - at < LINE_EVERY_MS) return;
      [last, at] = [line, Date.now()];
      log(line);
    },
    end: () => {},
  };
}

/** While the source is read nobody knows how much there is. */
function isReading({ phase }: SyncView): boolean {
  return phase === 'queued' || phase === 'collect';
}

function readingText({ total }: SyncView): string {
  return `reading the catalogue, ${total} SKUs so far`;
}

function progressText(sync: SyncView): string {
  return `${sync.phase}, ${settledOf(sync)} of ${sync.total} SKUs (${countsText(sync.counts)})`;
}

/** What came of a sync, for people: every state with its meaning, time, requests, the commonest problems. */
export function summaryOf(result: DemoResult): string[] {
  const states = LISTING_STATES.filter((state: ListingState) => result.counts[state]);
  return [
    '',
    `Sync ${result.outcome}: ${result.total} SKUs in ${result.seconds} s, ${result.amazonRequests} requests to Amazon`,
    ...states.map(
      (state) => `  ${state.padEnd(12)}${String(result.counts[state]).padStart(6)}  ${STATE_MEANINGS[state]}`
    ),
    ...(result.problems.length > 0 ? ['', 'Most frequent problems'] : []),
    ...result.problems.map((p) => `  ${String(p.count).padStart(6)}  ${p.code}${p.message ? `: ${p.message}` : ''}`),
  ];
}
