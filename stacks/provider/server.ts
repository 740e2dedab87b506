import { type handleUnaryCall, Server, ServerCredentials, type ServerUnaryCall } from "@grpc/grpc-js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import pluginMessages from "@pulumi/pulumi/proto/plugin_pb.js";
import type * as plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import services from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import messages from "@pulumi/pulumi/proto/provider_pb.js";
import type * as pb from "@pulumi/pulumi/proto/provider_pb.js";
import { KeelsonError } from "../../errors.ts";
import { toDiffResponse, toFailures, toServiceError } from "./answers.ts";
import type { EngineConnection } from "./engine-client.ts";
import { describeFailure } from "./failure.ts";
import type { Outcome, Provider } from "./provider.ts";
import { isRecord, peel, type Value } from "./values.ts";
import { version } from "./version.ts";
import { fromStruct, toStruct } from "./wire.ts";

const messageLimit = 400 * 1024 * 1024;

/** Serves the provider to Pulumi on a port of this computer alone; resolves with the port. */
export async function serve(
  provider: Provider,
  engine: EngineConnection,
): Promise<{ port: number; server: Server }> {
  const server = new Server({
    "grpc.max_receive_message_length": messageLimit,
    "grpc.max_send_message_length": messageLimit,
    // A step may take long and send nothing meanwhile.
    "grpc.server_max_unrequested_time_in_server": 1800,
  });
  const handlers = { ...plumbing(provider, engine), ...judging(provider), ...working(provider) };
  server.addService(services.ResourceProviderService, handlers);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return { port, server };
}

/** The calls that are about the provider itself. */
function plumbing(provider: Provider, engine: EngineConnection): object {
  return {
    handshake: answer<pb.ProviderHandshakeRequest>((request) => {
      engine.attach(request.getEngineAddress());
      const response = new messages.ProviderHandshakeResponse();
      response.setAcceptSecrets(true);
      response.setAcceptResources(false);
      response.setAcceptOutputs(false);
      return response;
    }),
    attach: answer<plugin.PluginAttach>((request) => {
      engine.attach(request.getAddress());
      return new empty.Empty();
    }),
    getPluginInfo: answer(() => {
      const info = new pluginMessages.PluginInfo();
      info.setVersion(version);
      return info;
    }),
    getSchema: answer(() => {
      const response = new messages.GetSchemaResponse();
      response.setSchema(JSON.stringify({ name: "keelson", version }));
      return response;
    }),
    checkConfig: answer<pb.CheckRequest>((request) => {
      refuseOtherVersion(fromStruct(request.getNews()));
      const response = new messages.CheckResponse();
      response.setInputs(request.getNews());
      return response;
    }),
    // A difference makes the engine configure the provider anew: the settings of the run before may be worth nothing.
    diffConfig: answer<pb.DiffRequest>((request) => diffConfig(request)),
    configure: answer<pb.ConfigureRequest>(async (request) => {
      const config = fromStruct(request.getArgs());
      refuseOtherVersion(config);
      await provider.configure(config);
      const response = new messages.ConfigureResponse();
      response.setAcceptsecrets(true);
      response.setSupportspreview(true);
      return response;
    }),
    cancel: answer(async () => {
      await provider.cancel();
      return new empty.Empty();
    }),
  };
}

/** The calls that do no I/O. */
function judging(provider: Provider): object {
  return {
    check: answer<pb.CheckRequest>((request) => {
      const response = new messages.CheckResponse();
      response.setInputs(request.getNews());
      response.setFailuresList(toFailures(provider.check(request.getUrn(), fromStruct(request.getNews()))));
      return response;
    }),
    diff: answer<pb.DiffRequest>((request) => {
      const outputs = fromStruct(request.getOlds());
      const inputs = request.hasOldInputs() ? fromStruct(request.getOldInputs()) : outputs;
      const stored = { id: request.getId(), inputs, outputs };
      return toDiffResponse(provider.diff(request.getUrn(), stored, fromStruct(request.getNews())));
    }),
  };
}

/** The calls that look at the world or change it. */
function working(provider: Provider): object {
  return {
    create: answer<pb.CreateRequest>(async (request) => {
      const inputs = fromStruct(request.getProperties());
      const outcome = await provider.create(subjectOf(request), inputs, request.getPreview());
      const response = new messages.CreateResponse();
      response.setId(outcome.id);
      return fill(response, outcome);
    }),
    update: answer<pb.UpdateRequest>(async (request) => {
      const stored = storedOf(request.getId(), request.getOldInputs(), request.getOlds());
      const inputs = fromStruct(request.getNews());
      const outcome = await provider.update(subjectOf(request), stored, inputs, request.getPreview());
      return fill(new messages.UpdateResponse(), outcome);
    }),
    read: answer<pb.ReadRequest>(async (request) => {
      const stored = storedOf(request.getId(), request.getInputs(), request.getProperties());
      const outcome = await provider.read(subjectOf(request), stored);
      const response = new messages.ReadResponse();
      if (outcome === undefined) return response;
      response.setId(outcome.id);
      response.setInputs(request.getInputs());
      return fill(response, outcome);
    }),
    delete: answer<pb.DeleteRequest>(async (request) => {
      const stored = storedOf(request.getId(), request.getOldInputs(), request.getProperties());
      await provider.delete(subjectOf(request), stored);
      return new empty.Empty();
    }),
  };
}

function answer<Request>(respond: (request: Request) => unknown): handleUnaryCall<Request, unknown> {
  return (call: ServerUnaryCall<Request, unknown>, callback) => {
    Promise.resolve(call.request)
      .then(respond)
      .then(
        (response) => {
          callback(null, response);
        },
        (error: unknown) => {
          callback(toServiceError(KeelsonError.is(error) ? new Error(describeFailure(error)) : error));
        },
      );
  };
}

function subjectOf(request: { getUrn(): string; getTimeout(): number }): { urn: string; timeout: number } {
  return { urn: request.getUrn(), timeout: request.getTimeout() };
}

function storedOf(
  id: string,
  inputs: ReturnType<pb.DeleteRequest["getOldInputs"]>,
  outputs: ReturnType<pb.DeleteRequest["getProperties"]>,
): { id: string; inputs: Value; outputs: Value } {
  return { id, inputs: fromStruct(inputs), outputs: fromStruct(outputs) };
}

function fill<Response extends pb.CreateResponse | pb.UpdateResponse | pb.ReadResponse>(
  response: Response,
  { outputs, refreshBeforeUpdate }: Outcome,
): Response {
  response.setProperties(toStruct(outputs));
  response.setRefreshBeforeUpdate(refreshBeforeUpdate);
  return response;
}

function diffConfig(request: pb.DiffRequest): ReturnType<typeof toDiffResponse> {
  const [before, after] = [fromStruct(request.getOlds()), fromStruct(request.getNews())].map((config) =>
    peel(isRecord(config) ? config["apiProxy"] : undefined),
  );
  const change = { path: "apiProxy", kind: "update", replaces: false, input: true } as const;
  return toDiffResponse({ properties: before === after ? [] : [change], replaces: [] });
}

function refuseOtherVersion(config: Value): void {
  const asked = peel(
    typeof config === "object" && config !== null ? (config as { version?: Value }).version : null,
  );
  if (typeof asked !== "string" || asked === version) return;
  throw new KeelsonError(
    "KEELSON_PROVIDER_MISMATCH",
    `Cannot serve keelson "${asked}": this provider has version "${version}"`,
  );
}
