/** A value encrypted at rest. */
export interface Sealed {
  /** Names the key, so that keys can be rotated. */
  keyId: string;
  /** Base64 of IV, ciphertext and tag. */
  box: string;
  /** SHA-256, in hex, of the box that this one has taken the place of when keys were rotated: the same value, sealed anew. */
  was?: string;
}

/** Encrypts secrets at rest. Source: requirement B17. */
export interface SecretBox {
  seal(plain: string): Sealed;
  /** @throws Error when the key is not in the keyring, or the box was tampered with. The message holds no secret. */
  open(sealed: Sealed): string;
}

/** A secret box whose keys change. */
export interface RotatingSecretBox extends SecretBox {
  /** The key that seals. */
  readonly sealingKeyId: string;
}
