import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Machine } from "../../machines/driver.ts";
import { localMachines } from "../../machines/index.ts";
import { SshPool } from "../../remote/pool.ts";
import type { Runner } from "../../remote/runner.ts";
import type { BareMetalHost } from "../../stacks/components/bare-metal-cluster.ts";
import type { Settings } from "../e2e/programs/ha/index.ts";
import { succeed } from "./command.ts";
import { type CommandResult, pulumiStack } from "./pulumi-cli.ts";

const project = "ha";

/** What a run of Pulumi said, how long it took, and the engine's event log. */
export interface TimedRun extends CommandResult {
  readonly seconds: number;
  readonly log: string;
}

/** Pulumi's commands that know an event log. */
const withEvents = new Set(["up", "preview", "refresh", "destroy"]);

/** Machines that no stack owns, and the stack that makes a cluster of them with the real engine. */
export class MetalStack {
  readonly pool = new SshPool();
  readonly #fleet: string;
  readonly #folder: string;
  readonly #machines = new Map<string, Machine>();
  readonly #pulumi: ReturnType<typeof pulumiStack>;

  private constructor(fleet: string, folder: string) {
    this.#fleet = fleet;
    this.#folder = folder;
    this.#pulumi = pulumiStack(project, fleet);
  }

  /** The fleet's name is the stack's, too. */
  static async open(fleet: string): Promise<MetalStack> {
    const stack = new MetalStack(fleet, await mkdtemp(join(tmpdir(), "keelson-metal-")));
    succeed(await stack.#pulumi(["stack", "init"]));
    return stack;
  }

  async close(): Promise<void> {
    await this.pool.close();
    for (const machine of await localMachines().list(this.#fleet)) await localMachines().destroy(machine);
    await rm(this.#folder, { recursive: true, force: true });
    await rm(join(import.meta.dirname, `../e2e/programs/${project}/Pulumi.${this.#fleet}.yaml`), {
      force: true,
    });
  }

  /** Boots machines that are not there yet. */
  async boot(...names: readonly string[]): Promise<void> {
    await Promise.all(
      names.map(async (name) => {
        const spec = { name: `${this.#fleet}-${name}`, fleet: this.#fleet };
        this.#machines.set(name, await localMachines().create(spec));
      }),
    );
  }

  /** A machine of the same name with nothing on it: another host key, and perhaps another address. */
  async reinstall(name: string): Promise<void> {
    await localMachines().destroy(`${this.#fleet}-${name}`);
    await this.boot(name);
  }

  powerOff(name: string): Promise<void> {
    return localMachines().powerOff(`${this.#fleet}-${name}`);
  }

  powerOn(name: string): Promise<void> {
    return localMachines().start(`${this.#fleet}-${name}`);
  }

  machine(name: string): Machine {
    const machine = this.#machines.get(name);
    if (machine === undefined) throw new Error(`There is no machine ${name}`);
    return machine;
  }

  runner(name: string): Runner {
    const { address, port, user, privateKey, hostKey } = this.machine(name);
    return this.pool.get(name, { address, port, user, privateKey, hostKey });
  }

  async run(name: string, command: string): Promise<string> {
    return (await this.runner(name).run(command)).stdout;
  }

  /** The machines as a program declares them. */
  hosts(...names: readonly string[]): Record<string, BareMetalHost> {
    return Object.fromEntries(names.map((name) => [name, this.host(name)]));
  }

  host(name: string): BareMetalHost {
    const { address, mirror, privateKey, hostKey } = this.machine(name);
    return { address, mirror, ssh: { privateKey, hostKey } };
  }

  /** Runs Pulumi with the program's settings, and with more variables; it may fail. Runs may overlap. */
  async pulumi(
    args: readonly string[],
    settings: Settings,
    more: Readonly<Record<string, string>> = {},
  ): Promise<TimedRun> {
    const folder = await mkdtemp(join(this.#folder, "run-"));
    const path = join(folder, "settings.json");
    const events = join(folder, "events.json");
    await writeFile(path, JSON.stringify(settings), { mode: 0o600 });
    // Without the variable the engine does not offer its event log.
    const env = { TEST_SETTINGS: path, PULUMI_DEBUG_COMMANDS: "true", ...more };
    const start = performance.now();
    const logged = withEvents.has(args[0] ?? "") ? [...args, "--event-log", events] : args;
    const result = await this.#pulumi(logged, { env });
    const seconds = (performance.now() - start) / 1000;
    return { ...result, seconds, log: await readFile(events, "utf8").catch(() => "") };
  }

  /** `pulumi up`, which must succeed. */
  async up(settings: Settings, ...args: readonly string[]): Promise<TimedRun> {
    const result = await this.pulumi(["up", "--yes", "--skip-preview", ...args], settings);
    succeed(result);
    return result;
  }

  async kubeconfig(): Promise<string> {
    return succeed(await this.#pulumi(["stack", "output", "kubeconfig", "--show-secrets"])).stdout;
  }
}
