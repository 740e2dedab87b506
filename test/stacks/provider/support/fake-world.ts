import type { Intent, Operation } from "../../../../bootstrap/operation.ts";
import type { RunLeases } from "../../../../bootstrap/run-leases.ts";
import type { Identity } from "../../../../clusters/identity.ts";
import type { Machine, MachineDriver, MachineStatus } from "../../../../machines/driver.ts";
import type { Bootstrap, World } from "../../../../stacks/provider/world.ts";
import { KeelsonError, throwIfAborted } from "../../../../errors.ts";
import { FakeDelivery } from "./fake-delivery.ts";

export const privateKey =
  "-----BEGIN OPENSSH PRIVATE KEY-----\nbWFjaGluZSBrZXkgb2YgYSB0ZXN0\n-----END OPENSSH PRIVATE KEY-----\n";
export const kubeconfig = "apiVersion: v1\nclient-key-data: YWRtaW4ga2V5IG9mIGEgdGVzdA==\n";

/** A world in memory: it records what was changed, and fails, stops or drifts where a test says so. */
export class FakeWorld implements World {
  /** Every change that was made, as `host: what`. */
  readonly changes: string[] = [];
  /** Every operation that was called, by name. */
  readonly calls: string[] = [];
  readonly machineStates = new Map<string, MachineStatus>();
  /** What a control plane, its services and a worker take to be made: steps by operation. */
  readonly steps: Readonly<Record<string, readonly string[]>> = {
    applyControlPlane: ["install packages", "initialise the control plane"],
    applyClusterServices: ["apply the pod network"],
    applyWorker: ["install packages", "join"],
  };
  /** What the pending functions find. */
  pending: readonly Intent[] | undefined = [];
  /** Called after each change with its name: a test may throw here. */
  onChange: (change: string) => void | Promise<void> = () => undefined;
  readonly delivery = new FakeDelivery();
  poolClosed = 0;
  /** The clusters that were held, and given back. */
  readonly leased: string[] = [];
  readonly leases: { -readonly [Name in keyof RunLeases]: RunLeases[Name] } = {
    hold: (_operation, { name }) => {
      this.leased.push(`hold ${name}`);
      return Promise.resolve(new AbortController().signal);
    },
    release: () => {
      this.leased.push("release");
      return Promise.resolve();
    },
  };
  identities = 0;

  readonly bootstrap: { -readonly [Name in keyof Bootstrap]: Bootstrap[Name] } = {
    inspectHosts: (operation, { hosts }) => {
      this.#called("inspectHosts", operation);
      return Promise.resolve(
        Object.fromEntries(hosts.map(({ name }) => [name, { hostname: name } as never])),
      );
    },
    applyControlPlane: async (operation, { hosts, identity }) => {
      await this.#work("applyControlPlane", operation, hosts[0]?.name ?? "none");
      return { kubeconfig, caCertificate: identity.ca.certificate, expires: "2099-01-01T00:00:00.000Z" };
    },
    applyClusterServices: async (operation, { cluster }) => {
      await this.#work("applyClusterServices", operation, cluster.name);
    },
    applyWorker: async (operation, { host }) => {
      await this.#work("applyWorker", operation, host.name);
    },
    removeWorker: async (operation, { host }) => {
      await this.#work("removeWorker", operation, host.name);
      return [];
    },
    resetHosts: (operation, { hosts }) => {
      this.#called("resetHosts", operation);
      return Promise.resolve({ reset: hosts.map(({ name }) => name), silent: [] });
    },
    settleEndpoint: async (operation, { cluster }) => {
      await this.#work("settleEndpoint", operation, cluster.name);
      return [];
    },
    pendingControlPlane: (operation) => this.#pending("pendingControlPlane", operation),
    pendingClusterServices: (operation) => this.#pending("pendingClusterServices", operation),
    pendingWorker: (operation) => this.#pending("pendingWorker", operation),
  };

  readonly machines = (): MachineDriver => this.#driver as MachineDriver;

