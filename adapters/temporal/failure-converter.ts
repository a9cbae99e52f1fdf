import { DefaultFailureConverter, type FailureConverter } from '@temporalio/common';
import { withoutShapes } from '../../domain/redaction';

type ToFailure = FailureConverter['errorToFailure'];

/**
 * Failures on their way into a history: nothing shaped like a secret is in their message and stack, and both travel as a payload,
 * so that they are encrypted as the others are. In the bundle of the workflows too: it may hold nothing that does I/O.
 */
class GuardedFailureConverter extends DefaultFailureConverter {
  constructor() {
    super({ encodeCommonAttributes: true });
  }

  // A copy: what is answered is changed by the caller, and may be the failure that an error was made of.
  override errorToFailureInner(...given: Parameters<ToFailure>): ReturnType<ToFailure> {
    const failure = super.errorToFailureInner(...given);
    return {
      ...failure,
      message: withoutShapes(failure.message ?? ''),
      stackTrace: withoutShapes(failure.stackTrace ?? ''),
    };
  }
}

/** Found by its name. */
export const failureConverter: FailureConverter = new GuardedFailureConverter();
