import type { ApplyResult, KubeClient, KubeObject, Preview, SetHealth } from "../../../../delivery/index.ts";
import { KeelsonError } from "../../../../errors.ts";
import { accessRecord } from "../../../../stacks/engine/releases.ts";
import type { Delivery } from "../../../../stacks/provider/world.ts";

/** A release store and clusters in memory. */
export class FakeDelivery implements Delivery {
  /** Objects by digest, as the program has stored them. */
  readonly releases = new Map<string, readonly KubeObject[]>();
  /** What each cluster holds, by its name: the version that its members say. */
  readonly live = new Map<string, string>();
  /** Everything that was done: `apply edge`. */
  readonly calls: string[] = [];
  /** Names of clusters that do not answer. */
  readonly silent = new Set<string>();
  /** Called when an apply begins to change the cluster: a test may throw here. */
  onChange: (cluster: string) => void = () => undefined;
  previews: readonly Preview[] = [];
  readonly silences = new Map<string, KeelsonError>();
  isWatched: Delivery["isWatched"] = () => true;

  readonly #access = new Map<string, object>();

  /** Lets the store know how to reach a cluster. */
  know(name: string, clusterId: string): void {
    this.#access.set(accessRecord(clusterId), { name, kubeconfig: `kubeconfig of ${name}` });
  }

  /** Begins another run, in which all clusters answer again. */
  comeBack(): void {
    this.silent.clear();
    this.silences.clear();
  }

  readonly openStore: Delivery["openStore"] = () =>
    Promise.resolve({
      readRecord: (name) => Promise.resolve(this.#access.get(name)),
      get: (digest) => {
        const objects = this.releases.get(digest);
        return objects === undefined
          ? Promise.reject(new KeelsonError("KEELSON_RELEASE_MISSING", `Cannot read release "${digest}"`))
          : Promise.resolve(objects);
      },
    });

  readonly connect: Delivery["connect"] = () =>
    Promise.resolve({
      request: () => Promise.reject(new Error("Not used")),
      find: (path) => Promise.resolve(path.includes("/services/") ? (service as never) : undefined),
      close: () => {
        this.calls.push("close");
      },
    } satisfies KubeClient);

  readonly apply: Delivery["apply"] = ({ name }, objects, options): Promise<ApplyResult> =>
    this.#answer("apply", name, () => {
      options.onEvent?.({ type: "begins" });
      this.onChange(name);
      const release = `version of ${objects.map(({ metadata }) => metadata.name).join(",")}`;
      this.live.set(name, release);
      for (const { kind, metadata } of objects) {
        options.onEvent?.({
          type: "object",
          object: `${kind} ${metadata.name}`,
          action: "created",
          changes: [],
        });
      }
      return { release, objects: [] };
    });

  readonly preview: Delivery["preview"] = ({ name }) => this.#answer("preview", name, () => this.previews);

  readonly remove: Delivery["remove"] = ({ name }, options) =>
    this.#answer("remove", name, () => {
      options.onEvent?.({ type: "begins" });
      this.live.delete(name);
      return [];
    });

  readonly readHealth: Delivery["readHealth"] = ({ name }): Promise<SetHealth> =>
    this.#answer("readHealth", name, () => {
      const release = this.live.get(name) ?? "nothing";
      return { state: "healthy", release, reasons: [], objects: [] };
    });

  #answer<Result>(what: string, cluster: string, work: () => Result): Promise<Result> {
    this.calls.push(`${what} ${cluster}`);
    if (this.silent.has(cluster)) {
      const message = `Cannot read /api at ${cluster}: no answer in time`;
      return Promise.reject(new KeelsonError("KEELSON_API_UNAVAILABLE", message));
    }
    return new Promise((resolve) => {
      resolve(work());
    });
  }
}

const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web" },
  spec: { clusterIP: "10.96.0.9", ports: [{ port: 80, nodePort: 30_080 }] },
};
