import type { Phase } from "../view.ts";
import { balancerUnit } from "./balancer.ts";
import { dropUnit } from "./own-unit.ts";
import { virtualAddressUnit } from "./virtual-address.ts";

/** Takes away what kept an endpoint that the cluster has no more. Only when nothing asks there any longer. */
export const formerEndpoint: Phase = {
  title: "former endpoint",
  plan: ({ facts, cluster: { endpoint } }) => [
    ...(endpoint.mode === "nodeLocal" ? [] : dropUnit(facts, balancerUnit)),
    ...(endpoint.mode === "vip" ? [] : dropUnit(facts, virtualAddressUnit)),
  ],
};
