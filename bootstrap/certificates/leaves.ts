import { paths } from "../paths.ts";
import type { HostView } from "../view.ts";

/** A certificate that a host holds for one of its own programs, signed by an authority of the cluster. */
export interface Leaf {
  /** In words of kubeadm: `etcd-server` for example. */
  readonly name: string;
  /** The certificate's file, or the kubeconfig that carries it. */
  readonly path: string;
  readonly kind: "certificate" | "kubeconfig" | "kubelet";
  /** Whether a control plane can do without. @default false */
  readonly isOptional?: true;
}

/** The certificates of a control plane. */
export const planeLeaves: readonly Leaf[] = [
  certificate("apiserver", "apiserver"),
  certificate("apiserver-kubelet-client", "apiserver-kubelet-client"),
  certificate("apiserver-etcd-client", "apiserver-etcd-client"),
  certificate("front-proxy-client", "front-proxy-client"),
  certificate("etcd-server", "etcd/server"),
  certificate("etcd-peer", "etcd/peer"),
  certificate("etcd-healthcheck-client", "etcd/healthcheck-client"),
  { name: "admin", path: paths.adminConf, kind: "kubeconfig" },
  // kubeadm makes it on the first host alone.
  { name: "super-admin", path: paths.superAdminConf, kind: "kubeconfig", isOptional: true },
  { name: "controller-manager", path: paths.controllerManagerConf, kind: "kubeconfig" },
  { name: "scheduler", path: paths.schedulerConf, kind: "kubeconfig" },
];

/** The certificate with which a kubelet asks the API. */
export const kubeletLeaf: Leaf = { name: "kubelet", path: paths.kubeletConf, kind: "kubelet" };

/** A certificate that must be made anew, and why. */
export interface DueLeaf {
  readonly leaf: Leaf;
  /** `ended 2026-11-29`, `ends 2026-12-24`, or `missing`. */
  readonly why: string;
  readonly isOver: boolean;
}

const renewBeforeMs = 60 * 24 * 60 * 60 * 1000;

/**
 * Those certificates of a host that have ended, cannot be read, or end within 60 days. A kubelet renews its own while it
 * runs, so that its certificate is due only when it is too late for that. Nothing of a host that was not asked. Pure but
 * for the time.
 */
export function dueLeaves(
  { facts: { kubernetes } }: HostView,
  leaves: readonly Leaf[],
  now = Date.now(),
): readonly DueLeaf[] {
  const { certificates } = kubernetes;
  if (certificates === undefined) return [];
  return leaves.flatMap((leaf): readonly DueLeaf[] => {
    const end = certificates[leaf.path];
    if (end === undefined && (leaf.isOptional || leaf.kind === "kubelet")) return [];
    if (end === undefined || end === "") {
      return [{ leaf, why: end === "" ? "unreadable" : "missing", isOver: true }];
    }
    const leftMs = Date.parse(end) - now;
    if (leftMs > (leaf.kind === "kubelet" ? 0 : renewBeforeMs)) return [];
    const day = end.slice(0, 10);
    return [{ leaf, why: leftMs > 0 ? `ends ${day}` : `ended ${day}`, isOver: leftMs <= 0 }];
  });
}

/** `apiserver (ends 2026-12-24), admin (missing)`. */
export function describeDue(due: readonly DueLeaf[]): string {
  return due.map(({ leaf, why }) => `${leaf.name} (${why})`).join(", ");
}

function certificate(name: string, file: string): Leaf {
  return { name, path: `${paths.pki}/${file}.crt`, kind: "certificate" };
}
