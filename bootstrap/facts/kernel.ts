import { quote } from "../../remote/quote.ts";

/** Kernel features with a function of the kernel that proves a built-in one. */
export const askedFeatures: Readonly<Record<string, string>> = {
  overlay: "ovl_fill_super",
  br_netfilter: "br_nf_pre_routing",
  vxlan: "vxlan_rcv",
  nf_tables: "nft_do_chain",
  nf_conntrack: "nf_conntrack_in",
  ip_set: "ip_set_create",
};

/** What a look has found out about a kernel. It stays true while the host runs that kernel. */
export interface KnownKernel {
  /** As `uname -r` says. */
  readonly release: string;
  /** The features that are built in, of all that were asked for. */
  readonly builtIn: readonly string[];
}

/**
 * The part of the facts script about the kernel's features. Some that are built in show in the list of all its functions
 * alone: it takes a tenth of a second to read, and is not read again while the host has the same kernel.
 */
export function kernelPart(known?: KnownKernel): string {
  const symbols = Object.values(askedFeatures).join("|");
  const search = `grep -oE ' (${symbols})$' /proc/kallsyms`;
  const proven = (known?.builtIn ?? []).map((name) => askedFeatures[name] ?? "");
  const recall =
    known &&
    `if [ "$release" = ${quote(known.release)} ]; then printf ' %s\\n' ${proven.map(quote).join(" ")}; else ${search}; fi`;
  return `
section modules; release=\${kernel% *}; for m in ${Object.keys(askedFeatures).join(" ")}; do
if [ -f /sys/module/$m/initstate ]; then echo "$m loaded"; elif [ -d /sys/module/$m ]; then echo "$m builtin"
else unclear=yes; [ -d /lib/modules/$release ] && modprobe -nq $m && echo "$m loadable"; fi; done
section symbols; [ -n "$unclear" ] && { ${recall ?? search}; }`;
}
