/** Attributes that only product types with variations have. */
export const VARIATION_ATTRIBUTES = ['parentage_level', 'child_parent_sku_relationship', 'variation_theme'];

/** `SIZE_NAME/COLOR_NAME` → size, color. */
export function attributesOfTheme(theme: string): string[] {
  return theme.split('/').map((part) => part.replace(/_NAME$/, '').toLowerCase());
}
