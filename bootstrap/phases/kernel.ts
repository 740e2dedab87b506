import type { HostFacts } from "../../clusters/facts.ts";
import { command } from "../../remote/quote.ts";
import { paths } from "../paths.ts";
import { sysctlPath } from "../sysctl-path.ts";
import { differs, isContainer, writeFiles } from "../view.ts";
import type { Change, Phase } from "../view.ts";

const moduleNames = ["overlay", "br_netfilter", "nf_conntrack"];
const inotifyInstances = 1024;

/** Loads kernel modules and sets sysctls, now and after a reboot. */
export const kernel: Phase = {
  title: "kernel",
  plan: ({ facts }) => [...loadModules(facts), ...setSysctls(facts)],
};

function loadModules(facts: HostFacts): readonly Change[] {
  const modules = moduleNames.filter((name) => isModule(facts, name));
  if (modules.length === 0) return [];
  const missing = modules.filter((name) => facts.kernelFeatures[name] === "loadable");
  const file = { path: paths.modules, content: `${modules.join("\n")}\n` };
  const intent = `load kernel modules ${modules.join(", ")}`;
  const [write] = writeFiles(facts, intent, [file]);
  if (!write && missing.length === 0) return [];
  return [
    {
      intent,
      work: async (context) => {
        await write?.work(context);
        if (missing.length === 0) return;
        await context.runner.run(command`modprobe -a ${missing}`, { signal: context.signal });
      },
    },
  ];
}

function isModule(facts: HostFacts, name: string): boolean {
  return facts.kernelFeatures[name] === "loaded" || facts.kernelFeatures[name] === "loadable";
}

function setSysctls(facts: HostFacts): readonly Change[] {
  const wanted = sysctlsFor(facts);
  const file = { path: paths.sysctls, content: contentOf(wanted) };
  const wrong = Object.entries(wanted).filter(([name, value]) => !holds(facts, name, value));
  if (wrong.length === 0 && !differs(facts, file)) return [];
  const commands = wrong.map(([name, value]) => `echo ${String(value)} > ${sysctlPath(name)}`);
  return [
    {
      intent: `set sysctls ${Object.keys(wanted).join(", ")}`,
      work: async ({ runner, signal }) => {
        await runner.write(file.path, file.content, { signal });
        if (commands.length > 0) await runner.run(`set -e\n${commands.join("\n")}`, { signal });
      },
    },
  ];
}

/** Limits are only ever raised, a container's never: they are its computer's. kube-proxy leaves the connection table alone, so that it is sized here, per host. */
function sysctlsFor(facts: HostFacts): Record<string, number> {
  const base = {
    "net.ipv4.ip_forward": 1,
    "net.bridge.bridge-nf-call-iptables": 1,
    "net.bridge.bridge-nf-call-ip6tables": 1,
    ...(facts.sysctls["net.netfilter.nf_conntrack_max"]?.writable !== false && {
      "net.netfilter.nf_conntrack_max": Math.max(131_072, 32_768 * facts.cpus),
    }),
  };
  const raised = { ...base, "fs.inotify.max_user_instances": inotifyInstances };
  const isRaised = !differs(facts, { path: paths.sysctls, content: contentOf(raised) });
  const instances = Number(facts.sysctls["fs.inotify.max_user_instances"]?.value ?? 0);
  return !isContainer(facts) && (isRaised || instances < inotifyInstances) ? raised : base;
}

function contentOf(sysctls: Readonly<Record<string, number>>): string {
  return Object.entries(sysctls)
    .map(([name, value]) => `${name} = ${String(value)}\n`)
    .join("");
}

function holds(facts: HostFacts, name: string, value: number): boolean {
  const current = Number(facts.sysctls[name]?.value ?? Number.NaN);
  return value === 1 ? current === 1 : current >= value;
}
