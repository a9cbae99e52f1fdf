/** One expression over one input. */
export interface Evaluation {
  /** JSONata. */
  expression: string;
  /** Plain data; inputs that are the same object are carried over once. */
  input: unknown;
}

/** Why an expression gave nothing. The message is a clause for people, without its full stop. */
export interface ExpressionError {
  code: 'syntax' | 'runtime' | 'timeout' | 'memory' | 'too_large';
  message: string;
}

/** What an expression gave: plain data, undefined when it gave nothing. */
export type ExpressionResult = { value: unknown } | { error: ExpressionError };

/**
 * Evaluates expressions that people wrote, which reach nothing but their input, and are bounded in time, memory and the size of
 * their result. One that breaks a bound spoils no other.
 */
export interface Expressions {
  /** The results in the order of the batch. Rejects only with the signal's reason, or once it was closed. */
  evaluate(batch: readonly Evaluation[], signal: AbortSignal): Promise<ExpressionResult[]>;
  /** Ends what runs and lets go of every thread. */
  close(): Promise<void>;
}
