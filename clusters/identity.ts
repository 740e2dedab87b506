/** A cluster's certificate authorities and keys, PEM. Made once; every private key is a secret. */
export interface Identity {
  /** Random, names the cluster for ever; it is the owner token that hosts and Nodes carry. */
  readonly clusterId: string;
  readonly ca: KeyPair;
  readonly frontProxyCa: KeyPair;
  readonly etcdCa: KeyPair;
  readonly serviceAccount: { readonly publicKey: string; readonly privateKey: string };
}

export interface KeyPair {
  readonly certificate: string;
  readonly privateKey: string;
}
