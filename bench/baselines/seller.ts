import type { AxiosInstance } from 'axios';
import { createHttp } from '../../adapters/http/exchange';
import type { World } from '../../test/workflows/rig';

/** What is sent for one SKU. */
export interface Submission {
  sku: string;
  payload: unknown;
}

/** What Amazon answered about one SKU. */
export interface Outcome {
  status: string;
  submissionId: string;
}

/** A seller's account, by requests and nothing else: no limiter, no retries, no ledger. */
export class Seller {
  private constructor(
    private readonly http: AxiosInstance,
    private readonly url: string,
    private readonly token: string,
    private readonly marketplaceId: string
  ) {}

  static async of(sandboxUrl: string, { amazon }: World): Promise<Seller> {
    const http = createHttp();
    const { data } = await http.post<{ access_token: string }>(
      `${sandboxUrl}/auth/o2/token`,
      new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: amazon.refreshToken,
        client_id: amazon.clientId,
        client_secret: amazon.clientSecret,
      }).toString()
    );
    const url = `${sandboxUrl}/listings/2021-08-01/items/${amazon.sellerId}`;
    return new Seller(http, url, data.access_token, amazon.marketplaceIds[0] ?? '');
  }

  /** @throws Error unless Amazon accepts it */
  async put({ sku, payload }: Submission): Promise<Outcome> {
    const { status, data } = await this.http.put<Outcome>(`${this.url}/${encodeURIComponent(sku)}`, payload, {
      params: { marketplaceIds: this.marketplaceId },
      headers: { 'x-amz-access-token': this.token },
    });
    if (status !== 200 || data.status !== 'ACCEPTED') throw new Error(`${sku}: ${status} ${JSON.stringify(data)}`);
    return { status: data.status, submissionId: data.submissionId };
  }
}
