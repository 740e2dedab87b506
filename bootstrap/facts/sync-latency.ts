import { paths } from "../paths.ts";
import type { Sections } from "./sections.ts";

const sample = "/.keelson-sync-latency";

/** Each is a process, and hosts are measured side by side: more would measure each other. */
const writes = 50;

/**
 * The part of the facts script that measures how long a write of the size of an etcd entry takes until it is on the
 * disk. `dd` times the write alone, without its own start. A host that has a cluster's data is left in peace.
 */
export const syncPart = `
section sync
d=${paths.etcdData}; [ -d $d ] || d=/var/lib
if [ ! -e ${paths.etcdData}/member ] && [ ! -e ${paths.kubeletConf} ]; then
timeout 0.8 sh -c 'n=0; while [ $n -lt ${String(writes)} ]; do dd if=/dev/zero of=$1 bs=2300 count=1 oflag=dsync conv=notrunc; n=$((n+1)); done' - $d${sample} 2>&1 |
sed -n 's/.*copied, \\([0-9.e-]*\\) s.*/\\1/p'
rm -f $d${sample}; fi`;

/** The 99th percentile in milliseconds; undefined if nothing was measured. */
export function parseSync({ lines }: Sections): number | undefined {
  const seconds = lines("sync")
    .map(Number)
    .filter((value) => value > 0)
    .sort((left, right) => left - right);
  if (seconds.length === 0) return undefined;
  const worst = seconds[Math.ceil(seconds.length * 0.99) - 1] ?? 0;
  return Math.round(worst * 10_000) / 10;
}
