import type { ConnectorConfig } from '../../domain/connector';
import { ONBOARDING_STEPS } from '../../domain/connector';
import type { ConnectorSecrets } from '../../domain/connector-contract';
import type { FieldProblem } from '../../domain/connector-rules';
import { onboardingWorkflowId } from '../../domain/ids';
import { connectorQueries } from '../../models/connector-queries';
import { connectorStore } from '../../models/connectors';
import { credentialIdOf } from '../../models/credentials';
import { auditService } from './audit';
import { changesBetween } from './audit-changes';
import type { By } from './by';
import { connectorSecrets } from './connector-secrets';
import { warningsOf } from './connector-warnings';
import type { ServiceDeps } from './index';
import { ownership } from './ownership';
import { askWorkflows } from './workflow-engine';

export interface CreatedConnector {
  id: string;
  state: 'draft';
  onboarding: { workflowId: string };
  warnings: FieldProblem[];
}

/** Creation of connectors (C8). */
export function connectorCreation(deps: ServiceDeps) {
  const connectors = { ...connectorStore(deps.connection), ...connectorQueries(deps.connection) };
  const owners = ownership(deps.connection);
  const secrets = connectorSecrets(deps.connection, deps.secretBox);
  const workflows = askWorkflows(deps.orchestrator);
  const audit = auditService(deps);

  async function insertUnlessThere(id: string, config: ConnectorConfig, given: ConnectorSecrets): Promise<boolean> {
    return owners.deciding(config, async () => {
      if (await connectors.get(id)) return false;
      await owners.check(id, config);
      await secrets.proposeAmazon(config, given);
      return connectors.insert({
        _id: id,
        config,
        configVersion: 1,
        state: 'draft',
        stateReason: null,
        credentialId: credentialIdOf(config.amazon.clientId),
        sourceSecrets: secrets.sealSource(given),
        onboarding: {
          steps: ONBOARDING_STEPS.map((name) => ({ name, state: 'pending' })),
          waitingFor: null,
          created: {},
        },
        ledgerPage: { number: 0, size: 0 },
        reading: null,
        heldRemovals: null,
        activatedAt: null,
      });
    });
  }

  return {
    /**
     * Creates a connector and starts its onboarding. Repeated with the same `reservedId` it goes on where it was broken off.
     *
     * @throws Problem `quantity_conflict`, `affiliate_id_taken`, `busy`, `workflows_unavailable`
     */
    async create(
      wanted: { config: ConnectorConfig; secrets: ConnectorSecrets },
      reservedId: string,
      by: By
    ): Promise<CreatedConnector> {
      const { config } = wanted;
      const id = `con_${reservedId}`;
      if (await insertUnlessThere(id, config, wanted.secrets))
        await audit.note(by, {
          action: 'connector.created',
          target: { type: 'connector', id },
          connectorId: id,
          changes: changesBetween(null, { ...config, ...wanted.secrets }),
        });
      await workflows((orchestrator) => orchestrator.startOnboarding(id));
      return { id, state: 'draft', onboarding: { workflowId: onboardingWorkflowId(id) }, warnings: warningsOf(config) };
    },
  };
}
