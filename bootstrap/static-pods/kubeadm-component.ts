import { flagValues } from "../../clusters/settings/control-plane.ts";
import type { ComponentSettings } from "../../clusters/settings/control-plane.ts";

/** A component's settings as kubeadm's ClusterConfiguration has them; empty for a usual component. Pure. */
export function kubeadmComponent({ extraArgs = {}, extraVolumes = [] }: ComponentSettings = {}): {
  readonly extraArgs?: readonly object[];
  readonly extraVolumes?: readonly object[];
} {
  const args = Object.entries(extraArgs).flatMap(([name, value]) =>
    flagValues(value).map((each) => ({ name, value: each })),
  );
  const volumes = extraVolumes.map(({ readOnly = true, ...volume }) => ({ ...volume, readOnly }));
  return {
    ...(args.length > 0 && { extraArgs: args }),
    ...(volumes.length > 0 && { extraVolumes: volumes }),
  };
}
