import { Chart } from "cdk8s";
import { Construct } from "constructs";
import { checkExceptions, checkKeys, checkRecord, show } from "../core/check.ts";
import { digestOf } from "../core/digest.ts";
import { Draft } from "../core/draft.ts";
import type { Exception, Finding } from "../core/finding.ts";
import { reportDraft } from "../core/findings.ts";
import { type Identity, identify } from "../core/identity.ts";
import { PatchedObjects } from "../core/patched-objects.ts";
import type { Patch } from "../core/user-patch.ts";
import type { ConfigMap } from "../kubernetes/types.ts";
import { asString, canResolveLate, isLate, type Late, lateDigest } from "../late.ts";
import { checkLiteralSecret } from "./literal-secret.ts";
import type { ConfigSource, ConfigValue } from "./source.ts";

/** What a configuration is made from. */
export interface ConfigProps {
  /** Text by key; a key is the name of a file, or of a variable. */
  readonly data: Readonly<Record<string, string | Late<string>>>;
  /** Pins the name, so that renaming the construct changes nothing. @default - the ids from the chart down, joined by `-` */
  readonly name?: string;
  /** Rules that do not hold here, with the reason. @default - none */
  readonly allow?: readonly Exception[];
  /** Changes the object itself, for what has no property here. @default - none */
  readonly patch?: ConfigPatch;
}

/** Changes to the object of a Config. */
export interface ConfigPatch {
  readonly configMap?: Patch<ConfigMap>;
}

/**
 * Text that pods read as files or variables. Its ConfigMap carries a digest of the content in its name and never changes:
 * other content is another ConfigMap, and the pods that use it are replaced, once. With a late value the name stays, and
 * the pods carry the digest.
 */
export class Config extends Construct implements ConfigSource {
  readonly kind = "configMap";
  readonly objectName: string;
  readonly namespace: string | undefined;
  readonly keys: readonly string[];
  readonly revision: Late<string> | undefined;

  constructor(scope: Construct, id: string, props: ConfigProps) {
    super(scope, id);
    const draft = new Draft(this, props.allow);
    const identity = identify(this, draft, props.name);
    // Behind a cast it may be missing, which is a finding.
    const data = (props as Partial<ConfigProps>).data ?? {};
    checkConfig(draft, props);
    const objects = new PatchedObjects(draft, props.patch, ["configMap"]);
    reportDraft(this, draft, () => [...findLate(this, data), ...objects.findLost()]);
    const patch = draft.hasErrors ? undefined : props.patch;
    const isFixed = Object.values(data).some(isLate);
    this.namespace = Chart.of(this).namespace;
    this.keys = Object.keys(data);
    // No key of the data is empty.
    this.revision = isFixed
      ? lateDigest({ ...data, ...(patch && { "": JSON.stringify(patch) }) })
      : undefined;
    this.objectName = isFixed
      ? identity.name
      : `${identity.name}-${digestOf(Object.entries(data).sort(), patch)}`;
    if (draft.hasErrors) return;
    const object = configMapOf(identity, this.objectName, data);
    objects.add(this, "configMap", () => object);
  }

  /** One key as the value of a variable. */
  value(key: string): ConfigValue {
    return { source: this, key };
  }
}

function configMapOf({ labels }: Identity, name: string, data: ConfigProps["data"]): ConfigMap {
  const text = Object.entries(data).map(([key, value]) => [key, asString(value)]);
  const isFixed = Object.values(data).some(isLate);
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, labels },
    ...(!isFixed && { immutable: true }),
    data: Object.fromEntries(text) as Readonly<Record<string, string>>,
  };
}

function checkConfig(draft: Draft, props: ConfigProps): void {
  checkKeys(draft, "", props, ["data", "name", "allow", "patch"]);
  checkExceptions(draft, props.allow ?? []);
  if (!checkRecord(draft, "data", props.data, '{ "app.yaml": "text" }')) return;
  for (const [key, value] of Object.entries(props.data)) {
    if (!/^[-.\w]{1,253}$/.test(key)) {
      draft.find("invalid-name", `data.${key}`, {
        message: `"${key}" cannot name a file`,
        fix: "Use letters, digits, hyphens, underscores and dots",
      });
    }
    if (typeof value !== "string" && !isLate(value)) {
      draft.find("invalid-value", `data.${key}`, {
        message: `${show(value)} is not text`,
        fix: "Write it as text, with JSON.stringify for example",
      });
    }
    checkLiteralSecret(draft, `data.${key}`, key, value);
  }
}

function findLate(config: Config, data: ConfigProps["data"]): readonly Finding[] {
  const late = new Draft(config);
  for (const [key, value] of Object.entries(data)) {
    if (!isLate(value) || canResolveLate(config)) continue;
    late.find("late-outside-stack", `data.${key}`, {
      message: "the value is known only while a stack is deployed",
      fix: "Give the value itself, or deploy the construct with a Workload",
    });
  }
  return late.findings;
}
