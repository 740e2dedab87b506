import { credentials } from "@grpc/grpc-js";
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineMessages from "@pulumi/pulumi/proto/engine_pb.js";
import type { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import type { EngineLog } from "./progress.ts";

const { LogRequest, LogSeverity } = engineMessages;

/** The engine's log. Lines are dropped until an engine is attached, and when it does not listen. */
export class EngineConnection implements EngineLog {
  #client: EngineClient | undefined;

  /** Sends later lines to the engine at that address. */
  attach(address: string): void {
    this.#client?.close();
    this.#client = new engineServices.EngineClient(address, credentials.createInsecure());
  }

  log(line: Parameters<EngineLog["log"]>[0]): Promise<void> {
    const client = this.#client;
    if (client === undefined) return Promise.resolve();
    const request = new LogRequest();
    request.setUrn(line.urn);
    request.setMessage(line.message);
    request.setEphemeral(line.ephemeral);
    request.setSeverity(line.severity === "info" ? LogSeverity.INFO : LogSeverity.WARNING);
    // Progress is worth nothing once it cannot be shown, so an engine that is gone is no error.
    return new Promise((resolve) => {
      client.log(request, () => {
        resolve();
      });
    });
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }
}
