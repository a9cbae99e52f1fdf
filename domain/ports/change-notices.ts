/** That something about a SKU of the source has changed; what it is, is to be read. */
export interface ChangeNotice {
  /** The source's id of the SKU. */
  skuId: string;
  /** True when it has left the assortment: then there is nothing to read. */
  isRemoved: boolean;
}

/**
 * The change notices of one connector, one for each SKU. A reading of the changes gathers what waits into a batch of its own
 * and settles the batch once it is handled; until then nothing is lost, whatever ends on the way.
 */
export interface ChangeNotices {
  /** Whether the source sends notices at all, as far as can be told: one has come within the time that they are kept. */
  haveArrived(): Promise<boolean>;
  /**
   * Puts all that waits into a new batch, also what an earlier batch left, and names the batch. A notice that comes later, be
   * it about a SKU of the batch, is not of it.
   */
  gather(): Promise<string>;
  /** At most `size` notices of a batch, ordered by SKU id, from the one after `afterSkuId` on. */
  page(batch: string, afterSkuId: string | null, size: number): Promise<ChangeNotice[]>;
  /** Kits that take one of these SKUs, as far as they were read, and whose stock may have changed with it. */
  kitsWith(skuIds: readonly string[]): Promise<string[]>;
  /** What is still in the batch has been handled and waits no more. No error when nothing is. */
  settle(batch: string): Promise<void>;
}
