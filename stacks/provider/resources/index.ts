import { type AnyResource, anyResource } from "../resource.ts";
import { apiProxy } from "./api-proxy.ts";
import { appliedSet } from "./applied-set.ts";
import { clusterEndpoint } from "./cluster-endpoint.ts";
import { clusterHosts } from "./cluster-hosts.ts";
import { clusterIdentity } from "./cluster-identity.ts";
import { clusterServices } from "./cluster-services.ts";
import { controlPlane } from "./control-plane.ts";
import { localMachine } from "./local-machine.ts";
import { workerNode } from "./worker-node.ts";

/** Every kind of resource that the provider serves. */
export const resources: readonly AnyResource[] = [
  anyResource(localMachine),
  anyResource(clusterIdentity),
  anyResource(clusterHosts),
  anyResource(controlPlane),
  anyResource(clusterServices),
  anyResource(workerNode),
  anyResource(clusterEndpoint),
  anyResource(apiProxy),
  anyResource(appliedSet),
];
