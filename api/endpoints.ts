import type { Endpoint } from './endpoint';
import { deleteApiKey } from './routes/deleteApiKey';
import { deleteConnector } from './routes/deleteConnector';
import { getApiKeys } from './routes/getApiKeys';
import { getAudit } from './routes/getAudit';
import { getConnector } from './routes/getConnector';
import { getConnectors } from './routes/getConnectors';
import { getHealth } from './routes/getHealth';
import { getListing } from './routes/getListing';
import { getListings } from './routes/getListings';
import { getListingsCsv } from './routes/getListingsCsv';
import { getMetrics } from './routes/getMetrics';
import { getOnboarding } from './routes/getOnboarding';
import { getOpenApi } from './routes/getOpenApi';
import { getProblems } from './routes/getProblems';
import { getProductTypeFields } from './routes/getProductTypeFields';
import { getProductTypes } from './routes/getProductTypes';
import { getReady } from './routes/getReady';
import { getStockPreview } from './routes/getStockPreview';
import { getSync } from './routes/getSync';
import { getSyncEvents } from './routes/getSyncEvents';
import { getSyncs } from './routes/getSyncs';
import { patchConnector } from './routes/patchConnector';
import { postActivateConnector } from './routes/postActivateConnector';
import { postApiKey } from './routes/postApiKey';
import { postCancelSync } from './routes/postCancelSync';
import { postConnector } from './routes/postConnector';
import { postPauseConnector } from './routes/postPauseConnector';
import { postPauseSync } from './routes/postPauseSync';
import { postRequeue } from './routes/postRequeue';
import { postResumeConnector } from './routes/postResumeConnector';
import { postResumeSync } from './routes/postResumeSync';
import { postSync } from './routes/postSync';

/** Every endpoint, in the order in which the documentation shows them. */
export const ENDPOINTS: readonly Endpoint[] = [
  postConnector,
  getConnectors,
  getConnector,
  patchConnector,
  deleteConnector,
  getOnboarding,
  postActivateConnector,
  postPauseConnector,
  postResumeConnector,
  postSync,
  getSyncs,
  getSync,
  getSyncEvents,
  postCancelSync,
  postPauseSync,
  postResumeSync,
  getListings,
  getListingsCsv,
  getListing,
  postRequeue,
  getProblems,
  getStockPreview,
  getProductTypes,
  getProductTypeFields,
  postApiKey,
  getApiKeys,
  deleteApiKey,
  getAudit,
  getHealth,
  getReady,
  getMetrics,
  getOpenApi,
];
