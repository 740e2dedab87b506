import type { ApplyClusterServices, Operation, PendingWork } from "./operation.ts";

export const applyClusterServices: ApplyClusterServices = () => Promise.reject(new Error("In work"));

export const pendingClusterServices = (
  _operation: Operation,
  _request: Parameters<ApplyClusterServices>[1],
): Promise<PendingWork> => Promise.reject(new Error("In work"));
