import { Site, type SiteOptions } from './site';

/** How much is measured: everything, or enough to see that it still can be. */
export type Form = 'full' | 'short';

/** Amazon's documented limits times this, in the short form: above what any of its figures sends. */
export const SHORT_RATE_FACTOR = 20;

/** Where figures are measured. Everything that was started ends with it. */
export class Lab {
  private readonly sites: Site[] = [];
  private shared: Promise<Site> | undefined;

  constructor(
    readonly form: Form,
    /** What is being done, for whoever waits. */
    readonly log: (line: string) => void
  ) {}

  /** What belongs to the form. */
  pick<T>(sizes: Record<Form, T>): T {
    return sizes[this.form];
  }

  /** A service of its own: Temporal, MongoDB, sandbox, API and one worker. */
  async open(options: SiteOptions): Promise<Site> {
    const site = await Site.open(options);
    this.sites.push(site);
    return site;
  }

  /** One service for all figures in which Amazon's limits do not count; those of the short form are lifted less. */
  openShared(): Promise<Site> {
    return (this.shared ??= this.open({ rateFactor: this.pick({ full: 1000, short: SHORT_RATE_FACTOR }) }));
  }

  /** Ends a service before the rest, so that the next figures have the machine for themselves. */
  async leave(site: Site): Promise<void> {
    this.sites.splice(this.sites.indexOf(site), 1);
    await site.close();
  }

  async close(): Promise<void> {
    for (const site of this.sites.splice(0)) await site.close();
  }
}
