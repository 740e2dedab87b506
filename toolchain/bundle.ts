/** Who needs a file of a bundle: every node, control-plane hosts only, or the machine that runs keelson. */
export type BundleRole = "node" | "controlPlane";

/** One verified file of a bundle. */
export interface BundleFile {
  /** The artifact's name, `kubelet` for example. */
  readonly name: string;
  readonly kind: "binary" | "cniPlugin" | "images";
  /** Path below the bundle's directory. */
  readonly path: string;
  readonly version: string;
  readonly source: "path" | "download" | "build";
  /** In bytes. */
  readonly size: number;
  readonly sha256: string;
  readonly role: BundleRole;
  /** For kind `images`: an OCI archive; the full names of the images in it. */
  readonly images?: readonly string[];
}

/** Verified artifacts for one Kubernetes version: binaries, CNI plugins and images. Its record is `bundle.json`. */
export interface Bundle {
  /** Without the leading `v`, `1.35.4` for example. */
  readonly kubernetes: string;
  /** Digest over all files; names the bundle's content. */
  readonly digest: string;
  /** Absolute path on the machine that runs keelson. */
  readonly directory: string;
  readonly files: readonly BundleFile[];
  /** The image references that manifests use. */
  readonly images: BundleImages;
}

export interface BundleImages {
  readonly pause: string;
  readonly coredns: string;
  readonly etcd: string;
  readonly kubeProxy: string;
  readonly flannel: string;
  readonly calicoNode: string;
  readonly calicoCni: string;
}

/** The files that a host of this role needs, in a stable order. */
export function filesFor(bundle: Bundle, role: "controlPlane" | "worker"): readonly BundleFile[] {
  return bundle.files.filter((file) => role === "controlPlane" || file.role === "node");
}
