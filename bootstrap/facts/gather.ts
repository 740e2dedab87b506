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
import type { KnownKernel } from "./kernel.ts";
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
  const kernel = kernels.get(runner);
  const { stdout } = await runner.run("sh -s", {
    stdin: factsScript({ ...request, ...(kernel && { kernel }) }),
    ...(signal && { signal }),
  });
  const facts = parseFacts(stdout, (started + Date.now()) / 2);
  const features = Object.entries(facts.kernelFeatures);
  const builtIn = features.flatMap(([name, state]) => (state === "builtin" ? [name] : []));
  kernels.set(runner, { release: facts.kernel, builtIn });
  return facts;
}

/** What each host's kernel has built in: the one thing that a look need not find out again. */
const kernels = new WeakMap<Runner, KnownKernel>();

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
