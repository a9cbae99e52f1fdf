/** What the watch is started with. */
export interface AlertWatchInput {
  /** The pause between two looks. */
  everySeconds: number;
  /** It goes on as a new run after so many history events. */
  historyEvents: number;
}

/** A look a minute is how soon people hear of something beyond its threshold; a run of it lasts some four hours. */
export const USUAL_WATCH: AlertWatchInput = { everySeconds: 60, historyEvents: 2_500 };
