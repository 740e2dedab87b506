import * as pulumi from "@pulumi/pulumi";
import kubernetes from "@pulumi/kubernetes/package.json" with { type: "json" };

/** An object as `@pulumi/kubernetes` takes it; any value in it may be an Output. */
export interface ObjectInputs {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [key: string]: unknown;
}

/**
 * One Kubernetes object of any kind, under the type token of its own class in `@pulumi/kubernetes`, so that the
 * provider treats it as that class: it waits for deployments, and the data of a Secret stays a secret.
 */
export class KubernetesObject extends pulumi.CustomResource {
  /** The name and namespace that the object has in the cluster. */
  declare readonly metadata: pulumi.Output<{ readonly name: string; readonly namespace?: string }>;
  /** What the cluster holds, its own additions included. Undefined for objects without a spec. */
  declare readonly spec: pulumi.Output<Readonly<Record<string, unknown>> | undefined>;

  constructor(name: string, object: ObjectInputs, options: pulumi.CustomResourceOptions) {
    const secrets = isSecret(object) ? ["data", "stringData"] : [];
    const inputs: Record<string, unknown> = { spec: undefined, ...object };
    for (const key of secrets) if (key in inputs) inputs[key] = pulumi.secret(inputs[key]);
    super(typeOf(object), name, inputs, {
      ...options,
      version: kubernetes.version,
      additionalSecretOutputs: secrets,
    });
  }
}

function typeOf({ apiVersion, kind }: ObjectInputs): string {
  return `kubernetes:${apiVersion === "v1" ? "core/v1" : apiVersion}:${kind}`;
}

function isSecret({ apiVersion, kind }: ObjectInputs): boolean {
  return apiVersion === "v1" && kind === "Secret";
}
