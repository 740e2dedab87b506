import type { HostFacts } from "../../clusters/facts.ts";
import { balancerUnit } from "../phases/balancer.ts";
import { blankFacts } from "./blank.ts";

/** What a look at the host will tell once the cluster was taken off it: packages and kernel settings stay. Pure. */
export function afterReset(facts: HostFacts): HostFacts {
  const { kubernetes, images } = blankFacts({ name: facts.hostname });
  const balances = facts.units[balancerUnit.name]?.active === true;
  const listening = facts.listening.filter(({ process }) => !balances || process !== "haproxy");
  const empty = {
    listening,
    files: {},
    units: {},
    running: [],
    dueHooks: [],
    traces: [],
    kubernetes,
    images,
  };
  const left: { -readonly [Name in keyof HostFacts]: HostFacts[Name] } = { ...facts, ...empty };
  delete left.owner;
  return left;
}
