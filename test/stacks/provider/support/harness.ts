import assert from "node:assert/strict";
import { credentials, type Client, Server, ServerCredentials, type ServiceError } from "@grpc/grpc-js";
import anyMessages from "google-protobuf/google/protobuf/any_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import type { LogRequest } from "@pulumi/pulumi/proto/engine_pb.js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import statusMessages from "@pulumi/pulumi/proto/status_pb.js";
import { EngineConnection } from "../../../../stacks/provider/engine-client.ts";
import { Provider } from "../../../../stacks/provider/provider.ts";
import { resources } from "../../../../stacks/provider/resources/index.ts";
import { serve } from "../../../../stacks/provider/server.ts";
import { type Value, wrap } from "../../../../stacks/provider/values.ts";
import { fromStruct, toStruct } from "../../../../stacks/provider/wire.ts";
import { FakeWorld } from "./fake-world.ts";

export interface LogLine {
  readonly urn: string;
  readonly message: string;
  readonly ephemeral: boolean;
}

/** What the engine keeps of a resource between runs. */
export interface State {
  readonly id: string;
  readonly inputs: Value;
  readonly outputs: Value;
}

export interface Answer {
  readonly id: string;
  readonly outputs: Value;
  readonly refreshBeforeUpdate: boolean;
}

/** A partial failure as the engine sees it. */
export class InitFailed extends Error {
  readonly answer: Answer;

  constructor(message: string, answer: Answer) {
    super(message);
    this.answer = answer;
  }
}

/** The provider behind a real gRPC connection, with a fake world before it and a fake engine behind it. */
export class Harness {
  readonly world = new FakeWorld();
  readonly logs: LogLine[] = [];
  readonly #closers: (() => void)[] = [];
  #client: Client | undefined;

