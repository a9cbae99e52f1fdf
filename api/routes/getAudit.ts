import { z } from 'zod';
import { auditView } from '../contracts/audit-view';
import { cursor, limit, nextCursor } from '../contracts/paging';
import { endpoint } from '../endpoint';

const path = '/v1/audit';

const query = z.strictObject({
  connectorId: z.string().min(1).max(100).optional().describe('Only what was done to this connector'),
  cursor,
  limit,
});

export const getAudit = endpoint({
  method: 'get',
  path,
  tag: 'Access',
  summary: 'See who changed what, the newest first',
  role: 'admin',
  query,
  answers: {
    200: {
      description: 'A page of the audit trail',
      schema: z.object({ items: z.array(auditView), nextCursor }).meta({ id: 'AuditPage' }),
    },
  },
  handle: async (services, call) => ({ status: 200, body: await services.audit.list(call.query) }),
});
