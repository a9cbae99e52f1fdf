import type { FailureCode } from '../errors';
import type { Region } from '../marketplaces';

/** An LWA application with one of its client secrets, in plain text. */
export interface ApplicationSecret {
  clientId: string;
  clientSecret: string;
}

/** What became of a request for a new client secret. */
export type SecretRequest =
  /** Amazon makes one, and sends it to the queue that is registered for the application. */
  | { kind: 'accepted' }
  /** Amazon has made none: no queue is registered for the application. */
  | { kind: 'not-enrolled' }
  /** Amazon has made none, and the message says why. */
  | { kind: 'refused'; code: FailureCode; message: string }
  /** No answer came, or none that says: Amazon may have made one. The message says what came. */
  | { kind: 'unknown'; message: string };

/** Login with Amazon and Application Management 2023-11-30, for an application itself. */
export interface AmazonApplications {
  /**
   * Whether Login with Amazon takes the client secret, whatever it thinks of the refresh token.
   *
   * @param refreshToken - of any seller; null where none is known.
   * @throws OutsideError of a passing class when it does not say.
   */
  takesSecret(application: ApplicationSecret, refreshToken: string | null, signal: AbortSignal): Promise<boolean>;
  /**
   * Asks Amazon for a new client secret, once: every request burns one, and the one it is made with ends within seven days.
   * Amazon's answer never holds it.
   *
   * @param region - whose host is asked.
   */
  requestSecret(application: ApplicationSecret, region: Region, signal: AbortSignal): Promise<SecretRequest>;
}