  static async start(): Promise<Harness> {
    const harness = new Harness();
    const engine = new Server();
    engine.addService(engineServices.EngineService, {
      log: (call: { request: LogRequest }, callback: (error: null, answer: object) => void) => {
        const line = call.request;
        harness.logs.push({
          urn: line.getUrn(),
          message: line.getMessage(),
          ephemeral: line.getEphemeral(),
        });
        callback(null, new empty.Empty());
      },
    });
    const enginePort = await new Promise<number>((resolve, reject) => {
      engine.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
        if (error) reject(error);
        else resolve(port);
      });
    });
    const connection = new EngineConnection();
    const provider = new Provider({ resources, world: harness.world, engine: connection });
    const { port, server } = await serve(provider, connection);
    harness.#client = new services.ResourceProviderClient(
      `127.0.0.1:${String(port)}`,
      credentials.createInsecure(),
    );
    harness.#closers.push(
      () => {
        harness.#client?.close();
        connection.close();
        server.forceShutdown();
        engine.forceShutdown();
      },
      () => void provider.close(),
    );
    const handshake = new messages.ProviderHandshakeRequest();
    handshake.setEngineAddress(`127.0.0.1:${String(enginePort)}`);
    await harness.call("handshake", handshake);
    return harness;
  }

  stop(): void {
    for (const close of this.#closers) close();
  }

  call<Response>(method: string, request: object): Promise<Response> {
    const client = this.#client as unknown as Record<
      string,
      (request: object, callback: (error: ServiceError | null, response: Response) => void) => void
    >;
    return new Promise((resolve, reject) => {
      client[method]!(request, (error, response) => {
        if (error === null) resolve(response);
        else reject(initFailure(error) ?? new Error(error.details));
      });
    });
  }

  async check(type: string, inputs: Value): Promise<string[]> {
    const request = new messages.CheckRequest();
    request.setUrn(urnOf(type));
    request.setNews(toStruct(inputs));
    const response = await this.call<InstanceType<typeof messages.CheckResponse>>("check", request);
    return response.getFailuresList().map((failure) => `${failure.getProperty()} ${failure.getReason()}`);
  }

  async diff(
    type: string,
    state: State,
    inputs: Value,
  ): Promise<{ properties: string[]; replaces: string[] }> {
    const request = new messages.DiffRequest();
    request.setUrn(urnOf(type));
    request.setId(state.id);
    request.setOlds(toStruct(state.outputs));
    request.setOldInputs(toStruct(state.inputs));
    request.setNews(toStruct(inputs));
    const response = await this.call<InstanceType<typeof messages.DiffResponse>>("diff", request);
    const properties = [...response.getDetaileddiffMap().toArray()].map(([path]) => path);
    return { properties, replaces: response.getReplacesList() };
  }

  async create(
    type: string,
    inputs: Value,
    options: { preview?: boolean; timeout?: number } = {},
  ): Promise<Answer> {
    const request = new messages.CreateRequest();
    request.setUrn(urnOf(type));
    request.setProperties(toStruct(inputs));
    request.setPreview(options.preview ?? false);
    request.setTimeout(options.timeout ?? 0);
    const response = await this.call<InstanceType<typeof messages.CreateResponse>>("create", request);
    return answerOf(response, response.getId());
  }

  async update(type: string, state: State, inputs: Value, preview = false): Promise<Answer> {
    const request = new messages.UpdateRequest();
    request.setUrn(urnOf(type));
    request.setId(state.id);
    request.setOlds(toStruct(state.outputs));
    request.setOldInputs(toStruct(state.inputs));
    request.setNews(toStruct(inputs));
    request.setPreview(preview);
    const response = await this.call<InstanceType<typeof messages.UpdateResponse>>("update", request);
    return answerOf(response, state.id);
  }

  async read(type: string, state: State): Promise<Answer> {
    const request = new messages.ReadRequest();
    request.setUrn(urnOf(type));
    request.setId(state.id);
    request.setInputs(toStruct(state.inputs));
    request.setProperties(toStruct(state.outputs));
    const response = await this.call<InstanceType<typeof messages.ReadResponse>>("read", request);
    return answerOf(response, response.getId());
  }

  async delete(type: string, state: State): Promise<void> {
    const request = new messages.DeleteRequest();
    request.setUrn(urnOf(type));
    request.setId(state.id);
    request.setOldInputs(toStruct(state.inputs));
    request.setProperties(toStruct(state.outputs));
    await this.call("delete", request);
  }

  async cancel(): Promise<void> {
    await this.call("cancel", new empty.Empty());
  }

  /** Lasting lines, without the status of a moment. */
  get notes(): string[] {
    return this.logs.filter(({ ephemeral }) => !ephemeral).map(({ message }) => message);
  }
}

export function urnOf(type: string): string {
  return `urn:pulumi:test::keelson::keelson:index:LocalCluster$keelson:index:${type}::it`;
}

function answerOf(
  response: { getProperties(): Parameters<typeof fromStruct>[0]; getRefreshBeforeUpdate(): boolean },
  id: string,
): Answer {
  return {
    id,
    outputs: fromStruct(response.getProperties()),
    refreshBeforeUpdate: response.getRefreshBeforeUpdate(),
  };
}

function initFailure(error: ServiceError): InitFailed | undefined {
  const [trailer] = error.metadata.get("grpc-status-details-bin");
  if (trailer === undefined) return undefined;
  const status = statusMessages.Status.deserializeBinary(trailer as Buffer);
  const detail = status.getDetailsList()[0] ?? new anyMessages.Any();
  const failed = detail.unpack(
    (bytes) => messages.ErrorResourceInitFailed.deserializeBinary(bytes),
    "pulumirpc.ErrorResourceInitFailed",
  );
  if (failed === null) return undefined;
  return new InitFailed(failed.getReasonsList().join("\n"), answerOf(failed, failed.getId()));
}

/** The partial failure that the work must end in. */
export async function failureOf(work: Promise<unknown>): Promise<InitFailed> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof InitFailed, `not a partial failure: ${String(error)}`);
  return error;
}

/** What state would show without its passphrase. */
export function openText(value: Value): string {
  return JSON.stringify(wrap(value), (_key, item: unknown) =>
    typeof item === "object" && item !== null && "4dabf18193072939515e22adb298388d" in item
      ? "encrypted"
      : item,
  );
}
