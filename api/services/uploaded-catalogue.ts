import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { OutsideError } from '../../domain/errors';
import type { FileCatalogue } from '../../domain/ports/source';
import type { UploadedFile } from '../../domain/ports/uploads';
import { connectorStore, type ConnectorDocument } from '../../models/connectors';
import { syncRunStore } from '../../models/sync-runs';
import { uploadStore } from '../../models/uploads';
import type { UploadedCatalogueView } from '../contracts/uploaded-catalogue-view';
import { invalid, notFound, Problem } from '../errors';
import { auditService } from './audit';
import { changesBetween } from './audit-changes';
import type { By } from './by';
import type { ServiceDeps } from './index';
import { askWorkflows } from './workflow-engine';

/** How long a look at the beginning of the file may take, in milliseconds. */
const LOOK_MS = 10_000;

/** What is uploaded: its name, and its bytes as they come. */
interface Sent {
  name: string;
  bytes: AsyncIterable<Buffer>;
  isGzip: boolean;
}

/** Catalogues that are uploaded instead of read from a path. */
export function uploadedCatalogueService(deps: Pick<ServiceDeps, 'connection' | 'orchestrator' | 'clock' | 'uploads'>) {
  const { connection, clock } = deps;
  const connectors = connectorStore(connection);
  const uploads = uploadStore(connection);
  const runs = syncRunStore(connection);
  const audit = auditService(deps);
  const workflows = askWorkflows(deps.orchestrator);

  async function connectorOf(id: string): Promise<ConnectorDocument> {
    const connector = await connectors.get(id);
    if (!connector) throw notFound('connector');
    return connector;
  }

  async function viewOf(connector: ConnectorDocument, upload: UploadedFile): Promise<UploadedCatalogueView> {
    const { name, size, sha256, uploadedAt, by } = upload;
    return { name, size, sha256, uploadedAt: uploadedAt.toISOString(), by, ...(await lookAt(connector)) };
  }

  async function lookAt(connector: ConnectorDocument): Promise<Pick<UploadedCatalogueView, 'look' | 'problem'>> {
    try {
      const { files } = await deps.uploads.filesOf(connector).look(AbortSignal.timeout(LOOK_MS));
      const { form, skus, unreadable, problems, isWhole } = files[0]!;
      return { look: { form, skus, unreadable, problems, isWhole }, problem: null };
    } catch (error) {
      if (!(error instanceof OutsideError)) throw error;
      return { look: null, problem: error.message };
    }
  }

  return {
    /**
     * Takes in a catalogue as it arrives. It counts once it is whole, from the next run on; a run in progress goes on with
     * the one that it began with. The same name and content again changes nothing.
     *
     * @throws Problem `not_found`, `connector_removing`, `not_for_uploads`, `too_large`, `malformed_request`,
     *   `validation_failed`, `workflows_unavailable`
     */
    async put(id: string, sent: Sent, by: By): Promise<{ isNew: boolean; view: UploadedCatalogueView }> {
      const connector = await connectorOf(id);
      if (connector.state === 'removing') throw new Problem('connector_removing', 'The connector is being removed.');
      const { source } = connector.config;
      if (source.type !== 'file' || !source.upload)
        throw new Problem(
          'not_for_uploads',
          "Its catalogue is read from elsewhere. Give a connector the source {type: 'file', upload: true} to upload its catalogue."
        );
      const name = sent.name.replace(/\.gz$/i, '');
      const before = await uploads.current(id);
      const { upload, isNew } = await uploads.receive(
        { connectorId: id, name, by: by.actor.name, at: clock() },
        bounded(sent.isGzip ? unpacked(arriving(sent.bytes)) : arriving(sent.bytes), deps.uploads.limitBytes)
      );
      // Without a run in progress nobody reads the ones before; else the next run lets go of them.
      if (isNew && !(await runs.current(id))) await uploads.of(id).letGoBefore(upload.id);
      if (isNew)
        await audit.note(by, {
          action: 'catalogue.uploaded',
          target: { type: 'connector', id },
          connectorId: id,
          changes: changesBetween(before ? aboutFile(before) : null, aboutFile(upload)),
        });
      await workflows((orchestrator) => orchestrator.configurationChanged(id));
      return { isNew, view: await viewOf(connector, upload) };
    },

    /** @throws Problem `not_found` */
    async get(id: string): Promise<UploadedCatalogueView> {
      const connector = await connectorOf(id);
      const upload = await uploads.current(id);
      if (!upload) throw notFound('uploaded catalogue');
      return viewOf(connector, upload);
    },
  };
}

/** The uploads that the API takes in. */
export interface UploadDeps {
  /** The most that a file may have, unpacked, in bytes. */
  limitBytes: number;
  /** The uploaded files of a connector, to look at. */
  filesOf: (connector: Pick<ConnectorDocument, '_id' | 'config'>) => Pick<FileCatalogue, 'look'>;
}

/** The bytes of the request; that they end early is no fault of ours. */
async function* arriving(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of bytes) yield chunk;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
    throw new Problem('malformed_request', 'The body did not arrive whole; nothing of it is kept.', { cause: error });
  }
}

async function* unpacked(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  // Its callback is called for what the reader below is told too.
  pipeline(bytes, gunzip, () => undefined);
  try {
    for await (const chunk of gunzip) yield chunk as Buffer;
  } catch (error) {
    throw /^Z_/.test(String((error as NodeJS.ErrnoException).code))
      ? new Problem('malformed_request', 'The gzip data is broken or cut off.', { cause: error })
      : error;
  }
}

/** The bytes, as long as there are some, and no more than the limit. */
async function* bounded(bytes: AsyncIterable<Buffer>, limitBytes: number): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > limitBytes)
      throw new Problem(
        'too_large',
        `A catalogue may have ${Math.floor(limitBytes / 1024 / 1024)} MB at most, unpacked (UPLOAD_LIMIT_MB).`
      );
    yield chunk;
  }
  if (size === 0) throw invalid([{ field: '', code: 'empty', message: 'Send the file as the body of the request.' }]);
}

/** What the audit trail tells of a file. */
function aboutFile({ name, size, sha256 }: UploadedFile): object {
  return { name, size, sha256 };
}
