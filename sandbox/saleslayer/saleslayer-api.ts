import type { Router } from 'express';
import { json, plain, type Answer } from '../answer';
import { exchange, type ApiFamily, type ExchangeContext } from '../exchange';
import { headerText, queryText } from '../query';
import type { SalesLayerAccounts } from './accounts';
import { ConnectorApi } from './connector-api';
import { RestApi } from './rest-api';

const REST = '/saleslayer-rest/catalog/rest/Catalog';

/** Both APIs of Sales Layer: the connector API at /saleslayer, the Catalog REST API under /saleslayer-rest. */
export function mountSalesLayer(router: Router, accounts: SalesLayerAccounts, context: ExchangeContext): void {
  const family: ApiFamily = {
    name: 'saleslayer',
    subjectOf: (request) => ({
      account: (
        accounts.ofConnectorCode(queryText(request, 'code') ?? '') ??
        accounts.ofApiKey(headerText(request, 'x-api-key'))
      )?.world.identity.account,
      skus: [],
    }),
    faultAnswer,
    finish: (answer) => answer,
  };
  const connector = new ConnectorApi(accounts, context.clock);
  const rest = new RestApi(accounts, context.clock);
  const connectorCall = exchange(context, family, 'saleslayer.connector', (request) => connector.answer(request));
  router.get('/saleslayer', connectorCall);
  router.post('/saleslayer', connectorCall);
  router.get(
    `${REST}/:entity/$metadata`,
    exchange(context, family, 'saleslayer.metadata', (request) => rest.metadata(request))
  );
  router.get(
    `${REST}/:entity`,
    exchange(context, family, 'saleslayer.list', (request) => rest.list(request))
  );
}

function faultAnswer(status: number, operation: string): Answer {
  return operation === 'saleslayer.connector'
    ? plain(status, 'Error')
    : json(status, { error: { code: status, message: 'Injected' } });
}
