import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";

/** A resource as the program registered it. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  /** Secrets are the wrappers that travel to the engine. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Logical names of what it waits for, without its parent. */
  readonly dependsOn: readonly string[];
  readonly provider: string;
  /** URN, or empty. */
  readonly deletedWith: string;
  readonly retained: boolean;
  /** How many places of the program its state would hold. */
  readonly positions: number;
  /** How long its creation and its update may take, as the program says it; empty if it does not. */
  readonly timeouts: { readonly create: string; readonly update: string };
}

const consoleWarn = console.warn;
const identityType = "keelson:index:ClusterIdentity";

/** What the provider would make for a cluster: the same for the same name. */
function identityOf(name: string): { readonly clusterId: string; readonly identity: object } {
  const pair = (what: string): object => ({ certificate: what, privateKey: `private ${what} of ${name}` });
  const clusterId = `${name}-0123456789abcdef`;
  const authorities = { ca: pair("ca"), frontProxyCa: pair("front-proxy-ca"), etcdCa: pair("etcd-ca") };
  const serviceAccount = { publicKey: "sa", privateKey: `private sa of ${name}` };
  return { clusterId, identity: { clusterId, ...authorities, serviceAccount } };
}

/** Takes the place of Pulumi's engine: keeps what is registered, and answers with the inputs. */
export class MockedEngine {
  readonly registered: Registered[] = [];
  readonly warnings: string[] = [];

  /** All Kubernetes objects, in the order of their registration. */
  objects(): readonly Registered[] {
    return this.registered.filter(({ type }) => type.startsWith("kubernetes:"));
  }

  find(name: string): Registered {
    const found = this.registered.find((resource) => resource.name === name);
    assert.ok(
      found,
      `"${name}" must be registered; there are ${this.registered.map((each) => each.name).join(", ")}`,
    );
    return found;
  }

  /** Gives the console back. */
  close(): void {
    console.warn = consoleWarn;
  }

  async valueOf<T>(output: pulumi.Output<T>): Promise<T> {
    return await new Promise((resolve) => {
      output.apply((value) => {
        resolve(value);
      });
    });
  }
}

/** Makes Pulumi's SDK talk to a mocked engine until the next call. Close it after the test. */
export async function mockEngine(options: { readonly preview?: boolean } = {}): Promise<MockedEngine> {
  const engine = new MockedEngine();
  const mocks: pulumi.runtime.Mocks = {
    call: ({ inputs }) => inputs as Record<string, unknown>,
    newResource: ({ name, type, inputs }) => ({
      id: `${name}-id`,
      state: { ...(inputs as Record<string, unknown>), ...(type === identityType ? identityOf(name) : {}) },
    }),
  };
  await pulumi.runtime.setMocks(mocks, "project", "stack", options.preview ?? false);
  const monitor = pulumi.runtime.getMonitor();
  assert.ok(monitor, "the mocked monitor must be there");
  const register = monitor.registerResource.bind(monitor) as (
    request: Request,
    ...rest: unknown[]
  ) => unknown;
  monitor.registerResource = ((request: Request, ...rest: unknown[]) => {
    engine.registered.push(read(request));
    return register(request, ...rest);
  }) as unknown as typeof monitor.registerResource;
  // Without an engine to log to, the SDK writes its warnings here.
  console.warn = (text: string) => {
    engine.warnings.push(text);
  };
  return engine;
}

interface Request {
  getType(): string;
  getName(): string;
  getProvider(): string;
  getDeletedwith(): string;
  getRetainondelete(): boolean | undefined;
  getSourceposition(): object | undefined;
  getStacktrace(): { getFramesList(): readonly object[] } | undefined;
  getDependenciesList(): string[];
  getParent(): string;
  getCustomtimeouts(): { getCreate(): string; getUpdate(): string } | undefined;
  getObject(): Parameters<typeof pulumi.runtime.deserializeProperties>[0];
}

const nameOf = (urn: string): string => urn.slice(urn.lastIndexOf("::") + 2);

function read(request: Request): Registered {
  return {
    type: request.getType(),
    name: request.getName(),
    inputs: pulumi.runtime.deserializeProperties(request.getObject()),
    dependsOn: request
      .getDependenciesList()
      .filter((urn) => urn !== request.getParent())
      .map(nameOf),
    provider: request.getProvider(),
    deletedWith: request.getDeletedwith(),
    retained: request.getRetainondelete() === true,
    positions: [request.getSourceposition(), ...(request.getStacktrace()?.getFramesList() ?? [])].filter(
      (each) => each !== undefined,
    ).length,
    timeouts: {
      create: request.getCustomtimeouts()?.getCreate() ?? "",
      update: request.getCustomtimeouts()?.getUpdate() ?? "",
    },
  };
}
