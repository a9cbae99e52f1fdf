import { z } from 'zod';
import { connectorInput, SECRET_FIELDS } from '../../domain/connector-contract';
import { CONNECTOR_STATES, ONBOARDING_STEPS, STEP_STATES } from '../../domain/connector';
import { SYNC_OUTCOMES, SYNC_PHASES } from '../../domain/sync';
import { countsView } from './sync-view';
import { waitingForView } from './waiting-for-view';

export const CONNECTOR_EXAMPLE = {
  name: 'Luma at Amazon US',
  source: {
    type: 'vtex',
    account: 'luma',
    appKey: 'vtexappkey-luma-ABCDEF',
    appToken: 'the app token of this key',
    salesChannel: '1',
    affiliateId: 'MZN',
    affiliateEmail: 'marketplaces@luma.example',
  },
  amazon: {
    country: 'US',
    sellerId: 'A2LUMASELLER01',
    clientId: 'amzn1.application-oa2-client.0123456789abcdef',
    clientSecret: 'the client secret of this application',
    refreshToken: 'Atzr|IwEBIExampleOfARefreshToken',
  },
  listing: { sendKits: false },
  offer: { minimumStock: 2 },
};

/** The body of POST /v1/connectors, named for the documentation. */
export const connectorInputView = connectorInput.meta({ id: 'ConnectorInput' });

const syncSummary = z.object({
  id: z.string(),
  phase: z.enum(SYNC_PHASES),
  outcome: z.enum(SYNC_OUTCOMES).nullable(),
  total: z.number().int(),
  counts: countsView,
  startedAt: z.string(),
  endedAt: z.string().nullable(),
});

export const checklistView = z
  .array(z.object({ name: z.string(), done: z.boolean(), detail: z.string() }))
  .describe('B11. What activation needs; all done means it may be activated');

/** The configuration as it is shown: whole, without a secret. */
const configView = z
  .looseObject({
    name: z.string(),
    source: z.looseObject({ type: z.string() }),
    amazon: z.looseObject({ country: z.string(), clientId: z.string() }),
    listing: z.looseObject({}),
    offer: z.looseObject({ minimumStock: z.number() }),
    orders: z.looseObject({}),
    schedule: z.looseObject({ mode: z.string(), everyMinutes: z.number() }),
  })
  .meta({
    id: 'ConnectorConfig',
    description: 'As ConnectorInput, with every default filled in and without the write-only fields',
  });

export const connectorView = z
  .object({
    id: z.string(),
    state: z.enum(CONNECTOR_STATES),
    stateReason: z.string().nullable(),
    config: configView,
    configVersion: z.number().int().describe('Rises by one with every change; the ETag of the connector'),
    secretsSet: z.array(z.enum(SECRET_FIELDS)).describe('Which write-only fields are kept'),
    credentialId: z.string(),
    currentSync: syncSummary.nullable(),
    lastSync: syncSummary.nullable(),
    nextSyncAt: z
      .string()
      .nullable()
      .describe(
        'Null when none is due, or while the workflow engine is away and nothing is known; some seconds old at most'
      ),
    activationChecklist: checklistView,
    createdAt: z.string(),
    updatedAt: z.string(),
  })
  .meta({ id: 'Connector' });

export type ConnectorView = z.infer<typeof connectorView>;

export const warningsView = z
  .array(z.object({ field: z.string(), code: z.string(), message: z.string() }))
  .describe('Accepted, but perhaps not what is meant');

export const connectorStateView = z
  .object({ id: z.string(), state: z.enum(CONNECTOR_STATES) })
  .meta({ id: 'ConnectorState' });

export const ONBOARDING_STATES = ['running', 'waiting', 'ready', 'undone', 'failed'] as const;

export const onboardingView = z
  .object({
    state: z.enum(ONBOARDING_STATES),
    steps: z.array(
      z.object({
        name: z.enum(ONBOARDING_STEPS),
        state: z.enum(STEP_STATES),
        detail: z.string().nullable(),
        startedAt: z.string().nullable(),
        endedAt: z.string().nullable(),
      })
    ),
    waitingFor: waitingForView.optional(),
  })
  .meta({ id: 'Onboarding' });

export type OnboardingView = z.infer<typeof onboardingView>;
