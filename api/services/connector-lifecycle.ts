import { CONNECTOR_STATES, type ConnectorState } from '../../domain/connector';
import { connectorQueries } from '../../models/connector-queries';
import { connectorStore, type ConnectorDocument } from '../../models/connectors';
import { notFound, Problem } from '../errors';
import { activationChecklist, isOnboarded } from './activation-checklist';
import { auditService } from './audit';
import type { By } from './by';
import type { ServiceDeps } from './index';
import { askWorkflows } from './workflow-engine';

interface MovedConnector {
  id: string;
  state: ConnectorState;
}

/** The moves of a connector between its states that people ask for. */
export function connectorLifecycle(deps: ServiceDeps) {
  const connectors = { ...connectorStore(deps.connection), ...connectorQueries(deps.connection) };
  const workflows = askWorkflows(deps.orchestrator);
  const audit = auditService(deps);

  async function find(id: string): Promise<ConnectorDocument> {
    const found = await connectors.get(id);
    if (!found) throw notFound('connector');
    return found;
  }

  /** Moves between `active` and `paused`, and brings the schedule in line; repeating it mends a schedule that was not reached. */
  async function movePause(id: string, from: ConnectorState, to: 'active' | 'paused', by: By): Promise<MovedConnector> {
    const moved = await connectors.moveState(id, [from], to, to === 'paused' ? `Paused by ${by.actor.name}.` : null);
    const connector = moved ?? (await find(id));
    if (connector.state !== to) throw wrongState(connector, from, to);
    if (moved)
      await audit.note(by, {
        action: to === 'paused' ? 'connector.paused' : 'connector.resumed',
        target: { type: 'connector', id },
        connectorId: id,
        changes: [{ field: 'state', before: from, after: to }],
      });
    const { everyMinutes } = connector.config.schedule;
    await workflows((orchestrator) =>
      orchestrator.applySchedule({ connectorId: id, everyMinutes, paused: to === 'paused' })
    );
    return { id, state: to };
  }

  return {
    /**
     * Starts the durable activation. An active connector is left as it is.
     *
     * @throws Problem `not_found`, `not_ready` with what is missing, `wrong_state`, `workflows_unavailable`
     */
    async activate(id: string, by: By): Promise<MovedConnector> {
      const connector = await find(id);
      const { state } = connector;
      if (state === 'active') return { id, state };
      if (state === 'removing') throw new Problem('connector_removing', 'The connector is being removed.');
      if (state === 'paused') throw new Problem('wrong_state', 'The connector is paused; resume it instead.');
      if (state !== 'inactive' || !isOnboarded(connector)) throw notReady(connector);
      await audit.note(by, {
        action: 'connector.activation-requested',
        target: { type: 'connector', id },
        connectorId: id,
        changes: [{ field: 'state', before: state, after: 'active' }],
      });
      await workflows((orchestrator) => orchestrator.startActivation(id));
      return { id, state };
    },

    /** @throws Problem `not_found`, `wrong_state`, `workflows_unavailable` */
    async pause(id: string, by: By): Promise<MovedConnector> {
      return movePause(id, 'active', 'paused', by);
    },

    /** @throws Problem `not_found`, `wrong_state`, `workflows_unavailable` */
    async resume(id: string, by: By): Promise<MovedConnector> {
      return movePause(id, 'paused', 'active', by);
    },

    /**
     * Starts the durable removal; repeating it joins the one in progress.
     *
     * @throws Problem `not_found`, `workflows_unavailable`
     */
    async remove(id: string, by: By): Promise<MovedConnector> {
      const others = CONNECTOR_STATES.filter((state) => state !== 'removing');
      const before = await find(id);
      const moved = await connectors.moveState(id, others, 'removing', `Removed by ${by.actor.name}.`);
      if (moved)
        await audit.note(by, {
          action: 'connector.removal-requested',
          target: { type: 'connector', id },
          connectorId: id,
          changes: [{ field: 'state', before: before.state, after: 'removing' }],
        });
      await workflows((orchestrator) => orchestrator.startRemoval(id));
      return { id, state: 'removing' };
    },
  };
}

function wrongState(connector: ConnectorDocument, from: ConnectorState, to: ConnectorState): Problem {
  const verb = to === 'paused' ? 'paused' : 'resumed';
  return new Problem('wrong_state', `Only a connector that is ${from} can be ${verb}; this one is ${connector.state}.`);
}

function notReady(connector: ConnectorDocument): Problem {
  const missing = activationChecklist(connector)
    .filter((item) => !item.done)
    .map(({ name, detail }) => ({ name, detail }));
  const detail =
    connector.state === 'failed'
      ? `The connector has failed: ${connector.stateReason ?? 'see its onboarding'}`
      : 'Onboarding is not through yet; see missing, and GET …/onboarding for what it waits for.';
  return new Problem('not_ready', detail, { missing });
}