  readonly #driver: Partial<MachineDriver> = {
    create: async ({ name, fleet }) => {
      this.changes.push(`${name}: create`);
      await this.onChange(`${name}: create`);
      this.machineStates.set(name, "running");
      return machine(name, fleet);
    },
    inspect: (name) => {
      const status = this.machineStates.get(name);
      return Promise.resolve(status && { machine: machine(name, "fleet"), status });
    },
    destroy: (name) => {
      this.changes.push(`${name}: destroy`);
      this.machineStates.delete(name);
      return Promise.resolve();
    },
  };

  createIdentity(name: string): Promise<Identity> {
    this.identities += 1;
    const pair = (what: string): Identity["ca"] => ({
      certificate: testCertificate,
      privateKey: `-----BEGIN PRIVATE KEY-----\n${what}-private-key-line\n-----END PRIVATE KEY-----\n`,
    });
    return Promise.resolve({
      clusterId: `${name}-0123456789abcdef`,
      ca: pair("ca"),
      frontProxyCa: pair("front-proxy"),
      etcdCa: pair("etcd"),
      serviceAccount: { publicKey: "public", privateKey: "service-account-private-key" },
    });
  }

  mintKubeconfig(): Promise<{ kubeconfig: string }> {
    return Promise.resolve({ kubeconfig });
  }

  bundle(): Promise<never> {
    return Promise.reject(new Error("Not used"));
  }

  openPool(): ReturnType<World["openPool"]> {
    return {
      get: () => {
        throw new Error("Not used");
      },
      close: () => {
        this.poolClosed += 1;
        return Promise.resolve();
      },
    };
  }

  #called(name: string, operation: Operation): void {
    this.calls.push(operation.preview ? `${name} (preview)` : name);
  }

  async #work(name: string, operation: Operation, host: string): Promise<void> {
    this.#called(name, operation);
    for (const what of this.steps[name] ?? [name]) {
      throwIfAborted(operation.signal, what);
      operation.onIntent({ host, what });
      if (operation.preview) continue;
      this.changes.push(`${host}: ${what}`);
      operation.log(host, `${what} with the key ${privateKey}`);
      await this.onChange(`${host}: ${what}`);
    }
  }

  #pending(name: string, operation: Operation): Promise<readonly Intent[] | undefined> {
    this.#called(name, operation);
    return Promise.resolve(this.pending);
  }
}

/** Resolves never, rejects when the signal says so: work that only a cancel ends. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => {
      reject(new KeelsonError("KEELSON_ABORTED", "Cannot go on: the run was cancelled"));
    });
  });
}

function machine(name: string, fleet: string): Machine {
  return {
    name,
    fleet,
    address: "10.77.0.2",
    port: 22,
    user: "root",
    privateKey,
    hostKey: "ssh-ed25519 AAAA",
    mirror: "http://10.77.0.1:8080",
  };
}

/** A self-signed certificate that ends in 2124. */
export const testCertificate = `-----BEGIN CERTIFICATE-----
MIIBgDCCASegAwIBAgIUfQ9C6jBdOQeaoyJrqFPPZ/wvuv8wCgYIKoZIzj0EAwIw
FTETMBEGA1UEAwwKa3ViZXJuZXRlczAgFw0yNjExMjEwNDI0NDFaGA8yMTI2MTAy
ODA0MjQ0MVowFTETMBEGA1UEAwwKa3ViZXJuZXRlczBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABBdhphclk2Ds6UkyenFLobaj3TozbKy1c5BG11DYmHsCDxFayWvE
e1uYchMJwv5ZzeePr9qg1DMuLCWf+9XQOT+jUzBRMB0GA1UdDgQWBBQGx5+xWLGm
Hu9w4LtQHDUYB7GKJTAfBgNVHSMEGDAWgBQGx5+xWLGmHu9w4LtQHDUYB7GKJTAP
BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIAhi3JsZl0OzFfHFx0E2
Wuxpoa2YyHoq7hWbAiVkV0ROAiAj7Mrbk1YegyxYXThe+j7kkqgPuJZKEig/f0+t
Lfkhsg==
-----END CERTIFICATE-----
`;
