import type { EtcdCondition, MemberCondition } from "./condition.ts";

/** One step of the care for etcd. */
export type CareStep =
  /** Gives up the history before the newest revision. */
  | { readonly kind: "compact"; readonly revision: number }
  /** Gives the free bytes of a member's file back; it is away meanwhile. */
  | { readonly kind: "defragment"; readonly member: MemberCondition; readonly why: string }
  /** Lets etcd accept writes again. */
  | { readonly kind: "disarm" };

/** Below this share of the quota, free bytes in the file hurt nobody. */
const spaciousShare = 0.5;

/**
 * What etcd needs now: if it is full, everything that makes room, and then that it accepts writes again; if it soon may
 * be and most of a member's file is free, that member alone. Members come one by one, the leader last. Pure.
 */
export function dueCare({ isFull, revision, members }: EtcdCondition): readonly CareStep[] {
  if (isFull) {
    return [
      { kind: "compact", revision },
      ...defragmentations(members, "no space is left"),
      { kind: "disarm" },
    ];
  }
  const wasteful = members.filter(({ size, used, quota }) => size > quota * spaciousShare && used < size / 2);
  return defragmentations(wasteful, "most of its file is free");
}

/** All of them, one by one, the leader last. Pure. */
export function defragmentations(members: readonly MemberCondition[], why: string): readonly CareStep[] {
  const ordered = [...members].sort((left, right) => Number(left.isLeader) - Number(right.isLeader));
  return ordered.map((member) => ({ kind: "defragment", member, why }));
}

/** Members for which even a file without free bytes is too small: only fewer objects, or a larger quota, help. Pure. */
export function tooFull({ members }: EtcdCondition): readonly MemberCondition[] {
  return members.filter(({ size, quota }) => size > quota * fullShare);
}

/** A little room must be left, or the next write raises the alarm again. */
const fullShare = 0.95;
