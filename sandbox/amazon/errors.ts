import { AnswerError, json, type Answer } from '../answer';

/** SP-API's error body: `{errors: [{code, message, details}]}`; `code` is spelled as each API spells it. */
function spApiError(status: number, code: string, message: string, details = ''): Answer {
  return json(status, { errors: [{ code, message, details }] });
}

export function badRequest(details: string): AnswerError {
  return new AnswerError(spApiError(400, 'BAD_REQUEST', 'Invalid input', details));
}

/** A 400 in another API's spelling. */
export function badInput(code: string, details: string): AnswerError {
  return new AnswerError(spApiError(400, code, 'Invalid Input', details));
}

/** A 400 as the Orders API spells it. */
export function invalidInput(details: string): AnswerError {
  return badInput('InvalidInput', details);
}

/** The 400 of rotateApplicationClientSecret. Source: Amazon's own model. */
export function notEnrolled(): AnswerError {
  const message =
    'Application is not enrolled for rotation notification. Please update application notification preference in Developer console.';
  return new AnswerError(spApiError(400, 'InvalidInput', message));
}

export function notFound(message: string): AnswerError {
  return new AnswerError(spApiError(404, 'NOT_FOUND', message));
}

export function accessDenied(details = ''): AnswerError {
  return new AnswerError(spApiError(403, 'Unauthorized', 'Access to requested resource is denied.', details));
}

export function quotaExceeded(message = 'You exceeded your quota for the requested resource.'): Answer {
  return spApiError(429, 'QuotaExceeded', message);
}

/** The answer of SP-API to a fault that only names a status. */
export function spApiFault(status: number): Answer {
  switch (status) {
    case 400:
      return spApiError(400, 'BAD_REQUEST', 'Invalid input', 'Invalid input');
    case 401:
    case 403:
      return spApiError(status, 'Unauthorized', 'Access to requested resource is denied.');
    case 404:
      return spApiError(404, 'NOT_FOUND', 'The resource specified does not exist.');
    case 413:
      return spApiError(413, 'PAYLOAD_TOO_LARGE', 'The request size exceeded the maximum accepted size.');
    case 415:
      return spApiError(415, 'UNSUPPORTED_MEDIA_TYPE', 'The request payload is in an unsupported format.');
    case 429:
      return quotaExceeded();
    case 503:
      return spApiError(503, 'ServiceUnavailable', 'Service is temporarily unavailable. Please try again.');
    default:
      return spApiError(status, 'InternalFailure', 'We encountered an internal error. Please try again.');
  }
}

/** LWA's own shape, which is not SP-API's: `{error, error_description}`. */
export function lwaError(status: number, error: string, description: string): AnswerError {
  return new AnswerError(json(status, { error, error_description: description }));
}

export function lwaFault(status: number): Answer {
  const [error, description] =
    status === 401
      ? ['invalid_client', 'Client authentication failed']
      : status === 400
        ? ['invalid_request', 'The request is missing a required parameter or is otherwise malformed']
        : status === 429
          ? ['slow_down', 'Too many requests']
          : ['server_error', 'The authorization server encountered an unexpected condition'];
  return json(status, { error, error_description: description });
}
