import type { Endpoint } from './endpoint';
import { deleteAlertChannel } from './routes/deleteAlertChannel';
import { deleteApiKey } from './routes/deleteApiKey';
import { deleteConnector } from './routes/deleteConnector';
import { deleteDeadLetter } from './routes/deleteDeadLetter';
import { deleteMapping } from './routes/deleteMapping';
import { getAdoption } from './routes/getAdoption';
import { getAlertChannel } from './routes/getAlertChannel';
import { getAlertChannels } from './routes/getAlertChannels';
import { getAlertDeliveries } from './routes/getAlertDeliveries';
import { getAlerts } from './routes/getAlerts';
import { getApiKeys } from './routes/getApiKeys';
import { getAssignments } from './routes/getAssignments';
import { getAudit } from './routes/getAudit';
import { getConnector } from './routes/getConnector';
import { getConnectorHook } from './routes/getConnectorHook';
import { getConnectors } from './routes/getConnectors';
import { getCredential } from './routes/getCredential';
import { getCredentials } from './routes/getCredentials';
import { getDeadLetters } from './routes/getDeadLetters';
import { getHealth } from './routes/getHealth';
import { getListing } from './routes/getListing';
import { getListings } from './routes/getListings';
import { getListingsCsv } from './routes/getListingsCsv';
import { getMapping } from './routes/getMapping';
import { getMappingProposals } from './routes/getMappingProposals';
import { getMappings } from './routes/getMappings';
import { getMappingsExport } from './routes/getMappingsExport';
import { getMappingVersions } from './routes/getMappingVersions';
import { getMetrics } from './routes/getMetrics';
import { getOnboarding } from './routes/getOnboarding';
import { getOpenApi } from './routes/getOpenApi';
import { getOrder } from './routes/getOrder';
import { getOrders } from './routes/getOrders';
import { getOrderWatches } from './routes/getOrderWatches';
import { getProblems } from './routes/getProblems';
import { getProductTypeFields } from './routes/getProductTypeFields';
import { getProductTypes } from './routes/getProductTypes';
import { getReady } from './routes/getReady';
import { getStockPreview } from './routes/getStockPreview';
import { getSync } from './routes/getSync';
import { getSyncEvents } from './routes/getSyncEvents';
import { getSyncs } from './routes/getSyncs';
import { getTestComparison } from './routes/getTestComparison';
import { getTestResults } from './routes/getTestResults';
import { getTestResultsCsv } from './routes/getTestResultsCsv';
import { getUploadedCatalogue } from './routes/getUploadedCatalogue';
import { patchAlertChannel } from './routes/patchAlertChannel';
import { patchConnector } from './routes/patchConnector';
import { patchCredential } from './routes/patchCredential';
import { postActivateConnector } from './routes/postActivateConnector';
import { postAlertChannel } from './routes/postAlertChannel';
import { postApiKey } from './routes/postApiKey';
import { postApprovePrice } from './routes/postApprovePrice';
import { postCancelSync } from './routes/postCancelSync';
import { postCodecDecode } from './routes/postCodecDecode';
import { postCodecEncode } from './routes/postCodecEncode';
import { postConnector } from './routes/postConnector';
import { postCredential } from './routes/postCredential';
import { postCredentialSecret } from './routes/postCredentialSecret';
import { postCredentialTest } from './routes/postCredentialTest';
import { postMappingsImport } from './routes/postMappingsImport';
import { postMappingTrial } from './routes/postMappingTrial';
import { postPauseConnector } from './routes/postPauseConnector';
import { postPauseSync } from './routes/postPauseSync';
import { postReleaseOrder } from './routes/postReleaseOrder';
import { postRequeue } from './routes/postRequeue';
import { postResumeConnector } from './routes/postResumeConnector';
import { postResumeSync } from './routes/postResumeSync';
import { postRetryDeadLetter } from './routes/postRetryDeadLetter';
import { postRetryAlertDelivery } from './routes/postRetryAlertDelivery';
import { postRetryOrder } from './routes/postRetryOrder';
import { postRotateCredential } from './routes/postRotateCredential';
import { postSync } from './routes/postSync';
import { postTestAlertChannel } from './routes/postTestAlertChannel';
import { postVtexHook, postVtexHookBelow } from './routes/postVtexHook';
import { postVtexOrderResult } from './routes/postVtexOrderResult';
import { putAssignments } from './routes/putAssignments';
import { putMapping } from './routes/putMapping';
import { putUploadedCatalogue } from './routes/putUploadedCatalogue';

/** Every endpoint, in the order in which the documentation shows them. */
export const ENDPOINTS: readonly Endpoint[] = [
  postConnector,
  getConnectors,
  getConnector,
  patchConnector,
  deleteConnector,
  getOnboarding,
  putUploadedCatalogue,
  getUploadedCatalogue,
  getConnectorHook,
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
  postApprovePrice,
  getProblems,
  getTestResults,
  getTestResultsCsv,
  getTestComparison,
  getStockPreview,
  getAdoption,
  getProductTypes,
  getProductTypeFields,
  getMappings,
  getMappingsExport,
  postMappingsImport,
  getMapping,
  putMapping,
  deleteMapping,
  getMappingVersions,
  postMappingTrial,
  getMappingProposals,
  getAssignments,
  putAssignments,
  getOrders,
  getOrder,
  postReleaseOrder,
  postRetryOrder,
  getDeadLetters,
  postRetryDeadLetter,
  deleteDeadLetter,
  getOrderWatches,
  getAlerts,
  getAlertDeliveries,
  postRetryAlertDelivery,
  getAlertChannels,
  postAlertChannel,
  getAlertChannel,
  patchAlertChannel,
  deleteAlertChannel,
  postTestAlertChannel,
  getCredentials,
  getCredential,
  postCredential,
  patchCredential,
  postCredentialSecret,
  postCredentialTest,
  postRotateCredential,
  postApiKey,
  getApiKeys,
  deleteApiKey,
  getAudit,
  getHealth,
  getReady,
  getMetrics,
  getOpenApi,
  postCodecDecode,
  postCodecEncode,
  postVtexHook,
  postVtexHookBelow,
  postVtexOrderResult,
];
