import { nextSyncs } from '../../api/services/next-syncs';
import { RecordingOrchestrator } from './recording-orchestrator';

const SOON = '2026-01-01T01:00:00.000Z';
const LATER = '2026-01-01T02:00:00.000Z';
const active = { _id: 'con_1', state: 'active', configVersion: 1 } as const;

function start() {
  const orchestrator = new RecordingOrchestrator();
  orchestrator.nextRunAt = SOON;
  const time = { now: new Date('2026-01-01T00:00:00Z') };
  return { orchestrator, time, schedules: nextSyncs(orchestrator, () => time.now) };
}

/** Goes on when what was said before has to be asked for anew. */
function skipKeptTime(): void {
  const now = performance.now();
  jest.spyOn(performance, 'now').mockReturnValue(now + 6_000);
}

afterEach(() => jest.restoreAllMocks());

describe('nextSyncs', () => {
  it('asks the workflow engine once, however many read', async () => {
    const { orchestrator, schedules } = start();
    expect(await Promise.all([1, 2, 3].map(() => schedules.of(active)))).toEqual([SOON, SOON, SOON]);
    expect(await schedules.of(active)).toBe(SOON);
    expect(orchestrator.namesOf('con_1')).toEqual(['scheduleState']);
  });

  it('asks anew after some seconds, and at once after a change of the configuration', async () => {
    const { orchestrator, schedules } = start();
    await schedules.of(active);
    orchestrator.nextRunAt = LATER;
    expect(await schedules.of({ ...active, configVersion: 2 })).toBe(LATER);
    skipKeptTime();
    expect(await schedules.of(active)).toBe(LATER);
  });

  it('does not ask for a connector that is not active', async () => {
    const { orchestrator, schedules } = start();
    expect(await schedules.of({ ...active, state: 'paused' })).toBeNull();
    expect(orchestrator.calls).toEqual([]);
  });

  it.each(['away', 'silent'] as const)(
    'while the engine is %s, says what it said last until that time',
    async (mood) => {
      const { orchestrator, time, schedules } = start();
      await schedules.of(active);
      orchestrator.mood = mood;
      skipKeptTime();
      const begun = Date.now();
      expect(await schedules.of(active)).toBe(SOON);
      expect(Date.now() - begun).toBeLessThan(2_000);
      time.now = new Date(LATER);
      jest.restoreAllMocks();
      jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000);
      expect(await schedules.of(active)).toBeNull();
    }
  );

  it('knows nothing of a schedule that it never heard of', async () => {
    const { orchestrator, schedules } = start();
    orchestrator.mood = 'away';
    expect(await schedules.of(active)).toBeNull();
  });
});
