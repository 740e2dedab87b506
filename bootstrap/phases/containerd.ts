import { command } from "../../remote/quote.ts";
import { paths } from "../paths.ts";
import { enableUnit } from "../unit.ts";
import { differs, writeFiles } from "../view.ts";
import type { Change, HostView, Phase, WantedFile } from "../view.ts";
import { willReplace } from "./binaries.ts";
import { proxyFile } from "./proxy.ts";

const unit = "containerd.service";

/** Configures containerd and keeps it running; it is started anew only if something of it changed. */
export const containerd: Phase = {
  title: "containerd",
  plan: (view) => {
    const files = wantedFiles(view);
    return [...writeFiles(view.facts, "configure containerd", files), ...keepRunning(view, files)];
  },
};

/** The files that containerd must be newer than. */
export const containerdFiles = [
  paths.containerdConfig,
  paths.containerdUnit,
  `${paths.binaries}/containerd`,
  paths.proxy,
] as const;

function keepRunning(view: HostView, files: readonly WantedFile[]): readonly Change[] {
  const state = view.facts.units[unit] ?? { active: false, enabled: false, stale: false };
  const isOld =
    state.stale ||
    willReplace(view, "containerd") ||
    [...files, proxyFile(view)].some((file) => file !== undefined && differs(view.facts, file));
  if (state.active && state.enabled && !isOld) return [];
  const action = state.active ? "restart" : "start";
  const folders = [paths.containerdDropIns, paths.containerdRegistries, paths.cniConfig];
  const script = `${command`mkdir -p ${folders}`} && ${enableUnit(unit)} && ${command`systemctl restart ${unit}`}`;
  return [
    {
      intent: `${action} containerd`,
      work: async ({ runner, signal }) => {
        await runner.run(script, { signal });
      },
    },
  ];
}

function wantedFiles(view: HostView): readonly WantedFile[] {
  return [
    { path: paths.containerdConfig, content: config(view) },
    { path: paths.containerdUnit, content: unitFile },
  ];
}

function config({ facts, bundle }: HostView): string {
  return `# Written by keelson. Add to it with files in ${paths.containerdDropIns}.
version = 3
imports = ["${paths.containerdDropIns}/*.toml"]

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "${bundle.images.pause}"

[plugins.'io.containerd.cri.v1.images'.registry]
  config_path = "${paths.containerdRegistries}"

[plugins.'io.containerd.cri.v1.runtime']
${facts.canRaiseLimits ? "" : "  restrict_oom_score_adj = true\n"}
[plugins.'io.containerd.cri.v1.runtime'.containerd]
  default_runtime_name = "runc"

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  BinaryName = "${paths.binaries}/runc"
  SystemdCgroup = true
`;
}

const unitFile = `[Unit]
Description=containerd container runtime
After=network.target local-fs.target

[Service]
EnvironmentFile=-${paths.proxy}
ExecStartPre=-/sbin/modprobe overlay
ExecStart=${paths.binaries}/containerd
Type=notify
Delegate=yes
KillMode=process
Restart=always
RestartSec=2
LimitNPROC=infinity
LimitCORE=infinity
LimitNOFILE=1048576
TasksMax=infinity
OOMScoreAdjust=-999

[Install]
WantedBy=multi-user.target
`;
