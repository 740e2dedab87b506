import { Chart } from "cdk8s";
import { Construct } from "constructs";
import type { SecretsProfile } from "../../clusters/profile.ts";
import { checkExceptions, checkInteger, checkKeys, checkRecord, show } from "../core/check.ts";
import { digestOf } from "../core/digest.ts";
import { Draft } from "../core/draft.ts";
import type { Exception } from "../core/finding.ts";
import { reportDraft } from "../core/findings.ts";
import { identify } from "../core/identity.ts";
import { isRecord } from "../core/json.ts";
import { PatchedObjects } from "../core/patched-objects.ts";
import { profileOf } from "../core/profile.ts";
import type { Patch } from "../core/user-patch.ts";
import type { ExternalSecret, SecretProviderClass } from "../kubernetes/types-custom.ts";
import type { ConfigSource, ConfigValue } from "./source.ts";
import { externalSecretOf, providerClassOf } from "./stores.ts";

/** What a secret of the cluster's store is made from. */
export interface StoredSecretProps {
  /** Where each key stands in the store; a key is the name of a file, or of a variable. */
  readonly keys: Readonly<Record<string, StoredKey>>;
  /** Any text that changes when the secret has: it is read anew then, and the pods are replaced, once. @default - none */
  readonly revision?: string;
  /** How often it is read again, in seconds. Files follow, variables do not. @default 3600 */
  readonly refreshSeconds?: number;
  /** Pins the name before the digest, so that renaming the construct changes nothing. @default - the ids from the chart down, joined by `-` */
  readonly name?: string;
  /** Rules that do not hold here, with the reason. @default - none */
  readonly allow?: readonly Exception[];
  /** Changes the object itself, for what has no property here. @default - none */
  readonly patch?: StoredSecretPatch;
}

/** Changes to the object of a StoredSecret, whichever the cluster's profile asks for. */
export interface StoredSecretPatch {
  readonly externalSecret?: Patch<ExternalSecret>;
  readonly secretProviderClass?: Patch<SecretProviderClass>;
}

/** A secret in a store by its name or path, or a part of one. */
export type StoredKey =
  | string
  | {
      readonly path: string;
      /** A field of a secret that has several. @default - the whole secret */
      readonly property?: string;
      /** @default - the newest */
      readonly version?: string;
    };

/**
 * A secret that the cluster's store keeps: an ExternalSecret, or a SecretProviderClass of the CSI driver, as the
 * profile has it. Nothing secret stands in the app. Its name carries a digest of where the keys come from and of
 * `revision`, so that pods never start with an older secret than they were made for.
 */
export class StoredSecret extends Construct implements ConfigSource {
  readonly kind: "secret" | "csi";
  readonly objectName: string;
  readonly namespace: string | undefined;
  readonly keys: readonly string[];
  readonly revision: undefined;

  constructor(scope: Construct, id: string, props: StoredSecretProps) {
    super(scope, id);
    const draft = new Draft(this, props.allow);
    const { name, labels } = identify(this, draft, props.name);
    const { secrets } = profileOf(this);
    // Behind a cast they may be missing, which is a finding.
    const keys = (props as Partial<StoredSecretProps>).keys ?? {};
    this.kind = secrets?.by === "csi" ? "csi" : "secret";
    this.namespace = Chart.of(this).namespace;
    this.keys = Object.keys(keys);
    checkStored(draft, props, secrets);
    const objects = new PatchedObjects(draft, props.patch, ["externalSecret", "secretProviderClass"]);
    reportDraft(this, draft, () => objects.findLost());
    const content = [Object.entries(keys).sort(), props.revision];
    this.objectName = `${name}-${digestOf(content, draft.hasErrors ? undefined : props.patch)}`;
    if (draft.hasErrors || secrets === undefined) return;
    const why = "a secret that was changed in the store is there within the hour";
    const refreshSeconds = draft.fill("refreshSeconds", props.refreshSeconds, 3600, why);
    const plan = { name: this.objectName, labels, keys, refreshSeconds };
    if (secrets.by === "csi") {
      const object = providerClassOf(plan, secrets);
      objects.add(this, "secretProviderClass", () => object);
    } else {
      const object = externalSecretOf(plan, secrets);
      objects.add(this, "externalSecret", () => object);
    }
  }

  /** One key as the value of a variable. */
  value(key: string): ConfigValue {
    return { source: this, key };
  }
}

function checkStored(draft: Draft, props: StoredSecretProps, secrets: SecretsProfile | undefined): void {
  checkKeys(draft, "", props, ["keys", "revision", "refreshSeconds", "name", "allow", "patch"]);
  checkExceptions(draft, props.allow ?? []);
  if (props.refreshSeconds !== undefined)
    checkInteger(draft, "refreshSeconds", props.refreshSeconds, [1, 31_536_000]);
  if (secrets === undefined) {
    draft.find("store-missing", "", {
      message: "the cluster's profile names no store of secrets",
      fix: 'Say which there is, useProfile(app, { kubernetes: "1.35", secrets: { by: "external-secrets", store: "vault" } }), before the secret is made',
    });
  }
  if (!checkRecord(draft, "keys", props.keys, '{ password: "shop/db/password" }')) return;
  if (Object.keys(props.keys).length === 0) {
    draft.find("invalid-value", "keys", { message: "the secret has no keys", fix: "Name one at least" });
  }
  for (const [key, from] of Object.entries(props.keys)) checkKey(draft, key, from);
}

function checkKey(draft: Draft, key: string, from: unknown): void {
  if (!/^[-.\w]{1,253}$/.test(key)) {
    draft.find("invalid-name", `keys.${key}`, {
      message: `"${key}" cannot name a file`,
      fix: "Use letters, digits, hyphens, underscores and dots",
    });
  }
  const parts = isRecord(from) ? from : { path: from };
  checkKeys(draft, `keys.${key}`, parts, ["path", "property", "version"]);
  const isText = (value: unknown): boolean => typeof value === "string" && value !== "";
  const { path, property, version } = parts;
  if (isText(path) && [property, version].every((value) => value === undefined || isText(value))) return;
  draft.find("invalid-value", `keys.${key}`, {
    message: `${show(from)} is no place in a store`,
    fix: 'Use its name or path, "shop/db/password", or { path, property }',
  });
}
