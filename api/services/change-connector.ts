import type { ConnectorConfig } from '../../domain/connector';
import { parseConnector, type ConnectorSecrets, type SecretField } from '../../domain/connector-contract';
import type { FieldProblem } from '../../domain/connector-rules';
import { REDACTED } from '../../domain/redaction';
import { connectorQueries } from '../../models/connector-queries';
import { connectorStore, type ConnectorDocument } from '../../models/connectors';
import { credentialIdOf } from '../../models/credentials';
import { canonicalJson } from '../canonical-json';
import type { ConnectorView } from '../contracts/connector-view';
import { invalid, notFound, Problem } from '../errors';
import { isObject, mergePatch } from '../merge-patch';
import { wasOnboarded } from './activation-checklist';
import { auditService } from './audit';
import { changesBetween } from './audit-changes';
import type { By } from './by';
import { connectorReading } from './connector-reading';
import { connectorSecrets } from './connector-secrets';
import { warningsOf } from './connector-warnings';
import type { ServiceDeps } from './index';
import { ownership } from './ownership';
import { askWorkflows } from './workflow-engine';

/** What a connector is: fixed once onboarding is through. */
const IDENTITY_FIELDS = [
  'source.type',
  'source.account',
  'amazon.country',
  'amazon.sellerId',
  'amazon.vendorCode',
] as const;

/** How often a change is tried again when somebody else's came first. */
const TRIES = 5;

interface Change {
  config: ConnectorConfig;
  /** Newly written ones. */
  secrets: ConnectorSecrets;
  sourceSecrets: ConnectorDocument['sourceSecrets'];
}

/** Changes to a connector's configuration (V15). */
export function connectorChanges(deps: ServiceDeps) {
  const connectors = { ...connectorStore(deps.connection), ...connectorQueries(deps.connection) };
  const owners = ownership(deps.connection);
  const secrets = connectorSecrets(deps.connection, deps.secretBox);
  const reading = connectorReading(deps);
  const workflows = askWorkflows(deps.orchestrator);
  const audit = auditService(deps);

  /** Reads, merges, checks and writes once; undefined when somebody else wrote in between. */
  async function tryChange(id: string, patch: unknown, ifMatch: string | undefined) {
    const found = await connectors.get(id);
    if (!found) throw notFound('connector');
    if (found.state === 'removing')
      throw new Problem('connector_removing', 'The connector is being removed; nothing about it can be changed.');
    checkVersion(found, ifMatch);
    const change = await planChange(found, patch);
    if (wasOnboarded(found)) checkIdentity(found.config, change.config);
    if (!changesAnything(found, change)) return { found, connector: found, change };
    const changed = await owners.deciding(change.config, async () => {
      await owners.check(id, change.config);
      return connectors.changeConfig(id, found.configVersion, {
        config: change.config,
        sourceSecrets: change.sourceSecrets,
        credentialId: credentialIdOf(change.config.amazon.clientId),
        zipCodeSince: zipCodeSince(found, change.config, deps.clock()),
      });
    });
    return changed && { found, connector: changed, change };
  }

  async function planChange(found: ConnectorDocument, patch: unknown): Promise<Change> {
    const merged = mergePatch(found.config, patch);
    const stored = await storedFor(found, merged, patch);
    const parsed = parseConnector(merged, stored);
    if (!parsed.ok) throw invalid(parsed.problems);
    const kept = Object.entries(found.sourceSecrets ?? {}).filter(([field]) => stored.has(field as SecretField));
    return {
      config: parsed.config,
      secrets: parsed.secrets,
      sourceSecrets: { ...Object.fromEntries(kept), ...secrets.sealSource(parsed.secrets) },
    };
  }

  /** The kept secrets that still count under the merged configuration: of this seller and application, and not taken back. */
  async function storedFor(found: ConnectorDocument, merged: unknown, patch: unknown): Promise<Set<SecretField>> {
    const before = found.config;
    const amazon = isObject(merged) && isObject(merged.amazon) ? merged.amazon : {};
    const config = { ...before, amazon: { ...before.amazon, ...textsOf(amazon) } } as ConnectorConfig;
    if (!('sellerId' in amazon)) delete config.amazon.sellerId;
    const [set = []] = await secrets.setOf([{ config, sourceSecrets: found.sourceSecrets }]);
    const stored = new Set(set);
    const source = isObject(merged) && isObject(merged.source) ? merged.source : {};
    for (const field of stored) {
      const [group, key] = field.split('.') as [string, string];
      if (isObject(patch) && isObject(patch[group]) && patch[group][key] === null) stored.delete(field);
    }
    if (source.type !== before.source.type) for (const field of sourceFields(stored)) stored.delete(field);
    if (source.connectorCode !== undefined) stored.delete('source.apiKey');
    else if (source.type === 'saleslayer') stored.delete('source.secretKey');
    return stored;
  }

  /** The configuration, and which secrets are kept. */
  async function auditedState({ config, sourceSecrets }: ConnectorDocument): Promise<object> {
    const [set = []] = await secrets.setOf([{ config, sourceSecrets }]);
    return { ...config, ...Object.fromEntries(set.map((field) => [field, REDACTED])) };
  }

  /** Brings the outside in line with what was written. Repeating the request repeats this too. */
  async function tellWorkflows(connector: ConnectorDocument, patch: unknown): Promise<void> {
    const { _id: connectorId, state, config } = connector;
    await workflows(async (orchestrator) => {
      await orchestrator.configurationChanged(connectorId);
      const hasSchedule = state === 'active' || state === 'paused';
      if (hasSchedule && isObject(patch) && 'schedule' in patch)
        await orchestrator.applySchedule({
          connectorId,
          everyMinutes: config.schedule.everyMinutes,
          paused: state === 'paused',
        });
    });
  }

  return {
    /**
     * Applies a merge patch (RFC 7396) to the configuration. The whole of it is checked; a run in progress keeps the
     * configuration it began with.
     *
     * @param ifMatch - the If-Match header: the change is refused when the configuration is another one by now.
     * @throws Problem `not_found`, `connector_removing`, `version_changed`, `validation_failed`, `immutable`,
     *   `quantity_conflict`, `affiliate_id_taken`, `busy`, `workflows_unavailable`
     */
    async change(
      id: string,
      patch: unknown,
      ifMatch: string | undefined,
      by: By
    ): Promise<ConnectorView & { warnings: FieldProblem[] }> {
      for (let tries = 1; tries <= TRIES; tries++) {
        const done = await tryChange(id, patch, ifMatch);
        if (!done) continue;
        const { found, connector, change } = done;
        const before = await auditedState(found);
        await secrets.proposeAmazon(change.config, change.secrets);
        await audit.note(by, {
          action: 'connector.changed',
          target: { type: 'connector', id },
          connectorId: id,
          changes: changesBetween(before, await auditedState(connector), Object.keys(change.secrets)),
        });
        await tellWorkflows(connector, patch);
        return { ...(await reading.get(id)), warnings: warningsOf(change.config) };
      }
      throw new Problem('busy', 'The configuration is being changed by others all the time; try again in a moment.', {
        headers: { 'Retry-After': '1' },
      });
    },
  };
}

