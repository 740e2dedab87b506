import type { SwapFacts } from "../../clusters/facts.ts";
import { paths } from "../paths.ts";
import type { Sections } from "./sections.ts";
import type { WholeFile } from "./whole-files.ts";

/** Services of distributions that make swap, in memory or in files, when the host boots. */
export const swapServices = ["zramswap", "zram-config", "zram-swap", "systemd-swap", "dphys-swapfile"];

/** The part of the facts script about swap: what is on, what fstab says, units that are not masked. */
export const swapPart = `
section swapUnits
for f in /run/systemd/generator/*.swap /etc/systemd/system/*.swap /usr/lib/systemd/system/*.swap; do
u=\${f##*/}; [ -e "$f" ] && [ ! /etc/systemd/system/$u -ef /dev/null ] && echo "$u"; done
for s in ${swapServices.join(" ")}; do
for f in /etc/systemd/system/*.wants/$s.service; do [ -L "$f" ] && [ ! /etc/systemd/system/$s.service -ef /dev/null ] && echo "$s.service"; done; done`;

export const swapFiles: readonly WholeFile[] = [
  ["swaps", "/proc/swaps"],
  ["fstab", paths.fstab],
];

export function parseSwap({ lines }: Sections): SwapFacts {
  const active = lines("swaps")
    .slice(1)
    .map((line) => line.split(/\s+/)[0] ?? "");
  const inFstab = lines("fstab").filter((line) => /^\s*[^#\s]\S*\s+\S+\s+swap\s/.test(line));
  const units = [...new Set(lines("swapUnits"))];
  return { active, configured: [...inFstab.map((line) => line.trim()), ...units] };
}
