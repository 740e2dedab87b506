import * as pulumi from "@pulumi/pulumi";
import type { AppliedSetInputs } from "../provider/resources/applied-set.ts";
import type { SetServices } from "../provider/resources/set-services.ts";
import { versioned, withOutputs } from "../resources.ts";

export interface AppliedSetArgs extends Omit<AppliedSetInputs, "clusterId" | "release"> {
  readonly clusterId: pulumi.Input<string>;
  readonly release: pulumi.Input<string>;
}

/** One app on one cluster, by the digest of its objects in the release store. */
export class AppliedSet extends pulumi.CustomResource {
  /** Digest of the last release that was applied as a whole. Undefined if none was yet. */
  declare readonly applied: pulumi.Output<string | undefined>;
  /** What the cluster has given to the Services of the app, by name. Undefined if nothing was applied yet. */
  declare readonly services: pulumi.Output<SetServices | undefined>;

  constructor(name: string, args: AppliedSetArgs, options?: pulumi.CustomResourceOptions) {
    const inputs = withOutputs(args, ["applied", "version", "objects", "services", "pending"]);
    super("keelson:index:AppliedSet", name, inputs, versioned(options));
  }
}
