import { secretFailure, verdictOf } from '../../domain/credential-rotation';
import { FAILURES, OutsideError } from '../../domain/errors';
import type { AmazonAccounts } from '../../domain/ports/amazon';
import type { AmazonApplications } from '../../domain/ports/applications';
import type { Sealed, SecretBox } from '../../domain/ports/secrets';
import { candidatesOf, secretDueAt, type Candidate } from '../../models/client-secrets';
import type { CredentialDocument } from '../../models/credentials';
import type { CredentialTestView } from '../contracts/credential-view';

/** How long a person waits for all of it together, in milliseconds. */
const PATIENCE_MS = 25_000;

type Verdict = Pick<CredentialTestView['secrets'][number], 'verdict' | 'message' | 'action' | 'owner'>;

interface TestDependencies {
  accounts: Pick<AmazonAccounts, 'testCredential'>;
  applications: Pick<AmazonApplications, 'takesSecret'>;
  secretBox: SecretBox;
}

const SLOT_NAMES = { current: 'current', received: 'received', next: 'saved', previous: 'previous' } as const;

/**
 * Tries everything that is kept of a credential at Amazon, by a token request for each client secret and for each refresh
 * token, and changes nothing.
 */
export async function testCredential(
  credential: CredentialDocument,
  { accounts, applications, secretBox }: TestDependencies,
  now: Date
): Promise<CredentialTestView> {
  const { clientId } = credential;
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const tokens = tokensOf(credential);
  const anyToken = tokens[0] ? secretBox.open(tokens[0].sealed) : null;
  let working: string | undefined;

  async function trySecret({ slot, secret }: Candidate): Promise<Verdict> {
    const clientSecret = secretBox.open(secret);
    const verdict = await judged(async () => {
      if (await applications.takesSecret({ clientId, clientSecret }, anyToken, signal)) return;
      const hasWorked = slot === 'current' || slot === 'previous';
      const isNewOneThere = slot === 'received';
      throw secretFailure(
        { clientId, hasWorked: hasWorked || isNewOneThere, dueAt: secretDueAt(credential), isNewOneThere },
        now
      );
    });
    if (verdict.verdict === 'works') working ??= clientSecret;
    return verdict;
  }

  const secrets: CredentialTestView['secrets'] = [];
  for (const candidate of candidatesOf(credential, now))
    secrets.push({ secret: SLOT_NAMES[candidate.slot], ...(await trySecret(candidate)) });

  const authorisations: CredentialTestView['authorisations'] = [];
  for (const { seller, token, sealed } of tokens) {
    const clientSecret = working;
    const judgement =
      clientSecret === undefined
        ? NO_SECRET
        : await judged(() =>
            accounts.testCredential({ clientId, clientSecret, refreshToken: secretBox.open(sealed) }, signal)
          );
    authorisations.push({ seller, token, ...judgement });
  }
  const inUse = [
    ...secrets.filter(({ secret }) => secret === 'current'),
    ...authorisations.filter(({ token }) => token === 'current'),
  ];
  return {
    testedAt: now.toISOString(),
    works: inUse.length > 0 && inUse.every(({ verdict }) => verdict === 'works'),
    secrets,
    authorisations,
  };
}

const NO_SECRET: Verdict = {
  verdict: 'unknown',
  message: 'Amazon tells this only when it takes the client secret.',
  action: 'Mend the client secret first.',
  owner: 'longshore',
};

async function judged(ask: () => Promise<void>): Promise<Verdict> {
  try {
    await ask();
    return { verdict: 'works', message: 'Amazon takes it.', action: null, owner: 'nobody' };
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError')
      return {
        verdict: 'unknown',
        message: 'Amazon took too long.',
        action: 'Try again in a moment.',
        owner: 'amazon',
      };
    if (!(error instanceof OutsideError)) throw error;
    const { sentence, action, owner } = FAILURES[error.code];
    const verdict = verdictOf(error);
    return {
      verdict,
      message: `${sentence} ${error.message}`,
      action: verdict === 'unknown' ? 'Try again in a moment.' : action,
      owner: owner === 'nobody' ? 'amazon' : owner,
    };
  }
}

function tokensOf({ refreshTokens }: CredentialDocument) {
  return Object.entries(refreshTokens ?? {}).flatMap(([seller, { current, next }]) => {
    const kept: ['current' | 'saved', Sealed | null][] = [
      ['current', current],
      ['saved', next],
    ];
    return kept.flatMap(([token, sealed]) => (sealed ? [{ seller, token, sealed }] : []));
  });
}
