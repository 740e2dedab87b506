import { paths } from "../paths.ts";
import { isContainer } from "../view.ts";
import type { Phase } from "../view.ts";

const script = `set -eu
swapoff -a
[ ! -f ${paths.fstab} ] || sed -i.keelson -E 's/^[[:space:]]*[^#[:space:]][^[:space:]]*[[:space:]]+[^[:space:]]+[[:space:]]+swap[[:space:]]/# keelson: &/' ${paths.fstab}
units=$(systemctl list-units --plain --no-legend --all --type=swap | cut -d ' ' -f 1)
[ -z "$units" ] || systemctl mask --now --quiet $units
systemctl daemon-reload`;

/** Turns swap off, now and after a reboot. A container's swap is its computer's, and stays. */
export const swap: Phase = {
  title: "swap",
  plan: ({ facts }) => {
    const active = isContainer(facts) ? [] : facts.swap.active;
    if (active.length + facts.swap.configured.length === 0) return [];
    return [
      {
        intent: "turn swap off",
        work: async ({ runner, signal }) => {
          await runner.run(script, { signal });
        },
      },
    ];
  },
};
