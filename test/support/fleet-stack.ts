import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { KubeObject } from "../../kube/object.ts";
import type { FleetSettings } from "../e2e/programs/fleet/index.ts";
import { type CommandResult, type Intervention, runCommand, succeed } from "./command.ts";
import { namespace, rolledOut } from "./objects.ts";
import { pulumiStack } from "./pulumi-cli.ts";
import { type RealApiServer, startRealApiServer } from "./real-api-server.ts";
import { TcpSwitch } from "./tcp-switch.ts";

const root = join(import.meta.dirname, "../..");
const project = "fleet";

/** A real API server behind a way that can be cut, with a stand-in for its controllers. */
export interface FleetMember {
  readonly server: RealApiServer;
  readonly way: TcpSwitch;
}

/** API servers as the clusters of a fleet, and the stack of the program `test/e2e/programs/fleet`. */
export class FleetStack {
  readonly folder: string;
  readonly members = new Map<string, FleetMember>();
  readonly password = "correct horse battery staple";
  readonly lock: string;
  readonly #stack: string;
  readonly #pulumi: ReturnType<typeof pulumiStack>;
  #controllers: NodeJS.Timeout | undefined;
  #kubeconfigs: Readonly<Record<string, string>> = {};

  private constructor(stack: string, folder: string) {
    this.#stack = stack;
    this.#pulumi = pulumiStack(project, stack);
    this.folder = folder;
    this.lock = join(folder, "fleet.lock.json");
  }

  /** The stack on clusters that somebody else has made. */
  static async on(stack: string, kubeconfigs: Readonly<Record<string, string>>): Promise<FleetStack> {
    const fleet = new FleetStack(stack, await mkdtemp(join(tmpdir(), "keelson-fleet-")));
    fleet.#kubeconfigs = kubeconfigs;
    succeed(await fleet.pulumi(["stack", "init"]));
    return fleet;
  }

  /** Starts a server for each name, with the namespace that the program uses. */
  static async open(stack: string, ...names: readonly string[]): Promise<FleetStack> {
    const fleet = new FleetStack(stack, await mkdtemp(join(tmpdir(), "keelson-fleet-")));
    try {
      for (const name of names) fleet.members.set(name, await startMember());
      succeed(await fleet.pulumi(["stack", "init"]));
    } catch (error) {
      await fleet.close();
      throw error;
    }
    fleet.#controllers = setInterval(() => void fleet.#control(), 300);
    return fleet;
  }

  async close(): Promise<void> {
    clearInterval(this.#controllers);
    for (const { server, way } of this.members.values()) {
      way.close();
      await server.stop();
    }
    await rm(this.folder, { recursive: true, force: true });
    await rm(join(root, `test/e2e/programs/${project}/Pulumi.${this.#stack}.yaml`), { force: true });
  }

  /** The release store's folder. */
  get store(): string {
    return join(this.folder, "releases");
  }

  /** Runs Pulumi with the program's settings. */
  async pulumi(args: readonly string[], settings: Partial<FleetSettings> = {}): Promise<CommandResult> {
    return this.#pulumi(args, { env: { TEST_SETTINGS: await this.#write(settings) } });
  }

  up(settings: Partial<FleetSettings> = {}, ...args: readonly string[]): Promise<CommandResult> {
    return this.pulumi(["up", "--yes", "--skip-preview", ...args], settings);
  }

  /** Runs `keelson fleet`. */
  async fleet(
    words: readonly string[],
    settings: Partial<FleetSettings> = {},
    when?: Intervention,
  ): Promise<CommandResult> {
    const place = ["-C", `test/e2e/programs/${project}`, "--stack", this.#stack];
    const state = ["--lock", this.lock, "--store", pathToFileURL(this.store).href];
    const args = [join(root, "cli/main.ts"), "fleet", ...words, ...place, ...state];
    const env = { TEST_SETTINGS: await this.#write({ lock: this.lock, ...settings }) };
    return runCommand(process.execPath, args, { env, ...(when !== undefined && { when }) });
  }

  member(name: string): FleetMember {
    const found = this.members.get(name);
    if (found === undefined) throw new Error(`There is no cluster ${name}`);
    return found;
  }

  /** The image that the app has on a cluster; undefined if it is not there. */
  async image(name: string): Promise<string | undefined> {
    const path = "/apis/apps/v1/namespaces/shop/deployments/web";
    const found = await this.member(name).server.client.find<Deployment>(path);
    return found?.spec?.template.spec.containers[0]?.image;
  }

  /** What the state says of the app on each cluster. */
  async sets(): Promise<
    readonly { readonly urn: string; readonly type: string; readonly outputs: object }[]
  > {
    const { stdout } = succeed(await this.pulumi(["stack", "export"]));
    const { deployment } = JSON.parse(stdout) as {
      deployment: { resources: { urn: string; type: string; outputs: object }[] };
    };
    return deployment.resources;
  }

  async lockText(): Promise<string> {
    return readFile(this.lock, "utf8");
  }

  async #write(settings: Partial<FleetSettings>): Promise<string> {
    const clusters = [...this.members].map(([name, { server, way }]) => [
      name,
      server.kubeconfig.replace(/127\.0\.0\.1:\d+/u, `127.0.0.1:${way.port}`),
    ]);
    const all: FleetSettings = {
      clusters: { ...this.#kubeconfigs, ...(Object.fromEntries(clusters) as Record<string, string>) },
      store: pathToFileURL(this.store).href,
      image: "ghcr.io/acme/web:1",
      password: this.password,
      ...settings,
    };
    const path = join(this.folder, "settings.json");
    await writeFile(path, JSON.stringify(all), { mode: 0o600 });
    return path;
  }

  /** Takes the place of the Deployment controller: every rollout succeeds, but for images that are called broken. */
  async #control(): Promise<void> {
    for (const { server } of this.members.values()) {
      const path = "/apis/apps/v1/namespaces/shop/deployments";
      const list = await server.client.find<{ items: readonly Deployment[] }>(path).catch(() => undefined);
      for (const { metadata, spec, status } of list?.items ?? []) {
        const isBroken = spec?.template.spec.containers[0]?.image?.includes("broken") === true;
        if (isBroken || status?.observedGeneration === metadata.generation) continue;
        await server.client
          .request({
            method: "PATCH",
            path: `${path}/${metadata.name}/status`,
            contentType: "application/merge-patch+json",
            query: { fieldManager: "kube-controller-manager" },
            body: { status: rolledOut(metadata.generation ?? 0, 1) },
          })
          .catch(() => undefined);
      }
    }
  }
}

interface Deployment extends KubeObject {
  readonly spec?: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly image?: string }[] } };
  };
  readonly status?: { readonly observedGeneration?: number };
}

async function startMember(): Promise<FleetMember> {
  const server = await startRealApiServer();
  const port = Number(/127\.0\.0\.1:(\d+)/u.exec(server.kubeconfig)?.[1]);
  await server.client.request({ method: "POST", path: "/api/v1/namespaces", body: namespace("shop") });
  return { server, way: await TcpSwitch.to(port) };
}
