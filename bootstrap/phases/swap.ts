import { command } from "../../remote/quote.ts";
import { paths } from "../paths.ts";
import { isContainer } from "../view.ts";
import type { Phase } from "../view.ts";

const script = `set -eu
swapoff -a
[ ! -f ${paths.fstab} ] || sed -i.keelson -E 's/^[[:space:]]*[^#[:space:]][^[:space:]]*[[:space:]]+[^[:space:]]+[[:space:]]+swap[[:space:]]/# keelson: &/' ${paths.fstab}
mkdir -p -m 755 /etc/keelson
off() {
  f=/etc/systemd/system/$1
  [ "$f" -ef /dev/null ] && return
  printf '%s\\n' "$1" >>${paths.maskedUnits}
  systemctl stop "$1" || true
  [ ! -f "$f" ] || mv "$f" "$f.keelson"
  systemctl mask --quiet "$1"
}
for unit in $(systemctl list-units --plain --no-legend --all --type=swap | cut -d ' ' -f 1); do off "$unit"; done
`;

/** Turns swap off, now and after a reboot. A container's swap is its computer's, and stays. */
export const swap: Phase = {
  title: "swap",
  plan: ({ facts }) => {
    const { configured } = facts.swap;
    const active = isContainer(facts) ? [] : facts.swap.active;
    if (active.length + configured.length === 0) return [];
    const units = configured.filter((entry) => /^\S+\.(swap|service)$/.test(entry));
    const lines = [...units.map((unit) => command`off ${unit}`), "systemctl daemon-reload"];
    return [
      {
        intent: "turn swap off",
        work: async ({ runner, signal }) => {
          await runner.run(`${script}${lines.join("\n")}`, { signal });
        },
      },
    ];
  },
};
