import { stringify } from "yaml";
import type { HostFacts, NameFacts } from "../../clusters/facts.ts";
import { command } from "../../remote/quote.ts";
import { settingsFile } from "../kubelet-settings/settings-file.ts";
import { kubernetesYaml } from "../kubernetes-yaml.ts";
import { paths } from "../paths.ts";
import { enableUnit } from "../unit.ts";
import { differs, isContainer, writeFiles } from "../view.ts";
import type { Change, HostView, Phase, WantedFile } from "../view.ts";
import { willReplace } from "./binaries.ts";

const unit = "kubelet.service";

/** Installs the kubelet's unit. kubeadm starts it. */
export const kubelet: Phase = {
  title: "kubelet",
  plan: ({ facts }) => installUnit(facts),
};

/**
 * Says what is special about this host's kubelet, when the host has all but its kubelet: images take room on a disk.
 * kubeadm reads the patches when the host joins; afterwards they say what was done.
 */
export const kubeletPatches: Phase = {
  title: "kubelet patches",
  plan: (view) => (view.facts.kubernetes.kubeletConf ? [] : specialise(view)),
};

/** Keeps the kubelet of a joined host running; it is started anew only if something of it changed. */
export const kubeletRunning: Phase = {
  title: "kubelet running",
  plan: (view) => {
    if (!view.facts.kubernetes.kubeletConf) return [];
    const state = view.facts.units[unit];
    const isOld =
      state?.stale === true ||
      willReplace(view, "kubelet") ||
      unitFiles.some((file) => differs(view.facts, file));
    if (state?.active === true && !isOld) return [];
    return [
      {
        intent: `${state?.active === true ? "restart" : "start"} the kubelet`,
        work: async ({ runner, signal }) => {
          await runner.run(command`systemctl daemon-reload && systemctl restart ${unit}`, { signal });
        },
      },
    ];
  },
};

/** The files that the kubelet must be newer than. */
export const kubeletFiles = [paths.kubeletUnit, paths.kubeletDropIn, `${paths.binaries}/kubelet`] as const;

function installUnit(facts: HostFacts): readonly Change[] {
  const isEnabled = facts.units[unit]?.enabled === true;
  const [write] = writeFiles(facts, "", unitFiles);
  if (!write && isEnabled) return [];
  return [
    {
      intent: "install the kubelet's unit",
      work: async (context) => {
        await write?.work(context);
        await context.runner.run(enableUnit(unit), { signal: context.signal });
      },
    },
  ];
}

function specialise({ facts, host }: HostView): readonly Change[] {
  const content = kubeletPatch(facts);
  const settings = settingsFile(facts, host.kubelet);
  return [
    ...(content === undefined
      ? []
      : writeFiles(facts, "adapt the kubelet's configuration to the host", [
          { path: paths.kubeletPatch, content },
        ])),
    ...(settings === undefined ? [] : writeFiles(facts, "write the kubelet's settings", [settings])),
  ];
}

/** What deviates from the cluster's kubelet configuration because of what the host is; undefined for a usual host. */
export function kubeletPatch(facts: HostFacts): string | undefined {
  const patch = {
    ...(facts.cgroupVersion === 1 && { failCgroupV1: false }),
    ...(isContainer(facts) && facts.swap.active.length > 0 && { failSwapOn: false }),
    ...(asksItself(facts.names) && { resolvConf: facts.names.upstream }),
    ...(needsAbsoluteEviction(facts) && {
      evictionHard: {
        "memory.available": "100Mi",
        "nodefs.available": "1Gi",
        "imagefs.available": "1Gi",
        "nodefs.inodesFree": "5%",
      },
      imageGCHighThresholdPercent: 100,
    }),
  };
  return Object.keys(patch).length === 0 ? undefined : stringify(patch, kubernetesYaml);
}

/** In a pod, the address of systemd-resolved is the pod's own: its questions would go round in a circle. */
function asksItself({ nameservers, upstream }: NameFacts): boolean {
  return upstream !== "" && nameservers.some((address) => address.startsWith("127."));
}

/** A share of a disk says little where others fill it too, and on a nearly full one the kubelet would evict at once. */
function needsAbsoluteEviction(facts: HostFacts): boolean {
  if (isContainer(facts)) return true;
  return facts.disks.some(
    ({ path, sizeMiB, freeMiB }) => relevantDisks.has(path) && sizeMiB > 0 && freeMiB / sizeMiB < 0.2,
  );
}

const relevantDisks = new Set(["/", "/var/lib", "/var/lib/containerd", "/var/lib/kubelet"]);

const unitFiles: readonly WantedFile[] = [
  {
    path: paths.kubeletUnit,
    content: `[Unit]
Description=kubelet, the Kubernetes node agent
After=network-online.target containerd.service
Wants=network-online.target containerd.service
ConditionPathExists=${paths.kubelet}/config.yaml

[Service]
ExecStart=${paths.binaries}/kubelet
Restart=always
RestartSec=2
StartLimitInterval=0

[Install]
WantedBy=multi-user.target
`,
  },
  {
    path: paths.kubeletDropIn,
    content: `[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=${paths.bootstrapKubeletConf} --kubeconfig=${paths.kubeletConf}"
Environment="KUBELET_CONFIG_ARGS=--config=${paths.kubelet}/config.yaml"
EnvironmentFile=-${paths.kubelet}/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=${paths.binaries}/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`,
  },
];
