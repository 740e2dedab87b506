import { CommandError, KeelsonError } from "../../errors.ts";
import { command } from "../../remote/quote.ts";
import { waitFor } from "../../remote/wait.ts";
import { lockHolders } from "../facts/first-boot.ts";
import { missingPackages, missingPolicies, packageManager } from "../packages/managers.ts";
import type { PackageManager } from "../packages/managers.ts";
import { useProxy } from "./proxy.ts";
import { paths } from "../paths.ts";
import { runUnit } from "../unit.ts";
import { writeFiles } from "../view.ts";
import type { Change, ChangeContext, HostView, Phase } from "../view.ts";

/** Installs the operating system's packages that are missing, after whoever uses its package manager. */
export const packages: Phase = {
  title: "packages",
  plan: (view) => {
    const { facts } = view;
    const manager = packageManager(facts.packages);
    const names = missingPackages(view);
    if (manager === undefined || names.length === 0) return [];
    const holders = facts.packages.holders.join(", ");
    return [
      ...(holders === "" ? [] : [waitForOthers(holders)]),
      {
        intent: `install packages ${names.join(", ")}`,
        work: (context) => install(context, manager, names),
      },
    ];
  },
};

/**
 * Whether packages come before containerd: they confine its containers, or a hook of the program may use a package, or the
 * package manager itself. Pure.
 */
export function containersNeedPackages({ facts, host }: Pick<HostView, "facts" | "host">): boolean {
  return missingPolicies({ facts }).length > 0 || Object.keys(host.hooks ?? {}).length > 0;
}

/** Keeps needrestart, which runs after every upgrade of a library, from restarting what holds a node up. */
export const needrestart: Phase = {
  title: "needrestart",
  plan: ({ facts }) =>
    facts.commands.includes("needrestart")
      ? writeFiles(facts, "keep needrestart from restarting containerd and the kubelet", [
          { path: paths.needrestart, content: needrestartFile },
        ])
      : [],
};

const needrestartFile = `# Written by keelson.
$nrconf{override_rc}{qr(^(containerd|kubelet)\\.service$)} = 0;
`;

/** A host that was just switched on upgrades itself: that may take minutes, and it must be seen who it is. */
function waitForOthers(holders: string): Change {
  return {
    intent: `wait until the package manager is free: ${holders}`,
    work: async ({ runner, signal, log }) => {
      const look = async (within: AbortSignal): Promise<string> =>
        (await runner.run(lockHolders, { signal: within })).stdout.trim().replaceAll("\n", ", ");
      await waitFor({
        what: `the package manager of "${runner.host}" to be free`,
        deadlineMs: 900_000,
        signal,
        probe: async (within) => ((await look(within)) === "" ? true : undefined),
        diagnose: async (within) => `held by ${await look(within)}`,
        onWaiting: log,
      });
    },
  };
}

/** @throws KeelsonError KEELSON_LOCKED or KEELSON_HOST_NO_PACKAGES, where the manager's own words say so */
async function install(
  context: ChangeContext,
  manager: PackageManager,
  names: readonly string[],
): Promise<void> {
  try {
    await runUnit(context, {
      name: "packages",
      script: installScript(manager, names),
      deadlineSeconds: 600,
    });
  } catch (error) {
    if (error instanceof CommandError) throw classify(error, manager, names);
    throw error;
  }
}

function installScript(manager: PackageManager, names: readonly string[]): string {
  return `${useProxy}\n(${manager.install(names)}\n) || exit\n${idle(names)}`;
}

/**
 * A package's own service would start with the host, but keelson runs a unit of its own. What was there before is let
 * alone. Where packages start their services, the manager's script keeps them from it.
 */
function idle(names: readonly string[]): string {
  const services = names.filter((name) => withService.has(name)).map((name) => `${name}.service`);
  return services.length === 0 ? "" : command`SYSTEMD_OFFLINE=1 systemctl disable --quiet ${services}`;
}

const withService = new Set(["haproxy", "keepalived"]);

function classify(error: CommandError, { failures }: PackageManager, names: readonly string[]): Error {
  const said = error.stderr.trim().split("\n");
  const line = (pattern: RegExp): string | undefined => said.find((text) => pattern.test(text));
  const what = `Cannot install ${names.join(", ")} on ${error.host}`;
  const locked = line(failures.locked);
  if (locked !== undefined) {
    return new KeelsonError("KEELSON_LOCKED", `${what}: ${locked}`, { cause: error });
  }
  const unavailable = line(failures.unavailable);
  if (unavailable === undefined) return error;
  return new KeelsonError("KEELSON_HOST_NO_PACKAGES", `${what}: ${unavailable}`, { cause: error });
}