/** A ZIP code that is set where there was none sets orders going, from now on; another one in its place changes nothing about that. */
function zipCodeSince(before: ConnectorDocument, { orders }: ConnectorConfig, now: Date): Date | null {
  if (orders.defaultZipCode === undefined) return null;
  return before.config.orders.defaultZipCode === undefined ? now : (before.zipCodeSince ?? null);
}

function textsOf(amazon: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(amazon).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  );
}

function sourceFields(fields: ReadonlySet<SecretField>): SecretField[] {
  return [...fields].filter((field) => field.startsWith('source.'));
}

function checkVersion(connector: ConnectorDocument, ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  const tags = ifMatch.split(',').map((tag) => tag.trim());
  if (tags.includes(`"${connector.configVersion}"`)) return;
  throw new Problem(
    'version_changed',
    `The configuration is at version ${connector.configVersion} now. Read the connector again and repeat the change.`
  );
}

function valueAt(config: ConnectorConfig, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), config);
}

function checkIdentity(before: ConnectorConfig, after: ConnectorConfig): void {
  const changed = IDENTITY_FIELDS.filter(
    (path) => (valueAt(before, path) ?? undefined) !== (valueAt(after, path) ?? undefined)
  );
  if (changed.length === 0) return;
  throw new Problem(
    'immutable',
    'The connector has been onboarded; make a new one for another account or marketplace.',
    {
      errors: changed.map((field) => ({
        field,
        code: 'immutable',
        message: 'This cannot be changed after onboarding; make a new connector.',
      })),
    }
  );
}

function changesAnything(found: ConnectorDocument, change: Change): boolean {
  const keptAll = Object.keys(found.sourceSecrets ?? {}).every((field) => field in change.sourceSecrets);
  return (
    !keptAll || Object.keys(change.secrets).length > 0 || canonicalJson(found.config) !== canonicalJson(change.config)
  );
}
