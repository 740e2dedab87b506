import type { HostFacts } from "../../clusters/facts.ts";
import type { Runner } from "../../remote/runner.ts";
import { filesFor } from "../../toolchain/bundle.ts";
import type { Bundle } from "../../toolchain/bundle.ts";
import { deliveryOf } from "../fetch.ts";
import { paths } from "../paths.ts";
import { balancerUnit } from "../phases/balancer.ts";
import { containerdFiles } from "../phases/containerd.ts";
import { identityPaths } from "../phases/identity-files.ts";
import { kubeletFiles } from "../phases/kubelet.ts";
import { patchPaths } from "../static-pods/pod-patch.ts";
import { virtualAddressUnit } from "../phases/virtual-address.ts";
import { parseFacts } from "./parse.ts";
import { factsScript } from "./script.ts";
import type { FactsRequest } from "./script.ts";

/** Reads a host with one command and changes nothing. */
export async function gatherFacts(
  runner: Runner,
  request: FactsRequest,
  signal?: AbortSignal,
): Promise<HostFacts> {
  const started = Date.now();
  const { stdout } = await runner.run("sh -s", {
    stdin: factsScript(request),
    ...(signal && { signal }),
  });
  return parseFacts(stdout, (started + Date.now()) / 2);
}

/** What the phases for a role ask about; without a bundle, all that does not depend on a version. */
export function factsRequest(role: "controlPlane" | "worker", bundle?: Bundle): FactsRequest {
  const delivered = bundle === undefined ? [] : filesFor(bundle, role).map((file) => deliveryOf(file).path);
  const managed = [
    paths.sysctls,
    paths.modules,
    paths.kubeletPatch,
    paths.kubeletSettings,
    paths.needrestart,
    // What is read without a bundle is kept in the stack's state: no digest of what may hold a password.
    ...(bundle === undefined ? [] : [paths.proxy]),
    ...containerdFiles.slice(0, 2),
    ...kubeletFiles.slice(0, 2),
    ...balancerUnit.paths,
    ...virtualAddressUnit.paths,
    ...(role === "controlPlane" ? [...identityPaths, paths.initConfig, ...patchPaths] : []),
  ];
  return {
    files: [...managed, ...delivered],
    // What programs run with is of use to plans alone.
    settings: bundle !== undefined,
    units: {
      "containerd.service": containerdFiles,
      "kubelet.service": kubeletFiles,
      [balancerUnit.name]: balancerUnit.paths,
      [virtualAddressUnit.name]: virtualAddressUnit.paths,
    },
  };
}
