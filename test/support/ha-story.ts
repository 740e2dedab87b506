import assert from "node:assert/strict";
import { kubeClient } from "../../kube/client.ts";
import { constantApiName } from "../../bootstrap/api-names.ts";
import type { Settings } from "../e2e/programs/ha/index.ts";
import { succeed } from "./command.ts";
import { type Failover, failOver, recover, type Scene } from "./failover.ts";
import { MetalStack, type TimedRun } from "./metal-stack.ts";

/** One death of a control-plane host. */
export interface Death extends Failover {
  readonly mode: Mode;
  readonly victim: string;
}

type Mode = "nodeLocal" | "vip";

const workers = ["w1", "w2"];

/**
 * What happens to a cluster of three control planes and two workers with an app, in the order of the methods. The long
 * test judges it, the benchmark prints it.
 */
export class HaStory {
  readonly stack: MetalStack;
  /** What took how long, in seconds. */
  readonly times: (readonly [what: string, seconds: number])[] = [];
  readonly deaths: Death[] = [];
  #controlPlanes: readonly string[] = ["cp1", "cp2", "cp3"];
  #mode: Mode = "nodeLocal";
  #release: string | undefined;

  private constructor(stack: MetalStack) {
    this.stack = stack;
  }

  /** Boots the hosts. */
  static async open(fleet: string): Promise<HaStory> {
    const story = new HaStory(await MetalStack.open(fleet));
    await story.stack.boot(...story.#controlPlanes, ...workers);
    return story;
  }

  async close(): Promise<void> {
    await this.stack.close();
  }

  /** From booted hosts to Ready Nodes. */
  async create(): Promise<TimedRun> {
    const run = await this.stack.up(this.#settings());
    this.times.push(["three control planes and two workers from booted hosts", run.seconds]);
    return run;
  }

  /** Puts the app there, or changes it. */
  async release(name: string, what: string): Promise<void> {
    this.#release = name;
    this.times.push([what, (await this.stack.up(this.#settings())).seconds]);
  }

  async kill(victim: string): Promise<Death> {
    const seen = { mode: this.#mode, victim, ...(await failOver(this.stack, this.#scene(), victim)) };
    this.deaths.push(seen);
    return seen;
  }

  recover(victim: string): Promise<void> {
    return recover(this.stack, this.#scene(), victim);
  }

  /** Moves the endpoint of the living cluster. */
  async move(mode: Mode): Promise<void> {
    this.#mode = mode;
    this.times.push([`move the endpoint to ${mode}`, (await this.stack.up(this.#settings())).seconds]);
  }

  /** Puts a new host in the place of a dead one. */
  async replace(dead: string, fresh: string): Promise<TimedRun> {
    await this.stack.boot(fresh);
    this.#controlPlanes = [...this.#controlPlanes.filter((name) => name !== dead), fresh];
    // One resource at a time: what waits for another one within its own step would wait for ever.
    const run = await this.stack.up(this.#settings(), "--parallel", "1");
    this.times.push(["replace a dead control plane, from the booted host", run.seconds]);
    return run;
  }

  async settle(): Promise<void> {
    this.times.push([
      "up without a change",
      (await this.stack.up(this.#settings(), "--expect-no-changes")).seconds,
    ]);
  }

  async destroy(): Promise<TimedRun> {
    const run = await this.stack.pulumi(["destroy", "--yes", "--skip-preview"], this.#settings());
    succeed(run);
    this.times.push(["destroy", run.seconds]);
    return run;
  }

  /** The Nodes that are Ready. */
  async readyNodes(): Promise<readonly string[]> {
    const [first = ""] = this.#controlPlanes;
    const client = await kubeClient({
      kubeconfig: await this.stack.kubeconfig(),
      dials: [() => this.stack.runner(first).dial(this.stack.machine(first).address, 6443)],
      serverName: constantApiName,
    });
    try {
      const { items } = await client.request<{ readonly items: readonly ListedNode[] }>({
        path: "/api/v1/nodes",
      });
      const isReady = ({ status }: ListedNode): boolean =>
        status.conditions.some(({ type, status: is }) => type === "Ready" && is === "True");
      return items
        .filter(isReady)
        .map(({ metadata }) => metadata.name)
        .sort();
    } finally {
      client.close();
    }
  }

  #scene(): Scene {
    return { controlPlanes: this.#controlPlanes, workers, ...(this.#mode === "vip" && { vip: this.#vip() }) };
  }

  #settings(): Settings {
    const { stack } = this;
    return {
      controlPlane: {
        hosts: stack.hosts(...this.#controlPlanes),
        endpoint: this.#mode === "vip" ? { vip: this.#vip() } : "nodeLocal",
      },
      pools: { general: { hosts: stack.hosts(...workers) } },
      ...(this.#release !== undefined && { release: this.#release }),
    };
  }

  #vip(): string {
    const address = this.stack.machine("w1").address.replace(/\d+$/, "200");
    assert.notEqual(address, this.stack.machine("w1").address);
    return address;
  }
}

interface ListedNode {
  readonly metadata: { readonly name: string };
  readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
}
