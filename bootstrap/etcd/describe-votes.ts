import { quorumOf } from "./membership.ts";
import type { Membership } from "./membership.ts";
import { after } from "./next-step.ts";
import type { EtcdStep } from "./next-step.ts";

/** What a step does to the votes, in words; undefined if no vote comes or goes. Pure. */
export function describeVotes(membership: Membership, step: EtcdStep): string | undefined {
  const before = quorumOf(membership.members);
  const { voting, healthy, needed } = quorumOf(after(membership, step).members);
  if (voting === before.voting) return undefined;
  const spare = healthy > needed ? String(healthy - needed) : "none";
  return `change etcd from ${String(before.voting)} to ${String(voting)} voting members: ${String(needed)} needed, ${spare} may fail`;
}
