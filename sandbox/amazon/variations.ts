import { suppressed, type Attributes, type Issue } from './schema-issues';

/** What the attributes of a listing say of its place in a family. */
export function parentageOf(attributes: Attributes) {
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const level = text(attributes.parentage_level?.[0]?.value);
  return {
    isParent: level === 'parent',
    /** The parent that a child names. */
    parentSku: level === 'parent' ? undefined : text(attributes.child_parent_sku_relationship?.[0]?.parent_sku),
    theme: text(attributes.variation_theme?.[0]?.name),
  };
}

const OFFER = ['purchasable_offer', 'fulfillment_availability'];

/** Nobody can buy a parent. */
export function offerOfParent(attributes: Attributes): Issue[] {
  const names = OFFER.filter((name) => attributes[name]);
  if (!parentageOf(attributes).isParent || names.length === 0) return [];
  return [
    {
      code: '90000900',
      message: `The attributes are invalid: a variation parent has no ${names.join(' and no ')}.`,
      severity: 'ERROR',
      attributeNames: names,
      categories: ['INVALID_ATTRIBUTE'],
      enforcements: suppressed('ATTRIBUTE_SUPPRESSED'),
    },
  ];
}

interface Relative {
  sku: string;
  attributes: Attributes;
}

/**
 * What is wrong between a child and the parent it names; undefined: nothing. Codes and sentences are those of Amazon's errors
 * 8007, 8016 and 8019; that processing refuses the submission for them is our assumption.
 *
 * @param parent - what the seller has under that SKU; undefined: nothing that ever came through.
 */
export function relationIssue(child: Relative, parent: Relative | undefined, marketplaceId: string): Issue | undefined {
  const { parentSku, theme } = parentageOf(child.attributes);
  if (parentSku === undefined) return undefined;
  const issue = (code: string, message: string, attribute: string): Issue => ({
    code,
    message,
    severity: 'ERROR',
    attributeNames: [attribute],
    categories: ['INVALID_ATTRIBUTE'],
    marketplaceIds: [marketplaceId],
    enforcements: suppressed('LISTING_SUPPRESSED'),
  });
  if (parentSku === child.sku)
    return issue('8019', `The parent and the child have the same SKU: ${parentSku}.`, 'child_parent_sku_relationship');
  if (!parent || !parentageOf(parent.attributes).isParent)
    return issue('8007', `We cannot recognize your parent SKU: ${parentSku}.`, 'child_parent_sku_relationship');
  if (parentageOf(parent.attributes).theme !== theme)
    return issue(
      '8016',
      `The product data provided was insufficient for creating a variation (parent/child) relationship for SKU: ${child.sku}. Ensure that the parent and child share the same VariationTheme.`,
      'variation_theme'
    );
  return undefined;
}
