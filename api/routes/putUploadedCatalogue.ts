import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { uploadedCatalogueView } from '../contracts/uploaded-catalogue-view';
import { endpoint } from '../endpoint';
import { Problem } from '../errors';

const path = '/v1/connectors/{connectorId}/catalogue';

const NAME_ERROR = 'Write the name of the file without folders: products.csv.';

const query = z.strictObject({
  name: z
    .string()
    .max(200)
    .regex(/^[^./\\][^/\\]*$/, { error: NAME_ERROR })
    .refine((name) => !/\p{Cc}/u.test(name), { error: NAME_ERROR })
    .describe('The name of the file; its ending says what it is: .csv, .tsv, .jsonl or .ndjson, also with .gz'),
});

const contentTypes = [
  'text/csv',
  'text/tab-separated-values',
  'text/plain',
  'application/x-ndjson',
  'application/jsonl',
  'application/gzip',
  'application/x-gzip',
  'application/octet-stream',
] as const;

const file = z.string().meta({ format: 'binary', description: 'The file as it is' });

export const putUploadedCatalogue = endpoint<typeof query, IncomingMessage>({
  method: 'put',
  path,
  tag: 'Connectors',
  summary: 'Upload the catalogue',
  description:
    'For a connector whose source is `{"type": "file", "upload": true}`. The file counts once it is whole, from the next run on; until then the one before does. A file by the name .gz, of the type application/gzip or with Content-Encoding: gzip is unpacked. The same name and content again changes nothing.',
  role: 'operator',
  query,
  body: { schema: file, contentTypes, isStreamed: true },
  answers: {
    200: { description: 'The same was there already', schema: uploadedCatalogueView },
    201: { description: 'It is whole and counts', schema: uploadedCatalogueView },
  },
  problems: ['not_found', 'not_for_uploads', 'connector_removing', 'workflows_unavailable'],
  handle: async (services, { params, query: { name }, body, actor, requestId }) => {
    const sent = {
      name,
      isGzip: isGzip(name, body),
      // Destroyed, it could not be answered any more.
      bytes: body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>,
    };
    try {
      const { isNew, view } = await services.uploadedCatalogue.put(params.connectorId!, sent, { actor, requestId });
      return { status: isNew ? 201 : 200, body: view };
    } finally {
      // What was not wanted is still taken off the line, or the connection's next request would stand behind it.
      body.resume();
    }
  },
});

function isGzip(name: string, { headers }: IncomingMessage): boolean {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'gzip' && encoding !== 'identity')
    throw new Problem('unsupported_media_type', 'Send the file plain or compressed with gzip.');
  const isPacked = /\.gz$/i.test(name) || /^application\/(x-)?gzip\b/i.test(headers['content-type'] ?? '');
  return isPacked || encoding === 'gzip';
}
