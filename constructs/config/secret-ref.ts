import type { ConfigSource, ConfigValue } from "./source.ts";

/** A Secret that something else makes: an operator, a store, or a person. */
export class SecretRef implements ConfigSource {
  readonly kind = "secret";
  readonly objectName: string;
  readonly namespace: undefined;
  readonly keys: readonly string[] | undefined;
  readonly revision: string | undefined;

  constructor(name: string, options: SecretRefOptions = {}) {
    this.objectName = name;
    this.keys = options.keys;
    this.revision = options.revision;
  }

  /** One key as the value of a variable. */
  value(key: string): ConfigValue {
    return { source: this, key };
  }
}

export interface SecretRefOptions {
  /** The keys that the Secret has; another one is a finding then. @default - not known */
  readonly keys?: readonly string[];
  /** Any text that changes when the Secret does: the pods are replaced then. @default - pods keep what they started with */
  readonly revision?: string;
}
