/** A value encrypted at rest. */
export interface Sealed {
  /** Names the key, so that keys can be rotated. */
  keyId: string;
  /** Base64 of IV, ciphertext and tag. */
  box: string;
}

/** Encrypts secrets at rest. Source: requirement B17. */
export interface SecretBox {
  seal(plain: string): Sealed;
  /** @throws Error when the key is not in the keyring, or the box was tampered with. The message holds no secret. */
  open(sealed: Sealed): string;
}
