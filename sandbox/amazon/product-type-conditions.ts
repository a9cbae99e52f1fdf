import type { ParentageLevel } from './product-types';
import { attributesOfTheme } from './variation-themes';

type Json = Record<string, unknown>;

interface Asked {
  /** The product type's variation themes; empty: it knows no variations. */
  themes: string[];
  /** Attributes of the offer that are asked for of everything but a parent. */
  offer: string[];
  parentageLevel: ParentageLevel | undefined;
}

/** The parts of the schema that depend on other parts; a named parentage level settles those that depend on it. */
export function conditions({ themes, offer, parentageLevel }: Asked): Json[] {
  if (parentageLevel === 'PARENT') return [PARENT];
  if (parentageLevel === 'CHILD') return [CHILD, identifier(), ...themeConditions(themes)];
  if (parentageLevel === 'NONE' || themes.length === 0) return [identifier()];
  const isParent = { required: ['parentage_level'], ...holds('parentage_level', 'value', ['parent']) };
  const isChild = { required: ['parentage_level'], ...holds('parentage_level', 'value', ['child']) };
  const sold = offer.length > 0 ? [{ required: offer }] : [];
  return [
    { if: isParent, then: PARENT, else: { allOf: [identifier(), ...sold] } },
    { if: isChild, then: { ...CHILD, allOf: themeConditions(themes) } },
  ];
}

const PARENT: Json = { required: ['parentage_level', 'variation_theme'] };

const CHILD: Json = {
  required: ['parentage_level', 'variation_theme', 'child_parent_sku_relationship'],
  properties: { child_parent_sku_relationship: { items: { required: ['parent_sku'] } } },
};

function identifier(): Json {
  const exemption = 'supplier_declared_has_product_identifier_exemption';
  return {
    if: { not: { required: [exemption], ...holds(exemption, 'value', [true]) } },
    then: { required: ['externally_assigned_product_identifier'] },
  };
}

/** A child has every attribute that its theme is made of. */
function themeConditions(themes: string[]): Json[] {
  const attributes = [...new Set(themes.flatMap(attributesOfTheme))];
  return attributes.map((attribute) => {
    const naming = themes.filter((theme) => attributesOfTheme(theme).includes(attribute));
    return {
      if: { required: ['variation_theme'], ...holds('variation_theme', 'name', naming) },
      then: { required: [attribute] },
    };
  });
}

function holds(attribute: string, part: string, values: unknown[]): Json {
  return {
    properties: { [attribute]: { contains: { required: [part], properties: { [part]: { enum: values } } } } },
  };
}
