/** A member of etcd, as a living member lists it. */
export interface EtcdMember {
  /** Hexadecimal. */
  readonly id: string;
  /** The node name; empty for a member that has not started yet. */
  readonly name: string;
  /** Of its peer URL, which is its host's node address. */
  readonly address: string;
  /** Does not vote yet: a join is under way, or was cut off. */
  readonly isLearner: boolean;
  /** Whether it serves reads that need a quorum; while there is none, whether it answers. A learner never does. */
  readonly isHealthy: boolean;
}

/** A declared control-plane host, as far as membership goes. */
export interface Seat {
  readonly name: string;
  readonly nodeName: string;
  /** The node address. */
  readonly address: string;
  /** `partial`: something of a control plane is there, and it was never completed or has lost its data. */
  readonly state: "silent" | "blank" | "partial" | "whole";
}

/** A host that is to leave the control plane, or a member that nobody declares. */
export interface Leaver {
  readonly name: string;
  readonly nodeName: string;
  readonly address: string;
}

/** Who votes, who shall, and who shall not. */
export interface Membership {
  readonly members: readonly EtcdMember[];
  readonly seats: readonly Seat[];
  readonly leavers: readonly Leaver[];
}

/** How many of the voting members are healthy, and how many must be. */
export interface Quorum {
  readonly voting: number;
  readonly healthy: number;
  readonly needed: number;
  readonly holds: boolean;
}

/** Counts the votes of a set of members. Pure. */
export function quorumOf(members: readonly EtcdMember[]): Quorum {
  const voters = members.filter(({ isLearner }) => !isLearner);
  const healthy = voters.filter(({ isHealthy }) => isHealthy).length;
  const needed = Math.floor(voters.length / 2) + 1;
  return { voting: voters.length, healthy, needed, holds: healthy >= needed };
}

/** The votes in words: `1 of 3 voting members healthy, 2 needed (down: cp2, cp3)`. Pure. */
export function describeQuorum(members: readonly EtcdMember[]): string {
  const { voting, healthy, needed } = quorumOf(members);
  const down = members.filter(({ isLearner, isHealthy }) => !isLearner && !isHealthy);
  const names = down
    .map(({ name, address }) => name || address)
    .sort()
    .join(", ");
  const counts = `${String(healthy)} of ${String(voting)} voting members healthy, ${String(needed)} needed`;
  return names === "" ? counts : `${counts} (down: ${names})`;
}
