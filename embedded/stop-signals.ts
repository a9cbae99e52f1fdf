/** Signals within this many milliseconds are one: a terminal and npm both pass Ctrl-C on. */
const ONE_KEY_PRESS_MS = 400;

export type StopSignals = {
  /** Aborted by Ctrl-C, SIGTERM, a closed terminal, or the death of the launcher. */
  signal: AbortSignal;
  /** Called by a second Ctrl-C: end now, without waiting. */
  onImpatience: (end: () => void) => void;
  /** Stops listening, so that the process can end. */
  dispose: () => void;
};

/** Turns everything that asks this process to end into one abort signal. */
export function listenForStop(env: NodeJS.ProcessEnv): StopSignals {
  const controller = new AbortController();
  let impatient = () => {};
  let firstAt = 0;
  const onSignal = () => {
    if (!controller.signal.aborted) {
      firstAt = Date.now();
      controller.abort();
    } else if (Date.now() - firstAt > ONE_KEY_PRESS_MS) {
      impatient();
    }
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, onSignal);
  const watch = setInterval(() => {
    if (env.LONGSHORE_LAUNCHER_PID && String(process.ppid) !== env.LONGSHORE_LAUNCHER_PID) controller.abort();
  }, 500);
  watch.unref();
  return {
    signal: controller.signal,
    onImpatience: (end) => {
      impatient = end;
    },
    dispose: () => {
      for (const name of signals) process.off(name, onSignal);
      clearInterval(watch);
    },
  };
}

/** Resolves when the signal is aborted. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
