import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import anyMessages from "google-protobuf/google/protobuf/any_pb.js";
import providerMessages from "@pulumi/pulumi/proto/provider_pb.js";
import type { CheckFailure, DiffResponse } from "@pulumi/pulumi/proto/provider_pb.js";
import statusMessages from "@pulumi/pulumi/proto/status_pb.js";
import type { CheckProblem } from "./checker.ts";
import type { PropertyDifference, ResourceDiff } from "./diff.ts";
import { PartialFailure } from "./failure.ts";
import { toStruct } from "./wire.ts";

const { PropertyDiff } = providerMessages;
const longestMessage = 16_000;

const kinds = {
  add: [PropertyDiff.Kind.ADD, PropertyDiff.Kind.ADD_REPLACE],
  delete: [PropertyDiff.Kind.DELETE, PropertyDiff.Kind.DELETE_REPLACE],
  update: [PropertyDiff.Kind.UPDATE, PropertyDiff.Kind.UPDATE_REPLACE],
} as const;

/** Writes the problems that Check found. */
export function toFailures(problems: readonly CheckProblem[]): CheckFailure[] {
  return problems.map(({ path, reason }) => {
    const failure = new providerMessages.CheckFailure();
    failure.setProperty(path);
    failure.setReason(reason);
    return failure;
  });
}

/** Writes a detailed diff. A machine can be one node at a time, so the old resource always goes first. */
export function toDiffResponse(diff: ResourceDiff): DiffResponse {
  const { DiffChanges } = providerMessages.DiffResponse;
  const response = new providerMessages.DiffResponse();
  response.setChanges(diff.properties.length > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE);
  response.setDiffsList([...new Set(diff.properties.map(({ path }) => path.split(/[.[]/)[0] ?? path))]);
  response.setReplacesList([...diff.replaces]);
  response.setDeletebeforereplace(diff.replaces.length > 0);
  response.setHasdetaileddiff(true);
  for (const property of diff.properties) {
    response.getDetaileddiffMap().set(property.path, toPropertyDiff(property));
  }
  return response;
}

/** Writes an error. A partial failure carries the state to save, as the engine expects it. */
export function toServiceError(error: unknown): Partial<ServiceError> {
  const message = (error instanceof Error ? error.message : String(error)).slice(0, longestMessage);
  if (!(error instanceof PartialFailure)) return { code: status.UNKNOWN, message };
  const failed = new providerMessages.ErrorResourceInitFailed();
  failed.setId(error.id);
  failed.setProperties(toStruct(error.outputs));
  failed.setReasonsList([message]);
  failed.setRefreshBeforeUpdate(error.refreshBeforeUpdate);
  const detail = new anyMessages.Any();
  detail.pack(failed.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const details = new statusMessages.Status();
  details.setCode(status.UNKNOWN);
  details.setMessage(message);
  details.addDetails(detail);
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(details.serializeBinary()));
  return { code: status.UNKNOWN, message, metadata };
}

function toPropertyDiff({ kind, replaces, input }: PropertyDifference): InstanceType<typeof PropertyDiff> {
  const difference = new PropertyDiff();
  difference.setKind(kinds[kind][replaces ? 1 : 0]);
  difference.setInputdiff(input);
  return difference;
}
